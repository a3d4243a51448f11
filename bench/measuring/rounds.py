"""Ways of doing one thing, timed in turn, so that what disturbs the machine disturbs them all; only ratios are told."""

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import NamedTuple

import torch

from byhand import __version__


class Spent(NamedTuple):
    """Seconds on the clock, and seconds of the processor: those do not grow when other programs want the machine too."""

    clock: float
    processor: float


Times = Mapping[str, Sequence[Spent]]


@contextmanager
def spending(spent: list[Spent]) -> Iterator[None]:
    """Adds what is spent inside."""
    clock, processor = time.perf_counter(), time.process_time()
    yield
    spent.append(Spent(time.perf_counter() - clock, time.process_time() - processor))


def in_turn(
    ways: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    around: Mapping[str, Callable[[], AbstractContextManager[object]]] | None = None,
) -> Times:
    """What each way spent in each round, after one round that is not counted. `around` is set up and taken down outside the time."""
    times: dict[str, list[Spent]] = {name: [] for name in ways}
    names = list(ways)
    for turn in range(rounds + 1):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            with (around or {}).get(name, nullcontext)():
                gc.collect()
                with spending(times[name]):
                    ways[name]()
    return {name: spent[1:] for name, spent in times.items()}


def ratio(times: Times, name: str, base: str) -> Spent:
    """The median of what one way spent for each second of the base in the same round."""
    pairs = list(zip(times[name], times[base], strict=True))
    return Spent(*(statistics.median(spent[kind] / of[kind] for spent, of in pairs) for kind in range(2)))


def milliseconds(times: Times, name: str) -> str:
    """The median on the clock."""
    return f"{1000 * statistics.median(spent.clock for spent in times[name]):,.1f}"


def compared(title: str, times: Times, *, base: str, goals: Mapping[str, str]) -> None:
    """Prints one line for each way: milliseconds, its ratio to the base on the clock and of the processor, its goal."""
    rows = [(name, milliseconds(times, name), *_written(ratio(times, name, base)), goals.get(name, "")) for name in times]
    table(title, ("", "ms", "clock", "processor", "goal"), rows)


def _written(spent: Spent) -> tuple[str, str]:
    return f"{spent.clock:.2f}", f"{spent.processor:.2f}"


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a table: the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    print(f"\n{title}")
    for row in (head, *rows):
        first, *others = zip(row, widths, strict=True)
        print("  " + "  ".join([f"{first[0]:<{first[1]}}", *(f"{text:>{width}}" for text, width in others)]).rstrip(), flush=True)


def environment(claim: str, *, threads: int | None = 1) -> None:
    """Prints what is measured, and with what. PyTorch gets one thread, which busy neighbours disturb least; with None it keeps its own."""
    torch.set_num_threads(threads or torch.get_num_threads())
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    versions = f"byhand {__version__}, torch {torch.__version__}, Python {platform.python_version()}"
    machine = f"{torch.get_num_threads()} threads of {os.cpu_count()} cores{load}, {platform.system()} {platform.machine()}"
    print(f"\n== {claim}\n   {versions}, {machine}", flush=True)
