"""Updates that are rounded away: weights before and after a step, on a sample of their elements."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from byhand.diagnosis.family import Family
from byhand.diagnosis.kinds.nonfinite import LostInRounding
from byhand.diagnosis.nonfinite.sums import stuck_sums
from byhand.diagnosis.nonfinite.updates import hand_written, step_size, unit
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World, origin_of
from byhand.findings import Finding
from byhand.graph import Origin
from byhand.recording.happenings import Happening
from byhand.recording.weakly import forget
from byhand.words import counted, plain, rounded

SAMPLE = 256  # elements of each weight that are compared
MOST = 12  # weights of each group of an optimizer that are compared, evenly spread
STUCK = 0.98  # of the elements with a gradient stayed what they were
FEW = 8  # elements with a gradient; of fewer nothing is concluded
HALF = (torch.float16, torch.bfloat16)
NAMED = 5  # weights that are named one by one

CAUSES = ("fp16-underflow", "non-finite-gradient", "non-finite-dead-branch", "fp16-overflow")
"""What explains better that weights do not move."""

Leaf = weakref.ref[torch.Tensor]


@dataclass(slots=True)
class Told:
    """What the steps that were looked at did to one weight: elements that should have moved, and those of them that rounding held."""

    dtype: torch.dtype
    wanted: int = 0
    held: int = 0
    steps: int = 0
    example: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def lost(self) -> bool:
        """Whether nearly every step of it was rounded away."""
        return self.wanted >= FEW and self.held >= STUCK * self.wanted


@dataclass(slots=True)
class Stepping:
    """An optimizer, what it did so far, and the samples of its weights while it steps."""

    count: int = 0
    weights: dict[Leaf, Told] = field(default_factory=dict)
    before: dict[Leaf, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)
    where: Origin | None = None


class Rounding(Family):
    """Compares weights before and after steps; those of optimizers, and those that the program takes itself."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._optimizers: dict[weakref.ref[torch.optim.Optimizer], Stepping] = {}
        self._samples: dict[Leaf, tuple[torch.Tensor, torch.Tensor]] = {}
        self._by_hand: dict[Leaf, Told] = {}
        self._lines: dict[Leaf, Origin | None] = {}

    def starting(self, passing: Passing) -> None:
        """Compare the weights that the program itself updates with what they were at the last pass."""
        samples, self._samples = self._samples, {}
        if not passing.closely or passing.kind != "backward" or self._optimizers:
            return
        calls = None
        for leaf in spread(list(passing.leaves)):
            reference: Leaf = weakref.ref(leaf)
            if reference in samples and torch.equal(samples[reference][0], sample(leaf)):
                calls = self.world.calls() if calls is None else calls
                found = hand_written(calls, reference)
                if found is not None:
                    self._lines[reference] = found
                    self._hold(reference, leaf, *samples[reference])
            elif reference in samples:
                self._by_hand.pop(reference, None)

    def _hold(self, reference: Leaf, leaf: torch.Tensor, before: torch.Tensor, slope: torch.Tensor) -> None:
        told = self._by_hand.setdefault(reference, Told(leaf.dtype))
        wanted = int((slope != 0).sum())
        told.wanted, told.held, told.steps = told.wanted + wanted, told.held + wanted, told.steps + 1
        told.example = _example(before, slope, slope)

    def ended(self, passing: Passing, problem: BaseException | None) -> None:
        """Remember a sample of the weights that no optimizer has, and of their gradients."""
        if not passing.closely or passing.kind != "backward" or self._optimizers:
            return
        for leaf in spread(list(passing.leaves)):
            if leaf.grad is not None and _fits(leaf) and leaf.dtype in HALF:
                self._samples[weakref.ref(leaf)] = (sample(leaf).clone(), sample(leaf.grad).clone())

    def happened(self, happening: Happening) -> None:
        """Take samples before a step, in the first ones and in ever rarer later ones, and compare after it."""
        if happening.kind == "stepping":
            self._before(happening.thing)
        elif happening.kind == "stepped":
            self._after(happening)

    def _before(self, optimizer: torch.optim.Optimizer) -> None:
        forget(self._optimizers)
        known = self._optimizers.setdefault(weakref.ref(optimizer), Stepping())
        known.count += 1
        known.before = {}
        if known.count > 4 and known.count & (known.count - 1):
            return
        for group in optimizer.param_groups:
            for leaf in spread(group["params"]):
                if leaf.grad is not None and _fits(leaf) and leaf.grad.layout is torch.strided:
                    taken = sample(leaf).clone()
                    # next to 0 numbers are so dense that nothing is rounded away
                    known.before[weakref.ref(leaf)] = (taken, (sample(leaf.grad) != 0) & (taken != 0))

    def _after(self, happening: Happening) -> None:
        known = self._optimizers.get(weakref.ref(happening.thing))
        if known is None or not known.before:
            return
        known.where = known.where or origin_of(happening.frame)
        for group in happening.thing.param_groups:
            for leaf in group["params"]:
                taken = known.before.pop(weakref.ref(leaf), None)
                if taken is not None:
                    _compare(known, leaf, *taken, step_size(happening.thing, group, leaf))
        known.before = {}

    def finished(self, problem: BaseException | None) -> None:
        """Say which weights never moved because of rounding."""
        for known in self._optimizers.values():
            self._say(known.weights, known.where)
        if self._by_hand:
            self._say(self._by_hand, next(iter(self._lines.values()), None))
        for finding in stuck_sums(self.world.calls()):
            self.report(finding)

    def _say(self, weights: dict[Leaf, Told], where: Origin | None) -> None:
        if any(code in CAUSES for code, _, _ in self.world.findings):
            return
        lost = [reference for reference, told in weights.items() if told.lost]
        small = all(told.dtype in HALF for told in weights.values())
        enough = all(weights[each].steps >= (1 if small else 2) for each in lost)
        whole = sum(told.held for told in weights.values()) >= STUCK * sum(told.wanted for told in weights.values())
        if lost and whole and enough:
            self.report(_finding([(self.world.called(each), weights[each]) for each in lost], where))


