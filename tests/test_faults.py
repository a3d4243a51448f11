"""Faulty programs, found by `byhand check` with their code, whose gradient, and the line; healthy ones, left in peace."""

from dataclasses import replace
from pathlib import Path

import pytest
from faulty import BACKWARD, FAULTY, HEALTHY, PATTERNS, PLANTED, SAID, SINE
from scripts import checked, program

from byhand.rules.table import TABLE

FOLDER = Path(__file__).resolve().parent / "faults"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test writes into a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("RANK", raising=False)


@pytest.mark.parametrize("name", FAULTY)
def test_a_fault_is_found(name, capsys):
    """Its code, whose gradient it spoils, the user's line and the backward's, the pattern if it has one; the exit code says it too."""
    code, subject, line = FAULTY[name]

    exit_code, found = checked(FOLDER / name)

    assert exit_code == 1
    first = found["findings"][0]
    assert (first["code"], first["severity"], first["subject"]) == (code, "error", subject)
    assert (Path(first["where"]["file"]).name, first["where"]["line"]) == (name, line)
    assert PATTERNS.get(name, "") in first["what"]
    assert f"({name}:{BACKWARD.get(name, '')}" in first["why"]
    assert first["fix"]
    printed = capsys.readouterr().out
    assert "What is wrong" in printed
    assert f"✗ {code}  {subject}  {name}:{line}" in printed


@pytest.mark.parametrize("name", ["f031_binary_codes.py", "f090_silu_formats.py"])
def test_a_healthy_program_is_left_in_peace(name, capsys):
    """A Function with a right backward, and one whose difference is declared: no finding, and exit code 0."""
    exit_code, found = checked(FOLDER / name)

    assert (exit_code, found["findings"]) == (0, [])
    assert "What is wrong" not in capsys.readouterr().out


@pytest.mark.parametrize("name", HEALTHY)
def test_a_right_function_is_left_in_peace(name, capsys):
    """What authors write and what is right is judged, and nothing is said."""
    file = program("import torch\nw = torch.randn(4, 3, requires_grad=True)\nx = torch.randn(4, 3)", HEALTHY[name], "loss.backward()")

    exit_code, found = checked(file)

    coverage = found["runs"][0]["coverage"]
    assert (exit_code, found["findings"], coverage["differ"], coverage["not_compared"]) == (0, [], 0, 0)
    assert (coverage["by_rule"], coverage["by_difference"]) == (coverage["nodes"], 0)


def test_an_intended_difference_is_shown_as_intended(capsys):
    """It is counted by itself, named with its class, and no weight behind it is called wrong."""
    _, found = checked(FOLDER / "f031_binary_codes.py")

    run = found["runs"][-1]
    verdicts = [edge["verdict"] for step in run["steps"] for edge in step["edges"] if step["function"]]
    assert (verdicts, run["coverage"]["intended"], run["coverage"]["differ"]) == (["intended"], 1, 0)
    assert not [leaf["name"] for leaf in run["leaves"] if leaf["verdict"] == "differs"]
    printed = " ".join(capsys.readouterr().out.split())
    assert "StraightThrough (f031_binary_codes.py:13) sends back another gradient than its forward has" in printed
    assert "1 differs as declared, ✓ no other differs" in printed


def test_a_fault_in_every_step_of_a_loop_is_one_finding(capsys):
    """Three passes, one finding, and the passes it was seen in."""
    _, found = checked(FOLDER / "f047_visit_counts.py")

    assert [each["passes"] for each in found["findings"]] == [[1, 2, 3]]
    assert "seen: in 3 backward passes of 3 (1, 2, 3); the numbers are those of pass 1" in " ".join(capsys.readouterr().out.split())


