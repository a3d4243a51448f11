"""What is said about a run: the whole text of the example, and one claim after the other about the rest."""

from dataclasses import replace

import made
import pytest

from byhand.document import Document, Heading, Ledger, Table
from byhand.errors import NoSuchPart
from byhand.explanation import explain
from byhand.render.text import render_text
from byhand.results import Comparison, Verdict, Yours

SEED = """\
loss.backward(), worked by hand
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━

weights    w = 1
constants  x = 1   y = 2

forward             local derivative        backward
ŷ    = w · x =  1   ∂ŷ/∂w    = x     =  1   ∂loss/∂w = −2 · 1  = −2
s    = ŷ − y = −1   ∂s/∂ŷ    = 1            ∂loss/∂ŷ = −2 · 1  = −2
loss = s²    =  1   ∂loss/∂s = 2 · s = −2   ∂loss/∂s =  1 · −2 = −2

Read forward from top to bottom: each line computes one value. A local derivative says how fast that value grows with its input.
Read backward from bottom to top: what arrives at a value, times the local derivative, goes on to the input.

∂loss/∂w = ∂loss/∂s · ∂s/∂ŷ · ∂ŷ/∂w = 2s · 1 · x = −2 · 1 · 1 = −2      PyTorch: w.grad = −2   ✓ agrees
∂loss/∂w = 2 · x · (w · x − y) = −2      closed form: simplified, and the number agrees

3 operations: 3 worked by our rules, 0 not compared, ✓ none differs
"""


def text(document: Document, width: int = 130) -> str:
    """The document in a wide terminal."""
    return render_text(document, width=width)


def test_the_example_reads_like_this():
    """The seed example, word for word: forward, local derivative, backward, chain rule, closed form, verdict."""
    assert text(explain(made.seed())) == SEED


def test_fan_out_is_told_path_by_path():
    """A weight used twice has one line for each path, and their sum."""
    shown = text(explain(made.fan_out()))

    assert "w is used 2 times: one path for each, and their sum" in shown
    assert "w → a → b → loss   ∂loss/∂b · ∂b/∂a · ∂a/∂w = 1 · w · x =  6" in shown
    assert "w → b → loss       ∂loss/∂b · ∂b/∂w         = 1 · a     =  6" in shown
    assert "∂loss/∂w                                                = 12" in shown


def test_each_of_several_weights_has_its_chain():
    """Every weight is told, each with PyTorch's number beside it."""
    shown = text(explain(made.fan_out()))

    assert "PyTorch: w.grad = 12   ✓ agrees" in shown
    assert "∂loss/∂v = 1      PyTorch: v.grad = 1   ✓ agrees" in shown


def test_broadcasting_is_a_step_of_its_own():
    """The sum over a broadcast dimension is said, with both shapes and the reason."""
    shown = text(explain(made.batch()))

    assert "then    summed over dimension 0   [3, 3]" in shown
    assert "b was repeated 3 times along it to fit, and every use counts: (3, 2) → (2,)" in shown


def test_a_tensor_step_shows_formula_and_place():
    """An operation on tensors has the user's line, its value, and the formula of every edge."""
    shown = text(explain(made.batch()))

    assert "h = x + b   (train.py:8)" in shown
    assert "expand(grad, (3, 2))" in shown


def test_a_product_that_does_not_give_the_number_is_not_written():
    """If the factors do not multiply to the gradient by hand, the chain stays unwritten: a shown number is a computed number."""
    shown = text(explain(made.with_leaf(made.seed(), by_hand=made.value(-3.0))))

    assert "∂loss/∂w = −3      PyTorch" in shown
    assert "2s · 1 · x" not in shown
    assert "closed form" not in shown


def test_what_differs_comes_first():
    """A wrong gradient is the first thing after the title, by the user's line, with both numbers."""
    result = made.blocks(12, differs=3)
    blocks = explain(result).blocks

    assert blocks[1] == Heading("What differs")
    assert "model.py:20  return relu(self.lin(x))" in text(Document(blocks[2:3]))
    assert "✗ differs by 0.5 at [3, 5]; rounding explains 1e−6" in text(Document(blocks[2:3]))


def test_a_constant_factor_is_named():
    """If every element is half of what it should be, that is said."""
    half = made.value([0.5, 1.5], (2,))
    wrong = made.sends(
        0, 1, "relu_self", made.value([1.0, 3.0], (2,)), by_torch=half, comparison=Comparison(Verdict.DIFFERS, 1.5, 1e-7, (1,))
    )
    step = made.step(0, "ReluBackward0", "loss", "relu(x)", made.value([1.0, 3.0], (2,)), made.value([1.0, 3.0], (2,)), wrong)
    leaf = made.leaf(1, "x", made.value([1.0, 3.0], (2,)), half)

    assert "every element is 0.5 × the one by hand" in text(explain(made.made((step,), (leaf,))))


