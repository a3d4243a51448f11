"""A forward that cannot be looked into, as a function of its inputs: called again in double precision, with nothing of it left behind."""

from collections.abc import Callable, Sequence

import torch

from byhand.errors import Unreadable
from byhand.recording.engine import unnoticed
from byhand.recording.kept import fingerprint, matches, same
from byhand.recording.state import as_it_was
from byhand.recording.tape import Tape

Evaluate = Callable[[Sequence[torch.Tensor]], list[torch.Tensor]]
_HALF = (torch.float16, torch.bfloat16)


class Opaque:
    """The forward of one node, to be called again.

    `values` are its inputs, in double precision where it takes them; `epsilon` is what it rounds to then, `native` what it rounded to in
    the program.

    Raises Unreadable where the forward cannot be called again, or gives something else each time.
    """

    def __init__(self, tape: Tape, reason: str) -> None:
        self._tape, self._reason = tape, reason
        self.draws = False
        """Whether the last call drew random numbers: what was drawn may depend on the inputs, in a way no difference shows."""

        found = [kept.value() for kept in tape.inputs]
        if tape.again is None or any(value is None for value in found):
            raise Unreadable(tape.name, "", reason)
        native = [value for value in found if value is not None]
        if any(value.is_complex() for value in native):
            raise Unreadable(tape.name, "", f"{reason}, and complex numbers are not moved one way only")
        outputs = self(native)
        kept = [fingerprint(output) for output in outputs]
        if len(kept) != len(tape.fingerprints) or not all(map(matches, kept, tape.fingerprints)):
            raise Unreadable(tape.name, "", f"{reason}, and called again it gives something else")
        self.values, self.outputs = self._widest(native, outputs)
        self.native = max(torch.finfo(value.dtype).eps for value in (*native, *outputs) if value.is_floating_point())
        self.epsilon = max(torch.finfo(output.dtype).eps for output in (*self.outputs, *self.values) if output.is_floating_point())

    def _widest(self, native: list[torch.Tensor], outputs: list[torch.Tensor]) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        wide = [value.double() if value.is_floating_point() else value for value in native]
        try:
            again = self(wide)
        except Exception:
            again = []
        close = len(again) == len(outputs) and all(_near(left, right) for left, right in zip(again, outputs, strict=True))
        if close and all(output.dtype == torch.float64 for output in again if output.is_floating_point()):
            return wide, again
        if any(value.dtype in _HALF for value in (*native, *outputs)):
            raise Unreadable(self._tape.name, "", f"{self._reason}, and in half precision differences say nothing")
        return native, outputs

    def __call__(self, values: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """What the forward gives for other inputs, with the random numbers of its first run."""
        again = self._tape.again
        if again is None:
            raise Unreadable(self._tape.name, "", self._reason)
        with unnoticed(), as_it_was(self._tape.owners):
            if self._tape.random is not None:
                torch.set_rng_state(self._tape.random)
            given = again([value.clone() for value in values])
            self.draws = self._tape.random is not None and not torch.equal(self._tape.random, torch.get_rng_state())
        every = given if isinstance(given, tuple | list) else (given,)
        return [each.detach() for each in every if isinstance(each, torch.Tensor)]

    def deterministic(self) -> bool:
        """Whether the forward gives the same numbers when it is called again."""
        return all(same(left, right) for left, right in zip(self(self.values), self.outputs, strict=True))


def _near(wide: torch.Tensor, native: torch.Tensor) -> bool:
    if wide.shape != native.shape or wide.is_floating_point() != native.is_floating_point():
        return False
    if not native.is_floating_point():
        return True
    tolerance = 64 * torch.finfo(native.dtype).eps
    difference = (wide.double() - native.double()).norm()
    return bool(difference <= tolerance * native.double().norm() * max(1.0, native.numel() ** 0.5)) or not bool(difference.isfinite())
