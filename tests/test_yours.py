"""The reader's own numbers beside PyTorch's: exact, right to the digits written, or wrong and by how much."""

import pytest
import torch
from lesson import loss_of, weight

import byhand
from byhand.errors import UnknownName, WrongShape
from byhand.results import Verdict


def yours(story, name="w"):
    """What the story says of the reader's number for the name."""
    return next(each for each in story.passes[0].yours if each.name == name)


@pytest.mark.parametrize("value", [-2.0, -2, torch.tensor(-2.0), torch.tensor(-2), torch.tensor(-2.0, dtype=torch.float64)], ids=repr)
def test_the_right_number_is_exact(value):
    """A number or a tensor of any type that is the gradient to the last bit."""
    w = weight()
    loss = loss_of(w)

    story = byhand.check(loss, w=value)

    assert (yours(story).verdict, yours(story).exact, story.agrees) == (Verdict.AGREES, True, True)


def test_a_wrong_number_differs_and_by_how_much():
    """A wrong sign is seen, and the story says how far off it is."""
    w = weight()
    loss = loss_of(w)

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
        (0, "differs"),
    ],
)
def test_a_number_is_taken_to_the_digits_written(value, verdict):
    """0.33 is right for 1/3 and 0.34 is not; a whole number is meant exactly."""
    w = torch.tensor(1.0, requires_grad=True)

    assert yours(byhand.check(w / 3, w=value)).verdict.value == verdict


def test_a_list_is_taken_number_by_number_to_its_digits():
    """A whole number in a list does not make its neighbours exact."""
    w = weight([1.0, 1.0, 1.0])
    loss = (w * torch.tensor([1.0, 2.0, 3.0])).sum() / 3

    assert yours(byhand.check(loss, w=[0.33, 0.7, 1.0])).verdict is Verdict.AGREES
    assert yours(byhand.check(loss, w=(0.33, 0.6, 1.0))).verdict is Verdict.DIFFERS


def test_a_difference_in_a_tensor_says_where():
    """The element that is wrong is named by its index."""
    w = weight([1.0, 1.0, 1.0])
    loss = (w * torch.tensor([1.0, 2.0, 3.0])).sum() / 3

    found = yours(byhand.check(loss, w=[0.333, 0.667, -1.0]))

    assert (found.where, found.error) == ((2,), 2.0)


def test_a_large_number_does_not_excuse_a_small_one():
    """Each element is held against its own size: 0.5 is not 0.001, however large its neighbour is."""
    w = weight([1.0, 1.0])
    loss = (w * torch.tensor([1e6, 0.001])).sum()

    found = yours(byhand.check(loss, w=[1e6, 0.5]))

    assert (found.verdict, found.where, round(found.error, 3)) == (Verdict.DIFFERS, (1,), 0.499)


def test_a_tensor_is_held_against_rounding_alone():
    """A tensor was computed, so it must agree to rounding: two digits are not enough."""
    w = weight([1.0, 1.0, 1.0])
    loss = (w * torch.tensor([1.0, 2.0, 3.0])).sum() / 3

    assert yours(byhand.check(loss, w=torch.tensor([1 / 3, 2 / 3, 1.0]))).verdict is Verdict.AGREES
    assert yours(byhand.check(loss, w=torch.tensor([0.33, 0.67, 1.0]))).verdict is Verdict.DIFFERS


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_arrays_are_compared(kind):
    """An array of numpy's is held against rounding like a tensor, and so is one number of it."""
    numpy = pytest.importorskip("numpy")
    w = weight([1.0, 1.0, 1.0])
    loss = (w * torch.tensor([1.0, 2.0, 3.0])).sum() / 3
    right = numpy.array([1, 2, 3], dtype=kind) / 3

    assert yours(byhand.check(loss, w=right)).verdict is Verdict.AGREES
    assert yours(byhand.check(loss, w=right.round(2))).verdict is Verdict.DIFFERS
    w = torch.tensor(1.0, requires_grad=True)
    assert yours(byhand.check(w / 3, w=right[0])).verdict is Verdict.AGREES
    assert yours(byhand.check(w / 3, w=right[0].round(2))).verdict is Verdict.DIFFERS


def test_an_intermediate_result_after_a_recorded_backward():
    """Its gradient is gone from PyTorch's memory, and still compared."""
    with byhand.record() as run:
        w = weight()
        loss = loss_of(w)
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
    w = weight([1.0, 1.0, 1.0])
    loss = (w * torch.tensor([1.0, 2.0, 3.0])).sum() / 3

    with pytest.raises(WrongShape):
        byhand.check(loss, w=1.0)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_infinite_gradients_are_compared(value):
    """Inf agrees with inf, and nan with nan, rather than being taken for a mistake."""
    w = torch.tensor(0.0, requires_grad=True)
    loss = torch.log(w) if value == float("inf") else (w - w) * torch.log(-w - 1)

    assert yours(byhand.check(loss, w=value)).verdict is Verdict.AGREES


def test_complex_values_are_compared():
    """The gradient of a complex weight takes a complex number."""
    w = torch.tensor(1.0 + 2.0j, requires_grad=True)
    loss = (w * w.conj()).real

    assert yours(byhand.check(loss, w=2.0 + 4.0j)).exact


def test_intermediate_results_are_compared():
    """A mapping holds values for leaves and intermediates together."""
    w = weight()
    y_hat = w * 1.0
    s = y_hat - 2.0
    loss = s**2

    story = byhand.check(loss, {"w": -2.0, "y_hat": -2, "s": -1})

    assert [each.verdict.value for each in story.passes[0].yours] == ["agrees", "agrees", "differs"]
