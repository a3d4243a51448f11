"""Patterns of the whole tensor: a factor, another gradient in its place, something left out of the formula."""

from collections.abc import Iterator
from typing import Any

import torch

from byhand.pattern.around import Around, Compared, Pattern
from byhand.results import Fault
from byhand.words import counted, multiple, rounded, shape

FEW = 3  # elements; with fewer, any number is a constant factor
NICE = 64  # a factor of a single number is told if it or its inverse is a whole number up to this


def whole_patterns(found: Compared, around: Around) -> Iterator[Pattern | None]:
    """The patterns of the whole tensor, the most telling first."""
    yield shaped(found, around)
    yield zeros(found)
    yield straight_through(found, around)
    yield of_another_input(found, around)
    yield without_a_part(found, around)
    yield of_a_mistake(found, around)
    yield without_upstream(found, around)
    yield factor(found, around)
    yield conjugate(found)
    yield in_another_layout(found, around)
    yield without_an_operand(found, around)
    yield of_each_row(found, around)


def of_a_mistake(found: Compared, around: Around) -> Pattern | None:
    """What comes of a mistake that somebody knows of."""
    for words, (fault, gradient) in around.mistaken.items():
        fitted = found.fitted(gradient)
        if fitted is not None and found.is_theirs(fitted):
            return Pattern(words, fault)
    return None


def shaped(found: Compared, around: Around) -> Pattern | None:
    """Backward returned another shape than the input has, and PyTorch summed it up to fit."""
    expected = tuple(found.ours.shape)
    if around.returned is None or around.returned == expected:
        return None
    ratio = _ratio(found)
    factor_words = f"; every element is {multiple(ratio)} × the one by hand" if ratio is not None else ""
    return Pattern(f"backward returned the shape {shape(around.returned)}, the input has {shape(expected)}{factor_words}", Fault.SHAPE)


def zeros(found: Compared) -> Pattern | None:
    """All zeros."""
    return None if found.theirs.any() else Pattern("every element is 0", Fault.ZEROS)


def straight_through(found: Compared, around: Around) -> Pattern | None:
    """The upstream gradient, where the forward has no slope: as it is, with some elements 0, or held between two numbers."""
    if found.ours.any():
        return None
    for upstream in around.upstream:
        grad = found.fitted(upstream) if upstream is not None and upstream.shape == found.ours.shape else None
        if grad is None or grad.is_complex():
            continue
        kept = torch.where(found.theirs != 0, grad, 0.0)
        held = grad.clamp(found.theirs.min(), found.theirs.max())
        for candidate, how in ((grad, ""), (kept, ", with some elements 0"), (held, ", held between two numbers")):
            if found.is_theirs(candidate) and int((candidate != 0).sum()) >= min(FEW, grad.numel()):
                words = "the forward has no slope, so that every element must be 0, and it is the upstream gradient"
                return Pattern(f"{words}{how}: a straight-through estimator", Fault.STRAIGHT)
    return None


def of_another_input(found: Compared, around: Around) -> Pattern | None:
    """What belongs to another input."""
    for name, gradient in around.siblings.items():
        fitted = found.fitted(gradient)
        if fitted is not None and fitted.shape == gradient.shape and found.is_theirs(fitted):
            return Pattern(f"it is the gradient of {name}", Fault.OTHER_INPUT)
    return None


def without_a_part(found: Compared, around: Around) -> Pattern | None:
    """What all outputs but one send back."""
    for output_nr, part in around.parts.items():
        fitted = found.fitted(part)
        if fitted is not None and len(around.parts) > 1 and found.is_theirs(found.ours - fitted):
            return Pattern(f"what output {output_nr} sends back is missing from it", Fault.PART)
    return None


def without_upstream(found: Compared, around: Around) -> Pattern | None:
    """The local derivative alone, or the upstream gradient twice."""
    for upstream in around.upstream:
        grad = None if upstream is None else found.fitted(upstream)
        if grad is None:
            continue
        constant = grad.numel() > 1 and bool((grad == grad.reshape(-1)[0]).all())
        told = f", {rounded(_item(grad))} everywhere," if constant else ""
        if found.same(found.theirs * grad, found.ours, weight=grad):
            return Pattern(f"it is the local derivative alone: the upstream gradient{told} is not multiplied in", Fault.UPSTREAM)
        if found.same(found.theirs, found.ours * grad, scale=grad):
            return Pattern(f"the upstream gradient{told} is multiplied in twice", Fault.UPSTREAM)
    return None


def factor(found: Compared, around: Around) -> Pattern | None:
    """One factor for all elements."""
    ratio = _ratio(found)
    if ratio is None:
        return None
    if abs(ratio + 1) < 1e-3:
        return Pattern("every element has the wrong sign", Fault.SIGN)
    return Pattern(f"every element is {multiple(ratio)} × the one by hand{_summed(found, around, ratio)}", Fault.FACTOR, ratio)


def _summed(found: Compared, around: Around, ratio: float) -> str:
    """Where the factor is the number of elements that are summed up for each of this input: that."""
    largest = max((grad.numel() for grad in around.upstream if grad is not None), default=0)
    count = largest // max(1, found.ours.numel())
    if count > 1 and abs(abs(ratio) * count - 1) < 1e-3:
        return f"; {counted(count, 'element')} of the upstream gradient belong to each: a mean where there must be a sum"
    if count > 1 and abs(abs(ratio) / count - 1) < 1e-3:
        return f"; {counted(count, 'element')} of the upstream gradient belong to each: summed up twice"
    return ""


