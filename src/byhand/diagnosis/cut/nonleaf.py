"""Finds programs that look for the gradient of a tensor that is no leaf."""

import weakref
from typing import Any

import torch

from byhand.diagnosis.family import Family
from byhand.diagnosis.kinds.cut import NonLeafGradient
from byhand.diagnosis.lineage import given, is_leaf, name_of
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.typed import assignment, enclosed, typed
from byhand.diagnosis.world import World, origin_of_call
from byhand.findings import Finding, Severity
from byhand.graph import Origin
from byhand.recording.calls import Call, Needing, grad_fn
from byhand.recording.frames import user_frame
from byhand.recording.naming import written
from byhand.recording.scope import Variables
from byhand.words import plain

_GRAD = torch.Tensor.grad
_REFUSED = "can't optimize a non-leaf Tensor"


class NonLeaf(Family):
    """Looks through the calls for a `.grad` that was read of a tensor in the middle, and is None."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._names: dict[Any, str] = {}

    def starting(self, passing: Passing) -> None:
        """Look at what was read since the last look."""
        if passing.closely:
            self._read()

    def finished(self, problem: BaseException | None) -> None:
        """Look at the last part of the program, and at what an optimizer refused."""
        self._read()
        if isinstance(problem, ValueError) and _REFUSED in str(problem):
            self._refused(problem)

    def _read(self) -> None:
        calls = self.world.calls()
        for number, call in enumerate(calls):
            if call.direct and getattr(call.function, "__self__", None) is _GRAD and name_of(call) == "__get__" and call.code is not None:
                seen = call.arguments[0]
                if isinstance(seen, Needing) and given(call)[0] is seen.reference:
                    self._was_none(calls, number, seen.reference)

    def _was_none(self, calls: list[Call], number: int, reference: Any) -> None:
        """A `.grad` was read and was None: report it if the tensor, which may be gone, was the result of an operation."""
        tensor, maker = reference(), _maker(calls, reference)
        if tensor is not None:
            middle = grad_fn(tensor) is not None and not tensor.retains_grad
        else:
            worked = any(call.stop > call.start and any(each is reference for each in given(call)) for call in calls)
            middle = worked and not _retained(calls, reference)
        name = _name(calls[number], maker)
        read, made = origin_of_call(calls[number]), origin_of_call(maker) if maker is not None else None
        if middle and name:
            node = type(grad_fn(tensor)).__name__ if tensor is not None else name_of(maker) if maker is not None else ""
            self.report(_finding(name, made or read, read, node, hidden=self._hidden(tensor)))

    def _hidden(self, tensor: torch.Tensor | None) -> bool:
        """Whether a tensor is made of a single leaf that has no name in the program, so that it was meant to be the leaf itself."""
        node: Any = grad_fn(tensor) if tensor is not None else None
        while node is not None and not hasattr(node, "variable"):
            following = [each for each, _ in node.next_functions if each is not None]
            node = following[0] if len(following) == 1 else None
        return node is not None and not self.world.name_of(node.variable)

    def _refused(self, problem: BaseException) -> None:
        """The tensor that an optimizer was given and refused."""
        step: Any = problem.__traceback__
        while step.tb_next is not None:
            step = step.tb_next
        frame, _ = user_frame(step.tb_frame)
        given_one = next((each for each in _parameters(step.tb_frame) if not is_leaf(each) and grad_fn(each) is not None), None)
        if frame is None or given_one is None:
            return
        maker = _maker(self.world.calls(), weakref.ref(given_one))
        name = Variables(frame).tensors.get(given_one, "") or _name(None, maker)
        code = frame.f_code
        line = next((each.tb_lineno for each in _steps(problem) if each.tb_frame.f_code is code), frame.f_lineno)
        made = origin_of_call(maker) if maker is not None else Origin(code.co_filename, line)
        node = type(grad_fn(given_one)).__name__
        self.report(_finding(name or "a tensor", made, Origin(code.co_filename, line), node, hidden=True, refused=True))


def _steps(problem: BaseException) -> list[Any]:
    found, step = [], problem.__traceback__
    while step is not None:
        found.append(step)
        step = step.tb_next
    return found


def _parameters(frame: Any) -> list[torch.Tensor]:
    group = frame.f_locals.get("param_group") or {}
    each = group.get("params", []) if isinstance(group, dict) else []
    return [tensor for tensor in (each if isinstance(each, list) else [each]) if isinstance(tensor, torch.Tensor)]


def _maker(calls: list[Call], reference: Any) -> Call | None:
    """The call that gave a tensor: the outermost of those that the user's line made."""
    return next((call for call in reversed(calls) if any(each is reference for each in given(call)) and _gives(call)), None)


def _retained(calls: list[Call], reference: Any) -> bool:
    """Whether the program asked to keep the gradient of a tensor."""
    return any(name_of(call) == "retain_grad" and given(call)[0] is reference for call in calls)


def _gives(call: Call) -> bool:
    return name_of(call) not in ("__get__", "backward", "requires_grad_")


def _name(read: Call | None, maker: Call | None) -> str:
    """What the program calls a tensor: the name it was given, else what stands before `.grad`."""
    if maker is not None and maker.code is not None:
        target = written(maker.code, maker.instruction).target
        if isinstance(target, str):
            return target
    text = written(read.code, read.instruction).expression if read is not None and read.code is not None else ""
    return text.removesuffix(".grad") if text.endswith(".grad") else ""


def _finding(name: str, made: Origin | None, read: Origin | None, node: str, *, hidden: bool, refused: bool = False) -> Finding:
    line = f" at line {made.line}" if made is not None else ""
    at = f" at line {read.line}" if read is not None else ""
    what = (
        f"The optimizer{at} refuses {plain(name)}, which is the result of an operation ({node}), not a leaf."
        if refused
        else f"{plain(name)}.grad is read{at} and is None: {plain(name)} is the result of an operation ({node}), and PyTorch fills .grad of"
        " leaves only."
    )
    behind = f"a leaf without a name → {node.rstrip('0123456789').removesuffix('Backward')}{line} → {plain(name)}"
    return NonLeafGradient.found(
        plain(name),
        made,
        what=what,
        why=f"{behind}. The gradient goes to the leaf, which nobody holds."
        if hidden
        else f"{plain(name)} was made{line}; its gradient is passed on and not kept.",
        fix=f"Ask for the gradient last{line}, of a tensor without a history: {_leaf_at_last(name, made)}."
        if hidden
        else f"Call `{plain(name)}.retain_grad()` before backward to keep it; if {plain(name)} is to be trained, make it a leaf with"
        " `.detach().requires_grad_()`.",
        severity=Severity.ERROR if hidden else Severity.WARNING,
    )


def _leaf_at_last(name: str, made: Origin | None) -> str:
    """The line that makes the tensor, so that it makes a leaf."""
    target, sign, value = assignment(made.text) if made is not None else ("", "", "")
    new = typed(f"{target} = {enclosed(value)}.detach().requires_grad_()") if sign == "=" and value else ""
    return f"`{new or f'{plain(name)} = {plain(name)}.detach().requires_grad_()'}`"
