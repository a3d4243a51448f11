"""torchlens' audit of the gradients and its search for NaN, on the models of a program, at inputs that the program gave them."""

import contextlib
import copy
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from measuring.apart import executed, replaced
from measuring.lens import wrapped
from measuring.suite import Answer, Program, Saying

NOT_FINITE = ("non-finite-gradient", "non-finite-dead-branch", "fp16-overflow", "exploding-gradient")
SMALL = ("vanishing-gradient", "saturated", "fp16-underflow", "lost-in-rounding", "dead-unit")
MEANT = {
    "dead": ("zero-gradient-op", "graph-cut", "unused-parameter", "dead-unit", "saturated", "vanishing-gradient", "fp16-underflow"),
    "vanishing": SMALL,
    "exploding": NOT_FINITE,
}
MOST = 6  # models of a program that are looked at


@dataclass
class Call:
    """One call of a model as the program made it: everything to do it again, and the gradients that came back to its results."""

    model: nn.Module
    args: Any
    kwargs: Any
    state: Tensor
    cast: torch.dtype | None
    grads: dict[int, Tensor] = field(default_factory=dict)


class Watch:
    """Notes, for each model of a program, its first call and its last; or the last one before a gradient was not finite."""

    def __init__(self) -> None:
        self.first: dict[int, Call] = {}
        self.last: dict[int, Call] = {}
        self._deep, self._spoilt, self._call, self._backward = 0, False, nn.Module.__call__, torch.autograd.backward
        self._kept: dict[int, nn.Module] = {}
        self.seconds = 0.0  # of the processor, that watching took by itself

    def __enter__(self) -> Self:
        replaced(nn.Module, "__call__", lambda model, *args, **kwargs: self._called(model, args, kwargs))
        replaced(torch.autograd, "backward", self._backwards)
        return self

    def __exit__(self, *_: object) -> None:
        replaced(nn.Module, "__call__", self._call)
        replaced(torch.autograd, "backward", self._backward)

    def _called(self, model: nn.Module, args: Any, kwargs: Any) -> Any:
        outermost = not self._deep and torch.is_grad_enabled() and any(True for _ in model.parameters())
        call = self._noted(model, args, kwargs) if outermost and not self._spoilt else None
        self._deep += 1
        try:
            result = self._call(model, *args, **kwargs)
        finally:
            self._deep -= 1
        if call is not None:
            for index, each in enumerate(_tensors(result)):
                if each.requires_grad and each.grad_fn is not None:
                    each.register_hook(lambda grad, index=index: call.grads.update({index: grad.detach().clone()}))
        return result

    def _noted(self, model: nn.Module, args: Any, kwargs: Any) -> Call | None:
        if id(model) not in self.first and len(self.first) >= MOST:
            return None
        cast = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else None
        began = time.process_time()
        self._deep += 1
        try:
            args, kwargs = tree_map(_copied, (args, kwargs))
            call = Call(copy.deepcopy(model), args, kwargs, torch.get_rng_state(), cast)
        finally:
            self._deep -= 1
            self.seconds += time.process_time() - began
        self._kept[id(model)] = model  # so that no other gets its id
        self.first.setdefault(id(model), call)
        self.last[id(model)] = call
        return call

    def _backwards(self, *args: Any, **kwargs: Any) -> None:
        self._backward(*args, **kwargs)
        began = time.process_time()
        grads = [each.grad for model in self._kept.values() for each in model.parameters()]
        self._spoilt = self._spoilt or not all(grad.isfinite().all() for grad in grads if grad is not None)
        self.seconds += time.process_time() - began

    @property
    def calls(self) -> list[Call]:
        """The calls to look at, each once."""
        return list({id(call): call for call in (*self.first.values(), *self.last.values())}.values())


def lensed(program: Program) -> Answer:
    """What torchlens says of the models of the program; unusable where there is none, or where it cannot follow any."""
    with Watch() as watch:
        seconds = executed(program)[1] - watch.seconds
    if not watch.calls:
        return Answer(unusable="no nn.Module was called with gradients")
    sayings: list[Saying] = []
    failures: list[str] = []
    with wrapped():
        began = time.process_time()
        for call in watch.calls:
            try:
                sayings += _audited(call, program)
            except Exception as problem:
                failures.append(f"torchlens: {type(problem).__name__}: {str(problem)[:200]}")
        seconds += time.process_time() - began
    return Answer(tuple(sayings), seconds, failures[0] if len(failures) == len(watch.calls) else "")


def _audited(call: Call, program: Program) -> Iterable[Saying]:
    import torchlens
    from torchlens.debug import bisect_nan, bisect_nan_backward, gradient_flow_audit_rows

    options = torchlens.options.CaptureOptions(
        backward_ready=True, save_grads="all", layers_to_save="all", save_code_context=True, recurrence_detection=False
    )
    torch.set_rng_state(call.state)
    with torch.autocast("cpu", dtype=call.cast, enabled=call.cast is not None):
        trace = torchlens.trace(call.model, list(call.args), call.kwargs, capture=options)
    born = bisect_nan(trace)
    sayings = [Saying(NOT_FINITE, _lines(born.op, program))] if born.found else []
    outputs = [each.out for each in trace.output_ops]
    parts = [(outputs[index] * grad).sum() for index, grad in call.grads.items() if outputs[index].requires_grad]
    if not parts:
        return sayings
    trace.log_backward(torch.stack([part.float() for part in parts]).sum())
    sayings += [_flagged(row, trace, program) for row in gradient_flow_audit_rows(trace)[0] if row["severity"]]
    with contextlib.suppress(torchlens.errors.TorchLensError):  # fails where a layer is called several times; what the audit says stands
        back = bisect_nan_backward(trace).first_bad_thing
        place = back.source_line or ""
        if back.found:
            sayings.append(Saying(NOT_FINITE, (int(place.rsplit(":", 1)[1]),) if place.startswith(str(program.path)) else ()))
    return sayings


def _flagged(row: dict[str, Any], trace: Any, program: Program) -> Saying:
    """One line of the audit. It names an operation; those that take its result count as named too, since the fault is theirs."""
    kind = next((kind for kind in MEANT if row[kind]), "exploding")
    if not row["is_frontier"]:
        return Saying(MEANT[kind])
    named = _operations(trace, row["op"])
    near = [*named, *(taking for each in named for label in each.children for taking in _operations(trace, label))]
    return Saying(MEANT[kind], tuple(line for each in near for line in _lines(each, program)))


def _operations(trace: Any, label: str) -> list[Any]:
    """An operation by its label; of one that ran several times, all times."""
    found = trace[label]
    return list(getattr(found, "ops", None) or [found])


def _lines(operation: Any, program: Program) -> tuple[int, ...]:
    return tuple(each.line_number for each in operation.code_context or () if str(each.file) == str(program.path))


def _tensors(values: Any) -> list[Tensor]:
    return [each for each in tree_leaves(values) if isinstance(each, Tensor)]


def _copied(value: Any) -> Any:
    return value.detach().clone().requires_grad_(value.requires_grad) if isinstance(value, Tensor) else value


def prepared() -> Callable[[Program], Answer]:
    """The method, with torchlens imported and its wrappers made once, and taken down again."""
    import torchlens
    from torchlens.utils import display

    with wrapped():
        torchlens.trace(nn.Linear(2, 2), [torch.ones(1, 2)])

    def here(program: Program) -> Answer:
        # it refuses to work in a fork, whose wrappers might be at work; in ours they are taken down, as after an import
        display._WARN_PARALLEL_IMPORT_PID = os.getpid()
        return lensed(program)

    return here
