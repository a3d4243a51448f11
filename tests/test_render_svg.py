"""A picture as SVG: well-formed, the same every time, its text as text and nothing but text."""

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pictures
import pytest

from byhand.document import Cell, Role
from byhand.picture import Part, Picture
from byhand.render import geometry
from byhand.render.looks import LOOKS, STYLE
from byhand.render.markup import escape
from byhand.render.measure import fitted, width_of, width_of_cells
from byhand.render.shapes import head_points, rounded
from byhand.render.svg import render_svg, spoken

SVG = "{http://www.w3.org/2000/svg}"
ATTRIBUTES = {
    *("class", "data-key", "transform", "x", "y", "width", "height", "rx", "d", "viewBox", "role", "aria-label"),
    *("fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "shape-rendering"),
    *("text-anchor", "font-family", "font-size", "font-weight", "font-style", "direction", "unicode-bidi"),
    "{http://www.w3.org/XML/1998/namespace}space",
}
GEOMETRY = Path(__file__).resolve().parent.parent / "viewer" / "src" / "geometry.json"


def drawn(name, **how):
    """The root element of a picture's SVG."""
    return ET.fromstring(render_svg(pictures.PICTURES[name], **how))


def by_class(root, name):
    """The elements with this class, in the order of the file."""
    return [each for each in root.iter() if name in each.get("class", "").split()]


def text_of(element):
    """All text in an element."""
    return "".join(element.itertext())


@pytest.mark.parametrize("dark", [None, False, True])
@pytest.mark.parametrize("name", pictures.PICTURES)
def test_every_picture_is_well_formed(name, dark):
    """A parser of XML takes every file."""
    assert drawn(name, dark=dark).tag == f"{SVG}svg"


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_the_same_picture_is_the_same_file(name):
    """Two drawings do not differ in a byte."""
    assert render_svg(pictures.PICTURES[name]) == render_svg(pictures.PICTURES[name])


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_nothing_runs_and_nothing_is_fetched(name):
    """No script, no event, no reference: the elements and attributes are these and no others."""
    root = drawn(name)
    tags = {each.tag.removeprefix(SVG) for each in root.iter()}
    attributes = {key for each in root.iter() for key in each.attrib}

    assert tags <= {"svg", "title", "desc", "style", "g", "rect", "path", "text", "tspan"}
    assert attributes <= ATTRIBUTES


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_the_style_sheet_is_always_the_same(name):
    """No text of the user's is in it, so that a page can allow it by its hash."""
    assert [each.text for each in drawn(name).iter(f"{SVG}style")] == [STYLE]


@pytest.mark.parametrize("dark", [False, True])
def test_a_fixed_ground_needs_no_style_sheet(dark):
    """Light or dark for good: the colours are attributes alone."""
    root = drawn("example", dark=dark)

    assert not list(root.iter(f"{SVG}style"))
    assert by_class(root, "page")[0].get("fill") == geometry.COLOURS["dark" if dark else "light"]["ground"]


def test_hostile_texts_are_text():
    """What looks like elements, quotes and entities comes out of a parser as it went in."""
    titles = [text_of(by_class(box, "row")[0]) for box in by_class(drawn("hostile"), "box")]

    assert titles[:4] == list(pictures.HOSTILE[:4])
    assert titles[6].endswith("x…")


def test_control_characters_are_left_out():
    """What no file of XML may hold, and what turns the direction of its neighbours, is not there."""
    assert escape(pictures.HOSTILE[5]) == "שלום abc[31m"


def test_text_from_the_right_stays_by_itself():
    """Hebrew beside numbers does not reorder them."""
    part = by_class(drawn("hostile"), "name")[5]

    assert (part.get("direction"), part.get("unicode-bidi")) == ("ltr", "isolate")


def test_a_screen_reader_hears_the_boxes():
    """The file is one image with a title and a description of its boxes."""
    root = drawn("example")

    assert (root.get("role"), root.get("aria-label")) == ("img", "loss.backward(), worked by hand")
    assert root.find(f"{SVG}title").text == "loss.backward(), worked by hand"
    assert "ŷ = w · x, value 1, ∂loss/∂ŷ = −2, agrees; s = ŷ − y" in root.find(f"{SVG}desc").text


def test_a_long_description_ends():
    """Of a hundred boxes forty are told, and how many more there are."""
    boxes = pictures.single().root.boxes * 100

    assert spoken(Picture("many", Part("", "", 9, 9, boxes, ()))).endswith("x; and 60 more")


def test_the_example_has_its_boxes_and_rows():
    """Golden structure: each box with its kind, verdict, key and rows, the words as text."""
    boxes = by_class(drawn("example"), "box")

    assert [(box.get("class"), box.get("data-key")) for box in boxes] == [
        ("box weight agrees", "w3.0"),
        ("box constant", "c0.0"),
        ("box constant", "c1.0"),
        ("box operation agrees", "s2"),
        ("box operation agrees", "s1"),
        ("box operation agrees", "s0"),
    ]
    assert [(row.get("class"), text_of(row)) for row in by_class(boxes[3], "row")] == [
        ("row always", "ŷ = w · x"),
        ("row forward", "1"),
        ("row backward", "∂loss/∂ŷ = −2"),
    ]
    assert [text_of(each) for each in by_class(boxes[3], "verdict")] == ["✓"]


def test_an_arrow_has_a_head_for_each_direction():
    """A value goes forward and its gradient comes back; a constant gets none."""
    arrows = by_class(drawn("example"), "arrow")

    assert [len(by_class(arrow, "forward")) for arrow in arrows] == [1, 1, 1, 1, 1]
    assert [len(by_class(arrow, "backward")) for arrow in arrows] == [1, 0, 1, 0, 1]


def test_no_head_stands_at_the_border():
    """What goes on outside of a part has no end there."""
    root = ET.fromstring(render_svg(replace(pictures.modules(), root=pictures.modules().root.boxes[0].inside)))

    assert [len(by_class(arrow, "head")) for arrow in by_class(root, "arrow")] == [1, 2, 1]


def test_labels_lie_on_plates_above_every_line():
    """No line crosses a text: labels come last, each with its ground below it, wide enough."""
    root = drawn("fan-out")
    labels = by_class(root, "label")
    plate, row = labels[0]

    assert list(root)[-len(labels) :] == labels
    assert float(plate.get("width")) == pytest.approx(width_of(text_of(row), geometry.SIZES["label"]) + 6, abs=0.1)


@pytest.mark.parametrize(("kind", "rectangles"), [("module", 2), ("repeated", 4), ("stretch", 2)])
def test_what_opens_has_two_outlines_and_a_sign(kind, rectangles):
    """A module is told from an operation by its shape; a repeated one has two more behind it."""
    (box,) = by_class(drawn("modules"), kind)

    assert len(list(box.iter(f"{SVG}rect"))) == rectangles
    assert [text_of(each) for each in by_class(box, "opens")] == ["▸"]


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_no_text_leaves_its_box(name):
    """Whatever a title holds, it ends with … before the edge."""
    for box in pictures.PICTURES[name].root.boxes:
        room = box.width - 2 * geometry.PADDING
        for row in box.rows:
            assert width_of_cells(fitted(row.cells, room, 12), 12) <= room


def test_a_text_that_fits_is_whole():
    """Nothing is cut without need."""
    cells = [Cell("ŷ", Role.NAME), Cell(" = w · x")]

    assert fitted(cells, width_of_cells(cells, 12), 12) == cells


def test_cells_that_are_not_finite_are_loud():
    """They are red, with a cross in each, and said in words."""
    sketch = by_class(drawn("tensors"), "sketch")[1]

    assert [path.get("d") for path in by_class(sketch, "strange")] == ["M8 8h16v8h-16z"]
    assert by_class(sketch, "cross")[0].get("d").count("M") == 2
    assert text_of(by_class(sketch, "differs")[0]) == "3 of 8,192 are not finite"


def test_equal_neighbours_are_one_rectangle():
    """A heat map of a single colour is one path of as many rectangles as it has rows."""
    sketch = pictures.Sketch(tuple((0.5,) * 64 for _ in range(8)))
    row = pictures.Row(30, pictures.Shows.FORWARD, sketch=sketch)
    box = replace(pictures.single().root.boxes[0], rows=(row,))
    root = ET.fromstring(render_svg(replace(pictures.single(), root=Part("", "", 99, 99, (box,), ()))))

    assert [path.get("d").count("M") for path in by_class(root, "plus")] == [8]


def test_corners_are_round():
    """An arrow bends with a radius of 6, less where there is no room."""
    assert rounded([(0, 0), (20, 0), (20, 30)]) == "M0 0L14 0Q20 0 20 6L20 30"
    assert rounded([(0, 0), (20, 0), (20, 4), (40, 4)]) == "M0 0L18 0Q20 0 20 2L20 2Q20 4 22 4L40 4"


def test_heads_point_along_the_last_piece():
    """Forward at the end of the arrow, backward at its beginning."""
    way = [(0, 0), (20, 0), (20, 30)]

    assert head_points(way, forward=True) == [(20, 30), (23, 23), (17, 23)]
    assert head_points(way, forward=False) == [(0, 0), (7, 3), (7, -3)]


def test_every_class_has_a_look_in_the_dark():
    """Nothing keeps a light colour on a dark ground."""
    assert all(f".{name}{{" in STYLE for name in LOOKS)


def luminance(colour):
    """How bright a colour is, as the rules for contrast measure it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return sum(
        weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
        for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
    )


@pytest.mark.parametrize("mode", geometry.COLOURS)
def test_every_text_can_be_read(mode):
    """Text has a contrast of at least 4.5 on the ground and on a weight's."""
    table = geometry.COLOURS[mode]
    pairs = [(table[name], table[on]) for name in ("ink", "faint", "forward", "backward", "agrees", "differs") for on in ("ground", "pale")]
    ratios = [sorted(map(luminance, pair)) for pair in [*pairs, (table["on loud"], table["loud"])]]

    assert min((light + 0.05) / (dark + 0.05) for dark, light in ratios) >= 4.5


@pytest.mark.skipif(not GEOMETRY.exists(), reason="the viewer's source is not here")
def test_the_viewer_draws_with_the_same_table():
    """`python -m byhand.render.geometry viewer/src/geometry.json` was run after the last change."""
    assert json.loads(GEOMETRY.read_text(encoding="utf-8")) == json.loads(geometry.as_json())


def test_text_stays_text():
    """Letters are letters in the file, to be searched, copied and read."""
    assert len(re.findall(r"<text ", render_svg(pictures.example()))) >= 16
