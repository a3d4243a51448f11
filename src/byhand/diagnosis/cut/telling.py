"""Says where a gradient is lost: the chain from the weight to the cut, and the operation."""

from collections.abc import Sequence
from dataclasses import dataclass

from byhand.diagnosis.cut.advice import SWITCHES, advice
from byhand.diagnosis.cut.causes import switch_before
from byhand.diagnosis.cut.search import Path
from byhand.diagnosis.cut.typed import SHORT, operation
from byhand.diagnosis.lineage import Lineage
from byhand.diagnosis.world import origin_of_call
from byhand.graph import Origin
from byhand.recording.calls import Call
from byhand.recording.naming import Written, written
from byhand.words import located, plain

SHOWN = 5  # calls of a chain that are shown


@dataclass(frozen=True, slots=True)
class Told:
    """One cut in words: nothing of it holds anything of the program."""

    cause: str
    where: Origin | None
    chain: str
    operation: str
    fix: str
    again: str = ""
    off: Origin | None = None
    certain: bool = True


def told(lineage: Lineage, path: Path, leaf: str, root: str) -> Told:
    """A path in words, from the leaf to the root."""
    calls = [lineage.calls[number] for number in path.calls]
    last = calls[-1]
    off = (
        origin_of_call(lineage.calls[switch])
        if path.cause == "no-grad" and (switch := switch_before(lineage.calls, path.calls[-1])) >= 0
        else None
    )
    return Told(
        path.cause,
        _switch(off) or origin_of_call(last),
        f"{' → '.join(_steps(leaf, calls))} ✂ → {root}",
        operation(last),
        advice(path.cause, last, off),
        located(origin_of_call(lineage.calls[path.again])) if path.again >= 0 else "",
        off,
        path.certain,
    )


def _switch(off: Origin | None) -> Origin | None:
    """Where grad mode was switched off, if that is the line that says so, and not one that calls a decorated function."""
    return off if off is not None and any(word in off.text for word in SWITCHES) else None


def _steps(leaf: str, calls: Sequence[Call]) -> list[str]:
    """The leaf, and what each call gave, without those that are part of the one before."""
    places = list(dict.fromkeys((call.code, call.instruction) for call in calls[:-1] if call.code is not None))
    places = [place for place in places if place != (calls[-1].code, calls[-1].instruction)]
    made = [_result(written(code, instruction)) for code, instruction in places]
    shown = made if len(made) <= SHOWN else [*made[: SHOWN // 2], "…", *made[len(made) - SHOWN + SHOWN // 2 :]]
    return [leaf, *shown, f"{operation(calls[-1])}{_at(origin_of_call(calls[-1]))}"]


def _result(place: Written) -> str:
    label = place.target if isinstance(place.target, str) and not place.each else place.expression
    return f"{plain(label, SHORT) or 'an operation'} (line {place.line})"


def _at(origin: Origin | None) -> str:
    return f" (line {origin.line})" if origin is not None else ""
