"""What each part of the family has: the ledger, and the names of what it speaks of."""

from collections.abc import Sequence

import torch

from byhand.diagnosis.family import Family
from byhand.diagnosis.loop.ledger import Ledger
from byhand.diagnosis.world import World
from byhand.graph import Origin
from byhand.words import counted, plain

NAMED = 5  # parameters that are named one by one


class Part(Family):
    """A family that shares the ledger of gradients with others."""

    def __init__(self, world: World, ledger: Ledger) -> None:
        super().__init__(world)
        self.ledger = ledger


def named(world: World, tensors: Sequence[torch.Tensor]) -> list[str]:
    """The user's names of some parameters, weights before biases; those that have none are left out."""
    names = [plain(name) for name in (world.name_of(tensor) for tensor in tensors) if name]
    return sorted(names, key=lambda name: name.endswith("bias"))


def and_others(names: Sequence[str], total: int) -> str:
    """The others of a finding that stands for many parameters: " (and of b, c and 4 more)"; "" for one alone."""
    if total <= 1:
        return ""
    others = list(names[1 : NAMED + 1])
    rest = total - 1 - len(others)
    if not others:
        return f" (and of {counted(rest, 'other parameter')})"
    return f" (and of {', '.join(others)}{f' and {rest:,} more' if rest > 0 else ''})"


def at(origin: Origin | None) -> str:
    """(line 9)", or nothing where the line is not known."""
    return f" (line {origin.line})" if origin is not None else ""


def quoted(origin: Origin | None, otherwise: str) -> str:
    """A line of the program as it reads, without its comment."""
    return f"`{plain(origin.text.partition('  #')[0].strip())}`" if origin is not None and origin.text else otherwise
