"""A picture as TikZ: plain ASCII that compiles in an article with amsmath and tikz, no wider than its text; small runs only."""

import re
import shutil
import subprocess
from dataclasses import replace

import pictures
import pytest
from tools import REQUIRED

from byhand.document import Cell, Role
from byhand.errors import TooLarge
from byhand.picture import Part, Picture
from byhand.render.tikz import MOST, render_tikz


def tikz_is_there():
    """Whether LaTeX and its package tikz are on this machine."""
    if shutil.which("pdflatex") is None or shutil.which("kpsewhich") is None:
        return False
    return bool(subprocess.run(["kpsewhich", "tikz.sty"], capture_output=True, check=False).stdout)


def many(count, width=840):
    """A picture of this many boxes."""
    box = pictures.single().root.boxes[0]
    return Picture("many", Part("", "", width, 90, tuple(replace(box, x=12.0 * number) for number in range(count)), ()))


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_tikz_is_plain_ascii(name):
    """No letter depends on an encoding, and every brace that opens is closed."""
    drawn = render_tikz(pictures.PICTURES[name])
    braces = re.sub(r"\\[{}\\]", "", drawn)

    assert drawn.isascii()
    assert braces.count("{") == braces.count("}")


@pytest.mark.skipif(not tikz_is_there() and not REQUIRED, reason="LaTeX with TikZ is not installed")
@pytest.mark.parametrize("name", pictures.PICTURES)
def test_tikz_compiles_and_stays_on_the_page(name, tmp_path):
    """A standard article with amsmath and tikz takes it as it is, and nothing runs out of the page."""
    start = "\\documentclass{article}\n\\usepackage{amsmath,tikz}\n\\begin{document}\n"
    (tmp_path / "page.tex").write_text(start + render_tikz(pictures.PICTURES[name]) + "\\end{document}\n", encoding="ascii")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, encoding="utf-8", errors="replace")

    assert done.returncode == 0, done.stdout[-1_000:]
    assert "Overfull" not in done.stdout


def test_the_example_has_its_lines():
    """Every box, its texts, and both heads of every arrow that comes back."""
    drawn = render_tikz(pictures.example())

    assert drawn.count("rectangle") == 6
    assert drawn.count(r"\fill[byhandforward]") == 5
    assert drawn.count(r"\fill[byhandbackward]") == 3
    assert r"\textbf{loss = s$^{2}$}" in drawn
    assert drawn.count(r"$\surd$") == 4


def test_a_wide_picture_is_brought_down_to_the_page():
    """Wider than letters of 7 points allow: the whole picture shrinks to the width of the text."""
    assert r"\resizebox{\textwidth}" in render_tikz(many(2, width=1_900))
    assert r"\resizebox{\textwidth}" not in render_tikz(many(2))


def test_flat_mathematics_is_set_as_such_and_fractions_as_text():
    """A line of a box has room for one line."""
    box = pictures.single().root.boxes[0]
    cells = (Cell("ŷ", Role.NAME, r"\hat{y}"), Cell("∂a/∂b", Role.BACKWARD, r"\frac{\partial a}{\partial b}"))
    drawn = render_tikz(Picture("p", Part("", "", 200, 90, (replace(box, rows=(replace(box.rows[0], cells=cells),)),), ())))

    assert r"\textbf{$\hat{y}$}" in drawn
    assert r"\textcolor{byhandbackward}{$\partial$a/$\partial$b}" in drawn


def test_a_large_picture_is_refused_in_words():
    """Up to 40 boxes are drawn, 41 are not."""
    assert render_tikz(many(MOST)).count("rectangle") == MOST
    with pytest.raises(TooLarge, match="41 boxes"):
        render_tikz(many(MOST + 1))


def test_a_picture_too_wide_for_a_page_is_refused():
    """Few boxes far apart would have letters that nobody can read."""
    with pytest.raises(TooLarge, match="2,400 pixels wide"):
        render_tikz(many(3, width=2_400))
