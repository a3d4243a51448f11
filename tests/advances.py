"""The widths of DejaVu Sans that the layout measures with, as the text of src/byhand/drawing/advances.py.

Needs fonttools and the fonts: `python tests/advances.py DejaVuSans.ttf DejaVuSans-Bold.ttf > src/byhand/drawing/advances.py`
"""

import math
import sys

BLOCKS = ((0x20, 0x530), (0x1D00, 0x2400), (0x2500, 0x2800))
UNIT = 48  # the widest character has 91 of them, as many as there are codes
ZERO = "#"  # codes follow ASCII from here, so that there is no quote
BACKSLASH = ord("\\") - ord(ZERO)
LINE = 130


def codes(path):
    """One code for each character of the blocks: its advance in parts of an em, rounded up; a space where the font has none."""
    from fontTools.ttLib import TTFont

    font = TTFont(path)
    names, advances, em = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
    points = [point for first, after in BLOCKS for point in range(first, after)]
    return "".join(code(advances[names[point]][0] / em) if point in names else " " for point in points)


def code(advance):
    """The code of an advance in em; none is a backslash, the next larger one stands for it."""
    units = math.ceil(advance * UNIT)
    return chr(ord(ZERO) + units + (units == BACKSLASH))


def literal(text):
    """The text as a Python literal of several lines."""
    lines = [text[start : start + LINE] for start in range(0, len(text), LINE)]
    return "\n".join(f'        "{line}"' for line in lines)


def module(regular, bold):
    """The whole module."""
    starts = [sum(after - first for first, after in BLOCKS[:number]) for number in range(len(BLOCKS))]
    blocks = ", ".join(f"(0x{first:X}, 0x{after:X}, {start})" for (first, after), start in zip(BLOCKS, starts, strict=True))
    return f'''"""The advances of DejaVu Sans, regular and bold: made by tests/advances.py, not by hand."""

UNIT = {UNIT}  # of an em
ZERO = "{ZERO}"  # the code of no width; the codes follow one another in ASCII, a space is a character that the font has not
BLOCKS = ({blocks})
"""Blocks of Unicode: the first, the one after the last, and where the block begins in the table."""

ADVANCES = {{
    False: (
{literal(regular)}
    ),
    True: (
{literal(bold)}
    ),
}}
'''


if __name__ == "__main__":
    sys.stdout.write(module(codes(sys.argv[1]), codes(sys.argv[2])))
