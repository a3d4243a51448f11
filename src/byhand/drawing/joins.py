"""What goes from where to where, in every part: between its boxes, in from its left border and out at its right one."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from byhand.drawing.tree import Group, from_below
from byhand.results import Constant, Contribution, Leaf, Pass, Step

SHARED = 4  # uses of a weight or a constant that one ghost serves
REACH = {"w": 24, "c": 6}  # items between the first and the last use of one ghost

BORDER = ""


@dataclass(slots=True)
class Join:
    """One arrow to be: what it carries, and the contributions that come back along it, with the operations that send them."""

    values: dict[str, None] = field(default_factory=dict)
    sent: list[tuple[Step, Contribution]] = field(default_factory=list)
    users: list[Step] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ghost:
    """A weight or a constant beside its use."""

    key: str
    what: Leaf | tuple[int, Constant]


@dataclass(slots=True)
class Inside:
    """What a part holds besides its items: ghosts, and everything that joins its boxes, by their keys, "" for a border."""

    ghosts: list[Ghost] = field(default_factory=list)
    joins: dict[tuple[str, str], Join] = field(default_factory=dict)

    def join(self, source: str, target: str) -> Join:
        """The one join between the two, made if there is none."""
        return self.joins.setdefault((source, target), Join())


def key_of(item: Step | Group) -> str:
    """The key of an item's box."""
    return item.key if isinstance(item, Group) else f"s{item.index}"


class Joins:
    """All joins of a tree of groups, by the key of the group."""

    def __init__(self, result: Pass, root: Group) -> None:
        self.inside: dict[str, Inside] = {}
        self._home: dict[int, Group] = {}
        self._above: dict[str, tuple[Group | None, int]] = {root.key: (None, 0)}
        self._leaves = {leaf.index: leaf for leaf in result.leaves}
        self._constants = {constant.name: (number, constant) for number, constant in reversed([*enumerate(result.constants)])}
        self._ghosts: dict[str, int] = {}
        for group in reversed(from_below(root)):
            self.inside[group.key] = Inside()
            for item in group.items:
                if isinstance(item, Group):
                    self._above[item.key] = (group, self._above[group.key][1] + 1)
                else:
                    self._home[item.index] = group
        for group in from_below(root):
            self._beside(group)
        for step in result.steps:
            for contribution in step.contributions:
                if contribution.to[0] not in self._leaves:
                    self._carry(step, contribution)

    def leaves_of(self, group: Group) -> list[Leaf]:
        """The weights that the operations of a group use."""
        used = {contribution.to[0]: None for step in group.steps for contribution in step.contributions}
        return [self._leaves[index] for index in used if index in self._leaves]

    def _beside(self, group: Group) -> None:
        """The ghosts of weights and constants beside the operations of a group that use them."""
        served: dict[str, tuple[str, int, int]] = {}
        for place, item in enumerate(group.items):
            if isinstance(item, Step):
                for contribution in item.contributions:
                    leaf = self._leaves.get(contribution.to[0])
                    if leaf is not None:
                        self._use(group, item, place, f"w{leaf.index}", leaf, served).sent.append((item, contribution))
                for name in {operand.name: None for operand in item.operands if operand.constant and operand.name in self._constants}:
                    number, constant = self._constants[name]
                    self._use(group, item, place, f"c{number}", (number, constant), served)

    def _use(self, group: Group, step: Step, place: int, name: str, what: Leaf | tuple[int, Constant], served: dict[str, tuple[str, int, int]]) -> Join:
        """The join from a ghost to an operation that uses it; the ghost is made if there is none near."""
        inside = self.inside[group.key]
        key, first, uses = served.get(name, ("", 0, SHARED))
        again = bool(key) and (key, key_of(step)) in inside.joins
        if not again:
            if uses >= SHARED or place - first > REACH[name[0]]:
                number = self._ghosts.get(name, 0)
                self._ghosts[name] = number + 1
                key, first, uses = f"{name}.{number}", place, 0
                inside.ghosts.append(Ghost(key, what))
            served[name] = (key, first, uses + 1)
        join = inside.join(key, key_of(step))
        join.values[name] = None
        join.users.append(step)
        return join

    def _carry(self, step: Step, contribution: Contribution) -> None:
        """Join the operation to the one it took from, through the borders of the parts in between."""
        value = f"{contribution.to[0]}:{contribution.to[1]}"
        for group, source, target in self._ways(step, contribution.to[0]):
            join = self.inside[group.key].join(source, target)
            join.values[f"s{value}"] = None
            join.sent.append((step, contribution))
            join.users.append(step)

    def _ways(self, user: Step, maker: int) -> Iterable[tuple[Group, str, str]]:
        """The part, the source and the target of each piece of the way of a value."""
        target, below = key_of(user), self._home.get(user.index)
        source, above = f"s{maker}", self._home.get(maker)
        while below is not above:
            if above is None or (below is not None and self._above[below.key][1] >= self._above[above.key][1]):
                assert below is not None
                yield below, BORDER, target
                target, below = below.key, self._above[below.key][0]
            else:
                yield above, source, BORDER
                source, above = above.key, self._above[above.key][0]
        if below is not None:
            yield below, source, target
