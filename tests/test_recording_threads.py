"""A recording belongs to the thread that started it."""

import threading

import pytest
import torch
from torch.overrides import _get_current_function_mode_stack
from watched import RECORDINGS, bits, made, step

import byhand


def in_thread(work):
    """Run something in a thread of its own, and raise here what it raises there."""
    raised = []

    def guarded():
        try:
            work()
        except BaseException as problem:
            raised.append(problem)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


@pytest.mark.parametrize("way", RECORDINGS)
def test_other_threads_are_neither_recorded_nor_disturbed(way):
    """While one thread records, another trains to the same bits, has no mode on its stack, and leaves no pass in the recording."""
    alone, beside = [], []

    def train(found):
        it = made("mlp")
        assert not _get_current_function_mode_stack()
        _, values = step("plain", it)
        found += [bits(tensor) for tensor in (*values, *(leaf.grad for leaf in it.leaves))]

    in_thread(lambda: train(alone))
    with byhand.record(judge=way == "record") as run:
        in_thread(lambda: train(beside))

    assert beside == alone
    assert (run.session.count, run.session.recorder.calls()) == (0, [])


def test_two_threads_record_at_once():
    """Each of two threads that record sees its own passes and no others."""
    runs = []

    def work(passes):
        with byhand.record() as run:
            for _ in range(passes):
                made("example").forward()[-1].backward()
        runs.append((passes, len(run.passes)))

    with byhand.record() as here:
        in_thread(lambda: work(2))
        made("example").forward()[-1].backward()

    assert runs == [(2, 2)]
    assert len(here.passes) == 1


def test_a_recording_stopped_by_another_thread_falls_silent():
    """A recording that another thread ends, as a collected generator may be, records no more, and the program goes on."""
    it = made("example")

    def start_and_leave():
        run = byhand.record()
        run.start()
        in_thread(run.stop)
        it.forward()[-1].backward()
        assert not run.passes
        assert not run.session.recorder.calls()

    in_thread(start_and_leave)

    assert bits(it.w.grad) == bits(torch.tensor(-2.0))
