"""Finds weights that stay what they were although gradients arrive."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from byhand.diagnosis.kinds.parameters import WeightsNotUpdated
from byhand.diagnosis.parameters.flows import Reference, came_out, went_in
from byhand.diagnosis.parameters.holding import unheld
from byhand.diagnosis.parameters.ledger import MOST, Holder, Ledger
from byhand.diagnosis.parameters.sentences import are, at, listed, steps
from byhand.diagnosis.parameters.sources import named_only
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.typed import typed
from byhand.findings import Finding, Severity
from byhand.graph import Origin
from byhand.recording.calls import Call
from byhand.recording.naming import Written, written
from byhand.words import counted, plain

ENOUGH = 3  # steps with a scheduler before a rate of 0 counts: warm-up begins at 0
_ARITHMETIC = frozenset(
    {"sub", "add", "__sub__", "__add__", "__rsub__", "__isub__", "subtract", "addcmul", "addcdiv", "lerp", "mul", "__radd__"}
)


@dataclass(frozen=True, slots=True)
class Rebound:
    """An update that changes nothing: what was written, and where."""

    expression: str
    target: str
    where: Origin | None


class Updates:
    """What the program does to bring gradients into its weights, besides optimizers."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.rebound: dict[Reference, Rebound] = {}
        self.backward: dict[Reference, Origin | None] = {}
        self.named: Origin | None = None

    def look(self, passing: Passing, calls: Sequence[Call]) -> None:
        """Find updates by hand that only give a new tensor a name, and the line that called backward."""
        leaves = {id(each): each for each in passing.reached}  # held while this runs: an id is one of them
        if passing.code is not None and self.named is None:
            self.named = named_only(passing.code, "step")
        for each in passing.reached:
            if passing.kind == "backward" and len(self.backward) < MOST:
                self.backward.setdefault(each, passing.origin)
        grads: dict[int, Reference] = {}
        for call in calls:
            self._follow(call, leaves, grads)

    def _follow(self, call: Call, leaves: dict[int, Reference], grads: dict[int, Reference]) -> None:
        """Follow the gradients that the program reads; where one meets its weight in a new tensor, nothing is updated."""
        name = getattr(call.function, "__name__", "")
        given = list(went_in(call))
        taken = [leaves[id(each)] for each in given if id(each) in leaves]
        if name == "__get__" and taken:
            grads |= {id(each): taken[0] for each in came_out(call) if id(each) not in leaves}
            return
        behind = [grads[id(each)] for each in given if id(each) in grads]
        if not behind or (name.endswith("_") and not name.endswith("__")):
            return
        if name in _ARITHMETIC and (call.stop <= call.start or taken):
            place = written(call.code, call.instruction) if call.code is not None and call.direct else None
            if place is not None and _own(taken, behind) and _lost(place):
                target = place.target if isinstance(place.target, str) else ""
                self.rebound.setdefault(behind[0], Rebound(place.expression, target, place.origin))
        grads |= {id(each): behind[0] for each in came_out(call)}


def _lost(place: Written) -> bool:
    """Whether what a line works out is given the name of what it took, or no name at all."""
    words = [*place.operands, *([place.receiver] if place.receiver is not None else [])]
    alone = place.text.strip().removeprefix(place.expression).strip()
    return any(each.text == place.target for each in words) or (place.target is None and alone[:1] in ("", "#"))


def _own(taken: list[Reference], behind: list[Reference]) -> bool:
    """Whether a call takes a weight, or what was read from it, together with its own gradient."""
    return any(each is one for each in taken for one in behind) or sum(each is behind[0] for each in behind) > 1


def found(ledger: Ledger, updates: Updates) -> Iterator[Finding]:
    """One finding for each optimizer that updates nothing, or for the line that only seems to."""
    for holder in ledger.holders.values():
        finding = _of_holder(ledger, holder, updates)
        if finding is not None:
            yield finding
    yield from _by_hand(ledger, updates)


def _of_holder(ledger: Ledger, holder: Holder, updates: Updates) -> Finding | None:
    if not holder.steps:
        return _never(ledger, holder, updates)
    if holder.still == holder.steps and (not holder.scheduled or holder.steps >= ENOUGH):
        return _nothing(ledger, holder)
    if not holder.fed and not any(ledger.entries[each].reached for each in holder.held if each in ledger.entries):
        return _others(ledger, holder)
    return None


