"""The reader's own numbers beside PyTorch's: each agrees to the digits that were written, or says by how much it does not."""

import difflib
import math
from collections.abc import Mapping
from typing import Any

import torch

from byhand.comparison import UNITS, unit, widen
from byhand.errors import NotKept, NotNumbers, UnknownName, WrongShape
from byhand.recording.summary import summarize
from byhand.results import Leaf, Pass, Verdict, Yours
from byhand.value import Shown, Value

Place = tuple[int, int]


def known_places(made: Pass) -> dict[str, Place]:
    """The place of every name in a pass: leaves, and intermediates by their last use."""
    return {name: places[-1] for name, places in made.names.items()} | {leaf.name: (leaf.index, 0) for leaf in made.leaves if leaf.name}


def places_of(given: Mapping[str, Any], known: Mapping[str, Place]) -> dict[str, Place]:
    """The place that each name of the reader's stands for; the end of a path will do where it is unique. Raises UnknownName."""
    return {name: _find(name, known) for name in given}


def _find(name: str, known: Mapping[str, Place]) -> Place:
    if name in known:
        return known[name]
    ends = [place for full, place in known.items() if full.endswith(f".{name}")]
    if len(ends) == 1:
        return ends[0]
    raise UnknownName(name, difflib.get_close_matches(name, list(known), 3), list(filter(None, known)))


def weigh(given: Mapping[str, Any], places: Mapping[str, Place], kept: Mapping[Place, torch.Tensor], made: Pass) -> tuple[Yours, ...]:
    """Each value of the reader's beside PyTorch's gradient of that place.

    Raises NotNumbers, WrongShape, and NotKept where the gradient was larger than 64 elements and not at hand any more.
    """
    return tuple(_weigh(name, value, places[name], kept, made) for name, value in given.items())


def _weigh(name: str, value: Any, place: Place, kept: Mapping[Place, torch.Tensor], made: Pass) -> Yours:
    theirs = kept.get(place)
    shown = _gradient(place, made)
    if theirs is None and isinstance(shown, Value):
        if not shown.whole:
            raise NotKept(name, shown.shape)
        theirs = torch.tensor(shown.data, dtype=torch.complex128 if _complex(shown) else torch.float64).reshape(shown.shape)
    mine = _read(name, value)
    if theirs is None:
        return Yours(name, place, summarize(mine), math.inf, Verdict.NOT_COMPARED)
    if mine.shape != theirs.shape:
        raise WrongShape(name, tuple(mine.shape), tuple(theirs.shape))
    left, right = widen(mine), widen(theirs)
    precision = torch.float32 if not isinstance(shown, Value) else getattr(torch, shown.dtype, torch.float32)
    rounding = unit(precision, *([mine.dtype] if isinstance(value, torch.Tensor) else []))
    allowed = torch.maximum(_written(value).to(right.device), UNITS * rounding * _sizes(right, computed=hasattr(value, "tolist")))
    difference = _difference(left, right)
    wrong = difference > allowed
    agrees = not wrong.any()
    off = difference if agrees else torch.where(wrong, difference, 0.0)
    error = off.max().item() if off.numel() else 0.0
    where = () if agrees or not off.dim() else tuple(int(i) for i in torch.unravel_index(off.argmax(), off.shape))
    verdict = Verdict.AGREES if agrees else Verdict.DIFFERS
    return Yours(name, place, summarize(mine), error, verdict, where, torch.equal(left, right))


def _difference(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """How far apart the elements are: NaN is at NaN, an infinity at the same infinity, and either is infinitely far from all else."""
    equal = (left == right) | (torch.isnan(left) & torch.isnan(right))
    return torch.where(equal, 0.0, (left - right).abs().nan_to_num(nan=math.inf, posinf=math.inf))


def _sizes(gradient: torch.Tensor, *, computed: bool) -> torch.Tensor:
    """The size that rounding of each element is held against: its own, and that of the whole tensor for one that was computed."""
    sizes = torch.where(torch.isfinite(gradient), gradient.abs(), 0.0)
    largest = sizes.max() if computed and sizes.numel() else 0.0
    return sizes.clamp(min=largest * (sizes / largest).square().mean().sqrt()) if largest else sizes


def _gradient(place: Place, made: Pass) -> Shown | None:
    leaf: Leaf | None = next((leaf for leaf in made.leaves if leaf.index == place[0]), None)
    if leaf is not None:
        return leaf.by_torch
    step = next((step for step in made.steps if step.index == place[0]), None)
    return step.outputs[place[1]].by_torch if step is not None else None


def _complex(shown: Value) -> bool:
    return shown.dtype.startswith("complex")


def _read(name: str, value: Any) -> torch.Tensor:
    """The reader's value as a tensor. Raises NotNumbers."""
    if isinstance(value, torch.Tensor):
        return value.detach()
    listed = value.tolist() if hasattr(value, "tolist") else value
    try:
        found = torch.tensor(listed, dtype=torch.complex128)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise NotNumbers(name, value) from None
    return found if found.imag.any() else found.real.clone()


def _written(value: Any) -> torch.Tensor:
    """Half a unit of the last decimal that was typed, for each number; a whole number is meant exactly, and so is what was computed."""
    if isinstance(value, list | tuple):
        return torch.stack([_written(each) for each in value]) if value else torch.zeros(0, dtype=torch.float64)
    if type(value) is not float or not math.isfinite(value) or value == int(value):
        return torch.zeros(getattr(value, "shape", ()), dtype=torch.float64)
    digits, _, exponent = repr(value).partition("e")
    return torch.tensor(0.5 * 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2])), dtype=torch.float64)
