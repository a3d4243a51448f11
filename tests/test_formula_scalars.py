"""Local derivatives and closed forms of scalar graphs, through SymPy."""

import math
import subprocess
import sys

import pytest
import sympy
import torch
import torch.nn.functional as F

from byhand import rules
from byhand.formula import Unsupported, evaluate, from_symbols, local, read, shown_name, symbol, symbolic
from byhand.formula.scalars import ABOUT_SHAPE
from byhand.rules.table import HELPERS, TABLE

FUNCTIONS = [
    {"where": lambda condition, yes, no: torch.where(torch.as_tensor(condition), yes, no)},
    HELPERS,
    vars(F),
    vars(torch),
    vars(math),
]
RULES = {rule.name: rule.function for each in TABLE.values() for rule in each}
OF_NUMBERS = [rule for rule, function in RULES.items() if not ABOUT_SHAPE & set(read(function).parameters)]


def pow_self(grad, self, exponent):
    return grad * (exponent * self ** (exponent - 1)).conj()


def sub_other(grad, alpha):
    return -grad * alpha


def mul_self(grad, other):
    return grad * other.conj()


def sin_self(grad, self):
    return -grad * torch.sin(self)


def sigmoid_self(grad, result):
    return grad * result * (1 - result)


def div_other(grad, self, other):
    return -grad * (self / other / other).conj()


def relu_self(grad, result):
    return torch.where(result <= 0, 0, grad)


def mean_self(grad, shape, dim, keepdim):
    return grad.expand(shape) / math.prod(shape)


def erf_self(grad, self):
    return grad * (2 / math.sqrt(math.pi)) * torch.exp(-(self**2))


def stack_self(grad, dim, index):
    return grad.select(dim, index)


@pytest.mark.parametrize(
    ("function", "names", "values", "shown"),
    [
        (pow_self, {"self": "s"}, {"exponent": 2}, "2 · s"),
        (pow_self, {"self": "y_hat - y"}, {"exponent": 3.0}, "3 · (ŷ − y)²"),
        (pow_self, {"self": "s"}, {"exponent": 0.5}, "1 / (2 · √s)"),
        (sub_other, {}, {"alpha": 1}, "−1"),
        (mul_self, {"other": "x"}, {}, "x"),
        (sin_self, {"self": "w"}, {}, "−sin(w)"),
        (sigmoid_self, {"result": "h"}, {}, "h · (1 − h)"),
        (div_other, {"self": "a", "other": "b1"}, {}, "−a / b₁²"),
        (relu_self, {"result": "h"}, {}, "where(h ≤ 0, 0, 1)"),
        (mean_self, {}, {"dim": 0}, "1"),
        (erf_self, {"self": "h"}, {}, "2 · exp(−h²) / √π"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_local_derivative_is_what_one_would_write(function, names, values, shown):
    """The rule with grad = 1, in the user's names, simplified."""
    assert local(read(function), names, values)[0] == shown


def test_the_local_derivative_comes_in_latex_too():
    """The same, for paper."""
    assert local(read(div_other), {"self": "a", "other": "y_hat"})[1] == r"-\frac{a}{\hat{y}^{2}}"


@pytest.mark.parametrize(("function", "names"), [(stack_self, {}), (mul_self, {}), (pow_self, {"self": "s"})])
def test_no_local_derivative_is_made_up(function, names):
    """None where a rule has no meaning for single numbers, or a value is unknown."""
    assert local(read(function), names) is None


def test_symbols_and_expressions_are_followed():
    """A tree works on any SymPy expression, so forward expressions nest to the closed form of a loss."""
    w, x, y = map(symbol, "wxy")

    loss = symbolic(read(pow_self), {"grad": 1, "self": w * x - y, "exponent": 2})

    assert sympy.expand(loss - (2 * w * x - 2 * y)) == 0


def test_what_single_numbers_do_not_have_is_refused():
    """Unsupported says what has no meaning."""
    with pytest.raises(Unsupported, match="select"):
        symbolic(read(stack_self), {"grad": 1, "dim": 0, "index": 0})


W, X, Y = symbol("w"), symbol("x"), symbol("y_hat")


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        (2 * (W * X - Y) * X, "2 · x · (w · x − ŷ)"),
        (sympy.expand(2 * (W * X - Y) * X), "2 · x · (w · x − ŷ)"),
        (-W / X**2, "−w / x²"),
        (X ** sympy.Rational(3, 2) / 3, "x^(3 / 2) / 3"),
        (sympy.exp(-X) * W, "w · exp(−x)"),
        (sympy.Integer(-2), "−2"),
        (sympy.Float(0.1) * X, "0.1 · x"),
        (W - 1, "w − 1"),
        (symbol("self.h[0]") * 2, "2 · self.h[0]"),
        (symbol("a - b") * 2, "2 · (a − b)"),
        (sympy.tanh(X) ** 2 * sympy.pi, "π · tanh(x)²"),
        (sympy.Abs(X) + sympy.log(W), "log(w) + |x|"),
        (sympy.oo, "∞"),
    ],
    ids=str,
)
def test_a_closed_form_is_written_in_our_notation(expression, shown):
    """Numbers first, sums last, plus before minus, factored where that is shorter."""
    assert from_symbols(expression)[0] == shown


def test_what_has_no_notation_is_refused():
    """A SymPy object that no formula can show raises Unsupported, never a wrong text."""
    with pytest.raises(Unsupported, match="Integral"):
        from_symbols(sympy.Integral(X, X))


def both(tree, shown):
    """(number of the rule, number of the text) for tensors of one element, of the shapes that PyTorch accepts there."""
    for shape in ((), (1, 1)):
        generator = torch.Generator().manual_seed(5)
        values = {name: torch.rand(shape, generator=generator, dtype=torch.float64) * 0.8 + 0.1 for name in tree.parameters}
        try:
            expected = evaluate(tree, {**values, "grad": torch.ones(shape, dtype=torch.float64)}, FUNCTIONS)
        except (RuntimeError, TypeError, IndexError, UserWarning):
            continue
        if torch.as_tensor(expected).numel() != 1:
            continue
        found = evaluate(shown, {shown_name(name): value for name, value in values.items()}, FUNCTIONS)
        yield torch.as_tensor(expected, dtype=torch.float64), torch.as_tensor(found, dtype=torch.float64)


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_the_local_derivative_of_every_rule_is_its_number(name):
    """Read back and evaluated, the simplified text gives what the rule gives for grad = 1; rules without a scalar meaning have no text."""
    tree = read(RULES[name])
    shown = local(tree, {each: each for each in tree.parameters if each != "grad"})
    if shown is None:
        pytest.skip("no meaning for single numbers")

    outcomes = list(both(tree, shown[0]))
    if not outcomes:
        pytest.skip("PyTorch refuses tensors of one element")

    assert all(torch.allclose(by_rule, by_text.reshape(by_rule.shape), equal_nan=True) for by_rule, by_text in outcomes), shown[0]


def test_a_wrong_text_is_noticed():
    """The test above is able to fail."""
    assert not any(torch.allclose(*pair) for pair in both(read(sin_self), "sin(self)"))


def test_importing_formulas_imports_neither_sympy_nor_torch():
    """Showing a formula costs no second and needs no tensor library."""
    program = "import sys, byhand.formula; print({'sympy', 'torch'} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_the_table_is_full():
    """The rules above were the real ones."""
    assert rules.__doc__
    assert len(OF_NUMBERS) > 100
