"""The verbs, for a tensor at hand: what backward would do, worked by hand beside PyTorch's own nodes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from byhand.assembly import assemble
from byhand.cells import in_cells
from byhand.collector import uncollected
from byhand.direct import judge_directly
from byhand.display import Story
from byhand.errors import GraphFreed, NoGraph, NotAScalar, NotATensor, WrongShape
from byhand.explanation import explain as tell_explanation
from byhand.explanation import tell_check
from byhand.failures import why_no_graph
from byhand.graph import Graph
from byhand.progress import progress
from byhand.recording.calls import has_hooks
from byhand.recording.describe import Describer
from byhand.recording.engine import unnoticed
from byhand.recording.modules import here
from byhand.recording.scope import Variables
from byhand.recording.walk import read_graph
from byhand.replay import replay
from byhand.results import Pass
from byhand.run import caller
from byhand.session import Session, describer_of, leaf_grad
from byhand.value import Missing
from byhand.yours import known_places, places_of, weigh


def explain(loss: torch.Tensor, /, *, gradient: torch.Tensor | None = None, part: str = "") -> Story:
    """The story of what `loss.backward(gradient)` does, before it is called: no `.grad` is touched, no hook fires.

    After a recorded backward it tells that pass. `gradient` has the shape of the loss; `part` opens one module of a large model.
    Raises NotATensor, NoGraph, NotAScalar, WrongShape, GraphFreed, ModifiedInPlace, NoSuchPart.
    """
    with uncollected():
        with torch._C.DisableTorchFunction():
            made = in_cells(_work(loss, gradient, {}, "explain", Variables(caller())))
        return Story(tell_explanation(made, part=part), [made])


def check(loss: torch.Tensor, values: Mapping[str, Any] | None = None, /, *, gradient: torch.Tensor | None = None, **named: Any) -> Story:
    """Every gradient of the loss by hand beside PyTorch's, at every node, and the reader's own `values` beside both.

    Values are numbers, lists, arrays or tensors, by the name of a weight or an intermediate result: `check(loss, w=-2.0)` or
    `check(loss, {"w": -2.0})`. A number agrees if it does to the digits that were typed.
    Raises NotATensor, NoGraph, NotAScalar, NotNumbers, WrongShape, UnknownName, GraphFreed, ModifiedInPlace.
    """
    with uncollected():
        with torch._C.DisableTorchFunction():
            made = in_cells(_work(loss, gradient, {**(values or {}), **named}, "check", Variables(caller())))
        return Story(tell_check(made), [made])


def _work(loss: Any, gradient: torch.Tensor | None, given: Mapping[str, Any], verb: str, variables: Variables) -> Pass:
    if not isinstance(loss, torch.Tensor):
        raise NotATensor(loss, verb)
    name = variables.tensors.get(loss, "loss")
    if not loss.requires_grad:
        raise NoGraph(name, verb, why_no_graph(variables, off=not torch.is_grad_enabled() or loss.is_inference()))
    with unnoticed():
        seed = _seed(loss, gradient, name, verb)
    session = here.listeners[-1].judging if here.listeners else None
    recorded = session.pass_of(loss) if isinstance(session, Session) and gradient is None else None
    if recorded is not None:
        return replace(recorded, yours=weigh(given, places_of(given, known_places(recorded)), {}, recorded))
    try:
        return _directly(loss, seed, given, name, session, variables)
    except GraphFreed as freed:
        raise GraphFreed(freed.node, name) from None


def _directly(
    loss: torch.Tensor, seed: torch.Tensor, given: Mapping[str, Any], name: str, session: Session | None, variables: Variables
) -> Pass:
    with unnoticed():
        graph, live = read_graph([loss], [name])
        describer: Describer = describer_of(graph, live, session.recorder if session else None, variables)
        descriptions = replay(graph, live, [describer.describe(node) for node in graph.nodes], describer.variable_at)
        names = describer.names()
        grads = {node.index: (leaf_grad(live[node.index]), Missing.NOT_RECORDED) for node in graph.nodes if node.leaf}
        leaves = {descriptions[node.index].names[0]: (node.index, 0) for node in graph.nodes if node.leaf}
        wanted = places_of(given, {name: places[-1] for name, places in names.items()} | leaves)
        with progress(len(graph.nodes)) as told:
            judged = judge_directly(graph, live, [seed], identify=describer.name_of, told=told, keep=frozenset(wanted.values()))
        made = assemble(graph, descriptions, judged, kind="backward", source="direct", grads=grads, names=names)
        hooks = _hooked(graph, live, describer)
        return replace(made, yours=weigh(given, wanted, judged.kept, made), hooks=hooks)


def _hooked(graph: Graph, live: Sequence[Any], describer: Describer) -> tuple[str, ...]:
    """The names of weights and variables with hooks of the user's, which no engine called."""
    tensors = [live[node.index].variable if node.leaf else describer.variable_at(node.index, 0) for node in graph.nodes]
    named = [(tensor, describer.name_of(tensor)) for tensor in tensors if tensor is not None and has_hooks(tensor)]
    return tuple(name or f"a tensor of shape {tuple(tensor.shape)}" for tensor, name in named)


def _seed(loss: torch.Tensor, gradient: torch.Tensor | None, name: str, verb: str) -> torch.Tensor:
    """The gradient that backward starts from: 1 for a scalar."""
    if gradient is None:
        if loss.numel() != 1:
            raise NotAScalar(name, tuple(loss.shape), verb)
        return torch.ones_like(loss, memory_format=torch.preserve_format).detach()
    if gradient.shape != loss.shape:
        raise WrongShape(name, tuple(gradient.shape), tuple(loss.shape), verb=verb)
    return gradient.detach()
