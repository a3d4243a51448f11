"""The assertion for people's own tests: true for what is right, an AssertionError with the whole report for what is not."""

import fragile_kernels
import kernels
import pytest
import torch

import byhand
from byhand.testing import assert_gradients


def inputs(dtype=torch.float32):
    """The two inputs of the kernels."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(33, 20, generator=generator).to(dtype), torch.randn(20, generator=generator).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
def test_right_gradients_are_true(dtype):
    """It returns True, so that `assert assert_gradients(...)` works as `assert gradcheck(...)` did."""
    assert assert_gradients(kernels.Sine, *inputs(dtype)) is True


def test_a_tuple_of_inputs_is_taken_apart():
    """The call is gradcheck's own: a function and one tuple."""
    assert assert_gradients(kernels.Sine.apply, inputs())
    with pytest.raises(AssertionError):
        assert_gradients(kernels.WrongSign.apply, inputs())


@pytest.mark.parametrize("kernel", [kernels.WrongSign, fragile_kernels.OnlyContiguous, fragile_kernels.OverwritesSaved, kernels.WrongJvp])
def test_a_wrong_gradient_raises_with_the_report(kernel):
    """Whatever failed, a rule, the stress or an identity, the message is the whole report."""
    with pytest.raises(AssertionError) as found:
        assert_gradients(kernel, *inputs())

    assert str(found.value).startswith("a gradient is wrong\n\n")
    assert f"{kernel.__name__}(x, w), worked by hand" in str(found.value)


def test_what_could_not_be_compared_is_no_success():
    """NaN is no evidence."""
    with pytest.raises(AssertionError, match="nothing could be compared"):
        assert_gradients(torch.log, -torch.ones(3))


def test_what_cannot_be_checked_is_byhands_own_error():
    """A function without a result is a mistake in the test, and said as one."""
    with pytest.raises(byhand.errors.NoResult):
        assert_gradients(lambda x: None, torch.ones(3))


def test_gradcheck_passes_what_this_finds():
    """Two faults that the slow gradcheck lets through: a backward that reads memory without strides, and one that keeps a buffer."""
    at = tuple(each.double().requires_grad_() for each in inputs())

    assert torch.autograd.gradcheck(
        fragile_kernels.OnlyContiguous.apply, (at[0][:3, :4].detach().requires_grad_(), at[1][:4].detach().requires_grad_())
    )
    with pytest.raises(AssertionError):
        assert_gradients(fragile_kernels.OnlyContiguous, *at)


@pytest.mark.parametrize("option", ["eps", "atol", "rtol", "raise_exception", "nondet_tol", "fast_mode", "check_undefined_grad"])
def test_the_options_of_gradcheck_are_refused_in_words(option):
    """Whoever changes one call for the other is told what to delete."""
    with pytest.raises(byhand.errors.UnknownOption, match=f"delete {option}="):
        assert_gradients(kernels.Sine.apply, inputs(), **{option: 1})
