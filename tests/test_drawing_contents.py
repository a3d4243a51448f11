"""What stands in the boxes and on the arrows: the numbers of the story, each kind of missing value in its own words."""

import pytest
import torch
from programs_drawn import example, fan_out, lines, matrices, not_a_number, parts, passed, text, undefined, weight, wrong
from zoo import GRAPHS, transformers_graphs

import byhand
from byhand.document import Cell, Role, Table
from byhand.drawing.contents import Contents
from byhand.drawing.rows import fitted, numbers_of, short
from byhand.explanation import explain
from byhand.explanation.labels import Labels
from byhand.picture import Shows
from byhand.value import Missing, Value


class Drawn:
    """The contents of a pass, by the user's names."""

    def __init__(self, result):
        self.result, self.labels = result, Labels(result)
        self.contents = Contents(result, self.labels)

    def step(self, name):
        """The operation with this label."""
        return next(step for step in self.labels.steps if self.labels.cell((step.index, 0)).text == name)

    def box(self, name):
        """The box of an operation."""
        return self.contents.operation(self.step(name))

    def weight(self, name):
        """The box of a weight."""
        return self.contents.weight(next(leaf for leaf in self.result.leaves if leaf.name == name))

    def sent(self, name):
        """The labels of what an operation sends back."""
        step = self.step(name)
        return [text(self.contents.label(step, each)) for each in step.contributions]


def drawn(program):
    """The contents of a program's last pass."""
    return Drawn(passed(program))


def test_a_box_has_its_expression_value_and_gradient():
    """The three lines of a scalar operation."""
    assert lines(drawn(example).box("ŷ")) == ["ŷ = w · x", "1", "∂loss/∂ŷ = −2"]


def test_the_lines_show_one_after_the_other():
    """The title is always there, the value from the forward pass on, the gradient from the backward pass on."""
    box = drawn(example).box("ŷ")

    assert [shows for shows, _ in box.rows] == [Shows.ALWAYS, Shows.FORWARD, Shows.BACKWARD]
    assert [cell.role for cell in box.rows[1][1]] == [Role.FORWARD]
    assert (box.forward, box.backward) == (1, 6)


def test_an_arrow_says_upstream_times_local():
    """The contribution as the story has it."""
    assert drawn(example).sent("ŷ") == ["−2 · 1 = −2"]


def test_a_box_can_be_heard():
    """A screen reader gets the whole box in one line."""
    assert drawn(example).box("ŷ").spoken == "ŷ = w · x; value 1; ∂loss/∂ŷ = −2; agrees"


def test_a_box_knows_its_line():
    """The line of the program that the operation was written on."""
    found = drawn(example)
    number, line = found.box("ŷ").source
    source = found.contents.programs.sources[number]

    assert source.lines[line - source.first].strip() == "y_hat = w * x"


def test_a_weight_has_its_value_from_the_beginning():
    """Its gradient comes with the last contribution."""
    box = drawn(fan_out).weight("a")

    assert lines(box) == ["a", "3", "∂loss/∂a = 36"]
    assert (box.forward, box.backward) == (0, 9)


def test_a_value_used_twice_has_its_gradient_at_the_end():
    """The gradient shows when the second contribution arrived."""
    assert drawn(fan_out).box("c").backward == 8


def test_a_constant_takes_no_gradient():
    """Name and value, no verdict."""
    found = drawn(example)
    box = found.contents.constant(0, found.result.constants[0])

    assert (lines(box), box.verdict, box.about) == (["x", "1"], "", "c0")


def test_the_numbers_are_those_of_the_story():
    """Every product on an arrow, and every gradient of a weight, stands in the table that a terminal shows."""
    found = drawn(fan_out)
    table = next(block for block in explain(found.result).blocks if isinstance(block, Table))
    story = [" = ".join(cell.text for cell in row[2][1:]) for row in table.rows]

    assert [label for step in found.labels.steps for label in found.sent(found.labels.cell((step.index, 0)).text)] == story


def test_a_small_matrix_is_numbers():
    """One line for each row."""
    box = drawn(matrices).box("y")

    assert lines(box) == ["y = x @ w", "[2.5, 4]", "[6, 8]", "∂loss/∂y = ", "[144, 144]", "[144, 144]"]


def test_a_large_tensor_is_a_shape_and_a_sketch():
    """The gradient says its norm."""
    found = lines(drawn(matrices).box("z"))

    assert found[:3] == ["z = y.sum() · big", "(12, 12) float32", "12 by 12 cells"]
    assert found[3:] == ["∂loss/∂z = (12, 12), norm 12", "12 by 12 cells"]


def test_a_short_formula_labels_an_arrow_of_tensors():
    """A longer one gives way to what came of it."""
    assert drawn(matrices).sent("y") == ["xᵀ @ grad"]


def test_every_result_has_its_lines():
    """Three values, three gradients."""
    assert lines(drawn(parts).box("a")) == [
        "a, b, c = split(x, 3, 0)",
        "a = [0, 1]",
        "b = [2, 3]",
        "c = [4, 5]",
        "∂loss/∂a = [2, 3]",
        "∂loss/∂b = [0, 1]",
        "∂loss/∂c = [1, 1]",
    ]


def test_what_is_not_a_number_is_loud():
    """NaN has the role that no renderer may let pass."""
    (_, value) = drawn(not_a_number).box("r").rows[1]

    assert [(cell.text, cell.role) for cell in value] == [("NaN", Role.LOUD)]


def test_a_difference_is_at_the_arrow():
    """By hand and PyTorch's number, and the verdict of the box."""
    found = drawn(wrong)

    assert found.sent("v") == ["12 (PyTorch: 6) differs by 6"]
    assert found.box("v").verdict == "differs"


