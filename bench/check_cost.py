"""What `record()` costs when every node is judged: time on the zoo's graphs, time and memory on a GPT-2 of full size."""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext

import torch
from measuring.models import gpt2, zoo
from measuring.rounds import environment, table
from torch import Tensor
from torch.nn.modules.module import register_module_forward_pre_hook

import byhand

ROUNDS = 5
FULL = {"vocab_size": 50_257, "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1_024}
UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes


def spent(build: Callable[[], Tensor], *, recorded: bool) -> float:
    """Processor seconds of forward and backward, from the first module's call on: making the model is not counted."""
    began: list[float] = []
    torch.manual_seed(0)
    handle = register_module_forward_pre_hook(lambda module, given: None if began else began.append(time.process_time()))
    outset = time.process_time()
    try:
        with byhand.record() if recorded else nullcontext():
            build().sum().backward()
    finally:
        handle.remove()
    return time.process_time() - (began[0] if began else outset)


def judged(build: Callable[[], Tensor]) -> tuple[int, int]:
    """How many operations a recording judges, and of how many it cannot say anything: what is not judged costs nothing."""
    with byhand.record() as run:
        build().sum().backward()
    coverage = run.passes[-1].coverage
    return coverage.nodes, coverage.not_compared


def ratios(build: Callable[[], Tensor]) -> tuple[float, float, float]:
    """Milliseconds plain, recorded, and the median ratio, in turn."""
    pairs = [(spent(build, recorded=False), spent(build, recorded=True)) for _ in range(ROUNDS + 1)][1:]
    plain, recorded = (1000 * statistics.median(each) for each in zip(*pairs, strict=True))
    return plain, recorded, statistics.median(after / before for before, after in pairs)


def graphs() -> None:
    """One line for each graph of the zoo, and the median."""
    found = {name: ratios(build) for name, build in zoo().items()}
    counts = {name: judged(build) for name, build in zoo().items()}
    rows = [
        (name, f"{plain:.1f}", f"{recorded:.1f}", f"{times:.1f}", *map(str, counts[name]), "")
        for name, (plain, recorded, times) in found.items()
    ]
    median = statistics.median(times for _, _, times in found.values())
    table(
        "forward and backward of the zoo's graphs",
        ("", "plain, ms", "judged, ms", "times", "operations", "not compared", "goal"),
        [*rows, ("median", "", "", f"{median:.1f}", "", "", "3.0")],
    )


def full(*, recorded: bool) -> None:
    """In a process of its own: prints the seconds of forward and backward of GPT-2, clock and processor, and the peak memory around it."""
    torch.manual_seed(0)
    model, batch = gpt2(batch=1, length=256, **FULL)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
    started, worked = time.perf_counter(), time.process_time()
    with byhand.record() if recorded else nullcontext():
        model(*batch).backward()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
    print(time.perf_counter() - started, time.process_time() - worked, before, after)


def large() -> None:
    """Time and peak memory of GPT-2 with 124 million weights, plain and judged, in fresh processes."""
    rounds = [[[float(word) for word in alone(kind).split()] for kind in ("plain", "judged")] for _ in range(2)]
    seconds, processor, before, after = ([min(each[way][number] for each in rounds) for way in range(2)] for number in range(4))
    grown = [peak - start for peak, start in zip(after, before, strict=True)]
    rows = [
        ("seconds", *(f"{each:.2f}" for each in seconds), f"{seconds[1] / seconds[0]:.2f}", "3.0"),
        ("seconds of the processor", *(f"{each:.2f}" for each in processor), f"{processor[1] / processor[0]:.2f}", "3.0"),
        ("peak memory, GB", *(f"{each / 1e9:.2f}" for each in after), f"{after[1] / after[0]:.2f}", "1.3"),
        ("of it above the model's own, GB", *(f"{each / 1e9:.2f}" for each in grown), f"{grown[1] / grown[0]:.2f}", ""),
    ]
    table("GPT-2, 12 layers, width 768, random weights, batch 1 x 256", ("", "plain", "judged", "times", "goal"), rows)


def alone(kind: str) -> str:
    """What a fresh process prints."""
    return subprocess.run([sys.executable, __file__, kind], check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    if sys.argv[1:]:
        full(recorded=sys.argv[1] == "judged")
    else:
        environment("record() with judging, against the plain program")
        graphs()
        large()
