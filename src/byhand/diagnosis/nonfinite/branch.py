"""Branches that a mask throws away, and the infinity in them that comes back through the backward pass."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from byhand.chain_rule import Operands, SavedValues, contribute, settle
from byhand.diagnosis.nonfinite.elements import Element
from byhand.diagnosis.nonfinite.scene import Place, Scene
from byhand.diagnosis.passing import Passing
from byhand.errors import ByhandError
from byhand.graph import Node
from byhand.recording.saved import Saved
from byhand.rules.table import rules_of
from byhand.words import located, plain

DEPTH = 10  # operations between the one that went wrong and the one that throws its result away
SELECTING = ("Where", "MaskedFill", "MaskedSelect", "MaskedScatter", "Index", "Gather", "NanToNum", "Nansum", "Take")
MIXING = (
    "Mm Addmm Bmm Baddbmm Addbmm Mv Addmv Dot Linear Convolution Softmax LogSoftmax NativeLayerNorm NativeBatchNorm NativeGroupNorm Scaled "
    "Embedding Cumsum Cumprod Std Var Norm LinalgVectorNorm Logsumexp Cdist Flip Fft Lstm Gru Rnn"
)
"""Operations after which one element is no longer in one place: a mask behind them has not thrown away just that element."""
_MIXING = tuple(MIXING.split())
WITHIN = ("Acos", "Asin", "Atanh", "Erfinv")
"""Operations whose domain ends at 1, where 0 is the harmless number and not 1."""


@dataclass(frozen=True, slots=True)
class Branch:
    """What throws the element away: the node, the edge by which it takes the branch in, and how the user wrote it."""

    index: int
    edge: int
    name: str
    line: str


class Held:
    """What a node saved, read before the backward pass frees it."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __getitem__(self, name: str) -> Any:
        return self._values[name]


def held(passing: Passing) -> dict[int, SavedValues]:
    """The masks and indices of all nodes that throw elements away; the pass frees them before they are needed.

    In passes that are looked at closely also the constant factors, which may be masks.
    """
    found: dict[int, SavedValues] = {}
    for node in passing.graph.nodes:
        factor = passing.closely and node.name == "MulBackward0" and None in node.edges
        if factor or node.name.startswith(SELECTING):
            values = _values(node, Saved(passing.live[node.index]))
            if values is not None:
                found[node.index] = Held(values)
    return found


def _values(node: Node, saved: Saved) -> dict[str, Any] | None:
    needs = {name for number, edge in enumerate(node.edges) if edge for rule in rules_of(node.name, number) for name in rule.needs}
    try:
        return {name: saved[name] for name in needs if name in saved}
    except (ByhandError, RuntimeError):
        return None


def branch_of(scene: Scene, index: int, output: int, element: Element | None) -> Branch | None:
    """What throws away the element of a node's result; None if it is used, or if that cannot be told."""
    if element is None:
        return None
    for path in _paths(scene, index, output):
        taker, edge = path[-1]
        if _selects(scene, taker, edge) and _blocked(scene, path, element):
            said = scene.passing.describe(taker)
            return Branch(taker, edge, plain(said.expression) or operation(scene, taker), located(said.origin))
    return None


