"""What a recording leaves behind when it is over: nothing installed, and no tensor alive."""

import gc
import weakref

import pytest
import torch
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack
from watched import PROGRAMS, RECORDINGS, WAYS, bits, made, step

import byhand

recordings = pytest.mark.parametrize("way", RECORDINGS)


def record(way):
    return byhand.record(judge=way == "record")


def installed():
    """What stands at the places of PyTorch that a recording uses."""
    return (
        torch.autograd._engine_run_backward,
        torch.nn.Module.__call__,
        torch.autograd.Function.__dict__["apply"],
        torch.compile,
        *_get_current_function_mode_stack(),
    )


ALONE = installed()


@pytest.fixture(autouse=True)
def _nothing_left():
    yield
    assert installed() == ALONE


def watched_tensors(way, program):
    """What watching one step gave, and weak references to all its tensors, which nobody else holds any longer."""
    it = made(program)
    result, values = step(way, it)
    tensors = [*values, *it.leaves, *(leaf.grad for leaf in it.leaves), *it.inputs, *it.model.buffers()]
    return result, [weakref.ref(tensor) for tensor in tensors], weakref.ref(it.model)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("way", WAYS)
def test_results_keep_nothing_alive(program, way):
    """While a run, a story or a check is kept, no input, parameter, activation or gradient of the program is, nor its model."""
    result, references, model = watched_tensors(way, program)
    text = str(result.explain()) if way == "record" else str(result)
    gc.collect()

    assert text
    assert not [reference() for reference in references if reference() is not None]
    assert model() is None


@pytest.mark.parametrize("way", WAYS)
def test_variables_of_a_running_function_are_not_held(way):
    """In the function that is still running, a tensor dies when its last name does: byhand leaves no copy of the variables behind."""
    it = made("example")
    big = torch.ones(3)
    died = weakref.ref(big)
    step(way, it)
    with record("record"):
        it.forward()[-1].backward()
    byhand.check(it.forward()[-1])

    del big

    assert died() is None


@pytest.mark.parametrize("way", WAYS)
def test_deep_graphs_die_too(way):
    """A graph so deep that freeing it needs care is freed as soon as its loss is gone."""
    it = made("example")
    it.w = weight = torch.ones((), requires_grad=True)

    def forward(weight=weight):
        value = weight
        for _ in range(1200):
            value = value * 1.0
        return [value]

    it.forward = forward
    leaf = weakref.ref(weight)
    step(way, it)
    del it, forward, weight
    gc.collect()

    assert leaf() is None


@recordings
def test_nothing_stays_installed(way):
    """PyTorch's own functions are in place again, and the stack of function modes is as it was."""
    with record(way):
        during = installed()
        made("mlp").forward()[-1].backward()

    assert installed() == ALONE != during


@recordings
@pytest.mark.parametrize("place", ["forward", "hook", "nowhere"])
def test_nothing_stays_installed_after_an_exception(way, place):
    """An exception in the forward pass, in a hook during backward or after it ends the recording, and is the program's own."""
    it = made("example")

    def fail(*given):
        raise ValueError("the program's own")

    def program():
        y_hat, _, loss = it.forward()
        if place == "forward":
            fail()
        y_hat.register_hook(fail if place == "hook" else lambda grad: None)
        loss.backward()
        fail()

    with pytest.raises(ValueError, match="the program's own"), record(way):
        program()

    assert installed() == ALONE


@recordings
def test_recording_goes_on_after_a_caught_exception(way):
    """A backward that raised inside a recording does not stop the recording: the next pass is seen."""
    it = made("example")
    with record(way) as run:
        y_hat, _, loss = it.forward()
        y_hat.register_hook(lambda grad: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            loss.backward()
        it.forward()[-1].backward()

    assert run.session.count == 2
    assert bits(it.w.grad) == bits(torch.tensor(-2.0))


def test_nested_recordings_both_record():
    """A recording inside a recording: the inner one has its own passes, the outer one all of them, and the numbers are right in both."""
    it = made("example")
    with byhand.record() as outer:
        with byhand.record() as inner:
            it.forward()[-1].backward()
        it.forward()[-1].backward()

    assert (len(inner.passes), len(outer.passes)) == (1, 2)
    assert inner.check().agrees
    assert outer.check(step=1).agrees
    assert inner.passes[0].steps == outer.passes[0].steps


def test_recordings_may_end_in_any_order():
    """Two recordings that overlap without nesting: each sees what happened while it lasted."""
    it = made("example")
    first, second = byhand.record(), byhand.record()
    first.start()
    second.start()
    it.forward()[-1].backward()
    first.stop()
    it.forward()[-1].backward()
    second.stop()

    assert (len(first.passes), len(second.passes)) == (1, 2)


def test_stopping_twice_is_stopping_once():
    """A recording that is stopped inside its own block ends there, and the end of the block changes nothing."""
    with byhand.record() as run:
        run.stop()
        assert installed() == ALONE
        made("example").forward()[-1].backward()

    assert not run.passes


class Passing(TorchFunctionMode):
    """A function mode of the program's."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        return func(*args, **(kwargs or {}))


def test_a_suspended_generator_leaves_the_program_its_modes():
    """A generator that waits inside a recording, closed while a mode of the program is on: the mode stays until the program ends it."""
    it = made("example")

    def watching():
        with byhand.record() as run:
            yield run

    waiting = watching()
    run = next(waiting)
    it.forward()[-1].backward()
    mode = Passing()
    with mode:
        waiting.close()
        assert _get_current_function_mode_stack() == [mode]
    it.forward()[-1].backward()

    assert len(run.passes) == 1


def test_a_recording_that_outlives_a_mode_leaves_it_its_end():
    """A recording that starts inside a mode of the program and ends after it: the mode ends where the program ends it."""
    run = byhand.record()
    with Passing():
        run.start()
    assert not [mode for mode in _get_current_function_mode_stack() if isinstance(mode, Passing)]
    made("example").forward()[-1].backward()
    run.stop()

    assert len(run.passes) == 1


def test_what_others_replace_meanwhile_stays_theirs(monkeypatch):
    """A library that replaces `Module.__call__` during a recording finds its own function there afterwards, and it works."""
    called = []
    with byhand.record():
        ours = torch.nn.Module.__call__

        def theirs(self, *args):
            called.append(type(self).__name__)
            return ours(self, *args)

        monkeypatch.setattr(torch.nn.Module, "__call__", theirs)
    assert torch.nn.Module.__call__ is theirs
    with byhand.record():
        torch.nn.ReLU()(torch.ones(2))
    assert torch.nn.Module.__call__ is theirs
    assert called == ["ReLU"]

    monkeypatch.undo()
    with byhand.record():
        pass
    assert installed() == ALONE
