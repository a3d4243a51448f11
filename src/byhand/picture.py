"""A picture of one backward pass, as plain data: boxes and arrows with their texts and places, drawn alike in SVG, page and notebook."""

from dataclasses import dataclass, field
from enum import Enum

from byhand.document import Block, Cell


class Kind(Enum):
    """What a box stands for. REPEATED holds modules of the same build, STRETCH the operations of a long run between two places."""

    OPERATION = "operation"
    WEIGHT = "weight"
    CONSTANT = "constant"
    MODULE = "module"
    REPEATED = "repeated"
    STRETCH = "stretch"


class Shows(Enum):
    """When a row of a box is there: always, from the forward moment of its box on, or from the backward one on."""

    ALWAYS = "always"
    FORWARD = "forward"
    BACKWARD = "backward"


@dataclass(frozen=True, slots=True)
class Sketch:
    """A tensor as a small heat map and a histogram.

    `levels` are rows of numbers from −1 to 1, parts of the largest size with their sign; None where something in that place is not finite.
    `counts` are the elements in bins of equal width between the smallest and the largest finite element. `low` and `high` are those
    two as text, `nonfinite` says in words how many elements are not finite, "" if all are.
    """

    levels: tuple[tuple[float | None, ...], ...]
    counts: tuple[int, ...] = ()
    low: str = ""
    high: str = ""
    nonfinite: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a box: text whose baseline is `y` pixels below the box's top, or a sketch whose top is there."""

    y: float
    shows: Shows
    cells: tuple[Cell, ...] = ()
    sketch: Sketch | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """One value, with the operation that made it, or a part of the run that can be opened.

    `about` is the key of its details, `spoken` what a screen reader says. `forward` and `backward` are the numbers of the moments
    at which its value and its gradient are there; 0 is before the first. `source` is (number of the file, line), None if not known.
    """

    key: str
    kind: Kind
    rows: tuple[Row, ...]
    x: float
    y: float
    width: float
    height: float
    about: str = ""
    spoken: str = ""
    verdict: str = ""
    op: str = ""
    module: str = ""
    source: tuple[int, int] | None = None
    forward: int = 0
    backward: int = 0
    inside: "Part | None" = None


@dataclass(frozen=True, slots=True)
class Arrow:
    """A value on its way from one box to another, and the gradient on its way back.

    `source` and `target` are keys of boxes of the same part, "" for the part's left or right border. `values` names what it carries,
    so that an arrow that ends at a closed part can go on inside of the opened one. `label` is the contribution that comes back, its
    middle at `label_at`; `flows` says whether a gradient comes back at all.
    """

    key: str
    source: str
    target: str
    values: tuple[str, ...]
    points: tuple[tuple[float, float], ...]
    label: tuple[Cell, ...] = ()
    label_at: tuple[float, float] | None = None
    about: str = ""
    verdict: str = ""
    forward: int = 0
    backward: int = 0
    flows: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """Boxes and arrows in their own coordinates, (0, 0) at the top left."""

    key: str
    title: str
    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of the walk, first forward, then backward: what is told of it, and the box it happens at."""

    forward: bool
    box: str
    told: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a program of the user's, its lines from number `first` on."""

    name: str
    lines: tuple[str, ...]
    first: int = 1


@dataclass(frozen=True, slots=True)
class Heat:
    """One number for every box by which the picture can be coloured, with its text; `worst` is the box to look at first."""

    name: str
    values: dict[str, float]
    texts: dict[str, str]
    worst: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that is drawn of one pass. `moments[0]` is before anything was computed."""

    title: str
    root: Part
    moments: tuple[Moment, ...] = ()
    details: dict[str, tuple[Block, ...]] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    heats: tuple[Heat, ...] = ()