def test_behind_a_difference_both_numbers_stand():
    """The next box has the gradient by hand, and PyTorch's, loud; its own arrow agrees."""
    box = drawn(wrong).box("u")

    assert lines(box)[2:] == ["∂loss/∂u = 12", "PyTorch: 6"]
    assert {cell.role for cell in box.rows[3][1]} == {Role.LOUD}
    assert box.verdict == "agrees"


def test_rounding_is_no_difference():
    """Where nothing differs, PyTorch's number is not written beside ours, even where the last digits are not the same."""
    torch.manual_seed(0)
    with byhand.record() as run:
        GRAPHS["mlp"]().backward()
    found = Drawn(run.passes[-1])

    assert not any("PyTorch" in line for step in found.labels.steps for line in lines(found.contents.operation(step)))


def test_missing_gradients_have_words():
    """What PyTorch left undefined is None, what was never worked out is not computed."""
    found = drawn(undefined)

    assert lines(found.box("c"))[-1] == "∂loss/∂c = None"
    assert lines(found.weight("b"))[-1] == "∂loss/∂b = not computed"


@pytest.mark.parametrize("missing", list(Missing))
def test_five_kinds_of_nothing_look_different(missing):
    """No missing value is shown as a number, or as another one."""
    shown = {numbers_of(Value((), "float32", 0.0))[0], *(each.value for each in Missing if each is not missing)}

    assert missing.value not in shown


def test_what_nobody_asked_for_has_no_label():
    """A backward for some inputs leaves the arrows to the others bare."""

    def program():
        a, b = weight(2.0), weight(3.0)
        loss = a * b
        torch.autograd.grad(loss, a)

    assert drawn(program).sent("loss") == ["1 · 3 = 3", ""]


def test_a_module_has_counts_and_norms():
    """What a closed part says, and the worst verdict inside."""
    found = drawn(wrong)
    box = found.contents.module("encoder", found.labels.steps, found.result.leaves)

    assert lines(box) == ["encoder", "3 operations", "loss = 37", "grad in 1", "grad out –", "2 of 4 differ"]
    assert box.verdict == "differs"


def test_repeated_modules_are_counted():
    """Twelve of four operations are no forty-eight."""
    found = drawn(fan_out)
    box = found.contents.module("h.0 … h.1", found.labels.steps, found.result.leaves, count=2)

    assert lines(box)[1] == "2 operations × 2"


def test_a_long_title_is_shortened_in_its_middle():
    """The name stays readable, and the line keeps to its length."""
    found = drawn(matrices)
    name, made = found.labels.cell((0, 0)), found.labels.cell((0, 0))
    pieces = fitted((type(name)("x" * 50, Role.NAME), type(made)("y" * 50, Role.FORWARD)))

    assert len(text(pieces)) <= 38
    assert text(pieces).startswith("xxxxxxx…")
    assert short(pieces[0], 60) is pieces[0]


@pytest.mark.parametrize(
    ("shape", "data", "expected"),
    [
        ((), 0.5, ["0.5"]),
        ((3,), [1.0, 2.0, 3.0], ["[1, 2, 3]"]),
        ((8,), [0.12345] * 8, ["[0.12345, 0.12345, 0.12345, 0.12345,", "0.12345, 0.12345, 0.12345, 0.12345]"]),
        ((1, 2, 2), [[[1.0, 2.0], [3.0, 4.0]]], ["(1, 2, 2)", "[1, 2]", "[3, 4]"]),
        ((5, 1), [[1.0]] * 5, None),
        ((9,), [1.0] * 9, None),
        ((0,), [], ["[] (empty, (0,))"]),
    ],
)
def test_few_numbers_are_written_out(shape, data, expected):
    """Up to eight elements and four lines; more is for a sketch."""
    assert numbers_of(Value(shape, "float32", data)) == expected


def test_a_language_model_fits_its_boxes():
    """GPT-2, tiny: every title and every line of numbers is short, every module has its norms, every large tensor its sketch."""
    pytest.importorskip("transformers")
    torch.manual_seed(0)
    with byhand.record() as run:
        transformers_graphs()["gpt2"]().backward()
    found = Drawn(run.passes[-1])
    boxes = [found.contents.operation(step) for step in found.labels.steps]
    boxes += [found.contents.weight(leaf) for leaf in found.result.leaves]

    assert {box.verdict for box in boxes} == {"agrees"}
    assert all(len(lines(box)[0]) <= 38 and len(line) <= 60 for box in boxes for line in lines(box))
    assert sum(line.endswith(" cells") for box in boxes for line in lines(box)) > len(boxes)
    assert lines(found.contents.module("GPT2", found.labels.steps, found.result.leaves))[2:4] == ["loss = 3.9163911", "grad in 1"]


def test_a_long_gradient_keeps_its_fraction():
    """Numerator and denominator are each shortened by themselves, and where one is short the other has its room."""
    long = "(w · u.detach() + v · u.detach() + 0 · u)"
    below = "(first · second.detach() + third · fourth)"

    for upper, lower in ((long, below), ("loss", below), (long, "w"), ("(a / b)", below)):
        text = short(Cell(f"∂{upper}/∂{lower}"), 38).text
        assert len(text) <= 38
        assert text.count("∂") == 2
        assert "/∂" in text
    assert short(Cell(f"∂loss/∂{below}"), 38).text.startswith("∂loss/∂(")
    assert short(Cell(f"∂{long}/∂w"), 38).text.endswith(")/∂w")
