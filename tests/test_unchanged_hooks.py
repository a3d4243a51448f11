"""The program's own hooks and modes see what they saw without byhand: the same calls, in the same order, with the same values."""

from collections import Counter

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode
from watched import PROGRAMS, RECORDINGS, VERBS, WAYS, bits, made, nodes, step

import byhand

everywhere = pytest.mark.parametrize("program", PROGRAMS)
however = pytest.mark.parametrize("way", WAYS)


def noted(log, name, *, change=None):
    """A hook that writes down its name and what it is given, and returns what `change` makes of its first tensor."""

    def hook(*given):
        tensors = [each for each in torch.utils._pytree.tree_leaves(given) if isinstance(each, torch.Tensor)]
        log.append((name, [bits(tensor) for tensor in tensors]))
        return None if change is None else change(tensors[0])

    return hook


def with_hooks(way, program):
    """One step of a program with a hook at every place that PyTorch has one: what they were told, in order."""
    it, log = made(program), []
    for number, module in enumerate(it.model.modules()):
        if not isinstance(module, torch.nn.ParameterList):
            module.register_forward_pre_hook(noted(log, f"forward pre {number}"))
            module.register_forward_hook(noted(log, f"forward {number}"))
    if program != "example":
        list(it.model.children())[-1].register_full_backward_hook(noted(log, "module backward"))
        list(it.model.children())[-1].register_full_backward_pre_hook(noted(log, "module backward pre"))
    for number, leaf in enumerate(it.leaves):
        leaf.register_hook(noted(log, f"leaf {number}"))
        leaf.register_post_accumulate_grad_hook(noted(log, f"accumulated {number}"))
    forward = it.forward

    def hooked():
        values = forward()
        for number, value in enumerate(values):
            value.register_hook(noted(log, f"tensor {number}"))
            value.retain_grad()
        for number, node in enumerate(nodes(values[-1])):
            node.register_prehook(noted(log, f"node pre {number}"))
            node.register_hook(noted(log, f"node {number}"))
        return values

    it.forward = hooked
    _, values = step(way, it)
    return log, [bits(value.grad) for value in values], [bits(leaf.grad) for leaf in it.leaves]


@everywhere
@however
def test_hooks_of_every_kind_are_called_as_before(program, way):
    """Hooks on tensors, nodes, leaves and modules run as often, in the same order, with the same values."""
    assert with_hooks(way, program) == with_hooks("plain", program)


@everywhere
@however
def test_saved_tensors_hooks_are_called_as_before(program, way):
    """Tensors are packed and unpacked as often as without byhand, in the same order, with the same values."""

    def run(each):
        log, it = [], made(program)

        def pack(tensor):
            log.append(("pack", bits(tensor)))
            return tensor

        def unpack(tensor):
            log.append(("unpack", bits(tensor)))
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            step(each, it)
        return log

    assert run(way) == run("plain")


@pytest.mark.parametrize("way", WAYS)
def test_what_the_program_packed_is_said_not_to_be_compared(way):
    """A value that only the program's own unpack hook can give is not asked for: its node is not compared, with the reason."""
    it = made("example")
    forward = it.forward

    def packed():
        with torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor.numpy(), torch.from_numpy):
            return forward()

    it.forward = packed
    result, _ = step(way, it)

    assert not [leaf for made_ in result.passes for leaf in made_.leaves if leaf.comparison.verdict is byhand.Verdict.DIFFERS]
    assert all("saved_tensors_hooks" in reason for made_ in result.passes for reason in made_.coverage.reasons)


class Functions(TorchFunctionMode):
    """Writes down every function that is called."""

    def __init__(self):
        self.log = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.log.append(getattr(func, "__qualname__", repr(func)))
        return func(*args, **(kwargs or {}))


class Dispatches(TorchDispatchMode):
    """Writes down every operation that is dispatched."""

    def __init__(self):
        super().__init__()
        self.log = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.log.append(str(func))
        return func(*args, **(kwargs or {}))


