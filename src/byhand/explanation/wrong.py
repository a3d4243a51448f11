"""What is wrong, first in every check: the findings, what is declared, what differs and what a hook changed."""

from collections.abc import Iterator, Sequence

from byhand.document import Block, Cell, Heading, Prose, Role, Table
from byhand.explanation.frame import MOST, off, place, verdict
from byhand.explanation.labels import Labels, Target
from byhand.findings import Finding, Severity
from byhand.results import Comparison, Contribution, Fault, Function, Pass, Step, Verdict
from byhand.value import Shown, Value
from byhand.words import cell, counted, flat, located, number, plain, size


def findings(result: Pass) -> Iterator[Block]:
    """What is wrong with the gradients of the run: what, why, and what to type; nothing if nothing is."""
    if result.findings:
        yield Heading("What is wrong")
    for finding in result.findings[:MOST]:
        yield from finding_told(finding, seen=_passes(finding.passes, result) if result.total > 1 else "")
    if len(result.findings) > MOST:
        yield Prose((Cell(f"… and {counted(len(result.findings) - MOST, 'more finding')}"),))


def finding_told(finding: Finding, *, seen: str = "") -> Iterator[Block]:
    """One finding: its code, whose gradient, the user's line; then what, why, what to type, and in which passes it was `seen`."""
    origin = finding.where
    at = [Cell("  "), Cell(located(origin), Role.NAME)] if origin else []
    line = [Cell("\n"), Cell(plain(origin.text, 100), Role.CODE)] if origin and origin.text else []
    role = Role.DIFFERS if finding.severity is Severity.ERROR else Role.NOT_COMPARED
    cause = [Cell(f" ({finding.cause})", Role.FAINT)] if finding.cause else []
    subject = [Cell("  "), Cell(plain(finding.subject), Role.NAME)] if finding.subject else []
    yield Prose((Cell(finding.code, role), *cause, *subject, *at, *line))
    for word, told in (("what", finding.what), ("why", finding.why), ("fix", finding.fix), ("seen", seen)):
        if told:
            yield Prose((Cell(f"{word}: ", Role.FAINT), Cell(told)))


SHORT = 60  # characters of a pattern that still stands behind the name of an input


def _passes(passes: Sequence[int], result: Pass) -> str:
    """In which passes a fault was seen, the one that is told among them."""
    seen = counted(len(passes), "backward pass", "backward passes")
    named = list(passes[:MOST]) + [result.number] * (result.number in passes[MOST:])
    more = ", …" if len(passes) > len(named) else ""
    numbers = f"; the numbers are those of pass {passes[0]:,}" if passes and passes[0] != result.number else ""
    return f"in {seen} of {result.total:,} ({', '.join(f'{each:,}' for each in named)}{more}){numbers}"


def declared(labels: Labels) -> Iterator[Block]:
    """The custom Functions whose difference is declared, with every input that it is seen at; nothing if none is."""
    found: dict[Function | None, dict[str, Comparison]] = {}
    for step in labels.steps:
        for each in step.contributions:
            if each.comparison.verdict is Verdict.INTENDED:
                found.setdefault(step.function, {}).setdefault(_input(step.function, each), each.comparison)
    for function, inputs in list(found.items())[:MOST]:
        name = f"{plain(function.name)} ({located(function.backward)})" if function else "an operation"
        towards = ", ".join(f"{word}{_share(comparison)}" for word, comparison in list(inputs.items())[:MOST])
        more = ", …" if len(inputs) > MOST else ""
        said = f" sends back another gradient than its forward has for {towards}{more}, as its class line declares: # byhand: intended"
        yield Prose((Cell(name, Role.NAME), Cell(said)))


def _input(function: Function | None, each: Contribution) -> str:
    name = plain(function.inputs[each.edge]) if function and each.edge < len(function.inputs) else ""
    return f"`{name}`" if name else f"input {each.edge}"


def _share(comparison: Comparison) -> str:
    how = f": {comparison.pattern}" if 0 < len(comparison.pattern) <= SHORT else ""
    return f" ({comparison.wrong:,} of {counted(comparison.total, 'element')}{how})" if comparison.total else ""


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
    yield from changed([*places, *((leaf.index, 0) for leaf in labels.leaves if leaf.rewritten)], labels)


def changed(places: Sequence[Target], labels: Labels) -> Iterator[Block]:
    """That the gradients of these places were changed on their way; nothing if there are none."""
    if places:
        names = ", ".join(labels.gradient(place).text for place in places[:MOST]) + (", …" if len(places) > MOST else "")
        written = any(each.comparison.fault is Fault.OVERWRITTEN for step in labels.steps for each in step.contributions)
        who = "A backward that writes in place" if written else "A hook"
        yield Prose((Cell(f"{who} changed "), Cell(names, Role.NAME), Cell(" on its way: what arrives there is not what was sent.")))


def _difference(step: Step, each: Contribution, labels: Labels, *, told: bool) -> Iterator[Block]:
    sent, found = f"{step.op} sends to {labels.described(each.to)}", each.comparison
    if told or (found.factor and not found.wrong):
        yield Prose((Cell(f"{sent}: "), Cell(off(found), Role.DIFFERS)))
    else:
        line = [Cell(place(step), Role.NAME), Cell("  "), Cell(plain(step.origin.text, 100), Role.CODE), Cell("\n")] if step.origin else []
        factor = how(each.by_hand, each.by_torch, found)
        said = f"{off(found)}; rounding explains {size(found.floor)}{f'; {factor}' if factor else ''}"
        yield Prose((*line, Cell(f"{sent}: "), Cell(said, Role.DIFFERS)))
    yield _beside(each.by_hand, each.by_torch)


def _beside(by_hand: Shown, by_torch: Shown) -> Table:
    return Table(("", ""), (((Cell("by hand"),), (cell(by_hand),)), ((Cell("PyTorch"),), (cell(by_torch),))))


def how(by_hand: Shown, by_torch: Shown, found: Comparison) -> str:
    """How PyTorch's number differs, in words; "" if it is in no simple way."""
    ratio = proportion(by_hand, by_torch)
    return f"every element is {ratio} × the one by hand" if ratio else found.pattern


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
