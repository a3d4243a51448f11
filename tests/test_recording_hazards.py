"""What a careless observer would break still runs, and to the same bits; what cannot be judged is said not to be."""

import random
import sys
import warnings

import pytest
import torch
from hazards import CASES, checkpointed, checkpointed_with_a_weight_used_outside
from unusual_values import UNUSUAL
from watched import RECORDINGS, VERBS, bits

import byhand
from byhand import Verdict

PROGRAMS = {**CASES, **UNUSUAL}


def run(way, program):
    """What watching gave, and every bit of what the program came to: its values, its gradients, the random numbers that come next."""
    torch.manual_seed(1)
    random.seed(1)
    found = []

    def verb(loss):
        if way in VERBS:
            found.append(getattr(byhand, way)(loss))

    if way in RECORDINGS:
        with byhand.record(judge=way == "record") as recording:
            values, leaves = program(verb)
        found.append(recording)
        assert not recording.session.recorder.failures
    else:
        values, leaves = program(verb)
    return found, ([bits(each) for each in (*values, *(leaf.grad for leaf in leaves))], torch.rand(1).item())


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("way", [*RECORDINGS, *VERBS])
def test_program_comes_to_the_same(program, way):
    """The program runs to its end, with the same values, gradients and random numbers to the last bit, and warns of nothing new."""
    with warnings.catch_warnings(record=True) as alone:
        warnings.simplefilter("always")
        _, expected = run("plain", PROGRAMS[program])
    with warnings.catch_warnings(record=True) as watched:
        warnings.simplefilter("always")
        found, result = run(way, PROGRAMS[program])

    assert result == expected
    assert {str(each.message) for each in watched} <= {str(each.message) for each in alone}
    passes = [made for each in found for made in each.passes]
    assert not [reason for made in passes for reason in made.coverage.reasons if "failed" in reason]
    assert not [leaf for made in passes for leaf in made.leaves if leaf.comparison.verdict is Verdict.DIFFERS]
    assert way == "record without judging" or passes


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointed_region_is_not_run_again(verb, reentrant):
    """Before backward, what lies in or behind a checkpointed region is not compared, with the reason; the rest is."""
    found, _ = run(verb, lambda told: checkpointed(told, reentrant=reentrant))

    (made,) = found[0].passes
    verdicts = {leaf.name: leaf.comparison for leaf in made.leaves}
    assert verdicts["head.weight"].verdict is Verdict.AGREES
    assert verdicts["batch"].verdict is Verdict.NOT_COMPARED
    assert "checkpointed region" in verdicts["batch"].reason
    assert str(found[0])


def test_checkpointed_region_is_judged_by_what_pytorch_itself_computed_again():
    """In a recording every node of a checkpointed region is judged, with the values that PyTorch's own backward unpacks."""
    found, _ = run("record", checkpointed)

    (made,) = found[0].passes
    assert not made.coverage.not_compared
    assert found[0].check().agrees


def test_pass_inside_a_pass_is_not_mixed_up_with_it():
    """A hook that goes back through part of the graph with another gradient leaves the story of the pass that it is part of as it was."""
    first, last = torch.randn(3, requires_grad=True), torch.randn(3, requires_grad=True)
    with byhand.record() as recording:
        late, early = last.exp(), first.exp()
        late.register_hook(lambda grad: torch.autograd.grad(early, first, torch.full((3,), 5.0), retain_graph=True) and None)
        (late + early).sum().backward(retain_graph=True)

    (made,) = recording.passes
    assert [step.outputs[0].by_torch.data for step in made.steps if step.name == "early"] == [[1.0, 1.0, 1.0]]
    assert [leaf.by_torch.data for leaf in made.leaves if leaf.name == "first"] == [first.grad.tolist()]


@pytest.mark.parametrize("way", ["record", *VERBS])
def test_part_of_a_gradient_is_not_taken_for_the_whole(way):
    """A weight used inside a reentrant region and outside it: what was seen of its gradient is not said to be all of it."""
    found, _ = run(way, checkpointed_with_a_weight_used_outside)

    (made,) = found[0].passes
    (weight,) = [leaf for leaf in made.leaves if leaf.name == "weight"]
    assert weight.comparison.verdict in (Verdict.AGREES, Verdict.NOT_COMPARED)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("way", [*RECORDINGS, *VERBS])
def test_tracing_warns_of_nothing_new(way):
    """A program that traces itself inside a recording gets the trace and the warnings that it gets alone."""

    def program(verb):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            traced = torch.jit.trace(lambda value: (value * 2).tanh(), torch.ones(3))
        return [traced(torch.ones(3)), torch.tensor(len(told))], []

    assert run(way, program)[1] == run("plain", program)[1]


class HalfUsed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.unused = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)

    def forward(self, batch):
        return self.used(batch)


@pytest.mark.parametrize("way", [*RECORDINGS, *VERBS])
def test_distributed_training_with_unused_parameters(way, tmp_path, monkeypatch):
    """DistributedDataParallel that looks for unused parameters trains to the same bits."""
    distributed = pytest.importorskip("torch.distributed")
    if not distributed.is_available() or not distributed.is_gloo_available():
        pytest.skip("PyTorch was built without gloo")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # which PyTorch replaces, for good
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1)

    def program(verb):
        model = HalfUsed()
        parallel = torch.nn.parallel.DistributedDataParallel(model, find_unused_parameters=True)
        optimizer = torch.optim.SGD(parallel.parameters(), lr=0.1)
        for _ in range(2):
            optimizer.zero_grad()
            loss = parallel(torch.randn(4, 3)).square().sum()
            verb(loss)
            loss.backward()
            optimizer.step()
        return list(model.parameters()), list(model.parameters())

    try:
        assert run(way, program)[1] == run("plain", program)[1]
    finally:
        distributed.destroy_process_group()


@pytest.mark.parametrize("options", [{"judge": False}, {}, {"diagnose": True}])
@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
def test_a_traced_model_is_traced_as_ever(options):
    """torch.jit.trace writes down every operation; what byhand would read of a value must not be among them."""

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 2)

        def forward(self, x):
            return self.layer(x).relu()

    alone = torch.jit.trace(Model(), torch.ones(1, 2)).inlined_graph

    with byhand.record(**options):
        recorded = torch.jit.trace(Model(), torch.ones(1, 2)).inlined_graph

    assert [node.kind() for node in recorded.nodes()] == [node.kind() for node in alone.nodes()]
