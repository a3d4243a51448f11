"""Every error of byhand, provoked as its reader would: by a call, a program or a command. Each gives the text it got."""

import json
import os
import sys
from pathlib import Path

import pytest
import torch
from torch.utils.checkpoint import checkpoint

import byhand
from byhand import errors
from byhand.chain_rule import Operands, contribute
from byhand.command import main
from byhand.recording.saved import Saved
from byhand.recording.walk import read_graph
from byhand.rules.table import rule


def weight(*values):
    """A weight of these values; 2 without any."""
    return torch.tensor(list(values) or 2.0, requires_grad=True)


def raised(call):
    """The error that the call raises, as it is shown."""
    with pytest.raises(errors.ByhandError) as found:
        call()
    return found.value.report()


def said(capsys, *words):
    """What the command says on the error stream when it fails."""
    assert main([str(word) for word in words]) == 2
    return capsys.readouterr().err.strip()


def program(text, name="program.py"):
    """A file of this text in the current folder."""
    Path(name).write_text(text, encoding="utf-8")
    return name


def not_a_tensor(capsys):
    """The number of a loss instead of the loss."""
    return raised(lambda: byhand.explain(weight().square().item()))


def no_graph_nowhere(capsys):
    """Nothing asks for a gradient."""
    loss = torch.tensor(2.0) * 3
    return raised(lambda: byhand.explain(loss))


def no_graph_no_grad(capsys):
    """Gradients are switched off."""
    w = weight()
    with torch.no_grad():
        loss = w * 3
        return raised(lambda: byhand.check(loss))


def no_graph_cut(capsys):
    """The path to the weight is cut."""
    w = weight()
    loss = w.detach() * 3
    return raised(lambda: byhand.explain(loss))


def no_graph_in_a_program(capsys):
    """A program calls backward() on a loss without a graph."""
    return said(capsys, "explain", program("import torch\ny_hat = torch.tensor(2.0)\nfit = y_hat * 3\nfit.backward()\n"))


def integer_gradient(capsys):
    """A program wants the gradient of an integer."""
    return said(capsys, "explain", program("import torch\nw = torch.tensor(1, requires_grad=True)\n"))


def not_a_scalar(capsys):
    """A loss of two numbers."""
    loss = weight(1.0, 2.0) * 3
    return raised(lambda: byhand.explain(loss))


def not_a_scalar_in_a_program(capsys):
    """A program calls backward() on two numbers."""
    return said(capsys, "check", program("import torch\nw = torch.ones(2, requires_grad=True)\nout = w * 2\nout.backward()\n"))


def graph_freed(capsys):
    """An explanation after backward(), without a recording."""
    loss = weight() ** 2
    loss.backward()
    return raised(lambda: byhand.explain(loss))


def second_backward(capsys):
    """A program calls backward() twice."""
    text = "import torch\nw = torch.tensor(1.0, requires_grad=True)\nloss = w.exp()\nloss.backward()\nloss.backward()\n"
    return said(capsys, "explain", program(text))


def modified_in_place(capsys):
    """A value that was saved for backward is overwritten."""
    h = weight() * 3
    loss = h**2
    h += 1
    return raised(lambda: byhand.explain(loss))


def modified_in_place_in_a_program(capsys):
    """A program overwrites a value and then calls backward()."""
    text = "import torch\nw = torch.tensor(2.0, requires_grad=True)\nh = w * 3\nloss = h**2\nh += 1\nloss.backward()\n"
    return said(capsys, "explain", program(text))


def unreadable(capsys):
    """A value that lies in a checkpointed region is not read."""
    out = checkpoint(torch.exp, weight(), use_reentrant=False)
    return raised(lambda: Saved(out.grad_fn)["result"])


def no_rule(capsys):
    """A custom Function has no rule."""

    class Twice(torch.autograd.Function):
        """Two times its input."""

        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, grad):
            return 2 * grad

    graph, live = read_graph([Twice.apply(weight())])
    return raised(lambda: contribute(graph.nodes[0], 0, Operands(graph.nodes[0], (torch.tensor(1.0),), Saved(live[0]))))


def unshowable_rule(capsys):
    """A rule with a branch cannot be shown as a formula."""

    def planted():
        @rule("PlantedBackward0", edge=0, example="torch.sin(x)")
        def planted_self(grad, self):
            if grad:
                return grad
            return self

    return raised(planted).replace(str(Path(__file__)), "FILE").replace(str(planted.__code__.co_firstlineno + 3), "LINE")


