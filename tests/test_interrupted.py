"""Ctrl-C while byhand works: what was judged so far is told, and said to be a part."""

import json

import pytest
import torch

import byhand
from byhand.judging import Judge
from byhand.results import Verdict


def chain():
    """A loss of six operations on one weight."""
    weight = torch.tensor(0.5, requires_grad=True)
    result = weight
    for _ in range(6):
        result = result.sin()
    return result


@pytest.fixture
def interrupted(monkeypatch):
    """Ctrl-C is pressed while the third operation is judged."""
    judge, count = Judge._node, iter(range(10))

    def node(*arguments):
        if next(count) == 2:
            raise KeyboardInterrupt
        return judge(*arguments)

    monkeypatch.setattr(Judge, "_node", node)


@pytest.mark.usefixtures("interrupted")
def test_check_tells_what_was_judged_before_ctrl_c():
    """The story says after how many operations of how many it ends, and no weight is called right."""
    story = byhand.check(chain())

    assert "\n○ Interrupted after 2 of 6 operations; the rest is not compared." in str(story)
    assert "✓ none" not in str(story)
    (made,) = story.passes
    assert made.interrupted == (2, 6)
    assert [leaf.comparison.verdict for leaf in made.leaves] == [Verdict.NOT_COMPARED]
    assert json.loads(story.to_json())["runs"][0]["interrupted"] == {"judged": 2, "of": 6}


@pytest.mark.usefixtures("interrupted")
def test_ctrl_c_in_a_recorded_backward_reaches_the_program():
    """The program is interrupted as it would be without us, and the recording tells the part that was judged."""
    loss = chain()
    with byhand.record() as run, pytest.raises(KeyboardInterrupt):
        loss.backward()

    assert run.passes[0].interrupted == (2, 6)
    assert "Interrupted after 2 of 6 operations" in str(run.check())


def test_a_whole_pass_is_not_called_interrupted():
    """Nothing is said where nothing happened."""
    story = byhand.check(chain())

    assert story.passes[0].interrupted is None
    assert "Interrupted" not in str(story)
