"""A document as LaTeX: plain ASCII, all text escaped; where LaTeX is at hand it compiles with amsmath alone and stays on the page."""

import re
import subprocess

import made
import pytest
import torch
from test_render_text import EVERYTHING
from tools import absent
from torch import nn
from torch.nn import functional

import byhand
from byhand.document import Cell, Document, Formula, Heading, Ledger, Prose, Role, Table
from byhand.explanation import explain
from byhand.render.latex import render_latex
from byhand.render.tex_letters import escape
from byhand.render.tex_pieces import loosened, matrix, rows_of

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


def compiled(document, folder):
    """The lines that are too wide in the page that LaTeX makes of a document; it must make one."""
    page = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n" + render_latex(document) + "\\end{document}\n"
    (folder / "page.tex").write_text(page, encoding="ascii")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, encoding="utf-8", errors="replace")
    assert done.returncode == 0, done.stdout[-1_000:]
    return re.findall(r"Overfull .hbox .*", done.stdout)


def matrices():
    """A loss of a small network, its weights whole."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.LayerNorm(8), nn.Linear(8, 3))
    return functional.cross_entropy(network(torch.randn(5, 6)), torch.tensor([0, 1, 2, 0, 1]))


def recurrent():
    """A loss of an LSTM, in one operation with a formula of many lines."""
    torch.manual_seed(0)
    return nn.LSTM(3, 4)(torch.randn(5, 1, 3))[0].pow(2).mean()


def transformer():
    """A loss of a GPT-2 of two layers."""
    models = pytest.importorskip("transformers", reason="transformers is not installed")
    sizes = {"n_layer": 2, "n_embd": 48, "n_head": 4, "vocab_size": 100, "n_positions": 32, "bos_token_id": 1, "eos_token_id": 1}
    words = torch.arange(8).unsqueeze(0)
    return models.GPT2LMHeadModel(models.GPT2Config(**sizes)).eval()(words, labels=words).loss


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


@pytest.mark.skipif(absent("pdflatex"), reason="LaTeX is not installed")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_latex_compiles_with_amsmath_alone(name, tmp_path):
    """A standard article with amsmath takes the fragment as it is, and no line runs out of the page."""
    assert compiled(DOCUMENTS[name], tmp_path) == []


@pytest.mark.skipif(absent("pdflatex"), reason="LaTeX is not installed")
@pytest.mark.parametrize("run", [matrices, recurrent, transformer])
def test_the_story_of_a_real_run_stays_on_the_page(run, tmp_path):
    """Matrices, long formulas and long names of weights break or shrink."""
    assert compiled(byhand.explain(run()).document, tmp_path) == []


@pytest.mark.skipif(absent("pdflatex"), reason="LaTeX is not installed")
def test_a_line_that_runs_out_is_noticed(tmp_path):
    """The check above can fail: a rule of a metre is too wide."""
    assert compiled(Document((Prose((Cell("", latex=r"\rule{1000mm}{1pt}"),)),)), tmp_path)


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
        ("transformer.wte.weight", r"transformer.\allowbreak{}wte.\allowbreak{}weight"),
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


@pytest.mark.parametrize(("role", "shape"), [(Role.AGREES, r"$\surd$"), (Role.DIFFERS, r"$\neq$"), (Role.NOT_COMPARED, r"$\circ$")])
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


def test_a_matrix_is_set_as_one():
    """Numbers written over several lines become rows and columns between brackets."""
    rows = rows_of("[[1, −2],\n [3.5,  4]]")

    assert rows == [["1", "−2"], ["3.5", "4"]]
    assert r"\begin{array}{@{}rr@{}}" in matrix(rows, 300)


@pytest.mark.parametrize("text", ["[[1, 2], [3, 4]]", "one\ntwo", "[[[1],\n [2]]]", "[[1],\n [2]] and more"])
def test_other_texts_are_no_matrix(text):
    """One line, words, three dimensions: they stay text."""
    assert rows_of(text) is None


def test_a_matrix_wider_than_the_page_is_text():
    """Eighteen columns do not fit in the smallest letters: the numbers wrap like words."""
    row = f"[{', '.join(['−0.0001234'] * 18)}]"
    latex = render_latex(Document((Table(("", ""), (((Cell("grad"),), (Cell(f"[{row},\n {row}]"),)),)),)))

    assert r"\begin{array}" not in latex
    assert latex.count(r"$-$0.0001234") == 36


def test_letters_of_a_matrix_shrink():
    """A matrix too wide for the page takes smaller letters."""
    rows = [["−0.0001234"] * 8]

    assert r"\tiny" in matrix(rows, 250)
    assert r"\small" in matrix(rows, 500)


@pytest.mark.parametrize(
    ("latex", "loose"),
    [
        (r"f\left(a, \left[b\right], c\right)", r"f(a,\allowbreak  [b],\allowbreak  c)"),
        (r"\frac{f\left(a, b\right)}{2}", r"\frac{f\left(a, b\right)}{2}"),
        (r"\left\{a, \left(b, c\right)\right\}, d", r"\left\{a, \left(b, c\right)\right\},\allowbreak  d"),
        (r"\begin{cases} a, & b \end{cases}, c", r"\begin{cases} a, & b \end{cases},\allowbreak  c"),
        (r"\leftarrow, \mathtt{a,b}", r"\leftarrow,\allowbreak  \mathtt{a,b}"),
    ],
)
def test_loose_mathematics_breaks_after_its_commas(latex, loose):
    """Outside of fractions, cases and growing brackets, where LaTeX cannot break."""
    assert loosened(latex) == loose
