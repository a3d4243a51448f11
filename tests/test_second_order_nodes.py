"""Second derivatives of PyTorch's own operations: each compared, none blamed that is right, and those that are wrong found."""

from dataclasses import replace

import pytest
import torch
from second_passes import default, directly, weight
from torch.nn import functional
from zoo import GRAPHS

from byhand.faults import find
from byhand.rules.table import TABLE
from byhand.second.statistics import TIES


@pytest.fixture(params=[torch.float64, torch.float32], ids=str, autouse=True)
def dtype(request):
    """The default dtype of the programs."""
    with default(request.param) as chosen:
        yield chosen


ORDINARY = {
    "TanhBackwardBackward0": torch.tanh,
    "SigmoidBackwardBackward0": torch.sigmoid,
    "SoftmaxBackwardDataBackward0": lambda x: x.softmax(-1),
    "GeluBackwardBackward0": functional.gelu,
    "SoftplusBackwardBackward0": functional.softplus,
    "NativeLayerNormBackwardBackward0": lambda x: functional.layer_norm(x, x.shape[-1:]),
}


@pytest.mark.parametrize("node", ORDINARY)
def test_the_nodes_of_the_second_derivative_are_judged(node, monkeypatch):
    """PyTorch's own second derivative agrees; with a mistake of 0.1 % planted in our rule for one of its nodes it differs."""
    loss = (ORDINARY[node](weight()) ** 3).sum()

    assert directly(loss).second.differ == 0
    for (name, edge), rules in TABLE.items():
        if name == node:
            monkeypatch.setitem(TABLE, (name, edge), [off_by_a_thousandth(rule) for rule in rules])
    assert directly(loss).second.differ == 1


def off_by_a_thousandth(rule):
    """The rule with a mistake in it."""
    return replace(rule, function=lambda *values: 1.001 * rule.function(*values))


@pytest.mark.parametrize("node", ["TanhBackward0", "ExpBackward0", "LogBackward0", "PowBackward0"])
def test_ours_is_not_pytorchs(node, monkeypatch):
    """The second derivative by hand comes from the rule for the first: with a rule that forgets what it depends on, the two differ."""
    x = weight()
    loss = {"TanhBackward0": x.tanh(), "ExpBackward0": x.exp(), "LogBackward0": (x.abs() + 1).log(), "PowBackward0": x**3}[node].sum()
    (rule,) = [rule for rule in TABLE[node, 0] if node != "PowBackward0" or rule.name == "pow_self"]
    forgetful = replace(rule, function=lambda *values: rule.function(*[forget(value) for value in values]))

    assert directly(loss).second.differ == 0
    monkeypatch.setitem(TABLE, (node, 0), [forgetful])
    assert directly(loss).second.differ == 1


def forget(value):
    """The value without its graph."""
    return value.detach() if isinstance(value, torch.Tensor) else value


NORMED = {
    "NativeLayerNormBackward0": lambda x: functional.layer_norm(x, x.shape[-1:]),
    "NativeBatchNormBackward0": lambda x: functional.batch_norm(x, None, None, training=True),
}


@pytest.mark.parametrize("result", ["result1", "result2"])
@pytest.mark.parametrize("node", NORMED)
def test_the_statistics_of_a_norm_depend_on_its_input(node, result, monkeypatch):
    """The mean and the deviation, which PyTorch saves as numbers, count: if one of them is left a number, the derivatives differ."""
    loss = (NORMED[node](weight()) ** 3).sum()

    assert directly(loss).second.differ == 0
    monkeypatch.setitem(TIES, (node, result), lambda value, saved: value)
    assert directly(loss).second.differ == 1


def test_weight_norm_of_pytorch_is_wrong_twice():
    """PyTorch takes the norms for constants in the second derivative of `weight_norm`: found, and differences of the gradient agree."""
    v, size = weight(3, 4), weight(3, 1)
    made = directly((torch._weight_norm(v, size, 0) ** 3).sum())

    assert [(finding.code, finding.cause, finding.subject) for finding in find([made])] == [("wrong-gradient", "second-derivative", "v")]
    assert curvature_error(lambda v: (torch._weight_norm(v, size.double(), 0) ** 3).sum(), v) > 0.1


def curvature_error(function, x):
    """How far PyTorch's second derivative along one direction is from a central difference of its first, relative to that."""
    x = x.detach().double().requires_grad_()
    along = torch.ones_like(x)
    (slope,) = torch.autograd.grad(function(x), x, create_graph=True)
    (curve,) = torch.autograd.grad((slope * along).sum(), x)
    ahead, behind = (torch.autograd.grad(function(at), at)[0] for at in ((x + 1e-5 * sign).detach().requires_grad_() for sign in (1, -1)))
    difference = (ahead - behind) / 2e-5
    return ((curve - difference).norm() / difference.norm()).item()


def test_embedding_by_frequency_of_pytorch_is_wrong_twice():
    """PyTorch forgets `scale_grad_by_freq` in the second derivative, so that it no longer is that of what was sent."""
    table, words = weight(5, 2), torch.tensor([0, 2, 2, 2])
    made = directly(functional.embedding(words, table, scale_grad_by_freq=True).square().sum())

    assert [(finding.code, finding.cause) for finding in find([made])] == [("wrong-gradient", "second-derivative")]


@pytest.mark.parametrize(
    "kinked",
    [
        functional.elu,
        functional.relu,
        torch.abs,
        lambda x: functional.huber_loss(x, x.detach() + 1),
        lambda x: torch.maximum(x, x.detach().clone()),
        lambda x: functional.max_pool1d(x[None], 2),
        lambda x: x.clamp(0, 1),
    ],
)
def test_at_a_kink_any_side_will_do(kinked):
    """Where the second derivative jumps, PyTorch may take either value."""
    x = torch.tensor([[0.0, -1.0, 1.0, 0.0], [0.0, 0.0, 2.0, 2.0]], requires_grad=True)

    assert directly((kinked(x) + 1.5).square().sum()).second.differ == 0


@pytest.mark.parametrize("name", ["pinn", "gnn", "losses", "convnet_bn", "nn_transformer", "gru", "unet"])
def test_models_of_the_zoo_are_left_alone(name):
    """Every operation of the model is differentiated twice, and none differs."""
    torch.manual_seed(0)
    made = directly(GRAPHS[name]())

    assert made.second.agree >= 1
    assert made.second.differ == made.second.not_compared == 0
    assert [finding for finding in find([made]) if finding.cause == "second-derivative" or "second" in finding.code] == []
