"""byhand in notebooks: the extension in IPython, and the commands on a notebook, which run it in a real kernel."""

import atexit
import json
import re
from pathlib import Path

import pytest

from byhand.command import main

pytest.importorskip("IPython")
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
LESSON = Path(__file__).resolve().parent.parent / "examples" / "back_propagation.ipynb"
FORWARD = """import torch
x, y = torch.tensor(1.0), torch.tensor(2.0)
w = torch.tensor(1.0, requires_grad=True)
y_hat = w * x
s = y_hat - y
loss = s**2"""


class Notebook:
    """Cells run one after the other in IPython."""

    def __init__(self, shell):
        self.shell = shell

    def run(self, cell):
        """What the cell shows, its result last; a failure is shown as IPython does."""
        with capture_output() as shown:
            self.shell.run_cell(cell, store_history=True)
        return COLOURS.sub("", shown.stdout + "".join(output.data["text/plain"] for output in shown.outputs))


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A fresh IPython that keeps no history and reads no settings of the user's."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    yield Notebook(shell)
    if "byhand" in shell.extension_manager.loaded:
        shell.run_line_magic("unload_ext", "byhand")
    shell.atexit_operations()
    atexit.unregister(shell.atexit_operations)


def written(*cells):
    """A notebook file of these cells in the current folder."""
    cells = [
        {"cell_type": "code", "source": each, "metadata": {}, "outputs": [], "execution_count": None, "id": f"cell{n}"}
        for n, each in enumerate(cells)
    ]
    Path("lesson.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    return "lesson.ipynb"


def test_the_last_backward_is_told_in_a_later_cell(notebook):
    """After %load_ext byhand, %byhand tells the backward() of an earlier cell, with `.grad`, names and constants."""
    for cell in ("%load_ext byhand", FORWARD, "loss.backward()"):
        notebook.run(cell)

    told = notebook.run("%byhand")

    assert "constants  x = 1   y = 2" in told
    assert "∂loss/∂w = ∂loss/∂s · ∂s/∂ŷ · ∂ŷ/∂w = 2s · 1 · x = −2 · 1 · 1 = −2" in told
    assert "PyTorch: w.grad = −2   ✓ agrees" in told


def test_explain_tells_a_loss_whose_backward_was_in_an_earlier_cell(notebook):
    """byhand.explain(loss) knows the recorded pass, though its graph is gone; check takes the reader's numbers."""
    for cell in ("%load_ext byhand", "import byhand", FORWARD, "loss.backward()"):
        notebook.run(cell)

    assert "w.grad = −2   ✓ agrees" in notebook.run("byhand.explain(loss)")
    assert "✓ exact" in notebook.run("byhand.check(loss, w=-2.0)")


def test_explain_works_without_the_extension(notebook):
    """Before backward() nothing needs to be loaded."""
    notebook.run(FORWARD)

    assert "PyTorch: −2   ✓ agrees" in notebook.run("import byhand\nbyhand.explain(loss)")


def test_a_cell_magic_tells_its_own_cell(notebook):
    """%%byhand runs the cell as it is and tells its backward()."""
    notebook.run("%load_ext byhand")

    told = notebook.run(f"%%byhand\n{FORWARD}\nloss.backward()\nprint('printed')")

    assert told.startswith("printed\n")
    assert "PyTorch: w.grad = −2   ✓ agrees" in told
    assert "-2." in notebook.run("w.grad")


def test_magics_open_a_part(notebook):
    """What follows the magic is the module to be opened."""
    notebook.run("%load_ext byhand")
    model = "import torch\nmodel = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh())\nmodel(torch.ones(2)).sum().backward()"

    for told in (notebook.run(f"%%byhand 1\n{model}"), notebook.run("%byhand 1")):
        assert "tanh" in told
        assert "0.weight" not in told


def test_a_line_is_placed_in_its_cell(notebook):
    """Whoever reads the notebook finds the line: the cell by the number beside it, and its line."""
    notebook.run("%load_ext byhand")
    notebook.run("import torch\nw = torch.ones(3, requires_grad=True)")
    number = notebook.shell.execution_count
    notebook.run("h = w * 2\n\nloss = h.sum()\nloss.backward()")

    told = notebook.run("%byhand")

    assert f"cell {number}:3)" in told or f"cell {number}, line 3)" in told
    assert "ipython-input" not in told


def test_nothing_to_tell_is_said_without_a_traceback(notebook):
    """%byhand before any backward() shows the four parts of the error, and no line of ours."""
    notebook.run("%load_ext byhand")

    told = notebook.run("%byhand")

    assert told.startswith("NoBackward: no backward pass was recorded\n  where: this notebook, since its line %load_ext byhand\n")
    assert "Traceback" not in told


def test_a_cell_without_backward_says_so(notebook):
    """%%byhand on a cell that made no pass."""
    notebook.run("%load_ext byhand")

    assert "where: this cell" in notebook.run("%%byhand\n1 + 1")


def test_a_cell_that_fails_shows_its_own_failure(notebook):
    """%%byhand adds nothing to a cell's own error."""
    notebook.run("%load_ext byhand")

    told = notebook.run("%%byhand\n1 / 0")

    assert "ZeroDivisionError" in told
    assert "NoBackward" not in told


def test_only_the_last_passes_are_kept(notebook):
    """A notebook that trains for hours does not fill the memory: three passes are kept, counted from the first."""
    notebook.run("%load_ext byhand")
    notebook.run("import torch\nw = torch.tensor(1.0, requires_grad=True)\nfor _ in range(5):\n    loss = w**2\n    loss.backward()")

    assert "This is backward pass 5 of 5" in notebook.run("%byhand")


def test_loading_twice_is_loading_once(notebook):
    """A reloaded extension records each pass once."""
    notebook.run("%load_ext byhand")
    notebook.run("%reload_ext byhand")
    notebook.run(f"{FORWARD}\nloss.backward()")

    assert "backward pass" not in notebook.run("%byhand")


def test_unloading_ends_the_recording(notebook):
    """After %unload_ext nothing is recorded, and %byhand says so instead of failing."""
    for cell in ("%load_ext byhand", "%unload_ext byhand", FORWARD, "loss.backward()"):
        notebook.run(cell)

    assert notebook.run("%byhand").startswith("NoBackward")


def test_the_lesson_runs_from_the_command_line(capfd, monkeypatch):
    """The whole notebook: w.grad is −2, the story is told in it, its check agrees, and the command tells the last pass after it."""
    pytest.importorskip("nbclient")
    monkeypatch.setenv("COLUMNS", "100")

    code = main(["explain", str(LESSON)])

    printed, errors = capfd.readouterr()
    assert (code, errors) == (0, "")
    assert "tensor(-2.)" in printed
    assert "∂loss/∂w = ∂loss/∂s · ∂s/∂ŷ · ∂ŷ/∂w = 2s · 1 · x = −2 · 1 · 1 = −2" in printed
    assert "w is used 2 times: one path for each, and their sum" in printed
    assert "w        −15                −15         ✓ agrees" in printed
    assert "differs" not in printed.replace("none differs", "")
    assert "This is backward pass 3 of 3" in printed


def test_a_failing_notebook_gets_its_partial_story(capfd, monkeypatch, tmp_path):
    """Output, JSON and story of what ran, the cell's own traceback without ours, exit code 2; files lie where the reader stands."""
    pytest.importorskip("nbclient")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deeper").mkdir()
    first = "import torch\nimport torch.nn.functional as F\nw = torch.ones(3, requires_grad=True)\nprint('printed')"
    second = "h = w * 2\n\nloss = h.sum()\nloss.backward()"
    third = "F.cross_entropy(torch.ones(2, 3), torch.tensor([1, 2, 3]))"
    name = Path(written(first, second, third, "print('never')")).rename("deeper/lesson.ipynb")

    code = main(["explain", str(name), "--json", "story.json"])

    printed, errors = capfd.readouterr()
    assert code == 2
    assert printed.startswith("printed\n")
    assert "cell 2:3)" in printed or "cell 2, line 3)" in printed
    assert "never" not in printed
    assert "Cell In[3], line 1" in errors
    assert "__torch_function__" not in errors
    assert "CellFailed: cell 3 of" in errors
    assert (tmp_path / "story.json").exists()


def test_a_kernel_that_dies_is_told(capfd, monkeypatch, tmp_path):
    """The cell that took Python with it is named."""
    pytest.importorskip("nbclient")
    monkeypatch.chdir(tmp_path)

    assert main(["check", written("import os\nos._exit(1)")]) == 2

    assert "why:   the kernel died while it ran" in capfd.readouterr().err


UNCLEARED = """import torch
torch.manual_seed(0)
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)"""
LOOP = """for step in range(6):
    model(torch.randn(4, 3)).square().mean().backward()
    optimizer.step()
    print("step", step)"""


def test_a_diagnosis_names_the_cell_and_ends_after_the_steps(capfd, monkeypatch, tmp_path):
    """The finding's line, and every line in its sentences, is that of a cell; what comes after the wanted steps does not run."""
    pytest.importorskip("nbclient")
    monkeypatch.chdir(tmp_path)

    assert main(["diagnose", written(UNCLEARED, LOOP, "print('later')"), "--steps", "3"]) == 1

    printed = capfd.readouterr().out
    assert "gradient-accumulated  model.weight  cell 2, line 2" in printed
    assert "before cell 2, line 2" in " ".join(printed.split())
    assert "step 1" in printed
    assert "later" not in printed