def test_the_steps_of_json_say_how_they_were_judged(capsys):
    """Each edge has the means of its second opinion, how many elements differ, the first, and the pattern by its kind."""
    _, found = checked(FOLDER / "f174_bilinear_rating.py")

    (step,) = [step for step in found["runs"][0]["steps"] if step["function"]]
    assert (step["function"]["name"], step["function"]["inputs"], step["function"]["backward"]["line"]) == (
        "PairProduct",
        ["user", "item"],
        13,
    )
    edge = step["edges"][0]
    assert (edge["opinion"], edge["total"], edge["first"], edge["fault"]) == ("operations", 512 * 32, [0, 0], "other input")
    assert edge["pattern"] == "it is the gradient of `item`"


def mistaken(grad, result):
    """A rule for exp that is 1 % off."""
    return 1.01 * grad * result


def test_a_wrong_rule_of_pytorch_says_what_to_report(monkeypatch, capsys):
    """Where no custom Function is involved, either PyTorch or byhand is wrong, and it is said how to find out."""
    (right,) = TABLE["ExpBackward0", 0]
    monkeypatch.setitem(TABLE, ("ExpBackward0", 0), [replace(right, function=mistaken)])

    _, found = checked(program("import torch\nw = torch.tensor(2.0, requires_grad=True)\nloss = w.exp()\nloss.backward()"))

    (finding,) = found["findings"]
    assert (finding["code"], finding["subject"], finding["where"]["line"]) == ("wrong-gradient", "w", 3)
    assert "PyTorch's own" in finding["why"]
    assert "gradcheck" in finding["fix"]


def test_a_missing_gradient_is_called_none(capsys):
    """A backward that returns None for an input that needs a gradient is told so."""
    file = program(
        """
        import torch
        class Product(torch.autograd.Function):
            @staticmethod
            def forward(ctx, left, right):
                ctx.save_for_backward(left, right)
                return left * right
            @staticmethod
            def backward(ctx, grad):
                left, right = ctx.saved_tensors
                return grad * right, None
        w = torch.randn(5, requires_grad=True)
        v = torch.randn(5, requires_grad=True)
        Product.apply(w, v).sum().backward()
        """
    )

    exit_code, found = checked(file)

    (finding,) = found["findings"]
    assert (exit_code, finding["subject"]) == (1, "v")
    assert "Product.backward returns None for `right`" in finding["what"]
    assert "Every element is 0" not in finding["what"]
    assert "None stands in its place" in finding["fix"]


def test_the_same_function_used_twice_names_both_lines(capsys):
    """One finding for one backward; the second line is told too."""
    file = program(
        """
        import torch
        class Double(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return 2 * x
            @staticmethod
            def backward(ctx, grad):
                return grad
        w = torch.randn(5, requires_grad=True)
        first = Double.apply(w)
        second = Double.apply(first)
        second.sum().backward()
        """
    )

    _, found = checked(file)

    (finding,) = found["findings"]
    assert finding["where"]["line"] == 11
    assert "The same at program.py:12. Wrong in 2 of its uses in pass 1." in finding["why"]
    assert "must be multiplied by 2" in finding["fix"]


def test_a_backward_that_spoils_the_next_one_is_a_warning(capsys):
    """It is right this time, so nothing differs and the exit code is 0, but it is told."""
    file = program(
        """
        import torch
        class Sine(torch.autograd.Function):
            @staticmethod
            def forward(ctx, angle):
                ctx.save_for_backward(angle.cos())
                return angle.sin()
            @staticmethod
            def backward(ctx, grad):
                (slope,) = ctx.saved_tensors
                return slope.mul_(grad)
        w = torch.randn(5, requires_grad=True)
        loss = (3 * Sine.apply(w)).sum()
        loss.backward()
        """
    )

    exit_code, found = checked(file)

    (finding,) = found["findings"]
    assert (exit_code, finding["code"], finding["severity"], finding["subject"]) == (0, "saved-tensor-overwritten", "warning", "w")
    assert "Backward wrote into saved tensor 0." in finding["what"]
    assert found["runs"][0]["coverage"]["differ"] == 0


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_described(name, capsys):
    """From the program to the words: the pattern reaches the report."""
    exit_code, found = checked(program(SINE.replace("FAULT", PLANTED[name])))

    assert exit_code == 1
    assert SAID[name] in found["findings"][0]["what"]
