"""The finding of what is not finite: whose gradient it spoiled, where it began, and what a step makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from byhand.diagnosis.kind import Kind
from byhand.diagnosis.kinds.nonfinite import HalfOverflow, NonFiniteDeadBranch, NonFiniteGradient
from byhand.diagnosis.nonfinite.birth import Birth
from byhand.diagnosis.nonfinite.scene import Scene
from byhand.diagnosis.passing import Passing
from byhand.findings import Finding, Severity
from byhand.graph import Origin
from byhand.words import counted, located, plain

NAMED = 5  # weights that are named one by one


@dataclass(frozen=True, slots=True)
class Known:
    """What a pass told of it, as plain data: the birth, the spoiled leaves by name (nearest weight first), how much of the first."""

    birth: Birth
    names: tuple[str, ...]
    bad: int
    total: int
    loss: str
    number: int
    where: Origin | None
    near: str = ""


def known(passing: Passing, birth: Birth, spoiled: Sequence[int], *, loss: bool) -> Known:
    """What is kept of a pass until it is clear what follows."""
    order = by_nearness(passing, birth.index, spoiled)
    names = tuple(filter(None, (leaf_name(passing, index) for index in order)))
    bad = total = 0
    grad = passing.live[order[0]].variable.grad if order else None
    if grad is not None and not grad.is_sparse:
        bad, total = int((~grad.isfinite()).sum()), grad.numel()
    return Known(
        birth, names, bad, total, _loss(passing) if loss else "", passing.number, birth.where or passing.origin, _near(passing, birth.index)
    )


def _near(passing: Passing, index: int) -> str:
    """The nearest weight behind a node."""
    leaves = by_nearness(passing, index, [node.index for node in passing.graph.nodes if node.leaf])
    return leaf_name(passing, leaves[0]) if leaves else ""


def leaf_name(passing: Passing, index: int) -> str:
    """The user's name of a leaf."""
    return passing.world.name_of(passing.live[index].variable) or passing.describe(index).names[0]


def _loss(passing: Passing) -> str:
    """The loss and what it is: `loss` is NaN."""
    root = passing.graph.roots[0]
    name = Scene(passing).name((root.node, root.output_nr)) or "the loss"
    value = passing.roots[0].detach()
    flaw = "NaN" if bool(value.isnan().any()) else "−∞" if bool((value == -float("inf")).any()) else "∞"
    return f"{name} is {flaw}"


def by_nearness(passing: Passing, index: int, leaves: Sequence[int]) -> list[int]:
    """Leaves in the order of how far they are behind a node, weights before biases; those that are not behind it last."""
    far, todo = {index: 0}, [index]
    while todo:
        node = todo.pop(0)
        for edge in passing.graph.nodes[node].edges:
            if edge is not None and edge.node not in far:
                far[edge.node] = far[node] + 1
                todo.append(edge.node)

    def rank(leaf: int) -> tuple[bool, bool, int, int]:
        small = passing.live[leaf].variable.dim() < 2
        return leaf not in far, small and _has_weights(passing, leaves), far.get(leaf, 0), leaf

    return sorted(leaves, key=rank)


def _has_weights(passing: Passing, leaves: Sequence[int]) -> bool:
    return any(passing.live[leaf].variable.dim() >= 2 for leaf in leaves)


def finding_of(found: Known, step: Origin | None, *, skipped: bool) -> Finding:
    """The finding, once it is known what follows."""
    birth = found.birth
    kind: type[Kind] = NonFiniteDeadBranch if birth.dead else HalfOverflow if birth.half else NonFiniteGradient
    subject = found.names[0] if found.names else birth.leaf or found.near or birth.expression
    return kind.found(
        subject,
        found.where,
        what=f"{_what(found)}{_after(found, step, skipped=skipped)}",
        why=f"{birth.story}.",
        fix=birth.fix if birth.fix.endswith((".", ")")) else f"{birth.fix}.",
        passes=(found.number,),
    )


def _what(found: Known) -> str:
    where = found.birth.expression
    began = f"It began at `{where}`" if where else "It began here"
    began += f" ({located(found.birth.where)})." if found.birth.where else "."
    loss = f"{found.loss[:1].upper()}{found.loss[1:]} in pass {found.number:,}. " if found.loss else ""
    if not found.names:
        return f"{loss}{began}"
    others = list(found.names[1 : NAMED + 1])
    rest = len(found.names) - 1 - len(others)
    more = f" So are those of {', '.join(others)}{f' and {rest:,} more' if rest else ''}." if others else ""
    count = f" in {found.bad:,} of {counted(found.total, 'element')}" if found.total else ""
    number = "" if loss else f" after pass {found.number:,}"
    return f"{loss}The gradient of {plain(found.names[0])} is not finite{count}{number}.{more} {began}"


def _after(found: Known, step: Origin | None, *, skipped: bool) -> str:
    if skipped:
        return " The scaler skips such a step, and will skip every one."
    if step is None or not found.names:
        return ""
    return f" The step at {located(step)} writes it into the weights, and every later loss is NaN."


def quiet_overflow(passing: Passing, birth: Birth) -> Finding:
    """The finding of a float16 result that is infinite while the loss stays finite."""
    return HalfOverflow.found(
        _near(passing, birth.index) or birth.expression,
        birth.where or passing.origin,
        what=f"`{birth.expression}` is infinite in float16, and the loss is finite all the same: no right gradient comes back through it.",
        why=f"{birth.story}.",
        fix=birth.fix,
        severity=Severity.WARNING,
        passes=(passing.number,),
    )
