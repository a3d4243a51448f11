"""The graph of one backward pass, as plain data: nodes in topological order, the loss first."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Origin:
    """Where in the user's program an operation was written."""

    file: str
    line: int
    text: str = ""
    columns: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class TensorMeta:
    """Shape, dtype and device of a tensor; `stride` and `offset` where PyTorch shows them, else None."""

    shape: tuple[int, ...]
    dtype: Any
    device: Any = "cpu"
    stride: tuple[int, ...] | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """The tensor an operation took in: output `output_nr` of node `node`, with its metadata."""

    node: int
    output_nr: int
    meta: TensorMeta


@dataclass(frozen=True, slots=True)
class Node:
    """One operation of the forward pass, named by the class of its backward node, or one leaf.

    `edges` follow PyTorch's `next_functions`: None stands for an input that needs no gradient.
    """

    index: int
    name: str
    edges: tuple[Edge | None, ...]
    outputs: tuple[TensorMeta, ...]
    sequence: int = -1
    leaf: bool = False


@dataclass(frozen=True, slots=True)
class Root:
    """A tensor that backward was called on: output `output_nr` of node `node`."""

    node: int
    output_nr: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """All nodes reached from the roots; every edge leads to a later node."""

    nodes: tuple[Node, ...]
    roots: tuple[Root, ...]
    labels: dict[tuple[int, int], str] = field(default_factory=dict)
