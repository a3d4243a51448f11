"""What is in a picture: every operation once, every contribution at every level, boxes that open for what is large."""

from collections import Counter
from dataclasses import replace

import drawn
import made
import pytest
import random_passes
import torch
import zoo
from hypothesis import given, settings
from test_drawing_places import recorded

import byhand
from byhand import errors
from byhand.drawing import draw
from byhand.drawing.contents import Contents
from byhand.drawing.cutting import cut
from byhand.drawing.groups import grouped, ordered
from byhand.drawing.joins import Joins
from byhand.drawing.parts import Parts
from byhand.drawing.tree import from_below
from byhand.explanation.labels import Labels
from byhand.picture import Kind
from byhand.results import Step


def homes(root):
    """For every box of an operation, the parts it is in, outermost first, each with the box that leads to it."""
    found, waiting = {}, [(root, ())]
    while waiting:
        part, way = waiting.pop()
        for box in part.boxes:
            here = (*way, (part.key, box.key))
            if box.kind is Kind.OPERATION:
                found.setdefault(box.key, []).append(here)
            if box.inside:
                waiting.append((box.inside, here))
    return found


def wanted(result, root):
    """Which arrows there must be, (part, source, target), and what each carries."""
    places = {key: found[0] for key, found in homes(root).items()}
    arrows = {}
    for step in result.steps:
        for each in step.contributions:
            target, source = places[f"s{step.index}"], places.get(f"s{each.to[0]}")
            if source is None:
                continue
            shared = sum(1 for one, other in zip(source, target, strict=False) if one[0] == other[0])
            ways = [(part, box, "") for part, box in source[shared:]] + [(part, "", box) for part, box in target[shared:]]
            for way in [*ways, (source[shared - 1][0], source[shared - 1][1], target[shared - 1][1])]:
                arrows.setdefault(way, set()).add(f"s{each.to[0]}:{each.to[1]}")
    return arrows


def given_arrows(root):
    """The arrows there are, but for those of weights and constants."""
    found = {}
    for part in drawn.every_part(root):
        for arrow in part.arrows:
            if arrow.source[:1] not in ("w", "c"):
                found[part.key, arrow.source, arrow.target] = set(arrow.values)
    return found


def ghosts(result, root):
    """Which weights stand beside which operations, by the picture and by the pass; a box of many has them all inside, on arrows out."""
    joined = set()
    for part in drawn.every_part(root):
        for arrow in part.arrows:
            if arrow.source[:1] == "w":
                joined |= {(value, arrow.target or part.key[2:].partition(".")[0]) for value in arrow.values if value[0] == "w"}
                inside = next(box.inside for box in part.boxes if box.key == arrow.source)
                assert inside is None or {value for one in inside.arrows for value in one.values} == {*arrow.values}
    leaves = {leaf.index for leaf in result.leaves}
    return joined, {(f"w{each.to[0]}", f"s{step.index}") for step in result.steps for each in step.contributions if each.to[0] in leaves}


def root_of(result):
    """The outermost part of a pass, without the details of what stands in it."""
    labels = Labels(result)
    group = grouped(ordered(result, labels), labels)
    return Parts(Contents(result, labels), Joins(result, group)).draw(group)


def complete(result):
    """The outermost part of a pass, seen to hold everything once."""
    root = root_of(result)
    keys = Counter(box.key for part in drawn.every_part(root) for box in part.boxes)
    operations = homes(root)
    assert set(operations) == {f"s{step.index}" for step in result.steps}
    assert max(keys.values()) == 1
    assert given_arrows(root) == wanted(result, root)
    joined, used = ghosts(result, root)
    assert joined == used
    return root


@settings(max_examples=25, deadline=None, derandomize=True)
@given(random_passes.passes(most=70))
def test_any_pass_is_drawn_whole(result):
    """Every operation is one box, every contribution an arrow in each part on its way, every weight beside its uses."""
    complete(result)


@pytest.mark.parametrize("name", ["mlp", "lstm", "nn_transformer", "pinn"])
def test_a_model_is_drawn_whole(name):
    """So it is of real models, with all levels of their modules."""
    complete(recorded(zoo.GRAPHS[name]))


@pytest.mark.parametrize("count", [1, 24, 60, 61, 200])
def test_a_chain_is_cut_into_stretches(count):
    """A run without modules is flat up to 60 operations; a longer one is cut, and the stretches again."""
    parts = list(drawn.every_part(complete(made.chain(count))))

    assert len(parts) == 1 or count > 60
    assert max(sum(box.key[0] != "w" for box in part.boxes) for part in parts) <= 84


def test_a_cut_is_made_where_few_values_cross():
    """Of the places around the middle the one is taken that a single value crosses."""
    spans = [(place, place + 1) for place in range(99)] + [(place, place + 3) for place in range(96) if not place <= 46 < place + 3]

    assert cut(100, spans, 60) == [47]


def test_blocks_of_the_same_build_are_folded():
    """Twelve blocks are one box, "h.0 … h.11 × 12", in which each has its own."""
    root = draw(made.blocks(12)).root
    folded = next(box for box in root.boxes if box.kind is Kind.REPEATED)

    assert [box.key for box in root.boxes] == ["r:h.0", "s0"]
    assert folded.inside is not None
    assert folded.inside.title == "h.0 … h.11 × 12"
    assert [box.rows[0].cells[0].text for box in folded.inside.boxes] == [f"h.{number}" for number in range(12)]


class Blocks(torch.nn.Module):
    """A list of blocks, each a Sequential, and a head."""

    def __init__(self, count):
        super().__init__()
        self.blocks = torch.nn.ModuleList([torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU()) for _ in range(count)])
        self.head = torch.nn.Linear(4, 1)

    def forward(self, value):
        for block in self.blocks:
            value = block(value)
        return self.head(value)