def test_identical_blocks_are_folded():
    """Twelve blocks of the same build are one line."""
    assert "h.0 … h.11 × 12" in text(explain(made.blocks(12)))


@pytest.mark.parametrize("part", ["h.3.lin", "3.lin"])
def test_a_part_is_opened_by_its_path_or_the_end_of_it(part):
    """One module is told alone, operation by operation."""
    shown = text(explain(made.blocks(12), part=part))

    assert "h.3.lin: 1 operation\n" in shown
    assert "@ h.3.lin.weight" in shown
    assert "h.4" not in shown


def test_an_unknown_part_says_what_comes_close():
    """A part that is no module raises NoSuchPart with what was meant."""
    with pytest.raises(NoSuchPart) as error:
        explain(made.blocks(12), part="h.3.lim")

    assert "did you mean h.3.lin" in error.value.why
    assert error.value.fix == 'run.explain(part="h.3.lin")'


def test_an_ambiguous_part_says_which_ones_it_could_be():
    """The end of several paths is no answer."""
    with pytest.raises(NoSuchPart, match="not one module") as error:
        explain(made.blocks(12), part="lin")

    assert "12 modules end like this: h.0.lin" in error.value.why


def test_a_part_of_a_run_without_modules():
    """Without modules the error says how to record them."""
    with pytest.raises(NoSuchPart) as error:
        explain(made.seed(), part="h.0")

    assert "byhand.record()" in error.value.why


def test_a_deep_chain_is_told_by_its_ends():
    """2,000 operations give a page: the first and last few, and the count between."""
    shown = text(explain(made.chain(2_000)))

    assert "… 1,992 more operations …" in shown
    assert len(shown.splitlines()) < 30


def test_the_document_does_not_grow_with_the_chain():
    """Ten times the operations are the same number of blocks and rows."""
    shapes = [[len(getattr(block, "rows", ())) for block in explain(made.chain(count)).blocks] for count in (300, 3_000)]

    assert shapes[0] == shapes[1]


def test_a_name_used_again_is_numbered():
    """h, h, h in a loop are h₁, h₂, h₃."""
    shown = text(explain(made.chain(3)))

    assert "h₂   = h₁ + 1 = 2" in shown


def test_the_pass_that_is_shown_is_named():
    """Of several backward passes it is said which one this is, and how to see another."""
    shown = text(explain(replace(made.seed(), number=2, total=3)))

    assert "This is backward pass 2 of 3 of back_propagation.py; --step 1 … 3 or run.explain(step=…) tells another." in shown


def test_a_second_backward_has_a_ledger():
    """`.grad` before, this pass, `.grad` after: −2 and −2 are −4."""
    result = made.with_leaf(made.seed(), grad_before=made.value(-2.0), grad_after=made.value(-4.0))
    ledger = next(block for block in explain(result).blocks if isinstance(block, Ledger))

    assert [row[-1].text for row in ledger.rows] == ["−2", "−2"]
    assert ledger.total[-1].text == "−4"
    assert "PyTorch adds −2 to w.grad" in text(explain(result))


def test_what_hooks_changed_is_a_line_of_the_ledger():
    """What neither the old `.grad` nor this pass explains is shown as such."""
    result = made.with_leaf(made.seed(), grad_after=made.value(-1.0))
    ledger = next(block for block in explain(result).blocks if isinstance(block, Ledger))

    assert [(row[0].text, row[-1].text) for row in ledger.rows][-1] == ("hooks, clipping, other processes", "1")


def test_without_accumulation_there_is_no_ledger():
    """A first backward has nothing to add up."""
    assert not any(isinstance(block, Ledger) for block in explain(made.seed()).blocks)


@pytest.mark.parametrize(
    ("verdict", "exact", "error", "shown"),
    [
        (Verdict.AGREES, True, 0.0, "exact"),
        (Verdict.AGREES, False, 0.001, "agrees to the digits you wrote"),
        (Verdict.DIFFERS, False, 0.5, "differs by 0.5"),
    ],
)
def test_the_readers_own_number_is_a_third_column(verdict, exact, error, shown):
    """The reader's value stands beside ours and PyTorch's, with what it is worth."""
    result = replace(made.seed(), yours=(Yours("w", (3, 0), made.value(-2.0), error, verdict, exact=exact),))
    table = next(block for block in explain(result).blocks if isinstance(block, Table) and "yours" in block.columns)

    assert table.columns == ("", "yours", "by hand", "PyTorch", "")
    assert [pieces[0].text for pieces in table.rows[0]] == ["∂loss/∂w", "−2", "−2", "−2", shown]
