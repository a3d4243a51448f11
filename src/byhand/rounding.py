"""What rounding does to a rule, measured: the rule again, with every number on its way moved by one rounding unit at random."""

import random
from collections.abc import Callable, Iterator
from functools import cache, reduce
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

SAMPLES = 4
LARGE = 2.0**-10  # of a result: what moves it by more may have broken a tie
MORE = 8.0  # times as far as rounding moves a number: so much farther moves what is not a tie
TYPICAL = 0.1  # of the root mean square; smaller elements may be what rounding left
MEDIAN = 4_096  # elements; up to this many, a factor is that of the middle element
OPERANDS = 1.5  # units that an operand is moved by: two operations on it, of one unit each, never undo that
SHORT, LARGEST, STEP = 2.0**-11, 65_504.0, 2.0**-24  # float16: its rounding unit, its largest number, and its smallest
HASH = 0x1E3779B97F4A7C15  # what the bits of a number are multiplied by, so that their first says nothing of the number
EXACT = frozenset(
    "floor ceil round trunc sign sgn heaviside amax amin aminmax max min maximum minimum fmax fmin median nanmedian kthvalue mode "
    "sort topk cummax cummin relu clamp clamp_min clamp_max threshold hardtanh zeros ones full arange zeros_like ones_like full_like "
    "new_zeros new_ones new_full scalar_tensor eye tril triu masked_fill one_hot clone".split()
)
"""Operations that round nothing: they give a number that they were given, or a whole one, which may be compared with it later."""

SUMS = frozenset({"sum", "mean"})
"""What adds up is moved by a unit of the sum of the terms' sizes too: partial sums are rounded, which terms that cancel do not show."""

PRODUCTS = frozenset({"mm", "bmm", "addmm", "baddbmm", "addbmm", "convolution"})
"""The same for sums of products, which are added up in blocks; half types add them up in float32."""

FINE = 1e-5  # a rounding unit below this is float32's or finer
BLOCKS = 8  # so many times less the blocks round
POOL = 65_521  # signs drawn once; a prime, so that no row of a tensor begins where the row before it began


class Movement(NamedTuple):
    """What rounding was seen to do to a result: how far each element moved, and by what part the whole did.

    `lost` says which elements were infinite or NaN at times; `elements` is then how far they moved at the other times.
    """

    elements: torch.Tensor
    factor: float
    lost: torch.Tensor | None = None

    def largest(self) -> float:
        """The largest finite movement of an element."""
        finite = torch.where(torch.isfinite(self.elements), self.elements, 0.0)
        return finite.max().item() if finite.numel() else 0.0


def factor_between(left: torch.Tensor, right: torch.Tensor) -> float:
    """By what part the one is the other, as a whole; 0 where that says nothing.

    The middle one of the factors, minus 1, of the elements that are not far smaller than the others, so that those which cancel say
    nothing; in large tensors the inner product over the square.
    """
    if right.numel() > MEDIAN:
        square = torch.vdot(right.reshape(-1), right.reshape(-1)).real.item()
        product = torch.vdot(right.reshape(-1), left.reshape(-1)).real.item()
        return product / square - 1 if 0 < square < float("inf") and abs(product) < float("inf") else 0.0
    parts, sizes = ((left - right) / right).real, right.abs()
    finite = parts[torch.isfinite(parts) & (sizes >= TYPICAL * sizes[torch.isfinite(sizes)].square().mean().sqrt())]
    return float(finite.median()) if finite.numel() else 0.0


def spread(work: Callable[[Callable[[Any], Any]], Callable[[], torch.Tensor]], rounding: float) -> Iterator[Movement]:
    """How far a result moves when the operands are moved by one and a half rounding units and the result of every operation by one.

    One estimate after the other, each from one sample more and nowhere smaller than the one before. `work` takes a function and
    gives what does the work on operands that went through it; equal functions may share their operands. All of it happens in
    double precision, and PyTorch's own generator is not touched.
    """
    exact = work(_widened)()
    moved, factor = torch.zeros_like(exact, dtype=torch.float64), 0.0
    lost, ties = torch.zeros_like(moved, dtype=torch.bool), False
    for sample in range(SAMPLES):
        result = _moved(work, rounding, sample, ties)
        if not ties and _jumps(work, rounding, sample, result, exact):
            ties = True
            result = _moved(work, rounding, sample, ties)
        far = (result - exact).abs()
        finite = torch.isfinite(far)
        moved, lost = torch.maximum(moved, torch.where(finite, far, 0.0)), lost | ~finite
        factor = max(factor, abs(factor_between(result, exact)))
        yield Movement(moved, factor, lost)


def _moved(work: Callable[[Callable[[Any], Any]], Callable[[], torch.Tensor]], rounding: float, sample: int, ties: bool) -> torch.Tensor:
    """The result with everything on its way moved, for one sample."""
    again = work(_Nudge(OPERANDS * rounding, sample, ties))
    with _Rounding.moving(_Nudge(rounding, SAMPLES + sample)):
        return again()


def _jumps(
    work: Callable[[Callable[[Any], Any]], Callable[[], torch.Tensor]],
    rounding: float,
    sample: int,
    result: torch.Tensor,
    exact: torch.Tensor,
) -> bool:
    """Whether a result moves no farther when all is moved much more: then a tie was broken, which rounding does not do."""
    far = (result - exact).abs()
    if not (far > LARGE * exact.abs()).any():
        return False
    farther = (_moved(work, MORE * rounding, sample, False) - exact).abs()
    return bool(((farther < MORE / 4 * far) & (far > LARGE * exact.abs())).any())


