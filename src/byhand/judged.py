"""What is found out about a pass while it is judged, place by place: plain data, and how it is put."""

from dataclasses import dataclass, field, replace
from typing import Any

import torch

from byhand.recording.summary import summarize
from byhand.recording.writes import Write
from byhand.results import Comparison, Contribution, Fault, Operand, Verdict
from byhand.value import Missing, Shown

Place = tuple[int, int]
"""One output of one node."""


@dataclass(slots=True)
class Arrived:
    """The gradient at one output, as data: what PyTorch's node received, what our chain sent, and what a hook changed."""

    by_torch: Shown = Missing.NOT_COMPUTED
    by_hand: Shown = Missing.NOT_COMPUTED
    rewritten: bool = False


@dataclass(slots=True)
class Judged:
    """Everything found out about one pass, by place."""

    arrived: dict[Place, Arrived] = field(default_factory=dict)
    contributions: dict[int, tuple[Contribution, ...]] = field(default_factory=dict)
    leaves: dict[int, Comparison] = field(default_factory=dict)
    saved: dict[int, tuple[Operand, ...]] = field(default_factory=dict)
    kept: dict[Place, torch.Tensor] = field(default_factory=dict)
    shared: bool = False
    interrupted: bool = False


def told(tensor: Any) -> Shown:
    """The value of a gradient; that there is none is said."""
    return Missing.NO_GRADIENT if tensor is None else summarize(tensor)


def fault(problem: Exception) -> str:
    """Why nothing can be said: a rule of ours went wrong."""
    return f"our rule failed: {type(problem).__name__}: {problem}".splitlines()[0]


def overwritten(made: Contribution, write: Write | None) -> Contribution:
    """The contribution; a difference says so if what the node saved was overwritten and PyTorch did not notice."""
    if write is None or made.comparison.verdict is not Verdict.DIFFERS:
        return made
    pattern = "it is worked with what the program wrote there through .data, after the forward pass"
    return replace(made, comparison=replace(made.comparison, fault=Fault.OVERWRITTEN, pattern=pattern, written=write.origin))


def not_made(number: int, to: Place, reason: str, source: str) -> Contribution:
    """An edge that nothing was sent along, or nothing that is known whole."""
    comparison = Comparison(Verdict.NOT_COMPARED, reason=reason, source=source)
    return Contribution(number, to, None, Missing.NOT_COMPUTED, Missing.NOT_COMPUTED, comparison)
