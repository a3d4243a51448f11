"""Formulas as text: how they look, and that reading them back gives the same number."""

import math
import unicodedata
from fractions import Fraction

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as some

from byhand.formula import evaluate, full_text, parse, read, shown_name, text, where_text
from byhand.formula.canonical import rebuild
from byhand.formula.tree import Call, Compare, Index, Name, Number, Operation, Sign, Slice, Tree, Tuple, Word
from byhand.formula.unicode import expression_text

FUNCTIONS = [vars(F), vars(torch), vars(math)]


def pow_self(grad, self, exponent):
    return grad * (exponent * self ** (exponent - 1)).conj()


def softmax_self(grad, result, dim):
    average = (grad * result).sum(dim, keepdim=True)
    return result * (grad - average)


def gelu_self(grad, self):
    below = (1 + torch.erf(self / math.sqrt(2))) / 2
    density = torch.exp(-(self**2) / 2) / math.sqrt(2 * math.pi)
    return grad * (below + self * density)


def relu_self(grad, result):
    return torch.where(result <= 0, 0, grad)


def mm_self(grad, mat2):
    return grad @ mat2.mT.conj()


def clamp_self(grad, self, lowest, highest):
    return grad * ((self >= lowest) & ~(self > highest))


def rsqrt_self(grad, result):
    return -0.5 * grad * result**3


def slice_self(grad, shape):
    return F.pad(grad[..., None, 1:], (0, shape[-1] // 2)).abs()


def negative_self(grad, alpha):
    return grad * -alpha + -grad * 2


SAMPLES = [
    (pow_self, "grad · exponent · self^(exponent − 1)"),
    (softmax_self, "result · (grad − average), where average = sum(grad · result, over dim, kept)"),
    (
        gelu_self,
        "grad · (below + self · density), where below = (1 + erf(self / √2)) / 2; density = exp(−self² / 2) / √(2 · π)",
    ),
    (relu_self, "where(result ≤ 0, 0, grad)"),
    (mm_self, "grad @ mat2ᵀ"),
    (clamp_self, "grad · (self ≥ lowest ∧ ¬(self > highest))"),
    (rsqrt_self, "−0.5 · grad · result³"),
    (slice_self, "|pad(grad[…, None, 1:], (0, ⌊shape[−1] / 2⌋))|"),
    (negative_self, "−grad · alpha − grad · 2"),
]


@pytest.mark.parametrize(("function", "expected"), SAMPLES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_rule_reads_like_the_textbook(function, expected):
    """Each construct has its sign: · − √ |…| ᵀ ≤ ∧ ¬ ⌊…⌋, and only the parentheses it needs."""
    assert full_text(read(function)) == expected


def test_conjugates_are_shown_for_complex_graphs_only():
    """conj(x) is x where all numbers are real."""
    assert text(read(pow_self), real=False) == "grad · conj(exponent · self^(exponent − 1))"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("s", "grad · 2 · s^(2 − 1)"),
        ("y_hat", "grad · 2 · ŷ^(2 − 1)"),
        ("y_hat - y", "grad · 2 · (ŷ − y)^(2 − 1)"),
        ("self.h[0]", "grad · 2 · self.h[0]^(2 − 1)"),
        ("-w1", "grad · 2 · (−w₁)^(2 − 1)"),
        ("a if b else c", "grad · 2 · (a if b else c)^(2 − 1)"),
        ("f(x, y)", "grad · 2 · f(x, y)^(2 − 1)"),
        ("not python (", "grad · 2 · (not python ()^(2 − 1)"),
    ],
)
def test_the_users_expressions_take_the_place_of_parameters(typed, expected):
    """A compound expression gets parentheses where the operation around it binds more tightly."""
    assert text(read(pow_self), {"self": typed, "exponent": "2"}) == expected


def test_named_lines_take_the_users_names_too():
    """What stands behind `where` names the same things."""
    names = {"result": "p", "grad": "g"}

    assert where_text(read(softmax_self), names) == ("average = sum(g · p, over dim, kept)",)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("y_hat", "ŷ"),
        ("x_bar", "x̄"),
        ("w_1", "w₁"),
        ("w12", "w₁₂"),
        ("alpha", "α"),
        ("theta_hat", "θ̂"),
        ("beta_2", "β₂"),
        ("lambda_", "λ"),
        ("y_hat_1", "ŷ₁"),
        ("loss", "loss"),
        ("fc1", "fc1"),
        ("pred_hat", "pred_hat"),
        ("model.alpha", "model.alpha"),
        ("h[0]", "h[0]"),
        ("_x", "_x"),
        ("x_", "x_"),
        ("x__1", "x__1"),
        ("", ""),
        ("名", "名"),
    ],
)
def test_names_are_shown_as_on_paper(typed, shown):
    """A letter with accent and index and the Greek words get their signs; every other name stays as typed."""
    assert shown_name(typed) == unicodedata.normalize("NFC", shown)


