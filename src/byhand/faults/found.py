"""The findings of a run, one for each input that a Function's backward, or PyTorch's own, sends a wrong gradient to."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from byhand.faults.advice import advice, place
from byhand.faults.shared import changed_for
from byhand.faults.subject import spoiled
from byhand.findings import Finding, Severity
from byhand.results import Comparison, Contribution, Fault, Function, Pass, Step, Verdict
from byhand.value import Shown, Value
from byhand.words import counted, located, plain, size, value

CODES = {
    Fault.SHAPE: "wrong-gradient-shape",
    Fault.OVERWRITTEN: "saved-tensor-overwritten",
    Fault.SECOND: "second-derivative-lost",
}
CAUSES = {Fault.SECOND_WRONG: "second-derivative", Fault.STRAIGHT: "straight-through"}
TWICE = (Fault.SECOND, Fault.SECOND_WRONG)  # what only a second derivative shows, also of a gradient that could not be judged
NAMED = 5  # weights that are named one by one
HALF = ("bfloat16", "float16")
CLEAR = 10.0  # times rounding: what is off by more shows its pattern
SMALL = 4  # elements; gradients up to this many are shown whole
MEANS = {
    "operations": "the operations of its own forward, each differentiated by byhand's rules",
    "difference": "differences of its own forward, worked in double precision",
    "probes": "random probes of its own forward",
}


@dataclass(slots=True)
class Seen:
    """One fault: where it was seen first, how often in that pass, in which passes, and at which of PyTorch's nodes.

    `later` is what came out wrong of it when a backward that had spoiled what it needs ran again.
    """

    result: Pass
    step: Step
    each: Contribution
    lines: list[str] = field(default_factory=list)
    passes: list[int] = field(default_factory=list)
    uses: int = 0
    nodes: set[tuple[int, int]] = field(default_factory=set)
    later: "Seen | None" = None


def find(passes: Sequence[Pass]) -> tuple[Finding, ...]:
    """What is wrong in these passes, in the order of the program; what is wrong again in a later pass is one finding."""
    seen: dict[tuple[object, ...], Seen] = {}
    for result in passes:
        for step in sorted(result.steps, key=lambda step: (result.graph.nodes[step.index].sequence, -step.index)):
            for each in step.contributions:
                if is_wrong(each.comparison):
                    known = seen.setdefault(_key(step, each), Seen(result, step, each))
                    known.lines += [line for line in (located(step.origin),) if line and line not in known.lines]
                    known.uses += result is known.result
                    known.passes += [result.number] if result.number not in known.passes else []
                    known.nodes.add((result.graph.nodes[step.index].sequence, each.edge))
    return tuple(_finding(each) for each in _joined(list(seen.values())))


def certain(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What a diagnosis tells of them: nothing that rounding may explain; a straight-through estimator, often meant, as a note."""
    told = (each for each in findings if each.severity is not Severity.NOTE)
    return tuple(replace(each, severity=Severity.NOTE) if each.cause == CAUSES[Fault.STRAIGHT] else each for each in told)


def _joined(seen: Sequence[Seen]) -> list[Seen]:
    """The faults without those that are another's: of a backward that spoiled what it needs, and was wrong when its node ran again."""
    spoiling = [each for each in seen if each.step.function is not None and _was_right(each.each)]
    kept = []
    for each in seen:
        known = next((before for before in spoiling if before is not each and each.nodes <= before.nodes), None)
        if known is None or each.each.comparison.verdict is not Verdict.DIFFERS or each.passes[0] <= known.passes[0]:
            kept.append(each)
        else:
            known.later = known.later or each
            known.passes = sorted({*known.passes, *each.passes})
    return kept


def is_wrong(comparison: Comparison) -> bool:
    """Whether a comparison tells of a fault: a difference that is not declared, or one that the first order does not show."""
    if comparison.verdict is Verdict.DIFFERS:
        return True
    return comparison.fault in TWICE or (comparison.verdict is Verdict.AGREES and comparison.fault is Fault.OVERWRITTEN)


def _was_right(each: Contribution) -> bool:
    """Whether a backward gave the right gradient, and spoiled what the next one needs."""
    return each.comparison.verdict is Verdict.AGREES and each.comparison.fault is Fault.OVERWRITTEN


def _key(step: Step, each: Contribution) -> tuple[object, ...]:
    """What makes two faults one: the same line of code of the same Function, and the same input."""
    code = CODES.get(each.comparison.fault) if each.comparison.fault else None
    if step.function is not None:
        return code, step.function.name, step.function.backward, each.edge
    return code, step.op, located(step.origin), each.edge


