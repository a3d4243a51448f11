"""A program under the commands runs as Python alone would run it: its surroundings, its failures, its processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from scripts import BACKWARD, ROOT, in_python, program

from byhand.command import main


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test runs in a folder of its own, with a terminal of the usual width."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("RANK", raising=False)


def test_the_program_cannot_tell_the_difference():
    """Name, file, arguments, search path, exit handlers and the module __main__ are as `python program.py a --json` makes them."""
    name = program("""
        import atexit, pickle, sys
        import beside
        class Thing: pass
        atexit.register(lambda: print("at exit", Thing.__name__))
        print(__name__, __file__, sys.argv, sys.path[0], __spec__, __package__)
        print(sys.modules["__main__"].__dict__ is globals(), type(pickle.loads(pickle.dumps(Thing()))) is Thing)
    """)
    program("", name="beside.py")

    alone = in_python(name, "a", "--json")
    ours = in_python("-m", "byhand", "explain", name, "--", "a", "--json")

    assert alone.returncode == 0
    assert alone.stdout.splitlines() == ours.stdout.splitlines()
    assert ours.stderr.startswith("NoBackward")


def test_a_failing_program_keeps_its_traceback_and_gets_its_story():
    """What was worked before the failure is told; the traceback is to the letter that of Python alone; the exit code is 2."""
    name = program(
        BACKWARD,
        """
        import torch.nn.functional as F
        def objective():
            return F.cross_entropy(w * torch.ones(2, 3), torch.tensor([1, 2, 3]))
        try:
            torch.nn.Linear(2, 3)(torch.ones(1, 5))
        except RuntimeError as problem:
            try:
                objective()
            except ValueError as other:
                raise KeyError("both") from other
        """,
    )

    alone, ours = in_python(name), in_python("-m", "byhand", "explain", name)

    assert "cross_entropy_loss" in alone.stderr
    assert ours.stderr == alone.stderr
    assert "loss.backward(), worked by hand" in ours.stdout
    assert ours.returncode == 2


def test_a_failure_inside_backward_is_pytorchs_own():
    """PyTorch's error and its traceback are unchanged, and explained below."""
    name = program(BACKWARD, "loss.backward()")

    alone, ours = in_python(name), in_python("-m", "byhand", "explain", name)

    told, _, explained = ours.stderr.partition("\n\nSecondBackward: ")
    assert told == alone.stderr.rstrip()
    assert "w.grad = 7.389" in ours.stdout
    assert "line 7: loss.backward()" in explained


def test_an_interrupted_program_tells_what_was_worked(capsys):
    """Ctrl-C ends the program, not the story."""
    assert main(["explain", program(BACKWARD, "raise KeyboardInterrupt")]) == 2

    printed, errors = capsys.readouterr()
    assert "loss.backward(), worked by hand" in printed
    assert errors.splitlines()[-1] == "KeyboardInterrupt"


@pytest.mark.parametrize(
    ("code", "expected", "said"),
    [
        ("", 0, ""),
        ("0", 0, ""),
        ("None", 0, ""),
        ("3", 2, "\nbyhand: the program itself ended with exit code 3\n"),
        ("'no data'", 2, "no data\n"),
    ],
)
def test_a_program_that_ends_itself(code, expected, said, capsys):
    """sys.exit() is an end like any other: its message is shown, and 0 means that all went well."""
    assert main(["explain", program(BACKWARD, f"import sys\nsys.exit({code})")]) == expected

    printed, errors = capsys.readouterr()
    assert "loss.backward(), worked by hand" in printed
    assert errors == said


def test_a_program_with_its_own_excepthook(capsys):
    """Who shows tracebacks in its own way still does."""
    assert main(["explain", program("import sys\nsys.excepthook = lambda *found: print('mine', found[1], file=sys.stderr)\n1 / 0")]) == 2

    assert capsys.readouterr().err == "mine division by zero\n"
    assert sys.excepthook is sys.__excepthook__


def test_what_the_program_does_to_python_is_undone(capsys):
    """Search path, arguments and streams are afterwards what they were."""
    before = (list(sys.path), list(sys.argv), sys.stdout)

    main(["check", program("import io, sys\nsys.stdout = io.StringIO()\nsys.path.clear()\nsys.argv.clear()", BACKWARD)])

    assert (sys.path, sys.argv, sys.stdout) == before
    assert "none differs" in capsys.readouterr().out


def test_a_warning_of_the_programs_source_comes_once():
    """Reading the source before running it does not warn a second time."""
    name = program("if 1 is 1: pass")

    done = subprocess.run(
        [sys.executable, "-m", "byhand", "check", name],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        check=False,
    )

    assert done.stderr.count('SyntaxWarning: "is" with a literal') == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_tells_no_second_story():
    """A program that forks has two ends, and one story."""
    name = program("import os\nchild = os.fork()\nif child:\n    os.waitpid(child, 0)", BACKWARD)

    done = in_python("-m", "byhand", "check", name)

    assert (done.returncode, done.stdout.count("worked by hand")) == (0, 1)


def test_workers_of_a_data_loader_keep_working():
    """Batches made by another process arrive, and training on them is told."""
    name = program("""
        import torch
        from torch.utils.data import DataLoader, TensorDataset
        if __name__ == "__main__":
            w = torch.tensor(2.0, requires_grad=True)
            for (batch,) in DataLoader(TensorDataset(torch.ones(4)), batch_size=2, num_workers=1):
                loss = (w * batch).sum()
                loss.backward()
    """)

    done = in_python("-m", "byhand", "check", name)

    assert (done.returncode, done.stderr) == (0, "")
    assert "backward pass 2 of 2" in done.stdout


@pytest.mark.parametrize(
    ("rank", "words", "told"), [("0", [], True), ("1", [], False), ("1", ["--rank", "1"], True), ("0", ["--rank", "1"], False)]
)
def test_one_of_several_processes_tells(rank, words, told, monkeypatch, capsys):
    """Under torchrun the first process tells the story, or the one that was asked to; the others stay silent and write nothing."""
    monkeypatch.setenv("RANK", rank)

    assert main(["explain", program(BACKWARD), "--json", "story.json", *words]) == 0

    assert ("worked by hand" in capsys.readouterr().out) is told
    assert Path("story.json").exists() is told
