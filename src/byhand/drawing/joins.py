"""What goes from where to where, in every part: between its boxes, in from its left border and out at its right one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from byhand.drawing.tree import Group, from_below
from byhand.explanation.labels import asked
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


@dataclass(slots=True)
class _Near:
    """The ghost made last of one weight in one part: where it was first used, by how many operations, and by which one last."""

    key: str
    first: int
    users: int = 0
    last: int = -1


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
        self._ghosts: Counter[str] = Counter()
        for group in reversed(from_below(root)):
            self.inside[group.key] = Inside()
            for item in group.items:
                if isinstance(item, Group):
                    self._above[item.key] = (group, self._above[group.key][1] + 1)
                else:
                    self._home[item.index] = group
        for group in from_below(root):
            self._beside(group)
        self.inside[root.key].ghosts += [Ghost(f"w{leaf.index}.0", leaf) for leaf in self._unused(result)]
        for step in result.steps:
            for contribution in step.contributions:
                if contribution.to[0] not in self._leaves and (contribution.to[0] in self._home or asked(contribution)):
                    self._carry(step, contribution)

    def leaves_of(self, group: Group) -> list[Leaf]:
        """The weights that the operations of a group use."""
        used = {contribution.to[0]: None for step in group.steps for contribution in step.contributions}
        return [self._leaves[index] for index in used if index in self._leaves]

    def _unused(self, result: Pass) -> list[Leaf]:
        """The weights of a pass from which nothing was worked out: such a one is its own loss."""
        used = {contribution.to[0] for step in result.steps for contribution in step.contributions}
        return [leaf for leaf in result.leaves if leaf.index not in used]

    def _beside(self, group: Group) -> None:
        """The ghosts of weights and constants beside the operations of a group that use them."""
        near: dict[str, _Near] = {}
        for place, item in enumerate(group.items):
            if isinstance(item, Group):
                continue
            for contribution in item.contributions:
                leaf = self._leaves.get(contribution.to[0])
                if leaf is not None:
                    self._use(group, item, self._ghost(group, item, place, near, f"w{leaf.index}", leaf)).sent.append((item, contribution))
            for name in dict.fromkeys(operand.name for operand in item.operands if operand.constant):
                if name in self._constants:
                    number, constant = self._constants[name]
                    self._use(group, item, self._ghost(group, item, place, near, f"c{number}", (number, constant)))

    def _ghost(self, group: Group, step: Step, place: int, near: dict[str, "_Near"], name: str, what: Leaf | tuple[int, Constant]) -> str:
        """The key of the ghost that serves an operation: one that is near, else a new one."""
        found = near.get(name)
        if found is None or (found.last != step.index and (found.users >= SHARED or place - found.first > REACH[name[0]])):
            number = self._ghosts[name]
            self._ghosts[name] += 1
            found = near[name] = _Near(f"{name}.{number}", place)
            self.inside[group.key].ghosts.append(Ghost(found.key, what))
        found.users += found.last != step.index
        found.last = step.index
        return found.key

    def _use(self, group: Group, step: Step, ghost: str) -> Join:
        """The join from a ghost to an operation that uses it."""
        join = self.inside[group.key].join(ghost, key_of(step))
        join.values[ghost.partition(".")[0]] = None
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

    def _ways(self, user: Step, maker: int) -> Iterator[tuple[Group, str, str]]:
        """The part, the source and the target of each piece of the way of a value: out of its part, over, and into the other."""
        source, above = f"s{maker}", self._home.get(maker)
        target, below = key_of(user), self._home.get(user.index)
        while above is not below:
            if below is not None and (above is None or self._depth(below) >= self._depth(above)):
                yield below, BORDER, target
                target, below = below.key, self._above[below.key][0]
            elif above is not None:
                yield above, source, BORDER
                source, above = above.key, self._above[above.key][0]
        if above is not None:
            yield above, source, target

    def _depth(self, group: Group) -> int:
        return self._above[group.key][1]
