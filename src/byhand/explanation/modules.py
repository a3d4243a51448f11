"""The story of a big run, from the outside in: modules first, repeated blocks folded, any part opened on demand."""

import difflib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from byhand.document import Block, Cell, Heading, Prose, Role, Table
from byhand.errors import NoSuchPart
from byhand.explanation.frame import has_error, place
from byhand.explanation.labels import Labels, asked
from byhand.explanation.tensor import told, weights
from byhand.results import Comparison, Leaf, Pass, Step, Verdict
from byhand.words import counted, multiple, plain, rounded, size, size_of

OPENED = 60  # operations of a part that are told one by one
MOST_ROWS = 60


@dataclass(slots=True)
class Module:
    """One module: its path, everything that ran inside it, its weights, and its own modules in the order of the program.

    `rest` says that it is only what ran in the module outside of its own modules.
    """

    path: str
    steps: list[Step] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    own: int = 0
    rest: bool = False
    children: dict[str, "Module"] = field(default_factory=dict)


def module_tree(result: Pass, labels: Labels) -> Module:
    """All modules of the run below one root, filled in the order in which they ran."""
    root = Module("")
    paths: dict[str, list[Module]] = {}
    for step in labels.steps:
        modules = paths.get(step.module)
        if modules is None:
            modules = paths[step.module] = _along(root, step.module)
        for module in modules:
            module.steps.append(step)
        modules[-1].own += 1
    known = {module.path: modules for path, modules in paths.items() for module in modules[-1:]}
    for leaf in result.leaves:
        owner = known.get(leaf.name.rpartition(".")[0])
        for module in owner or [root]:
            module.leaves.append(leaf)
    return root


def _along(root: Module, path: str) -> list[Module]:
    """The modules from the root down to the path, made where they are missing."""
    modules = [root]
    for name in path.split(".") if path else ():
        above = modules[-1]
        below = above.children.get(name)
        if below is None:
            below = above.children[name] = Module(f"{above.path}.{name}" if above.path else name)
        modules.append(below)
    return modules


def big_story(result: Pass, labels: Labels, *, part: str = "") -> Iterator[Block]:
    """The modules as a table, and where the largest difference is; with `part`, that part opened. Raises NoSuchPart."""
    root = module_tree(result, labels)
    opened = find_part(root, part) if part else root
    if part:
        yield Heading(f"{plain(opened.path)}: {counted(len(opened.steps), 'operation')}")
    many = len(opened.steps) > OPENED or not part
    if many and (opened.children or not part):
        yield from _overview(opened, result, labels)
    if part:
        yield from told(opened.steps, result, labels, longest=OPENED)
        yield from weights(opened.leaves, labels)
        return
    yield from worst(result, labels)
    yield from _weights_in_short(result, labels)


def find_part(root: Module, part: str) -> Module:
    """The one module whose path is the part, or ends with it. Raises NoSuchPart with what comes close."""
    every = {module.path: module for module in below(root)}
    if part in every:
        return every[part]
    ending = [path for path in every if path.endswith(f".{part}")]
    if len(ending) == 1:
        return every[ending[0]]
    if ending:
        raise NoSuchPart(part, tuple(ending), several=True)
    endings = {path.split(".", skip)[-1]: path for path in every for skip in range(path.count(".") + 1)}
    close = [endings[name] for name in difflib.get_close_matches(part, endings, n=5, cutoff=0.5)]
    raise NoSuchPart(part, tuple(dict.fromkeys(close)), known=len(every))


def below(module: Module) -> Iterator[Module]:
    """Every module inside of a module."""
    for child in module.children.values():
        yield child
        yield from below(child)


def _overview(module: Module, result: Pass, labels: Labels) -> Iterator[Block]:
    users = users_of(result)
    rows = [row_of(name, group, users, labels) for name, group in folded(_inside(module))]
    if rows:
        yield Table(COLUMNS, tuple(rows[:MOST_ROWS]))
    if len(rows) > MOST_ROWS:
        yield Prose((Cell(f"… and {counted(len(rows) - MOST_ROWS, 'more module')}"),))
    yield Prose((Cell(READING, Role.FAINT),))
    example = max((child for child in _inside(module) if not child.rest), key=lambda child: len(child.steps), default=Module("")).path
    if example:
        yield Prose(
            (
                Cell("To open one: "),
                Cell(f"--part {plain(example)}", Role.CODE),
                Cell(" or "),
                Cell(f'explain(part="{plain(example)}")', Role.CODE),
            )
        )