def operation(scene: Scene, index: int) -> str:
    """A node by the name that PyTorch's function has: masked_fill."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", scene.graph.nodes[index].name.partition("Backward")[0]).lower()
    return "torch.where" if name == "where" else name


def _paths(scene: Scene, index: int, output: int) -> Iterator[list[Place]]:
    """The ways from a node towards the loss, shortest first, as far as elements keep to themselves."""
    todo = [[each] for each in _takers(scene, index, output)]
    while todo:
        path = todo.pop(0)
        yield path
        taker = path[-1][0]
        if len(path) < DEPTH and not scene.graph.nodes[taker].name.startswith(_MIXING):
            todo += [[*path, each] for each in _takers(scene, taker, 0)]


def _takers(scene: Scene, index: int, output: int) -> list[Place]:
    return [(taker, edge) for taker, edge in scene.takers.get(index, ()) if _from(scene, taker, edge) == (index, output)]


def _from(scene: Scene, taker: int, edge: int) -> Place | None:
    target = scene.graph.nodes[taker].edges[edge]
    return (target.node, target.output_nr) if target else None


def _selects(scene: Scene, taker: int, edge: int) -> bool:
    """Whether a node throws elements away: by a mask, by an index, by a factor that is 0 or 1 everywhere."""
    node = scene.graph.nodes[taker]
    if node.name.startswith(SELECTING):
        return True
    if node.name != "MulBackward0" or node.edges[1 - edge] is not None:
        return False
    factor = _factor(scene, taker, edge)
    return factor is not None and bool(((factor == 0) | (factor == 1)).all()) and bool((factor == 0).any()) and bool((factor == 1).any())


def _factor(scene: Scene, taker: int, edge: int) -> Any:
    try:
        return scene.saved(taker)["other" if edge == 0 else "self"]
    except (ByhandError, RuntimeError, KeyError):
        return None


def _blocked(scene: Scene, path: list[Place], element: Element) -> bool:
    """Whether nothing of an upstream gradient of 1 comes through to the element."""
    top = scene.graph.nodes[path[-1][0]]
    grads: list[Any] = [torch.ones(meta.shape, dtype=meta.dtype, device=meta.device) for meta in top.outputs]
    received = None
    for index, edge in reversed(path):
        node = scene.graph.nodes[index]
        received = _through(scene, node, edge, grads)
        target = node.edges[edge]
        if received is None or target is None:
            return False
        below = scene.graph.nodes[target.node]
        grads = [received if number == target.output_nr else None for number in range(len(below.outputs))]
    return received is not None and bool(received[element] == 0)


def _through(scene: Scene, node: Node, edge: int, grads: list[Any]) -> torch.Tensor | None:
    """What comes through a node; where its slope is not finite or not known any more, a 0 stays a 0 if elements keep their places."""
    try:
        received = contribute(node, edge, Operands(node, grads, scene.saved(node.index))).received
    except (ByhandError, RuntimeError, TypeError, IndexError, ValueError, KeyError):
        received = None
    if received is not None and bool(received.isfinite().all()):
        return received
    target, grad = node.edges[edge], next((each for each in grads if each is not None), None)
    if grad is None or target is None or node.name.startswith(SELECTING) or tuple(grad.shape) != node.outputs[0].shape:
        return None
    try:
        return settle(grad, target)
    except RuntimeError:
        return None


def rewrite(scene: Scene, index: int, operand: str, branch: Branch) -> str:
    """What to type so that the branch never sees the number it cannot take; "" if the words for that are not known."""
    made, taken = scene.passing.describe(index), scene.passing.describe(branch.index)
    texts = [plain(each.text) for each in taken.arguments]
    expression = plain(made.expression)
    harmless = "0" if scene.graph.nodes[index].name.startswith(WITHIN) else "1"
    safe = _safe(scene, branch, texts, operand, harmless)
    if not safe or not expression or not operand:
        return ""
    instead = _with(expression, operand)
    if not instead:
        return ""
    return f"Before {located(made.origin)} write `safe = {safe}`, and there `{instead}` in place of `{expression}`"


def _safe(scene: Scene, branch: Branch, texts: list[str], operand: str, harmless: str) -> str:
    name = scene.graph.nodes[branch.index].name
    if name.startswith("Where") and len(texts) == 3 and texts[0]:
        kept = (operand, harmless) if branch.edge == 0 else (harmless, operand)
        return f"torch.where({texts[0]}, {', '.join(kept)})"
    if name.startswith("MaskedFill") and len(texts) == 3 and texts[1]:
        return f"torch.where({texts[1]}, {harmless}, {operand})"
    if name == "MulBackward0" and len(texts) == 2 and texts[1 - branch.edge]:
        factor, mask = _factor(scene, branch.index, branch.edge), texts[1 - branch.edge]
        plainly = factor is not None and factor.dtype is torch.bool
        return f"torch.where({mask if plainly else f'{mask} != 0'}, {operand}, {harmless})"
    if name.startswith("Index") and len(texts) >= 2 and texts[1] and scene.graph.nodes[branch.index].name == "IndexBackward0":
        return f"{operand}[{texts[1]}]"
    return ""


def _with(expression: str, operand: str) -> str:
    """The expression with `safe` in the place of the operand; "" if that is not there."""
    pattern = rf"(?<![\w.]){re.escape(operand)}(?![\w])" if operand.isidentifier() else re.escape(operand)
    return re.sub(pattern, "safe", expression) if re.search(pattern, expression) else ""
