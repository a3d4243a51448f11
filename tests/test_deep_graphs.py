"""Graphs so deep that a careless walk over them would crash Python when they are freed."""

import subprocess
import sys
from pathlib import Path

DEEP = Path(__file__).with_name("deep.py")


def watched(count, stack, ways):
    """What the program printed; it must not crash."""
    done = subprocess.run(
        [sys.executable, str(DEEP), str(count), str(stack), *ways], capture_output=True, text=True, timeout=600, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_two_hundred_thousand_operations():
    """A chain of 200,000 operations is worked, told in a bounded story, and freed, though a tensor inside it outlives the loss."""
    assert watched(200_000, 0, ["check"]) == ["check 200000 0 0 agrees short freed"]


def test_sixty_thousand_recorded_operations():
    """So is a chain of 60,000, which is beyond what Python's stack bears, when its backward is recorded."""
    assert watched(60_000, 0, ["record"]) == ["record 60000 0 0 agrees short freed"]


def test_deep_graphs_in_a_thread_with_a_small_stack():
    """In a thread with a stack of 512 KiB a chain of 4,000 operations is worked and freed."""
    ways = ["explain", "check", "record"]

    assert watched(4_000, 512, ways) == [f"{way} 4000 0 0 agrees short freed" for way in ways]