COLUMNS = ("module", "operations", "grad in", "grad out", "grad of weights", "")
READING = (
    "grad in: norm of the gradient that arrives at what the module gave out; grad out: norm of the gradient at what it took in; "
    "grad of weights: norm over all its weights."
)


def _inside(module: Module) -> list[Module]:
    """What the table shows of a module: what it holds, the largest opened further, what ran in it by itself at the end."""
    found: list[Module] = []
    for child in module.children.values():
        numbered = child.children and all(name.isdigit() for name in child.children)
        found += _inside(child) if numbered or (child.children and len(child.steps) > len(module.steps) / 2) else [child]
    inner = {step.index for child in found for step in child.steps}
    held = {leaf.index for child in found for leaf in child.leaves}
    rest = [step for step in module.steps if step.index not in inner]
    if rest:
        found.append(Module(module.path, rest, [leaf for leaf in module.leaves if leaf.index not in held], rest=True))
    return found


def folded(modules: Sequence[Module]) -> list[tuple[str, list[Module]]]:
    """The modules, neighbours of the same build under one name: `h.0 … h.11 × 12`."""
    groups: list[list[Module]] = []
    builds: list[tuple[object, ...]] = []
    for module in modules:
        build = _build(module)
        if groups and module.path and builds[-1] == build and _numbered(module) and _numbered(groups[-1][-1]):
            groups[-1].append(module)
        else:
            groups.append([module])
            builds.append(build)
    return [(_name(group), group) for group in groups]


def _numbered(module: Module) -> bool:
    return module.path.rpartition(".")[2].isdigit()


def _build(module: Module) -> tuple[object, ...]:
    """What makes two modules alike: the same operations in the same inner modules. Edges that end outside do not count."""
    above = module.path.rpartition(".")[0]
    return (above, tuple((step.op, step.module.removeprefix(module.path)) for step in module.steps))


def _name(group: list[Module]) -> str:
    first = plain(group[0].path) or "(outside of them)"
    if group[0].rest and group[0].path:
        return f"{first} itself"
    return first if len(group) == 1 else f"{first} … {plain(group[-1].path)} × {len(group)}"


Users = dict[int, list[int]]


def users_of(result: Pass) -> Users:
    """Which operations used what each operation made."""
    users: Users = {}
    for step in result.steps:
        for contribution in step.contributions:
            users.setdefault(contribution.to[0], []).append(step.index)
    return users


def row_of(name: str, group: list[Module], users: Users, labels: Labels) -> tuple[tuple[Cell, ...], ...]:
    """The row of some modules of the same build in the table of modules."""
    come = [arriving(module, users) for module in group]
    gone = [leaving(module, labels) for module in group]
    weights_ = [_together([size_of(leaf.by_torch) for leaf in module.leaves]) for module in group]
    count = f"{len(group[0].steps):,}" + (f" × {len(group)}" if len(group) > 1 else "")
    numbers = tuple((Cell(span(each)),) for each in (come, gone, weights_))
    return (Cell(name, Role.NAME),), (Cell(count),), *numbers, (judged(group),)


def arriving(module: Module, users: Users) -> float | None:
    """The norm of the gradients at what the module gave to others."""
    inside = {step.index for step in module.steps}
    given = [step for step in module.steps if any(user not in inside for user in users.get(step.index, ())) or step.index not in users]
    return _together([size_of(output.by_torch) for step in given for output in step.outputs])


def leaving(module: Module, labels: Labels) -> float | None:
    """The norm of the gradients at what the module took from other operations."""
    inside = {step.index for step in module.steps}
    taken = {each.to for step in module.steps for each in step.contributions if each.to[0] not in inside and each.to[0] in labels.by_index}
    outputs = [labels.by_index[index].outputs for index, _ in taken]
    return _together([size_of(output.by_torch) for each in outputs for output in each]) if taken else None


