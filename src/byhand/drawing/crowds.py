"""What the box says that stands for many weights and constants beside one operation."""

from collections.abc import Sequence

from byhand.document import Cell, Role
from byhand.drawing.contents import Content, Contents
from byhand.drawing.joins import Crowd, Ghost
from byhand.drawing.rows import short
from byhand.explanation.frame import ROLES
from byhand.picture import Shows
from byhand.results import Leaf, Verdict
from byhand.words import counted

NAME = 18  # characters of the first and of the last name


def content_of(ghost: Ghost, contents: Contents) -> Content:
    """The box of one weight or constant."""
    return contents.weight(ghost.what) if isinstance(ghost.what, Leaf) else contents.constant(*ghost.what)


def crowd_content(crowd: Crowd, contents: Contents) -> Content:
    """How many there are, from which to which, and the worst verdict on their gradients."""
    inside = [content_of(ghost, contents) for ghost in crowd.ghosts]
    title, verdict = how_many(crowd.ghosts), _worst(inside)
    first, last = (short(Cell(_title(each), Role.NAME), NAME) for each in (inside[0], inside[-1]))
    ends = (first, Cell(" … ", Role.FAINT), last)
    return Content(
        ((Shows.ALWAYS, (Cell(title, Role.NAME),)), (Shows.ALWAYS, ends)),
        spoken=f"{title}, {''.join(each.text for each in ends)}{f'; {verdict}' if verdict else ''}",
        verdict=verdict,
        backward=max(each.backward for each in inside),
    )


def how_many(ghosts: Sequence[Ghost]) -> str:
    """The numbers of weights and of constants in words."""
    weights = sum(isinstance(ghost.what, Leaf) for ghost in ghosts)
    constants = len(ghosts) - weights
    said = [counted(weights, "weight")] * bool(weights) + [counted(constants, "constant")] * bool(constants)
    return " and ".join(said)


def _worst(contents: Sequence[Content]) -> str:
    found = {each.verdict for each in contents}
    order = (ROLES[verdict].value for verdict in (Verdict.DIFFERS, Verdict.NOT_COMPARED, Verdict.AGREES))
    return next((verdict for verdict in order if verdict in found), "")


def _title(content: Content) -> str:
    first = content.rows[0][1]
    return "".join(cell.text for cell in first) if isinstance(first, tuple) else ""
