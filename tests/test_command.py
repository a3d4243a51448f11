"""The commands on scripts: what they show, write and return, and that the program runs as Python alone would run it."""

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from byhand.command import main
from byhand.rules.table import TABLE

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "back_propagation.py"
BACKWARD = """
    import torch
    w = torch.tensor(2.0, requires_grad=True)
    loss = w.exp()
    loss.backward()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test runs in a folder of its own, with a terminal of the usual width."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("RANK", raising=False)


@pytest.fixture
def mistaken(monkeypatch):
    """A rule for exp that is 1 % off, so that something differs."""
    (right,) = TABLE["ExpBackward0", 0]
    monkeypatch.setitem(TABLE, ("ExpBackward0", 0), [replace(right, function=lambda grad, result: 1.01 * grad * result)])


def program(*parts, name="program.py"):
    """A script of these parts in the current folder."""
    Path(name).write_text("\n".join(textwrap.dedent(part) for part in parts), encoding="utf-8")
    return name


def in_python(*words, **environment):
    """What a new Python gives when it is started with these words."""
    settings = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8", **environment}
    return subprocess.run([sys.executable, "-W", "ignore", *words], capture_output=True, encoding="utf-8", env=settings, check=False)


def test_explain_tells_the_example_after_its_own_output(capsys):
    """First what the program prints, unchanged, then the story; nothing differs, so the exit code is 0."""
    assert main(["explain", str(EXAMPLE)]) == 0

    printed, errors = capsys.readouterr()
    assert printed.startswith("tensor(1.)\ntensor(2.)\ntensor(1., requires_grad=True)\n")
    assert "-2.0\nloss.backward(), worked by hand\n" in printed
    assert "∂loss/∂w = ∂loss/∂s · ∂s/∂ŷ · ∂ŷ/∂w = 2s · 1 · x = −2 · 1 · 1 = −2" in printed
    assert "PyTorch: w.grad = −2   ✓ agrees" in printed
    assert errors == ""


def test_check_tells_only_the_verdicts(capsys):
    """Weights and their verdict, and none of the explanation."""
    assert main(["check", str(EXAMPLE)]) == 0

    printed = capsys.readouterr().out
    assert "w        −2                 −2          ✓ agrees" in printed
    assert "local derivative" not in printed


def test_the_module_is_the_command():
    """`python -m byhand` runs a script and ends with the command's exit code."""
    done = in_python("-m", "byhand", "check", str(EXAMPLE))

    assert (done.returncode, done.stderr) == (0, "")
    assert "✓ none differs" in done.stdout


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


def test_arguments_after_the_dashes_are_the_programs(capsys):
    """Even one that looks like an option of ours."""
    name = program("import sys\nprint(sys.argv)", BACKWARD)

    assert main(["explain", name, "--", "--step", "7", "--"]) == 0

    assert capsys.readouterr().out.startswith("['program.py', '--step', '7', '--']\n")


def test_arguments_without_the_dashes_are_explained(capsys):
    """Whoever forgets the dashes is told about them."""
    assert main(["explain", program(BACKWARD), "data.csv"]) == 2

    assert "byhand explain FILE -- data.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["explain"], ["explian", "x.py"], ["explain", "x.py", "--stp", "1"], ["explain", "x.py", "--step", "one"]], ids=" ".join
)
def test_a_wrong_command_line_is_refused(words, capsys):
    """A word that is missing, unknown or no number: exit code 2, said on the error stream."""
    assert main(words) == 2

    printed, errors = capsys.readouterr()
    assert printed == ""
    assert "Error" in errors


@pytest.mark.parametrize("words", [["--help"], [], ["explain", "--help"], ["--version"]], ids=" ".join)
def test_help_and_version(words, capsys):
    """They are printed, and the exit code is 0."""
    assert main(words) == 0

    assert capsys.readouterr().out.strip()


def test_help_does_not_wait_for_pytorch():
    """The commands are explained before PyTorch is imported."""
    done = in_python("-c", "import sys; from byhand.command import main; main(['--help']); print('torch' in sys.modules)")

    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize(("step", "power"), [([], "w³"), (["--step", "1"], "w²"), (["--step", "2"], "w³")], ids=["last", "1", "2"])
def test_step_chooses_a_pass(step, power, capsys):
    """The last pass is told, or the one that was asked for; how many there were is said."""
    name = program("import torch\nw = torch.tensor(2.0, requires_grad=True)\nfor power in 2, 3:\n    loss = w**power\n    loss.backward()")

    assert main(["explain", name, *step]) == 0

    printed = capsys.readouterr().out
    assert power in printed
    assert f"This is backward pass {step[-1] if step else 2} of 2; --step 1 … 2 chooses one." in printed


