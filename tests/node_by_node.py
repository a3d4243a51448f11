"""Compares every rule with PyTorch's own backward of that one node, fed the same random upstream gradient."""

from dataclasses import dataclass

import torch

from byhand.chain_rule import Operands, contribute, receive
from byhand.errors import NoRule
from byhand.recording.saved import Saved
from byhand.recording.walk import read_graph


@dataclass(frozen=True)
class Outcome:
    """One edge of one node: how far our contribution is from PyTorch's, relative to the larger of 1e-300 and PyTorch's maximum."""

    node: str
    edge: int
    problem: str
    error: float
    dtype: torch.dtype = torch.float64


def coarsest(node, edge):
    """The dtype that rounds most among what the node makes and what this edge receives."""
    dtypes = [meta.dtype for meta in (*node.outputs, edge.meta) if meta.dtype.is_floating_point or meta.dtype.is_complex]
    return max(dtypes, key=lambda dtype: torch.finfo(dtype).eps)


def random_like(meta, generator):
    """A random gradient of the metadata's shape and dtype."""
    real = torch.randn(meta.shape, generator=generator, dtype=torch.float64)
    if meta.dtype.is_complex:
        return torch.complex(real, torch.randn(meta.shape, generator=generator, dtype=torch.float64)).to(meta.dtype)
    return real.to(meta.dtype)


def outcomes(loss, seed=0):
    """One Outcome for every edge of every node behind the loss (leaves apart)."""
    generator = torch.Generator().manual_seed(seed)
    graph, live = read_graph([loss])
    found = []
    with torch.no_grad():
        for node, handle in zip(graph.nodes, live, strict=True):
            if node.leaf or not callable(handle):
                continue
            grads = [random_like(meta, generator) for meta in node.outputs]
            theirs = handle(*[grad.clone() for grad in grads])
            theirs = theirs if isinstance(theirs, tuple) else (theirs,)
            operands = Operands(node, grads, Saved(handle))
            for number, edge in enumerate(node.edges):
                if edge is not None:
                    found.append(compare(graph, node, number, operands, theirs[number]))
    return found


def compare(graph, node, number, operands, theirs):
    """The outcome of one edge."""
    try:
        ours = contribute(node, number, operands).received
    except NoRule:
        return Outcome(node.name, number, "no rule", 0.0)
    except Exception as problem:  # the report names every failure at once
        return Outcome(node.name, number, f"{type(problem).__name__}: {problem}", 0.0)
    theirs = receive(theirs, node.edges[number])
    if ours.shape != theirs.shape:
        return Outcome(node.name, number, f"shape {tuple(ours.shape)} for {tuple(theirs.shape)}", 0.0)
    if not theirs.numel():
        return Outcome(node.name, number, "", 0.0)
    wide = torch.complex128 if theirs.dtype.is_complex else torch.float64
    scale = max(theirs.to(wide).abs().max().item(), 1e-300)
    error = (ours.to(wide) - theirs.to(wide)).abs().max().item() / scale
    return Outcome(node.name, number, "" if error < 1e-4 else "differs", error, coarsest(node, node.edges[number]))