def unknown_name(capsys):
    """A name that is written differently."""
    y_hat = weight() * 3
    loss = y_hat**2
    return raised(lambda: byhand.check(loss, yhat=1.0))


def wrong_shape(capsys):
    """Two numbers for a weight of three."""
    w = weight(1.0, 2.0, 3.0)
    loss = w.sum()
    return raised(lambda: byhand.check(loss, w=[1.0, 2.0]))


def wrong_shape_of_gradient(capsys):
    """A gradient that does not fit the loss."""
    w = weight(1.0, 2.0, 3.0)
    return raised(lambda: byhand.explain(w * 2, gradient=torch.ones(2)))


def not_numbers(capsys):
    """Words where numbers are compared."""
    w = weight()
    loss = w**2
    return raised(lambda: byhand.check(loss, w="four"))


def not_kept(capsys):
    """A large gradient is compared after it is gone."""
    w = torch.ones(100, requires_grad=True)
    with byhand.record() as run:
        w.sum().backward()
    return raised(lambda: run.check(w=[1.0] * 100))


def not_judged(capsys):
    """A recording that only notes calls is asked for a story."""
    with byhand.record(judge=False) as run:
        (weight() ** 2).backward()
    return raised(run.explain)


def no_backward(capsys):
    """A recording without backward()."""
    with byhand.record() as run:
        weight() ** 2
    return raised(run.check)


def no_backward_in_a_program(capsys):
    """A program without backward()."""
    return said(capsys, "explain", program("import torch\n"))


def no_such_step(capsys):
    """The fourth of two passes."""
    with byhand.record() as run:
        (weight() ** 2).backward()
        (weight() ** 3).backward()
    return raised(lambda: run.explain(step=4))


def no_such_part(capsys):
    """A module that is written differently."""
    model = torch.nn.Sequential()
    model.add_module("first", torch.nn.Linear(2, 1))
    with byhand.record() as run:
        model(torch.ones(2)).sum().backward()
    return raised(lambda: run.explain(part="frist"))


def no_such_file(capsys):
    """A file name with two letters exchanged."""
    program("", "train.py")
    return said(capsys, "explain", "trian.py")


def not_a_program(capsys):
    """A file that is not Python."""
    return said(capsys, "explain", program("let x = 1\n"))


def not_a_program_but_a_folder(capsys):
    """A folder."""
    Path("project.py").mkdir()
    return said(capsys, "explain", "project.py")


def not_a_program_but_bytes(capsys):
    """A file whose bytes are no text."""
    Path("program.py").write_bytes(b"x = '\xff'\n")
    return said(capsys, "explain", "program.py")


def not_a_notebook(capsys):
    """A notebook that is not JSON."""
    pytest.importorskip("nbclient")
    return said(capsys, "explain", program("x = 1\n", "lesson.ipynb"))


def not_a_notebook_but_json(capsys):
    """JSON that is no notebook."""
    pytest.importorskip("nbclient")
    return said(capsys, "explain", program("[1, 2]\n", "lesson.ipynb"))


def a_notebook_in_another_language(capsys):
    """A notebook whose cells are R."""
    pytest.importorskip("nbclient")
    content = {"cells": [], "metadata": {"kernelspec": {"name": "ir", "language": "R"}}, "nbformat": 4, "nbformat_minor": 5}
    return said(capsys, "explain", program(json.dumps(content), "lesson.ipynb"))


def notebook_tools(capsys):
    """A notebook without the packages that run it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "nbclient", None)
        return said(capsys, "explain", program("{}", "lesson.ipynb"))


def cell_failed(capsys):
    """A notebook with a cell that raises; told after the cell's own traceback."""
    pytest.importorskip("nbclient")
    cell = {"cell_type": "code", "source": "1 / 0", "metadata": {}, "outputs": [], "execution_count": None, "id": "one"}
    content = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return said(capsys, "explain", program(json.dumps(content), "lesson.ipynb"))


def unwritable(capsys):
    """A file in a folder that is not there, told before the program runs."""
    told = said(capsys, "explain", program("print('it ran')\n"), "--json", "missing/story.json")
    return told.replace(str(Path.cwd().resolve()), "HERE").replace(os.sep, "/")


def two_outputs_for_the_terminal(capsys):
    """JSON and LaTeX cannot both go to the terminal."""
    return said(capsys, "explain", program("print('it ran')\n"), "--json", "-", "--latex", "-")


def no_such_order(capsys):
    """A third derivative."""
    return raised(lambda: byhand.check(weight() ** 2, order=3))
