"""A chain of many operations, watched in every way and let go: run as a program of its own, since what it tests would crash Python.

Prints one line for each way, and what was left alive. Arguments: how many operations, the size of the thread's stack in KiB (0 for
none), and the ways.
"""

import gc
import sys
import threading
import weakref

import torch

import byhand


def chain(count):
    weight = torch.ones((), requires_grad=True)
    value, middle = weight, None
    for number in range(count):
        value = value * 1.0
        if number == count // 4:
            middle = value
    return weight, middle, value


def watch(way, count):
    weight, middle, loss = chain(count)
    alive = weakref.ref(weight)
    if way == "record":
        with byhand.record() as run:
            loss.backward()
        story = run.explain()
    else:
        story = getattr(byhand, way)(loss)
    made = story.passes[0]
    print(way, made.coverage.nodes, made.coverage.differ, made.coverage.not_compared, made.leaves[0].comparison.verdict.value, end=" ")
    print("short" if len(str(story)) < 20_000 else "long", end=" ")
    del loss, weight
    gc.collect()
    del middle
    gc.collect()
    print("freed" if alive() is None else "alive", flush=True)


def main():
    count, stack, ways = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if not stack:
        for way in ways:
            watch(way, count)
        return
    threading.stack_size(stack * 1024)
    for way in ways:
        thread = threading.Thread(target=watch, args=(way, count))
        thread.start()
        thread.join()


main()
