"""Faulty programs, found by `byhand check` with their code, whose gradient, and the line; healthy ones, left in peace."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from faulty import BACKWARD, FAULTY, HEALTHY, PATTERNS, PLANTED, SAID, SINE
from scripts import program

from byhand.command import main
from byhand.rules.table import TABLE

FOLDER = Path(__file__).resolve().parent / "faults"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test writes into a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("RANK", raising=False)


def checked(path):
    """The exit code of `byhand check`, and what it wrote as JSON."""
    code = main(["check", str(path), "--json", "found.json"])
    return code, json.loads(Path("found.json").read_text(encoding="utf-8"))


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


def test_the_factor_of_the_fix_is_the_inverse_of_the_patterns(capsys):
    """Whatever the sizes of the two gradients, what is told to multiply with undoes what is told to be wrong."""
    _, found = checked(program(SINE.replace("FAULT", "grad_x = 1.6 * grad_x")))

    (finding,) = found["findings"]
    assert "Every element is 1.6 × the one by hand." in finding["what"]
    assert finding["fix"].endswith("it must be multiplied by 0.625.")


HALF = SINE.replace("(6, 10, requires_grad=True)", "(6, 10, dtype=torch.bfloat16, requires_grad=True)")


def test_what_rounding_hides_is_said_to_be_hidden(capsys):
    """In a coarse dtype, where a few elements stand out, no pattern is guessed and another dtype is named."""
    file = program("import torch; torch.manual_seed(3)", HALF.replace("FAULT", "grad_x = grad_x + 0.15 * torch.randn_like(x)"))

    _, found = checked(file)

    edge = next(edge for step in found["runs"][0]["steps"] if step["function"] for edge in step["edges"])
    assert (edge["pattern"], 0 < edge["wrong"] < 30) == ("", True)
    assert "In bfloat16 rounding hides the pattern; check it in float32 too." in found["findings"][0]["what"]


def test_a_small_factor_of_the_whole_is_told_the_right_way_round(capsys):
    """No element is beyond the rounding of bfloat16; together they are, and the findings and the places say so alike."""
    big = HALF.replace("(6, 10", "(60, 100")
    _, found = checked(program("import torch; torch.manual_seed(3)", big.replace("FAULT", "grad_x = 1.03 * grad_x")))

    what, fix = (found["findings"][0][each] for each in ("what", "fix"))
    assert "no element is beyond rounding, but together they are 1.03 × the one by hand" in what
    assert fix.endswith("it must be multiplied by 0.9709.")
    assert "differs as a whole: 1.03 × the one by hand" in " ".join(capsys.readouterr().out.split())


ROUND = """
    import torch
    BEFORE
    class Round(torch.autograd.Function):MARK
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.round()
        @staticmethod
        def backward(ctx, grad):
            return grad
    x = torch.tensor([0.3, -1.2, 2.6, 0.9], requires_grad=True)
    Round.apply(x).square().sum().backward()
"""
INTENT = "or, if it is meant, write # byhand: intended on the class line."


@pytest.mark.parametrize(
    ("before", "mark", "said"),
    [
        ("", "", INTENT),
        ("", "  # byhand: intend", f"{INTENT} The comment `# byhand: intend` is not understood: it must say # byhand: intended."),
        ("# byhand: intended", "", f"{INTENT} The comment `# byhand: intended` must stand on the class line."),
    ],
    ids=["none", "misspelt", "above"],
)
def test_a_straight_through_estimator_can_be_declared(before, mark, said, capsys):
    """The fix says how, and what is wrong with a comment that means to."""
    _, found = checked(program(ROUND.replace("BEFORE", before).replace("MARK", mark)))

    assert found["findings"][0]["fix"].endswith(said)
    assert "a straight-through estimator" in found["findings"][0]["what"]


def test_every_input_of_an_intended_difference_is_named(capsys):
    """So that a mistake in another input is seen."""
    file = program(
        """
        import torch
        class Round(torch.autograd.Function):  # byhand: intended
            @staticmethod
            def forward(ctx, x, w):
                ctx.save_for_backward(x, w)
                return x.round() * w
            @staticmethod
            def backward(ctx, grad):
                x, w = ctx.saved_tensors
                return grad * w, 2 * grad * x.round()
        x = torch.tensor([1.3, -1.2, 2.6], requires_grad=True)
        w = torch.tensor([0.5, 1.5, 2.5], requires_grad=True)
        Round.apply(x, w).sum().backward()
        """
    )

    checked(file)

    printed = " ".join(capsys.readouterr().out.split())
    assert "for `x` (3 of 3 elements), `w` (3 of 3 elements: every element is 2 × the one by hand), as its class line declares" in printed


def test_one_difference_has_one_measure(capsys):
    """The finding, the place and the weight name the same element: the one that is the farthest beyond its floor."""
    code = "grad_x = grad_x + torch.linspace(0, 1, 60).view(6, 10) * grad_x.abs().flip(1)"
    _, found = checked(program("import torch; torch.manual_seed(3)", SINE.replace("FAULT", code)))

    edge = next(edge for step in found["runs"][0]["steps"] if step["function"] for edge in step["edges"])
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.count(f"at {edge['where']}") == 3


def test_no_good_news_beside_an_error(capsys):
    """Where the numbers agree and something is wrong all the same, nothing is ticked off."""
    file = program(
        """
        import torch
        class Double(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return 2 * x
            @staticmethod
            def backward(ctx, grad):
                return grad.mul_(2)
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        v = torch.tensor([3.0, 4.0], requires_grad=True)
        tripled = 3 * v
        (Double.apply(w) + tripled).backward(torch.tensor([0.5, 0.25]))
        """
    )

    _, found = checked(file)

    printed = " ".join(capsys.readouterr().out.split())
    assert found["findings"][0]["severity"] == "error"
    assert "✓ none differs" not in printed
    assert "✓ By hand" not in printed
