"""Calls of one function, again and again: each from the same inputs, the same random numbers, and with nobody listening."""

import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from byhand.functions.inputs import Inputs, copy_of, is_continuous, tensors_in
from byhand.functions.target import Target
from byhand.recording.modules import here
from byhand.recording.walk import is_leaf, topological

SEED = 20_261_123
"""The seed of every random number of a check's own: told, so that a report can be repeated."""


class Randomness:
    """The state of every random number generator that the function may use, at one moment."""

    def __init__(self, devices: Sequence[torch.device]) -> None:
        self._devices = [device for device in dict.fromkeys(devices) if device.type == "cuda"]
        self._torch = torch.get_rng_state()
        self._cuda = [torch.cuda.get_rng_state(device) for device in self._devices]
        self._python = random.getstate()
        self._numpy = sys.modules["numpy"].random.get_state() if "numpy" in sys.modules else None

    def restore(self) -> None:
        """Make them what they were."""
        torch.set_rng_state(self._torch)
        for device, state in zip(self._devices, self._cuda, strict=True):
            torch.cuda.set_rng_state(state, device)
        random.setstate(self._python)
        if self._numpy is not None:
            sys.modules["numpy"].random.set_state(self._numpy)


@contextmanager
def alone() -> Iterator[None]:
    """Inside, recordings of the user's hear nothing, and gradients are on whatever the caller has switched off."""
    listeners = list(here.listeners)
    for listener in listeners:
        listener.stand_aside()
    here.listeners.clear()
    try:
        with torch.inference_mode(mode=False), torch.enable_grad():
            yield
    finally:
        here.listeners.extend(listeners)
        for listener in listeners:
            listener.come_back()


@dataclass(frozen=True, slots=True)
class Made:
    """One call: the results that need a gradient and everything they can have it for, by name; the inputs that it was called with."""

    inputs: Inputs
    result: Any
    outputs: dict[str, torch.Tensor]
    leaves: dict[str, torch.Tensor]

    def gradients(self, seeds: Sequence[torch.Tensor | None], *, keep: bool = True) -> dict[str, torch.Tensor | None]:
        """What PyTorch's backward sends to each leaf, from these gradients of the outputs; outputs without one are left out."""
        pairs = [(output, seed) for output, seed in zip(self.outputs.values(), seeds, strict=True) if seed is not None]
        found = torch.autograd.grad(
            [output for output, _ in pairs],
            list(self.leaves.values()),
            [seed for _, seed in pairs],
            retain_graph=keep,
            allow_unused=True,
        )
        return dict(zip(self.leaves, found, strict=True))

    def nodes(self) -> list[Any]:
        """PyTorch's nodes behind the outputs, each before those it leads to."""
        return topological(list(dict.fromkeys(output.grad_fn for output in self.outputs.values() if output.grad_fn is not None)))


class Attempts:
    """Makes calls of a target with the same inputs, always from the same state."""

    def __init__(self, target: Target, inputs: Inputs) -> None:
        self.target, self.inputs = target, inputs
        self.told: Callable[[], None] = _untold
        self.randomness = Randomness([tensor.device for tensor in inputs.tensors().values()])

    def copies(self, *, wanted: Sequence[str] | None = None) -> Inputs:
        """Copies of the inputs; those that are checked (or the wanted ones among them) require a gradient."""
        wanting = self.inputs.checked if wanted is None else wanted
        return self.inputs.copied(lambda name, tensor: copy_of(tensor).requires_grad_(name in wanting))

    def make(self, *, wanted: Sequence[str] | None = None) -> Made:
        """One call. Raises what the function raises."""
        inputs = self.copies(wanted=wanted)
        return made_of(inputs, self.called(lambda: self.target.call(*inputs.arguments.values())), self.target)

    def called(self, call: Callable[[], Any]) -> Any:
        """What a call gives, its random numbers those of the first call."""
        self.told()
        try:
            with self.target.unchanged():
                return call()
        finally:
            self.randomness.restore()


def _untold() -> None:
    """Nobody watches."""


def made_of(inputs: Inputs, result: Any, target: Target) -> Made:
    """A call as data: its outputs and leaves found and named."""
    outputs = {name: each for name, each in tensors_in({"output": result}) if is_continuous(each) and each.requires_grad}
    tensors = inputs.tensors()
    leaves = {name: tensors[name] for name in inputs.checked if tensors[name].requires_grad}
    known = set(leaves.values())
    names = {parameter: path for module in target.modules for path, parameter in module.named_parameters()}
    made = Made(inputs, result, outputs, leaves)
    others = [node.variable for node in made.nodes() if is_leaf(node)]
    for number, leaf in enumerate(other for other in others if other not in known):
        leaves[names.get(leaf, f"a tensor of the function's own, number {number + 1}")] = leaf
    return made


def seeds_for(outputs: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    """A random gradient for each output, real and dense, from a generator of our own."""
    found: list[torch.Tensor] = []
    for output in outputs.values():
        generator = torch.Generator(output.device).manual_seed(SEED + len(found))
        wide = torch.complex128 if output.is_complex() else torch.float64
        drawn = torch.randn(output.shape, generator=generator, dtype=wide, device=output.device)
        found.append(drawn.to(output.dtype))
    return found
