"""The seal from outside: whether the function as a whole changes as its gradient says. It knows no rule and no node."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from byhand.functions.attempts import Attempts
from byhand.functions.line import Line, NotSealed
from byhand.results import Verdict
from byhand.words import plain, rounded, size

STEPS = tuple(2.0**-power for power in (6, 8, 10, 12, 14, 16, 18))
COARSE = tuple(2.0**-power for power in range(2, 11))  # the steps where something inside has less than double precision
TINY = tuple(2.0**-power for power in (20, 21, 22, 23, 24, 36, 40))  # steps at which a function shows little but its rounding
ABOVE = 8.0  # times the rounding floor: from there on a remainder says something
ROUGH = 64.0  # times the rounding of double precision: if more than that is seen, something inside has less
FALLS = 16.0  # what a bend leaves at the third of the tiny steps falls by more than that to the fifth; rounding stays
FITTED = 4  # points that a slope is taken from: those with the smallest steps
FEWEST = 3  # points: two make a slope of anything
SQUARE = (1.8, 2.2)  # the slopes that count as 2
SHARP = 1e-2  # of the change that the gradient says: what is measured less sharply than that seals nothing
NEARER = 2.0**-8  # where nothing can be said, steps this much smaller are taken
SHRUNK = 3  # times at most
CALM = 1e-2  # of the change at the largest step: a function that varies more than that at the tiniest ones is not smooth
HIDDEN = 1e-3  # of the change at the largest step: rounding that is more than that leaves nothing to see
ASIDE = 2.0**-9  # how far from the inputs the test is made again where they lie on a kink
WINDOW = 4  # steps at which a measured change must settle, each nearer to the next than to the last
UNITS = 4_096.0  # units of rounding, of all terms together, by which forward and backward mode may differ


@dataclass(frozen=True, slots=True)
class Point:
    """One step of the Taylor test: how far, and the change that the gradient leaves unexplained."""

    step: float
    remainder: float


@dataclass(frozen=True, slots=True)
class Seal:
    """What the function itself says: the remainders, their slope, the rounding floor; and whether forward mode agrees.

    `blamed` are the inputs whose gradients are not what the function shows.
    """

    verdict: Verdict
    said: str
    points: tuple[Point, ...] = ()
    slope: float | None = None
    floor: float = 0.0
    forward: Verdict = Verdict.NOT_COMPARED
    forward_said: str = ""
    blamed: tuple[str, ...] = ()


def seal(attempts: Attempts) -> Seal:
    """The Taylor test of a function and the JVP identity, in double precision; why not, where they cannot be made."""
    try:
        line = Line(attempts)
        found = _taylor(line)
        if found.verdict is Verdict.NOT_COMPARED and found.points and _kink(line, found.floor):
            found = _aside(attempts, found)
    except NotSealed as why:
        return Seal(Verdict.NOT_COMPARED, f"not sealed: in float64 {why}")
    except Exception as problem:
        return Seal(Verdict.NOT_COMPARED, f"not sealed: it raises in float64: {_line(problem)}")
    forward, said = _forward(line)
    return replace(found, forward=forward, forward_said=said)


def _taylor(line: Line) -> Seal:
    """The test at steps as large as the function allows: smaller ones where it is not finite, or changes too fast to be followed."""
    floor, rough = _floor(line)
    if _stairs(line):
        said = "not sealed: it changes in stairs, as what is rounded to half precision inside does, or to whole numbers"
        return Seal(Verdict.NOT_COMPARED, said, floor=floor)
    made = Seal(Verdict.NOT_COMPARED, "not sealed: in float64 it is not finite near the inputs", floor=floor)
    for shrunk in range(SHRUNK):
        points = _points(line, [step * NEARER**shrunk for step in (COARSE if rough else STEPS)])
        if len(points) > WINDOW:
            made = _judged(line, points, floor, rough=rough)
            if made.verdict is not Verdict.NOT_COMPARED:
                return made
    return made


def _points(line: Line, steps: Sequence[float]) -> tuple[Point, ...]:
    """What is left at each step, up to the first one that leads out of where the function is defined. Raises if the smallest does."""
    found: list[Point] = []
    for step in reversed(steps):
        try:
            ahead, behind = line.change(step), line.change(-step)
        except Exception:
            if not found:
                raise
            break
        if not math.isfinite(ahead) or not math.isfinite(behind):
            break
        found.append(Point(step, abs(ahead - step * line.promised)))
    return tuple(reversed(found))


def _floor(line: Line) -> tuple[float, bool]:
    """What rounding does to the change, and whether something inside has less than double precision, also where a forward hides it.

    It is seen: the second difference at a tiny step is little else, and it does not fall with the step.
    """
    seen = [abs(line.change(step) + line.change(-step)) for step in TINY]
    known = [each if math.isfinite(each) else 0.0 for each in seen]
    stays = max(known[3:5]) > max(ROUGH * line.floor, max(known) / FALLS)
    return max(line.floor, 2 * max(known)), line.coarse or stays


def _stairs(line: Line) -> bool:
    """Whether it stands still at tiny steps and not at large ones, where its gradient says that it moves."""
    still = all(line.change(step) == 0 == line.change(-step) for step in TINY)
    return still and bool(line.promised) and all(line.change(step) != 0 for step in COARSE[:5])


def _judged(line: Line, points: tuple[Point, ...], floor: float, *, rough: bool) -> Seal:
    above = [point for point in points if point.remainder > ABOVE * floor]
    slope = _slope(above[-FITTED:]) if len(above) > 1 else None
    made = Seal(Verdict.AGREES, "", points, slope, floor)
    if line.length and ABOVE * floor > HIDDEN * points[0].step * line.length:
        return replace(made, verdict=Verdict.NOT_COMPARED, said="not sealed: rounding in it hides what a step changes")
    if slope is None:
        kind = "linear" if line.length else "constant"
        return replace(made, said=f"nothing is left but rounding: the function is {kind} along this line, as the gradient says")
    if len(above) >= FEWEST and SQUARE[0] <= slope <= SQUARE[1] and not rough:
        return replace(made, said=_squared(slope))
    return _weighed(line, made, enough=len(above) >= FEWEST)


def _squared(slope: float) -> str:
    return f"slope {slope:.2f}: what is left falls with the square of the step, as it does for a right gradient"


def _weighed(line: Line, made: Seal, *, enough: bool) -> Seal:
    """A slope that proves nothing by itself, beside the change that the function shows from both sides."""
    change, error = min(_settled(line, made), key=lambda settled: settled[1], default=(0.0, math.inf))
    if not math.isfinite(error) or not _smooth(line, made):
        said = "not sealed: it bends at the inputs, or changes too fast to be followed even at the smallest steps"
        return replace(made, verdict=Verdict.NOT_COMPARED, said=said)
    if abs(change - line.promised) <= max(error, line.negligible):
        return _agreed(line, made, error, enough=enough)
    told = f"a step of 1 changes the result by {rounded(change, 6)}, the gradient says {rounded(line.promised, 6)}"
    told += f" (they differ by {size(abs(change - line.promised))})" if abs(change - line.promised) < 1e-4 * abs(change) else ""
    blamed = tuple(name for name in line.start if _wrong(line, name, made))
    return replace(made, verdict=Verdict.DIFFERS, said=f"slope {made.slope:.2f}, not 2: {told}", blamed=blamed)


def _agreed(line: Line, made: Seal, error: float, *, enough: bool) -> Seal:
    """Close by, the function changes as the gradient says: a seal, if that was measured sharply."""
    slope = made.slope or 0.0
    if error > max(SHARP * line.length, line.negligible):
        said = f"not sealed: slope {slope:.2f}, and rounding or bends hide what a gradient off by {size(error)} would change"
        return replace(made, verdict=Verdict.NOT_COMPARED, said=said)
    if enough and SQUARE[0] <= slope <= SQUARE[1]:
        return replace(made, said=_squared(slope))
    kind = "what is left is too little for a slope of 2" if slope > SQUARE[1] else "these steps cross bends of the function"
    return replace(made, said=f"slope {slope:.2f}: {kind}; close by, it changes as the gradient says, to {size(error)}")


def _settled(line: Line, made: Seal) -> Iterator[tuple[float, float]]:
    """The change for a step of 1, and how far off that may be, from all successive steps at which it settles."""
    central = [(line.change(point.step) - line.change(-point.step)) / (2 * point.step) for point in made.points]
    noise = [made.floor / point.step for point in made.points]
    for end in range(WINDOW, len(central) + 1):
        gaps = [abs(one - other) for one, other in pairwise(central[end - WINDOW : end])]
        rough = 2 * noise[end - 1]
        if all(later <= earlier / 2 + rough for earlier, later in pairwise(gaps)):
            yield central[end - 1], 4 * (gaps[-1] + rough)


def _smooth(line: Line, made: Seal) -> bool:
    """Whether the function is as good as straight at the smallest steps: what bends it falls faster than what they change."""
    steps = [point.step for point in made.points[-3:]]
    bends = [abs(line.change(step) + line.change(-step)) for step in steps]
    changes = [abs(line.change(step) - line.change(-step)) for step in steps]
    quiet = [bend <= change / 4 + ABOVE * line.floor for bend, change in zip(bends, changes, strict=True)]
    falls = bends[-1] <= bends[0] * steps[-1] / steps[0] / 2 + ABOVE * line.floor
    calm = made.floor <= max(ABOVE * line.floor, CALM * abs(line.change(made.points[0].step)))
    return quiet[-1] and falls and calm


def _wrong(line: Line, name: str, made: Seal) -> bool:
    """Whether the gradient of one input alone is not what the function shows."""
    steps = [made.points[3].step, made.points[4].step]
    changes = [(line.change(step, only=name) - line.change(-step, only=name)) / (2 * step) for step in steps]
    noise = 4 * (abs(changes[0] - changes[1]) + made.floor / steps[1])
    return abs(changes[1] - line.part(name)) > noise


def _slope(points: Sequence[Point]) -> float:
    """The slope of the remainders over the steps, both as powers, by least squares."""
    across = [math.log(point.step) for point in points]
    up = [math.log(point.remainder) for point in points]
    middle, height = sum(across) / len(across), sum(up) / len(up)
    return sum((x - middle) * (y - height) for x, y in zip(across, up, strict=True)) / sum((x - middle) ** 2 for x in across)


def _kink(line: Line, floor: float) -> bool:
    """Whether the function bends at the inputs themselves: its slopes forwards and backwards differ however small the step is."""
    bends = [(abs(line.change(step) + line.change(-step)) / step, floor / step) for step in STEPS[-4:-1]]
    return all(bend > noise for bend, noise in bends) and bends[-1][0] > bends[0][0] / 2


def _aside(attempts: Attempts, found: Seal) -> Seal:
    """The test a little beside a kink: there the gradient is one number again."""
    beside = _taylor(Line(attempts, aside=ASIDE))
    if beside.verdict is Verdict.DIFFERS:
        return replace(beside, said=f"{beside.said} (a step beside the inputs, which lie on a kink)")
    if beside.verdict is Verdict.NOT_COMPARED:
        said = "not sealed: it bends at the inputs, where no one slope is the right one, or changes too fast near them to be followed"
        return replace(found, verdict=Verdict.NOT_COMPARED, said=said, blamed=())
    said = f"{beside.said}; a step beside the inputs, since they lie on a kink, where no one slope is the right one"
    return replace(beside, said=said)


def _forward(line: Line) -> tuple[Verdict, str]:
    try:
        tangent = line.tangent()
    except Exception as problem:
        return Verdict.NOT_COMPARED, f"no forward mode: {_line(problem)}"
    floor = UNITS * line.rounding * line.length + line.negligible + ABOVE * line.floor
    if abs(tangent - line.promised) <= floor:
        return Verdict.AGREES, f"forward mode says {rounded(tangent, 6)}, backward {rounded(line.promised, 6)}: the same to {size(floor)}"
    said = f"forward mode says {rounded(tangent, 6)}, backward {rounded(line.promised, 6)}: one of jvp and backward is wrong"
    return Verdict.DIFFERS, said


def _line(problem: Exception) -> str:
    return f"{type(problem).__name__}: {plain(str(problem).split(chr(10), 1)[0], 160)}"