def _finding(seen: Seen) -> Finding:
    step, each = seen.step, seen.each
    others = changed_for(seen.result, step) if _was_right(each) else ()
    weights = spoiled(seen.result, others[0][0] if others else each.to[0])
    names = [plain(leaf.name) for leaf in weights if leaf.name]
    fault = each.comparison.fault
    return Finding(
        CODES.get(fault, "wrong-gradient") if fault else "wrong-gradient",
        _severity(seen, spoils=bool(others)),
        names[0] if names else _input_name(seen.result, step, each) or step.name or step.op,
        each.comparison.written or step.origin,
        f"{_sentence(seen.result, step, each)}{_measure(each) if seen.later is None else _afterwards(seen.later)}{_pattern(step, each)}",
        f"{_cause(seen.result, step, each)}{_reach(names, len(weights), each, others[0][1] if others else '')}{_elsewhere(seen)}",
        advice(each, step.function, _parameter(step.function, each)) if step.function else _ordinary(step, fault),
        cause=CAUSES.get(fault, "") if fault else "",
        passes=tuple(seen.passes),
    )


def _severity(seen: Seen, *, spoils: bool) -> Severity:
    """An error, but where a backward only may spoil what comes later, and where PyTorch's own is off by little more than rounding."""
    found = seen.each.comparison
    if _was_right(seen.each):
        return Severity.WARNING if seen.later is None and not spoils else Severity.ERROR
    return Severity.NOTE if seen.step.function is None and _little(found) else Severity.ERROR


def _little(found: Comparison) -> bool:
    """Whether two numbers differ by little more than what rounding explains, and in no simple way: rounding may do that once in a while."""
    simple = found.pattern or found.factor or found.fault in TWICE or found.written is not None
    return found.verdict is Verdict.DIFFERS and found.floor > 0 and found.error < CLEAR * found.floor and not simple


def _sentence(result: Pass, step: Step, each: Contribution) -> str:
    target = _target(result, step, each)
    match each.comparison.fault:
        case Fault.SECOND | Fault.SECOND_WRONG:
            return _twice(step, each, target)
        case Fault.OVERWRITTEN if _was_right(each):
            return f"{_called(step)} is right for {target}, but it writes into what is not its own"
        case Fault.OVERWRITTEN:
            return f"What {_called(step)} kept for its backward was changed before it ran, so {target} gets a wrong gradient"
        case Fault.SHAPE:
            return f"{_called(step)} returns a gradient of the wrong shape for {target}"
    if step.function is None and _little(each.comparison):
        return f"{_called(step)} and byhand differ for {target} by little more than what rounding explains"
    return f"{_called(step)} returns {'None' if _is_none(step, each) else 'a wrong gradient'} for {target}"


def _afterwards(later: Seen) -> str:
    """How wrong a backward is after it had spoiled what it needs."""
    return f". When it ran again, in pass {later.result.number:,}, it was wrong{_measure(later.each)}"


def _twice(step: Step, each: Contribution, target: str) -> str:
    """What is wrong with a second derivative; where it is not an input's, the numbers that follow say whose."""
    judged = "is right" if each.comparison.verdict is Verdict.AGREES else "was not compared"
    towards = "" if each.comparison.pattern.startswith("towards") else f" towards {target}"
    return f"{_called(step)} {judged}, but its own derivative{towards} is {'lost' if each.comparison.fault is Fault.SECOND else 'wrong'}"


def _called(step: Step) -> str:
    return f"{plain(step.function.name)}.backward" if step.function else f"PyTorch's {step.op}"


def _parameter(function: Function | None, each: Contribution) -> str:
    return plain(function.inputs[each.edge]) if function and each.edge < len(function.inputs) else ""


def _target(result: Pass, step: Step, each: Contribution) -> str:
    """The input, by the parameter of forward and what the user wrote there."""
    parameter, name = _parameter(step.function, each), _input_name(result, step, each)
    if not parameter:
        return f"input {each.edge}" + (f" ({name})" if name else "")
    return f"`{parameter}`" + (f" (here {name})" if name and name != parameter else "")


def _input_name(result: Pass, step: Step, each: Contribution) -> str:
    """What the user wrote for an input: its name, else the expression that made it."""
    taking = [made.edge for made in step.contributions]
    position = taking.index(each.edge)
    if position < len(step.operands) and step.operands[position].name:
        return plain(step.operands[position].name)
    maker = next((made for made in result.steps if made.index == each.to[0]), None)
    return plain(maker.name or maker.expression) if maker else ""


