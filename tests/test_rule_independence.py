"""A rule is a second opinion only if it does not ask PyTorch for the answer: a scan of every rule's source, and of what it calls."""

import ast
import importlib.util
import inspect
import sys
import textwrap
from types import FunctionType, ModuleType

import pytest
from rule_examples import RULES

from byhand.rules.table import DERIVED, FORWARD, TABLE

ASKING = {
    "vjp",
    "jvp",
    "autograd",
    "grad_fn",
    "next_functions",
    "functorch",
    "jacrev",
    "jacfwd",
    "hessian",
    "linearize",
    "__dict__",
    "__getattribute__",
}
"""Words that ask PyTorch for a derivative, as a name or as a part of one between underscores."""

MODULES = (
    "torch.autograd",
    "torch.func",
    "torch._functorch",
    "torch._decomp",
    "torch._refs",
    "torch._prims",
    "torch._inductor",
    "torch.nn.grad",
)
"""Where PyTorch keeps its derivatives and the decompositions it derives them from."""

REFLECTION = {"getattr", "eval", "exec", "compile", "__import__", "globals", "vars", "import_module", "attrgetter", "methodcaller"}
"""Calls behind which any of the others could hide."""


HARMLESS = {"backward"} | {node for node, _ in TABLE}
"""Strings that name no call: the way a Fourier transform is scaled, and classes of nodes in messages."""


def forbidden(word):
    """Whether one identifier asks PyTorch for a derivative."""
    parts = set(word.lower().split("_"))
    return "backward" in word.lower() or word.startswith("_saved") or word in ASKING or bool(parts & {"vjp", "jvp", "autograd"})


def dotted(expression):
    """`torch.nn.grad` for that attribute chain, empty for anything else."""
    if isinstance(expression, ast.Attribute):
        before = dotted(expression.value)
        return f"{before}.{expression.attr}" if before else ""
    return expression.id if isinstance(expression, ast.Name) else ""


def origin(name, names):
    """The full dotted name that a source name stands for in its module."""
    first, _, rest = name.partition(".")
    found = names.get(first)
    if isinstance(found, ModuleType):
        first = found.__name__
    elif callable(found):
        first = f"{getattr(found, '__module__', '')}.{getattr(found, '__name__', '')}"
    return f"{first}.{rest}" if rest else first


def complaint(step, names, parameters):
    """Why one step of a function's source is not allowed, empty if it is; `parameters` are those it must not call."""
    match step:
        case ast.Import() | ast.ImportFrom():
            return "an import inside a rule"
        case ast.Call(func=ast.Name(id=name)) if name in REFLECTION:
            return f"{name}()"
        case ast.Call(func=ast.Name(id=name)) if name in parameters:
            return f"calls its parameter {name}"
        case ast.Attribute(attr=word) if forbidden(word) or word == "grad":
            return f".{word}"
        case ast.Constant(value=str(text)) if forbidden(text) and text not in HARMLESS:
            return repr(text)
    source = origin(dotted(step), names) if isinstance(step, ast.Name | ast.Attribute) else ""
    if source.startswith(MODULES) or any(forbidden(word) for word in source.removeprefix("byhand.").split(".")):
        return source
    return ""


def body_of(function):
    """The function's statements, without decorators and docstring, or its lambda."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    found = next(each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))
    return found.body[1:] if ast.get_docstring(found) is not None else found.body


def violations(function, seen=None):
    """Everything in the function, and in the functions of byhand.rules that it calls, that asks PyTorch for the answer.

    What a rule is handed might be a node, so it may not call it; a helper may call what a rule hands on, since none has a node.
    """
    handed = set() if seen else set(inspect.signature(function).parameters)
    seen = set() if seen is None else seen
    if function in seen:
        return []
    seen.add(function)
    names = inspect.unwrap(function).__globals__
    found = []
    for statement in body_of(function):
        for step in ast.walk(statement):
            problem = complaint(step, names, handed)
            found += [f"{function.__module__}.{function.__name__}: {problem}"] if problem else []
            called = names.get(step.id) if isinstance(step, ast.Name) else None
            if isinstance(called, FunctionType) and called.__module__.startswith("byhand.rules"):
                found += violations(called, seen)
    return found


def judged():
    """Name -> function, for every rule and derived value that counts as a second opinion, and every forward expression."""
    exempt = {node for node, _ in TABLE if not any(rule.second_opinion for rule in RULES if rule.node == node)}
    return (
        {rule.name: rule.function for rule in RULES if rule.second_opinion}
        | {f"{node}.{name}": function for (node, name), function in DERIVED.items() if node not in exempt}
        | {f"{node} forward": function for node, function in FORWARD.items()}
    )


JUDGED = judged()


@pytest.mark.parametrize("name", sorted(JUDGED))
def test_a_rule_does_not_ask_pytorch_for_the_answer(name):
    """No backward kernel, no autograd, no node, no decomposition: neither in the function nor in a helper it calls."""
    assert not violations(JUDGED[name])


@pytest.mark.parametrize("module", sorted(name for name in sys.modules if name.startswith("byhand.rules")))
def test_a_rule_file_imports_nothing_that_differentiates(module):
    """No file of rules imports PyTorch's autograd, func, decompositions or references under any name."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    imported = [f"{each.module}.{name.name}" for each in ast.walk(tree) if isinstance(each, ast.ImportFrom) for name in each.names]
    imported += [name.name for each in ast.walk(tree) if isinstance(each, ast.Import) for name in each.names]

    assert not [name for name in imported if name.startswith(MODULES) or any(forbidden(word) for word in name.split("."))]


