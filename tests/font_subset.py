"""Cuts the fonts of the pictures out of DejaVu Sans, and writes the table of their widths.

python font_subset.py FOLDER: from DejaVuSans.ttf and DejaVuSans-Bold.ttf in this folder into src/byhand/render/fonts, with their licence.
"""

import json
import sys
from pathlib import Path

FONTS = Path(__file__).resolve().parent.parent / "src" / "byhand" / "render" / "fonts"
NAMES = {"regular": "DejaVuSans.ttf", "bold": "DejaVuSans-Bold.ttf"}
RANGES = (
    (0x20, 0x7E),  # Latin
    (0xA0, 0x17F),  # Latin of most of Europe
    (0x1E00, 0x1EFF),  # Latin with accents, as ẑ
    (0x300, 0x338),  # accents to put on any letter
    (0x370, 0x3FF),  # Greek
    (0x2010, 0x2027),  # dashes, quotes, …
    (0x2030, 0x203A),
    (0x2070, 0x209C),  # raised and lowered
    (0x1D2C, 0x1D6A),  # raised and lowered letters, as ᵀ
    (0x2100, 0x214F),  # letters as ℓ and ℝ
    (0x2190, 0x21FF),  # arrows
    (0x2200, 0x22FF),  # mathematics
    (0x27E6, 0x27EB),  # ⟨ ⟩
    (0x2016, 0x2016),
)
SIGNS = "ȳẏẍ▸▾◂▴●○◌■□▪✓✔✗✘×⊙⌈⌉⌊⌋�⊤⋯"


def characters():
    """The code points that the fonts hold, as far as DejaVu has them."""
    return sorted({code for first, last in RANGES for code in range(first, last + 1)} | set(map(ord, SIGNS)))


def cut(source, target):
    """The font with these characters alone, without hints and without what shapes other scripts."""
    from fontTools.subset import Options, Subsetter, load_font, save_font

    options = Options(hinting=False, name_IDs=[0, 1, 2, 4, 6, 13, 14], layout_features=["mark", "mkmk", "ccmp"])
    options.drop_tables += ["FFTM"]
    options.notdef_outline = True  # a box for a letter that is not there
    font = load_font(source, options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    save_font(font, target, options)


def widths(path):
    """The characters of a font by their width in thousandths of its size."""
    from fontTools.ttLib import TTFont

    font = TTFont(path)
    found = {}
    for code, name in font.getBestCmap().items():
        wide = round(1000 * font["hmtx"][name][0] / font["head"].unitsPerEm)
        found.setdefault(str(wide), []).append(chr(code))
    return {wide: "".join(letters) for wide, letters in sorted(found.items(), key=lambda pair: int(pair[0]))}


def licence(path):
    """The licence of a font, which is inside of it."""
    from fontTools.ttLib import TTFont

    lines = TTFont(path)["name"].getDebugName(13).strip().splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def main(folder):
    """Write both fonts, the table and the licence."""
    for name in NAMES.values():
        cut(Path(folder) / name, FONTS / name)
    (FONTS / "LICENSE-DejaVu.txt").write_text(licence(Path(folder) / NAMES["regular"]), encoding="utf-8")
    table = {weight: widths(FONTS / name) for weight, name in NAMES.items()}
    (FONTS / "widths.json").write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