def _others(ledger: Ledger, holder: Holder) -> Finding | None:
    """An optimizer whose tensors are not those that run."""
    running = unheld(ledger)
    if not running:
        return None
    names = [ledger.name(each) for each in running]
    born = ledger.entries[running[0]].born
    late = ledger.entries[running[0]].late and born is not None
    made = f"made{at(born)}, after the optimizer" if late else "a copy, or made again"
    return WeightsNotUpdated.found(
        names[0],
        holder.made,
        what=(
            f"{steps(holder.steps)} of {holder.kind} changed nothing: none of its {counted(len(holder.held), 'tensor')} ever had a "
            f"gradient, and {are(names, 'has one and is', 'have one and are')} not among them."
        ),
        why=f"{holder.kind} holds the tensors it was given{at(holder.made)}; {names[0]} of the model that runs is another one: {made}.",
        fix=f"Make the optimizer from the model that runs, when it has its final parameters: move line {_line(holder.made)} down to there.",
        severity=Severity.ERROR,
    )


def _nothing(ledger: Ledger, holder: Holder) -> Finding | None:
    """An optimizer whose rate is 0 in every step."""
    trained = ledger.order(each for each in holder.held if each in ledger.entries and ledger.entries[each].passes)
    if not trained:
        return None
    names = [ledger.name(each) for each in trained]
    scheduled = holder.scheduled
    stay = are(names, "stays what it was", "stay what they were")
    where = "a scheduler sets it" if scheduled else "it was given so"
    return WeightsNotUpdated.found(
        names[0],
        holder.made,
        what=f"The learning rate was 0 in all {steps(holder.steps)} of {holder.kind}: {stay}.",
        why=f"{holder.kind} was made{at(holder.made)}, and multiplies every gradient by its rate; {where}.",
        fix="Look at what the scheduler's function gives for the first steps." if scheduled else f"Give a positive `lr`{at(holder.made)}.",
        severity=Severity.WARNING if scheduled else Severity.ERROR,
    )


def _never(ledger: Ledger, holder: Holder, updates: Updates) -> Finding | None:
    """An optimizer that never steps, although its tensors get gradients again and again."""
    held = {each for other in ledger.stepping() for each in other.held}
    waiting = ledger.order(
        each
        for each in holder.held
        if each in ledger.entries and ledger.entries[each].passes > 1 and not ledger.entries[each].moved and each not in held
    )
    if not waiting or holder.scaled or not all(ledger.entries[each].looks > 1 for each in waiting):
        return None
    if ledger.stepping() and holder.cleared < 2:
        return None
    names = [ledger.name(each) for each in waiting]
    passes = ledger.entries[waiting[0]].passes
    line = updates.named or updates.backward.get(waiting[0]) or holder.made
    fix = (
        f"Write `{plain(updates.named.text.strip())}()`{at(line)}."
        if updates.named
        else f"Call `optimizer.step()` after backward{at(line)}."
    )
    return WeightsNotUpdated.found(
        names[0],
        line,
        what=f"{counted(passes, 'pass', 'passes')} gave {listed(names)} gradients, and {holder.kind}.step() was never called.",
        why=f"{holder.kind} was made{at(holder.made)}; nothing else changed the weights: they are what they were in the first pass.",
        fix=fix,
        severity=Severity.ERROR,
    )


def _by_hand(ledger: Ledger, updates: Updates) -> Iterator[Finding]:
    """Updates that only gave a name to a new tensor."""
    groups: dict[tuple[str, int], list[Reference]] = {}
    for reference, rebound in updates.rebound.items():
        entry = ledger.entries.get(reference)
        if entry is not None and entry.passes > 1 and not entry.moved and rebound.where is not None:
            groups.setdefault((rebound.where.file, rebound.where.line), []).append(reference)
    for references in groups.values():
        ordered = ledger.order(references)
        names, rebound = [ledger.name(each) for each in ordered], updates.rebound[ordered[0]]
        target = rebound.target
        gives = f"gives the name {target} to a new tensor" if target else "makes a new tensor, which nothing keeps"
        yield WeightsNotUpdated.found(
            names[0],
            rebound.where,
            what=f"{are(names, 'is', 'are')} what {'it was' if len(names) == 1 else 'they were'} before `{plain(rebound.expression)}`.",
            why=f"`{plain(rebound.expression)}` {gives}; the parameter itself stays as it was.",
            fix=f"Change it in place{at(rebound.where)}, under `with torch.no_grad():`{_in_place(rebound.expression, target)}.",
            severity=Severity.ERROR,
        )


def _in_place(expression: str, target: str) -> str:
    """The update as one that writes into the parameter: `p -= lr * p.grad` for `p - lr * p.grad`; "" if it is another."""
    tree = ast.parse(typed(expression)).body
    value = tree[0].value if tree and isinstance(tree[0], ast.Expr) else None
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add | ast.Sub) or ast.unparse(value.left) != target:
        return ""
    step = ast.get_source_segment(typed(expression), value.right)
    return f": `{target} {'-=' if isinstance(value.op, ast.Sub) else '+='} {step}`"


def _line(origin: Origin | None) -> str:
    return str(origin.line) if origin is not None else "of the optimizer"
