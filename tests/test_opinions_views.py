"""Writes into views: their node hides what was done, and the recorded call tells."""

import pytest
from opinion_functions import judged, verdicts

from byhand.results import Verdict

VIEWS = {
    "row": lambda base, value: base[0].copy_(value[0]),
    "setitem": lambda base, value: base.__setitem__(0, value[0]),
    "slice": lambda base, value: base.__setitem__((slice(None), slice(1, 3)), value[:, :2]),
    "broadcast": lambda base, value: base.__setitem__(slice(None, 2), value[:1]),
    "mul": lambda base, value: base[1].mul_(3.0),
    "exp": lambda base, value: base[1].exp_(),
    "add": lambda base, value: base.view(-1)[2:7].add_(value.reshape(-1)[:5], alpha=2.0),
    "augmented": lambda base, value: base[0].__iadd__(value[1]),
    "transposed": lambda base, value: base.t()[1].sub_(value[:, 0]),
    "fill": lambda base, value: base[:, 0].fill_(2.0),
    "masked": lambda base, value: base[0].masked_fill_(value[0].detach() > 0, 1.0),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_write_into_a_view_is_judged(name):
    """CopySlices hides what was written; the recorded call tells."""

    def build(weight):
        base = weight * 1.5
        VIEWS[name](base, weight.sin())
        return base * base

    found, made = judged(build)

    assert found
    assert verdicts(found) == {Verdict.AGREES}
    assert made.leaves[0].comparison.verdict is Verdict.AGREES
