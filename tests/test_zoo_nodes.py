"""Small real models, node by node: every node has its rules, and each agrees with PyTorch's own on the same upstream gradient."""

from importlib.util import find_spec

import pytest
import torch
from node_by_node import outcomes
from zoo import GRAPHS, transformers_graphs

WITHOUT_RULE = {"CopySlices"}
"""Nodes that hide what they did; custom autograd Functions have no class of ours either, but the zoo has none."""

TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-10}
"""By the coarsest dtype at the node, relative to the largest element of a contribution. Rounding alone gives about √terms · u, with sums
of up to a few thousand terms: 64 · 6e-8 = 4e-6 in float32 and 64 · 1e-16 = 7e-15 in float64. What is left is room for an
ill-conditioned step (a normalisation that cancels); a wrong factor of 0.1 % is fifty times the wider of the two."""

TRANSFORMERS = ("gpt2", "llama", "bert", "mixtral", "vit")


def built(name, attention=None):
    """The loss of one zoo graph; skips a transformers one where that package is missing."""
    torch.manual_seed(0)
    if name in GRAPHS:
        return GRAPHS[name]()
    pytest.importorskip("transformers")
    return transformers_graphs()[name](attention)


@pytest.fixture(params=list(TOLERANCE), ids=["float32", "float64"])
def dtype(request):
    """The default dtype while the model is built and run."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(request.param)
    yield request.param
    torch.set_default_dtype(before)


def wrong(found):
    """What is not as it should be, once for each edge of a class."""
    missing = {f"{each.node} edge {each.edge}: no rule" for each in found if each.problem == "no rule" and each.node not in WITHOUT_RULE}
    failed = {f"{each.node} edge {each.edge}: {each.problem}" for each in found if each.problem not in ("", "differs", "no rule")}
    return (
        missing
        | failed
        | {f"{each.node} edge {each.edge}: off by {each.error:.1e}" for each in found if not each.error <= TOLERANCE[each.dtype]}
    )


@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_a_torch_model_agrees_node_by_node(name, dtype):
    """No edge without a rule, and none that differs."""
    found = outcomes(built(name))

    assert found
    assert not wrong(found)


@pytest.mark.parametrize("attention", [None, "eager"], ids=["default", "eager"])
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_a_transformers_model_agrees_node_by_node(name, attention, dtype):
    """No edge without a rule, and none that differs, whichever way attention is computed."""
    if name == "mixtral" and dtype == torch.float64:
        pytest.skip("PyTorch's grouped_mm, which its experts are multiplied by, knows no float64")

    found = outcomes(built(name, attention))

    assert found
    assert not wrong(found)


@pytest.mark.skipif(find_spec("transformers") is None, reason="transformers is not installed")
def test_the_transformers_models_are_the_zoo_s():
    """The list above names every transformers model of the zoo."""
    assert set(TRANSFORMERS) == set(transformers_graphs())
