"""From what was found out about a pass to its picture: what stands where, and what is told at which moment."""

from byhand.collector import uncollected
from byhand.drawing.contents import Contents
from byhand.drawing.details import details
from byhand.drawing.groups import grouped, ordered
from byhand.drawing.heats import heats
from byhand.drawing.joins import Joins
from byhand.drawing.moments import moments
from byhand.drawing.parts import Parts
from byhand.explanation.frame import headline
from byhand.explanation.labels import Labels
from byhand.explanation.modules import find_part, module_tree
from byhand.picture import Picture
from byhand.results import Pass
from byhand.words import plain


def draw(result: Pass, *, part: str = "") -> Picture:
    """The picture of one pass; with `part`, of that module alone. Raises NoSuchPart, NoPicture."""
    with uncollected():
        return _drawn(result, part)


def _drawn(result: Pass, part: str) -> Picture:
    labels = Labels(result)
    contents = Contents(result, labels)
    path, steps = "", ordered(result, labels)
    if part:
        opened = find_part(module_tree(result, labels), part)
        inside = {step.index for step in opened.steps}
        path, steps = opened.path, [step for step in steps if step.index in inside]
    group = grouped(steps, labels, path)
    root = Parts(contents, Joins(result, group)).draw(group)
    title = f"{headline(result, labels)}: {plain(path)}" if path else headline(result, labels)
    return Picture(title, root, moments(result, labels, contents), details(result, labels), contents.programs.sources, heats(result, root))
