"""Names of weights, modules and values wherever a program runs: models, containers, exec, threads, the prompt."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import torch
from told import leaves, names, told, weight

import byhand

SOURCE = Path(__file__).resolve().parent.parent / "src"


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
