"""The ways to a diagnosis: the command, the recording, the function; what each tells, and what it leaves alone."""

import json
import warnings
from pathlib import Path

import pytest
import torch
from scripts import program

import byhand
from byhand.command import main
from byhand.errors import FaultFound, NotDiagnosed

HEALTHY = """
    import torch
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(6):
        loss = model(torch.randn(8, 3)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print("step", step)
"""
FAULTY = HEALTHY.replace("        optimizer.zero_grad()\n", "")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test writes into a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("RANK", raising=False)


def trained(*, clears, steps=4):
    """A small model trained for some steps, its gradients cleared or not."""
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        if clears:
            optimizer.zero_grad()
        model(torch.randn(8, 3)).square().mean().backward()
        optimizer.step()
    return [parameter.detach().clone() for parameter in model.parameters()]


def test_a_healthy_program_ends_with_exit_code_0(capsys):
    """It is said what the verdict rests on."""
    assert main(["diagnose", program(HEALTHY)]) == 0

    printed = capsys.readouterr().out
    assert "✓ nothing wrong was found" in printed
    assert "6 backward passes watched, 2 of them worked by hand; 6 optimizer steps." in printed


def test_a_faulty_program_ends_with_exit_code_1(capsys):
    """The finding stands on the terminal and in the JSON alike."""
    assert main(["diagnose", program(FAULTY), "--json", "found.json"]) == 1

    (finding,) = json.loads(Path("found.json").read_text(encoding="utf-8"))["findings"]
    assert (finding["code"], finding["severity"]) == ("gradient-accumulated", "error")
    printed = capsys.readouterr().out
    assert "✗ gradient-accumulated" in printed
    assert all(f"{word}: " in printed for word in ("what", "why", "fix"))


def test_steps_end_the_program(capsys):
    """After two steps of the optimizer it is over, and what was seen is told."""
    assert main(["diagnose", program(HEALTHY), "--steps", "2"]) == 0

    printed = capsys.readouterr().out
    assert "step 0" in printed
    assert "step 1" not in printed
    assert "2 optimizer steps; the program was ended there, as you asked." in " ".join(printed.split())


def test_a_program_without_backward_is_not_called_healthy(capsys):
    """Nothing was seen, so nothing is green."""
    assert main(["diagnose", program("import torch", "print(torch.ones(3).sum())")]) == 0

    printed = capsys.readouterr().out
    assert "○ no backward pass ran" in printed
    assert "✓" not in printed


def test_a_program_that_fails_is_told_as_far_as_it_came(capsys):
    """Its own traceback stays, and the exit code is 2."""
    assert main(["diagnose", program(HEALTHY, "1 / 0")]) == 2

    captured = capsys.readouterr()
    assert "ZeroDivisionError" in captured.err
    assert "6 backward passes watched" in captured.out


def test_a_page_can_be_written():
    """With the picture of the last pass that was worked by hand."""
    assert main(["diagnose", program(FAULTY), "--html", "report.html"]) == 1

    page = Path("report.html").read_text(encoding="utf-8")
    assert "gradient-accumulated" in page
    assert "<svg" in page


def test_a_recording_tells_what_is_wrong():
    """After the fact, in findings and as a story."""
    with byhand.record(diagnose=True) as run:
        trained(clears=False)

    story = run.diagnose()
    assert [finding.code for finding in story.findings] == ["gradient-accumulated"]
    assert "none of them worked by hand" in str(story)


def test_every_judged_recording_can_be_diagnosed():
    """It was watched too."""
    with byhand.record() as run:
        trained(clears=False)

    assert [finding.code for finding in run.diagnose().findings] == ["gradient-accumulated"]


def test_a_recording_that_only_notes_cannot_be_diagnosed():
    """And says how to get one that can."""
    with byhand.record(judge=False) as run:
        trained(clears=True)

    with pytest.raises(NotDiagnosed):
        run.diagnose()


