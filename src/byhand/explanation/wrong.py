"""What is wrong, first in every check: the findings, what is declared, what differs and what a hook changed."""

from collections.abc import Iterator

from byhand.document import Block, Cell, Heading, Prose, Role, Table
from byhand.explanation.frame import MOST, at, place, verdict
from byhand.explanation.labels import Labels
from byhand.findings import Severity
from byhand.results import Contribution, Fault, Pass, Step, Verdict
from byhand.value import Shown, Value
from byhand.words import cell, counted, flat, located, number, plain, size


def findings(result: Pass) -> Iterator[Block]:
    """What is wrong with the gradients of the run: what, why, and what to type; nothing if nothing is."""
    if result.findings:
        yield Heading("What is wrong")
    for finding in result.findings[:MOST]:
        origin, passes = finding.where, finding.passes
        at = [Cell("  "), Cell(located(origin), Role.NAME)] if origin else []
        line = [Cell("\n"), Cell(plain(origin.text, 100), Role.CODE)] if origin and origin.text else []
        role = Role.DIFFERS if finding.severity is Severity.ERROR else Role.NOT_COMPARED
        yield Prose((Cell(finding.code, role), Cell("  "), Cell(plain(finding.subject), Role.NAME), *at, *line))
        rows = [("what", finding.what), ("why", finding.why), ("fix", finding.fix)]
        rows += [("seen", f"in {counted(len(passes), 'backward pass', 'backward passes')} of {result.total:,}")] if result.total > 1 else []
        for word, told in rows:
            yield Prose((Cell(f"{word}: ", Role.FAINT), Cell(told)))
    if len(result.findings) > MOST:
        yield Prose((Cell(f"… and {counted(len(result.findings) - MOST, 'more finding')}"),))


def declared(labels: Labels) -> Iterator[Block]:
    """The custom Functions whose difference is declared; nothing if none is."""
    found = {step.function: each for step in labels.steps for each in step.contributions if each.comparison.verdict is Verdict.INTENDED}
    for function, each in list(found.items())[:MOST]:
        name = f"{plain(function.name)} ({located(function.backward)})" if function else "an operation"
        total = each.comparison.total
        off = f" (in {each.comparison.wrong:,} of {counted(total, 'element')})" if total else ""
        yield Prose(
            (
                Cell(name, Role.NAME),
                Cell(f" sends back another gradient than its forward has{off}, as its class line declares: # byhand: intended"),
            )
        )


def differing(result: Pass, labels: Labels) -> Iterator[Block]:
    """Every place where PyTorch's number is not ours, the user's line first; nothing if there is none.

    What the findings say already is not said again.
    """
    found = [(step, each) for step in labels.steps for each in step.contributions if each.comparison.verdict is Verdict.DIFFERS]
    leaves = [leaf for leaf in result.leaves if leaf.comparison.verdict is Verdict.DIFFERS]
    if not found and not leaves:
        return
    yield Heading("What differs")
    for step, each in found[:MOST]:
        yield from _difference(step, each, labels, told=bool(result.findings))
    if not found:
        for leaf in leaves[:MOST]:
            yield Prose((Cell(plain(leaf.name), Role.NAME), Cell(": "), *verdict(leaf.comparison)))
            yield _beside(leaf.by_hand, leaf.by_torch)
    if len(found) > MOST:
        yield Prose((Cell(f"… and {counted(len(found) - MOST, 'more place')}"),))


def rewritten(labels: Labels) -> Iterator[Block]:
    """Where a hook of the user's changed a gradient on its way; nothing if none did."""
    places = [(step.index, number) for step in labels.steps for number, output in enumerate(step.outputs) if output.rewritten]
    places += [(leaf.index, 0) for leaf in labels.leaves if leaf.rewritten]
    if places:
        names = ", ".join(labels.gradient(place).text for place in places[:MOST]) + (", …" if len(places) > MOST else "")
        written = any(each.comparison.fault is Fault.OVERWRITTEN for step in labels.steps for each in step.contributions)
        who = "A backward that writes in place" if written else "A hook"
        yield Prose((Cell(f"{who} changed "), Cell(names, Role.NAME), Cell(" on its way: what arrives there is not what was sent.")))


def _difference(step: Step, each: Contribution, labels: Labels, *, told: bool) -> Iterator[Block]:
    sent, found = f"{step.op} sends to {labels.described(each.to)}", each.comparison
    off = f"differs by {size(found.error)}{at(found.where)}"
    if told:
        yield Prose((Cell(f"{sent}: "), Cell(off, Role.DIFFERS)))
    else:
        line = [Cell(place(step), Role.NAME), Cell("  "), Cell(plain(step.origin.text, 100), Role.CODE), Cell("\n")] if step.origin else []
        ratio = proportion(each.by_hand, each.by_torch)
        factor = f"; every element is {ratio} × the one by hand" if ratio else f"; {found.pattern}" if found.pattern else ""
        yield Prose((*line, Cell(f"{sent}: "), Cell(f"{off}; rounding explains {size(found.floor)}{factor}", Role.DIFFERS)))
    yield _beside(each.by_hand, each.by_torch)


def _beside(by_hand: Shown, by_torch: Shown) -> Table:
    return Table(("", ""), (((Cell("by hand"),), (cell(by_hand),)), ((Cell("PyTorch"),), (cell(by_torch),))))


def proportion(by_hand: Shown, by_torch: Shown) -> str:
    """The one factor between PyTorch's elements and ours, "" if there is none or it cannot be seen."""
    if not (isinstance(by_hand, Value) and isinstance(by_torch, Value) and by_hand.whole and by_torch.whole):
        return ""
    pairs = [(ours, theirs) for ours, theirs in zip(flat(by_hand.data), flat(by_torch.data), strict=False) if ours or theirs]
    if len(pairs) < 2 or any(isinstance(ours, bool) or not ours for ours, _ in pairs):
        return ""
    ratios = [theirs / ours for ours, theirs in pairs]
    same = all(abs(ratio - ratios[0]) <= 1e-4 * abs(ratios[0]) for ratio in ratios)
    return number(float(f"{ratios[0]:.4g}")) if same and not isinstance(ratios[0], complex) else ""
