"""What is said about values that are missing, hostile, large or in the way."""

import math
from dataclasses import replace

import made
import pytest
from test_explanation import SEED, text

from byhand.document import Formula, Heading, Ledger, Prose, Role, Table
from byhand.explanation import explain, tell_check
from byhand.results import Comparison, Coverage, Operand, Verdict
from byhand.value import Missing, Value


@pytest.mark.parametrize("missing", list(Missing))
def test_a_missing_value_is_never_zero(missing):
    """A value that was not recorded is said in words, in the role of what is missing."""
    result = made.seed()
    step = replace(result.steps[1], outputs=(replace(result.steps[1].outputs[0], value=missing),))
    table = next(
        block for block in explain(replace(result, steps=(result.steps[0], step, result.steps[2]))).blocks if isinstance(block, Table)
    )

    assert (table.rows[1][0][-1].text, table.rows[1][0][-1].role) == (missing.value, Role.MISSING)


def test_nan_is_loud():
    """A NaN in the story has a role that no renderer overlooks."""
    table = next(
        block
        for block in explain(made.with_leaf(made.batch(), by_hand=made.value([math.nan, 1.0], (2,)))).blocks[::-1]
        if isinstance(block, Table)
    )

    assert table.rows[0][1][0].role is Role.LOUD


def test_what_was_not_compared_is_counted_with_its_reason():
    """The summary line says how many nodes were not judged, and why; it is not green then."""
    result = replace(made.seed(), coverage=Coverage(3, 2, 0, 1, 0, {"CopySlices: no rule": 1}))

    assert "3 operations: 2 worked by our rules, ○ 1 not compared (1 × CopySlices: no rule), none differs" in text(explain(result))


def test_a_run_that_was_only_recorded_says_so():
    """Recorded without judging is not agreement."""
    assert "○ recorded, not judged" in text(explain(replace(made.seed(), judged=False)))


def test_an_operation_without_a_rule_says_so():
    """Where byhand has no rule, PyTorch's number is shown as PyTorch's."""
    sent = made.sends(
        0,
        1,
        None,
        Missing.NOT_COMPUTED,
        by_torch=made.value([2.0], (1,)),
        comparison=Comparison(Verdict.NO_RULE, reason="no rule for MyBackward"),
    )
    step = made.step(0, "MyBackward", "loss", "My.apply(x)", made.value([1.0], (1,)), made.value([1.0], (1,)), sent)
    shown = text(explain(made.made((step,), (made.leaf(1, "x", made.value([1.0], (1,)), made.value([2.0], (1,))),))))

    assert "PyTorch's number" in shown
    assert "○ no rule: no rule for MyBackward" in shown


def test_an_unnamed_value_is_shown_by_its_expression():
    """`w * x` without a name of its own is called w · x."""
    result = made.seed()
    unnamed = replace(result.steps[2], name="", outputs=(replace(result.steps[2].outputs[0], name=""),))

    assert "∂s/∂(w · x)" in text(explain(replace(result, steps=(*result.steps[:2], unnamed))))


def test_long_expressions_get_a_number():
    """An expression too long for a label is written once, and called by its number after that."""
    result = made.seed()
    unnamed = replace(result.steps[2], name="", expression="some_long_function_name(w) * x")
    shown = text(explain(replace(result, steps=(*result.steps[:2], unnamed))))

    assert "∂s/∂⟨1⟩" in shown


def test_a_loss_that_is_a_weight():
    """Backward from a leaf itself has no operation, and says so."""
    result = made.made((), (made.leaf(0, "w", 1.0, 1.0),), root="w")

    assert "0 operations" in text(explain(result))


def test_another_root_gradient_starts_the_chain():
    """`loss.backward(tensor(2.))`: the chain begins with the 2 that was given."""
    result = made.seed()
    steps = tuple(
        replace(
            step,
            outputs=tuple(
                replace(output, by_torch=made.value(2 * output.by_torch.data), by_hand=made.value(2 * output.by_hand.data))
                for output in step.outputs
            ),
            contributions=tuple(replace(each, by_hand=made.value(2 * each.by_hand.data)) for each in step.contributions),
        )
        for step in result.steps
    )
    doubled = made.with_leaf(replace(result, steps=steps), by_hand=made.value(-4.0), by_torch=made.value(-4.0), grad_after=made.value(-4.0))

    assert "= 2 · 2s · 1 · x = 2 · −2 · 1 · 1 = −4" in text(explain(doubled))


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", r"\input{/etc/passwd}", "a" * 500, "\u202eevil", "🤖", "שלום", "$x_1^2$", "[bold]x[/bold]"]
)
def test_hostile_names_are_only_text(name):
    """Whatever a weight is called, the story is told, on one line each, without control characters."""
    shown = text(explain(made.with_leaf(made.seed(), name=name)))

    assert all(line.isprintable() or "\u200d" in line for line in shown.splitlines())
    assert max(map(len, shown.splitlines())) <= 130


def test_a_check_is_told_in_short():
    """A check shows every weight, how far apart the numbers are, and the summary, without the steps."""
    shown = text(tell_check(made.fan_out()))

    assert "w        12                 12          ✓ agrees" in shown
    assert "✓ By hand and PyTorch give the same numbers everywhere, to the last bit." in shown
    assert "local derivative" not in shown


def test_an_operand_that_is_a_written_number_is_folded():
    """s**2 has the local derivative 2 · s, not 2 · s^(2 − 1), also when the 2 has its text as a name."""
    result = made.seed()
    operands = (result.steps[0].operands[0], Operand("exponent", "2", made.value(2, dtype="int"), constant=True))
    shown = text(explain(replace(result, steps=(replace(result.steps[0], operands=operands), *result.steps[1:]))))

    assert shown == SEED


def test_large_values_are_summarised():
    """A tensor of more than 64 elements is one line, never its elements."""
    shown = text(explain(made.blocks(2)))

    assert "(128, 64) float32, −0.5 … 0.75, mean 0.0012, norm 3.25" in shown


def test_every_block_is_plain_data():
    """Documents hold blocks of text only: nothing of the run stays alive in them."""
    for result in (made.seed(), made.batch(), made.blocks(12)):
        assert all(isinstance(block, Heading | Prose | Formula | Table | Ledger) for block in explain(result).blocks)


def test_values_of_the_made_passes_are_values():
    """The helpers of these tests make what the recorder makes."""
    assert made.value(1.0) == Value((), "float32", 1.0)


def test_a_value_that_nobody_recorded_follows_from_the_others():
    """Without a recording the 2 in s = ŷ − 2 is unknown, but it follows from ŷ and s; it is said how to see it."""
    result = made.seed()
    bare = replace(result.steps[1], expression="", operands=result.steps[1].operands[1:])
    shown = text(explain(replace(result, steps=(result.steps[0], bare, result.steps[2]))))

    assert "in s = ŷ − ?, ? is a value that PyTorch did not keep; 2 follows from the others" in shown
    assert "with byhand.record() as run:" in shown


def test_a_gradient_that_a_hook_changed_is_named():
    """What arrives is not what was sent where a hook stood in between."""
    result = made.seed()
    step = replace(result.steps[2], outputs=(replace(result.steps[2].outputs[0], rewritten=True),))

    assert "A hook changed ∂loss/∂ŷ on its way" in text(explain(replace(result, steps=(*result.steps[:2], step))))
