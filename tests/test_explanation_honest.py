"""What must not be said: agreement that was not looked at, numbers that are not there, changes that nobody made."""

import math
from dataclasses import replace

import made
import pytest
from test_explanation import text

from byhand.document import Ledger
from byhand.explanation import explain, tell_check
from byhand.explanation.chains import derivation
from byhand.explanation.closed_form import closed_form
from byhand.explanation.labels import UNASKED, Labels
from byhand.export import export
from byhand.results import Comparison, Coverage, Operand, Verdict
from byhand.value import Missing

UNJUDGED = Comparison(Verdict.NOT_COMPARED, reason="depends on HalfBackward, which was not compared")
WRONG = Comparison(Verdict.DIFFERS, 0.5, 1e-6)


def with_edge(result, comparison, **changes):
    """The pass with the comparison of its first operation's first edge changed."""
    first, *others = result.steps
    edge, *more = first.contributions
    return replace(result, steps=(replace(first, contributions=(replace(edge, comparison=comparison, **changes), *more)), *others))


def unasked():
    """The product of w and v and a sum, where backward was asked for w only."""
    add = made.step(0, "AddBackward0", "loss", "h + 0", 3.0, 1.0, made.sends(0, 1, "add_self", 1.0, local=1.0))
    left_out = made.sends(
        1, 3, None, Missing.NOT_COMPUTED, by_torch=Missing.NOT_COMPUTED, comparison=Comparison(Verdict.NOT_COMPARED, reason=UNASKED)
    )
    operands = (Operand("self", "w", made.value(1.0)), Operand("other", "v", made.value(3.0)))
    sent = made.sends(0, 2, "mul_self", 3.0, local=3.0)
    multiply = made.step(1, "MulBackward0", "h", "w * v", 3.0, 1.0, sent, left_out, operands=operands)
    return made.made((add, multiply), (made.leaf(2, "w", 1.0, 3.0), made.leaf(3, "v", 3.0, 1.0)))


def test_the_same_to_the_last_bit_is_said_where_everything_is():
    """Every edge and every weight was compared, and nothing is off."""
    assert "✓ By hand and PyTorch give the same numbers everywhere, to the last bit." in text(tell_check(made.seed()))


@pytest.mark.parametrize("comparison", [WRONG, UNJUDGED], ids=["differs", "not compared"])
def test_the_same_everywhere_is_not_said_of_a_weight_that_is_not(comparison):
    """A weight that differs, or was never compared, takes the word everywhere away."""
    assert "everywhere" not in text(tell_check(made.with_leaf(made.seed(), comparison=comparison)))


def test_the_same_numbers_are_said_of_what_was_compared_only():
    """With an edge that was not compared, the edges are counted."""
    shown = text(tell_check(with_edge(made.seed(), UNJUDGED)))

    assert "give the same numbers, to the last bit, where they were compared (2 of 3 edges, 1 of 1 weight)." in shown


def test_a_difference_without_a_floor_is_the_furthest_apart():
    """What rounding cannot explain at all is not passed over as the same."""
    shown = text(tell_check(with_edge(made.seed(), Comparison(Verdict.DIFFERS, 0.5, 0.0))))

    assert "off by 0.5, ∞ times what rounding explains." in shown


def test_a_weight_that_differs_is_counted_in_the_summary():
    """Where all operations agree and a weight does not, the last line says so."""
    shown = text(explain(made.with_leaf(made.seed(), comparison=WRONG)))

    assert ("✗ 1 weight differs" in shown, "none differs" in shown) == (True, False)


def test_a_run_without_a_comparison_says_that_nothing_was_compared():
    """That nothing differs is no news where nothing was compared."""
    step = replace(made.seed().steps[0], contributions=(made.sends(0, 1, None, Missing.NOT_COMPARED, comparison=UNJUDGED),))
    result = made.made((step,), (made.leaf(1, "s", 1.0, 1.0),), coverage=Coverage(1, 0, 0, 1, 0))

    assert "1 operation: 0 worked by our rules, ○ 1 not compared, ○ nothing was compared" in text(explain(result))


