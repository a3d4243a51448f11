"""The verbs, for a tensor at hand: what backward would do, worked by hand beside PyTorch's own nodes."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from byhand.assembly import assemble
from byhand.cells import finding_in_cell, in_cells
from byhand.collector import uncollected
from byhand.direct import judge_directly
from byhand.display import Story
from byhand.errors import GraphFreed, NoGraph, NoSuchOrder, NotAGradient, NotAScalar, NotATensor, NotByName, WrongShape
from byhand.explanation import explain as tell_explanation
from byhand.explanation import tell_check, tell_diagnosis
from byhand.failures import why_no_graph
from byhand.faults import certain, find
from byhand.findings import Observed, by_severity
from byhand.functions.check import check_function
from byhand.graph import Graph
from byhand.judged import Judged
from byhand.known import known_functions
from byhand.progress import named, progress
from byhand.recording.calls import has_hooks
from byhand.recording.declared import functions
from byhand.recording.describe import Describer
from byhand.recording.engine import Started, unnoticed
from byhand.recording.modules import here
from byhand.recording.scope import Variables
from byhand.recording.walk import read_graph
from byhand.replay import replay
from byhand.results import Pass, SecondDerivatives
from byhand.run import caller
from byhand.second import counted, marked, second_derivatives
from byhand.session import Session, describer_of, leaf_grad, witness
from byhand.value import Missing
from byhand.yours import known_places, places_of, weigh

if TYPE_CHECKING:
    from byhand.diagnosis import Looking, Witness

Looks = Callable[[Started], "Looking | None"]
UNRECORDED = "where a path was cut, and what the training loop does: byhand.record(diagnose=True) and byhand diagnose FILE see that"


def explain(loss: torch.Tensor, /, *, gradient: torch.Tensor | None = None, part: str = "") -> Story:
    """The story of what `loss.backward(gradient)` does, before it is called: no `.grad` is touched, no hook fires.

    After a recorded backward it tells that pass. `gradient` has the shape of the loss; `part` opens one module of a large model.
    Raises NotATensor, NoGraph, NotAScalar, WrongShape, GraphFreed, ModifiedInPlace, NoSuchPart.
    """
    with uncollected():
        with torch._C.DisableTorchFunction():
            made = in_cells(_work(loss, gradient, {}, "explain", Variables(caller())))
        return Story(tell_explanation(made, part=part), [made], part=part)


def check(checked: torch.Tensor | Callable[..., Any], /, *inputs: Any, gradient: Any = None, order: int = 1, **named: Any) -> Story:
    """Every gradient by hand beside PyTorch's, at every node, and the reader's own values beside both.

    `check(loss)`: what `loss.backward(gradient)` would do. The reader's values are numbers, lists, arrays or tensors, by the name of a
    weight or an intermediate result: `check(loss, w=-2.0)` or `check(loss, {"w": -2.0})`. A number agrees if it does to the digits that
    were typed. `order=2` judges second derivatives too: whether what each node sends can be differentiated once more, and rightly.
    Raises NotATensor, NoGraph, NotAScalar, NotNumbers, WrongShape, UnknownName, NoSuchOrder, GraphFreed, ModifiedInPlace.

    `check(function, *inputs)`: a function, module, custom autograd.Function or operator at these inputs (any dtype and size; copies are
    used); what is not PyTorch's own is put under stress besides, and the whole held against the function's own changes. `gradient` is
    what arrives at its result, one tensor for each; random ones if left out.
    Raises NoInput, NoResult, NoPath, ChangesInput, NotRepeatable, FunctionFailed, NotAGradient, WrongShape, UnknownOption.
    """
    if order not in (1, 2) or isinstance(order, bool):
        raise NoSuchOrder(order)
    with uncollected():
        if callable(checked):
            return check_function(checked, inputs, gradient=gradient, order=order, values=named)
        given = {**_values(inputs), **named}
        with torch._C.DisableTorchFunction():
            made = in_cells(_work(checked, gradient, given, "check", Variables(caller()), order=order))
        return Story(tell_check(replace(made, findings=find([made]))), [made])


def diagnose(loss: torch.Tensor, /, *, gradient: torch.Tensor | None = None) -> Story:
    """What is wrong with the gradients that `loss.backward(gradient)` gives: cause, numbers, line and fix of each fault.

    Before backward, without a recording: no `.grad` is touched, no hook fires. Where a path was cut, and what the training loop does,
    only a recording sees: `byhand.record(diagnose=True)` or `byhand diagnose FILE`. Inside one, what it saw so far is used.
    Raises NotATensor, NoGraph, NotAScalar, WrongShape, GraphFreed, ModifiedInPlace.
    """
    frame = caller()
    with uncollected(), torch._C.DisableTorchFunction():
        session = here.listeners[-1].judging if here.listeners else None
        active = session if isinstance(session, Session) and session.witness is not None else None
        seeing = witness((active or Session(judge=False, keep=None)).recorder)
        if active is not None and active.witness is not None:
            seeing = active.witness if active.pass_of(loss) is not None else seeing
            seeing.world.optimizers = active.witness.world.optimizers
        looks = partial(seeing.started, frame=frame, direct=True)
        made = in_cells(_work(loss, gradient, {}, "diagnose", Variables(frame), looks=looks))
        findings = by_severity((*certain(find([made])), *map(finding_in_cell, seeing.findings())))
        unseen = () if active else (*_unreached(seeing, made), UNRECORDED)
        seen = Observed("", 1, seeing.world.steps, 1, unseen)
        return Story(tell_diagnosis(findings, seen), [made], findings=findings)


def _unreached(seeing: "Witness", made: Pass) -> tuple[str, ...]:
    """The parameters of the models at hand that the loss does not reach, in one sentence; why, only a recording can tell."""
    reached = {leaf.name for leaf in made.leaves}
    names = [seeing.world.name_of(tensor) for _, model in seeing.world.models for _, tensor in model.tensors() if tensor.requires_grad]
    missing = [name for name in names if name and name not in reached]
    few = ", ".join(missing[:5]) + (f" and {len(missing) - 5:,} more" if len(missing) > 5 else "")
    return (f"why the loss does not reach {few}: their gradient stays None",) if missing and len(missing) < len(names) else ()


def _values(given: Sequence[Any]) -> Mapping[str, Any]:
    """The reader's values by name. Raises NotNumbers where they have none."""
    if len(given) > 1 or not all(isinstance(each, Mapping) for each in given):
        raise NotByName(len(given), given[0])
    return dict(given[0]) if given else {}