@everywhere
@however
@pytest.mark.parametrize("mode", [Functions, Dispatches])
@pytest.mark.parametrize("inside", [False, True], ids=["around", "inside"])
def test_modes_of_the_program_see_the_same_calls(program, way, mode, inside):
    """A function mode and a dispatch mode, around the watched step or inside it, see the calls of the program and no others."""

    def run(each):
        it, watching = made(program), mode()
        if not inside:
            with watching:
                step(each, it)
            return watching.log
        forward = it.forward

        def under_the_mode():
            with watching:
                return forward()

        it.forward = under_the_mode
        step(each, it)
        return watching.log

    assert run(way) == run("plain")


@pytest.mark.parametrize("way", RECORDINGS)
def test_dispatch_mode_sees_no_reading_of_values(way):
    """Nor does a dispatch mode see how byhand reads a value, in inference mode, where PyTorch would tell it."""

    def run(watching):
        with torch.inference_mode(), watching:
            torch.ones(3) * 2
        return watching.log

    with byhand.record(judge=way == "record"):
        log = run(Dispatches())

    assert log == run(Dispatches())


@pytest.mark.parametrize("way", WAYS)
def test_flops_are_counted_as_before(way):
    """PyTorch's own FLOP counter counts the program and nothing of byhand's."""

    def run(each):
        it = made("mlp")
        with FlopCounterMode(display=False) as counter:
            step(each, it)
        return counter.get_total_flops()

    assert run(way) == run("plain") > 0


@pytest.mark.parametrize("way", WAYS)
def test_function_calls_of_a_subclass_are_its_own(way):
    """The `__torch_function__` of the program's tensor class is called for the program's operations only."""

    def run(each):
        log = []

        class Logged(torch.Tensor):
            @classmethod
            def __torch_function__(cls, func, types, args=(), kwargs=None):
                log.append(func.__name__)
                return super().__torch_function__(func, types, args, kwargs or {})

        weight = torch.ones(3).as_subclass(Logged).requires_grad_()
        it = made("example")
        it.forward = lambda: [(weight * 2.0).sum()]
        step(each, it)
        return log

    assert run(way) == run("plain")


@pytest.mark.parametrize("way", RECORDINGS)
def test_default_device_can_be_set_and_unset(way):
    """The default device may be set before a recording or inside it, and be another one afterwards."""
    torch.set_default_device("cpu")
    try:
        with byhand.record(judge=way == "record"):
            torch.set_default_device("meta")
            assert torch.ones(1).is_meta
            torch.set_default_device(None)
        assert not torch.overrides._get_current_function_mode_stack()
    finally:
        torch.set_default_device(None)


def rewriting(place, it):
    """Doubles a gradient on its way, at one of the places where PyTorch lets a hook do so."""
    _, s, loss = it.forward()
    if place == "tensor hook":
        s.register_hook(lambda grad: grad * 2)
    elif place == "leaf hook":
        it.w.register_hook(lambda grad: grad * 2)
    elif place == "node hook":
        loss.grad_fn.register_hook(lambda to, grads: tuple(grad if grad is None else grad * 2 for grad in to))
    elif place == "node prehook":
        s.grad_fn.register_prehook(lambda grads: tuple(grad * 2 for grad in grads))
    return loss


@pytest.mark.parametrize("place", ["tensor hook", "leaf hook", "node hook", "node prehook"])
def test_rewritten_gradients_are_told_as_rewritten(place):
    """Where a hook of the program changes a gradient, the recording says so, and nothing counts as different."""
    it = made("example")
    with byhand.record() as run:
        rewriting(place, it).backward()

    (passed,) = run.passes
    assert it.w.grad.item() == -4.0
    assert not run.check().differs
    assert [output.name for step_ in passed.steps for output in step_.outputs if output.rewritten] + [
        leaf.name for leaf in passed.leaves if leaf.rewritten
    ]


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_call_no_hook(verb):
    """Explaining or checking a loss before backward calls none of the program's hooks."""
    it, log = made("mlp"), []
    values = it.forward()
    for node in nodes(values[-1]):
        node.register_prehook(noted(log, "pre"))
        node.register_hook(noted(log, "post"))
    values[0].register_hook(noted(log, "tensor"))

    getattr(byhand, verb)(values[-1])

    assert Counter(name for name, _ in log) == Counter()