def _widened(value: Any) -> Any:
    return value.to(torch.complex128 if value.is_complex() else torch.float64) if _is_float(value) else value


def _is_float(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex())


@cache
def _moves(rounding: float, device: torch.device) -> torch.Tensor:
    """Factors of one rounding unit more or less than 1, in random order, always the same."""
    signs = torch.randint(0, 2, (POOL,), generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1
    return (1 + rounding * signs).to(device)


class _Nudge:
    """Moves each element of a tensor by one rounding unit, up or down at random. Those of one sample are equal."""

    def __init__(self, rounding: float, sample: int, ties: bool = False) -> None:
        self._kind = (rounding, sample, ties)
        self._rounding = rounding
        self._random = random.Random(sample)

    @property
    def fine(self) -> bool:
        """Whether it moves as float32 or finer rounds."""
        return self._rounding < FINE

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Nudge) and self._kind == other._kind

    def __hash__(self) -> int:
        return hash(self._kind)

    def __call__(self, value: Any) -> Any:
        """The value moved, in double precision; what is not a floating tensor is returned as it is, a sparse one unmoved."""
        if not _is_float(value) or value.layout is not torch.strided:
            return _widened(value)
        count = value.numel()
        moves, first = _moves(self._rounding, value.device), self._random.randrange(POOL)
        if first + count > POOL:
            times = (first + count) // POOL + 1
            moves = moves.expand(times, POOL).reshape(-1)
        return self._held(_widened(value) * moves[first : first + count].view(value.shape))

    def alike(self, value: Any) -> Any:
        """The value moved; where ties are kept, equal elements all the same way, so that a maximum stays one."""
        if not self._kind[2] or not _is_float(value) or value.layout is not torch.strided:
            return self(value)
        with _disable_current_modes():  # what moves the results of a rule must not part what is equal here
            return self._alike(value)

    def _alike(self, value: torch.Tensor) -> torch.Tensor:
        wide = _widened(value).contiguous()
        bits = torch.view_as_real(wide) if wide.is_complex() else wide
        signs = (bits.view(torch.int64) * (HASH >> 4 * self._kind[1] | 1) < 0).to(torch.float64) * 2 - 1
        moved = bits * (1 + self._rounding * signs)
        return torch.view_as_complex(moved) if wide.is_complex() else moved

    def _held(self, value: torch.Tensor) -> torch.Tensor:
        """The value as float16 holds it, if that is what rounds: infinite beyond its largest number, in steps below its smallest."""
        if self._rounding not in (SHORT, OPERANDS * SHORT) or value.is_complex():
            return value
        steps = (value / STEP).round() * STEP
        return torch.where(value.abs() > LARGEST, value * torch.inf, steps)


class _Rounding(TorchDispatchMode):
    """Moves the result of every operation that makes a new tensor and rounds."""

    nudge: _Nudge

    @classmethod
    def moving(cls: Any, nudge: _Nudge) -> "_Rounding":
        """The mode that moves results so."""
        made: _Rounding = cls()
        made.nudge = nudge
        return made

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The operation, its new floating results moved; views and results written in place stay what they are."""
        result = _run(func, args, kwargs or {})
        if _aliases(func) or _is_exact(func, args):
            return result
        if isinstance(result, tuple | list):
            return type(result)(self.nudge(each) for each in result)
        partial = self._partial(func, args, kwargs or {})
        return self.nudge(result) if partial is None else self.nudge(result) + partial

    def _partial(self, func: Any, args: Any, kwargs: Any) -> Any:
        """What the rounding of partial sums adds to the movement of a sum, or of a sum of products; None for anything else."""
        name = func.overloadpacket.__name__
        known = name in SUMS or (name in PRODUCTS and self.nudge.fine)
        if not known or not all(_is_float(each) and each.layout is torch.strided for each in args if isinstance(each, torch.Tensor)):
            return None
        sizes = func(*(each.abs() if isinstance(each, torch.Tensor) else each for each in args), **kwargs)
        return (self.nudge(sizes) - sizes) / (1 if name in SUMS else BLOCKS)


def _run(func: Any, args: Any, kwargs: Any) -> Any:
    """The operation; of complex tensors with PyTorch's conjugate views as they are outside of a mode.

    In a mode PyTorch leaves them unresolved inside operations that it writes by others: the pseudo-inverse was another matrix.
    """
    if not any(isinstance(each, torch.Tensor) and each.is_complex() for each in args):
        return func(*args, **kwargs)
    included, excluded = torch._C._dispatch_tls_local_include_set(), torch._C._dispatch_tls_local_exclude_set()
    views = (torch._C.DispatchKey.Conjugate, torch._C.DispatchKey.Negative)
    with torch._C._ForceDispatchKeyGuard(included, reduce(lambda keys, key: keys.remove(key), views, excluded)):
        return func(*args, **kwargs)


@cache
def _aliases(function: Any) -> bool:
    """Whether an operation gives a view, or what it was given to write into."""
    return any(each.alias_info is not None for each in function._schema.returns)


def _is_exact(function: Any, arguments: Any) -> bool:
    """Whether an operation rounds nothing: it selects, or makes a whole number a floating one."""
    name = function.overloadpacket.__name__
    return name in EXACT or (name == "_to_copy" and not _is_float(arguments[0]))
