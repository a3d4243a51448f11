"""What a second opinion says about one node."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

Grads = Sequence[torch.Tensor | None]
Given = Mapping[int, torch.Tensor | None]
"""What each edge is sent, by its number; None where nothing depends on it."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What each edge of a node is sent, by other means than its own backward.

    `by` names the means: "operations" or "difference". `work` gives the same for other upstream gradients, with a change applied to
    every operand; None where that would cost too much. `noise` is how far each element may be off, where the means has an error of its
    own. `reasons` tell, by edge, what was left out; `overwritten` names what was changed between the forward and the backward.
    """

    by: str
    given: Given
    work: Callable[[Grads, Callable[[Any], Any]], Given] | None = None
    noise: Given | None = None
    reasons: Mapping[int, str] | None = None
    overwritten: tuple[str, ...] = ()
