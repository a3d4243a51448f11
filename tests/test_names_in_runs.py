"""Names through real runs of PyTorch: what the user wrote is what the story calls things."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import torch

import byhand

SOURCE = Path(__file__).resolve().parent.parent / "src"


def weight(value=2.0):
    """A weight."""
    return torch.tensor(value, requires_grad=True)


def told(made):
    """The name, or else the words, of each operation of a pass in the order in which they were computed; numbered where used again."""
    return [f"{step.name or step.expression}{step.occurrence or ''}" for step in reversed(made.steps)]


def names(run):
    """The operations of a run's last pass as the story tells them."""
    return told(run.passes[-1])


def leaves(run):
    """The names of the weights."""
    return {leaf.name for leaf in run.passes[-1].leaves}


def test_assignments_name_their_results():
    """The target is the name; what has no target is told by its words."""
    w = weight()
    with byhand.record() as run:
        h = w * 3
        loss = (h - 1) ** 2
        loss.backward()

    assert names(run) == ["h", "h - 1", "loss"]
    assert leaves(run) == {"w"}


def test_names_inside_functions():
    """A function's own variables, and what its caller called the result."""
    w = weight()

    def predict(x):
        inner = x * w
        return inner + 1

    with byhand.record() as run:
        y_hat = predict(3.0)
        loss = y_hat**2
        loss.backward()

    assert names(run)[0] == "inner"
    assert names(run)[1] in ("inner + 1", "y_hat")
    assert names(run)[2] == "loss"


def test_lambdas_and_comprehensions():
    """They have no targets inside, so their words are told; the sum has its name."""
    w = weight()
    square = lambda value: value * value
    with byhand.record() as run:
        parts = [square(w) for _ in range(2)]
        loss = parts[0] + parts[1]
        loss.backward()

    assert names(run)[-1] == "loss"
    assert all(name.startswith(("value * value", "parts[")) for name in names(run)[:-1])


def test_attributes():
    """`self.h = …` is the name self.h."""

    class Model:
        def __init__(self):
            self.w = weight()

        def loss(self):
            self.h = self.w * 3
            self.out = self.h**2
            return self.out

    with byhand.record() as run:
        Model().loss().backward()

    assert names(run) == ["self.h", "self.out"]


def test_tuple_targets():
    """Each result of one call has its own target."""
    w = torch.ones(4, requires_grad=True)
    with byhand.record() as run:
        low, high = w.split(2)
        (first, *rest) = high.unbind()
        loss = low.sum() + first + rest[0]
        loss.backward()

    (split,) = [step for step in run.passes[-1].steps if step.op.startswith("Split")]
    (unbind,) = [step for step in run.passes[-1].steps if step.op.startswith("Unbind")]
    assert [output.name for output in split.outputs] == ["low", "high"]
    assert unbind.outputs[0].name == "first"


def test_augmented_assignment():
    """`h += …` makes another h."""
    w = weight()
    with byhand.record() as run:
        h = w * 3
        h = h * w
        h -= 1
        h.backward()

    assert names(run) == ["h1", "h2", "h3"]


def test_a_name_used_again_in_a_loop_is_numbered():
    """h, h, h are three values, counted in the order of the program."""
    w = weight()
    h = w
    with byhand.record() as run:
        for _ in range(3):
            h = h * w
        h.backward()

    assert names(run) == ["h1", "h2", "h3"]


def test_two_variables_for_one_tensor():
    """Both names are known to check; the first is told."""
    w = weight()
    with byhand.record() as run:
        h = w * 3
        other = h
        loss = other**2
        loss.backward()

    assert names(run)[0] == "h"
    assert run.check(h=12).passes[0].yours[0].exact
    assert byhand.check(w * 3, w=3).passes[0].yours[0].exact


def test_two_targets_of_one_assignment():
    """`a = b = …` gives two names to one value."""
    w = weight()
    with byhand.record() as run:
        a = b = w * 3
        loss = a**2
        loss.backward()

    assert run.check(a=12, b=12).agrees
    assert b is a


def test_an_assignment_expression():
    """`(h := …)` is an assignment."""
    w = weight()
    with byhand.record() as run:
        loss = (h := w * 3) ** 2
        loss.backward()

    assert names(run) == ["h", "loss"]


