"""Where what is not finite was born: the operation, its line, its arithmetic, and what to type instead."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from byhand.diagnosis.nonfinite.advice import advice, better
from byhand.diagnosis.nonfinite.arithmetic import Sum, backward_sum, called, forward_sum
from byhand.diagnosis.nonfinite.branch import Branch, branch_of, operation, rewrite
from byhand.diagnosis.nonfinite.elements import Element
from byhand.diagnosis.nonfinite.half import overflowed_backward, overflowed_forward
from byhand.diagnosis.nonfinite.scene import MOST, Scene, State, inputs_of, is_finite
from byhand.diagnosis.nonfinite.source import Source, source_of
from byhand.diagnosis.passing import Passing
from byhand.graph import Origin
from byhand.rules.table import rules_of
from byhand.words import counted, located, plain


@dataclass(frozen=True, slots=True)
class Birth:
    """A birth as plain data: `index` of its node in the graph of the pass, told in words.

    `forward` says that the operation's own result was not finite; `half` that only float16 is too small for it; `scaled` that a
    scaled loss may be the reason: then a smaller scale heals it.
    """

    index: int
    where: Origin | None
    expression: str
    story: str
    fix: str
    forward: bool
    dead: bool = False
    half: bool = False
    scaled: bool = False
    leaf: str = ""


def born_forward(scene: Scene, places: list[tuple[int, int]], *, used: bool = False) -> Birth | None:
    """The birth behind values that are not finite; None if everything that is known of them is.

    `used` says that they went into the loss, so that no mask has thrown them away.
    """
    born = scene.births(places) or scene.meant(places)
    if not born:
        return None
    index = born[0]
    node = scene.graph.nodes[index]
    if node.leaf:
        return _leaf(scene, index)
    source = source_of(scene, index)
    if source is not None:
        return _from_source(scene, index, source)
    output = next((number for number in range(len(node.outputs)) if scene.states[index, number] is not State.FINE), 0)
    told = forward_sum(scene, index, output)
    branch = None if used or better(scene, index) else branch_of(scene, index, output, told.element)
    half = branch is None and overflowed_forward(scene, index, output)
    root = index in {root.node for root in scene.graph.roots}
    return _birth(scene, index, told, branch, forward=True, half=half, scaled=half and root)


def unknown(scene: Scene) -> Birth:
    """A loss that is not finite, where too little is known of the forward pass to say where that began."""
    index = scene.graph.roots[0].node
    said = scene.passing.describe(index)
    story = "the values of the forward pass are not known any more, so where it began cannot be told"
    fix = "Look at the values on the way to the loss: `torch.isfinite(...).all()` after each part of the model."
    return Birth(index, said.origin, plain(said.expression) or operation(scene, index), story, fix, forward=True)


def _from_source(scene: Scene, index: int, source: Source) -> Birth:
    """A constant that was not finite before the model saw it."""
    said = scene.passing.describe(index)
    user = plain(said.expression) or operation(scene, index)
    story = f"{source.text}; `{user}` ({located(said.origin)}) takes it in, and what comes out is not finite"
    fix = (
        f"Look at what goes into the model: `{source.expression or user}` must not divide by 0, take a logarithm of 0 or hold gaps; "
        "`torch.isfinite(...).all()` tells."
    )
    return Birth(index, source.where or said.origin, source.expression or user, story, fix, forward=True)


def _leaf(scene: Scene, index: int) -> Birth:
    """A parameter or an input that was not finite before anything was done with it."""
    name = scene.name((index, 0)) or "a leaf"
    taker = next(iter(scene.takers.get(index, ())), (index, 0))[0]
    said = scene.passing.describe(taker)
    value = scene.value((index, 0))
    count = int((~value.isfinite()).sum()) if value is not None else 0
    story = f"{name} itself is not finite in {counted(count, 'element')} when it is used, before anything is worked with it"
    fix = f"Find who wrote that into `{name}`: torch.empty without filling it, a file that was loaded, or an update of an earlier step."
    return Birth(index, said.origin, plain(said.expression), story, fix, forward=True, leaf=name)


def born_backward(scene: Scene, index: int, grads: Sequence[Any], theirs: Sequence[Any]) -> Birth | None:
    """The birth behind a node that was sent what is finite, and sent on what is not."""
    node = scene.graph.nodes[index]
    output = [(index, number) for number in range(len(node.outputs))]
    if any(scene.states[place] is State.BAD for place in [*output, *inputs_of(node)]):
        found = born_forward(scene, [place for place in [*output, *inputs_of(node)] if scene.states[place] is State.BAD])
        if found is not None and found.index != index:
            return found
    edge = next(number for number, each in enumerate(theirs) if each is not None and not is_finite(each))
    told = backward_sum(scene, index, edge, grads, theirs[edge])
    here = any(scene.states[place] is State.BAD for place in output)
    used = _arrives(grads[0], told.element)
    branch = None if used or better(scene, index) else branch_of(scene, index, 0, told.element)
    first = forward_sum(scene, index).text if here else ""
    half = branch is None and (
        overflowed_forward(scene, index, 0) if here else overflowed_backward(scene, index, edge, grads, theirs[edge])
    )
    told = Sum("; ".join(filter(None, (first, told.text))), told.element, told.alone, told.local)
    return _birth(scene, index, told, branch, forward=here, half=half, scaled=half and not here)


def _arrives(grad: Any, element: Element | None) -> bool:
    """Whether a gradient that is not zero arrives at an element: then its value is used somewhere."""
    if (
        grad is None
        or element is None
        or len(element) != grad.dim()
        or any(at >= size for at, size in zip(element, grad.shape, strict=True))
    ):
        return False
    return bool(grad[element] != 0)


def _birth(scene: Scene, index: int, told: Sum, branch: Branch | None, *, forward: bool, half: bool, scaled: bool) -> Birth:
    said = scene.passing.describe(index)
    expression = plain(said.expression) or operation(scene, index)
    operand = _operand(scene, index)
    story = told.text or f"the {'forward' if forward else 'backward'} of {expression} made it of finite numbers"
    if branch is not None:
        flaw = "NaN" if "is NaN" in story or "→ NaN" in story else "∞"
        story = f"{story}. {branch.name} ({branch.line}) throws this element away, but 0 · {flaw} is NaN, not 0"
    fix = (rewrite(scene, index, operand, branch) if branch else "") or advice(scene, index, expression, operand, branch, half=half)
    return Birth(index, said.origin, expression, story, fix, forward, branch is not None, half, scaled)


def _operand(scene: Scene, index: int) -> str:
    """What the user calls the input that the operation cannot take: the denominator of a quotient, else the first."""
    node = scene.graph.nodes[index]
    names = called(scene, node)
    which = "other" if node.name.startswith("Div") else rules_of(node.name, 0)[0].input if rules_of(node.name, 0) else ""
    return names.get(which, "") if names.get(which, "") != which else ""


def overflows(passing: Passing) -> Birth | None:
    """The first result in float16 that is +∞ although float32 would hold it, in a pass whose loss is finite; None if there is none.

    −∞ is left alone: masks are made of it, and a softmax turns it into 0.
    """
    places = [
        (node.index, number) for node in passing.graph.nodes for number, meta in enumerate(node.outputs) if meta.dtype is torch.float16
    ]
    if not places or sum(math.prod(meta.shape) for node in passing.graph.nodes for meta in node.outputs) > MOST:
        return None
    scene = Scene(passing)
    for index in scene.births([place for place in places if scene.states[place] is State.BAD]):
        value = scene.value((index, 0))
        if (
            value is not None
            and not passing.graph.nodes[index].leaf
            and bool((value == torch.inf).any())
            and overflowed_forward(scene, index, 0)
        ):
            told = forward_sum(scene, index)
            if branch_of(scene, index, 0, told.element) is None:
                return _birth(scene, index, told, None, forward=True, half=True, scaled=False)
    return None
