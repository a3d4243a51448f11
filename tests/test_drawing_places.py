"""Where boxes and arrows stand: true of every picture, whatever ran."""

from dataclasses import replace
from unittest.mock import patch

import drawn
import made
import pytest
import random_passes
import torch
import zoo
from hypothesis import given, settings

import byhand
from byhand import errors
from byhand.document import Cell
from byhand.drawing import draw, layout
from byhand.graph import Graph
from byhand.picture import Arrow, Box, Kind, Part
from byhand.results import Coverage, Pass


def recorded(build):
    """The pass of a model's loss."""
    torch.manual_seed(0)
    with byhand.record() as run:
        build().backward()
    return run.passes[0]


def flat(count):
    """A pass whose first operation takes from all others, and those from one weight."""
    sent = [made.sends(edge, edge + 1, "stack", 0.125 * edge) for edge in range(count)]
    first = made.step(0, "StackBackward0", "s", "stack(all)", 1.0, 1.0, *sent)
    others = [
        made.step(index, "MulBackward0", "", f"{index} * w", 1.0, 1.0, made.sends(0, count + 1, "mul_self", 2.0))
        for index in range(1, count + 1)
    ]
    return made.made((first, *others), (made.leaf(count + 1, "w", 1.0, 1.0),))


@pytest.mark.parametrize("build", [made.seed, made.fan_out, made.batch, made.blocks, lambda: made.chain(200), lambda: flat(30)])
def test_a_picture_is_drawn_without_a_collision(build):
    """No box on another, every arrow from border to border through no box, every label free on its own line."""
    assert drawn.problems(draw(build()).root) == []


@pytest.mark.parametrize("name", ["scalar_textbook", "lstm", "unet", "vae"])
def test_a_real_model_is_drawn_without_a_collision(name):
    """So are the boxes and arrows of real models, at every level."""
    assert drawn.problems(draw(recorded(zoo.GRAPHS[name])).root) == []


@settings(max_examples=25, deadline=None, derandomize=True)
@given(random_passes.passes())
def test_any_graph_is_drawn_without_a_collision(result):
    """And those of any graph that Hypothesis thinks of."""
    assert drawn.problems(draw(result).root) == []


def test_the_example_stands_on_one_line():
    """w, ŷ, s and loss stand on one straight line, from left to right; the constants below, each beside its use."""
    root = draw(made.seed()).root
    boxes = {box.key: box for box in root.boxes}
    spine = [boxes[key] for key in ("w3.0", "s2", "s1", "s0")]

    assert len({box.y + box.height / 2 for box in spine}) == 1
    assert [box.x for box in spine] == sorted({box.x for box in spine})
    assert all(len(arrow.points) == 2 for arrow in root.arrows if arrow.label)
    assert boxes["c1.0"].x < boxes["s2"].x + boxes["s2"].width < boxes["s1"].x


def test_the_same_run_gives_the_same_picture():
    """Nothing in a picture is left to chance."""
    assert draw(made.fan_out()).root == draw(made.fan_out()).root


def test_parts_of_the_same_build_are_laid_out_once():
    """The engine is asked once for what looks the same: here for the inside of ten of twelve blocks."""
    with patch.object(layout, "_laid_out", wraps=layout._laid_out) as engine:
        draw(made.blocks(12))

    assert engine.call_count < 12


def test_what_nothing_joins_stands_in_rows_below():
    """A loss that is its own weight, and many weights without a use."""
    result = Pass(
        Graph((), ()), (), tuple(made.leaf(number, f"weight{number}", 1.0, 1.0) for number in range(40)), (), Coverage(0, 0, 0, 0, 0)
    )
    root = draw(result).root

    assert drawn.problems(root) == []
    assert len({box.y for box in root.boxes}) > 1
    assert root.width < 1400


def test_an_empty_pass_is_an_empty_picture():
    """Nothing is drawn of nothing, without an error."""
    root = draw(Pass(Graph((), ()), (), (), (), Coverage(0, 0, 0, 0, 0))).root

    assert (root.boxes, root.arrows) == ((), ())


def test_labels_closer_than_their_height_stand_side_by_side():
    """Thirty contributions to one box: each label on its own line, none on another."""
    arrows = [arrow for arrow in draw(flat(30)).root.arrows if arrow.target == "s0"]

    assert len({arrow.label_at for arrow in arrows}) == len(arrows) == 30


def box(key, x, y, *, width=50.0, height=20.0):
    """A box at a place."""
    return Box(key, Kind.OPERATION, (), x, y, width, height)


def arrow(source, target, *points, label="", at=None):
    """An arrow between two boxes, with a label."""
    return Arrow(f"{source}>{target}", source, target, ("s1:0",), points, (Cell(label),) if label else (), at)


GOOD = Part(
    "",
    "",
    300.0,
    100.0,
    (box("a", 20.0, 20.0), box("b", 200.0, 20.0)),
    (arrow("a", "b", (70.0, 30.0), (200.0, 30.0), label="2", at=(150.0, 30.0)),),
)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"boxes": (box("a", 20.0, 20.0), box("b", 60.0, 20.0))}, "a overlaps b"),
        ({"width": 240.0}, "b is outside of ''"),
        ({"boxes": (*GOOD.boxes, box("c", 100.0, 20.0))}, "a>b runs through c"),
        ({"boxes": (*GOOD.boxes, box("c", 140.0, 36.0))}, "the label of a>b covers c"),
        ({"arrows": (arrow("a", "b", (75.0, 30.0), (200.0, 30.0)),)}, "a>b does not begin at its source"),
        ({"arrows": (arrow("a", "b", (70.0, 30.0), (200.0, 80.0)),)}, "a>b does not end at its target"),
        ({"arrows": (arrow("a", "", (70.0, 30.0), (290.0, 30.0)),)}, "a> does not end at its target"),
        ({"arrows": (arrow("a", "b", (70.0, 30.0), (200.0, 35.0)),)}, "a>b runs askew"),
        ({"arrows": (arrow("a", "b", (70.0, 30.0), (90.0, 30.0), (80.0, 30.0), (200.0, 30.0)),)}, "a>b runs backwards"),
        (
            {"arrows": (arrow("a", "b", (70.0, 30.0), (200.0, 30.0), label="2", at=(150.0, 50.0)),)},
            "the label of a>b is not on its line",
        ),
        ({"arrows": GOOD.arrows * 2}, "the labels of a>b and a>b overlap"),
    ],
)
def test_a_collision_is_seen(changes, problem):
    """Each of these checks finds a planted fault, and nothing where there is none."""
    assert drawn.problems(GOOD) == []
    assert problem in drawn.problems(replace(GOOD, **changes))


def test_a_refusal_of_the_engine_is_told():
    """What the engine refuses is NoPicture, with its reason."""
    with patch.object(layout, "OPTIONS", {"limits": {"max_nodes": 1}}), pytest.raises(errors.NoPicture, match="too many nodes"):
        draw(made.seed())
