"""Custom autograd Functions: their forward is written down while it runs, and what their backward does to its tensors is seen."""

import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import torch
from torch.autograd.function import BackwardCFunction, _SingleLevelFunction

from byhand.recording.engine import traced, unnoticed
from byhand.recording.frames import user_frame
from byhand.recording.kept import Kept, fingerprint, matches
from byhand.recording.modules import here
from byhand.recording.patch import Patch
from byhand.recording.tape import Slot, Tape, Writer, flat_tensors, ordinary, swap
from byhand.recording.writes import note_data, note_setting, note_write

TAPE = "byhand.tape"  # in the metadata of PyTorch's node: the tape lives as long as the node
_NUMBERLESS = frozenset(
    ("__setitem__", "copy_", "fill_", "zero_", "add_", "sub_", "__iadd__", "__isub__", "neg_", "bernoulli_", "normal_", "uniform_")
)
"""Writes whose derivative does not depend on what stood there."""

_SCALING = frozenset(("mul_", "div_", "__imul__", "__itruediv__"))
"""The same, as long as what they scale by needs no gradient."""

_DRAWING = frozenset({"dropout_", "alpha_dropout_", "feature_dropout_", "feature_alpha_dropout_", "rrelu_"})


@dataclass(slots=True)
class Ran:
    """What one run of a custom backward did: the shapes it returned, and which tensors it wrote into.

    `grads` are its upstream gradients as they were before it ran.
    """

    node: Any
    shapes: tuple[tuple[int, ...] | None, ...]
    overwritten: tuple[str, ...] = ()
    grads: tuple[Any, ...] = ()


def _apply(cls: type, *arguments: Any, **options: Any) -> Any:
    start = torch.autograd._get_sequence_nr()
    original: Callable[..., Any] = applied.original.__get__(None, cls)
    writer = _quietly(_begin, cls, arguments, original) if here.writer is None else None
    if writer is not None:
        here.writer = writer
    try:
        result = original(*arguments, **options)
    finally:
        if writer is not None:
            here.writer = None
    if writer is not None:
        _quietly(_finish, writer, result)
    for listener in here.listeners:
        frame, _ = user_frame(sys._getframe(1))
        if frame is not None:
            listener.call_returned(cls, result, frame, start, arguments)
    return result


applied = Patch(_SingleLevelFunction, "apply", classmethod(_apply))
"""Custom Functions, which PyTorch's function mode does not see, are noted while this is in place.

It lies below `Function.apply`, so that `square = Square.apply` from before the recording passes here too.
"""


def _quietly(work: Callable[..., Any], *arguments: Any) -> Any:
    """Our own work inside the user's: what goes wrong in it is told to who listens, and never reaches the program."""
    try:
        with unnoticed():
            return work(*arguments)
    except Exception as problem:
        for listener in here.listeners:
            listener.failed(problem)
        return None


def judged() -> bool:
    """Whether anyone wants the passes of this thread judged."""
    return not traced() and any(listener.judges for listener in here.listeners)


def _begin(cls: type, arguments: Sequence[Any], original: Callable[..., Any]) -> Writer | None:
    inputs = flat_tensors(arguments)
    if not judged() or not any(each.requires_grad for each in inputs) or not ordinary(arguments):
        return None
    writer = Writer(cls.__name__, inputs)
    writer.tape.random = torch.get_rng_state()
    writer.tape.again = calling_again(arguments, original)
    writer.tape.owners = owners(cls)
    return writer


def owners(cls: Any) -> tuple[Any, ...]:
    """What the forward of a Function may write into: its class, and the variables of its module."""
    return cls, getattr(inspect.unwrap(cls.forward), "__globals__", {})


