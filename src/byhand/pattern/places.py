"""Patterns of places: where the wrong elements lie, and numbers that are right but elsewhere."""

from collections.abc import Iterator
from itertools import combinations

import torch

from byhand.comparison import index_of
from byhand.pattern.around import CLEAR, Around, Compared, Pattern
from byhand.results import Fault
from byhand.words import counted, rounded

DENSE = 0.5  # of a region must be wrong at least, for the region to be named
MOST = 4  # shifts that are tried for one dimension
SORTED = 1 << 22  # elements; larger tensors are not sorted


def not_finite(found: Compared) -> Pattern | None:
    """NaN or infinity in PyTorch's where ours is a number, or the other way round."""
    for one, other, whose in ((found.theirs, found.ours, "PyTorch's"), (found.ours, found.theirs, "the one by hand")):
        odd = ~torch.isfinite(one) & torch.isfinite(other)
        if odd.any():
            count, first = int(odd.sum()), place(odd)
            what = "NaN" if bool(torch.isnan(one[odd]).all()) else "infinite" if not torch.isnan(one[odd]).any() else "NaN or infinite"
            return Pattern(
                f"{counted(count, 'element')} of {whose} {'is' if count == 1 else 'are'} {what}, first at {list(first)}", Fault.NOT_FINITE
            )
    return None


def place_patterns(found: Compared) -> Iterator[Pattern | None]:
    """The patterns of places, the most telling first."""
    yield tail(found)
    yield one_slice(found)
    yield shifted(found)
    yield permuted(found)
    yield elsewhere(found)


def place(marked: torch.Tensor) -> tuple[int, ...]:
    """The index of the first element that a mask marks."""
    return index_of(int(marked.reshape(-1).to(torch.uint8).argmax()), marked)


def one_slice(found: Compared) -> Pattern | None:
    """All wrong elements share one index, or a range of them, along one dimension."""
    if found.wrong.numel() < 2:
        return None
    if int(found.wrong.sum()) == 1:
        return (
            None
            if not found.stands_out(found.wrong)
            else Pattern(f"only the element at {list(place(found.wrong))} is wrong{_zero(found, found.wrong)}", Fault.SLICE)
        )
    best: tuple[float, Pattern] | None = None
    for dimension, size in enumerate(found.wrong.shape):
        others = [each for each in range(found.wrong.dim()) if each != dimension]
        hit = found.wrong.any(dim=others) if others else found.wrong
        indexes = hit.nonzero().reshape(-1)
        first, last = int(indexes[0]), int(indexes[-1])
        count = last - first + 1
        part = found.wrong.narrow(dimension, first, count)
        dense = count <= size // 2 and part.float().mean().item() >= DENSE and (best is None or count / size < best[0])
        if dense and found.stands_out(_narrowed(found.wrong, dimension, first, count)):
            at = f"index {first}" if count == 1 else f"indexes {first} … {last}"
            known = _zero(found, found.wrong)
            best = count / size, Pattern(f"all wrong elements lie at {at} of dimension {dimension} (of {size:,}){known}", Fault.SLICE)
    return best[1] if best else None


def _narrowed(wrong: torch.Tensor, dimension: int, first: int, count: int) -> torch.Tensor:
    """A mask of a range of indexes along one dimension."""
    region = torch.zeros_like(wrong)
    region.narrow(dimension, first, count).fill_(True)
    return region


def _zero(found: Compared, where: torch.Tensor) -> str:
    return "" if found.theirs[where].any() else ", where PyTorch's are 0"


def tail(found: Compared) -> Pattern | None:
    """Everything from one element on is wrong: the last tile. Whole rows at the end are told by their index instead."""
    flat = found.wrong.reshape(-1)
    total = flat.numel()
    first = int(flat.to(torch.uint8).argmax())
    whole_rows = found.wrong.dim() > 1 and not any(place(found.wrong)[1:])
    if whole_rows or not total / 2 <= first < total - 1 or flat[first:].float().mean().item() < DENSE:
        return None
    rest = found.theirs.reshape(-1)[first:]
    if not found.stands_out((torch.arange(total, device=flat.device) >= first).reshape(found.wrong.shape)):
        return None
    how = "wrong" if rest.any() else "0"
    return Pattern(
        f"the last {counted(total - first, 'element')} of {total:,} in memory order are {how}, those before are right", Fault.TAIL
    )