atoms = some.one_of(
    some.sampled_from(["a", "b", "c"]).map(Name),
    some.integers(0, 5).map(Number),
    some.sampled_from([0.5, 2.0, 1e-05, 1e20]).map(Number),
)


def larger(parts):
    """Expressions made of smaller ones, all of them numbers."""
    return some.one_of(
        some.builds(Operation, some.sampled_from("+-*/"), parts, parts),
        some.builds(Operation, some.just("**"), parts, some.integers(0, 3).map(Number)),
        some.builds(Sign, some.just("-"), parts),
        some.builds(Call, some.sampled_from(["tanh", "sqrt", "abs"]), parts.map(lambda part: (part,))),
        some.builds(
            lambda symbol, left, right, yes, no: Call("where", (Compare(symbol, left, right), yes, no)),
            some.sampled_from(["<", "<=", "==", "!=", ">=", ">"]),
            *[parts] * 4,
        ),
    )


expressions = some.recursive(atoms, larger, max_leaves=12)
EXACT = {"a": Fraction(5, 4), "b": Fraction(-3, 4), "c": Fraction(7, 2)}
STAND_INS = {
    "where": lambda condition, yes, no: yes if condition else no,
    "tanh": lambda value: value * value + 3,
    "sqrt": lambda value: 2 * value - 5,
}
"""Fractions have no tanh and no root; any functions do to see that they are applied to the same argument."""


def exactly(expression):
    """The value in fractions, so that not even rounding hides a difference; None where it divides by zero."""
    numbers = dict(EXACT)

    def named(part):
        if isinstance(part, Number):
            numbers[repr(part.value)] = Fraction(part.value)
            return Name(repr(part.value))
        return rebuild(part, named)

    try:
        return evaluate(Tree(named(expression)), numbers, [STAND_INS])
    except ZeroDivisionError:
        return None


@settings(max_examples=100, deadline=None)
@given(expressions)
def test_text_read_back_gives_the_same_number(expression):
    """Parentheses are left out only where the formula stays the same."""
    shown = expression_text(expression)

    assert exactly(parse(shown).result) == exactly(expression), shown


@settings(max_examples=100, deadline=None)
@given(expressions)
def test_text_read_back_is_the_same_text(expression):
    """Writing what was read gives the text again, so nothing hangs on how a tree came about."""
    shown = expression_text(expression)

    assert expression_text(parse(shown).result) == shown


@pytest.mark.parametrize(
    ("shown", "result"),
    [
        ("a − b − c", Operation("-", Operation("-", Name("a"), Name("b")), Name("c"))),
        ("a / b · c", Operation("*", Operation("/", Name("a"), Name("b")), Name("c"))),
        ("−a²", Sign("-", Operation("**", Name("a"), Number(2)))),
        ("a⁻¹", Operation("**", Name("a"), Sign("-", Number(1)))),
        ("√a · b", Operation("*", Call("sqrt", (Name("a"),)), Name("b"))),
        ("||a| − 1|", Call("abs", (Operation("-", Call("abs", (Name("a"),)), Number(1)),))),
        ("x[…, 1:, ::2]", Index(Name("x"), (Word("..."), Slice(Number(1), None, None), Slice(None, None, Number(2))))),
        ("f(x, over dim, kept)", Call("f", (Name("x"), Name("dim")), (("keepdim", Word(True)),))),
        ("f(x, over dims (0, 1))", Call("f", (Name("x"), Tuple((Number(0), Number(1)))))),
        ('f(x = 0, mode="mean")', Call("f", (Compare("==", Name("x"), Number(0)),), (("mode", Word("mean")),))),
        ("(a,)", Tuple((Name("a"),))),
        ("a mod b", Operation("%", Name("a"), Name("b"))),
    ],
)
def test_the_parser_reads_every_sign(shown, result):
    """Precedence, indices, keywords and bars are read as they were meant."""
    assert parse(shown) == Tree(result)


@pytest.mark.parametrize("shown", ["", "a +", "(a", "a b", "|a", "f(a", "a $ b", "⌊a⌋", "x[1"])
def test_what_is_no_formula_is_not_read(shown):
    """A broken text raises ValueError instead of giving some other formula."""
    with pytest.raises(ValueError, match="in: "):
        parse(shown)


def test_evaluation_says_which_name_is_missing():
    """A formula that names something unknown is not complete, and the error says what."""
    with pytest.raises(NameError, match="exponent"):
        evaluate("grad · exponent", {"grad": 1}, FUNCTIONS)
