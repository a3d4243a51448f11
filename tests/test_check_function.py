"""One function checked: every planted fault of a backward is caught and named, and right ones stay silent at every dtype and size."""

import json

import fragile_kernels
import kernels
import pytest
import torch

import byhand
from byhand.results import Verdict

DTYPES = (torch.float64, torch.float32, torch.bfloat16)


@pytest.fixture(autouse=True)
def _forgotten():
    """What the kernels with a memory remember is forgotten between tests."""
    fragile_kernels.KeepsCount.calls = 0
    fragile_kernels.BUFFERS.clear()


def tensor(*shape, dtype=torch.float32, seed=0):
    """Random numbers, the same each time."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def inputs(dtype=torch.float32, rows=33):
    """The two inputs of the kernels."""
    return tensor(rows, 20, dtype=dtype), tensor(20, dtype=dtype, seed=1)


def trial(story, name):
    """The attempts of the story whose name has this in it."""
    found = [each for each in story.checked.trials if name in each.name]
    assert found, [each.name for each in story.checked.trials]
    return found


def codes(story):
    """Code and cause of each finding."""
    return {(finding.code, finding.cause) for finding in story.passes[0].findings}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("kernel", [kernels.Sine, kernels.Split])
def test_a_right_function_agrees(kernel, dtype):
    """Nothing is said against a right custom Function: not at its node, not under stress, not from outside."""
    story = byhand.check(kernel, *inputs(dtype))

    assert story.agrees
    assert not story.differs
    assert {each.verdict for each in story.checked.trials} == {Verdict.AGREES}
    assert story.checked.seal.verdict is Verdict.AGREES
    assert story.passes[0].findings == ()


def test_a_million_elements_agree():
    """Size is no excuse for a false alarm."""
    story = byhand.check(kernels.Sine, tensor(1_000, 1_000), tensor(1_000, seed=1))

    assert story.agrees
    assert story.checked.seal.verdict is Verdict.AGREES


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_an_opaque_forward_agrees(dtype):
    """A forward in NumPy is judged all the same."""
    assert byhand.check(kernels.Opaque, *inputs(dtype)).agrees


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(
    ("kernel", "subject"),
    [
        (kernels.WrongSign, "x"),
        (kernels.MissingFactor, "x"),
        (kernels.MissingSum, "w"),
        (kernels.LastTile, "x"),
        (kernels.NoGradient, "w"),
        (kernels.ForgetsOutput, "x"),
    ],
)
def test_a_wrong_rule_is_caught(kernel, subject, dtype):
    """A wrong derivative differs at its node, and the function itself shows it too; the input is named by both."""
    story = byhand.check(kernel, *inputs(dtype))

    assert story.differs
    assert {finding.subject for finding in story.passes[0].findings if not finding.cause} == {subject}
    assert story.checked.seal.verdict is Verdict.DIFFERS
    assert story.checked.seal.blamed == (subject,)
    assert story.checked.seal.slope == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(
    ("kernel", "name", "finding"),
    [
        (fragile_kernels.OnlyContiguous, "transposed", ("wrong-gradient", "layout")),
        (fragile_kernels.OnlyContiguous, "sliced", ("wrong-gradient", "layout")),
        (fragile_kernels.OnlyContiguous, "every second", ("wrong-gradient", "layout")),
        (fragile_kernels.WrongExpanded, "one number expanded", ("wrong-gradient", "layout")),
        (fragile_kernels.KeepsCount, "a second time", ("wrong-gradient", "state")),
        (fragile_kernels.OwnBuffer, "a second time", ("wrong-gradient", "state")),
        (fragile_kernels.OverwritesSaved, "what it saved", ("saved-tensor-overwritten", "backward")),
        (fragile_kernels.OverwritesSaved, "a second time", ("wrong-gradient", "state")),
        (fragile_kernels.OverwritesInput, "what it saved", ("saved-tensor-overwritten", "backward")),
        (fragile_kernels.OverwritesGradient, "what it saved", ("saved-tensor-overwritten", "backward")),
        (fragile_kernels.KeepsGradient, "zeros", ("wrong-gradient", "not-linear")),
        (fragile_kernels.AddsItsOwn, "zeros", ("wrong-gradient", "not-linear")),
        (fragile_kernels.Clips, "twice the gradient", ("wrong-gradient", "not-linear")),
        (fragile_kernels.InCompany, "each input alone", ("wrong-gradient", "needs-input-grad")),
        (fragile_kernels.NeedsCompany, "each input alone", ("wrong-gradient", "needs-input-grad")),
        (fragile_kernels.NeedsBothOutputs, "each output alone", ("wrong-gradient", "unused-output")),
    ],
)
def test_a_fault_that_only_stress_shows_is_caught(kernel, name, finding, dtype):
    """The attempt that is meant for it fails, and becomes a finding that says where the backward stands."""
    story = byhand.check(kernel, *inputs(dtype))

    assert {each.verdict for each in trial(story, name)} == {Verdict.DIFFERS}
    assert finding in codes(story)
    assert story.differs
    assert next(each for each in story.passes[0].findings if each.cause == finding[1]).where.file.endswith("kernels.py")


def test_channels_last_is_tried_for_images():
    """A gradient in channels-last arrives at a function of four dimensions."""
    story = byhand.check(fragile_kernels.ChannelsLast, tensor(2, 3, 4, 5))

    assert [each.verdict for each in trial(story, "channels-last")] == [Verdict.DIFFERS]
    assert story.differs


def test_the_stress_reaches_a_function_inside_of_another():
    """A custom Function in the middle is handed the layouts itself, whatever the operations after it make of them."""
    story = byhand.check(lambda x, w: fragile_kernels.OnlyContiguous.apply(x.exp(), w).tanh().mean(), *inputs())

    assert trial(story, "transposed")[0].verdict is Verdict.DIFFERS


def test_a_fault_of_one_dtype_is_found_at_that_dtype():
    """Wrong in bfloat16 only: float32 agrees, and bfloat16 differs although float64 sees nothing, and so is not sealed."""
    assert byhand.check(kernels.WrongInHalf, *inputs(torch.float32)).agrees

    story = byhand.check(kernels.WrongInHalf, *inputs(torch.bfloat16))

    assert story.differs
    assert story.checked.seal.verdict is Verdict.NOT_COMPARED
    assert "slope 2.0" in story.checked.seal.said


def test_a_wrong_forward_mode_is_told():
    """Backward is right and jvp is not: the two disagree, and the Taylor test says which is right."""
    story = byhand.check(kernels.WrongJvp, *inputs())

    assert story.checked.seal.verdict is Verdict.AGREES
    assert story.checked.seal.forward is Verdict.DIFFERS
    assert story.differs


def test_pytorchs_own_operations_need_no_stress():
    """A function of plain operations is judged by rules and sealed."""
    story = byhand.check(lambda x: torch.softmax(x @ x.T, -1).log().mean(), tensor(6, 4))

    assert story.agrees
    assert story.checked.trials == ()
    assert story.checked.seal.forward is Verdict.AGREES


def test_a_custom_operator_is_checked():
    """torch.library.custom_op is a function like any other."""

    @torch.library.custom_op("byhand_tests::cube", mutates_args=())
    def cube(x: torch.Tensor) -> torch.Tensor:
        return x**3

    cube.register_autograd(lambda ctx, grad: 2 * grad * ctx.saved_tensors[0] ** 2, setup_context=keep_inputs)

    story = byhand.check(cube, tensor(5))

    assert story.differs
    assert "x" in story.checked.seal.blamed


def keep_inputs(ctx, inputs, output):
    """What the backward of an operator needs."""
    ctx.save_for_backward(*inputs)


def test_a_module_is_left_as_it_was():
    """Its parameters are checked by their names; their .grad, its buffers and the random numbers are what they were."""
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Dropout(0.5))
    module[0].weight.grad = torch.ones(4, 3)
    before = [buffer.clone() for buffer in module.buffers()]
    state = torch.get_rng_state()

    story = byhand.check(module, tensor(8, 3))

    assert story.agrees
    assert {leaf.name for leaf in story.passes[0].leaves} >= {"module.0.weight", "input"}
    assert torch.equal(module[0].weight.grad, torch.ones(4, 3))
    assert module[0].bias.grad is None
    assert all(torch.equal(*pair) for pair in zip(before, module.buffers(), strict=True))
    assert torch.equal(state, torch.get_rng_state())


def test_inputs_may_be_nested():
    """Tensors in lists, tuples and dictionaries are inputs, and what is no tensor is handed on."""
    story = byhand.check(lambda parts, power: parts["a"] ** power * parts["b"][0], {"a": tensor(3), "b": [tensor(3, seed=1), "text"]}, 2)

    assert story.agrees
    assert {leaf.name for leaf in story.passes[0].leaves} == {"parts['a']", "parts['b'][0]"}


def test_inputs_that_ask_for_a_gradient_are_checked_alone():
    """If one requires a gradient, the others are constants, as everywhere in PyTorch; the tensors themselves stay untouched."""
    x, w = inputs()
    x.requires_grad_()

    story = byhand.check(kernels.Sine, x, w)

    assert [leaf.name for leaf in story.passes[0].leaves] == ["x"]
    assert x.grad is None


def test_the_gradient_may_be_given():
    """What arrives at the result can be chosen."""
    story = byhand.check(torch.sin, torch.zeros(2), gradient=torch.tensor([2.0, 3.0]))

    assert story.passes[0].leaves[0].by_torch.data == [2.0, 3.0]


def test_the_readers_own_numbers_are_weighed():
    """A value by the name of the function's parameter stands beside; a single number is then differentiated plainly."""
    assert byhand.check(lambda w: w**2, torch.tensor(3.0), w=6.0).agrees
    assert byhand.check(lambda w: w**2, torch.tensor(3.0), w=5.0).differs