def shifted(found: Compared) -> Pattern | None:
    """The right rows, moved on by some places."""
    for dimension, size in enumerate(found.ours.shape):
        if size < 2:
            continue
        for count in _shifts(found, dimension):
            if found.is_theirs(found.ours.roll(count, dimension)):
                places = f"by {counted(count, 'place')}" if count <= size // 2 else f"back by {counted(size - count, 'place')}"
                return Pattern(
                    f"it is the one by hand moved on {places} along dimension {dimension}".replace("on back", "back"), Fault.SHIFTED
                )
        if found.is_theirs(found.ours.flip(dimension)):
            return Pattern(f"it is the one by hand in reverse order along dimension {dimension}", Fault.SHIFTED)
    return None


def _shifts(found: Compared, dimension: int) -> list[int]:
    """By how many places the first row of ours may have been moved: wherever theirs has a row like it."""
    row = found.ours.narrow(dimension, 0, 1)
    near = found.floors + 8 * found.rounding * torch.maximum(row.abs(), found.theirs.abs())
    others = [each for each in range(found.ours.dim()) if each != dimension]
    like = (found.theirs - row).abs() <= near
    hit = like.all(dim=others) if others else like
    return [int(each) for each in hit.nonzero().reshape(-1)[: MOST + 1] if int(each)][:MOST]


def permuted(found: Compared) -> Pattern | None:
    """The right numbers with two dimensions exchanged, or written in another order of memory."""
    for one, other in combinations(range(found.ours.dim()), 2):
        exchanged = found.ours.transpose(one, other)
        if found.ours.shape[one] < 2 or found.ours.shape[other] < 2:
            continue
        if exchanged.shape == found.ours.shape and found.is_theirs(exchanged):
            return Pattern(f"it is the one by hand with dimensions {one} and {other} exchanged", Fault.LAYOUT)
        if found.is_theirs(exchanged.reshape(found.ours.shape)):
            return Pattern(f"it has the right numbers written in memory order with dimensions {one} and {other} exchanged", Fault.LAYOUT)
    return None


def elsewhere(found: Compared) -> Pattern | None:
    """The right numbers in an order that is none of the simple ones."""
    if found.ours.is_complex() or not FEWEST <= found.ours.numel() <= SORTED or not _moved_far(found):
        return None
    if abs((found.ours.sum() - found.theirs.sum()).item()) > (found.floors + 8 * found.rounding * found.ours.abs()).sum().item():
        return None
    ours, order = found.ours.reshape(-1).sort()
    theirs = found.theirs.reshape(-1).sort().values
    allowed = found.floors.reshape(-1)[order] + 8 * found.rounding * ours.abs()
    if bool(((ours - theirs).abs() <= allowed).all()) and int((ours[1:] != ours[:-1]).sum()) >= FEWEST:
        return Pattern("it has the right numbers in the wrong places", Fault.LAYOUT)
    return None


def _moved_far(found: Compared) -> bool:
    """Whether the wrong elements are off by as much as two of ours are apart, and not only by what sorting would hide."""
    off = (found.theirs - found.ours).abs()[found.wrong]
    far = (off >= CLEAR * found.floors[found.wrong]) & (off >= APART * found.ours.std())
    return off.numel() >= FEWEST and bool(far.double().mean() >= 0.5)


APART = 0.25  # of the standard deviation: two numbers that are farther apart are not neighbours in their order
FEWEST = 4  # different numbers that must agree, for their order to mean something


def example(found: Compared, around: Around) -> str:
    """The inputs, the upstream gradient and both results where they differ most; "" unless all have one shape, as in elementwise work."""
    operands = dict(around.values)
    if len(around.upstream) == 1 and around.upstream[0] is not None:
        operands["the upstream gradient"] = around.upstream[0]
    if found.ours.is_complex() or not operands or any(each.shape != found.ours.shape for each in operands.values()):
        return ""
    where = index_of(int(((found.ours - found.theirs).abs() / found.floors).reshape(-1).argmax()), found.ours)
    said = [f"{name} is {rounded(float(each[where]))}" for name, each in list(operands.items())[:MOST]]
    return f"{', '.join(said)}: by hand {rounded(found.ours[where].item())}, PyTorch {rounded(found.theirs[where].item())}"


def mask(found: Compared) -> Pattern | None:
    """Not 0 where it must be, or 0 where it must not."""
    nothing = found.ours == 0
    count = int(nothing.sum())
    if 0 < count < nothing.numel() and (found.theirs.abs() >= CLEAR * found.floors)[nothing].float().mean().item() >= DENSE:
        words = f"{counted(count, 'element')} must be 0 and most of PyTorch's are not"
        return Pattern(f"{words}: a mask or a condition of the forward is not in it", Fault.MASK)
    if not found.theirs[found.wrong].any() and found.stands_out(found.wrong):
        return Pattern(f"every wrong element is 0 in PyTorch's, first at {list(place(found.wrong))}", Fault.MASK)
    return None
