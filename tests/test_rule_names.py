"""The names in the rule table against PyTorch's own: derivatives.yaml in the torch wheel, and the classes' saved values."""

from functools import cache
from pathlib import Path

import pytest
import torch
import torchgen
from rule_examples import RULES, identity
from torchgen.packaged.autograd.load_derivatives import load_derivatives

from byhand.rules.table import DERIVED, EACH, FORWARD, HELPERS, TABLE

HAND_WRITTEN = {"CopyBackwards": ("self", "src")}
"""Classes that PyTorch writes by hand, so that derivatives.yaml does not name their inputs."""

VOCABULARY = {"grad", "grads", "shape", "dtype", "shapes", "index", "receiver_stride", "receiver_offset"}

every_rule = pytest.mark.parametrize("rule", RULES, ids=identity)


@cache
def derivatives():
    """Class name -> what derivatives.yaml says of it."""
    packaged = Path(torchgen.__file__).parent / "packaged"
    native = packaged / "ATen" / "native"
    found, _ = load_derivatives(
        str(packaged / "autograd" / "derivatives.yaml"), str(native / "native_functions.yaml"), str(native / "tags.yaml")
    )
    return {info.op: info for overloads in found.values() for info in overloads.values() if info.op}


@cache
def declared():
    """Class name -> its differentiable inputs, as (name, whether it is a list of tensors), in the order of the edges."""
    generated = {
        name: [(each.name, "List" in str(each.type)) for each in info.args_with_derivatives] for name, info in derivatives().items()
    }
    return generated | {name: [(each, False) for each in inputs] for name, inputs in HAND_WRITTEN.items()}


def underived(node):
    """The numbers of the class's inputs for which PyTorch refuses to work out a gradient."""
    info = derivatives().get(node)
    refused = [name for each in info.derivatives if "not_implemented" in each.formula for name in each.var_names] if info else []
    return {number for number, (name, _) in enumerate(declared()[node]) if name in refused}


def inputs_of(node):
    """Every input of the class's operation, differentiable or not."""
    info = derivatives().get(node)
    return {each.name for each in info.func.func.arguments.flat_all} if info else set(HAND_WRITTEN[node])


def words(function):
    """The names of the function's parameters."""
    return function.__code__.co_varnames[: function.__code__.co_argcount]


def unknown(node, function):
    """Parameters that are neither vocabulary, nor derived, nor saved by the class."""
    saved = getattr(torch._C._functions, node)
    known = VOCABULARY | {name for owner, name in DERIVED if owner == node}
    return [word for word in words(function) if word not in known and not hasattr(saved, f"_saved_{word}")]


@every_rule
def test_a_rule_is_named_after_its_input(rule):
    """Edge i of a class is the i-th differentiable input in derivatives.yaml, and the rule is called <operation>_<input>."""
    inputs = declared()[rule.node]
    lists = [name for name, is_list in inputs if is_list]
    expected = [name for name, _ in inputs] if lists else [inputs[rule.edge][0]]

    assert any(rule.name.split("__")[0].endswith(f"_{name}") for name in expected), f"expected <operation>_{expected}"


@every_rule
def test_a_rule_asks_for_what_exists(rule):
    """Each parameter of a rule and of its case is a word of the vocabulary, a derived value, or saved by that class."""
    assert not unknown(rule.node, rule.function)
    assert rule.when is None or not unknown(rule.node, rule.when)


@pytest.mark.parametrize(("node", "name"), sorted(DERIVED))
def test_a_derived_value_is_used_and_asks_for_what_exists(node, name):
    """A derived value serves a rule or another derived value of its class, and is made of what that class has."""
    rules = [rule for rule in RULES if rule.node == node]
    users = {word for rule in rules for word in rule.needs}
    users |= {word for rule in rules if rule.when for word in words(rule.when)}
    users |= {word for (owner, _), function in DERIVED.items() if owner == node for word in words(function)}

    assert name in users
    assert not unknown(node, DERIVED[node, name])


@pytest.mark.parametrize("node", sorted(FORWARD))
def test_a_forward_expression_asks_for_what_exists(node):
    """A forward expression is made of the inputs that derivatives.yaml names and of what the class saved."""
    assert not [word for word in unknown(node, FORWARD[node]) if word not in inputs_of(node)]


@pytest.mark.parametrize("node", sorted({node for node, _ in TABLE}))
def test_a_class_has_a_rule_for_every_input(node):
    """A class that has a rule has one for each of its differentiable inputs, those apart that PyTorch refuses."""
    inputs = declared()[node]
    edges = {edge for owner, edge in TABLE if owner == node}

    assert EACH in edges or edges | underived(node) == set(range(len(inputs))) or any(is_list for _, is_list in inputs)


def test_rule_names_are_unique():
    """A rule's name stands for one function."""
    functions = {}
    for rule in RULES:
        functions.setdefault(rule.name, set()).add(rule.function)

    assert not {name: found for name, found in functions.items() if len(found) > 1}


def test_helpers_say_what_they_do():
    """A formula shows a helper by name only, so its docstring is the explanation."""
    assert not [name for name, function in HELPERS.items() if not function.__doc__]
