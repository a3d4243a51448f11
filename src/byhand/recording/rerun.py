"""A written forward, run again: the same calls on other tensors, in PyTorch's own functional form, with a graph."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from byhand.errors import Unreadable
from byhand.recording.kept import fingerprint, matches
from byhand.recording.tape import Slot, Tape, Written, casting, swap

_IDENTITIES = frozenset({"detach", "detach_", "requires_grad_"})
_CASTS = frozenset({"float", "half", "bfloat16", "double"})
OPAQUE = "its forward does something that PyTorch's calls do not show"
OVERWRITTEN = "an input of its forward is gone or was overwritten since, and was too large to be copied"


class Wider:
    """Where a forward written in one precision is run in another: every floating dtype and tensor becomes the wide one."""

    def __init__(self, real: torch.dtype | None) -> None:
        self._real = real
        self._complex = torch.complex128 if real is torch.float64 else torch.complex64

    def dtype(self, dtype: torch.dtype) -> torch.dtype:
        """The wide dtype in place of a floating one."""
        if self._real is None:
            return dtype
        return self._complex if dtype.is_complex else self._real if dtype.is_floating_point else dtype

    def tensor(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor in the wide dtype."""
        return tensor.to(self.dtype(tensor.dtype))

    @property
    def changes(self) -> bool:
        """Whether anything is widened at all."""
        return self._real is not None


def run_again(tape: Tape, values: Sequence[torch.Tensor], wider: Wider) -> list[torch.Tensor]:
    """What the written forward gives for the values in place of its inputs: a graph leads back to those that need a gradient.

    The program's own tensors are not touched, nor its random numbers. Raises Unreadable where the calls cannot be repeated.
    """
    if None in tape.outputs:
        raise Unreadable(tape.name, "", OPAQUE)
    outside = {number: wider.tensor(_outside(tape, number)) for number in tape.outside}

    def run(*inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        known: dict[int, Any] = {number: _own(value) for number, value in enumerate(inputs)} | outside
        for written in tape.written:
            with casting(() if wider.changes else written.autocast):
                _repeat(written, known, wider)
        return tuple(known[number] for number in tape.outputs if number is not None)

    try:
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            if tape.random is not None:
                torch.set_rng_state(tape.random)
            return list(torch.func.functionalize(run)(*values))
    except Exception as problem:
        raise Unreadable(tape.name, "", f"{OPAQUE}: {type(problem).__name__}: {problem}".splitlines()[0]) from None


def verify(tape: Tape, outputs: Sequence[torch.Tensor]) -> None:
    """Raises Unreadable unless the repeated forward gave what it gave at the time."""
    if tape.fingerprints and not all(matches(fingerprint(output), kept) for output, kept in zip(outputs, tape.fingerprints, strict=True)):
        raise Unreadable(tape.name, "", OPAQUE)


def _outside(tape: Tape, number: int) -> torch.Tensor:
    kept = tape.outside[number]
    value = kept.value()
    if value is None and number in tape.mutated:
        value = kept.tensor
    if value is None:
        raise Unreadable(tape.name, "", OVERWRITTEN)
    return value.clone()


def _own(value: torch.Tensor) -> torch.Tensor:
    """The value under a node of its own, so that writing into it is allowed."""
    return value.clone() if value.is_floating_point() or value.is_complex() else value


def _repeat(written: Written, known: dict[int, Any], wider: Wider) -> None:
    arguments, keywords = swap((written.arguments, written.keywords), lambda slot: known[slot.number], Slot)
    arguments, keywords = swap((arguments, keywords), wider.dtype, torch.dtype)
    result = _call(written.function, arguments, keywords, wider)
    slots = _slots(written.results)
    # what is made of no tensor, or of integers, comes in PyTorch's default precision
    values = [wider.tensor(each) for each in _flat(result) if isinstance(each, torch.Tensor)]
    known.update(zip(slots, values, strict=True) if slots else ())


def _call(function: Callable[..., Any], arguments: Any, keywords: Any, wider: Wider) -> Any:
    name, owner = getattr(function, "__name__", ""), getattr(function, "__self__", None)
    if name in _IDENTITIES or owner is torch.Tensor.data:
        return arguments[0]
    if wider.changes and name in _CASTS:
        return wider.tensor(arguments[0])
    if name == "__setitem__":
        return _set(*arguments)
    if name == "copy_":
        return _fill(*arguments[:2])
    out = keywords.get("out")
    if isinstance(out, torch.Tensor):
        return _fill(out, function(*arguments, **{key: each for key, each in keywords.items() if key != "out"}))
    return function(*arguments, **keywords)


def _set(target: torch.Tensor, index: Any, value: Any) -> None:
    """`target[index] = value`: into a view by filling it, since PyTorch has no derivative for a functional copy."""
    if any(isinstance(each, torch.Tensor | list) for each in (index if isinstance(index, tuple) else (index,))):
        target[index] = value
    else:
        _fill(target[index], value)


def _fill(target: torch.Tensor, value: Any) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        value = value.to(target.dtype).clone()  # it may be the target itself
        while value.dim() > target.dim() and value.shape[0] == 1:
            value = value.squeeze(0)
    return target.zero_().add_(value)


def _slots(results: Any) -> list[int]:
    return [each.number for each in _flat(results) if isinstance(each, Slot)]


def _flat(value: Any) -> list[Any]:
    if isinstance(value, Slot) or not isinstance(value, list | tuple | dict):
        return [value]
    found = []
    for each in value.values() if isinstance(value, dict) else value:
        found += _flat(each)
    return found
