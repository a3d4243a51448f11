"""Passes made by hand, for the tests of what the reader sees: no PyTorch run behind them."""

from dataclasses import replace
from typing import Any

import torch

from byhand.graph import Edge, Graph, Node, Origin, Root, TensorMeta
from byhand.results import Comparison, Constant, Contribution, Coverage, Leaf, Operand, Output, Pass, Step, Verdict
from byhand.value import Missing, Value

AGREES = Comparison(Verdict.AGREES, 0.0, 1e-7)


def value(data: Any, shape: tuple[int, ...] = (), dtype: str = "float32") -> Value:
    """A small value, whole."""
    return Value(shape, dtype, data)


def large(shape: tuple[int, ...] = (128, 64), norm: float = 3.25, **others: Any) -> Value:
    """A value that is too large to be shown whole."""
    return Value(shape, "float32", None, -0.5, 0.75, 0.0012, norm, **others)


def meta(shape: tuple[int, ...] = ()) -> TensorMeta:
    """Shape and dtype of a tensor."""
    return TensorMeta(shape, torch.float32)


def leaf(index: int, name: str, data: Any, grad: Any, **others: Any) -> Leaf:
    """A weight whose gradient by hand is PyTorch's."""
    shown = data if isinstance(data, Value | Missing) else value(data)
    gradient = grad if isinstance(grad, Value | Missing) else value(grad)
    return Leaf(index, name, shown, gradient, gradient, AGREES, **others)


def sends(edge: int, to: int, rule: str | None, number: Any, *, local: float | None = None, **others: Any) -> Contribution:
    """What an operation sends back, by hand as in PyTorch."""
    shown = number if isinstance(number, Value | Missing) else value(number)
    return Contribution(edge, (to, 0), rule, shown, others.pop("by_torch", shown), others.pop("comparison", AGREES), local=local, **others)


def step(index: int, op: str, name: str, expression: str, forward: Any, gradient: Any, *contributions: Contribution, **others: Any) -> Step:
    """One operation with one output."""
    shown = forward if isinstance(forward, Value | Missing) else value(forward)
    arrived = gradient if isinstance(gradient, Value | Missing) else value(gradient)
    operands = others.pop("operands", ())
    return Step(index, op, name, expression, (Output(name, shown, arrived, arrived),), operands, contributions, **others)


def graph_of(steps: tuple[Step, ...], leaves: tuple[Leaf, ...], *, root: str = "loss", sequences: dict[int, int] | None = None) -> Graph:
    """The graph that the steps and leaves stand for; its root is node 0."""
    shapes = {each.index: each.outputs[0].value.shape if isinstance(each.outputs[0].value, Value) else () for each in steps}
    shapes |= {each.index: each.value.shape if isinstance(each.value, Value) else () for each in leaves}
    nodes = {each.index: Node(each.index, "AccumulateGrad", (), (meta(shapes[each.index]),), leaf=True) for each in leaves}
    for each in steps:
        count = max((contribution.edge for contribution in each.contributions), default=0) + 1
        edges: list[Edge | None] = [None] * count
        for contribution in each.contributions:
            edges[contribution.edge] = Edge(*contribution.to, meta(shapes[contribution.to[0]]))
        sequence = (sequences or {}).get(each.index, len(steps) - each.index)
        nodes[each.index] = Node(each.index, each.op, tuple(edges), (meta(shapes[each.index]),), sequence)
    return Graph(tuple(nodes[index] for index in sorted(nodes)), (Root(0, 0, root),))


def made(steps: tuple[Step, ...], leaves: tuple[Leaf, ...], constants: tuple[Constant, ...] = (), **others: Any) -> Pass:
    """A pass in which every operation was judged by a rule."""
    coverage = others.pop("coverage", Coverage(len(steps), len(steps), 0, 0, 0))
    graph = graph_of(steps, leaves, root=others.pop("root", "loss"), sequences=others.pop("sequences", None))
    return Pass(graph, steps, leaves, constants, coverage, **others)


def _at(line: int, text: str) -> Origin:
    return Origin("back_propagation.py", line, text)


def seed() -> Pass:
    """The example: ŷ = w · x, s = ŷ − y, loss = s²."""
    return made(
        (
            step(
                0,
                "PowBackward0",
                "loss",
                "s**2",
                1.0,
                1.0,
                sends(0, 1, "pow_self", -2.0, local=-2.0),
                operands=(Operand("self", "s", value(-1.0)), Operand("exponent", "", value(2, dtype="int"))),
                origin=_at(7, "loss = s**2"),
            ),
            step(
                1,
                "SubBackward0",
                "s",
                "y_hat - y",
                -1.0,
                -2.0,
                sends(0, 2, "add_self", -2.0, local=1.0),
                operands=(Operand("other", "y", value(2.0), constant=True), Operand("alpha", "", value(1, dtype="int"))),
                origin=_at(6, "s = y_hat - y"),
            ),
            step(
                2,
                "MulBackward0",
                "y_hat",
                "w * x",
                1.0,
                -2.0,
                sends(0, 3, "mul_self", -2.0, local=1.0),
                operands=(Operand("other", "x", value(1.0), constant=True),),
                origin=_at(5, "y_hat = w * x"),
            ),
        ),
        (leaf(3, "w", 1.0, -2.0, grad_before=Missing.NO_GRADIENT, grad_after=value(-2.0)),),
        (Constant("x", value(1.0)), Constant("y", value(2.0))),
        program="back_propagation.py",
    )


