"""Scripts for the commands, and Python started on its own."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

from byhand.command import main

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "back_propagation.py"
BACKWARD = """
    import torch
    w = torch.tensor(2.0, requires_grad=True)
    loss = w.exp()
    loss.backward()
"""


def program(*parts, name="program.py"):
    """A script of these parts in the current folder."""
    Path(name).write_text("\n".join(textwrap.dedent(part) for part in parts), encoding="utf-8")
    return name


def in_python(*words, **environment):
    """What a new Python gives when it is started with these words."""
    settings = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8", **environment}
    return subprocess.run([sys.executable, "-W", "ignore", *words], capture_output=True, encoding="utf-8", env=settings, check=False)


def checked(path):
    """The exit code of `byhand check`, and what it wrote as JSON."""
    code = main(["check", str(path), "--json", "found.json"])
    return code, json.loads(Path("found.json").read_text(encoding="utf-8"))
