"""What goes from where to where, in every part: between its boxes, in from its left border and out at its right one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from byhand.drawing.tree import Group, from_below
from byhand.explanation.labels import asked
from byhand.results import Constant, Contribution, Leaf, Pass, Step

SHARED = 4  # uses of a weight or a constant that one ghost serves
REACH = {"w": 24, "c": 6}  # items between the first and the last use of one ghost
CROWD = 12  # ghosts beside one operation; more are one box that opens
PIECES = 40  # boxes inside of such a one; more are in boxes of their own

BORDER = ""
CROWDED = "w:"  # the key of a crowd begins so

What = Leaf | tuple[int, Constant]
Wanted = dict[str, tuple[What, list[Contribution]]]


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
    what: What


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many ghosts beside one use, in one box that opens."""

    key: str
    ghosts: tuple[Ghost, ...]


@dataclass(slots=True)
class Inside:
    """What a part holds besides its items: ghosts, and everything that joins its boxes, by their keys, "" for a border."""

    ghosts: list[Ghost | Crowd] = field(default_factory=list)
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
            wanted = self._wanted(item)
            if len(wanted) > CROWD:
                self._crowd(group, item, wanted)
                continue
            for name, (what, sent) in wanted.items():
                self._use(group.key, self._ghost(group, item, place, near, name, what), item, sent, key_of(item))

    def _wanted(self, step: Step) -> Wanted:
        """The weights and the constants that an operation uses, with what it sends them."""
        found: Wanted = {}
        for each in step.contributions:
            if each.to[0] in self._leaves:
                found.setdefault(f"w{each.to[0]}", (self._leaves[each.to[0]], []))[1].append(each)
        for operand in step.operands:
            if operand.constant and operand.name in self._constants:
                number, constant = self._constants[operand.name]
                found[f"c{number}"] = (number, constant), []
        return found

    def _crowd(self, group: Group, step: Step, wanted: Wanted) -> None:
        """Give an operation ghosts of its own, in one box."""
        ghosts = {self._fresh(name): needed for name, needed in wanted.items()}
        crowd = Crowd(f"{CROWDED}s{step.index}", tuple(Ghost(key, what) for key, (what, _) in ghosts.items()))
        self._gather(group.key, key_of(step), crowd, step, {key: sent for key, (_, sent) in ghosts.items()})

    def _gather(self, around: str, target: str, crowd: Crowd, step: Step, sent: dict[str, list[Contribution]]) -> None:
        """Put a crowd into a part, joined to its user or to the border, and its ghosts into its own part, many again in crowds."""
        self.inside[around].ghosts.append(crowd)
        self.inside[crowd.key] = Inside()
        for ghost in crowd.ghosts:
            self._use(around, crowd.key, step, sent[ghost.key], target, carried=ghost.key)
        length = _length(len(crowd.ghosts))
        for start in range(0, len(crowd.ghosts), length):
            piece = crowd.ghosts[start : start + length]
            if len(piece) > 1:
                self._gather(crowd.key, BORDER, Crowd(f"{crowd.key}.{start // length}", piece), step, sent)
            else:
                self.inside[crowd.key].ghosts += piece
                self._use(crowd.key, piece[0].key, step, sent[piece[0].key], BORDER)

    def _ghost(self, group: Group, step: Step, place: int, near: dict[str, "_Near"], name: str, what: What) -> str:
        """The key of the ghost that serves an operation: one that is near, else a new one."""
        found = near.get(name)
        if found is None or (found.last != step.index and (found.users >= SHARED or place - found.first > REACH[name[0]])):
            found = near[name] = _Near(self._fresh(name), place)
            self.inside[group.key].ghosts.append(Ghost(found.key, what))
        found.users += found.last != step.index
        found.last = step.index
        return found.key

    def _fresh(self, name: str) -> str:
        """The key of one more ghost of a weight or a constant."""
        number = self._ghosts[name]
        self._ghosts[name] += 1
        return f"{name}.{number}"

    def _use(self, part: str, source: str, step: Step, sent: list[Contribution], target: str, *, carried: str = "") -> None:
        """Join a ghost, or the crowd in which it is `carried`, to the operation that uses it, or to the border on the way there."""
        join = self.inside[part].join(source, target)
        join.values[(carried or source).partition(".")[0]] = None
        join.sent += [(step, each) for each in sent]
        join.users.append(step)

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


def _length(count: int) -> int:
    """How many ghosts are in one box of a crowd: as many as there are boxes beside each other, at every depth."""
    deep = 1
    while PIECES**deep < count:
        deep += 1
    across = next(wide for wide in range(1, PIECES + 1) if wide**deep >= count)
    return -(-count // across)