def test_random_numbers_are_the_same_each_time():
    """Dropout is no reason to call a function nondeterministic."""
    story = byhand.check(lambda x: torch.nn.functional.dropout(torch.sin(x)), tensor(50))

    assert story.agrees
    assert story.checked.seal.verdict is Verdict.AGREES


def test_a_users_recording_hears_nothing():
    """Inside of record() a check adds no pass and no call of its own."""
    with byhand.record() as run:
        loss = tensor(3).requires_grad_().square().sum()
        byhand.check(kernels.Sine, *inputs())
        loss.backward()

    assert len(run.passes) == 1
    assert run.check().agrees


def test_gradients_are_checked_where_they_are_switched_off():
    """Under torch.no_grad() a function is checked all the same."""
    with torch.no_grad():
        assert byhand.check(torch.sin, tensor(3)).agrees


def test_a_lost_second_derivative_is_found_if_asked_for():
    """`order=2` finds a backward that is right once and cannot be differentiated; without it the function agrees."""
    assert byhand.check(kernels.LosesSecond, tensor(5)).agrees

    story = byhand.check(kernels.LosesSecond, tensor(5), order=2)

    assert story.differs
    assert {finding.code for finding in story.passes[0].findings} == {"second-derivative-lost"}
    assert byhand.check(kernels.Sine, *inputs(), order=2).agrees


def test_the_findings_are_in_the_json():
    """What failed under stress is data too."""
    story = byhand.check(fragile_kernels.OnlyContiguous, *inputs())
    found = json.loads(story.to_json())["findings"]

    assert [each.cause for each in story.findings] == ["layout"]
    assert [(each["code"], each["cause"], each["subject"]) for each in found] == [("wrong-gradient", "layout", "x")]


def test_the_report_names_what_was_tried():
    """The report has the attempts, the remainders with their slope, and what forward mode said."""
    text = str(byhand.check(fragile_kernels.OnlyContiguous, *inputs()))

    for words in (
        "OnlyContiguous(x, w), worked by hand",
        "under stress",
        "the gradient arrives transposed",
        "slope 2.0",
        "no forward mode",
    ):
        assert words in " ".join(text.split())
