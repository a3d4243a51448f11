"""A picture as a page's data: everything in it, nothing that is empty, the same letters every time."""

import base64
import gzip
import json
from dataclasses import replace

import pictures
import pytest

from byhand.document import Cell, Formula, Heading, Ledger, Prose, Role, Table
from byhand.picture import Heat, Part, Picture, Sketch, Source
from byhand.render.data import packed, page_data
from byhand.render.html import visible
from byhand.render.sketch import shaded

BLOCKS = (
    Heading("h", 3),
    Prose((Cell("p", Role.FAINT),)),
    Formula((Cell("f", latex="f"), Cell("1")), (Cell("agrees", Role.AGREES),)),
    Table(("a",), (((Cell("1"),),),), "caption"),
    Ledger("l", ((Cell("via"), Cell("1")),), (Cell("sum"), Cell("1"))),
)


def unpacked(text):
    """What the page reads out of its data."""
    return json.loads(gzip.decompress(base64.b64decode(text)), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def sketched(levels):
    """The data of a sketch in a box."""
    drawn = pictures.box("s0", 0, 0, "x", ("forward", Sketch(levels)))
    return page_data(Picture("t", Part("", "", 1, 1, (drawn,), ())))["root"]["boxes"][0]["rows"][1]["sketch"]


def nothing(**others):
    """A picture without boxes."""
    return replace(pictures.empty(), **others)


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_what_is_packed_is_the_picture(name):
    """Unpacked, the data are those of the picture, in strict JSON."""
    assert unpacked(packed(pictures.PICTURES[name])) == page_data(pictures.PICTURES[name])


def test_the_same_picture_gives_the_same_letters():
    """Neither the time nor the order of anything is in the data."""
    assert packed(pictures.example()) == packed(pictures.example())
    assert base64.b64decode(packed(pictures.example()))[4:8] == b"\0\0\0\0"


def test_boxes_and_arrows_are_where_the_picture_has_them():
    """Places, rows and what belongs to a box are taken over."""
    data, picture = page_data(pictures.example()), pictures.example()
    box, arrow = data["root"]["boxes"][3], data["root"]["arrows"][0]

    assert [box[key] for key in ("key", "kind", "x", "y", "w", "source", "forward", "backward")] == [
        "s2",
        "operation",
        240,
        56,
        132,
        [0, 5],
        1,
        6,
    ]
    assert [row["shows"] for row in box["rows"]] == ["always", "forward", "backward"]
    assert [arrow[key] for key in ("from", "to", "at", "label", "flows")] == ["w3.0", "s2", [192, 76], [["−2 · 1 = −2", "backward"]], True]
    assert len(data["root"]["arrows"]) == len(picture.root.arrows)


def test_the_forward_moments_are_counted():
    """The slider knows where forward ends: three operations."""
    assert page_data(pictures.example())["forward"] == 3


def test_what_is_empty_is_left_out():
    """A picture without anything is a title and a part."""
    assert page_data(Picture("t", Part("", "", 10, 20, (), ()))) == {"title": "t", "root": {"key": "", "w": 10, "h": 20, "boxes": []}}


def test_an_arrow_without_a_gradient_says_nothing_of_it():
    """`flows` is there only where it is true."""
    assert "flows" not in page_data(pictures.example())["root"]["arrows"][1]


def test_places_have_a_tenth_of_a_pixel():
    """Digits that nobody sees are not kept."""
    root = Part("", "", 10.04, 20.06, (replace(pictures.single().root.boxes[0], x=1 / 3, y=2.0),), ())
    data = page_data(Picture("t", root))["root"]

    assert (data["w"], data["h"], data["boxes"][0]["x"], repr(data["boxes"][0]["y"])) == (10, 20.1, 0.3, "2")


def test_every_block_keeps_its_parts():
    """Details are blocks with their kind; formulas carry MathML."""
    blocks = page_data(nothing(details={"s0": BLOCKS}))["details"]["s0"]
    xmlns = "http://www.w3.org/1998/Math/MathML"

    assert blocks == [
        {"kind": "heading", "text": "h", "level": 3},
        {"kind": "prose", "cells": [["p", "faint"]]},
        {
            "kind": "formula",
            "parts": [["f", "plain", f'<math xmlns="{xmlns}"><mi>f</mi></math>'], ["1", "plain"]],
            "remark": [["agrees", "agrees"]],
        },
        {"kind": "table", "columns": ["a"], "rows": [[[["1", "plain"]]]], "caption": "caption"},
        {"kind": "ledger", "title": "l", "rows": [[["via", "plain"], ["1", "plain"]]], "total": [["sum", "plain"], ["1", "plain"]]},
    ]


def test_the_chain_rules_of_weights_are_set_first():
    """Where there is room for one formula, it is a weight's; the others stay text."""
    details = {key: (Prose((Cell(key, latex=key[0]),)),) for key in ("s0", "w0")}
    found = page_data(nothing(details=details), formulas=1)["details"]

    assert (len(found["s0"][0]["cells"][0]), len(found["w0"][0]["cells"][0])) == (2, 3)
    assert list(found) == ["s0", "w0"]


def test_a_formula_that_comes_again_takes_no_room():
    """The room is for different formulas."""
    details = {"w0": (Prose((Cell("a", latex="a"), Cell("a", latex="a"), Cell("b", latex="b"))),)}

    assert [len(cell) for cell in page_data(nothing(details=details), formulas=1)["details"]["w0"][0]["cells"]] == [3, 3, 2]


def test_all_nan_is_strict_json():
    """What is not finite is null: no NaN in JSON."""
    sketch = Sketch(((None, None),), (), "NaN", "NaN", "2 of 2 are not finite")
    picture = replace(
        pictures.single(),
        root=Part("", "", 10, 10, (pictures.box("s0", 0, 0, "x", ("forward", sketch)),), ()),
        heats=(Heat("norm", {"s0": float("nan"), "s1": float("inf")}, {"s0": "NaN", "s1": "∞"}, "s0"),),
    )
    data = unpacked(packed(picture))

    assert data["heats"][0]["values"] == {"s0": None, "s1": None}
    assert data["root"]["boxes"][0]["rows"][1]["sketch"]["levels"] == [[None, None]]


def test_a_heat_map_has_the_shades_that_are_drawn():
    """Levels are eighths; a busy map has fewer, and is drawn as it would have been."""
    few, many = ((0.3, -1.0, None, 0.01, 1.0),), tuple(tuple((3 * x + y) % 23 / 23 for x in range(40)) for y in range(40))
    first, second = (sketched(levels)["levels"] for levels in (few, many))

    assert first == [[0.25, -1, None, 0, 1]]
    assert shaded(second) == shaded(many)
    assert {level * 8 % 1 for row in second for level in row} == {0}


def test_a_source_keeps_its_first_line():
    """Lines count from where they are in the file."""
    assert page_data(nothing(sources=(Source("a.py", ("x", ""), 7),)))["sources"] == [{"name": "a.py", "first": 7, "lines": ["x", ""]}]


def test_hostile_texts_come_through_as_text():
    """Half a character and a NUL become signs, all else is as it was."""
    boxes = unpacked(packed(pictures.hostile()))["root"]["boxes"]

    assert [box["module"] for box in boxes] == [visible(text) for text in pictures.HOSTILE]


def test_inside_parts_are_data_too():
    """A part that can be opened holds its own boxes and arrows."""
    inside = page_data(pictures.modules())["root"]["boxes"][1]["inside"]["boxes"][0]["inside"]

    assert [box["key"] for box in inside["boxes"]] == ["s5", "s4"]
    assert [arrow.get("from", "") for arrow in inside["arrows"]] == ["", "s5", "s4"]
