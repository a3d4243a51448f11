"""Steps that change nothing: a loss scaler that skips them, a learning rate that is zero."""

import weakref
from dataclasses import dataclass
from typing import Any

import torch

from byhand.diagnosis.family import Family
from byhand.diagnosis.kinds.loop import StepSkipped
from byhand.diagnosis.loop.ledger import parameters
from byhand.diagnosis.loop.part import at, quoted
from byhand.diagnosis.world import World, origin_of
from byhand.findings import Severity
from byhand.graph import Origin
from byhand.recording.happenings import Happening
from byhand.recording.weakly import forget
from byhand.words import plain, rounded

SETTLING = 2  # skipped steps at the start that are as it should be: the scale begins high, and halves until the gradients are finite
LONG = 20  # skipped steps in a row, while the program still runs: the scale has fallen by 2²⁰ by then
TAIL = 5  # skipped steps in a row at the end of a program that stepped before
STILL = 2  # steps at learning rate 0, all there were: a warm-up begins with one


@dataclass(slots=True)
class Attempts:
    """What became of the steps that a scaler was asked for: `streak` are those skipped in a row; `scale` is what it began with."""

    where: Origin | None
    scale: float
    total: int = 0
    skipped: int = 0
    streak: int = 0
    now: float = 0.0
    bad: str = ""


@dataclass(slots=True)
class Rates:
    """How many steps an optimizer made, and how many with every learning rate at 0; `meant` is the rate it was given."""

    where: Origin | None
    meant: float
    total: int = 0
    still: int = 0


class Skipped(Family):
    """Steps that were asked for and did nothing."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._attempts: dict[Any, Attempts] = {}
        self._rates: dict[Any, Rates] = {}
        self._stepped = False

    def happened(self, happening: Happening) -> None:
        """A step was asked for, made, or skipped."""
        if happening.kind == "scaling":
            self._stepped = False
        elif happening.kind == "stepping":
            self._stepped = True
            self._rate(happening)
        elif happening.kind == "scaled" and isinstance(happening.optimizer, torch.optim.Optimizer) and happening.thing.is_enabled():
            self._scaled(happening)

    def finished(self, problem: BaseException | None) -> None:
        """The program is over: say which optimizers never moved."""
        for attempts in self._attempts.values():
            if (attempts.streak == attempts.total > SETTLING) or attempts.streak >= TAIL:
                self._say_skipped(attempts)
        for rates in self._rates.values():
            if rates.still == rates.total >= STILL:
                self._say_still(rates)

    def _scaled(self, happening: Happening) -> None:
        scaler, optimizer = happening.thing, happening.optimizer
        attempts = self._attempts.setdefault(weakref.ref(optimizer), Attempts(None, 0.0))
        attempts.total += 1
        if self._stepped and not _found_inside(scaler, optimizer):
            attempts.streak = 0
            return
        attempts.skipped, attempts.streak, attempts.now = attempts.skipped + 1, attempts.streak + 1, scaler.get_scale()
        if attempts.streak == 1:
            attempts.where, attempts.scale = origin_of(happening.frame), attempts.now
        if attempts.streak in (1, SETTLING + 1):
            attempts.bad = self._bad(optimizer)
        if attempts.streak == LONG:
            self._say_skipped(attempts)

    def _bad(self, optimizer: torch.optim.Optimizer) -> str:
        """The first parameter whose gradient is not finite."""
        for parameter in parameters(optimizer):
            grad = parameter.grad
            if grad is not None and not grad.is_sparse and not bool(grad.isfinite().all()):
                return plain(self.world.name_of(parameter))
        return ""

    def _rate(self, happening: Happening) -> None:
        optimizer = happening.thing
        rates = [group.get("lr") for group in optimizer.param_groups]
        if not all(isinstance(rate, int | float) or (isinstance(rate, torch.Tensor) and rate.is_cpu) for rate in rates):
            return
        known = self._rates.get(weakref.ref(optimizer))
        if known is None:
            forget(self._rates)
            known = self._rates[weakref.ref(optimizer)] = Rates(origin_of(happening.frame), _meant(optimizer))
        known.total += 1
        known.still += all(float(rate) == 0 for rate in rates)

    def _say_skipped(self, attempts: Attempts) -> None:
        bad, every = attempts.bad or "a parameter", attempts.streak == attempts.total
        words = quoted(attempts.where, "scaler.step")
        counted = (
            f"all {attempts.total:,} steps it was asked for"
            if every
            else f"the last {attempts.streak:,} steps in a row ({attempts.total:,} in all)"
        )
        fell = (
            f"; its scale was {rounded(attempts.scale)} at the first and is {rounded(attempts.now)}"
            if attempts.now != attempts.scale
            else ""
        )
        self.report(
            StepSkipped.found(
                attempts.bad,
                attempts.where,
                what=f"{words} skipped {counted}: the gradient of {bad} is not finite{fell}",
                why="loss → backward → a gradient of inf or NaN → the scaler skips the optimizer's step and halves its scale; "
                "one or two skipped steps are how it finds its scale, "
                "so many mean that the gradient itself is not finite, or that the scale began far too high",
                fix="Look for the first operation that gives inf or NaN without the scaler "
                "(`GradScaler(enabled=False)`, and no autocast around it); "
                "mend that, and the steps are made again",
                severity=Severity.ERROR if every or attempts.streak >= LONG else Severity.WARNING,
            )
        )

    def _say_still(self, rates: Rates) -> None:
        words = f"{quoted(rates.where, 'optimizer.step()')}{at(rates.where)}"
        self.report(
            StepSkipped.found(
                "lr",
                rates.where,
                what=f"{words} changed nothing in all its {rates.total:,} steps: the learning rate was 0 in every one"
                + (f", where the optimizer was given {rounded(rates.meant)}" if rates.meant else ""),
                why="gradients arrive, and the step multiplies them by 0; "
                + (
                    "something, such as a scheduler, set the rate to 0 and never raised it (`step // 100` is 0 for the first hundred steps)"
                    if rates.meant
                    else "the optimizer was made with this rate"
                ),
                fix="Print `optimizer.param_groups[0]['lr']` before the step; "
                "let the warm-up begin above 0 (`(step + 1) / 100`), or give a rate above 0",
                cause="learning-rate",
                severity=Severity.ERROR if rates.meant else Severity.WARNING,
            )
        )


def _meant(optimizer: torch.optim.Optimizer) -> float:
    """The learning rate that the program gave: before a scheduler, or when the optimizer was made."""
    given = [group.get("initial_lr", optimizer.defaults.get("lr", 0)) for group in optimizer.param_groups]
    return max((float(rate) for rate in given if isinstance(rate, int | float | torch.Tensor)), default=0.0)


def _found_inside(scaler: Any, optimizer: torch.optim.Optimizer) -> bool:
    """Whether an optimizer that looks for inf itself, inside its step, found some."""
    if not getattr(optimizer, "_step_supports_amp_scaling", False):
        return False
    found = scaler._per_optimizer_states[id(optimizer)].get("found_inf_per_device", {})
    return any(bool(each) for each in found.values())
