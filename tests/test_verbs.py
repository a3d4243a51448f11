"""`explain` and `check` on a tensor at hand and on a recorded run, the reader's own numbers, and how a story shows itself."""

import json

import pytest
import torch

import byhand
from byhand.errors import UnknownName, WrongShape
from byhand.results import Verdict


def example():
    """The weight, and the intermediate results of the example up to the loss."""
    x, y = torch.tensor(1.0), torch.tensor(2.0)
    w = torch.tensor(1.0, requires_grad=True)
    y_hat = w * x
    s = y_hat - y
    loss = s**2
    return w, y_hat, s, loss


def thirds():
    """A loss whose gradients are 1/3, 2/3 and 1."""
    w = torch.tensor([1.0, 1.0, 1.0], requires_grad=True)
    return w, (w * torch.tensor([1.0, 2.0, 3.0])).sum() / 3


def yours(story, name="w"):
    """What the story says of the reader's number for the name."""
    return next(each for each in story.passes[0].yours if each.name == name)


def leaf(story, name="w"):
    """What the story says of the leaf."""
    return next(each for each in story.passes[0].leaves if each.name == name)


def test_explain_before_backward_gives_the_gradient_and_leaves_no_trace():
    """The gradient is worked and `.grad` stays empty; the graph can still be gone back through."""
    w, y_hat, s, loss = example()

    story = byhand.explain(loss)

    assert (leaf(story).by_hand.data, w.grad) == (-2.0, None)
    loss.backward()
    assert w.grad.item() == -2


def test_explain_tells_the_story_of_the_example():
    """The lines of the story of the example can be read in the text, where all its variables are at hand."""
    x, y = torch.tensor(1.0), torch.tensor(2.0)
    w = torch.tensor(1.0, requires_grad=True)
    y_hat = w * x
    s = y_hat - y
    loss = s**2

    text = str(byhand.explain(loss))

    assert "ŷ    = w · x =  1   ∂ŷ/∂w    = x     =  1   ∂loss/∂w = −2 · 1  = −2" in text
    assert "PyTorch: −2   ✓ agrees" in text
    assert "3 operations: 3 worked by our rules, 0 not compared, ✓ none differs" in text


def test_explain_after_a_recorded_backward_tells_that_pass():
    """Inside a recording the loss is known although its graph is gone."""
    with byhand.record():
        w, y_hat, s, loss = example()
        loss.backward()
        story = byhand.explain(loss)

    assert "PyTorch: w.grad = −2   ✓ agrees" in str(story)


def test_explain_after_backward_that_kept_its_graph():
    """With retain_graph=True nothing is missing afterwards, and `.grad` is not added to."""
    w, y_hat, s, loss = example()
    loss.backward(retain_graph=True)

    story = byhand.explain(loss)

    assert (leaf(story).by_hand.data, w.grad.item()) == (-2.0, -2.0)


def test_gradient_weighs_the_elements_of_a_loss():
    """For a loss of several numbers `gradient` says how much each counts, as in PyTorch."""
    w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    loss = w**2

    story = byhand.explain(loss, gradient=torch.tensor([1.0, 0.0, 10.0]))

    assert leaf(story).by_hand.data == [2.0, 0.0, 60.0]


def test_gradient_weighs_a_scalar_too():
    """A scalar loss that counts three times sends three times as much."""
    w, y_hat, s, loss = example()

    assert leaf(byhand.check(loss, gradient=torch.tensor(3.0))).by_torch.data == -6.0


def test_a_loss_of_one_element_needs_no_gradient():
    """Like PyTorch, a tensor of shape (1, 1) is taken for one number."""
    w = torch.tensor([[2.0]], requires_grad=True)

    assert leaf(byhand.check(w**2)).by_hand.data == [[4.0]]


def test_a_leaf_as_loss():
    """A weight itself as the loss has the gradient 1."""
    w = torch.tensor(3.0, requires_grad=True)

    story = byhand.check(w)

    assert (leaf(story).by_hand.data, story.agrees, w.grad) == (1.0, True, None)
    assert "w" in str(byhand.explain(w))


def test_several_roots_in_one_backward():
    """torch.autograd.backward of two losses is one pass with two roots."""
    w = torch.tensor(2.0, requires_grad=True)
    with byhand.record() as run:
        first = w**2
        second = w * 3
        torch.autograd.backward([first, second])

    story = run.explain()

    assert leaf(story).by_hand.data == 7.0
    assert "L stands for first + second" in str(story)


def test_autograd_grad_is_told_as_what_it_is():
    """torch.autograd.grad leaves `.grad` alone, and the story says which function it was."""
    w = torch.tensor(2.0, requires_grad=True)
    with byhand.record() as run:
        loss = w**2
        (grad,) = torch.autograd.grad(loss, [w])

    assert "torch.autograd.grad(loss, …), worked by hand" in str(run.explain())
    assert leaf(run.check(w=4)).by_torch.data == grad.item() == 4.0


