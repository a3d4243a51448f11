"""What an arrow says and when, still without its way."""

from byhand.document import Cell, Role
from byhand.drawing.contents import Contents
from byhand.drawing.joins import Join
from byhand.drawing.metrics import fitted
from byhand.explanation.frame import ROLES
from byhand.explanation.labels import Labels, asked
from byhand.picture import Arrow
from byhand.render.geometry import SIZES

LONGEST = 320  # pixels of a label


def arrow_of(source: str, target: str, join: Join, labels: Labels, contents: Contents) -> Arrow:
    """The arrow of a join. Only what ends at an operation has a label: the contribution that this operation sends."""
    back = [(step, each) for step, each in join.sent if asked(each)]
    places = [labels.position[step.index] for step in join.users]
    at_operation = target.startswith("s")
    about = f"s{back[0][0].index}.{back[0][1].edge}" if back and at_operation else ""
    label = _label(join, contents) if back and at_operation else ()
    last = 2 * len(labels.steps) + 2 - min(labels.position[step.index] for step, _ in back) if back else 0
    roles = {ROLES[each.comparison.verdict] for _, each in back}
    verdict = next((role.value for role in (Role.DIFFERS, Role.NOT_COMPARED, Role.AGREES) if role in roles), "")
    return Arrow(f"{source}>{target}", source, target, tuple(join.values), (), label, None, about, verdict, min(places), last, bool(back))


def _label(join: Join, contents: Contents) -> tuple[Cell, ...]:
    """The contributions, several of one value to one operation beside each other."""
    cells: list[Cell] = []
    for step, each in join.sent:
        if asked(each):
            cells += [Cell(" and ", Role.FAINT)] * bool(cells)
            cells += contents.label(step, each)
    return fitted(cells, SIZES["label"], LONGEST)
