"""The examples run, say what the lesson says, and say the same as notebook and as scripts."""

import ast
import json
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
NOTEBOOK = EXAMPLES / "back_propagation.ipynb"


def printed(name):
    """What the script prints when plain Python runs it."""
    return subprocess.run([sys.executable, "-W", "ignore", EXAMPLES / name], capture_output=True, text=True, check=True).stdout.splitlines()


def cells():
    """The source of every code cell of the notebook."""
    content = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code"]


def statements(source):
    """The statements of a program, without docstring, imports and calls of byhand, and however they are spaced."""
    lines = [ast.unparse(statement) for statement in ast.parse(source).body]
    return [line for line in lines if not line.startswith(("import ", "byhand.", "'", '"'))]


def test_the_script_prints_what_the_lesson_says():
    """Only w asks for a gradient, the loss is 1 with a grad_fn, and the gradient of w is −2."""
    assert printed("back_propagation.py") == [
        "tensor(1.)",
        "tensor(2.)",
        "tensor(1., requires_grad=True)",
        "tensor(1., grad_fn=<PowBackward0>)",
        "1.0",
        "tensor(1., requires_grad=True)",
        "tensor(-2.)",
        "-2.0",
    ]


def test_the_second_script_prints_round_numbers():
    """The gradients that a reader works out with a pencil come out whole."""
    assert printed("more_gradients.py") == ["tensor(16.) tensor(4.)", "tensor(-15.) tensor(-5.)"]


def test_the_scripts_know_nothing_of_byhand():
    """They are plain PyTorch: the command explains an unmodified file."""
    sources = [ast.parse(path.read_text(encoding="utf-8")) for path in EXAMPLES.glob("*.py")]
    imports = {ast.unparse(node) for tree in sources for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)}

    assert imports == {"import torch"}


def test_the_notebook_starts_by_loading_byhand():
    """The first code cell loads the extension, so that everything after it is recorded."""
    assert cells()[0] == "%load_ext byhand"


def test_notebook_and_scripts_are_the_same_program():
    """Without byhand's own lines the notebook is the first script, then the second."""
    notebook = statements("\n".join(cells()[1:]))
    scripts = [
        line for name in ("back_propagation.py", "more_gradients.py") for line in statements((EXAMPLES / name).read_text(encoding="utf-8"))
    ]

    assert notebook == scripts
