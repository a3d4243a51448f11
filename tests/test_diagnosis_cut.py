"""Ways of a gradient that end before it comes to a weight: each cause in other words than the example programs, and what is meant so."""

import textwrap

import pytest
from diagnosing import Server

HEAD = "import numpy as np\nimport torch\nfrom torch import nn\ntorch.manual_seed(0)\n"
NETS = "enc = nn.Linear(3, 2)\nhead = nn.Linear(2, 1)\nx = torch.randn(6, 3)\n"
ADAM = "optimizer = torch.optim.Adam([*enc.parameters(), *head.parameters()])\n"
LOOP = """
for _ in range(3):
    optimizer.zero_grad()
    loss = head(CODE).square().mean()
    loss.backward()
    optimizer.step()
"""
CONSTANT = """
class Constant(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.sigmoid()
        ctx.mark_non_differentiable(y)
        return y
    @staticmethod
    def backward(ctx, grad):
        return None
"""
CUTS = {
    "torch.as_tensor([[a.sum(), a.sum()] for a in enc(x)])": "rewrap",
    "torch.Tensor([enc(x)[0, 0], enc(x)[0, 1]])": "rewrap",
    "torch.tensor([row.tolist() for row in enc(x)])": "item",
    "torch.from_numpy(np.tanh(enc(x).data.numpy()))": "numpy",
    "nn.functional.one_hot(enc(x).argmax(dim=1), 2).float()": "integer",
    "nn.Parameter(enc(x))": "parameter-in-forward",
    "torch.autograd.Variable(enc(x), requires_grad=True)": "parameter-in-forward",
    "enc(x).data * 2": "data",
    "enc(x).detach().clone()": "detach",
    "torch.inference_mode()(enc)(x).clone()": "no-grad",
    "Constant.apply(enc(x))": "non-differentiable",
}


@pytest.fixture(scope="module")
def server():
    """One process for the programs of this file."""
    started = Server()
    yield started
    started.close()


def diagnosed(server, folder, program):
    """What was said of a program that is no mere note, as (code, cause, subject)."""
    path = folder / "program.py"
    path.write_text(HEAD + textwrap.dedent(program), encoding="utf-8")
    return [(each["code"], each["cause"], each["subject"]) for each in server.diagnose(path).strong()]


@pytest.mark.parametrize("code", CUTS)
def test_a_cut_is_found_with_its_cause(server, tmp_path, code):
    """An encoder that the optimizer has, and whose code comes to the loss without its history, is cut; the cause is what was written."""
    assert ("graph-cut", CUTS[code], "enc.weight") in diagnosed(server, tmp_path, NETS + ADAM + CONSTANT + LOOP.replace("CODE", code))


@pytest.mark.parametrize("code", ["enc(x)", "enc(x) + enc(x).detach()", "enc(x) + (enc(x).round() - enc(x)).detach()"])
def test_a_path_that_is_alive_is_no_cut(server, tmp_path, code):
    """Nothing is said where the gradient also comes on another path."""
    assert not diagnosed(server, tmp_path, NETS + ADAM + LOOP.replace("CODE", code))


def test_what_another_pass_reaches_is_not_cut(server, tmp_path):
    """The generator of a GAN is detached for the discriminator, and gets its gradient from its own pass."""
    program = """
    g, d = nn.Linear(2, 2), nn.Linear(2, 1)
    of_g, of_d = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
    for _ in range(3):
        fake = g(torch.randn(8, 2))
        of_d.zero_grad()
        (d(fake.detach()).mean() - d(torch.randn(8, 2)).mean()).backward()
        of_d.step()
        of_g.zero_grad()
        (-d(fake).mean()).backward()
        of_g.step()
    """
    assert not diagnosed(server, tmp_path, program)


def test_a_weight_that_no_optimizer_has_may_be_cut(server, tmp_path):
    """A frozen encoder whose code is detached is meant so, as long as the optimizer has the head alone."""
    adam = "optimizer = torch.optim.Adam(head.parameters())\n"
    assert not diagnosed(server, tmp_path, NETS + adam + LOOP.replace("CODE", "enc(x).detach()"))


@pytest.mark.parametrize(
    "step", ["torch.floor(w * 3)", "torch.div(w, 2, rounding_mode='trunc')", "(w > 0.1).float()", "torch.normal(w, 1.0)"]
)
def test_a_step_on_the_only_path_is_found(server, tmp_path, step):
    """A weight that comes to the loss through a step function alone gets nothing but zeros."""
    program = f"""
    w = torch.randn(3, requires_grad=True)
    v = torch.randn(3, requires_grad=True)
    optimizer = torch.optim.SGD([w, v], lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        loss = (v - {step}).square().sum()
        loss.backward()
        optimizer.step()
    """
    assert ("zero-gradient-op", "", "w") in diagnosed(server, tmp_path, program)


def test_a_refused_pass_is_explained(server, tmp_path):
    """Where PyTorch says that element 0 of tensors does not require grad, the place where the path ended is found."""
    program = NETS + "with torch.no_grad():\n    loss = head(enc(x)).mean()\nloss.backward()\n"
    assert ("graph-cut", "no-grad", "enc.weight") in diagnosed(server, tmp_path, program)


def test_a_non_leaf_that_an_optimizer_refuses_is_explained(server, tmp_path):
    """A tensor that was changed after its gradient was asked for is no leaf; the line that changed it is named."""
    program = "w = torch.randn(3, requires_grad=True).double()\noptimizer = torch.optim.SGD([w], lr=0.1)\n"
    assert ("non-leaf-grad", "", "w") in diagnosed(server, tmp_path, program)