def test_all_passes_of_a_run_are_kept():
    """The last is told, another with `step`, and the JSON has them all in order."""
    w = torch.tensor(2.0, requires_grad=True)
    with byhand.record() as run:
        for power in (2, 3):
            (w**power).backward()

    assert [leaf(run.explain(step=step)).by_hand.data for step in (None, 1, 2)] == [12.0, 4.0, 12.0]
    assert [each["leaves"][0]["by_hand"]["data"] for each in json.loads(run.to_json())["runs"]] == [4.0, 12.0]


def test_a_second_pass_that_fails_does_not_hide_the_first():
    """The pass told is the last in which something was worked."""
    w, y_hat, s, loss = example()
    with byhand.record() as run, pytest.raises(RuntimeError, match="second time"):
        again = w.exp()
        again.backward()
        again.backward()

    assert "exp" in str(run.explain())
    assert run.explain().passes[0].number == 1


def test_a_failing_program_gets_the_explanation_as_a_note():
    """PyTorch's error leaves the recording as it is, with byhand's explanation added below it."""
    with pytest.raises(RuntimeError, match="can require gradients") as found, byhand.record():
        torch.tensor(1, requires_grad=True)

    assert "1.0, not 1" in found.value.__notes__[0]


def test_own_errors_of_a_program_get_no_note():
    """What is none of PyTorch's known errors passes a recording unchanged."""
    with pytest.raises(RuntimeError, match="mine") as found, byhand.record():
        raise RuntimeError("mine")

    assert not hasattr(found.value, "__notes__")


@pytest.mark.parametrize("value", [-2.0, -2, torch.tensor(-2.0), torch.tensor(-2), torch.tensor(-2.0, dtype=torch.float64)], ids=repr)
def test_the_right_number_is_exact(value):
    """A number or a tensor of any type that is the gradient to the last bit."""
    w, y_hat, s, loss = example()

    story = byhand.check(loss, w=value)

    assert (yours(story).verdict, yours(story).exact, story.agrees) == (Verdict.AGREES, True, True)


def test_a_wrong_number_differs_and_by_how_much():
    """A wrong sign is seen, and the story says how far off it is."""
    w, y_hat, s, loss = example()

    story = byhand.check(loss, w=2.0)

    assert (yours(story).verdict, yours(story).error, story.differs, story.agrees) == (Verdict.DIFFERS, 4.0, True, False)
    assert "∂loss/∂w   2       −2        −2        ✗ differs by 4" in str(story)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (0.3333, "agrees"),
        (0.33, "agrees"),
        (0.3, "agrees"),
        (0.34, "differs"),
        (0.3334, "differs"),
        (1 / 3, "agrees"),
        (3.333e-1, "agrees"),
        (0, "differs"),
    ],
)
def test_a_number_is_taken_to_the_digits_written(value, verdict):
    """0.33 is right for 1/3 and 0.34 is not; a whole number is meant exactly."""
    w = torch.tensor(1.0, requires_grad=True)

    assert yours(byhand.check(w / 3, w=value)).verdict.value == verdict


def test_a_list_is_taken_number_by_number_to_its_digits():
    """A whole number in a list does not make its neighbours exact."""
    w, loss = thirds()

    assert yours(byhand.check(loss, w=[0.33, 0.7, 1.0])).verdict is Verdict.AGREES
    assert yours(byhand.check(loss, w=(0.33, 0.6, 1.0))).verdict is Verdict.DIFFERS


def test_a_difference_in_a_tensor_says_where():
    """The element that is wrong is named by its index."""
    w, loss = thirds()

    found = yours(byhand.check(loss, w=[0.333, 0.667, -1.0]))

    assert (found.where, found.error) == ((2,), 2.0)


def test_a_tensor_is_held_against_rounding_alone():
    """A tensor was computed, so it must agree to rounding: two digits are not enough."""
    w, loss = thirds()

    assert yours(byhand.check(loss, w=torch.tensor([1 / 3, 2 / 3, 1.0]))).verdict is Verdict.AGREES
    assert yours(byhand.check(loss, w=torch.tensor([0.33, 0.67, 1.0]))).verdict is Verdict.DIFFERS


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_arrays_are_compared(kind):
    """An array of numpy's is held against rounding like a tensor, and so is one number of it."""
    numpy = pytest.importorskip("numpy")
    w, loss = thirds()
    right = numpy.array([1, 2, 3], dtype=kind) / 3

    assert yours(byhand.check(loss, w=right)).verdict is Verdict.AGREES
    assert yours(byhand.check(loss, w=right.round(2))).verdict is Verdict.DIFFERS
    w = torch.tensor(1.0, requires_grad=True)
    assert yours(byhand.check(w / 3, w=right[0])).verdict is Verdict.AGREES
    assert yours(byhand.check(w / 3, w=right[0].round(2))).verdict is Verdict.DIFFERS


def test_intermediate_results_are_compared():
    """A mapping holds values for leaves and intermediates together."""
    w, y_hat, s, loss = example()

    story = byhand.check(loss, {"w": -2.0, "y_hat": -2, "s": -1})

    assert [each.verdict.value for each in story.passes[0].yours] == ["agrees", "agrees", "differs"]