def test_part_opens_a_module(capsys):
    """Of a model only the named module is told."""
    name = program("""
        import torch
        model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
        model(torch.ones(2)).sum().backward()
    """)

    assert main(["explain", name, "--part", "1"]) == 0

    printed = capsys.readouterr().out
    assert "tanh" in printed
    assert "0.weight" not in printed


def test_json_to_a_file_beside_the_story(capsys):
    """The file has every pass, the program's name, and the terminal still has the story."""
    assert main(["explain", str(EXAMPLE), "--json", "story.json"]) == 0

    found = json.loads(Path("story.json").read_text(encoding="utf-8"))
    assert (found["schema"], found["program"], len(found["runs"])) == ("byhand/1", str(EXAMPLE), 1)
    assert "worked by hand" in capsys.readouterr().out
    assert os.listdir() == ["story.json"]


def test_latex_to_a_file(capsys):
    """The file has the story's mathematics."""
    assert main(["explain", str(EXAMPLE), "--latex", "story.tex"]) == 0

    assert r"\partial" in Path("story.tex").read_text(encoding="utf-8")


@pytest.mark.parametrize(("option", "start"), [("--json", "{"), ("--latex", "\\")])
def test_a_dash_gives_the_output_alone(option, start, capfd):
    """On the output there is nothing but JSON or LaTeX; what the program prints, by itself or by a child, goes to the error stream."""
    name = program(
        "import os, subprocess, sys\nprint('printed')\nsubprocess.run([sys.executable, '-c', 'print(\"of a child\")'])", BACKWARD
    )

    with pytest.MonkeyPatch.context() as patch:
        # what the test runner puts there does not write to descriptor 1
        patch.setattr(sys, "stdout", open(1, "w", encoding="utf-8", closefd=False))
        assert main(["explain", name, option, "-"]) == 0
        sys.stdout.close()

    printed, errors = capfd.readouterr()
    assert printed.startswith(start)
    assert "printed" not in printed
    assert "of a child" in errors


def test_outputs_stay_where_they_were_asked_for(tmp_path, capsys):
    """A program that changes its folder does not take our files with it."""
    (tmp_path / "elsewhere").mkdir()
    name = program("import os\nos.chdir('elsewhere')", BACKWARD)

    assert main(["explain", name, "--json", "story.json"]) == 0

    assert (tmp_path / "story.json").exists()


def test_a_file_is_written_whole_or_not_at_all(monkeypatch, capsys):
    """If writing breaks off, what stood there before still stands there, and nothing beside it."""
    Path("story.json").write_text("before", encoding="utf-8")
    name = program(BACKWARD)
    monkeypatch.setattr(Path, "replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "No space left on device")))

    assert main(["explain", name, "--json", "story.json"]) == 2

    assert Path("story.json").read_text(encoding="utf-8") == "before"
    assert sorted(os.listdir()) == ["program.py", "story.json"]
    assert "No space left on device; nothing was written there" in capsys.readouterr().err


def test_the_file_can_be_read_by_those_who_may(capsys):
    """An output has the rights that any new file gets."""
    Path("other").touch()

    main(["check", program(BACKWARD), "--json", "story.json"])

    assert Path("story.json").stat().st_mode == Path("other").stat().st_mode


def test_the_exit_code_is_1_if_a_gradient_differs(mistaken, capsys):
    """A gradient that is 1 % off is shown, and scripts can see it."""
    assert main(["check", program(BACKWARD)]) == 1

    assert "ExpBackward0 sends to w: differs by 0.074" in capsys.readouterr().out


def test_a_difference_in_another_pass_is_not_overlooked(mistaken, capsys):
    """The last pass agrees; the first does not, and it is said how to see it."""
    assert main(["check", program(BACKWARD, "(w * 2).backward()")]) == 1

    assert "A gradient differs in backward pass 1: --step 1 tells where." in capsys.readouterr().out


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
    ("code", "expected", "said"), [("", 0, ""), ("0", 0, ""), ("None", 0, ""), ("3", 2, ""), ("'no data'", 2, "no data\n")]
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


def test_a_silent_process_still_returns_its_verdict(mistaken, monkeypatch, capsys):
    """A difference on another process is not hidden: its exit code says it."""
    monkeypatch.setenv("RANK", "1")

    assert main(["check", program(BACKWARD)]) == 1


def test_a_reader_who_has_seen_enough():
    """A pipe that closes early is no error of the program."""
    done = subprocess.run(
        f'"{sys.executable}" -W ignore -m byhand explain {program(BACKWARD)} | true',
        shell=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        check=False,
    )

    assert (done.stdout, done.stderr) == ("", "")
