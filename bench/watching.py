"""What `byhand.record(diagnose=True)` costs: the first steps of training a transformer, and memory over many steps."""

import gc
import multiprocessing
import resource
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from multiprocessing.connection import Connection
from typing import Any

import torch
from measuring.models import mlp, transformer
from measuring.rounds import Spent, environment, spending, table
from torch.utils._debug_mode import DebugMode

import byhand

ROUNDS = 3
STEPS = 20
LASTING = (10, 100, 300)
OURS = "byhand.record(diagnose=True)"

Around = Callable[[], AbstractContextManager[Any]]

WAYS: dict[str, Around] = {
    "plain": nullcontext,
    OURS: lambda: byhand.record(diagnose=True),
    "byhand.record(judge=False)": lambda: byhand.record(judge=False),
    "detect_anomaly()": torch.autograd.detect_anomaly,
    "DebugMode": DebugMode,
}
GOALS = {OURS: "1.10"}


def training(model: torch.nn.Module, batch: Sequence[torch.Tensor]) -> Callable[[], None]:
    """One step of training: forward, backward, clipping and the optimizer."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step() -> None:
        loss = model(*batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


def first_steps(around: Around) -> list[Spent]:
    """What each of the first steps of a training spent under a way."""
    spent: list[Spent] = []
    torch.manual_seed(0)
    model, batch = transformer()
    gc.collect()
    with around():
        step = training(model, batch)
        for _ in range(STEPS):
            with spending(spent):
                step()
    return spent


def rounds_in_turn(ways: Mapping[str, Around]) -> dict[str, list[list[Spent]]]:
    """The same for all ways in turn, each round in another order, after one round that is not counted."""
    rounds: dict[str, list[list[Spent]]] = {name: [] for name in ways}
    names = list(ways)
    for turn in range(ROUNDS + 1):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            rounds[name].append(first_steps(ways[name]))
    return {name: each[1:] for name, each in rounds.items()}


def shown(rounds: Mapping[str, list[list[Spent]]]) -> None:
    """Prints one line for each way: what its steps took, as the mean and the median step, in ratio to the plain ones of the same round."""
    rows = []
    for name, mine in rounds.items():
        ratios = []
        for kind in ("clock", "processor"):
            for middle in (statistics.mean, statistics.median):
                pairs = zip(mine, rounds["plain"], strict=True)
                ratios.append(statistics.median(_of(kind, middle, one) / _of(kind, middle, plain) for one, plain in pairs))
        milliseconds = 1000 * statistics.median(_of("clock", statistics.median, one) for one in mine)
        rows.append((name, f"{milliseconds:,.1f}", *(f"{each:.3f}" for each in ratios), GOALS.get(name, "")))
    head = ("", "ms", "clock, mean", "clock, median", "processor, mean", "processor, median", "goal")
    table(f"steps 1-{STEPS} of training a transformer: 4 layers, width 256, batch 8 x 128", head, rows)
    base = [_of("processor", statistics.median, one) for one in rounds["plain"]]
    each = [statistics.median(one[at].processor / of for one, of in zip(rounds[OURS], base, strict=True)) for at in range(STEPS)]
    table(
        f"{OURS}: each step beside the median plain one, processor",
        ("step", *map(str, range(1, STEPS + 1))),
        [("", *(f"{one:.2f}" for one in each))],
    )


def _of(kind: str, middle: Callable[[list[float]], float], spent: Sequence[Spent]) -> float:
    return middle([getattr(each, kind) for each in spent])


def lasting(around: Around, answers: Connection) -> None:
    """Sends the blocks Python holds and the most memory the process ever had, after some numbers of steps of a small model."""
    model, batch = mlp()
    with around():
        step = training(model, batch)
        for number in range(1, max(LASTING) + 1):
            step()
            if number in LASTING:
                gc.collect()
                answers.send((sys.getallocatedblocks(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def memory() -> None:
    """Prints memory after some numbers of steps, plain and watched, each in a process of its own."""
    apart, rows = multiprocessing.get_context("fork"), []
    for name in ("plain", OURS):
        answers, there = apart.Pipe(duplex=False)
        process = apart.Process(target=lasting, args=(WAYS[name], there))
        process.start()
        held = [answers.recv() for _ in LASTING]
        process.join()
        for what, values in zip(("blocks of Python", "most memory, MiB"), zip(*held, strict=True), strict=True):
            scale = 1 if "blocks" in what else 1024
            rows.append((f"{name}: {what}", *(f"{value / scale:,.0f}" for value in values), f"{values[-1] / values[0]:.3f}"))
    table("memory over the steps of a small model", ("after steps", *map(str, LASTING), f"{LASTING[-1]} / {LASTING[0]}"), rows)


if __name__ == "__main__":
    environment("watching for faults, against the plain program", threads=None)
    memory()
    shown(rounds_in_turn(WAYS))
