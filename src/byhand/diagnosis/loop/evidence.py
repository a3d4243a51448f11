"""What the program's own calls did to gradients: who read them, wrote into them, measured, clipped or replaced them."""

from collections.abc import Container, Iterable, Iterator
from typing import Any

import torch

from byhand.diagnosis.world import World
from byhand.recording.calls import Call, Needing, Seen

MEASURES = frozenset(
    {
        "norm",
        "linalg_vector_norm",
        "linalg_norm",
        "vector_norm",
        "_foreach_norm",
        "square",
        "pow",
        "abs",
        "max",
        "amax",
        "dot",
        "sum",
        "mean",
    }
)
SCALES = frozenset({"mul_", "div_", "__imul__", "__itruediv__", "__idiv__", "_foreach_mul_", "_foreach_div_"})
CUTS = ("clamp", "clip", "sign", "tanh", "renorm", "normalize")
ALIASES = frozenset({"detach", "view", "flatten", "view_as", "reshape"})


def since(world: World, mark: Any) -> list[Call]:
    """The calls after the one that was noted as a mark; all that are known if it is gone."""
    notes = world.recorder.notes
    start = next((index + 1 for index in range(len(notes) - 1, -1, -1) if notes[index] is mark), 0)
    return world.calls()[start:]


def references(argument: Any) -> Iterator[Any]:
    """The tensors in an argument of a call, as the weak references that were noted."""
    if isinstance(argument, Seen | Needing):
        yield argument.reference
    elif isinstance(argument, list):
        for each in argument:
            yield from references(each)


class Tensors:
    """Some tensors, held weakly, and what the program's calls made their aliases."""

    def __init__(self, known: Iterable[Any]) -> None:
        self._known: set[Any] = set()
        self._aliases: list[Any] = []
        for reference in known:
            try:
                self._known.add(reference)
            except TypeError:  # it died before anybody looked it up, and has no hash
                self._aliases.append(reference)

    def __contains__(self, reference: Any) -> bool:
        if any(reference is alias for alias in self._aliases):
            return True
        try:
            return reference in self._known
        except TypeError:  # a reference that died before anybody looked it up is none of those that were
            return False

    def follow(self, call: Call) -> None:
        """Where a call gave another view of one of these tensors, that one counts too."""
        if (name(call) in ALIASES or is_property(call, "data", "__get__")) and takes(call, self):
            self.add(call)

    def add(self, call: Call) -> None:
        """What a call gave is one of these tensors."""
        if type(call.results) is tuple:
            self._aliases.append(call.results[0])


def takes(call: Call, wanted: Container[Any]) -> bool:
    """Whether one of these tensors went into a call."""
    return any(reference in wanted for argument in call.arguments for reference in references(argument))


def writes(call: Call, wanted: Container[Any]) -> bool:
    """Whether a call wrote into one of these tensors."""
    return in_place(name(call)) and bool(call.arguments) and any(reference in wanted for reference in references(call.arguments[0]))


def sets(call: Call, which: str, owners: Container[Any]) -> bool:
    """Whether a call set a property of one of these tensors, as `p.grad = ...` does."""
    return is_property(call, which, "__set__") and any(reference in owners for reference in references(call.arguments[0]))


def name(call: Call) -> str:
    """The name of the function that was called."""
    return getattr(call.function, "__name__", "")


def in_place(function: str) -> bool:
    """Whether a function of this name writes into its first argument."""
    return (function.endswith("_") and not function.endswith("__")) or (
        function.startswith("__i") and function in SCALES | {"__iadd__", "__isub__"}
    )


def is_property(call: Call, which: str, how: str) -> bool:
    """Whether a call read ("__get__") or set ("__set__") a tensor's property."""
    return name(call) == how and getattr(call.function, "__self__", None) is getattr(torch.Tensor, which)
