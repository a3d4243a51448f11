"""A picture as PNG: small, with text on machines that have no fonts, and the colours of the SVG."""

import struct
import zlib
from dataclasses import replace

import pictures
import pytest
from tools import REQUIRED

from byhand.picture import Part, Picture
from byhand.render import geometry
from byhand.render.measure import FONTS, known, width_of
from byhand.render.pixels import SIGNATURE, size_of, smaller
from byhand.render.png import LONGEST, MOST, render_png

if not REQUIRED:
    pytest.importorskip("resvg_py", reason="resvg-py, of the extra byhand[png], is not installed")

SHADES = [(0, 0, 0), (255, 255, 255), (29, 95, 168), (180, 69, 10), (1, 2, 3), (254, 128, 7)]


def chunk(kind, body):
    """A piece of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def chunks(png):
    """The pieces of a PNG by their kind."""
    found, at = {}, len(SIGNATURE)
    while at < len(png):
        (long,) = struct.unpack(">I", png[at : at + 4])
        found[png[at + 4 : at + 8]] = png[at + 8 : at + 8 + long]
        at += 12 + long
    return found


def expected(kind, left, over, corner):
    """What a filter of PNG foretells of a byte, as its specification says."""
    guess = left + over - corner
    nearest = min((left, over, corner), key=lambda each: abs(guess - each))
    return (0, left, over, (left + over) // 2, nearest)[kind]


def filtered(kind, rows):
    """A PNG of these rows of red, green, blue and alpha, every row through the same filter."""
    lines, above = b"", bytes(len(rows[0]))
    for row in rows:
        before, corners = bytes(4) + row, bytes(4) + above
        lines += bytes([kind]) + bytes((byte - expected(kind, before[at], above[at], corners[at])) % 256 for at, byte in enumerate(row))
        above = row
    header = struct.pack(">IIBBBBB", len(rows[0]) // 4, len(rows), 8, 6, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def pixels(png):
    """The colours of a PNG with a palette, row by row."""
    parts, (width, height) = chunks(png), size_of(png)
    lines, colours = zlib.decompress(parts[b"IDAT"]), parts[b"PLTE"]
    rows = [lines[at * (width + 1) + 1 : (at + 1) * (width + 1)] for at in range(height)]
    return [[tuple(colours[3 * index : 3 * index + 3]) for index in row] for row in rows]


@pytest.mark.parametrize("kind", range(5))
def test_every_filter_is_read(kind):
    """None, Sub, Up, Average and Paeth: the pixels are those that were written."""
    rows = [[SHADES[(7 * row + 5 * column * column + row * column) % 6] for column in range(11)] for row in range(9)]
    written = [b"".join(bytes((*shade, 255)) for shade in row) for row in rows]

    assert pixels(smaller(filtered(kind, written))) == rows


def test_a_rare_colour_is_kept():
    """One red line in a picture of two hundred greys, two of each, stays red."""
    greys = [bytes((shade, shade, shade, 255)) * 3 for shade in range(200)]
    red = bytes((193, 28, 40, 255)) * 3

    assert pixels(smaller(filtered(0, [*greys, *greys, red]), keep=["#c11c28"]))[-1] == [(193, 28, 40)] * 3


@pytest.mark.parametrize("wide", [10, 11])
def test_sixteen_colours_take_half_a_byte(wide):
    """Two pixels stand in one byte, the last byte of an odd row half empty; of a ramp of greys every one stays near."""
    row = b"".join(bytes((25 * shade, 25 * shade, 25 * shade, 255)) for shade in range(wide))
    parts = chunks(smaller(filtered(0, [row, row]), colours=16))
    lines = zlib.decompress(parts[b"IDAT"])
    places = [place for byte in lines[1 : 1 + (wide + 1) // 2] for place in (byte >> 4, byte & 15)]

    assert parts[b"IHDR"][8] == 4
    assert len(lines) == 2 * (1 + (wide + 1) // 2)
    assert [parts[b"PLTE"][3 * place] for place in places[:wide]] == [25 * shade for shade in range(wide)]


def test_a_few_colours_are_those_that_matter():
    """A colour of many pixels that is far from all others is kept, of two that are alike only one."""
    rows = [bytes((shade, shade, shade, 255)) * count for shade, count in ((0, 10), (1, 9), (128, 8), (255, 10), (254, 9))]
    drawn = smaller(filtered(0, [b"".join(rows)]), colours=3)

    assert {chunks(drawn)[b"PLTE"][3 * place] for place in range(3)} == {0, 128, 255}


def test_other_kinds_of_png_are_refused():
    """A grey picture is not read as if it had colours."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    with pytest.raises(ValueError, match="eight bits"):
        smaller(SIGNATURE + chunk(b"IHDR", header) + chunk(b"IEND", b""))


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_every_picture_becomes_a_png(name):
    """Hostile texts, an enormous label, nothing at all: it is drawn, twice its size."""
    root = pictures.PICTURES[name].root
    drawn = render_png(pictures.PICTURES[name])

    assert size_of(drawn) == tuple(2 * (side + 2 * geometry.MARGIN) for side in (root.width, root.height))