def _compare(known: Stepping, leaf: torch.Tensor, before: torch.Tensor, wanted: torch.Tensor, update: torch.Tensor | None) -> None:
    """Count what a step should have moved and did not, because the update is below half a unit in the last place."""
    if update is None or not bool((update != 0).any()):
        return
    told = known.weights.setdefault(weakref.ref(leaf), Told(leaf.dtype))
    step = sample(update).abs().double()
    held = wanted & (sample(leaf) == before) & (step > 0) & (step <= 0.51 * unit(before))
    told.wanted, told.held, told.steps = told.wanted + int(wanted.sum()), told.held + int(held.sum()), told.steps + 1
    if bool(held.any()):
        told.example = _example(before[held], step[held], unit(before)[held])


def _example(before: torch.Tensor, step: torch.Tensor, last: torch.Tensor) -> tuple[float, float, float]:
    return float(before.flatten()[0]), float(step.flatten()[0]), float(last.flatten()[0])


def _fits(leaf: torch.Tensor) -> bool:
    return leaf.is_floating_point() and leaf.layout is torch.strided and leaf.numel() > 0


def spread(leaves: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
    """A few of the leaves, from the first to the last; always the same ones."""
    return leaves[:: -(-len(leaves) // MOST) or 1]


def sample(tensor: torch.Tensor) -> torch.Tensor:
    """A few hundred elements of a tensor, always the same ones; no copy is made where its layout allows."""
    flat = tensor.detach().reshape(-1)
    return flat[:: max(1, flat.numel() // SAMPLE)][:SAMPLE]


def _finding(lost: list[tuple[str, Told]], where: Origin | None) -> Finding:
    """All weights of one optimizer whose steps are rounded away, as one finding."""
    named = [(name, told) for name, told in lost if name] or lost
    subject, first = named[0]
    others = [plain(name) for name, _ in named[1 : NAMED + 1]]
    more = (
        f" The same holds for {', '.join(others)}{f' and {len(named) - 1 - NAMED:,} more' if len(named) > NAMED + 1 else ''}."
        if others
        else ""
    )
    dtype = str(first.dtype).removeprefix("torch.")
    weight, step, last = first.example
    why = f"{dtype} has {DIGITS.get(first.dtype, 24)} binary digits, so what is smaller than half a unit in the last place is rounded away"
    if step != last:
        why = f"one weight is {rounded(weight)}, its step {rounded(step)}, and half a unit in the last place {rounded(last / 2)}; {why}"
    name = plain(subject) or "a weight"
    return LostInRounding.found(
        name,
        where,
        what=(
            f"In {counted(first.steps, 'step')} that {'was' if first.steps == 1 else 'were'} looked at, {first.held:,} of "
            f"{counted(first.wanted, 'element')} of {name} that have a gradient stayed exactly what they were.{more}"
        ),
        why=f"{why}.",
        fix=_fix(first.dtype, subject),
    )


DIGITS = {torch.bfloat16: 8, torch.float16: 11, torch.float32: 24}


def _fix(dtype: torch.dtype, subject: str) -> str:
    if dtype in HALF:
        return (
            f"Keep {plain(subject) or 'the weights'} in float32, and work the forward pass under torch.autocast; or keep a float32 copy "
            "for the update and copy it back; or take a larger learning rate."
        )
    return "Take a larger learning rate, or keep these weights in float64."
