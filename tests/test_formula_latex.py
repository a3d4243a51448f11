"""Formulas as LaTeX: how they look, and that no name of a user's can break them."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from byhand import rules
from byhand.formula import latex, latex_name, parse, read, where_latex
from byhand.rules.table import FORWARD, TABLE

COMMANDS = {
    *r"""
    \cdot \bmod \land \lor \lnot \le \ge \ne \pi \infty \exp \log \sin \cos \tan \sinh \cosh \tanh \max \min \det \frac \sqrt
    \left \right \overline \top \begin \end \text \operatorname \mathit \mathtt \mathbin \mathrm \mathsf \ldots \lfloor \rfloor
    \hat \bar \tilde \dot \grave \acute \breve \ddot \check \backslash \wedge \sim \vert \partial \alpha \beta \gamma \delta
    \epsilon \zeta \eta \theta \iota \kappa \lambda \mu \nu \xi \rho \sigma \tau \upsilon \phi \chi \psi \omega \Gamma \Delta
    \Theta \Lambda \Xi \Pi \Sigma \Phi \Psi \Omega \n
    """.split(),
    *(rf"\{character}" for character in "{}$&#%_ \\"),
}
"""What LaTeX with amsmath, KaTeX and MathJax all know."""

FUNCTIONS = {
    f"{kind} {function.__name__}": function
    for kind, functions in (("rule", [rule.function for each in TABLE.values() for rule in each]), ("forward", FORWARD.values()))
    for function in functions
}


def fault(source):
    """What LaTeX would not accept, or nothing: unknown commands, loose braces, characters that need a backslash."""
    tokens = re.findall(r"\\[A-Za-z]+|\\.|.", source, re.DOTALL)
    unknown = {token for token in tokens if token.startswith("\\")} - COMMANDS
    if unknown:
        return f"commands {unknown}"
    depth = 0
    for token in tokens:
        depth += (token == "{") - (token == "}")
        if depth < 0:
            return "a brace too many"
    if depth or tokens.count(r"\left") != tokens.count(r"\right") or tokens.count(r"\begin") != tokens.count(r"\end"):
        return "something left open"
    bare = [token for token in tokens if token in ("$", "#", "%", "~", "\n") or not token.isascii()]
    if bare or ("&" in tokens and r"\begin" not in tokens):
        return f"bare {bare or '&'}"
    return "two superscripts" if re.search(r"\^\{[^{}]*\}\^", source) else ""


def gelu_self(grad, self):
    below = (1 + torch.erf(self / torch.sqrt(2))) / 2
    return grad * (below + self * torch.exp(-(self**2) / 2))


def relu_self(grad, result):
    return grad * torch.where(result <= 0, 0, 1)


def mm_self(grad, mat2, dim):
    return (grad @ mat2.mT).conj().sum(dim, keepdim=True) ** 2


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (gelu_self, r"\mathit{grad} \cdot \left(\mathit{below} + \mathit{self} \cdot \exp\left(-\frac{\mathit{self}^{2}}{2}\right)\right)"),
        (
            relu_self,
            r"\mathit{grad} \cdot \left(\begin{cases} 0 & \text{if } \mathit{result} \le 0 \\ 1 & \text{otherwise} \end{cases}\right)",
        ),
        (mm_self, r"\operatorname{sum}_{\mathit{dim}}\left(\mathit{grad} \mathbin{@} \mathit{mat2}^{\top}, \text{kept}\right)^{2}"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_rule_looks_like_the_textbook(function, expected):
    """Fractions, roots, cases and superscripts are LaTeX's own."""
    assert latex(read(function)) == expected


def test_named_lines_are_latex_too():
    """What stands behind `where` is set the same way."""
    assert where_latex(read(gelu_self)) == (
        r"\mathit{below} = \frac{1 + \operatorname{erf}\left(\frac{\mathit{self}}{\sqrt{2}}\right)}{2}",
    )


def test_conjugates_are_overlined_in_complex_graphs():
    """conj(x) is a line over x, and nothing where all numbers are real."""
    assert latex(parse("conj(x)"), real=False) == r"\overline{x}"
    assert latex(parse("conj(x)")) == "x"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("s", r"2 \cdot s"),
        ("y_hat", r"2 \cdot \hat{y}"),
        ("y_hat - y", r"2 \cdot \left(\hat{y} - y\right)"),
        ("alpha_1", r"2 \cdot \alpha_{1}"),
        ("y_pred", r"2 \cdot \mathit{y\_pred}"),
        ("self.h[0]", r"2 \cdot \mathtt{self.h[0]}"),
        ('d["50%"]', r"2 \cdot \mathtt{d[\text{''}50\%\text{''}]}"),
    ],
)
def test_the_users_expressions_take_the_place_of_parameters(typed, expected):
    """Names become letters, arithmetic becomes mathematics, everything else typewriter letters."""
    assert latex(parse("2 · self"), {"self": typed}) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("w1", "w_{1}"),
        ("w_12", "w_{12}"),
        ("x_bar", r"\bar{x}"),
        ("theta_hat_2", r"\hat{\theta}_{2}"),
        ("Omega", r"\Omega"),
        ("λ", r"\lambda"),
        ("loss", r"\mathit{loss}"),
        ("C:\\x", r"\mathtt{C:\backslash x}"),
        ("é{}", r"\mathtt{\acute{e}\{\}}"),
        ("名", r"\mathtt{\text{U+540D}}"),
    ],
)
def test_names_are_set_as_on_paper(typed, expected):
    """The twin of the names in text."""
    assert latex_name(typed) == expected


@settings(max_examples=200, deadline=None)
@given(some.text(max_size=20) | some.text(alphabet="ab_^~\\{}$&#%\"'`|<>-+*/.[]() \n", max_size=12))
def test_no_name_breaks_the_formula(name):
    """Whatever a user's expression is, the formula with it is valid."""
    assert not fault(latex(parse("self² · √self / (1 + |self|)"), {"self": name}))


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_every_rule_is_valid_latex(function):
    """Rules and forward expressions of the table use only what amsmath knows."""
    tree = read(function)

    assert [fault(source) for source in (latex(tree), latex(tree, real=False), *where_latex(tree))] == [""] * (2 + len(tree.where))


@pytest.mark.parametrize("source", [r"\frac{a", "a}", "50%", r"\lt", "é", "a & b", r"\left(a", "x^{2}^{3}"])
def test_broken_latex_is_noticed(source):
    """The check above is able to fail."""
    assert fault(source)


def test_the_table_is_full():
    """The rules above were the real ones."""
    assert rules.__doc__
    assert len(FUNCTIONS) > 100
