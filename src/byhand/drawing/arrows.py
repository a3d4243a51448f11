"""What an arrow says and when, still without its way."""

from collections.abc import Sequence

from byhand.document import Cell, Role
from byhand.drawing.contents import Contents, worst
from byhand.drawing.joins import CROWDED, Join
from byhand.drawing.layout import Point
from byhand.drawing.metrics import fitted
from byhand.explanation.labels import asked
from byhand.picture import Arrow
from byhand.render.geometry import SIZES
from byhand.results import Contribution, Step

LONGEST = 320  # pixels of a label
MOST = 12  # contributions told of in a label: more than fit
AND = Cell(" and ", Role.FAINT)


def arrow_of(source: str, target: str, join: Join, contents: Contents, *, beside: bool) -> Arrow:
    """The arrow of a join. Only what ends at an operation has a label: the contribution that this operation sends."""
    back = [(step, each) for step, each in join.sent if asked(each)]
    told = back[:MOST] if target.startswith("s") and not source.startswith(CROWDED) else []
    clock = contents.clock
    return Arrow(
        f"{source}>{target}",
        source,
        target,
        tuple(join.values),
        (),
        _label(told, contents, beside=beside),
        None,
        f"s{told[0][0].index}.{told[0][1].edge}" if told else "",
        worst(each.comparison for _, each in back),
        min(map(clock.forward, join.users)),
        max((clock.backward(step) for step, _ in back), default=0),
        bool(back),
    )


def led(arrow: Arrow, points: tuple[Point, ...], label_at: Point | None) -> Arrow:
    """The arrow on its way."""
    return Arrow(
        arrow.key,
        arrow.source,
        arrow.target,
        arrow.values,
        points,
        arrow.label,
        label_at,
        arrow.about,
        arrow.verdict,
        arrow.forward,
        arrow.backward,
        arrow.flows,
    )


def _label(told: Sequence[tuple[Step, Contribution]], contents: Contents, *, beside: bool) -> tuple[Cell, ...]:
    """The contributions, several of one value to one operation beside each other."""
    cells: list[Cell] = []
    for step, each in told:
        cells += [AND] * bool(cells)
        cells += contents.label(step, each, beside=beside)
    return fitted(cells, SIZES["label"], LONGEST)