def _ratio(found: Compared) -> float | None:
    """The one factor between PyTorch's elements and ours, if there is one."""
    if found.ours.is_complex():
        return None
    largest = int(found.ours.abs().argmax())
    ours, theirs = found.ours.reshape(-1)[largest].item(), found.theirs.reshape(-1)[largest].item()
    if not ours or not theirs:
        return None
    ratio = float(theirs / ours)
    if int((found.ours != 0).sum()) < FEW and not _nice(ratio):
        return None
    return _round(ratio, found.rounding) if found.same(found.ours * ratio, found.theirs, scale=max(1.0, abs(ratio))) else None


def _round(ratio: float, rounding: float) -> float:
    """The factor to the digits that are certain."""
    near = float(f"{ratio:.3g}")
    return near if abs(near - ratio) <= 8 * rounding * abs(ratio) else ratio


def _nice(ratio: float) -> bool:
    whole = max(abs(ratio), 1 / abs(ratio))
    return whole <= NICE and abs(whole - round(whole)) < 1e-3


def conjugate(found: Compared) -> Pattern | None:
    """The conjugate of the right one."""
    if found.ours.is_complex() and found.is_theirs(found.ours.conj()):
        return Pattern("every element is the conjugate of the one by hand", Fault.SIGN)
    return None


def in_another_layout(found: Compared, around: Around) -> Pattern | None:
    """What comes of reading the upstream gradient's storage as if it were contiguous."""
    for upstream in around.upstream:
        if upstream is None or upstream.layout is not torch.strided or upstream.is_contiguous() or upstream.shape != found.ours.shape:
            continue
        read = _as_contiguous(upstream)
        if read is None:
            continue
        grad, misread = upstream.detach().to(found.ours.dtype), read.to(found.ours.dtype)
        if found.same(found.theirs * grad, found.ours * misread, scale=misread, weight=grad):
            words = "it comes of reading the upstream gradient's storage in order, though its strides are "
            return Pattern(f"{words}{shape(upstream.stride())}", Fault.LAYOUT)
    return None


def _as_contiguous(tensor: torch.Tensor) -> torch.Tensor | None:
    """The storage from the tensor's offset on, read in order; None where that runs over its end."""
    held = tensor.untyped_storage().nbytes() // tensor.element_size()
    if tensor.storage_offset() + tensor.numel() > held:
        return None
    strides = torch.empty(tensor.shape, device="meta").stride()
    return tensor.detach().as_strided(tensor.shape, strides, tensor.storage_offset())


def without_an_operand(found: Compared, around: Around) -> Pattern | None:
    """One factor of every element left out, or one too many."""
    for name, value in around.values.items():
        fitted = found.fitted(value)
        if fitted is None or not fitted.any():
            continue
        if found.same(found.theirs * fitted, found.ours, weight=fitted):
            return Pattern(f"the factor {name} is missing from every element", Fault.OPERAND)
        if found.same(found.theirs, found.ours * fitted, scale=fitted):
            return Pattern(f"{name} is a factor too many in every element", Fault.OPERAND)
    return None


def of_each_row(found: Compared, around: Around) -> Pattern | None:
    """A factor that has one number for each row, left out or one too many."""
    upstream = [("the upstream gradient", grad) for grad in around.upstream if grad is not None]
    for name, value in [*around.values.items(), *upstream]:
        for dimension, laid in found.along_rows(value):
            rows = f"{name}, one number for each row of dimension {dimension}"
            if found.same(found.theirs * laid, found.ours, weight=laid):
                return Pattern(f"it must be multiplied by {rows}: that factor is missing", Fault.OPERAND)
            if found.same(found.theirs, found.ours * laid, scale=laid):
                return Pattern(f"it must be divided by {rows}: that factor is one too many", Fault.OPERAND)
    return None


def without_a_term(found: Compared, around: Around) -> Pattern | None:
    """Off by one number for each row, or by that times a value of the forward: a sum over the row is left out."""
    off = found.theirs - found.ours
    for name, value in {"": torch.ones((), dtype=found.ours.dtype, device=found.ours.device), **around.values}.items():
        fitted = found.fitted(value)
        if fitted is None:
            continue
        for dimension, length in enumerate(off.shape):
            rows = tuple(slice(None) if each == dimension else slice(8) for each in range(off.dim()))
            tried = length >= FEW and _one_number_each(found, off, fitted, dimension, rows)
            if tried and _one_number_each(found, off, fitted, dimension, ...):
                number = f"one number for each row of dimension {dimension}"
                told = f"{name} times {number}" if name else number
                return Pattern(f"what is too much or too little in it is {told}: a term with a sum over it is wrong or missing", Fault.TERM)
    return None


def _one_number_each(found: Compared, off: torch.Tensor, value: torch.Tensor, dimension: int, rows: Any) -> bool:
    """Whether what is off in these rows is the value times one number for each row."""
    off, value = off[rows], value[rows]
    where = value.abs().argmax(dimension, keepdim=True)
    most = value.gather(dimension, where)
    number = torch.where(most == 0, 0.0, off.gather(dimension, where) / most)
    allowed = found.floors[rows] + UNITS_OF_SUM * found.rounding * torch.maximum(found.ours[rows].abs(), found.theirs[rows].abs())
    share = torch.where(most == 0, 0.0, (value / most).abs())
    rest = off - number * value
    fits = bool((rest.abs() <= allowed + allowed.gather(dimension, where) * share).all())
    return fits and (rows is not ... or found.explains(rest, off))


UNITS_OF_SUM = 8.0  # of rounding: both gradients were rounded, and so was the number that is taken from one of them


def _item(tensor: torch.Tensor) -> float:
    return float(tensor.reshape(-1)[0].abs()) if tensor.is_complex() else float(tensor.reshape(-1)[0])
