"""How wide texts are taken to be: never too small, so that nothing is cut."""

from pathlib import Path

import advances
import pytest

from byhand.document import Cell, Role
from byhand.drawing.advances import ADVANCES, BLOCKS, UNIT
from byhand.drawing.metrics import fitted, width, width_of

ALPHABETS = "Hello, World! ŷ = w · x, ∂loss/∂ŷ = −2 ⟨3⟩ α β γ Δ Привет ₁₂₃ ²³ ✓ ✗ ○ ▸ … × √ ∑ ≤"


@pytest.mark.parametrize(
    ("text", "bold", "expected"), [("m", False, 9.7412109375), ("ŷ = w · x", False, 44.287109375), ("Wide", True, 28.3984375)]
)
def test_a_text_is_as_wide_as_in_the_font(text, bold, expected):
    """Measured with the font itself at 10 pixels: never less, and hardly more."""
    assert expected <= width(text, 10.0, bold=bold) <= expected * 1.04


def test_the_font_knows_what_pictures_are_made_of():
    """Every letter and sign that byhand writes is in the table, regular and bold."""
    for codes in ADVANCES.values():
        known = {chr(first + place) for first, after, start in BLOCKS for place in range(after - first) if codes[start + place] != " "}
        assert set(ALPHABETS) <= known


@pytest.mark.parametrize(("text", "least"), [("漢字", 20.0), ("🎉🤖", 25.0), ("𝑥", 8.0), ("مرحبا", 20.0), ("\ud800", 5.0)])
def test_what_the_font_has_not_is_wide(text, least):
    """Chinese, emoji and unknown letters get enough room."""
    assert width(text, 10.0) >= least


def test_what_has_no_width_has_none():
    """Accents that stand on a letter and joiners inside an emoji take no room."""
    assert width("e\u0301", 10.0) == width("e", 10.0)
    assert width("\u200d", 10.0) == 0


def test_what_fits_stays_as_it_is():
    """A line that fits keeps its pieces, with their LaTeX."""
    cells = (Cell("a", Role.NAME, "a"), Cell(" = 2"))

    assert fitted(cells, 10.0, 100.0) == cells


def test_what_does_not_fit_ends_in_three_dots():
    """A line that is too long is cut in the piece where it becomes so; that piece has no LaTeX, which would be the whole of it."""
    cells = (Cell("name", Role.NAME, "name"), Cell(" = " + "1234567890" * 5, Role.FORWARD, "x"))
    kept = fitted(cells, 10.0, 100.0)

    assert kept[0] == cells[0]
    assert kept[1].text.startswith(" = 1234")
    assert kept[1].text.endswith("…")
    assert (kept[1].role, kept[1].latex) == (Role.FORWARD, "")
    assert 80.0 < width_of(kept, 10.0) <= 100.0


def test_the_table_is_what_its_script_makes():
    """The table as text comes from the same blocks and unit as the script has; with the fonts at hand it can be made again."""
    made = advances.module(ADVANCES[False], ADVANCES[True])
    source = Path(advances.__file__).resolve().parent.parent / "src" / "byhand" / "drawing" / "advances.py"

    assert made == source.read_text(encoding="utf-8")
    assert advances.UNIT == UNIT


def test_a_code_is_never_a_backslash():
    """The codes can stand in a Python string as they are, and stand for no less than the advance."""
    codes = {advances.code(units / UNIT) for units in range(92)}

    assert "\\" not in codes
    assert '"' not in codes
    assert " " not in codes
