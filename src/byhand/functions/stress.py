"""The backward of one function again, as other programs would call it: other layouts, twice, scaled, with nothing, in parts."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch

from byhand.functions import sentences
from byhand.functions.attempts import SEED, Attempts, Made
from byhand.functions.foreign import foreign, saved_by
from byhand.functions.gaps import Floors, Gradients, changed, gap_between, largest_unit
from byhand.functions.inputs import copy_of
from byhand.functions.layouts import LAYOUTS, Layout
from byhand.functions.trials import Trial, passed, untried
from byhand.results import Verdict
from byhand.words import plain

SAMPLES = 3  # backward passes from gradients moved by one rounding unit, where a difference has to be told from rounding
MOST = 8  # inputs; of more, not each is asked for by itself
FULL = 1e-2  # of the largest number of a dtype: a gradient this large is not doubled


class Stress:
    """One function under stress. `seeds` are the gradients that arrive at its outputs."""

    def __init__(self, attempts: Attempts, made: Made, seeds: Sequence[torch.Tensor]) -> None:
        self._attempts, self._made, self._seeds = attempts, made, seeds
        self._nodes = foreign(made.nodes())
        self._fresh = False
        self._base: dict[str, torch.Tensor | None] = {}
        self._floors = Floors(0.0, list)

    def trials(self) -> Iterator[Trial]:
        """Every attempt, one after the other."""
        try:
            yield self._first()
        except Exception as problem:
            yield untried("the backward by itself", f"not tried: torch.autograd.grad() cannot go through it: {_line(problem)}")
            return
        again = self._again()
        yield again
        if again.verdict is Verdict.DIFFERS:
            yield untried("other gradients and layouts", "not tried: it is not repeatable")
            return
        for attempt in (self._nothing, self._doubled, self._each_output, self._each_input, *self._layouts()):
            try:
                yield from attempt()
            except Exception as problem:
                yield sentences.raised(_line(problem))

    def _layouts(self) -> list[Callable[[], Iterator[Trial]]]:
        return [partial(self._laid_out, layout) for layout in LAYOUTS]

    def _graph(self) -> Made:
        """The call at hand; a new one where each can be gone back through only once."""
        return self._attempts.make() if self._fresh else self._made

    def _backward(self, seeds: Sequence[torch.Tensor | None]) -> dict[str, torch.Tensor | None]:
        """The gradients from these seeds, as copies: a backward may hand out memory that it writes into again."""
        made = self._graph()
        return copied(self._attempts.called(lambda: made.gradients(seeds)))

    def _first(self) -> Trial:
        """The first backward, and whether it leaves everything as it was."""
        given = [copy_of(seed) for seed in self._seeds]
        known = [(f"the gradient that arrived at {name}", seed) for name, seed in zip(self._made.outputs, given, strict=True)]
        known += [(f"the input {name}", tensor.detach()) for name, tensor in self._made.inputs.tensors().items()]
        known += [(name, tensor.detach()) for node in self._nodes for name, tensor in saved_by(node).items()]
        before = [tensor.clone() for _, tensor in known]
        self._base = copied(self._attempts.called(lambda: self._made.gradients(given)))
        self._floors = Floors(largest_unit([*self._made.outputs.values(), *self._made.leaves.values()]), self._moved)
        for (name, tensor), old in zip(known, before, strict=True):
            if gap := changed(name, old, tensor):
                return sentences.overwritten(gap)
        return passed("what it saved and was given, before and after", "unchanged")

    def _moved(self) -> list[Gradients]:
        """What the backward makes of the gradients with random signs: what moves each by one rounding unit moves the result so."""
        generator = torch.Generator().manual_seed(SEED)
        found: list[Gradients] = []
        for _ in range(SAMPLES):
            signs = [torch.randint(0, 2, seed.shape, generator=generator) * 2 - 1 for seed in self._seeds]
            found.append(self._backward([seed * sign.to(seed) for seed, sign in zip(self._seeds, signs, strict=True)]))
        return found

    def _again(self) -> Trial:
        """The same a second time, through the same graph: the same bits are expected, and the first result must stay what it was."""
        name = "a second time"
        try:
            first = self._attempts.called(lambda: self._made.gradients(self._seeds))
            held = copied(first)
            second = copied(self._attempts.called(lambda: self._made.gradients(self._seeds)))
            self._attempts.called(lambda: self._made.gradients([-seed for seed in self._seeds]))
        except Exception as problem:
            self._fresh = True
            return untried(name, f"it can be gone back through once only: {_line(problem)}")
        if gap := gap_between(self._base, held, self._floors) or gap_between(held, second, self._floors):
            return sentences.stateful(gap)
        for key, value in first.items():
            old = held[key]
            if value is not None and old is not None and (gap := changed(key, old, value)):
                return sentences.handed_out(gap)
        pairs = ((one, second[key]) for key, one in held.items())
        same = not any(one is not None and other is not None and changed("", one, other) for one, other in pairs)
        return passed(name, "the same bits" if same else "the same to rounding, not to the bit: it adds up in an order that changes")

    def _nothing(self) -> Iterator[Trial]:
        """A gradient of zeros must give zeros."""
        name = "a gradient of zeros"
        if not all(each is None or bool(torch.isfinite(each).all()) for each in self._base.values()):
            yield untried(name, "not tried: the gradients are not finite")
            return
        found = self._backward([torch.zeros_like(seed) for seed in self._seeds])
        for key, value in found.items():
            if value is not None and (gap := changed(key, torch.zeros_like(value), value)):
                yield sentences.out_of_nothing(gap)
                return
        yield passed(name, "zeros")

    def _doubled(self) -> Iterator[Trial]:
        """Twice the gradient must give twice the gradients, exactly."""
        name = "twice the gradient"
        largest = max(
            (float(each.abs().max()) for each in (*self._seeds, *self._base.values()) if each is not None and each.numel()), default=0.0
        )
        if not largest < FULL * min(torch.finfo(seed.dtype).max for seed in self._seeds):
            yield untried(name, "not tried: it would overflow")
            return
        expected = {key: None if each is None else 2 * each for key, each in self._base.items()}
        gap = gap_between(expected, self._backward([2 * seed for seed in self._seeds]), self._floors)
        yield sentences.not_linear(gap) if gap else passed(name, "twice the gradients")

    def _each_output(self) -> Iterator[Trial]:
        """Each output's gradient alone, the others unused: together they must be the whole."""
        if len(self._seeds) < 2:
            return
        name = "each output alone, the others unused"
        total: dict[str, torch.Tensor | None] = dict.fromkeys(self._base)
        for number, output in enumerate(self._made.outputs):
            try:
                alone = self._backward([seed if place == number else None for place, seed in enumerate(self._seeds)])
            except Exception as problem:
                yield sentences.needs_all(output, _line(problem))
                return
            total = {key: _sum(total[key], alone[key]) for key in total}
        gap = gap_between(self._base, total, self._floors)
        yield sentences.not_the_sum(gap) if gap else passed(name, "their sum is the whole")

    def _each_input(self) -> Iterator[Trial]:
        """Each input alone requires a gradient: it must be the same one."""
        checked = self._made.inputs.checked
        if not 2 <= len(checked) <= MOST:
            return
        for name in checked:
            made = self._attempts.make(wanted=[name])
            if len(made.outputs) < len(self._seeds):
                continue
            try:
                alone = copied(self._attempts.called(partial(made.gradients, self._seeds)))
            except Exception as problem:
                yield sentences.needs_company(name, _line(problem))
                return
            if gap := gap_between({name: self._base[name]}, {name: alone[name]}, self._floors):
                yield sentences.in_company(gap)
                return
        yield passed("each input alone requires a gradient", "the same gradients")

    def _laid_out(self, layout: Layout) -> Iterator[Trial]:
        """The same numbers in another layout arrive at the backward itself, wherever in the function that is."""
        met: list[str] = []

        def changed_layout(grad: torch.Tensor) -> torch.Tensor:
            made = layout.change(grad)
            if made is None:
                return grad
            met.append(f"strides {tuple(made.stride())}" + (f", offset {made.storage_offset()}" if made.storage_offset() else ""))
            return made

        def same_numbers(grad: torch.Tensor) -> torch.Tensor:
            made = layout.change(grad)
            return grad if made is None else made.contiguous()

        expected = self._arriving(same_numbers) if layout.constant else self._base
        try:
            found = self._arriving(changed_layout)
        except Exception as problem:
            yield sentences.refuses_layout(layout, _line(problem))
            return
        if met:
            gap = gap_between(expected, found, self._floors)
            yield (
                sentences.layout_matters(layout, met[0], gap)
                if gap
                else passed(f"the gradient arrives {layout.name}", "the same gradients")
            )

    def _arriving(self, change: Callable[[torch.Tensor], torch.Tensor]) -> dict[str, torch.Tensor | None]:
        made = self._graph()
        with _changed_on_arrival(foreign(made.nodes()), change):
            return copied(self._attempts.called(lambda: made.gradients(self._seeds)))


@contextmanager
def _changed_on_arrival(nodes: Sequence[Any], change: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[None]:
    """Inside, every gradient that arrives at one of the nodes is changed first."""

    def hook(grads: Sequence[torch.Tensor | None]) -> tuple[torch.Tensor | None, ...]:
        return tuple(None if grad is None or grad.layout is not torch.strided else change(grad) for grad in grads)

    handles = [node.register_prehook(hook) for node in nodes]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def copied(gradients: Gradients) -> dict[str, torch.Tensor | None]:
    """Copies that nobody writes into any more."""
    return {name: None if each is None else each.detach().clone() for name, each in gradients.items()}


def _sum(one: torch.Tensor | None, other: torch.Tensor | None) -> torch.Tensor | None:
    return other if one is None else one if other is None else one + other


def _line(problem: Exception) -> str:
    return f"{type(problem).__name__}: {plain(str(problem).split(chr(10), 1)[0], 120)}"
