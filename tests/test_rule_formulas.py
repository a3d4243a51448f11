"""A rule's formula, as it is shown, is the whole rule: read back and evaluated, it gives the number that the rule gave."""

import ast
import inspect
import math
import textwrap

import pytest
import torch
import torch.nn.functional as F
from example_tensors import Variant, run
from rule_examples import ILLEGAL, RULES, identity, made_here, subjects, upstreams

from byhand.chain_rule import Operands
from byhand.formula import evaluate, full_text, parse, read
from byhand.formula.tree import Name
from byhand.recording.saved import Saved
from byhand.recording.walk import read_graph
from byhand.rules.table import HELPERS

FUNCTIONS = [HELPERS, vars(F), vars(torch), vars(math)]
every_rule = pytest.mark.parametrize("rule", [rule for rule in RULES if made_here(rule)], ids=identity)


def used(function):
    """The parameters that the function's body uses."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    loaded = {step.id for statement in tree.body for step in ast.walk(statement) if isinstance(step, ast.Name)}
    return loaded & set(inspect.signature(function).parameters)


def named(part):
    """The names in a parsed formula, or in any part of it."""
    if isinstance(part, Name):
        return {part.name}
    if isinstance(part, tuple):
        return set().union(*map(named, part))
    fields = getattr(part, "__dataclass_fields__", ())
    return set().union(*(named(getattr(part, field)) for field in fields))


def is_complex(value):
    """Whether a value, or one in a tuple of them, is complex."""
    return any(map(is_complex, value)) if isinstance(value, tuple) else isinstance(value, complex) or getattr(value, "is_complex", bool)()


def worked(rule, variant, *, real):
    """(number of the rule, its operands by name) wherever the rule applies in its example; of real tensors only if `real`."""
    try:
        outputs, _ = run(rule.example, variant)
    except ILLEGAL:
        return []
    graph, live = read_graph(outputs)
    found = []
    with torch.no_grad():
        for node, handle, number in subjects(rule, graph, live):
            operands = Operands(node, next(upstreams(node, torch.Generator().manual_seed(3))), Saved(handle))
            bound = operands.bind(rule.needs, number)
            if not (real and is_complex((*bound, *operands["grads"]))):
                found.append((rule.function(*bound), dict(zip(rule.needs, bound, strict=True))))
    return found


def reproduces(formula, number, operands):
    """Whether the text, evaluated on the operands, gives the number up to rounding."""
    shown = evaluate(formula, operands, FUNCTIONS)
    return torch.allclose(torch.as_tensor(shown, dtype=number.dtype).expand_as(number), number, rtol=1e-11, atol=1e-13, equal_nan=True)


@every_rule
def test_a_rule_uses_all_it_asks_for(rule):
    """A rule has no parameter that its body does not use."""
    assert used(rule.function) == set(rule.needs)


@every_rule
def test_a_formula_names_every_operand(rule):
    """Each parameter that the rule uses stands in the formula's text."""
    names = named(parse(full_text(read(rule.function))))

    assert not used(rule.function) - names


@every_rule
def test_a_formula_reproduces_the_number(rule):
    """The text read back and evaluated on the rule's operands is the rule's contribution, for real graphs."""
    formula = full_text(read(rule.function))

    wrong = [operands for number, operands in worked(rule, Variant(), real=True) if not reproduces(formula, number, operands)]

    assert not wrong, formula


@every_rule
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=["float64", "complex128"])
def test_a_formula_with_conjugates_reproduces_the_number(rule, dtype):
    """The same for complex graphs, where conjugates are shown."""
    formula = full_text(read(rule.function), real=False)

    wrong = [operands for number, operands in worked(rule, Variant(dtype=dtype), real=False) if not reproduces(formula, number, operands)]

    assert not wrong, formula


@pytest.mark.parametrize(("right", "wrong"), [("·", "/"), ("grad", "2 · grad")])
def test_a_wrong_formula_is_noticed(right, wrong):
    """A formula that says something else does not reproduce the number, so the tests above are able to fail."""
    rule = next(rule for rule in RULES if identity(rule) == "MulBackward0:0:mul_self")
    formula = full_text(read(rule.function)).replace(right, wrong)

    assert not [operands for number, operands in worked(rule, Variant(), real=True) if reproduces(formula, number, operands)]
