"""A document as LaTeX: plain ASCII, all text escaped, and it compiles with amsmath alone where LaTeX is at hand."""

import re
import shutil
import subprocess

import made
import pytest
from test_render_text import EVERYTHING

from byhand.document import Cell, Document, Formula, Heading, Ledger, Prose, Role, Table
from byhand.explanation import explain
from byhand.render.latex import escape, render_latex

DOCUMENTS = {
    "everything": EVERYTHING,
    "seed": explain(made.seed()),
    "fan_out": explain(made.fan_out()),
    "batch": explain(made.batch()),
    "blocks": explain(made.blocks(12, differs=3)),
    "part": explain(made.blocks(12), part="h.3"),
    "chain": explain(made.chain(100)),
    "hostile": explain(made.with_leaf(made.seed(), name=r"\input{x}$_^~#%&{}<>|\"'`")),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_latex_is_plain_ascii(name):
    """No letter depends on an encoding or a font."""
    assert render_latex(DOCUMENTS[name]).isascii()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_braces_and_environments_are_balanced(name):
    """Every brace and every environment that opens is closed."""
    latex = render_latex(DOCUMENTS[name])
    braces = re.sub(r"\\[{}\\]", "", latex)

    assert braces.count("{") == braces.count("}")
    assert sorted(re.findall(r"\\begin\{(.+?)\}", latex)) == sorted(re.findall(r"\\end\{(.+?)\}", latex))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_latex_compiles_with_amsmath_alone(name, tmp_path):
    """A standard article with amsmath takes the fragment as it is."""
    page = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n" + render_latex(DOCUMENTS[name]) + "\\end{document}\n"
    (tmp_path / "page.tex").write_text(page, encoding="ascii")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, encoding="utf-8", errors="replace")

    assert done.returncode == 0, done.stdout[-1_000:]


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("$ & # % _ ~ ^", r"\$ \& \# \% \_ \textasciitilde{} \textasciicircum{}"),
        ("−2 · 1", r"$-$2 $\cdot$ 1"),
        ("∂loss/∂ŷ", r"$\partial$loss/$\partial$\^{y}"),
        ("α Ω h₁ s²", r"$\alpha$ $\Omega$ h$_{1}$ s$^{2}$"),
        ("ï", r"\"{\i}"),
        ("🤖", r"\texttt{[U+1F916]}"),
        ("ש", r"\texttt{[U+05E9]}"),
    ],
)
def test_text_means_nothing_but_itself(text, latex):
    """Every special character is escaped, and what LaTeX has no letter for is shown by its code point."""
    assert escape(text) == latex


def test_mathematics_is_set_as_mathematics():
    """The chain rule is one align* with a fraction for every derivative."""
    latex = render_latex(explain(made.seed()))

    assert r"\frac{\partial \hat{y}}{\partial w}" in latex
    assert latex.count(r"\begin{align*}") == 2


def test_long_tables_are_cut():
    """A table of 70 rows becomes three, since LaTeX does not break one over pages."""
    table = Table(("a",), tuple(((Cell(str(row)),),) for row in range(70)))

    assert render_latex(Document((table,))).count(r"\begin{tabular}") == 3


@pytest.mark.parametrize(("role", "shape"), [(Role.AGREES, r"$\surd$"), (Role.DIFFERS, r"$\times$"), (Role.NOT_COMPARED, r"$\circ$")])
def test_a_verdict_has_its_shape(role, shape):
    """Verdicts can be told apart in black and white."""
    assert shape in render_latex(Document((Prose((Cell("word", role),)),)))


def test_every_kind_of_block_is_set():
    """Heading, prose, formula, table and ledger all have their form."""
    blocks = (
        Heading("h", 2),
        Prose((Cell("p"),)),
        Formula((Cell("a"), Cell("b"))),
        Table(("t",), ()),
        Ledger("l", (), (Cell("s"), Cell("0"))),
    )
    latex = render_latex(Document(blocks))

    assert r"\subsection*{h}" in latex
    assert r"\hline" in latex
