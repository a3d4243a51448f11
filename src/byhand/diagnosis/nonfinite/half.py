"""What float16 is too small for: results and gradients that float32 would hold."""

from collections.abc import Sequence
from typing import Any

import torch

from byhand.chain_rule import Operands, choose
from byhand.diagnosis.nonfinite.scene import Scene
from byhand.errors import ByhandError
from byhand.rules.table import FORWARD, rules_of

DIVIDING = ("Log", "Div", "Reciprocal", "Rsqrt", "Atanh", "Tan", "Lgamma")
"""Operations that have infinities of their own, in every dtype."""


def overflowed_forward(scene: Scene, index: int, output: int) -> bool:
    """Whether the result of an operation is infinite only because it is kept in float16."""
    node, value = scene.graph.nodes[index], scene.value((index, output))
    if node.outputs[output].dtype is not torch.float16 or value is None or bool(value.isnan().any()):
        return False
    wide = worked_wide(scene, index)
    if wide is None:
        return not node.name.startswith(DIVIDING)
    return tuple(wide.shape) == tuple(value.shape) and bool(wide[~value.isfinite()].isfinite().all())


def worked_wide(scene: Scene, index: int) -> torch.Tensor | None:
    """The result of an operation on the same inputs in float32; None where that cannot be worked."""
    node = scene.graph.nodes[index]
    function = FORWARD.get(node.name)
    if function is None:
        return None
    places = {
        rules_of(node.name, number)[0].input: (edge.node, edge.output_nr)
        for number, edge in enumerate(node.edges)
        if edge and rules_of(node.name, number)
    }
    saved, given = scene.saved(index), []
    try:
        for name in function.__code__.co_varnames[: function.__code__.co_argcount]:
            value = scene.value(places[name]) if name in places else saved[name]
            if value is None:
                return None
            given.append(value.float() if isinstance(value, torch.Tensor) and value.dtype is torch.float16 else value)
        result = function(*given)
    except (ByhandError, RuntimeError, TypeError, ValueError, IndexError, KeyError, AttributeError):
        return None
    return result if isinstance(result, torch.Tensor) else None


def overflowed_backward(scene: Scene, index: int, edge: int, grads: Sequence[Any], sent: torch.Tensor) -> bool:
    """Whether a gradient is infinite only because it is sent in float16."""
    if sent.dtype is not torch.float16:
        return False
    wide = given_wide(scene, index, edge, grads)
    return wide is not None and bool(wide.isfinite().all())


def given_wide(scene: Scene, index: int, edge: int, grads: Sequence[Any]) -> torch.Tensor | None:
    """What a node sends, worked in float32 by byhand's rule and not rounded; None where there is no rule."""
    node = scene.graph.nodes[index]
    operands = Operands(node, grads, scene.saved(index))
    try:
        rule = choose(node, edge, operands)
        given: torch.Tensor = rule.function(*operands.bind(rule.needs, edge))
    except (ByhandError, RuntimeError, TypeError, ValueError, IndexError):
        return None
    return given
