"""Programs diagnosed one after the other, each in a process of its own that need not import PyTorch again.

`python tests/diagnosing.py` is the server behind it: a path on each line of its input, an answer as JSON on each line of its output.
"""

import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "diagnosed"
SOURCE = Path(__file__).resolve().parent.parent / "src"
MARK = re.compile(r"# <-- (or )?here\s*$")


@dataclass(frozen=True)
class Diagnosed:
    """What `byhand diagnose` said of a program: its exit code, the findings as in its JSON, and all that was printed."""

    code: int
    findings: list
    printed: str

    def strong(self):
        """The findings that are no mere notes."""
        return [each for each in self.findings if each["severity"] != "note"]


class Server:
    """A process that has imported everything, and forks for each program."""

    def __init__(self):
        settings = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}
        settings.pop("RANK", None)
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=settings, encoding="utf-8"
        )

    def diagnose(self, path, *words):
        """Run `byhand diagnose PATH WORDS`."""
        self._process.stdin.write(json.dumps([str(path), *words]) + "\n")
        self._process.stdin.flush()
        return Diagnosed(**json.loads(self._process.stdout.readline()))

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


def rows():
    """Every faulty program and what is to be found in it: the row of its JSON file."""
    return [row for file in sorted(FOLDER.glob("*.json")) for row in json.loads(file.read_text(encoding="utf-8")) if row["code"]]


def healthy():
    """The names of the programs without a fault: the twins of the faulty ones, and the controls."""
    return sorted(path.name for path in FOLDER.glob("*.py") if path.stem.endswith("_twin") or path.stem.startswith("control_"))


def accepted(path):
    """The lines of a program that a finding may name."""
    return [number for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if MARK.search(line)]


def alike(one, other):
    """Whether one dotted name is the end of the other."""
    shorter = min(len(one.split(".")), len(other.split(".")))
    return one.split(".")[-shorter:] == other.split(".")[-shorter:]


def _serve():
    import torch

    for module in ("api", "command", "output", "programs"):
        importlib.import_module(f"byhand.{module}")
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    for line in sys.stdin:
        print(json.dumps(_answer(*json.loads(line))), flush=True)


def _answer(*words):
    with tempfile.TemporaryDirectory() as folder:
        found, printed = Path(folder) / "found.json", Path(folder) / "printed"
        child = os.fork()
        if not child:
            _child(words, found, printed)
        _, status = os.waitpid(child, 0)
        findings = json.loads(found.read_text(encoding="utf-8"))["findings"] if found.exists() else []
        text = printed.read_text(encoding="utf-8", errors="replace")
        return {"code": os.waitstatus_to_exitcode(status), "findings": findings, "printed": text}


def _child(words, found, printed):
    from byhand.command import main

    os.chdir(found.parent)
    written = os.open(printed, os.O_WRONLY | os.O_CREAT)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 99
    try:
        code = main(["diagnose", *words, "--json", str(found)])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
