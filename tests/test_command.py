"""The commands on scripts: what they show, write and return."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from scripts import BACKWARD, EXAMPLE, ROOT, in_python, program

from byhand.command import main
from byhand.rules.table import TABLE


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


def test_explain_tells_the_example_after_its_own_output(capsys):
    """First what the program prints, unchanged, then the story; nothing differs, so the exit code is 0."""
    assert main(["explain", str(EXAMPLE)]) == 0

    printed, errors = capsys.readouterr()
    assert printed.startswith("tensor(1.)\ntensor(2.)\ntensor(1., requires_grad=True)\n")
    assert "-2.0\n\nloss.backward(), worked by hand\n" in printed
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
    assert f"This is backward pass {step[-1] if step else 2} of 2; --step 1 … 2 or run.explain(step=…) tells another." in printed


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
    assert [each.name for each in Path().iterdir()] == ["story.json"]


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

    # what the test runner puts there does not write to descriptor 1
    with pytest.MonkeyPatch.context() as patch, open(1, "w", encoding="utf-8", closefd=False) as real:
        patch.setattr(sys, "stdout", real)
        assert main(["explain", name, option, "-"]) == 0

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
    assert sorted(each.name for each in Path().iterdir()) == ["program.py", "story.json"]
    assert "No space left on device; nothing was written there" in capsys.readouterr().err


def test_the_file_can_be_read_by_those_who_may(capsys):
    """An output has the rights that any new file gets."""
    Path("other").touch()

    main(["check", program(BACKWARD), "--json", "story.json"])

    assert Path("story.json").stat().st_mode == Path("other").stat().st_mode


def test_the_exit_code_is_1_if_a_gradient_differs(mistaken, capsys):
    """A gradient that is 1 % off is shown, and scripts can see it."""
    assert main(["check", program(BACKWARD)]) == 1

    assert "ExpBackward0 sends to w: ✗ differs by 0.074" in capsys.readouterr().out


def test_a_difference_in_another_pass_is_not_overlooked(mistaken, capsys):
    """The last pass agrees; the first does not, and it is said how to see it."""
    assert main(["check", program(BACKWARD, "(w * 2).backward()")]) == 1

    assert "A gradient differs in backward pass 1: --step 1 tells where." in capsys.readouterr().out


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


def test_a_silent_process_still_returns_its_verdict(mistaken, monkeypatch, capsys):
    """A difference on another process is not hidden: its exit code says it."""
    monkeypatch.setenv("RANK", "1")

    assert main(["check", program(BACKWARD)]) == 1