def test_a_fault_is_raised_at_once():
    """At the call of the program that makes it certain, not at the end."""
    with pytest.raises(FaultFound) as raised, byhand.record(diagnose="raise"):
        trained(clears=False, steps=50)

    assert raised.value.finding.code == "gradient-accumulated"
    assert raised.traceback[1].name == "trained"


def test_a_fault_is_warned_of_once():
    """However many steps repeat it."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with byhand.record(diagnose="warn"):
            trained(clears=False, steps=12)

    assert [str(each.message).split(":")[0] for each in seen if "gradient" in str(each.message)] == ["gradient-accumulated"]


def test_watching_changes_no_number():
    """The same weights to the bit, and the same random numbers after it."""
    torch.manual_seed(3)
    plain, drawn = trained(clears=True), torch.rand(1)
    torch.manual_seed(3)
    with byhand.record(diagnose=True):
        watched = trained(clears=True)

    assert all(torch.equal(one, other) for one, other in zip(plain, watched, strict=True))
    assert torch.equal(drawn, torch.rand(1))


def test_a_loss_is_diagnosed_before_backward():
    """Without a recording: no `.grad` is touched, and what only a recording sees is said."""
    w = torch.tensor(2.0, requires_grad=True)

    story = byhand.diagnose(w**2)

    assert story.findings == ()
    assert w.grad is None
    assert "not observed" in str(story)


def test_numbers_that_are_not_finite_are_found_before_backward():
    """The loss alone is enough: no step has to follow."""
    w = torch.tensor([0.0, 1.0], requires_grad=True)

    (finding,) = byhand.diagnose(torch.sqrt(w).sum()).findings

    assert (finding.code, finding.subject) == ("non-finite-gradient", "w")


def test_two_losses_of_one_recording_are_told_apart():
    """What is wrong with one is not said of the other."""
    w = torch.tensor([0.0, 1.0], requires_grad=True)
    with byhand.record(diagnose=True):
        bad = byhand.diagnose(torch.sqrt(w).sum())
        good = byhand.diagnose((w * w).sum())

    assert [finding.code for finding in bad.findings] == ["non-finite-gradient"]
    assert good.findings == ()


def test_what_a_loss_does_not_reach_is_named_without_a_guess():
    """Without a recording nobody knows why."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))

    told = " ".join(str(byhand.diagnose(model[1](model[0](torch.ones(3, 2)).detach()).sum())).split())

    assert "not observed: why the loss does not reach model.0.weight, model.0.bias: their gradient stays None" in told


def test_a_program_that_failed_is_not_called_healthy(capsys):
    """The verdict says what it failed with."""
    assert main(["diagnose", program(HEALTHY, "1 / 0")]) == 2

    printed = capsys.readouterr().out
    assert "○ the program failed: ZeroDivisionError: division by zero" in printed
    assert "✓" not in printed


@pytest.mark.parametrize("steps", ["0", "-2"])
def test_no_steps_are_no_wish(steps, capsys):
    """It is refused before the program runs."""
    assert main(["diagnose", program(HEALTHY), "--steps", steps]) == 2

    captured = capsys.readouterr()
    assert "step 0" not in captured.out
    assert "--steps" in captured.out + captured.err


def test_a_warning_names_the_line_of_the_program():
    """Not one of byhand's own."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with byhand.record(diagnose="warn"):
            trained(clears=False, steps=12)

    assert {each.filename for each in seen if "gradient-accumulated" in str(each.message)} == {__file__}


def test_the_programs_own_exception_gets_the_story():
    """As a note; the exception stays what it was."""
    loss = torch.tensor(2.0, requires_grad=True).exp()

    def twice():
        with byhand.record(diagnose=True):
            loss.backward()
            loss.backward()

    with pytest.raises(RuntimeError) as raised:
        twice()

    assert "second time" in str(raised.value)
    assert [note.split(":")[1].strip() for note in raised.value.__notes__] == ["freed-graph"]