def test_grad_is_named_only_where_it_holds_the_number():
    """A hook made `.grad` another number: PyTorch's is shown, and not as `.grad`."""
    shown = text(explain(made.with_leaf(made.seed(), grad_after=made.value(-1.0), rewritten=True)))

    assert ("PyTorch: w.grad" in shown, "PyTorch: −2   ✓ agrees" in shown) == (False, True)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_equal_values_that_are_not_finite_are_no_change(odd):
    """`.grad` is the NaN or infinity that this pass sent: there is nothing to tell of hooks or clipping."""
    once = made.with_leaf(made.seed(), by_torch=made.value(odd), grad_after=made.value(odd))
    twice = made.with_leaf(once, grad_before=made.value(1.0))

    assert not [block for block in explain(once).blocks if isinstance(block, Ledger)]
    assert "hooks, clipping" not in text(explain(twice))


def test_without_a_backward_nothing_was_added():
    """Asked node by node, `.grad` is what it was: it is told as it is, without a sum."""
    result = made.with_leaf(made.seed(), grad_before=made.value(4.0), grad_after=Missing.NOT_RECORDED)
    shown = text(explain(replace(result, source="direct")))

    assert "w.grad holds 4 already; backward() would add to it." in shown
    assert not any(words in shown for words in ("this pass adds", "PyTorch adds", "grad after"))


def test_autograd_grad_leaves_grad_alone():
    """torch.autograd.grad adds nothing to `.grad`, so no sum is told."""
    result = made.with_leaf(made.seed(), grad_before=made.value(4.0), grad_after=made.value(4.0))

    assert "running sum" not in text(explain(replace(result, kind="grad")))


def test_hooks_that_were_not_called_are_named():
    """Asked node by node, no hook of the user's runs."""
    shown = text(explain(replace(made.seed(), source="direct", hooks=("w", "s"))))

    assert "The hooks on w, s were not called; backward() will call them." in " ".join(shown.split())


def test_a_large_run_says_where_its_gradients_start():
    """In a large graph the hand's chain is not one chain, and the summary says so."""
    assert "worked from PyTorch's own gradient one step above it." in text(explain(replace(made.seed(), shared=True)))


def test_the_reason_of_an_edge_is_its_own():
    """What was not compared for another reason is not called a missing rule."""
    missing = Comparison(Verdict.NOT_COMPARED, reason="x was changed in place")
    shown = text(explain(with_edge(made.seed(), missing, rule=None, local=None, by_hand=Missing.NOT_COMPUTED)))

    assert ("○ not compared: x was changed in place" in shown, "no rule" in shown) == (True, False)


def test_what_backward_was_not_asked_for_is_no_row():
    """An input that was left out is in the formula by its name, and nowhere as something that was sent."""
    shown = text(explain(unasked()))

    assert "h = w · v = 3" in " ".join(shown.split())
    assert not any(words in shown for words in (UNASKED, "∂h/∂v", "∂loss/∂v via"))


def test_an_operation_that_did_not_run_has_no_closed_form():
    """A value that no operation of this pass made is unknown; the story is told without it."""
    seed = made.seed()
    result = replace(seed, steps=(seed.steps[0], seed.steps[2]))

    assert closed_form(result.leaves[0], result, Labels(result)) is None


def test_a_tenth_of_a_percent_is_not_the_same_number():
    """A derivation is shown only where it gives the number to rounding."""
    result = made.with_leaf(made.seed(), by_hand=made.value(-2.002))

    assert "closed form" not in text(explain(result))
    assert derivation(result.leaves[0], result, Labels(result)) == {"text": None, "latex": None, "closed_form": None}


def test_a_weight_that_was_not_compared_shows_the_reason():
    """By hand there is no number; PyTorch's stands where PyTorch's stand, in the story, the table and the JSON."""
    result = made.with_leaf(made.seed(), by_hand=Missing.NOT_COMPARED, comparison=UNJUDGED)
    leaf = export([result])["runs"][0]["leaves"][0]

    assert "∂loss/∂w = not compared" in text(explain(result))
    assert "PyTorch: w.grad = −2   ○ not compared: depends on HalfBackward" in text(explain(result)).replace("\n", " ")
    assert (leaf["by_hand"], leaf["verdict"], leaf["by_torch"]["data"]) == ({"missing": "not compared"}, "not compared", -2.0)
