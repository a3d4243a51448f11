"""Passes of any form, for Hypothesis: any graph without circles, any modules, weights and constants."""

from hypothesis import strategies as st
from made import leaf, made, sends, step, value

from byhand.results import Constant, Operand

MODULES = ("", "a", "a.b", "a.c", "d.0", "d.1", "d.2", "e")


@st.composite
def passes(draw, *, most=40, modules=MODULES):
    """A pass of up to `most` operations, each taking from up to three later nodes; the last nodes are weights."""
    count = draw(st.integers(1, most))
    weights = draw(st.integers(1, 5))
    constants = draw(st.integers(0, 2))
    steps = []
    for index in range(count):
        taken = draw(
            st.lists(st.integers(index + 1, min(count + weights - 1, index + draw(st.sampled_from((1, 3, most))))), min_size=1, max_size=3)
        )
        used = [Operand("other", f"x{number}", value(1.0), constant=True) for number in range(draw(st.integers(0, constants)))]
        sent = [sends(edge, to, "mul_self", 0.1 * (edge + index), local=1.0) for edge, to in enumerate(taken)]
        module = draw(st.sampled_from(modules))
        steps.append(step(index, "MulBackward0", "", f"v{index} * u", 1.0, 1.0, *sent, operands=tuple(used), module=module))
    leaves = tuple(leaf(count + number, f"w{number}", 1.0, 1.0) for number in range(weights))
    return made(tuple(steps), leaves, tuple(Constant(f"x{number}", value(1.0)) for number in range(constants)))
