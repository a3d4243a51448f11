"""What is told of modules, each and those of the same build together: their rows of the table of modules, and their weights."""

from collections.abc import Iterable, Iterator, Sequence

from byhand.document import Block, Cell, Heading, Prose, Role, Table
from byhand.explanation.labels import Labels
from byhand.explanation.modules import COLUMNS, READING, Module, below, folded, module_tree, row_of, users_of
from byhand.explanation.tensor import weights
from byhand.results import Pass, Step
from byhand.words import plain

ROWS = 60  # modules of one row that are told one by one


def of_modules(result: Pass, labels: Labels) -> dict[str, tuple[Block, ...]]:
    """Every module by "m:" and its path, and neighbours of the same build by "r:" and the path of the first."""
    root, users = module_tree(result, labels), users_of(result)
    found: dict[str, tuple[Block, ...]] = {}
    if root.children:
        for module in (root, *below(root)):
            name = plain(module.path) or "the whole run"
            found[f"m:{module.path}"] = tuple(_told(name, [module], users, labels))
    for name, group in _repeated(root):
        found[f"r:{group[0].path}"] = tuple(_told(name, group, users, labels))
    return found


def keys_of_modules(result: Pass, labels: Labels) -> frozenset[str]:
    """The keys that `of_modules` has details for, but that of the whole run."""
    root = module_tree(result, labels)
    return frozenset(f"m:{module.path}" for module in below(root)) | {f"r:{group[0].path}" for _, group in _repeated(root)}


def common_path(steps: Iterable[Step]) -> str:
    """The innermost module that all these operations ran in."""
    paths = {tuple(step.module.split(".")) for step in steps}
    first, last = min(paths, default=()), max(paths, default=())
    same = next((number for number, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), min(len(first), len(last)))
    return ".".join(first[:same])


def _repeated(root: Module) -> Iterator[tuple[str, list[Module]]]:
    """Neighbours of the same build, several together."""
    for module in (root, *below(root)):
        yield from ((name, group) for name, group in folded(list(module.children.values())) if len(group) > 1)


def _told(name: str, group: Sequence[Module], users: dict[int, list[int]], labels: Labels) -> Iterator[Block]:
    yield Heading(name, 3)
    yield Table(COLUMNS, (row_of(name, list(group), users, labels),))
    yield Prose((Cell(READING, Role.FAINT),))
    if len(group) > 1:
        yield Table(COLUMNS, tuple(row_of(plain(each.path), [each], users, labels) for each in group[:ROWS]))
    elif group[0].path:
        yield from weights(group[0].leaves, labels)