def fan_out() -> Pass:
    """Two weights, one used twice: a = w · x, b = a · w, loss = b + v at w = 2, v = 5, x = 3."""
    return made(
        (
            step(
                0,
                "AddBackward0",
                "loss",
                "b + v",
                17.0,
                1.0,
                sends(0, 1, "add_self", 1.0, local=1.0),
                sends(1, 4, "add_other", 1.0, local=1.0),
                operands=(Operand("alpha", "", value(1, dtype="int")),),
            ),
            step(
                1,
                "MulBackward0",
                "b",
                "a * w",
                12.0,
                1.0,
                sends(0, 2, "mul_self", 2.0, local=2.0),
                sends(1, 3, "mul_other", 6.0, local=6.0),
                operands=(Operand("self", "a", value(6.0)), Operand("other", "w", value(2.0))),
            ),
            step(
                2,
                "MulBackward0",
                "a",
                "w * x",
                6.0,
                2.0,
                sends(0, 3, "mul_self", 6.0, local=3.0),
                operands=(Operand("other", "x", value(3.0), constant=True),),
            ),
        ),
        (
            leaf(3, "w", 2.0, 12.0, grad_before=Missing.NO_GRADIENT, grad_after=value(12.0)),
            leaf(4, "v", 5.0, 1.0, grad_before=Missing.NO_GRADIENT, grad_after=value(1.0)),
        ),
        (Constant("x", value(3.0)),),
    )


def batch() -> Pass:
    """A bias added to a batch, then summed: broadcasting."""
    ones = value([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]], (3, 2))
    return made(
        (
            step(
                0,
                "SumBackward0",
                "loss",
                "h.sum()",
                27.0,
                1.0,
                sends(0, 1, "sum_self", ones),
                origin=Origin("train.py", 9, "loss = h.sum()"),
            ),
            step(
                1,
                "AddBackward0",
                "h",
                "x + b",
                value([[1.0, 2.0], [4.0, 5.0], [7.0, 8.0]], (3, 2)),
                ones,
                sends(1, 2, "add_other", value([3.0, 3.0], (2,)), broadcast=(3, 2)),
                operands=(
                    Operand("self", "x", value([[1.0, 2.0], [4.0, 5.0], [7.0, 8.0]], (3, 2)), constant=True),
                    Operand("alpha", "", value(1, dtype="int")),
                ),
                origin=Origin("train.py", 8, "h = x + b"),
            ),
        ),
        (leaf(2, "b", value([0.0, 0.0], (2,)), value([3.0, 3.0], (2,))),),
        program="train.py",
    )


def chain(count: int) -> Pass:
    """A chain of additions to one weight, h = h + 1 again and again."""
    steps = tuple(
        step(
            index,
            "AddBackward0",
            "h",
            "h + 1",
            float(count - index),
            1.0,
            sends(0, index + 1, "add_self", 1.0, local=1.0),
            operands=(Operand("other", "", value(1, dtype="int")), Operand("alpha", "", value(1, dtype="int"))),
            occurrence=count - index,
            origin=Origin("deep.py", 4, "h = h + 1"),
        )
        for index in range(count)
    )
    return made(steps, (leaf(count, "w", 0.0, 1.0),))


def blocks(count: int = 12, *, differs: int = -1) -> Pass:
    """A model of identical blocks `h.0`, `h.1`, ...: a matrix product and a ReLU each, then a sum."""
    steps = [step(0, "SumBackward0", "loss", "out.sum()", 5.0, 1.0, sends(0, 1, "sum_self", large()))]
    leaves = []
    for number in reversed(range(count)):
        index = 1 + 2 * (count - 1 - number)
        wrong = number == differs
        verdict = Comparison(Verdict.DIFFERS, 0.5, 1e-6, (3, 5)) if wrong else Comparison(Verdict.AGREES, 1e-8 * number, 1e-6)
        steps.append(
            step(
                index,
                "ReluBackward0",
                "",
                "relu(self.lin(x))",
                large(),
                large(norm=1.0 + number),
                sends(0, index + 1, "relu_self", large(norm=0.9 + number), comparison=verdict),
                module=f"h.{number}",
                origin=Origin("model.py", 20, "return relu(self.lin(x))"),
            )
        )
        last = [sends(0, index + 2, "mm_self", large())] if number else []
        weight = 1 + 2 * count + number
        steps.append(
            step(
                index + 1,
                "MmBackward0",
                "",
                "self.lin(x)",
                large(),
                large(),
                *last,
                sends(1, weight, "mm_mat2", large((64, 64))),
                module=f"h.{number}.lin",
                origin=Origin("model.py", 20, "return relu(self.lin(x))"),
            )
        )
        leaves.append(leaf(weight, f"h.{number}.lin.weight", large((64, 64)), large((64, 64), norm=2.0)))
    coverage = Coverage(len(steps), len(steps) - (differs >= 0), 0, 0, int(differs >= 0))
    return made(tuple(steps), tuple(leaves), coverage=coverage)


def with_leaf(result: Pass, **changes: Any) -> Pass:
    """The pass with its first leaf changed."""
    return replace(result, leaves=(replace(result.leaves[0], **changes), *result.leaves[1:]))
