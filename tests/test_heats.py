"""Colouring by a number: the norms of gradients, the errors, what is not finite."""

import json
import math
from dataclasses import replace

import pytest
import torch
from programs_drawn import example, not_a_number, passed, weight, wrong

from byhand.drawing import draw
from byhand.drawing.heats import heats
from byhand.picture import Box, Kind, Part
from byhand.render.data import written
from byhand.value import Missing, Value


def heats_of(program):
    """The heats of a program's picture, by their names."""
    return {heat.name: heat for heat in draw(passed(program)).heats}


def grows():
    """One NaN becomes many."""
    x = weight([-1.0, 2.0])
    r = torch.log(x)
    many = r.sum() * torch.ones(5)
    loss = many.sum()
    loss.backward()


def test_every_box_has_the_norm_of_its_gradient():
    """Operations and weights, with the number as text; constants take no gradient."""
    heat = heats_of(example)["norm of the gradient"]

    assert heat.values == {"s2": 2.0, "s1": 2.0, "s0": 1.0, "w3.0": 2.0}
    assert heat.texts["s1"] == "2"


def test_only_what_has_something_to_show():
    """Where every number is right to the last bit, and finite, there is nothing to colour."""
    assert set(heats_of(example)) == {"norm of the gradient"}


def test_the_worst_is_where_it_went_wrong():
    """Not what comes behind it, nor the weight that takes the error over, though it is more times its own floor there."""
    heat = heats_of(wrong)["error in units of the rounding floor"]

    assert heat.worst == "s1"
    assert heat.values["w3.0"] > heat.values["s1"]
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
    assert heat.worst == "s1"


NORM = "norm of the gradient"


class Spoils(torch.autograd.Function):
    """Passes its input on; sends back NaN for each element."""

    @staticmethod
    def forward(ctx, a):
        """A copy."""
        return a.clone()

    @staticmethod
    def backward(ctx, grad):
        """Nothing that is a number."""
        return grad * math.nan


def spoilt(size):
    """A program whose gradients are finite only behind y; z has a gradient of zeros."""

    def program():
        w = torch.ones(size, requires_grad=True)
        z = w * 2
        y = Spoils.apply(w)
        loss = (y * 3).sum() + (z * 0).sum()
        loss.backward()

    return program


def by_name(program):
    """The picture of a program, and the key of each box by what its title begins with."""
    picture = draw(passed(program))
    return picture, {"".join(cell.text for cell in box.rows[0].cells).split(" = ")[0]: box.key for box in picture.root.boxes}


@pytest.mark.parametrize("size", [3, 2000])
def test_a_gradient_of_nan_is_the_hottest(size):
    """Not as cool as a gradient of zeros, and the text says how much of it is not finite, in small and in large tensors."""
    picture, keys = by_name(spoilt(size))
    heat = next(heat for heat in picture.heats if heat.name == NORM)

    assert heat.texts[keys["w"]] == f"{size:,} of {size:,} NOT FINITE"
    assert heat.texts[keys["z"]] == "0"
    assert heat.values[keys["z"]] == 0.0
    assert all(heat.values[keys["w"]] > number for key, number in heat.values.items() if key != keys["w"])


def test_a_gradient_that_is_missing_has_no_colour():
    """It is neither zero nor the hottest."""
    result = passed(example)
    steps = tuple(
        replace(step, outputs=tuple(replace(each, by_hand=Missing.NO_GRADIENT, by_torch=Missing.NO_GRADIENT) for each in step.outputs))
        if step.index == 1
        else step
        for step in result.steps
    )
    heat = next(heat for heat in draw(replace(result, steps=steps)).heats if heat.name == NORM)

    assert "s1" not in heat.values
    assert "s1" not in heat.texts


def test_a_page_has_finite_numbers_only():
    """Its data are strict JSON, the hottest number a number like the others."""
    picture, keys = by_name(spoilt(3))
    (values,) = (heat["values"] for heat in json.loads(written(picture))["heats"] if heat["name"] == NORM)

    assert values[keys["w"]] == max(values.values())


def test_beyond_the_largest_number_there_is_still_a_number():
    """A gradient near the end of float64 leaves a finite place for what is hotter."""
    result = passed(spoilt(3))
    steps = tuple(replace(step, outputs=tuple(map(huge, step.outputs))) for step in result.steps)
    heat = next(heat for heat in heats(replace(result, steps=steps), draw(result).root) if heat.name == NORM)

    assert max(heat.values.values()) < math.inf


def huge(output):
    """The output with a gradient whose norm is near the end of float64."""
    return replace(output, by_hand=Value((2000,), "float64", norm=1.5e308))


def test_a_closed_part_takes_over_what_is_not_finite():
    """From outside one sees that there is NaN inside."""
    picture, keys = by_name(spoilt(3))
    inner = replace(picture.root, key="m:inner")
    closed = Box("m:inner", Kind.MODULE, (), 0, 0, 1, 1, inside=inner)
    heat = next(heat for heat in heats(passed(spoilt(3)), Part("", "", 1, 1, (closed,), ())) if heat.name == NORM)

    assert heat.texts["m:inner"] == "3 of 3 NOT FINITE"
    assert heat.values["m:inner"] == heat.values[keys["w"]]


def test_the_worst_can_be_a_weight():
    """Where no operation has as large a gradient."""

    def program():
        w = weight(1.0)
        loss = w * 1000
        loss.backward()

    heat = heats_of(program)[NORM]

    assert heat.worst == "w1.0"
    assert heat.values["w1.0"] == 1000.0


def test_of_weight_and_operation_the_worst_is_the_operation():
    """Where both are as large; and of two operations the one nearer to the loss."""
    assert heats_of(example)[NORM].worst == "s1"


def test_the_worst_of_what_is_not_finite_is_its_first_cause():
    """The operation that made the first NaN, not the one behind it that has as many, nor the weight that it flows back to."""
    picture, keys = by_name(grows)
    heat = next(heat for heat in picture.heats if heat.name == "not finite")

    assert heat.worst == keys["r"]


def test_a_weight_can_be_the_first_cause():
    """What came in as NaN is to blame, whatever else becomes NaN by it."""

    def program():
        w = weight([1.0, math.nan])
        loss = (w * 2).sum()
        loss.backward()

    picture, keys = by_name(program)

    assert next(heat for heat in picture.heats if heat.name == "not finite").worst == keys["w"]


def test_where_all_values_are_finite_the_first_gradient_is_the_cause():
    """The first on the way back that is not finite."""

    def program():
        w = weight([1.0, 2.0])
        v = w * 2
        u = v * 3
        loss = Spoils.apply(u).sum()
        loss.backward()

    picture, keys = by_name(program)

    assert next(heat for heat in picture.heats if heat.name == "not finite").worst == keys["u"]
