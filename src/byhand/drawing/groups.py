"""How the operations of a run are put into boxes that open: modules by their calls, repeated ones folded, long stretches cut."""

import heapq
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

from byhand.drawing.cutting import shorten
from byhand.drawing.tree import Group, Item, bundled, from_below
from byhand.explanation.labels import Labels
from byhand.picture import Kind
from byhand.results import Pass, Step
from byhand.words import plain

FLAT = 24  # operations of a run that are all shown at once
DEEPEST = 24  # modules inside of one another; what is deeper belongs to the last
DOMINANT = 0.75  # a module with so much of what surrounds it is no box of its own
ALONE = 3  # boxes inside of another module, among which such a one is opened; and boxes of a list that need no box around
FOLDED = 3  # as many neighbours of the same build are one box


def ordered(result: Pass, labels: Labels) -> list[Step]:
    """The operations so that each comes after those it takes from; in the order of the program where that says so."""
    known, position = labels.by_index, labels.position
    users: dict[int, list[int]] = {}
    missing: dict[int, int] = {}
    for step in result.steps:
        needs = {each.to[0] for each in step.contributions if each.to[0] in known}
        missing[step.index] = len(needs)
        for need in needs:
            users.setdefault(need, []).append(step.index)
    ready = [(position[index], index) for index, count in missing.items() if not count]
    heapq.heapify(ready)
    found = []
    while ready:
        _, index = heapq.heappop(ready)
        found.append(known[index])
        for user in users.get(index, ()):
            missing[user] -= 1
            if not missing[user]:
                heapq.heappush(ready, (position[user], user))
    return found


def grouped(steps: Sequence[Step], labels: Labels, path: str = "") -> Group:
    """All operations in one group: small runs flat, larger ones by module, as far as they ran below the path."""
    root = Group(Kind.MODULE, path, list(steps), list(steps), shown=path)
    if len(steps) > FLAT and any(step.module != path for step in steps):
        root.items = _by_module(root)
        groups = from_below(root)
        _number(groups)
        for group in groups:
            _open(group, outermost=group is root)
    for group in from_below(root):
        shorten(group, lambda step: {each.to[0] for each in step.contributions})
    _name(root, labels)
    return root


def _by_module(root: Group) -> list[Item]:
    """One group for every uninterrupted run of operations in one module, inside of those of the modules around it."""
    outermost = Group(root.kind, root.path)
    opened, names = [outermost], list[str]()
    above = len(root.path.split(".")) if root.path else 0
    for step in root.steps:
        wanted = step.module.split(".")[above:][:DEEPEST] if step.module else []
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(names, wanted, strict=False)))
        del opened[same + 1 :]
        for name in wanted[same:]:
            inner = Group(Kind.MODULE, f"{opened[-1].path}.{name}" if opened[-1].path else name)
            opened[-1].items.append(inner)
            opened.append(inner)
        names = wanted
        for group in opened:
            group.steps.append(step)
        opened[-1].items.append(step)
    return outermost.items


def _number(groups: Sequence[Group]) -> None:
    """Give equal numbers to groups of the same build: the same operations in the same inner modules. A module's own name does not count."""
    known: dict[tuple[object, ...], int] = {}
    for group in groups:
        inner = tuple((_last(item), item.build) if isinstance(item, Group) else item.op for item in group.items)
        group.build = known.setdefault(inner, len(known) + 1)


def _open(group: Group, *, outermost: bool) -> None:
    """Take out of their boxes what needs none: short lists of modules, folded as they are, and a module that is nearly everything."""
    group.shown = group.path
    items: list[Item] = []
    for item in group.items:
        if isinstance(item, Group) and _is_list(item) and len(item.items) <= ALONE:
            items += item.items
        elif isinstance(item, Group) and len(item.steps) >= DOMINANT * len(group.steps) and (outermost or len(group.items) <= ALONE):
            group.shown = item.shown
            items += item.items
        else:
            items.append(item)
    group.items = _folded(items)


def _is_list(group: Group) -> bool:
    """Whether it is a mere list of numbered modules; one that has itself a number is a block of such a list."""
    return not _numbered(group) and all(isinstance(item, Group) and _numbered(item) for item in group.items)


def _numbered(group: Group) -> bool:
    """Whether it is one of several in a list, or several of them folded."""
    return _last(group).isdigit()


def _last(group: Group) -> str:
    return group.path.rpartition(".")[2]


def _folded(items: Sequence[Item]) -> list[Item]:
    """The items, neighbours of the same build in one group."""
    rows: list[list[Item]] = []
    for item in items:
        if rows and _alike(rows[-1][-1], item):
            rows[-1].append(item)
        else:
            rows.append([item])
    return [item for row in rows for item in ([_repeated(row)] if len(row) >= FOLDED else row)]


def _repeated(row: list[Item]) -> Group:
    paths = [item.path for item in row if isinstance(item, Group)]
    return bundled(Kind.REPEATED, row, path=paths[0], shown=paths[0].rpartition(".")[0].rpartition(".")[0], count=len(row), last=paths[-1])


def _alike(one: Item, other: Item) -> bool:
    if isinstance(one, Step) or isinstance(other, Step) or one.build != other.build or not one.build:
        return False
    return _numbered(one) and _numbered(other) and one.path.rpartition(".")[0] == other.path.rpartition(".")[0]


def _name(root: Group, labels: Labels) -> None:
    """Give every group its key, no two the same, and its title."""
    taken: Counter[str] = Counter()
    waiting = [(root, root)]
    while waiting:
        group, above = waiting.pop()
        key = _key(group, labels)
        taken[key] += 1
        group.key = key if taken[key] == 1 else f"{key}:{taken[key]}"
        group.title = _title(group, above, labels)
        waiting += [(item, group) for item in reversed(group.items) if isinstance(item, Group)]


def _key(group: Group, labels: Labels) -> str:
    if group.kind is Kind.STRETCH:
        return f"t:{labels.position[group.steps[0].index]}-{labels.position[group.steps[-1].index]}"
    return f"{'r' if group.kind is Kind.REPEATED else 'm'}:{group.path}"


def _title(group: Group, above: Group, labels: Labels) -> str:
    """What the box of a group is called: modules by their path below the one they are drawn in."""
    if group.kind is Kind.MODULE:
        return _below(group.path, above)
    if group.kind is Kind.STRETCH:
        return f"operations {labels.position[group.steps[0].index]:,} … {labels.position[group.steps[-1].index]:,}"
    first, last = _below(group.path, above), _below(group.last, above)
    return f"{first} … {last} × {group.count}"


def _below(path: str, above: Group) -> str:
    """The path without that of the module it is drawn in."""
    outer = next((f"{outer}." for outer in (above.shown, above.path) if outer and path.startswith(f"{outer}.")), "")
    return plain(path.removeprefix(outer))