def test_an_intermediate_result_after_a_recorded_backward():
    """Its gradient is gone from PyTorch's memory, and still compared."""
    with byhand.record() as run:
        w, y_hat, s, loss = example()
        loss.backward()

    assert yours(run.check(y_hat=-2), "y_hat").exact


def test_the_mapping_form_takes_every_name():
    """A weight called `gradient` collides with the option, so it goes into the mapping."""
    gradient = torch.tensor(3.0, requires_grad=True)
    loss = gradient**2

    assert yours(byhand.check(loss, {"gradient": 6.0}), "gradient").exact


def test_the_end_of_a_path_names_a_parameter():
    """`bias` is enough where one parameter ends so; the whole path always is."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 1))
    loss = model(torch.ones(2)).sum()

    assert yours(byhand.check(loss, bias=[1.0]), "bias").exact
    assert yours(byhand.check(loss, {"1.bias": [1.0]}), "1.bias").exact


def test_the_end_of_two_paths_names_nothing():
    """`weight` could be either of two: the error names both."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    loss = model(torch.ones(2)).sum()

    with pytest.raises(UnknownName, match=r"0\.weight.*1\.weight"):
        byhand.check(loss, weight=1.0)


def test_a_name_used_again_means_its_last_value():
    """After `h = …` in a loop, h is the last of them, as in the program."""
    w = torch.tensor(2.0, requires_grad=True)
    h = w
    for _ in range(2):
        h = h * h
    loss = h * 1.0

    assert yours(byhand.check(loss, h=1.0), "h").exact


def test_one_number_is_no_value_for_a_vector():
    """The shape must be the gradient's: nothing is broadcast silently."""
    w, loss = thirds()

    with pytest.raises(WrongShape):
        byhand.check(loss, w=1.0)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_infinite_gradients_are_compared(value):
    """inf agrees with inf, and nan with nan, rather than being taken for a mistake."""
    w = torch.tensor(0.0, requires_grad=True)
    loss = torch.log(w) if value == float("inf") else (w - w) * torch.log(-w - 1)

    assert yours(byhand.check(loss, w=value)).verdict is Verdict.AGREES


def test_complex_values_are_compared():
    """The gradient of a complex weight takes a complex number."""
    w = torch.tensor(1.0 + 2.0j, requires_grad=True)
    loss = (w * w.conj()).real

    assert yours(byhand.check(loss, w=2.0 + 4.0j)).exact


def test_a_hook_that_never_fires_changes_nothing():
    """check() asks each node by itself, so a hook that rewrites gradients is neither called nor taken for a mistake."""
    w = torch.tensor(2.0, requires_grad=True)
    loss = w**2
    called = []
    loss.register_hook(called.append)

    assert (byhand.check(loss).agrees, called) == (True, [])


def test_a_story_prints_itself():
    """print() shows the story in plain text."""
    w, y_hat, s, loss = example()
    story = byhand.explain(loss)

    assert str(story).startswith("loss.backward(), worked by hand\n")
    assert "\x1b" not in str(story)


def test_a_story_is_its_own_repr_where_nobody_looks():
    """Without a terminal the prompt's echo is the plain text too."""
    w, y_hat, s, loss = example()
    story = byhand.explain(loss)

    assert repr(story) == str(story)


def test_a_story_follows_the_width_of_the_terminal(monkeypatch):
    """In 60 columns no line is longer than 60."""
    w, y_hat, s, loss = example()
    monkeypatch.setenv("COLUMNS", "60")

    assert max(map(len, str(byhand.explain(loss)).splitlines())) <= 60


def test_a_notebook_keeps_readable_text(monkeypatch):
    """What a notebook stores of a story is the text, 100 characters wide."""
    monkeypatch.setenv("COLUMNS", "100")
    w, y_hat, s, loss = example()
    story = byhand.explain(loss)

    assert story._repr_mimebundle_(include=None, exclude=None) == {"text/plain": str(story)}


def test_a_story_as_latex():
    """to_latex() gives the mathematics for an article."""
    w, y_hat, s, loss = example()

    assert r"\partial" in byhand.explain(loss).to_latex()


def test_a_story_as_json_has_the_readers_number():
    """to_json() is strict JSON of schema byhand/1, with the reader's value on its leaf."""
    w, y_hat, s, loss = example()

    found = json.loads(byhand.check(loss, w=2.0).to_json(), parse_constant=pytest.fail)

    assert found["schema"] == "byhand/1"
    assert found["runs"][0]["leaves"][0]["yours"]["verdict"] == "differs"


def test_the_public_names_are_those_of_the_design():
    """Nothing else is offered, and all of it can be had."""
    assert byhand.__all__ == ["Run", "Verdict", "__version__", "check", "errors", "explain", "record"]
    assert all(getattr(byhand, name) is not None for name in byhand.__all__)


def test_an_unknown_public_name_is_an_attribute_error():
    """The lazy module refuses like any other."""
    with pytest.raises(AttributeError, match="explian"):
        _ = byhand.explian
