"""What is told of one box or arrow: the blocks of the story, for that one alone."""

import re
from importlib import import_module

import pytest
import torch
from programs_drawn import added, example, fan_out, hooked, matrices, passed, weight, wrong
from zoo import GRAPHS

import byhand
from byhand.document import Document, Formula, Ledger
from byhand.drawing import draw
from byhand.drawing.contents import Contents
from byhand.drawing.details import details
from byhand.explanation import explain
from byhand.explanation.labels import Labels
from byhand.render.text import render_text


def told(program):
    """The details of a program's last pass."""
    result = passed(program)
    return details(result, Labels(result))


def text(blocks):
    """Some blocks as a terminal shows them."""
    return render_text(Document(tuple(blocks)), width=110)


def test_an_operation_is_told_whole():
    """Expression and place, PyTorch's node, the row of the story, the chain, and both numbers."""
    assert text(told(example)["s1"]).replace("programs_drawn.py", "p.py").splitlines() == [
        "s = ŷ − y   (p.py:25)",
        "",
        "PyTorch's node: SubBackward0",
        "",
        "forward          local derivative   backward",
        "s = ŷ − y = −1   ∂s/∂ŷ = 1          ∂loss/∂ŷ = −2 · 1 = −2",
        "",
        "∂loss/∂ŷ = ∂loss/∂s · ∂s/∂ŷ = −2 · 1 = −2         ✓ agrees",
        "",
        "by hand   −2",
        "PyTorch   −2                   ✓ agrees",
        "off by    0, to the last bit",
    ]


def test_every_box_and_arrow_has_details():
    """Operations, their contributions, weights and constants."""
    assert set(told(example)) == {"s0", "s1", "s2", "s0.0", "s1.0", "s2.0", "w3", "c0", "c1"}


def test_a_weight_has_its_chain_rule_path_by_path():
    """The very formulas of the story."""
    result = passed(fan_out)
    found = [block for key, blocks in details(result, Labels(result)).items() if key.startswith("w") for block in blocks]

    assert [block for block in explain(result).blocks if isinstance(block, Formula)] == [
        each for each in found if isinstance(each, Formula)
    ]
    assert "a → c → d → loss   ∂loss/∂d · ∂d/∂c · ∂c/∂a = 1 · 2c · b = 24" in text(found)


def test_the_chain_rule_is_mathematics():
    """Every part of it has its LaTeX, but the number."""
    (chain, *_) = (block for block in told(example)["w3"] if isinstance(block, Formula))

    assert all(part.latex for part in chain.parts[:-1])


def test_a_fan_out_has_its_ledger():
    """What came back from each use, and the sum, as in the story."""
    result = passed(fan_out)
    (ledger,) = (block for block in details(result, Labels(result))["s3"] if isinstance(block, Ledger))

    assert ledger in explain(result).blocks


def test_a_contribution_has_its_link_of_the_chain():
    """From where to where, and both numbers."""
    said = text(told(fan_out)["s1.0"])

    assert said.startswith("from e back to c\n")
    assert "∂loss/∂c via e = ∂loss/∂e · ∂e/∂c = 1 · 3 = 3" in said


def test_a_tensor_has_its_formula():
    """The table of the story, and what its helpers mean."""
    said = text(told(matrices)["s3"])

    assert "to w    xᵀ @ grad   [[144, 144], [360, 360]]   ✓ agrees" in said


def test_a_difference_has_both_numbers():
    """With the error in units of what rounding explains."""
    said = text(told(wrong)["s1"])

    assert "from the operations of its forward" in said
    assert "by hand   12" in said
    assert re.search(r"\nPyTorch   6 +✗ differs by 6\n", said)
    assert "times what rounding explains" in said
    assert "how       every element is 0.5 × the one by hand" in said


def test_behind_a_difference_it_is_said():
    """The next operation got another gradient than ours."""
    assert "∂loss/∂u is 12 by hand, and 6 arrived in PyTorch" in text(told(wrong)["s2"])


def test_a_hook_is_told():
    """At the value whose gradient it changed."""
    assert "A hook changed ∂loss/∂u on its way" in text(told(hooked)["s1"])


def test_a_running_sum_is_told():
    """The ledger of `.grad`, at its weight."""
    said = text(told(added)["w1"])

    assert "w.grad is a running sum" in said
    assert "w.grad after     8" in said


def test_a_constant_tells_its_uses():
    """Its value, and what it was used in."""
    assert "used in ŷ" in text(told(example)["c0"])


def network():
    """A network of two layers that are called by their names."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 3), torch.nn.Linear(3, 3))
    loss = model(torch.ones(1, 2)).sum()
    loss.backward()


def test_a_module_has_its_row_and_weights():
    """The row of the table of modules, and its weights."""
    said = text(told(network)["m:model.0"])

    assert "model.0   2            " in said
    assert "model.0.weight" in said
    assert "model.1.weight" not in said


def test_modules_of_one_build_are_told_together():
    """The folded row, then each by itself."""
    said = text(told(network)["r:model.0"])

    assert said.startswith("model.0 … model.2 × 3\n")
    assert "\nmodel.1 " in said


@pytest.fixture
def short(monkeypatch):
    """Every run counts as a large one."""
    monkeypatch.setattr(import_module("byhand.drawing.details"), "LARGE", 0)


def test_a_large_run_has_short_details(short):
    """One line for an operation, none for its contributions; a weight still ends in PyTorch's number."""
    found = told(example)

    assert text(found["s1"]).endswith("∂loss/∂ŷ = −2 · 1 = −2   ✓ agrees\n")
    assert "s1.0" not in found
    assert "PyTorch: w.grad = −2" in text(found["w3"])


def test_a_weight_used_everywhere_is_told_in_few_lines():
    """Hundreds of uses are counted, not listed."""

    def program():
        w = weight([1.0, 1.0])
        loss = w * 1.0
        for _ in range(500):
            loss = loss * w
        loss.sum().backward()

    found = told(program)
    said = text(next(blocks for key, blocks in found.items() if key.startswith("w")))

    assert "… 493 more …" in said
    assert len(said.splitlines()) < 60


def test_every_graph_of_the_zoo_is_told():
    """Real models: every operation has details, and they can be shown."""
    torch.manual_seed(0)
    for name in ("lstm", "nn_transformer", "unet", "ppo"):
        with byhand.record() as run:
            GRAPHS[name]().backward()
        result = run.passes[-1]
        found = details(result, Labels(result))

        assert {f"s{step.index}" for step in result.steps} <= found.keys()
        assert all(text(blocks) for blocks in found.values())


def test_every_key_of_a_picture_has_details():
    """Boxes of operations, weights, modules and repeated ones, and arrows: none leads to nothing."""
    waiting, found = [(picture := draw(passed(network))).root], set()
    while waiting:
        part = waiting.pop()
        found |= {each.about for each in (*part.boxes, *part.arrows) if each.about}
        waiting += [box.inside for box in part.boxes if box.inside]

    assert found <= picture.details.keys()


def test_a_closed_module_leads_to_its_details():
    """The box of a module, and of several of the same build, by their own keys."""
    result = passed(network)
    labels = Labels(result)
    contents = Contents(result, labels)
    modules = [step for step in labels.steps if step.module]
    first = [step for step in modules if step.module == "model.0"]

    assert contents.module("0", first, []).about == "m:model.0"
    assert contents.module("0 … 2", modules, [], count=3).about == "r:model.0"
    assert contents.module("1 … 60", [step for step in labels.steps if not step.module], []).about == ""
