"""Watching a program leaves its numbers, its state and its graph as they were."""

import random

import pytest
import torch
from watched import PROGRAMS, VERBS, WAYS, bits, chain, made, nodes, step

import byhand

everywhere = pytest.mark.parametrize("program", PROGRAMS)
however = pytest.mark.parametrize("way", WAYS)
before = pytest.mark.parametrize("verb", VERBS)


def trained(program, way, steps=3):
    """All that training gives: the loss, the gradients and the weights of every step."""
    it = made(program)
    optimizer = torch.optim.SGD(it.leaves, lr=0.1, momentum=0.9)
    found = []
    for _ in range(steps):
        optimizer.zero_grad()
        _, values = step(way, it)
        optimizer.step()
        found.append([bits(tensor) for tensor in (*values, *(leaf.grad for leaf in it.leaves), *it.leaves, *it.model.buffers())])
    return found


@everywhere
@however
def test_training_is_the_same_to_the_last_bit(program, way):
    """Losses, gradients, weights and buffers of three steps of training are bit by bit those of the program alone."""
    assert trained(program, way) == trained(program, "plain")


@everywhere
@before
def test_grad_is_not_touched(program, verb):
    """Explaining or checking a loss leaves every `.grad` the object it was, with the value it had, None included."""
    it = made(program)
    it.forward()[-1].backward()
    it.leaves[0].grad = None
    kept = [(leaf.grad, bits(leaf.grad)) for leaf in it.leaves]

    getattr(byhand, verb)(it.forward()[-1])

    assert all(leaf.grad is grad and bits(leaf.grad) == value for leaf, (grad, value) in zip(it.leaves, kept, strict=True))


def generators():
    """The state of every random generator that a program may use."""
    return torch.get_rng_state().tolist(), random.getstate()


@everywhere
@however
def test_random_numbers_stay_the_same(program, way):
    """After a watched step the random generators are where the program alone leaves them."""
    step("plain", made(program))
    alone = generators()

    step(way, made(program))

    assert generators() == alone


@pytest.mark.parametrize("way", WAYS)
def test_numpy_random_numbers_stay_the_same(way):
    """Watching a step draws no random number from numpy."""
    numpy = pytest.importorskip("numpy")
    state = numpy.random.get_state()[1].tolist()

    step(way, made("transformer"))

    assert numpy.random.get_state()[1].tolist() == state


@everywhere
@however
def test_version_counters_stay_the_same(program, way):
    """No leaf, input or intermediate value counts a change in place that the program did not make."""
    versions = []
    for each in ("plain", way):
        it = made(program)
        _, values = step(each, it)
        versions.append([tensor._version for tensor in (*it.leaves, *it.inputs, *values, *it.model.buffers())])

    assert versions[0] == versions[1]


@everywhere
@however
def test_modules_stay_as_they_were(program, way):
    """Every module keeps its training mode, its hooks and its attributes."""
    it = made(program)
    it.model.register_module("frozen", torch.nn.Dropout().eval())
    modules = list(it.model.modules())
    kept = [(module.training, set(vars(module)), len(module._forward_hooks), len(module._backward_hooks)) for module in modules]

    step(way, it)

    assert kept == [(module.training, set(vars(module)), len(module._forward_hooks), len(module._backward_hooks)) for module in modules]


@everywhere
@however
def test_tensors_get_no_attribute(program, way):
    """Nothing is written onto the program's tensors."""
    it = made(program)

    _, values = step(way, it)

    assert not any(vars(tensor) for tensor in (*it.leaves, *it.inputs, *values))


@everywhere
@however
def test_defaults_of_pytorch_stay_the_same(program, way):
    """The default dtype and device, grad mode and the number of threads are what they were."""

    def defaults():
        return torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled(), torch.get_num_threads()

    kept = defaults()

    step(way, made(program))

    assert defaults() == kept


@everywhere
@however
def test_graph_has_the_same_nodes(program, way):
    """The graph has the same nodes in the same order, and as many numbers were given out as without byhand."""
    graphs = []
    for each in ("plain", way):
        it = made(program)
        start = torch.autograd._get_sequence_nr()
        _, values = step(each, it)
        graphs.append((chain(values[-1]), torch.autograd._get_sequence_nr() - start))

    assert graphs[0] == graphs[1]


@everywhere
@before
def test_graph_can_be_used_again(program, verb):
    """After explain and check, even twice, the graph can be gone through as often as before: twice with retain_graph, then freed."""
    it = made(program)
    loss = it.forward()[-1]

    getattr(byhand, verb)(loss)
    getattr(byhand, verb)(loss)
    loss.backward(retain_graph=True)
    once = [bits(leaf.grad) for leaf in it.leaves]
    getattr(byhand, verb)(loss)
    for leaf in it.leaves:
        leaf.grad = None
    loss.backward(retain_graph=True)

    assert [bits(leaf.grad) for leaf in it.leaves] == once
    loss.backward()
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


@everywhere
@however
def test_nodes_keep_no_hook(program, way):
    """When the pass is over, no node has a hook that byhand put there."""
    _, values = step(way, made(program))

    for node in nodes(values[-1]):
        for register in (node.register_hook, node.register_prehook):
            handle = register(lambda *grads: None)
            assert list(handle.hooks_dict_ref()) == [handle.id]


@pytest.mark.parametrize("way", WAYS)
def test_gradients_of_every_kind_are_the_same(way):
    """Half-precision, complex and integer-indexed gradients are the same bit by bit, and none of our rules fails on them."""

    def run(each):
        torch.manual_seed(0)
        half = torch.randn(3, 70, dtype=torch.bfloat16).requires_grad_()
        turned = torch.randn(80, dtype=torch.complex64).requires_grad_()
        table = torch.randn(9, 4).requires_grad_()
        it = made("example")
        it.leaves = [half, turned, table]
        it.forward = lambda: [half.float().sum() + (turned * turned.conj()).real.sum() + table[torch.tensor([1, 1, 3])].sum()]
        result, _ = step(each, it)
        return result, [bits(leaf.grad) for leaf in it.leaves]

    result, watched = run(way)

    assert watched == run("plain")[1]
    assert not [reason for made in result.passes for reason in made.coverage.reasons if "failed" in reason]
