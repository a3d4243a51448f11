"""Finds parameters that get gradients and that no optimizer holds."""

from collections.abc import Collection, Iterator

from byhand.diagnosis.kinds.parameters import NotInOptimizer
from byhand.diagnosis.parameters.flows import Reference
from byhand.diagnosis.parameters.ledger import Holder, Ledger
from byhand.diagnosis.parameters.sentences import are, at, listed
from byhand.findings import Finding, Severity
from byhand.words import counted

FEW = 4  # times what is held: who leaves out more than that trains a small part on purpose


def found(ledger: Ledger, hidden: Collection[Reference]) -> Iterator[Finding]:
    """What was made after its optimizer, place by place, then what was left out; `hidden` are told elsewhere."""
    holders = [holder for holder in ledger.stepping() if holder.fed]
    if not holders:
        return
    missing = [each for each in unheld(ledger) if each not in hidden]
    late: dict[object, list[Reference]] = {}
    for each in missing:
        entry = ledger.entries[each]
        if entry.late and entry.born is not None:
            late.setdefault((entry.born.file, entry.born.line), []).append(each)
    for references in late.values():
        yield _late(ledger, holders[0], references)
    rest = [each for each in missing if not ledger.entries[each].late]
    if rest and _parameters(ledger, holders):
        yield _left_out(ledger, holders, rest)


def unheld(ledger: Ledger) -> list[Reference]:
    """The parameters that got gradients before some step, are in no optimizer, and never changed; without a name nothing can be said."""
    held, steps = ledger.held(), ledger.world.steps
    return ledger.order(
        reference
        for reference, entry in ledger.entries.items()
        if entry.passes
        and entry.first < steps
        and reference not in held
        and not entry.moved
        and not entry.plain
        and ledger.world.called(reference)
    )


def _parameters(ledger: Ledger, holders: list[Holder]) -> bool:
    """Whether an optimizer trains parameters, and not only an input."""
    return any(not ledger.entries[each].plain for holder in holders for each in holder.held if each in ledger.entries)


def _late(ledger: Ledger, holder: Holder, references: list[Reference]) -> Finding:
    names = [ledger.name(each) for each in references]
    entry = ledger.entries[references[0]]
    made = at(holder.made)
    return NotInOptimizer.found(
        names[0],
        entry.born,
        what=f"{are(names, 'gets', 'get')} gradients ({_passes(entry.passes)}), and no optimizer holds {_them(names)}: nothing changed.",
        why=f"{holder.kind} was made{made} and keeps the tensors it got there; {listed(names[:1])} was made later{at(entry.born)}.",
        fix=f"Make the optimizer after line {entry.born.line if entry.born else 0}, or give it the new ones with `add_param_group`.",
        severity=Severity.ERROR,
    )


def _left_out(ledger: Ledger, holders: list[Holder], references: list[Reference]) -> Finding:
    names = [ledger.name(each) for each in references]
    left = sum(ledger.entries[each].size for each in references)
    trained = {each for holder in holders for each in holder.held if each in ledger.entries and ledger.entries[each].passes}
    kept = sum(ledger.entries[each].size for each in trained)
    reason = _intended(ledger, references, trained, left, kept)
    made = at(holders[0].made)
    them = _them(names)
    small = (
        f"; {reason}, which looks intended. If {'it' if len(names) == 1 else 'they'} should be trained, this is an error" if reason else ""
    )
    fix = f"Give {listed(names[:1])} to the optimizer{made}"
    return NotInOptimizer.found(
        names[0],
        holders[0].made,
        what=f"{are(names, 'gets', 'get')} gradients ({_passes(ledger.entries[references[0]].passes)}), and no optimizer holds {them}.",
        why=f"{holders[0].kind} was made{made} with {counted(kept, 'number')} to train, {counted(left, 'number')} are left out{small}.",
        fix=f"{fix}, or call `.requires_grad_(False)` for {them}: then no gradient is worked in vain." if reason else f"{fix} as well.",
        severity=Severity.NOTE if reason else Severity.WARNING,
    )


def _intended(ledger: Ledger, references: list[Reference], trained: set[Reference], left: int, kept: int) -> str:
    """What says that parameters are left out on purpose; "" if nothing does."""
    if left > FEW * kept:
        return "what is trained is a small part"
    models = {ledger.registered.get(each) for each in references}
    if all(model is not None and ledger.evaluating.get(model, False) for model in models):
        return "the model is in eval mode"
    order = {reference: number for number, reference in enumerate(ledger.registered)}
    whose = {ledger.registered.get(each) for each in trained}
    mine = [order[each] for each in references if each in order]
    theirs = [order[each] for holder in ledger.stepping() for each in holder.held if each in order]
    if models == whose and len(models) == 1 and mine and theirs and max(mine) < min(theirs) and _apart(ledger, references, trained):
        return "only what comes after them is trained"
    return ""


def _apart(ledger: Ledger, references: list[Reference], trained: set[Reference]) -> bool:
    """Whether no layer has a parameter on either side."""

    def layers(those: list[Reference]) -> set[str]:
        return {ledger.name(each).rpartition(".")[0] for each in those}

    return layers(references).isdisjoint(layers(list(trained)))


def _passes(count: int) -> str:
    return counted(count, "pass", "passes")


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"
