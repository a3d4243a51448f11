"""Programs that do unusual things while they are diagnosed: they come to what they came to, and what was not observed is said."""

import gc
import textwrap
import tracemalloc

import pytest
import torch
from diagnosing import Server

import byhand
from byhand.diagnosis import Witness
from byhand.diagnosis.family import Family

START = """
import os, sys, threading
import torch
from torch import nn
torch.manual_seed(0)
rows = torch.randn(32, 4)
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
def loss_of(rows):
    return (model(rows) - rows[:, :1]).square().mean()
def train(steps):
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(rows).backward()
        optimizer.step()
"""
PROGRAMS = {
    "a fork": """
        train(2)
        child = os.fork()
        if not child:
            train(2)
            os._exit(7)
        print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        train(2)
        """,
    "LBFGS with a closure": """
        optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)
        def closure():
            optimizer.zero_grad()
            loss = loss_of(rows)
            loss.backward()
            return loss
        for _ in range(3):
            print(float(optimizer.step(closure)))
        """,
    "an optimizer of its own": """
        class Plain(torch.optim.Optimizer):
            def __init__(self, parameters):
                super().__init__(parameters, {"lr": 0.1})
            @torch.no_grad()
            def step(self):
                for group in self.param_groups:
                    for parameter in group["params"]:
                        parameter -= group["lr"] * parameter.grad
        optimizer = Plain(model.parameters())
        train(5)
        """,
    "an optimizer that is none of PyTorch's": """
        class Hand:
            def zero_grad(self):
                for parameter in model.parameters():
                    parameter.grad = None
            def step(self):
                with torch.no_grad():
                    for parameter in model.parameters():
                        parameter.add_(parameter.grad, alpha=-0.1)
        optimizer = Hand()
        train(5)
        """,
    "inference mode between the steps": """
        for _ in range(4):
            train(1)
            with torch.inference_mode():
                print(loss_of(rows).item())
        """,
    "autocast to bfloat16": """
        for _ in range(4):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = loss_of(rows)
            loss.backward()
            optimizer.step()
        """,
    "an error of its own, caught": """
        for _ in range(4):
            try:
                optimizer.zero_grad()
                loss = loss_of(rows)
                raise KeyError("mine")
            except KeyError:
                loss.backward()
            optimizer.step()
        """,
    "several losses of one graph": """
        for _ in range(4):
            optimizer.zero_grad()
            out = model(rows)
            first, second = out.square().mean(), (out - 1).abs().mean()
            first.backward(retain_graph=True)
            second.backward()
            optimizer.step()
        """,
    "gradients that are differentiated again": """
        for _ in range(4):
            optimizer.zero_grad()
            place = rows.clone().requires_grad_()
            (slope,) = torch.autograd.grad(model(place).sum(), place, create_graph=True)
            (slope.square().mean() + loss_of(rows)).backward()
            optimizer.step()
        """,
    "other modes of the program's own": """
        from torch.overrides import TorchFunctionMode
        class Count(TorchFunctionMode):
            calls = 0
            def __torch_function__(self, function, types, args=(), kwargs=None):
                Count.calls += 1
                return function(*args, **(kwargs or {}))
        with Count():
            train(3)
        print("counted", Count.calls > 0)
        """,
}


@pytest.fixture(scope="module")
def server():
    """One process for the programs of this file."""
    started = Server()
    yield started
    started.close()


def diagnosed(server, folder, body):
    """What byhand says of a program."""
    path = folder / "program.py"
    path.write_text(START + textwrap.dedent(body), encoding="utf-8")
    return server.diagnose(path)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_not_broken(server, tmp_path, name):
    """It runs to its end, nothing of byhand fails, and nothing is found wrong, since nothing is."""
    found = diagnosed(server, tmp_path, PROGRAMS[name])

    assert (found.code, found.strong()) == (0, []), found.printed
    assert "byhand itself failed" not in found.printed
    assert "Traceback" not in found.printed


def test_a_forked_child_goes_its_own_way(server, tmp_path):
    """It has its own exit code, and the parent tells of its own passes alone."""
    found = diagnosed(server, tmp_path, PROGRAMS["a fork"])

    assert "child 7" in found.printed
    assert "4 backward passes watched" in found.printed


def test_passes_in_other_threads_are_said_not_to_be_observed(server, tmp_path):
    """With how many there were, and what to type."""
    found = diagnosed(server, tmp_path, "worker = threading.Thread(target=train, args=(3,))\nworker.start()\nworker.join()\ntrain(1)\n")

    assert found.code == 0
    assert "not observed: 3 backward passes in other threads; record there too, with byhand.record()" in found.printed


def test_passes_of_vmap_are_said_not_to_be_observed(server, tmp_path):
    """One batched pass stands for many."""
    body = """
        out = model(rows)
        torch.autograd.grad(out, list(model.parameters()), torch.eye(32)[:, :, None], is_grads_batched=True)
        """
    found = diagnosed(server, tmp_path, body)

    assert "batched by vmap" in found.printed


def test_a_compiled_model_is_watched_from_outside():
    """Nothing is compiled again, and the gradients are those of the compiled program."""
    model = torch.nn.Linear(3, 1)
    compiled = torch.compile(model, backend="eager")
    with byhand.record(diagnose=True) as run:
        for _ in range(3):
            model.zero_grad()
            compiled(torch.randn(4, 3)).square().mean().backward()

    assert [finding for finding in run.findings if finding.severity.value != "note"] == []


class Failing(Family):
    """A family with a mistake."""

    def ended(self, passing, problem):
        """Fail."""
        raise ZeroDivisionError("planted")


def test_a_mistake_of_ours_is_said_and_hurts_nobody(monkeypatch):
    """The pass ends as it would, and the report says what failed."""
    monkeypatch.setattr("byhand.diagnosis.witness.FAMILIES", (Failing,))
    w = torch.tensor(2.0, requires_grad=True)
    with byhand.record(diagnose=True) as run:
        (w * w).backward()

    assert w.grad == 4
    assert "byhand itself failed" in " ".join(str(run.diagnose()).split())


def test_memory_does_not_grow_with_the_steps():
    """After many steps a recording holds no more than after a few."""
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def steps(count):
        for _ in range(count):
            optimizer.zero_grad()
            model(torch.randn(4, 3)).square().mean().backward()
            optimizer.step()
        gc.collect()

    with byhand.record(diagnose=True):
        tracemalloc.start()
        steps(300)
        before = tracemalloc.get_traced_memory()[0]
        steps(300)
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()

    assert grown < 20_000


def test_nothing_of_the_program_is_held():
    """Once its last name is gone a model dies, while the recording is still kept."""
    import weakref

    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    gone = [weakref.ref(model), weakref.ref(model.weight), weakref.ref(optimizer)]
    with byhand.record(diagnose=True) as run:
        for _ in range(5):
            model(torch.randn(4, 3)).square().mean().backward()
            optimizer.step()
    run.diagnose()

    del model, optimizer
    gc.collect()

    assert [each() for each in gone] == [None, None, None]
    assert isinstance(run.session.witness, Witness)
