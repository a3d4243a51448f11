"""torchlens, to be measured beside: its wrappers stand only while it is at work."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn


@contextmanager
def wrapped() -> Iterator[None]:
    """PyTorch's functions as torchlens wants them; without this they would stay wrapped, and slow down what it is compared with."""
    from torchlens.backends.torch.wrappers import unwrap_torch, wrap_torch

    wrap_torch()
    try:
        yield
    finally:
        unwrap_torch()


def traced(model: nn.Module, given: tuple[Tensor, ...], *, saved: str) -> Any:
    """What torchlens notes of one forward pass; `saved` are the results it copies, "all" as it comes, or "none"."""
    import torchlens

    return torchlens.trace(model, list(given), capture=torchlens.options.CaptureOptions(layers_to_save=saved))