def test_parameters_and_modules_by_path():
    """Parameters have their named_parameters() path, operations the path of their module."""

    class Net(torch.nn.Module):
        """A layer and a block of layers."""

        def __init__(self):
            super().__init__()
            self.first = torch.nn.Linear(2, 3)
            self.block = torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Linear(3, 1))

        def forward(self, x):
            """The block after the layer."""
            return self.block(self.first(x))

    model = Net()
    with byhand.record() as run:
        loss = model(torch.ones(2)).sum()
        loss.backward()

    assert leaves(run) == {name for name, _ in model.named_parameters()}
    assert [step.module for step in run.passes[-1].steps if step.op.startswith("Tanh")] == ["block.0"]


def test_a_path_that_is_only_a_number():
    """`0.weight` says little, so the model's variable stands before it."""
    net = torch.nn.Sequential(torch.nn.Linear(2, 1, bias=False))
    with byhand.record() as run:
        net(torch.ones(2)).sum().backward()

    assert leaves(run) == {"net.0.weight"}


def test_two_models_are_told_apart():
    """With two models the paths begin with their variables."""
    encoder, decoder = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
    with byhand.record() as run:
        decoder(encoder(torch.ones(2))).sum().backward()

    assert {"encoder", "decoder"} <= {name.partition(".")[0] for name in leaves(run)}


def test_weights_in_a_list_and_a_dict():
    """Weights that live in a container are called as one would write them."""
    layers = [weight(), weight()]
    table = {"bias": weight()}
    with byhand.record() as run:
        loss = layers[0] * layers[1] + table["bias"]
        loss.backward()

    assert leaves(run) == {"layers[0]", "layers[1]", "table['bias']"}


def test_exec_without_source():
    """Where there is no source nothing is guessed: the variables that are alive still have their names."""
    space = {"torch": torch, "byhand": byhand}
    program = (
        "w = torch.tensor(2.0, requires_grad=True)\nwith byhand.record() as run:\n    h = w * 3\n    loss = h**2\n    loss.backward()\n"
    )
    exec(program, space)

    assert names(space["run"]) == ["h", "loss"]
    assert leaves(space["run"]) == {"w"}


def test_asserts_that_pytest_rewrites():
    """An operation in a rewritten assert disturbs none of the names around it."""
    w = weight()
    with byhand.record() as run:
        h = w * 3
        assert (h * 2 > 1).item(), f"{h} is small"
        loss = h**2
        loss.backward()

    assert names(run) == ["h", "loss"]


def test_a_generator():
    """What a generator computes between two of its yields is named like everything else."""
    w = weight()

    def steps():
        h = w
        for _ in range(2):
            h = h * w
            yield h

    with byhand.record() as run:
        for value in steps():
            last = value
        last.backward()

    assert [name.rstrip("12") for name in names(run)] == ["h", "h"]


def test_another_thread_is_not_recorded_unless_it_asks():
    """A recording is of its own thread; a thread that records itself is told with its own names."""
    w = weight()
    found = {}

    def unasked():
        (w * 2).backward()

    def asking():
        with byhand.record() as inner:
            h = w * 3
            loss = h**2
            loss.backward()
        found["names"] = names(inner)

    with byhand.record() as run:
        for target in (unasked, asking):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()

    assert run.passes == ()
    assert found["names"] == ["h", "loss"]


def test_unrecorded_names_come_from_the_variables():
    """explain(loss) without a recording calls values by the variables that hold them."""
    w = weight()
    h = w * 3
    loss = h**2

    assert told(byhand.explain(loss).passes[0]) == ["h", "loss"]
    assert byhand.explain(h).passes[0].graph.roots[0].name == "h"


def test_an_interactive_session():
    """Typed line by line there is no source, and the variables still have their names."""
    lines = ["import torch, byhand", "w = torch.tensor(2.0, requires_grad=True)", "h = w * 3", "loss = h ** 2", "byhand.explain(loss)"]
    settings = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-i", "-q"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        encoding="utf-8",
        env=settings,
        check=True,
    )

    assert "h    = w · 3" in done.stdout
    assert "∂loss/∂w = ∂loss/∂h · ∂h/∂w" in done.stdout