def calling_again(arguments: Sequence[Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """The forward once more on other tensors, without a graph unless that is asked for; it holds none of the program's."""
    numbers = count()
    template = tuple(Slot(next(numbers)) if isinstance(each, torch.Tensor) else each for each in arguments)

    def again(tensors: Sequence[torch.Tensor], *, graph: bool = False) -> Any:
        with unnoticed(), torch.set_grad_enabled(graph):
            return original(*swap(template, lambda slot: tensors[slot.number], Slot))

    return again


def _finish(writer: Writer, result: Any) -> None:
    outputs = list(result) if isinstance(result, tuple | list) else [result]
    if len(flat_tensors(outputs)) < len(outputs):
        return  # None or a number among the results: which output is which cannot be told
    node: Any = next((each.grad_fn for each in outputs if each.grad_fn is not None), None)
    if node is not None and ordinary(outputs):
        tape = writer.finish(outputs)
        tape.fingerprints = [fingerprint(output) for output in outputs]
        node.metadata[TAPE] = tape


def call_in_place(function: Callable[..., Any], arguments: Any, keywords: Any) -> Any:
    """Make a call that may write into a view, whose node (CopySlices) hides what was done: written down, it can be judged."""
    possible = torch.is_grad_enabled() and len(arguments) > 0 and isinstance(arguments[0], torch.Tensor)
    writer = _quietly(_begin_in_place, function, arguments, keywords) if possible else None
    if here.aliases and len(arguments):
        _quietly(note_write, arguments[0])
    result = function(*arguments, **keywords) if keywords else function(*arguments)
    if writer is not None:
        _quietly(_finish_in_place, writer, function, arguments, keywords)
    return result


def call_data(function: Callable[..., Any], arguments: Any) -> Any:
    """Read or set `.data`, and remember it."""
    if function.__name__ == "__set__":
        _quietly(note_setting, arguments)
    result = function(*arguments)
    if result is not None:
        _quietly(note_data, result)
    return result


def _begin_in_place(function: Callable[..., Any], arguments: Any, keywords: Any) -> Any:
    name = function.__name__
    target, given = arguments[0], flat_tensors((*arguments[1:], *keywords.values()))
    others = [each for each in given if each.is_floating_point() or each.is_complex()]
    base = target if target._base is None else target._base
    needed = base.requires_grad or any(each.requires_grad for each in others)
    if not needed or name in _DRAWING or (target._base is None and name != "__setitem__"):
        return None
    if not ordinary((arguments, keywords)) or not base.is_contiguous() or any(_of_one_memory(base, each) for each in others):
        return None
    numberless = name in _NUMBERLESS or (name in _SCALING and not any(each.requires_grad for each in others))
    kept = Kept.blank(base) if numberless else Kept.of(base)
    return Writer(name, [base, *others], [kept, *map(Kept.of, others)]), base


def _of_one_memory(left: torch.Tensor, right: torch.Tensor) -> bool:
    return left.untyped_storage().data_ptr() == right.untyped_storage().data_ptr()


def _finish_in_place(begun: Any, function: Any, arguments: Any, keywords: Any) -> None:
    writer, base = begun
    node = base.grad_fn
    if type(node).__name__ != "CopySlices":
        return
    if arguments[0] is not base:
        writer.view(base, arguments[0])
    writer.write(function, arguments, keywords)
    tape: Tape = writer.finish([base])
    node.metadata[TAPE] = tape


def _backward(self: Any, *grads: Any) -> Any:
    if not here.backward or not judged():
        return backward.original(self, *grads)
    kept = _quietly(held, self, grads) or {}
    untouched = _quietly(lambda: tuple(grad.clone() if isinstance(grad, torch.Tensor) else grad for grad in grads)) or ()
    result = backward.original(self, *grads)
    here.ran = _quietly(after, self, kept, result, untouched)
    return result


backward = Patch(BackwardCFunction, "apply", _backward)
"""What a custom backward returns, and what it writes into, is seen while this is in place."""


def held(node: Any, grads: Sequence[Any]) -> dict[str, Any]:
    """The tensors a backward must not change, each with its fingerprint: saved ones, those kept on the node, the upstream gradient."""
    found = {f"the gradient of output {number}": each for number, each in enumerate(grads) if isinstance(each, torch.Tensor)}
    found |= {f"ctx.{name}": each for name, each in vars(node).items() if isinstance(each, torch.Tensor)}
    found |= {f"saved tensor {number}": each for number, each in _unpacked(node)}
    return {name: (tensor, fingerprint(tensor)) for name, tensor in found.items() if ordinary(tensor)}


def _unpacked(node: Any) -> list[tuple[int, torch.Tensor]]:
    """The saved tensors that can be looked at without running the program's own hooks; none of a graph that was freed."""
    try:
        raw = node._raw_saved_tensors
    except RuntimeError:
        return []
    return [(number, each.data) for number, each in enumerate(raw) if each.unpack_hook is None and isinstance(each.data, torch.Tensor)]


def after(node: Any, kept: dict[str, Any], result: Any, grads: tuple[Any, ...] = ()) -> Ran:
    """What a backward did: `kept` is what `held` gave before it ran, `result` what it returned."""
    given = result if isinstance(result, tuple) else (result,)
    shapes = tuple(tuple(each.shape) if isinstance(each, torch.Tensor) else None for each in given)
    overwritten = tuple(name for name, (tensor, before) in kept.items() if not matches(fingerprint(tensor), before))
    return Ran(node, shapes, overwritten, grads)
