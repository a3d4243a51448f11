"""Second derivatives of PyTorch's own operators: each node behind samples of OpInfo, of every so many-th operator; nothing differs."""

from collections import Counter

import pytest
import torch
from node_by_node import random_like
from opinfo import differentiable, operators, outputs_of, samples, seed

from byhand.recording.engine import unnoticed
from byhand.recording.walk import read_graph
from byhand.results import Verdict
from byhand.second import second_derivatives

PARTS = 4
EVERY = {torch.float64: 2, torch.float32: 8}
"""Every so many-th operator, by dtype; all of them take minutes. What float32 has of its own is the rounding."""

MOST = 1  # samples of each operator
NODES = 200  # a larger graph repeats the same few nodes
LEAST = 0.9  # of the nodes that are compared, and agree
WRONG = {
    "nn.functional.embedding": "EmbeddingBackward0",
}
"""Operators whose second derivative is wrong in PyTorch, with the node: test_second_order_nodes.py has the proof."""


def seconded(operator, dtype):
    """Class and finding of every node behind the operator's samples."""
    for number, sample in enumerate(samples(operator, dtype, MOST)):
        seed(number)
        try:
            outputs = [each for each in outputs_of(operator, sample) if each.layout is torch.strided]
        except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError):
            continue
        graph, live = read_graph(outputs)
        if not outputs or len(graph.nodes) > NODES:
            continue
        generator = torch.Generator().manual_seed(number)
        seeds = [random_like(output, generator) for output in outputs]
        with unnoticed():
            found = second_derivatives(graph, live, seeds, told=lambda _: None)
        yield from ((graph.nodes[each.index].name, each) for each in found)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", EVERY, ids=str)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_operator_differs_twice(part, dtype):
    """Of every second operator (in float32: every eighth) the second derivatives agree where they can be compared, and nearly all can."""
    counts, wrong = Counter(), []
    for name in sorted(operators())[part * EVERY[dtype] :: PARTS * EVERY[dtype]]:
        operator = operators()[name]
        if not differentiable(operator, dtype) or "sparse" in name:
            continue
        for node, each in seconded(operator, dtype):
            counts[each.verdict] += 1
            if each.verdict is Verdict.DIFFERS and WRONG.get(name) != node:
                wrong.append(f"{name}: {node}: {each.reason}")

    assert wrong == []
    assert counts[Verdict.AGREES] >= LEAST * counts.total() > 0
