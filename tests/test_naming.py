"""Names and words of operations, here and on the other Pythons that can be found."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import naming_cases
import pytest
from naming_operations import brief, namespace

from byhand.recording.naming import written_along

TESTS = Path(__file__).resolve().parent
SOURCE = TESTS.parent / "src"
CELLS = """
import warnings
warnings.simplefilter("ignore")
from IPython.core.interactiveshell import InteractiveShell
from naming_operations import Thing, brief, namespace
from byhand.recording.naming import written_along
Thing.__repr__ = object.__repr__
shell = InteractiveShell()
variables = namespace()
shell.push(variables)
shell.run_cell("y_hat = w * x\\ns = y_hat(y)\\nloss = s**2\\nloss * 2")
shell.run_cell("def f(x):\\n    k = x*w\\n    return k * w\\nh = [f(x) for _ in range(1)]")
shell.run_cell("async def f(): return x\\nh = (await f()) * w")
print(brief(written_along(variables["notes"])))
"""


@pytest.mark.parametrize("case", naming_cases.CASES, ids=lambda case: case.__name__)
def test_here(case):
    """What naming_cases.py claims is so on this Python."""
    case()


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_on_another_python(version):
    """What naming_cases.py claims is so on every Python supported, without PyTorch or pytest."""
    python = next((each for each in candidates(version) if says_its_version(each, version)), None)
    if python is None:
        pytest.skip(f"no python{version} here; name one in BYHAND_PYTHON_{version.replace('.', '')}")

    done = subprocess.run([python, "naming_cases.py"], cwd=TESTS, env=environment(), capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["0 failed"]), done.stdout + done.stderr


def candidates(version):
    """Where a Python of this version may be: as the environment says, on the path, among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    named = os.environ.get(f"BYHAND_PYTHON_{version.replace('.', '')}"), shutil.which(f"python{version}")
    return [*filter(None, named), *map(str, sorted(pyenv.glob(f"{version}.*/bin/python")))]


def says_its_version(python, version):
    """Whether a Python starts and is of the version that its name says."""
    asked = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() == version


def environment():
    """The environment with byhand and the tests in reach, and nothing written beside them."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), str(TESTS)]), "PYTHONDONTWRITEBYTECODE": "1"}


def test_naming_needs_no_torch():
    """Importing what names are read with does not import PyTorch."""
    asked = "import sys, byhand.recording.naming, byhand.recording.variables, byhand.recording.frames; print('torch' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", asked], env=environment(), capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_in_ipython_cells(tmp_path):
    """In notebook cells every name and expression is read as in a file."""
    pytest.importorskip("IPython")
    settings = {**environment(), "IPYTHONDIR": str(tmp_path)}

    done = subprocess.run([sys.executable, "-c", CELLS], env=settings, capture_output=True, text=True, check=True)

    cells = [("w * x", "y_hat"), ("y_hat(y)", "s"), ("s**2", "loss"), ("loss * 2", None)]
    function = [("x*w", "k"), ("k * w", None)]
    assert done.stdout.splitlines()[-1] == str([*cells, *function, ("(await f()) * w", "h")])


def test_beside_asserts_that_pytest_rewrites():
    """Pytest rewrites this very assert: the operation in it has its own words or none, and no name that pytest made up."""
    variables = namespace()
    x, w, notes = variables["x"], variables["w"], variables["notes"]

    h = x * w
    assert h(x * w), "calculated " + str(x * w)
    k = h * w

    assert k is not None
    first, product, call, last = brief(written_along(notes))
    assert (first, last) == (("x * w", "h"), ("h * w", "k"))
    assert product in [("x * w", None), ("", None)]
    assert call in [("h(x * w)", None), ("", None)]