def _work(
    loss: Any,
    gradient: torch.Tensor | None,
    given: Mapping[str, Any],
    verb: str,
    variables: Variables,
    *,
    order: int = 1,
    looks: Looks | None = None,
) -> Pass:
    if not isinstance(loss, torch.Tensor):
        raise NotATensor(loss, verb)
    name = variables.tensors.get(loss, "loss")
    if not loss.requires_grad:
        raise NoGraph(name, verb, why_no_graph(variables, off=not torch.is_grad_enabled() or loss.is_inference()))
    with unnoticed():
        seed = _seed(loss, gradient, name, verb)
    session = here.listeners[-1].judging if here.listeners else None
    recorded = session.pass_of(loss) if isinstance(session, Session) and gradient is None and order == 1 else None
    if recorded is not None:
        return replace(recorded, yours=weigh(given, places_of(given, known_places(recorded)), {}, recorded))
    try:
        return _directly(loss, seed, given, name, session, variables, verb=verb, order=order, looks=looks)
    except GraphFreed as freed:
        raise GraphFreed(freed.node, name) from None


def _directly(
    loss: torch.Tensor,
    seed: torch.Tensor,
    given: Mapping[str, Any],
    name: str,
    session: Session | None,
    variables: Variables,
    *,
    verb: str,
    order: int,
    looks: Looks | None,
) -> Pass:
    with unnoticed():
        graph, live = read_graph([loss], [name])
        describer: Describer = describer_of(graph, live, session.recorder if session else None, variables)
        descriptions = replay(graph, live, [describer.describe(node) for node in graph.nodes], describer.variable_at)
        names = describer.names()
        grads = {node.index: (leaf_grad(live[node.index]), Missing.NOT_RECORDED) for node in graph.nodes if node.leaf}
        leaves = {descriptions[node.index].names[0]: (node.index, 0) for node in graph.nodes if node.leaf}
        wanted = places_of(given, {name: places[-1] for name, places in names.items()} | leaves)
        known = known_functions(graph, live, describer.variable_at) if verb == "check" else nullcontext()
        with known, progress(order * len(graph.nodes), named(descriptions, graph.nodes)) as told:
            looking = looks(Started(graph, live, (loss,), (seed,), "backward", False)) if looks else None
            judged = judge_directly(
                graph, live, [seed], identify=describer.name_of, told=told, keep=frozenset(wanted.values()), also=looking
            )
            if looking is not None:
                looking.over(None)
            second = _second(graph, live, seed, judged, told) if order == 2 else None
        made = assemble(
            graph, descriptions, judged, kind="backward", source="direct", grads=grads, names=names, functions=functions(graph, live)
        )
        hooks = _hooked(graph, live, describer)
        return replace(made, yours=weigh(given, wanted, judged.kept, made), hooks=hooks, second=second)


def _second(graph: Graph, live: Sequence[Any], seed: torch.Tensor, judged: Judged, told: Callable[[int], None]) -> SecondDerivatives:
    """Second derivatives judged, and those that are wrong marked in what was found out about the first."""
    found = second_derivatives(graph, live, [seed], told=lambda index: told(len(graph.nodes) + index))
    for each in found:
        judged.contributions[each.index] = marked(judged.contributions.get(each.index, ()), each)
    return counted(graph, found)


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
    if not isinstance(gradient, torch.Tensor):
        raise NotAGradient(gradient, verb)
    if gradient.shape != loss.shape:
        raise WrongShape(name, tuple(gradient.shape), tuple(loss.shape), verb=verb)
    return gradient.detach()
