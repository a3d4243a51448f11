"""Parameters that are not trained although the program means to train them, in all the ways it is written; and the ways that are meant."""

import textwrap

import pytest
from diagnosing import Server

HEAD = "import copy\nimport torch\nfrom torch import nn\ntorch.manual_seed(0)\n"
NETWORK = "net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))\n"
ADAM = "optimizer = torch.optim.Adam(net.parameters(), lr=0.01)\n"
LOOP = """
for step in range(5):
    loss = net(torch.randn(16, 4)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
BY_HAND = """
for step in range(4):
    net.zero_grad()
    net(torch.randn(16, 4)).square().mean().backward()
    for p in net.parameters():
        UPDATE
"""
MODEL = """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        SETS
    def forward(self, x):
        return USES
net = Model()
"""


@pytest.fixture(scope="module")
def server():
    """One process for the programs of this file."""
    started = Server()
    yield started
    started.close()


@pytest.fixture
def found(server, tmp_path):
    """What is found in a program, without what other families say: (code, severity, subject, the line's text)."""

    def diagnose(*parts):
        path = tmp_path / "program.py"
        path.write_text(HEAD + "".join(textwrap.dedent(part) for part in parts), encoding="utf-8")
        said = server.diagnose(path)
        assert "byhand itself failed" not in said.printed, said.printed
        lines = path.read_text(encoding="utf-8").splitlines()
        codes = ("frozen-parameter", "unused-parameter", "unregistered-parameter", "not-in-optimizer", "eval-mode", "weights-not-updated")
        return [
            (each["code"], each["severity"], each["subject"], lines[each["where"]["line"] - 1].strip())
            for each in said.findings
            if each["code"] in codes
        ]

    return diagnose


def model(sets, uses):
    """A small model that sets and uses something besides its body."""
    return MODEL.replace("SETS", sets).replace("USES", uses)


def test_an_attribute_on_a_module_does_not_thaw_it(found):
    """`net[0].requires_grad = True` is read by nobody."""
    frozen = "net[0].requires_grad_(False)\n"

    assert found(NETWORK, frozen, "net[0].requires_grad = True\n", ADAM, LOOP) == [
        ("frozen-parameter", "error", "net.0.weight", frozen.strip())
    ]


def test_a_frozen_part_in_an_optimizer_is_left_alone(found):
    """A frozen backbone among `net.parameters()` is usual."""
    assert found(NETWORK, "net[0].requires_grad_(False)\n", ADAM, LOOP) == []


def test_a_plain_tensor_in_an_optimizer_is_frozen(found):
    """A tensor without requires_grad=True, given to the optimizer by hand."""
    made = "w = torch.randn(4, 1)\nb = torch.zeros(1, requires_grad=True)\nnet = lambda x: x @ w + b\n"

    (one,) = found(made, "optimizer = torch.optim.SGD([w, b], lr=0.1)\n", LOOP)
    assert one[:3] == ("frozen-parameter", "error", "w")


def test_a_critic_that_is_thawed_again_is_left_alone(found):
    """The discriminator is frozen while the generator learns, and trained in its own turn."""
    assert (
        found("""
        generator, critic = nn.Linear(3, 4), nn.Linear(4, 1)
        first = torch.optim.Adam(generator.parameters())
        second = torch.optim.Adam(critic.parameters())
        for step in range(4):
            critic.requires_grad_(True)
            loss = critic(generator(torch.randn(8, 3)).detach()).square().mean()
            second.zero_grad()
            loss.backward()
            second.step()
            critic.requires_grad_(False)
            loss = critic(generator(torch.randn(8, 3))).square().mean()
            first.zero_grad()
            loss.backward()
            first.step()
        """)
        == []
    )


def test_a_module_that_no_method_mentions_is_unused(found):
    """The line that makes it is named, as a warning."""
    sets = "self.extra = nn.Linear(4, 4)"

    assert found(model(sets, "self.body(x)"), ADAM, LOOP) == [("unused-parameter", "warning", "extra.weight", sets)]


def test_a_branch_that_is_not_taken_is_a_note(found):
    """The line that would have used the module is named."""
    uses = "self.extra(x) if self.body.in_features > 9 else self.body(x)"

    (one,) = found(model("self.extra = nn.Linear(4, 4)", uses), ADAM, LOOP)
    assert one == ("unused-parameter", "note", "extra.weight", f"return {uses}")


def test_a_result_that_forward_drops_leaves_its_parameter_unused(found):
    """The line that works it out is named."""
    uses = "(self.extra(x), self.body(x))[1]"

    (one,) = found(model("self.extra = nn.Linear(4, 4)", uses), ADAM, LOOP)
    assert one == ("unused-parameter", "warning", "extra.weight", f"return {uses}")


def test_idle_experts_are_one_note(found):
    """Three of four experts get nothing to do."""
    sets = "self.experts = nn.ModuleList(nn.Linear(4, 4) for _ in range(4))"

    (one,) = found(model(sets, "self.experts[1](self.body(x))"), ADAM, LOOP)
    assert one[:3] == ("unused-parameter", "note", "experts.0.weight")


@pytest.mark.parametrize(
    ("sets", "uses", "subject"),
    [
        ("self.layers = [nn.Linear(4, 4) for _ in range(2)]", "self.layers[1](self.layers[0](self.body(x)))", "layers.0.weight"),
        ('self.heads = {"one": nn.Linear(4, 1)}', 'self.heads["one"](self.body(x))', "heads.one.weight"),
        ("self.scale = torch.ones(4, requires_grad=True)", "self.body(x) * self.scale", "scale"),
        ("self.mix = (nn.Parameter(torch.ones(4)),)", "self.body(x) * self.mix[0]", "mix.0"),
    ],
)
def test_what_a_module_does_not_register_is_found(found, sets, uses, subject):
    """Layers in a list or a dict, a plain tensor, a parameter in a tuple."""
    assert found(model(sets, uses), ADAM, LOOP) == [("unregistered-parameter", "error", subject, sets)]


def test_a_list_that_repeats_registered_layers_is_left_alone(found):
    """The layers are attributes too."""
    assert found(model("self.order = [self.body]", "self.order[0](x)"), ADAM, LOOP) == []


def test_an_input_that_forward_keeps_is_no_parameter(found):
    """An input with requires_grad, kept to look at its gradient."""
    loop = LOOP.replace("torch.randn(16, 4)", "torch.randn(16, 4, requires_grad=True)")

    assert found(model("self.seen = None", "self.body(setattr(self, 'seen', x) or x)"), ADAM, loop) == []


def test_a_layer_replaced_after_the_optimizer_is_in_none(found):
    """The line that replaced it is named."""
    replaced = "net[2] = nn.Linear(8, 2)\n"

    assert found(NETWORK, ADAM, replaced, LOOP) == [("not-in-optimizer", "error", "net.2.weight", replaced.strip())]


def test_a_layer_replaced_before_the_optimizer_is_held(found):
    """The order is all that matters."""
    assert found(NETWORK, "net[2] = nn.Linear(8, 2)\n", ADAM, LOOP) == []


def test_training_the_head_alone_is_a_note(found):
    """The body gets gradients that nobody uses."""
    (one,) = found(NETWORK, ADAM.replace("net.", "net[2]."), LOOP)

    assert one[:3] == ("not-in-optimizer", "note", "net.0.weight")


def test_a_second_module_left_out_is_a_warning(found):
    """Encoder and decoder are apart, and the optimizer got one of them."""
    apart = "encoder, decoder = nn.Linear(4, 3), nn.Linear(3, 4)\nnet = lambda x: decoder(torch.tanh(encoder(x)))\n"

    (one,) = found(apart, ADAM.replace("net.", "encoder."), LOOP)
    assert one[:3] == ("not-in-optimizer", "warning", "decoder.weight")


def test_training_in_eval_mode_names_the_line_of_eval(found):
    """Dropout is off in every step."""
    dropping = NETWORK.replace("nn.Tanh()", "nn.Dropout(0.5)")

    assert found(dropping, ADAM, "net.eval()\n", LOOP) == [("eval-mode", "warning", "net", "net.eval()")]


def test_eval_mode_without_modules_that_differ_is_left_alone(found):
    """Tanh is the same in either mode."""
    assert found(NETWORK, ADAM, "net.eval()\n", LOOP) == []


def test_a_part_in_eval_mode_is_left_alone(found):
    """A BatchNorm that is kept frozen."""
    assert found(NETWORK.replace("nn.Tanh()", "nn.BatchNorm1d(8)"), ADAM, "net[1].eval()\n", LOOP) == []


def test_the_optimizer_of_a_copy_updates_nothing(found):
    """The model was copied after the optimizer was made."""
    assert found(NETWORK, ADAM, "net = copy.deepcopy(net)\n", LOOP) == [("weights-not-updated", "error", "net.0.weight", ADAM.strip())]


def test_a_rate_of_0_updates_nothing(found):
    """In all steps."""
    (one,) = found(NETWORK, ADAM.replace("0.01", "0.0"), LOOP)

    assert one[:3] == ("weights-not-updated", "error", "net.0.weight")


def test_a_warm_up_from_0_is_left_alone(found):
    """Only the first step has the rate 0."""
    schedule = "schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / 4)\n"

    assert found(NETWORK, ADAM, schedule, LOOP.replace("optimizer.step()", "optimizer.step()\n    schedule.step()")) == []


@pytest.mark.parametrize(("end", "line"), [("    optimizer.step\n", "optimizer.step"), ("", "loss.backward()")])
def test_a_step_that_is_never_made_is_found(found, end, line):
    """Without its brackets, or not there at all."""
    (one,) = found(NETWORK, ADAM, LOOP.replace("    optimizer.step()\n", end))

    assert one == ("weights-not-updated", "error", "net.0.weight", line)


@pytest.mark.parametrize("update", ["p = p - 0.1 * p.grad", "p.data.sub(0.1 * p.grad)"])
def test_an_update_that_makes_a_new_tensor_is_found(found, update):
    """A name is bound to it, or nothing keeps it."""
    (one,) = found(NETWORK, BY_HAND.replace("UPDATE", update))

    assert one == ("weights-not-updated", "error", "net.0.weight", update)


@pytest.mark.parametrize("update", ["p.data -= 0.1 * p.grad", "p.data = p.data - 0.1 * p.grad", "p.data.add_(p.grad, alpha=-0.1)"])
def test_an_update_by_hand_is_left_alone(found, update):
    """In place, or through `.data`."""
    assert found(NETWORK, BY_HAND.replace("UPDATE", update)) == []


def test_a_frozen_group_of_its_own_is_a_warning(found):
    """Who makes a group for parameters wants to train them."""
    groups = "optimizer = torch.optim.Adam([{'params': net[0].parameters()}, {'params': net[2].parameters()}], lr=0.01)\n"

    (one,) = found(NETWORK, "net[0].requires_grad_(False)\n", groups, LOOP)

    assert one[:3] == ("frozen-parameter", "warning", "net.0.weight")


def test_who_trains_a_small_part_means_it(found):
    """A few biases of a network, of all its parameters: no more than a note."""
    kept = "optimizer = torch.optim.Adam([net[0].bias], lr=0.01)\n"

    assert [one[1] for one in found(NETWORK, kept, LOOP)] == ["note"]


def test_what_the_program_updates_itself_is_in_no_need_of_an_optimizer(found):
    """One part has an optimizer, the other is written by hand."""
    kept = "optimizer = torch.optim.Adam(net[0].parameters(), lr=0.01)\n"
    update = "    with torch.no_grad():\n        for p in net[2].parameters():\n            p -= 0.1 * p.grad\n            p.grad = None\n"

    assert found(NETWORK, kept, LOOP + update) == []
