"""Makes the fonts of the page's mathematics: python viewer/fonts.py [FOLDER]. Without a folder, into the Python package.

The source is STIX Two Math as the package ziamath carries it. `byhand-math.woff2` has the characters that formulas use, with its
MATH table and the parts from which brackets and roots are stretched. `byhand-italic.woff2` has the italic letters of the same font
in the places of plain ones, for names of more than one letter: they stay text that can be read aloud, searched and copied.
Needs `pip install byhand[fonts]`. The same versions give the same bytes.
"""

import sys
from collections.abc import Iterable
from importlib.resources import as_file, files
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

FOLDER = Path(__file__).resolve().parent.parent / "src" / "byhand" / "render" / "fonts"
ITALIC_CAPITAL, ITALIC_SMALL = 0x1D434, 0x1D44E
ITALIC_H = 0x210E  # has its place from before the others
GREEK_ITALIC_CAPITAL, GREEK_ITALIC_SMALL = 0x1D6E2, 0x1D6FC
SIGNS = "·×÷±¬°′″‖†•…⋯⋮−√∛∂∇∑∏∫∞∈∉∧∨∩∪⊙⊕⊗⊤⊥∘⋅≤≥≠≈≡∼←→↑↓↦⇒⟨⟩⌊⌋⌈⌉¯‾ˆˇ˘˙˚˜¨´`^~\u0302\u0303\u0304\u0305\u0307\u0308ℝℂ"


def characters() -> set[int]:
    """The characters of `byhand-math`: ASCII, Greek, both also in italics, and the signs of formulas."""
    greek = {*range(0x391, 0x3AA), *range(0x3B1, 0x3CA)} - {0x3A2}
    italic = {*range(ITALIC_CAPITAL, ITALIC_SMALL + 26), *range(GREEK_ITALIC_CAPITAL, GREEK_ITALIC_SMALL + 31), ITALIC_H}
    return {*range(0x20, 0x7F), 0xA0, *greek, *italic, *map(ord, SIGNS)}


def source() -> TTFont:
    """STIX Two Math, whole."""
    with as_file(files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf") as path:
        return TTFont(path, recalcTimestamp=False, lazy=False)


def shrink(font: TTFont, unicodes: Iterable[int], *, features: list[str], drop: list[str]) -> TTFont:
    """The font with these characters, and what is made of them, alone."""
    options = Options(
        layout_features=features, hinting=False, desubroutinize=True, notdef_outline=True, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14]
    )
    options.drop_tables += ["DSIG", "GDEF", "GPOS", *drop]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=unicodes)
    subsetter.subset(font)
    return font


def rename(font: TTFont, name: str) -> None:
    """Give the font a name of its own; its copyright and licence stay."""
    for number, text in {1: name, 3: f"{name} from STIX Two Math", 4: name, 6: name.replace(" ", "-")}.items():
        for record in font["name"].names:
            if record.nameID == number:
                record.string = text


def mathematics() -> TTFont:
    """The font of formulas."""
    font = shrink(source(), characters(), features=[], drop=[])
    rename(font, "byhand math")
    return font


def italic() -> TTFont:
    """The font of names: each italic letter where the plain one was, so that words are words."""
    font = source()
    glyphs = font.getBestCmap()
    letters = {ord("A") + number: ITALIC_CAPITAL + number for number in range(26)}
    letters |= {ord("a") + number: ITALIC_SMALL + number for number in range(26)} | {ord("h"): ITALIC_H}
    others = {code: code for code in (*b"0123456789_ ", 0xA0)}
    table = CmapSubtable.newSubtable(4)
    table.platformID, table.platEncID, table.language = 3, 1, 0
    table.cmap = {code: glyphs[shape] for code, shape in (letters | others).items()}
    font["cmap"].tables = [table]
    font = shrink(font, table.cmap, features=[], drop=["MATH", "GSUB"])
    rename(font, "byhand italic")
    return font


def main(words: list[str]) -> int:
    """Write both fonts and say how large they are."""
    folder = Path(words[0]) if words else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, font in {"byhand-math": mathematics(), "byhand-italic": italic()}.items():
        font.flavor = "woff2"
        path = folder / f"{name}.woff2"
        font.save(path)
        print(f"{path.name} {path.stat().st_size / 1000:.1f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
