"""PyTorch's own samples of its operators (OpInfo), each node behind them judged by hand beside PyTorch's node, called by itself."""

import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

import numpy as np
import torch
from node_by_node import random_like
from torch.utils._pytree import tree_leaves

from byhand.direct import judge_directly
from byhand.errors import Unreadable
from byhand.judging import Judge
from byhand.recording.direct import run_node
from byhand.recording.saved import Saved
from byhand.recording.walk import read_graph
from byhand.results import Comparison, Verdict

DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.complex128)
LEAF = "AccumulateGrad"
REFUSED = "the sample could not be run"
FEWER = {"grid_sampler_3d": 12}  # of its 30 samples: the others have half a million elements each


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison: of an edge of a node (`edge` is -1 for the gradient of a leaf) of one sample of one operator.

    `way` is "chain" for gradients that came from random ones at the outputs, "random" for random ones at the node itself, "second"
    for the chain of the gradient's own graph.
    """

    operator: str
    sample: int
    way: str
    node: str
    place: int
    edge: int
    comparison: Comparison


def full_name(operator):
    """The operator's name with its variant: linalg.norm.subgradients_at_zero."""
    return f"{operator.name}.{operator.variant_test_name}" if operator.variant_test_name else operator.name


@cache
def operators():
    """Every operator of OpInfo by its full name."""
    from torch.testing._internal.common_methods_invocations import op_db

    return {full_name(each): each for each in op_db}


def differentiable(operator, dtype):
    """Whether OpInfo says that the operator has gradients in the dtype on the CPU."""
    return operator.supports_autograd and dtype in operator.supported_backward_dtypes("cpu")


def seed(number):
    """Every generator that samples are drawn with, set."""
    random.seed(number)
    np.random.seed(number)
    torch.manual_seed(number)


def samples(operator, dtype, most):
    """Up to `most` samples of the operator, the same ones each time."""
    seed(0)
    most = min(most, FEWER.get(full_name(operator), most))
    return list(islice(operator.sample_inputs("cpu", dtype, requires_grad=True), most))


def outputs_of(operator, sample):
    """The sample's outputs that have a graph behind them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = operator(sample.input, *sample.args, **sample.kwargs)
        if sample.output_process_fn_grad is not None:
            made = sample.output_process_fn_grad(made)
    return [each for each in tree_leaves(made) if isinstance(each, torch.Tensor) and each.grad_fn is not None]


def judged(operator, dtype, most, *, second=False) -> Iterator[Finding]:
    """What was found in the operator's samples. Where `second`, the graphs of their gradients are judged too."""
    name, twice = full_name(operator), second and operator.supports_gradgrad
    for number, sample in enumerate(samples(operator, dtype, most)):
        seed(number)
        try:
            outputs = outputs_of(operator, sample)
        except Exception as problem:
            yield Finding(name, number, "chain", REFUSED, 0, -1, Comparison(Verdict.NOT_COMPARED, reason=type(problem).__name__))
            continue
        if outputs:
            yield from (replace(each, operator=name, sample=number) for each in found_behind(outputs, number, twice))


def found_behind(outputs, number, second):
    """What is found in the graph behind the outputs: by the chain, and by random gradients at every node."""
    generator = torch.Generator().manual_seed(number)
    seeds = [random_like(output, generator) for output in outputs]
    graph, live = read_graph(outputs)
    yield from along_the_chain(graph, live, seeds, "chain")
    yield from node_by_node(graph, live, generator)
    if second:
        yield from along_the_second_order(outputs, seeds, generator)


def along_the_second_order(outputs, seeds, generator):
    """The same for the graph of the gradient itself, as create_graph=True makes it."""
    leaves = [node.variable for node in read_graph(outputs)[1] if type(node).__name__ == LEAF]
    seeds = [each.requires_grad_() for each in seeds]
    try:
        with torch.enable_grad():
            grads = torch.autograd.grad(outputs, leaves, seeds, create_graph=True, allow_unused=True)
    except RuntimeError:  # no second derivative in PyTorch
        return
    roots = [grad for grad in grads if grad is not None and grad.grad_fn is not None]
    if roots:
        graph, live = read_graph(roots)
        yield from along_the_chain(graph, live, [random_like(root, generator) for root in roots], "second")


def along_the_chain(graph, live, seeds, way):
    """What `byhand.check` would say of a backward from these seeds."""
    with torch.no_grad():
        found = judge_directly(graph, live, seeds, identify=lambda tensor: "", told=lambda index: None)
    for index, contributions in found.contributions.items():
        name = graph.nodes[index].name
        yield from (Finding("", 0, way, name, index, each.edge, each.comparison) for each in contributions)
    yield from (Finding("", 0, way, LEAF, index, -1, comparison) for index, comparison in found.leaves.items())


def node_by_node(graph, live, generator):
    """Every node by itself, with random gradients at all its outputs."""
    for node, handle in zip(graph.nodes, live, strict=True):
        if not node.leaf:
            grads = [random_like(meta, generator) if is_differentiable(meta) else None for meta in node.outputs]
            for each in judged_alone(graph, node, handle, grads):
                yield Finding("", 0, "random", node.name, node.index, each.edge, each.comparison)


def is_differentiable(meta):
    """Whether a tensor of this metadata can have a gradient."""
    return meta.dtype.is_floating_point or meta.dtype.is_complex


def judged_alone(graph, node, handle, grads):
    """Our judgement of one node beside PyTorch's, both fed these gradients: a contribution for each edge."""
    judge = Judge(replace(graph, roots=()), [], source="direct")
    with torch.no_grad():
        try:
            theirs = run_node(node, handle, [grad if grad is None else grad.clone() for grad in grads])
        except Unreadable as problem:
            judge.not_run(node, problem.why)
        else:
            judge.node(node.index, grads, theirs, Saved(handle))
    return judge.found.contributions[node.index]