def test_the_example_is_small():
    """A notebook can keep it: under 12 kB."""
    assert len(render_png(pictures.example())) < 12_000


@pytest.mark.parametrize("dark", [False, True])
def test_the_colours_are_those_of_the_picture(dark):
    """Forward, backward and ✓ are there exactly, and the ground reaches the last pixel, also where that is a part of one."""
    example = pictures.example()
    table = geometry.COLOURS["dark" if dark else "light"]
    rows = pixels(render_png(replace(example, root=replace(example.root, height=260.5)), dark=dark))
    found = {colour for row in rows for colour in row}

    assert {tuple(bytes.fromhex(table[name][1:])) for name in ("forward", "backward", "agrees", "ink")} <= found
    assert rows[-1][-1] == tuple(bytes.fromhex(table["ground"][1:]))


@pytest.mark.parametrize(("name", "colour"), [("tensors", "agrees"), ("fan-out", "faint")])
def test_one_small_sign_keeps_its_colour(name, colour):
    """A single ✓ or ○ among many shades of other colours is not brought down to one of them."""
    found = {each for row in pixels(render_png(pictures.PICTURES[name])) for each in row}

    assert tuple(bytes.fromhex(geometry.COLOURS["light"][colour][1:])) in found


def test_text_is_drawn_without_fonts_of_the_machine():
    """Every word of the example has its letters in the fonts that come with byhand, and leaves ink."""
    texts = [cell.text for box in pictures.example().root.boxes for row in box.rows for cell in row.cells]
    ink = tuple(bytes.fromhex(geometry.COLOURS["light"]["ink"][1:]))

    assert all(map(known, [*texts, "✓✗○▸"]))
    assert sum(row.count(ink) for row in pixels(render_png(pictures.single()))) > 20


@pytest.mark.parametrize(("width", "height"), [(40_000, 300), (5_000, 5_000), (200_000, 100)])
def test_a_large_picture_is_drawn_smaller(width, height):
    """No side and no number of pixels is beyond what a viewer can show."""
    sides = size_of(render_png(Picture("large", Part("", "", width, height, pictures.single().root.boxes, ()))))

    assert max(sides) <= LONGEST + 1
    assert sides[0] * sides[1] <= MOST * 1.01


def test_the_fonts_have_their_licence():
    """It lies beside them."""
    assert "Bitstream Vera" in (FONTS / "LICENSE-DejaVu.txt").read_text(encoding="utf-8")


def test_widths_are_those_of_the_fonts():
    """An accent takes no room, bold is wider, and what the fonts have not is guessed."""
    assert width_of("y\u0302", 12) == width_of("y", 12)
    assert width_of("loss", 12, bold=True) > width_of("loss", 12) > 20
    assert width_of("字", 12) == 15
