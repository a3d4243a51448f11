"""One element of an operation: which one is not finite, and what went into just that one."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from byhand.words import elements as numbers_as_text

Element = tuple[int, ...]


def first_bad(value: torch.Tensor) -> Element | None:
    """The first element that is not finite; None if all are."""
    bad = (~value.isfinite()).nonzero()
    return tuple(bad[0].tolist()) if len(bad) else None


def at(value: torch.Tensor, element: Element, shape: tuple[int, ...]) -> torch.Tensor | None:
    """The element of an operand that goes with an element of a result of this shape; None if it does not spread to that shape."""
    try:
        return value.expand(shape)[element]
    except (RuntimeError, IndexError):
        return None


def own(value: torch.Tensor, element: Element) -> Element:
    """The index of that element in the operand itself, which may be smaller."""
    last = element[len(element) - value.dim() :] if value.dim() else ()
    return tuple(0 if size == 1 else number for number, size in zip(last, value.shape, strict=True))


def alone(function: Callable[..., Any], values: Mapping[str, Any], element: Element, shape: tuple[int, ...]) -> torch.Tensor | None:
    """What the function makes of the single elements; None where it does not work element by element."""
    given = []
    for value in values.values():
        single = at(value, element, shape) if isinstance(value, torch.Tensor) else value
        if single is None or isinstance(single, tuple | list):
            return None
        given.append(single)
    try:
        result = function(*given)
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError):
        return None
    return result if isinstance(result, torch.Tensor) and result.dim() == 0 else None


def alike(one: torch.Tensor | None, other: torch.Tensor) -> bool:
    """Whether two single elements are the same number, or not finite in the same way."""
    if one is None or one.is_complex() != other.is_complex():
        return False
    return bool(torch.isclose(one.double(), other.double(), rtol=1e-2, equal_nan=True)) if not one.is_complex() else bool(one == other)


def told(value: torch.Tensor | float) -> str:
    """A single element as text: short, with a true minus, ∞ and NaN."""
    plain = value.item() if isinstance(value, torch.Tensor) else value
    dtype = str(value.dtype).removeprefix("torch.") if isinstance(value, torch.Tensor) else "float64"
    return numbers_as_text(plain, dtype)


def indexed(name: str, element: Element) -> str:
    """A name with the index of an element: x[3, 0]; an expression is put in parentheses."""
    if not element:
        return name
    atom = name.replace(".", "").replace("_", "").isalnum() or name.endswith((")", "]"))
    return f"{name if atom else f'({name})'}[{', '.join(map(str, element))}]"
