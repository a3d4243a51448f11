"""How one gradient differs from another, in words."""

from dataclasses import dataclass

import torch

from byhand.words import rounded

ROUNDING = {torch.float16: 1e-2, torch.bfloat16: 5e-2}  # of the norm; sums of halves in another order differ by so much
FINE = 1e-4
LIMITS = 2


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a gradient: its norm before and after, and in one word how. `usual` is what hooks are written for."""

    before: float
    after: float
    how: str

    @property
    def usual(self) -> bool:
        """Whether it was clipped, masked or reversed."""
        return self.how in ("clipped", "masked", "reversed", "set to zero")

    @property
    def short(self) -> str:
        """The change as a factor."""
        return f"× {rounded(self.after / self.before)}" if self.how == "scaled" and self.before else self.how

    @property
    def words(self) -> str:
        """The change with its numbers."""
        if rounded(self.after) == rounded(self.before):
            return f"it was {self.how}, and its norm is {rounded(self.after)} as before"
        times = f", {rounded(self.after / self.before)} times as large" if self.before else ""
        return f"it was {self.how}, its norm {rounded(self.before)} before and {rounded(self.after)} after{times}"


def change(sent: torch.Tensor, arrived: torch.Tensor) -> Change | None:
    """What became of a gradient; None if it is the same but for rounding."""
    one, two = sent.to(torch.promote_types(sent.dtype, torch.float32)), arrived.to(torch.promote_types(arrived.dtype, torch.float32))
    if not one.numel() or torch.equal(one, two):
        return None
    before, after = (float(torch.linalg.vector_norm(each)) for each in (one, two))
    off = float(torch.linalg.vector_norm(one - two))
    if off <= ROUNDING.get(sent.dtype, ROUNDING.get(arrived.dtype, FINE)) * before or off != off:
        return None
    return Change(before, after, _how(one, two, before, after))


def _how(one: torch.Tensor, two: torch.Tensor, before: float, after: float) -> str:
    if not after:
        return "set to zero"
    along = float((one.conj() * two).real.sum() if one.is_complex() else (one * two).sum()) / (before * after) if before else 0.0
    if along > 1 - FINE:
        return "scaled"
    if along < FINE - 1:
        return "reversed"
    if bool(((two == one) | (two == 0)).all()):
        return "masked"
    return "clipped" if not one.is_complex() and _clipped(one[two != one], two[two != one]) else "turned another way"


def _clipped(one: torch.Tensor, two: torch.Tensor) -> bool:
    """Whether all that changed was brought nearer to zero, to one of two limits."""
    return bool((two.abs() < one.abs()).all() and (one * two >= 0).all()) and two.unique().numel() <= LIMITS
