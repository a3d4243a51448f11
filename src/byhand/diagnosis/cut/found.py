"""What a cut means for training, and the findings: many weights that are cut at one place are one finding."""

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from byhand.diagnosis.cut.causes import ZERO
from byhand.diagnosis.cut.telling import Told
from byhand.diagnosis.cut.wanted import Wanted
from byhand.diagnosis.kinds.cut import GraphCut, ZeroGradientOperation
from byhand.diagnosis.passing import Passing
from byhand.findings import Finding, Severity
from byhand.words import counted, plain

NAMED = 5  # weights that are named one by one
Reference = weakref.ref[torch.Tensor]


@dataclass(frozen=True, slots=True)
class Lost:
    """A leaf whose gradient is lost. `related` says that it is a variable of its own, or that others of its model are reached.

    `reached` says that the gradient comes, and is exactly zero; `refused` that PyTorch would not run the pass for it.
    """

    name: str
    elements: int
    dimensions: int
    told: Told
    related: bool
    reached: bool = False
    refused: bool = False


@dataclass(slots=True)
class _Group:
    """Leaves lost at one place."""

    severity: Severity
    members: list[Lost] = field(default_factory=list)


def lost(name: str, leaf: torch.Tensor, words: Told, *, related: bool, reached: bool = False, refused: bool = False) -> Lost:
    """A leaf whose gradient is lost as the words say."""
    return Lost(name, leaf.numel(), leaf.dim(), words, related, reached, refused)


def report(leaves: Mapping[Reference, Lost], wanted: Wanted) -> list[Finding]:
    """The findings, in the order of the program."""
    groups: dict[tuple[object, ...], _Group] = {}
    for reference, each in leaves.items():
        severity = _severity(reference, each, wanted)
        if severity is not None and (each.name or each.refused):
            group = groups.setdefault(_place(each.told), _Group(severity))
            group.members.append(each)
            group.severity = min(group.severity, severity, key=list(Severity).index)
    return [_finding(group) for group in groups.values()]


def _place(words: Told) -> tuple[object, ...]:
    """What makes two cuts one: the same operation of the same line, or the same switch of grad mode."""
    return (words.cause, words.off) if words.off is not None else (words.cause, words.where, words.operation)


def _severity(reference: Reference, each: Lost, wanted: Wanted) -> Severity | None:
    """How bad it is that a leaf gets nothing; None if nobody wanted it to."""
    leaf = reference()
    if each.refused:
        return Severity.ERROR
    if (leaf is not None and not leaf.requires_grad) or reference in wanted.by_hand:
        return None
    if reference in wanted.stepped or reference in wanted.looked_at:
        return Severity.ERROR
    if wanted.optimized or not each.told.certain:
        return None
    return Severity.WARNING if each.related else Severity.NOTE


def _finding(group: _Group) -> Finding:
    members = sorted(group.members, key=_rank)
    first = members[0]
    words = first.told
    kind = ZeroGradientOperation if words.cause == ZERO else GraphCut
    return kind.found(
        plain(first.name),
        words.where,
        what=f"{_refusal(first)}{_what(members)}",
        why=f"{words.chain}. {_why(words)}",
        fix=f"{words.fix}{_meant(group.severity)}",
        cause="" if words.cause == ZERO else words.cause,
        severity=group.severity,
    )


def _rank(each: Lost) -> tuple[bool, int]:
    """Weights before biases and the like; of those, the largest first."""
    return each.dimensions < 2, -each.elements if each.dimensions < 2 else 0


def _refusal(first: Lost) -> str:
    return "PyTorch refuses the backward pass, because nothing in the loss needs a gradient. " if first.refused else ""


def _what(members: Sequence[Lost]) -> str:
    first = members[0]
    gets = "gets a gradient of exact zeros" if first.reached else "gets no gradient"
    others = [plain(each.name) for each in members[1 : NAMED + 1]]
    more = len(members) - 1 - len(others)
    named = ", ".join(others) + (f" and {more:,} more" if more > 0 else "")
    too = f"; the same holds for {named}" if others else ""
    numbers = sum(each.elements for each in members)
    moved = f"({counted(numbers, 'number')} that no step can move)"
    return f"{plain(first.name) or 'The loss'} {gets}, because of `{first.told.operation}`{too} {moved}."


def _why(words: Told) -> str:
    """What happened at the cut."""
    where = f" at line {words.off.line}" if words.off is not None else ""
    reasons = {
        "detach": "What .detach() gives has the same values and no history, so the gradient of the loss ends there",
        "data": ".data has no history, and what is written through it is known to no node",
        "rewrap": "A new tensor is made of the numbers alone, without their history",
        "no-grad": f"Grad mode was off{where}, so no node was made",
        "integer": "Integers have no gradient",
        "numpy": "NumPy keeps no history, and what comes back is a constant",
        "item": "A Python number has no history, and goes on as a constant",
        "parameter-in-forward": "It makes a new leaf with the same values, which gets the gradient and is thrown away",
        "non-differentiable": "This output has no derivative: it is marked so, or PyTorch has none for it",
        ZERO: "It is flat almost everywhere: its derivative is 0",
    }
    return f"{reasons[words.cause]}{_again(words)}."


def _again(words: Told) -> str:
    """Where the value comes back, which is inferred: outside PyTorch nothing shows its way."""
    if not words.again:
        return ""
    outside = "NumPy" if words.cause == "numpy" else "Python"
    return (
        f"; what comes from outside PyTorch into the loss at {words.again} is taken for it: its way through {outside} cannot be seen, and "
        f"is inferred from the order of the calls"
    )


def _meant(severity: Severity) -> str:
    if severity is Severity.ERROR:
        return ""
    return " If the weight is not to be trained here, this is as it should be; it would be an error if an optimizer had it."


def zero(leaf: torch.Tensor, passing: Passing, step: int, *, name: str, related: bool, root: str) -> Lost:
    """A leaf that gets exact zeros because of one node."""
    described: Any = passing.describe(step)
    origin = described.origin
    text = plain(described.expression or passing.graph.nodes[step].name, 48)
    line = f" (line {origin.line})" if origin is not None else ""
    fix = (
        f"Put a smooth function in place of `{text}`{line}, or keep the gradient of what goes in: "
        f"`x + (step(x) - x).detach()`, which has the value of the step and the gradient of x."
    )
    return lost(name, leaf, Told(ZERO, origin, f"{name} → {text}{line} · 0 → {root}", text, fix), related=related, reached=True)
