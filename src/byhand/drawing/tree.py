"""What a run is sorted into: groups of operations and of groups, each of which becomes a part of the picture."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from byhand.picture import Kind
from byhand.results import Step


@dataclass(slots=True, eq=False)
class Group:
    """What becomes a part: its items in the order in which they ran, and every operation inside.

    `path` is its module's, `shown` the path that the titles of its items leave out. `count` modules of the same `build`, the last with the
    path `last`, are folded in it.
    """

    kind: Kind
    path: str = ""
    items: "list[Step | Group]" = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    count: int = 1
    last: str = ""
    build: int = 0
    shown: str = ""
    key: str = ""
    title: str = ""


Item = Step | Group


def steps_of(item: Item) -> Sequence[Step]:
    """Every operation of an item."""
    return item.steps if isinstance(item, Group) else (item,)


def from_below(root: Group) -> list[Group]:
    """Every group, inner ones before those that hold them."""
    found, waiting = [], [root]
    while waiting:
        group = waiting.pop()
        found.append(group)
        waiting += [item for item in group.items if isinstance(item, Group)]
    return found[::-1]


def bundled(kind: Kind, items: list[Item], *, path: str = "", shown: str = "", count: int = 1, last: str = "") -> Group:
    """The items as one group."""
    return Group(kind, path, items, [step for item in items for step in steps_of(item)], count, last, shown=shown)
