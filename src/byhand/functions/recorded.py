"""One call of a function and its backward, recorded: every node judged, the inputs named as the function names them."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch

from byhand.functions.attempts import Attempts, made_of
from byhand.functions.target import FILE, written
from byhand.results import Pass, Step
from byhand.run import Run


def judged(attempts: Attempts, seeds: Mapping[str, torch.Tensor], *, order: int) -> Pass:
    """The judged pass of a call; `seeds` are the gradients that arrive at its outputs, by name. Raises what the function raises.

    With `order` 2 the gradients are made so that they can be differentiated once more, and that is judged too.
    """
    inputs = attempts.copies()
    run = Run()
    space: dict[str, Any] = {**attempts.target.space, **inputs.arguments}

    def backward(output: Any) -> None:
        made = made_of(inputs, output, attempts.target)
        arriving = [seeds[name].detach().requires_grad_(order > 1) for name in made.outputs]  # second derivatives lead back to these too
        with _kept(list(made.leaves.values())), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Using backward.. with create_graph")  # the cycle it warns of is cut at once
            # a function may have taken a graph of the program's along with it: that is still needed
            torch.autograd.backward(list(made.outputs.values()), arriving, retain_graph=True, create_graph=order > 1)

    space["backward"] = backward
    code = written(attempts.target, list(inputs.arguments))
    with run:
        attempts.called(lambda: exec(code, {"__name__": FILE, "__builtins__": __builtins__}, space))
    passed = run.chosen("check", None)
    return replace(passed, steps=tuple(map(_placed, passed.steps)))


def _placed(step: Step) -> Step:
    """A Function that was called by the check alone stands where its backward does: the line that calls it is in no file."""
    if step.function is None or step.function.backward is None or step.origin is None or step.origin.file != FILE:
        return step
    return replace(step, origin=step.function.backward)


@contextmanager
def _kept(leaves: Sequence[torch.Tensor]) -> Iterator[None]:
    """Inside, inputs and weights have no `.grad` and no hooks of the program's; afterwards they have theirs again."""
    before = [(leaf.grad, [(hooks, dict(hooks)) for hooks in _hooks(leaf)]) for leaf in leaves]
    for leaf, (_, kept) in zip(leaves, before, strict=True):
        leaf.grad = None
        for hooks, _ in kept:
            hooks.clear()
    try:
        yield
    finally:
        for leaf, (grad, kept) in zip(leaves, before, strict=True):
            leaf.grad = grad
            for hooks, each in kept:
                hooks.update(each)


def _hooks(leaf: torch.Tensor) -> list[Any]:
    """The dictionaries that PyTorch looks for a leaf's hooks in."""
    return [hooks for hooks in (leaf._backward_hooks, leaf._post_accumulate_grad_hooks) if hooks]
