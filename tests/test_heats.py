"""Colouring by a number: the norms of gradients, the errors, what is not finite."""

from dataclasses import replace

from programs_drawn import example, not_a_number, passed, wrong

from byhand.drawing import draw
from byhand.drawing.heats import heats
from byhand.picture import Box, Kind, Part


def heats_of(program):
    """The heats of a program's picture, by their names."""
    return {heat.name: heat for heat in draw(passed(program)).heats}


def test_every_box_has_the_norm_of_its_gradient():
    """Operations and weights, with the number as text; constants take no gradient."""
    heat = heats_of(example)["norm of the gradient"]

    assert heat.values == {"s2": 2.0, "s1": 2.0, "s0": 1.0, "w3.0": 2.0}
    assert heat.texts["s1"] == "2"


def test_only_what_has_something_to_show():
    """Where every number is right to the last bit, and finite, there is nothing to colour."""
    assert set(heats_of(example)) == {"norm of the gradient"}


def test_the_worst_is_where_it_went_wrong():
    """Not what comes behind it."""
    heat = heats_of(wrong)["error in units of the rounding floor"]

    assert heat.worst == "s1"
    assert heat.values["s2"] == 0.0
    assert heat.values["s1"] > 1000


def test_what_is_not_finite_is_counted():
    """The value that became NaN first has one such element, and all behind it."""
    heat = heats_of(not_a_number)["not finite"]

    assert {key: text for key, text in heat.texts.items() if key in ("s1", "s0")} == {"s1": "1 element", "s0": "1 element"}


def without_floor(contribution):
    """The contribution where rounding explains nothing."""
    return replace(contribution, comparison=replace(contribution.comparison, floor=0.0))


def test_an_infinite_error_has_a_finite_number():
    """A page can be coloured by it all the same, and it is the worst."""
    result = passed(wrong)
    steps = tuple(replace(step, contributions=tuple(map(without_floor, step.contributions))) for step in result.steps)
    heat = next(heat for heat in draw(replace(result, steps=steps)).heats if heat.name == "error in units of the rounding floor")

    assert all(number < float("inf") for number in heat.values.values())
    assert (heat.worst, heat.texts["s1"]) == ("s1", "∞")


def test_a_closed_part_has_the_largest_inside():
    """So that one sees from outside where to look."""
    result = passed(example)
    boxes = [Box(f"s{number}", Kind.OPERATION, (), 0, 0, 1, 1, about=f"s{number}") for number in range(3)]
    inner = Part("m:inner", "inner", 1, 1, tuple(boxes[:2]), ())
    whole = Part("", "", 1, 1, (Box("m:inner", Kind.MODULE, (), 0, 0, 1, 1, inside=inner), boxes[2]), ())
    (heat,) = heats(result, whole)

    assert heat.values == {"s0": 1.0, "s1": 2.0, "s2": 2.0, "m:inner": 2.0}
    assert heat.worst in ("s1", "s2")
