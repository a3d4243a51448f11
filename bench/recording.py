"""What `record(judge=False)` costs, beside other tools that watch a run: a training step, and the worst case."""

from collections.abc import Callable

import torch
from measuring.lens import traced, wrapped
from measuring.models import chain, transformer
from measuring.rounds import compared, environment, in_turn
from torch import Tensor, nn
from torch.utils._debug_mode import DebugMode

import byhand

NODES = 2_000


class Chain(nn.Module):
    """The chain as torchlens takes it."""

    def forward(self, value: Tensor) -> Tensor:
        """One number multiplied again and again."""
        for _ in range(NODES):
            value = value * 1.00001
        return value


def watched(step: Callable[[], object]) -> dict[str, Callable[[], object]]:
    """The same step, plain and under each tool."""

    def recorded() -> None:
        with byhand.record(judge=False):
            step()

    def debugged() -> None:
        with DebugMode():
            step()

    def guarded() -> None:
        with torch.autograd.detect_anomaly(check_nan=False):
            step()

    return {"plain": step, "byhand.record(judge=False)": recorded, "detect_anomaly(check_nan=False)": guarded, "DebugMode": debugged}


def training() -> None:
    """Forward, backward and optimizer of a transformer."""
    model, batch = transformer()
    optimizer = torch.optim.AdamW(model.parameters())

    def step() -> None:
        model(*batch).backward()
        optimizer.step()
        optimizer.zero_grad()

    lens = "torchlens, forward alone, nothing saved"
    ways = {**watched(step), lens: lambda: traced(model, batch, saved="none")}
    times = in_turn(ways, rounds=9, around={lens: wrapped})
    title = "a training step of a transformer: 4 layers, width 256, batch 8 x 128"
    compared(title, times, base="plain", goals={"byhand.record(judge=False)": "1.03"})


def worst() -> None:
    """The forward pass of a chain of scalar operations."""
    value, lens = torch.tensor(1.0, requires_grad=True), "torchlens, nothing saved"
    ways = {**watched(lambda: chain(NODES)), lens: lambda: traced(Chain(), (value,), saved="none")}
    times = in_turn(ways, rounds=5, around={lens: wrapped})
    compared(f"{NODES:,} multiplications of one number, forward alone", times, base="plain", goals={"byhand.record(judge=False)": "2.5"})


if __name__ == "__main__":
    environment("recording without judging, against the plain program", threads=None)
    training()
    worst()
