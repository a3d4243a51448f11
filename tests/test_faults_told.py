"""How a fault is told: the factor and what undoes it, what rounding hides, what is declared, one measure, no good news beside it."""

import pytest
from faulty import SINE
from scripts import checked, program


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test writes into a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("RANK", raising=False)


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
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.count("differs as a whole: 1.03 × the one by hand") == 2
    assert "1 weight differs" in printed


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