def test_blocks_that_are_sequential_are_folded():
    """A Sequential in a list of modules is a block, though its own modules have numbers too."""
    root = complete(recorded(lambda: Blocks(12)(torch.ones(2, 4)).sum()))

    assert [box.key for box in root.boxes] == ["r:blocks.0", "m:head", "s0"]
    assert root.boxes[0].rows[0].cells[0].text == "blocks.0 … blocks.11 × 12"


def calls(model, count):
    """The pass of a model that is applied to its own result again and again."""
    with byhand.record() as run:
        value = torch.ones(2, 3)
        for _ in range(count):
            value = model(value) + 1
        value.sum().backward()
    return run.passes[0]


class Twice(torch.nn.Module):
    """A module that uses one of its own twice, with something in between."""

    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Tanh(), torch.nn.Linear(3, 3), torch.nn.Sigmoid())

    def forward(self, value):
        return self.inner(value.exp()) * self.inner(value.cos())


def test_a_module_called_twice_has_two_boxes():
    """What one call gives to another goes from left to right: each call has its own box, the second with a number."""
    result = calls(Twice(), 4)
    keys = {box.key for part in drawn.every_part(complete(result)) for box in part.boxes}

    assert {"m:inner", "m:inner:2"} <= keys


def test_a_module_alone_is_drawn_with_what_comes_in_and_goes_out():
    """With `part`, the picture is that of one module; what it takes begins at the left border, what it gives ends at the right."""
    root = draw(made.blocks(12), part="h.3").root

    assert root.title == "h.3"
    assert {box.key for box in root.boxes if box.kind is Kind.OPERATION} == {"s17", "s18"}
    assert {(arrow.source, arrow.target) for arrow in root.arrows if arrow.source[:1] != "w"} == {("", "s18"), ("s18", "s17"), ("s17", "")}


def test_a_module_that_is_not_there_is_told():
    """A part that did not run is NoSuchPart, as in the story."""
    with pytest.raises(errors.NoSuchPart):
        draw(made.blocks(3), part="g.1")


def test_a_weight_used_often_has_a_ghost_beside_every_few_uses():
    """No line goes from one box to forty: the weight of a long loop stands beside its uses, four to a ghost."""
    steps = [
        made.step(
            index,
            "MulBackward0",
            "h",
            "h * w",
            1.0,
            1.0,
            *([made.sends(0, index + 1, "mul_self", 1.0)] if index < 39 else []),
            made.sends(1, 40, "mul_other", 1.0),
        )
        for index in range(40)
    ]
    root = draw(made.made(tuple(steps), (made.leaf(40, "w", 1.0, 1.0),))).root

    assert [box.key for box in root.boxes if box.kind is Kind.WEIGHT] == [f"w40.{number}" for number in range(10)]
    assert max(Counter(arrow.source for arrow in root.arrows).values()) == 4


def test_two_ways_between_the_same_boxes_are_one_arrow():
    """The product x · x sends two contributions along one arrow, and the label has both."""
    square = made.step(
        0,
        "MulBackward0",
        "loss",
        "x * x",
        9.0,
        1.0,
        made.sends(0, 1, "mul_self", 3.0, local=3.0),
        made.sends(1, 1, "mul_other", 3.0, local=3.0),
    )
    root = draw(made.made((square,), (made.leaf(1, "x", 3.0, 6.0),))).root

    assert [arrow.key for arrow in root.arrows] == ["w1.0>s0"]
    assert "".join(cell.text for cell in root.arrows[0].label) == "1 · 3 = 3 and 1 · 3 = 3"


@pytest.mark.parametrize("build", [made.seed, made.fan_out, made.blocks])
def test_a_contribution_shows_when_its_operation_goes_back(build):
    """The moment of an arrow's label is the one at which its operation is told backward."""
    picture = draw(build())
    for part in drawn.every_part(picture.root):
        for arrow in part.arrows:
            if arrow.label:
                moment = picture.moments[arrow.backward]
                assert (moment.forward, moment.box) == (False, arrow.target)
                assert arrow.about.partition(".")[0] == arrow.target


def test_operations_out_of_order_are_sorted():
    """A graph whose numbers of the program are wrong is drawn all the same, from left to right."""
    result = made.made(made.chain(100).steps, made.chain(100).leaves, sequences={index: index % 7 for index in range(100)})
    assert drawn.problems(complete(result)) == []


def test_a_long_chain_is_grouped_without_recursion():
    """Twenty thousand operations are stretches in stretches, three deep, and what goes from one to the next is joined at every level."""
    result = made.chain(20_000)
    labels = Labels(result)
    group = grouped(ordered(result, labels), labels)
    joins = Joins(result, group)

    assert max(len(each.items) for each in from_below(group)) <= 84
    assert sum(isinstance(item, Step) for each in from_below(group) for item in each.items) == 20_000
    assert max(len(inside.joins) for inside in joins.inside.values()) <= 86


def test_modules_far_inside_of_one_another_are_drawn():
    """Of five hundred modules inside of one another the outer ones have boxes, however deep they are called."""
    path = [f"m{depth}" for depth in range(500)]
    chain = made.chain(100)
    steps = tuple(replace(step, module=".".join(path[: 5 * (100 - step.index)])) for step in chain.steps)
    complete(made.made(steps, chain.leaves))


def test_labels_give_the_order():
    """Stretches are named by the places of their operations in the program."""
    result = made.chain(130)
    keys = [box.key for box in root_of(result).boxes if box.kind is Kind.STRETCH]

    assert keys[0].startswith("t:1-")
    assert keys[-1].endswith(f"-{len(Labels(result).steps)}")