def _measure(each: Contribution) -> str:
    """How many elements of how many, where the first is, and the size against the rounding floor."""
    found = each.comparison
    if found.verdict is not Verdict.DIFFERS:
        return "."
    if found.factor and not found.wrong:
        return f": {plain(found.reason, 100)}.{_both(each.by_hand, each.by_torch)}"
    count = f"{found.wrong:,} of {counted(found.total, 'element')} {'differs' if found.wrong == 1 else 'differ'}"
    first = f", the first at {list(found.first)}" if found.first else ""
    most = f"; the worst, at {list(found.where)}, by {size(found.error)}" if found.where else f" by {size(found.error)}"
    times = f", which is {size(found.error / found.floor)} × what rounding explains" if found.floor else ""
    reason = f" ({plain(found.reason, 100)})" if found.reason else ""
    return f": {count if found.total else 'it differs'}{first}{most}{times}{reason}.{_both(each.by_hand, each.by_torch)}"


def _is_none(step: Step, each: Contribution) -> bool:
    """Whether a custom backward returned nothing where a gradient is needed."""
    return step.function is not None and not isinstance(each.by_torch, Value)


def _both(ours: Shown, theirs: Shown) -> str:
    if not (isinstance(ours, Value) and isinstance(theirs, Value) and ours.whole and theirs.whole):
        return ""
    few = len(ours.shape) <= 1 and sum(ours.shape) <= SMALL
    return f" By hand {value(ours)}, PyTorch {value(theirs)}." if few else ""


def _pattern(step: Step, each: Contribution) -> str:
    found = each.comparison
    if found.fault is Fault.ZEROS and _is_none(step, each):
        return ""
    words = found.pattern or (f"there {found.example}" if found.example else "")
    return f"{f' {words[0].upper()}{words[1:]}.' if words else ''}{_hidden(each)}"


def _hidden(each: Contribution) -> str:
    """That a coarse dtype hides what the pattern is: few elements stand out of its rounding, or none by much."""
    found, shown = each.comparison, each.by_torch
    if found.pattern or found.factor or found.verdict is not Verdict.DIFFERS or not (isinstance(shown, Value) and shown.dtype in HALF):
        return ""
    clear = 2 * found.wrong > found.total and found.error > CLEAR * found.floor
    return "" if clear else f" In {shown.dtype} rounding hides the pattern; check it in float32 too."


def _cause(result: Pass, step: Step, each: Contribution) -> str:
    if each.comparison.written is not None and step.function is None:
        counts = "PyTorch counts the writes into a tensor, and refuses a backward that needs what was overwritten"
        return f"{counts}; those through .data it does not see"
    if step.function is None:
        own = f"rule {each.rule}" if each.rule else "second opinion"
        return f"{step.op} is PyTorch's own, and byhand's {own} gives another number"
    if each.comparison.fault is Fault.SECOND:
        target = _target(result, step, each)
        return f"{place(step.function)} uses numbers that do not lead back to {target} in the graph that create_graph=True makes"
    if _was_right(each):
        others = "a second backward through this graph, or what else takes the same gradient, gets the changed numbers"
        return f"{place(step.function)} changes in place what does not belong to it alone: {others}"
    return f"It is worked in {place(step.function)}. The right one comes from {MEANS.get(each.opinion, 'byhand')}"


def _reach(names: Sequence[str], count: int, each: Contribution, through: str) -> str:
    """Which weights get their gradients through the wrong input, or through a value that got what another had changed."""
    if not count:
        return "."
    shown = list(names[:NAMED])
    shown += [f"{count - len(shown):,} more" if shown else counted(count, "weight")] if count > len(shown) else []
    if each.comparison.fault is Fault.SECOND:
        return f". What is made of the gradient of {', '.join(shown)}, and differentiated again, is wrong."
    if through:
        wrong = "gets a wrong gradient" if count == 1 else "get wrong gradients"
        return f". {through} takes the same gradient and got it changed, so {', '.join(shown)} {wrong}."
    gets = "gets its gradient" if count == 1 else "get their gradients"
    return f". {', '.join(shown)} {gets} through this input."


def _elsewhere(seen: Seen) -> str:
    """The other lines where the same Function was applied with the same result, and how often in all."""
    others = f" The same at {', '.join(seen.lines[1 : NAMED + 1])}." if len(seen.lines) > 1 else ""
    return f"{others} Wrong in {seen.uses:,} of its uses in pass {seen.result.number:,}." if seen.uses > 1 else others


def _ordinary(step: Step, fault: Fault | None) -> str:
    if fault is Fault.OVERWRITTEN:
        return "Change it only after backward(); or leave out .data, in `with torch.no_grad():`, and PyTorch says itself what goes wrong."
    written = plain(step.expression) or step.op
    judge = "gradgradcheck" if fault in TWICE else "gradcheck"
    return (
        f"Either PyTorch or byhand is wrong. Try torch.autograd.{judge} on {written} in float64: if it fails, report it to PyTorch; "
        "if it passes, report this to byhand, with the output of byhand check FILE --json -."
    )