def _together(norms: list[float | None]) -> float | None:
    known = [each for each in norms if each is not None]
    return math.sqrt(sum(each**2 for each in known)) if known else None


def span(norms: Sequence[float | None]) -> str:
    """The norms of several modules: the least and the largest, one number where they are the same, – where none is known."""
    known = [each for each in norms if each is not None]
    if not known:
        return "–"
    low, high = rounded(min(known), 3), rounded(max(known), 3)
    return low if low == high else f"{low} … {high}"


def judged(group: Sequence[Module]) -> Cell:
    """The verdicts inside of some modules in one piece: the worst, counted."""
    found = [each.comparison.verdict for module in group for step in module.steps for each in step.contributions if asked(each)]
    found += [leaf.comparison.verdict for module in group for leaf in module.leaves]
    found = [each for each in found if each is not Verdict.INTENDED]
    differ = sum(each is Verdict.DIFFERS for each in found)
    agree = sum(each is Verdict.AGREES for each in found)
    if differ:
        return Cell(f"{differ:,} of {len(found):,} differ", Role.DIFFERS)
    if agree < len(found):
        return Cell(f"{len(found) - agree:,} of {len(found):,} not compared", Role.NOT_COMPARED)
    return Cell("agrees", Role.AGREES) if found else Cell("nothing to compare", Role.FAINT)


def worst(result: Pass, labels: Labels) -> Iterator[Block]:
    """The place where by hand and PyTorch are furthest apart, as a part of what rounding explains."""
    edges = [(step, each) for step in result.steps for each in step.contributions if asked(each)]
    comparisons = [each.comparison for _, each in edges]
    weights_ = [leaf.comparison for leaf in result.leaves]
    apart = [(in_floors(each.comparison), step, each) for step, each in edges if is_judged(each.comparison) and each.comparison.error]
    if apart:
        ratio, step, each = max(apart, key=lambda found: found[0])
        where = ", ".join(part for part in (plain(step.module), place(step), step.op) if part)
        whole = (
            f"; as a whole it is {multiple(each.comparison.factor)} × the one by hand"
            if each.comparison.factor and not each.comparison.wrong
            else ""
        )
        said = f"{size(each.comparison.error)}, {size(ratio)} times what rounding explains{whole}"
        yield Prose((Cell("Furthest apart: "), Cell(where, Role.NAME), Cell(f", towards {labels.described(each.to)}: off by {said}.")))
    elif not any(is_judged(each) and each.error for each in weights_) and not has_error(result):
        yield from _same_numbers(comparisons, weights_)


def _same_numbers(edges: Sequence[Comparison], leaves: Sequence[Comparison]) -> Iterator[Block]:
    """That nothing is off, and how far that was looked at; nothing where nothing was."""
    compared = sum(map(is_judged, edges))
    if not compared:
        return
    if all(map(is_judged, (*edges, *leaves))):
        yield Prose((Cell("By hand and PyTorch give the same numbers everywhere, to the last bit.", Role.AGREES),))
        return
    of_weights = f", {sum(map(is_judged, leaves)):,} of {counted(len(leaves), 'weight')}" if leaves else ""
    where = f"{compared:,} of {counted(len(edges), 'edge')}{of_weights}"
    yield Prose((Cell(f"By hand and PyTorch give the same numbers, to the last bit, where they were compared ({where})."),))


def is_judged(comparison: Comparison) -> bool:
    """Whether by hand and PyTorch were held against one another."""
    return comparison.verdict in (Verdict.AGREES, Verdict.DIFFERS)


def in_floors(comparison: Comparison) -> float:
    """How far off it is, in units of what rounding explains; infinite where rounding explains nothing, or the error is no number."""
    known = comparison.floor > 0 and not math.isnan(comparison.error)
    return comparison.error / comparison.floor if known else math.inf


def _weights_in_short(result: Pass, labels: Labels) -> Iterator[Block]:
    wrong = [leaf for leaf in result.leaves if leaf.comparison.verdict is not Verdict.AGREES]
    agree = len(result.leaves) - len(wrong)
    if wrong:
        yield from weights(wrong, labels)
    yield Prose((Cell(f"{agree:,} of {counted(len(result.leaves), 'weight')}: the gradient by hand agrees with PyTorch's."),))
