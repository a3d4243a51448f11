"""What a second opinion says about one node."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from byhand.results import Comparison

Probe = Callable[[torch.Tensor, str], Comparison]
"""The comparison for the gradient that PyTorch's node sent, and where that came from."""

Grads = Sequence[torch.Tensor | None]
Given = Mapping[int, torch.Tensor | None]
"""What each edge is sent, by its number; None where nothing depends on it."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What each edge of a node is sent, by other means than its own backward.

    `by` names the means: "operations" or "difference". `work` gives the same for other upstream gradients, with a change applied to
    every operand; None where that would cost too much. `shifted` gives what the edges are sent with every input moved by a function.
    `noise` is how far each element may be off, where the means has an error of its own. `sides` are what an element
    may be between at a kink, and the same number twice elsewhere. `notes` tell, by edge, what was left out. An
    edge of `probes` is judged along random directions only. `overwritten` are the inputs that were changed between the forward and
    the backward.
    """

    by: str
    given: Given
    work: Callable[[Grads, Callable[[Any], Any]], Given] | None = None
    shifted: Callable[[Callable[[torch.Tensor], torch.Tensor]], Given] | None = None
    noise: Given | None = None
    sides: Mapping[int, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)
    probes: Mapping[int, Probe] = field(default_factory=dict)
    overwritten: tuple[int, ...] = ()
