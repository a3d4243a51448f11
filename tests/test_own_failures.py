"""When byhand itself fails, the program goes on as if nobody watched, and the failure is told where the result would be."""

from dataclasses import replace

import pytest
import torch
from watched import bits, made

import byhand
from byhand import Verdict
from byhand.errors import NoBackward
from byhand.recording import calls, describe
from byhand.rules.table import TABLE


def fail(*given, **options):
    raise ZeroDivisionError("a mistake of ours")


@pytest.fixture
def _a_rule_that_fails(monkeypatch):
    byhand.check(made("example").forward()[-1])
    broken = [replace(rule, function=fail) for rule in TABLE["MulBackward0", 0]]
    monkeypatch.setitem(TABLE, ("MulBackward0", 0), broken)


def trained(program):
    """The recording of one step of a program, whose gradients must be those of the program alone."""
    alone, it = made(program), made(program)
    alone.forward()[-1].backward()
    it = made(program)
    with byhand.record() as run:
        it.forward()[-1].backward()
    assert [bits(leaf.grad) for leaf in it.leaves] == [bits(leaf.grad) for leaf in alone.leaves]
    return run


@pytest.mark.usefixtures("_a_rule_that_fails")
@pytest.mark.parametrize("way", ["record", "check"])
def test_a_rule_that_raises_is_told_as_not_compared(way):
    """A rule that raises makes its node not compared, with the mistake as the reason, and so every weight that depends on it."""
    story = trained("example").check() if way == "record" else byhand.check(made("example").forward()[-1])

    (made_,) = story.passes
    assert made_.coverage.reasons == {"MulBackward0: our rule failed: ZeroDivisionError: a mistake of ours": 1}
    assert made_.leaves[0].comparison.verdict is Verdict.NOT_COMPARED
    assert made_.leaves[0].comparison.reason == "it depends on MulBackward0, which was not compared"
    assert not story.differs


@pytest.mark.parametrize("place", ["describing", "judging"])
def test_a_pass_that_cannot_be_watched_is_told(monkeypatch, place):
    """Where a whole pass is lost to a mistake of ours, asking for it names the mistake."""
    monkeypatch.setattr(describe.Describer, "__init__" if place == "describing" else "describe", fail)

    run = trained("mlp")

    with pytest.raises(NoBackward, match="a mistake of ours"):
        run.explain()


@pytest.mark.parametrize("name", ["user_frame", "note_result"])
def test_a_note_that_cannot_be_taken_is_left_out(monkeypatch, name):
    """A mistake in taking notes of the forward pass leaves the backward pass judged, only without what was not noted."""
    monkeypatch.setattr(calls, name, fail)
    it = made("mlp")

    with byhand.record() as run:
        it.forward()[-1].backward()

    monkeypatch.undo()
    assert run.check().agrees
    assert "a mistake of ours" in run.session.recorder.failures[0]


@pytest.mark.parametrize("verb", ["explain", "check"])
def test_errors_of_verbs_leave_the_program_as_it_was(verb):
    """A verb that raises leaves grad mode, the function modes and the graph as they were."""
    it = made("example")
    loss = it.forward()[-1]
    with pytest.raises(byhand.errors.WrongShape):
        getattr(byhand, verb)(loss, gradient=torch.ones(3))

    assert torch.is_grad_enabled()
    assert torch._C._is_torch_function_enabled()
    loss.backward()
    assert it.w.grad.item() == -2.0
