"""What findings tell the user to type: his own words, whole, and code that works."""

import textwrap

import pytest
from diagnosing import Server

HEAD = "import math\nimport torch\nfrom torch import nn\ntorch.manual_seed(0)\n"
NETS = "enc = nn.Linear(3, 2)\nhead = nn.Linear(2, 1)\nscale = nn.Parameter(torch.tensor(0.5))\nx = torch.randn(6, 3)\n"
ADAM = "optimizer = torch.optim.Adam([*enc.parameters(), *head.parameters(), scale])\n"
LOOP = """
for _ in range(3):
    optimizer.zero_grad()
    h = CODE
    loss = (head(h) * scale).square().mean()
    loss.backward()
    optimizer.step()
"""
WRITE = {
    "enc(x).detach()": "Write `h = enc(x)` at line 13, without `.detach()`",
    "enc(x).data * 2": "Write `h = enc(x) * 2` at line 13, without `.data`",
    "torch.tensor([[float(a), 1.0] for a in enc(x)[:, 0]])": "Write `a` in place of `float(a)`",
    "torch.tensor([[math.exp(a), 1.0] for a in enc(x)[:, 0]])": "Write `torch.exp(a)` in place of `math.exp(a)`",
    "torch.tensor(list(enc(x).flatten())).view(6, 2)": "Write `h = torch.stack(list(enc(x).flatten())).view(6, 2)` at line 13",
    "torch.tensor(enc(x))": "Write `h = enc(x)` at line 13",
    "torch.tensor(enc(x) + 1) * 2": "Write `h = (enc(x) + 1) * 2` at line 13",
    "nn.Parameter(enc(x) + 1)": "Write `h = enc(x) + 1` at line 13",
    "torch.distributions.Normal(enc(x), 1.0).sample()": "Write `torch.distributions.Normal(enc(x), 1.0).rsample()` at line 13",
    "torch.no_grad()(enc)(x) + 0": "Leave out what switches grad mode off at line 13",
}


@pytest.fixture(scope="module")
def server():
    """One process for the programs of this file."""
    started = Server()
    yield started
    started.close()


def findings(server, folder, program):
    """What was said of a program that is no mere note."""
    path = folder / "program.py"
    path.write_text(HEAD + textwrap.dedent(program), encoding="utf-8")
    return server.diagnose(path).strong()


@pytest.mark.parametrize("code", WRITE)
def test_the_fix_of_a_cut_can_be_typed(server, tmp_path, code):
    """The fix has the line of the program as it should be, and nothing of it is left out."""
    found = [each for each in findings(server, tmp_path, NETS + ADAM + LOOP.replace("CODE", code)) if each["code"] == "graph-cut"]
    assert WRITE[code] in found[0]["fix"]
    assert "…" not in found[0]["fix"]


def test_a_computed_weight_is_given_to_its_layer_by_a_functional_call(server, tmp_path):
    """A module takes no computed tensor as its parameter, so the fix calls it with one."""
    program = """
    base, change = nn.Linear(3, 2), nn.Parameter(torch.randn(2, 3))
    x = torch.randn(6, 3)
    optimizer = torch.optim.Adam([change])
    for _ in range(2):
        base.weight = nn.Parameter(2 * change)
        loss = base(x).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    """
    (found,) = [each for each in findings(server, tmp_path, program) if each["code"] == "graph-cut"]
    assert "`weight = 2 * change`" in found["fix"]
    assert '`torch.func.functional_call(base, {"weight": weight}, x)`' in found["fix"]


PENALTY = """
critic, x = nn.Sequential(nn.Linear(2, 8), nn.Softplus(), nn.Linear(8, 1)), torch.randn(6, 2)
optimizer = torch.optim.Adam(critic.parameters())
for _ in range(2):
    z = x.clone().requires_grad_()
    slope = torch.autograd.grad(critic(z).sum(), z, GIVEN)[0]
    loss = critic(x).mean() + 10 * (slope.norm(dim=1) - 1).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


def test_a_penalty_without_a_graph_is_found(server, tmp_path):
    """A penalty made of gradients that have no history is a constant, and the fix is the call with create_graph."""
    (found,) = findings(server, tmp_path, PENALTY.replace("GIVEN", "retain_graph=True"))
    assert (found["code"], found["cause"], found["subject"]) == ("second-derivative-lost", "create-graph", "slope")
    assert "`torch.autograd.grad(critic(z).sum(), z, retain_graph=True, create_graph=True)`" in found["fix"]


def test_a_penalty_with_its_graph_is_well(server, tmp_path):
    """Nothing is said of a penalty whose gradient has a history."""
    assert not findings(server, tmp_path, PENALTY.replace("GIVEN", "create_graph=True"))


def test_a_step_along_the_gradient_of_an_input_is_no_penalty(server, tmp_path):
    """An adversarial example takes the gradient as a number on purpose."""
    program = PENALTY.replace("GIVEN", "retain_graph=True").replace(
        "critic(x).mean() + 10 * (slope.norm(dim=1) - 1).square().mean()", "critic(x + 0.1 * slope.sign()).mean() * (1 + slope.norm())"
    )
    assert not findings(server, tmp_path, program)


def test_layers_that_die_on_the_way_are_found_at_the_end(server, tmp_path):
    """Units that lived in the first passes, and are all silent in the last ones, are dead: no gradient brings them back."""
    program = """
    model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=3.0)
    rows = torch.rand(200, 8)
    for _ in range(6):
        optimizer.zero_grad()
        (model(rows) - 300 - rows.sum(dim=1, keepdim=True)).square().mean().backward()
        optimizer.step()
    """
    assert ("dead-unit", "model.0.weight") in [(each["code"], each["subject"]) for each in findings(server, tmp_path, program)]


def test_blocks_of_one_class_are_one_finding(server, tmp_path):
    """What every block leaves unused is said once, with the blocks that are alike."""
    program = """
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.spare = nn.Linear(2, 2), nn.Linear(2, 2)
        def forward(self, x):
            return self.used(x)
    model = nn.Sequential(Block(), Block(), Block())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(5, 2)).square().mean().backward()
        optimizer.step()
    """
    (found,) = findings(server, tmp_path, program)
    assert found["code"] == "unused-parameter"
    assert "The same holds for 1.spare and 2.spare" in found["what"]