def test_few_classes_go_without_a_second_opinion():
    """Rules that do use PyTorch's own answer are marked, listed here, and at most 2 % of the classes."""
    marked = {rule.node for rule in RULES if not rule.second_opinion}

    assert len(marked) <= 0.02 * len({node for node, _ in TABLE}), sorted(marked)


PLANTED = {
    "kernel": "return torch.ops.aten.tanh_backward(grad, result)",
    "kernel without the word at its end": "return torch._softmax_backward_data(grad, result, -1, result.dtype)",
    "overload": "return torch.ops.aten.native_layer_norm_backward.default(grad, result)",
    "autograd": "return torch.autograd.grad(result, self, grad)[0]",
    "backward": "result.backward(grad)\n    return self.grad",
    "grad attribute": "return grad * self.grad",
    "node": "return result.grad_fn(grad)",
    "called parameter": "return node(grad)",
    "saved": "return grad * node._saved_result",
    "func": "return torch.func.vjp(torch.tanh, self)[1](grad)[0]",
    "func by another door": "return torch.func.grad(torch.tanh)(self) * grad",
    "jvp": "return functional_jvp(torch.tanh, self, grad)",
    "decomposition": "return torch._decomp.decompositions.tanh_backward(grad, result)",
    "reference": "return grad * torch._refs.tanh(self)",
    "convolution's gradient": "return torch.nn.grad.conv2d_input(self.shape, result, grad)",
    "alias of a kernel": "return hidden_kernel(grad, result, -1, result.dtype)",
    "alias of a module": "return hidden_module.grad(result, self, grad)",
    "reflection": "return getattr(torch, 'tanh_' + 'back' + 'ward')(grad, result)",
    "dictionary": "return torch.__dict__['tanh_' + 'back' + 'ward'](grad, result)",
    "import": "from torch import autograd\n    return autograd.grad(result, self, grad)",
    "helper": "return innocent(grad, result)",
    "helper of a helper": "return more_innocent(grad, result)",
}
HEAD = """
import torch
import torch.autograd as hidden_module
from torch import _softmax_backward_data as hidden_kernel


def innocent(grad, result):
    return torch.ops.aten.tanh_backward(grad, result)


def more_innocent(grad, result):
    return 2 * innocent(grad, result)


def planted(grad, self, result, node):
    "Says backward and vjp here, which is no offence."
    """


@pytest.fixture
def written(tmp_path):
    """Writes a rule file with one planted body and gives its function."""

    def write(body):
        path = tmp_path / "planted_rules.py"
        path.write_text(f"{HEAD}{body}\n")
        spec = importlib.util.spec_from_file_location("byhand.rules.planted_rules", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.planted

    return write


@pytest.mark.parametrize("form", PLANTED)
def test_the_scan_sees_a_planted_call(form, written):
    """Every way of asking PyTorch for the answer is seen, so the scan is able to fail."""
    assert violations(written(PLANTED[form]))


@pytest.mark.parametrize("body", ["return grad * (1 - result**2)", "return grad * torch.tanh(self) + node", "return grad * result.conj()"])
def test_the_scan_lets_mathematics_pass(body, written):
    """Plain mathematics is no offence, whatever the docstring says."""
    assert not violations(written(body))
