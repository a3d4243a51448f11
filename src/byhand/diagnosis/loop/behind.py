"""The places of a graph where a hook is hung, and whose gradient lies behind each."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from byhand.diagnosis.passing import Passing
from byhand.recording.calls import Hung, code_of, has_hooks

Place = tuple[int, int]
MODULES = "BackwardHookFunctionBackward"  # PyTorch's own node for a module with full backward hooks


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook: its code, its name, and where it was registered (the code and instruction), if that was seen."""

    code: Any
    name: str
    registered: tuple[Any, int] | None = None


def places(passing: Passing) -> dict[Place, tuple[Hook, ...]]:
    """Every place of the pass that has a hook; those of modules are looked up only when one has changed something."""
    found: dict[Place, tuple[Hook, ...]] = {}
    hung = _hung(passing)
    for node in passing.graph.nodes:
        if node.leaf:
            leaf = passing.live[node.index].variable
            if has_hooks(leaf):
                found[node.index, 0] = of_leaf(leaf)
        elif node.name == MODULES:
            for edge in node.edges:
                if edge is not None:
                    found.setdefault((edge.node, edge.output_nr), ())
            found.update({(node.index, output): found.get((node.index, output), ()) for output in range(len(node.outputs))})
        for output in range(len(node.outputs)) if hung and not node.leaf else ():
            if (node.sequence, output) in hung:
                found[node.index, output] = hung[node.sequence, output]
    return found


def _hung(passing: Passing) -> dict[Place, tuple[Hook, ...]]:
    """The hooks on results, by the sequence number of the node and its output."""
    found: dict[Place, tuple[Hook, ...]] = {}
    for note in passing.world.recorder.notes:
        hung = note[3]
        if type(hung) is Hung and hung.place[0] >= 0:
            found[hung.place] = (*found.get(hung.place, ()), Hook(hung.code, hung.name, (note[6], note[7])))
    return found


def of_leaf(leaf: torch.Tensor) -> tuple[Hook, ...]:
    """The hooks of a leaf, in the order in which they run."""
    every = [*(leaf._backward_hooks or {}).values(), *(getattr(leaf, "_post_accumulate_grad_hooks", None) or {}).values()]
    return tuple(Hook(code_of(hook), _name(hook)) for hook in every)


def of_modules(passing: Passing) -> tuple[Hook, ...]:
    """The full backward hooks of the modules that run, as far as they are known."""
    found = []
    for _, model in passing.world.models:
        module = model.reference()
        for each in module.modules() if module is not None else ():
            found += [*each._backward_hooks.values(), *each._backward_pre_hooks.values()]
    return tuple({code_of(hook): Hook(code_of(hook), _name(hook)) for hook in found}.values())


def _name(hook: Any) -> str:
    return str(getattr(hook, "__name__", type(hook).__name__))


def leaves_behind(passing: Passing, place: Place) -> list[torch.Tensor]:
    """The leaves whose gradient passes through a place, the nearest first, weights before biases where they are as near."""
    nodes, seen, queue = passing.graph.nodes, {place[0]}, deque([(place[0], 0)])
    found: list[tuple[int, int, torch.Tensor]] = []
    while queue:
        index, depth = queue.popleft()
        if nodes[index].leaf:
            leaf = passing.live[index].variable
            found.append((depth // 3, -leaf.dim(), leaf))
        for edge in _edges(passing, index):
            if edge not in seen:
                seen.add(edge)
                queue.append((edge, depth + 1))
    return [leaf for _, _, leaf in sorted(found, key=lambda each: each[:2])]


def _edges(passing: Passing, index: int) -> Iterator[int]:
    return (edge.node for edge in passing.graph.nodes[index].edges if edge is not None)
