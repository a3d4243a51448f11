"""Numbers, values and texts in words: the one place where a number becomes what a reader sees."""

import math
import struct
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from byhand.document import Cell, Role
from byhand.graph import Origin
from byhand.value import Missing, Shown, Value

LONGEST = 60  # characters of a name or an expression that are shown
INLINE = 8  # elements; a matrix with more of them is written row by row
FEW = 16  # elements that a table of weights shows one by one
DIGITS = 4  # of an element inside a tensor, where its full number is longer
JOINERS = "\u200c\u200d"  # invisible, and right inside words and emoji


def number(value: Any, dtype: str = "float64") -> str:
    """The number in full: the shortest digits that give this number of this dtype; 1.0 is 1, and a minus is a true one."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return _minus(str(value))
    if isinstance(value, complex):
        return _complex(value, lambda part: number(part, _PART.get(dtype, "float64")))
    return _unusual(value) or _tidy(_shortest(value, dtype))


def rounded(value: Any, digits: int = DIGITS) -> str:
    """The number to a few digits, for statistics and the elements of a tensor."""
    if isinstance(value, bool | int):
        return number(value)
    if isinstance(value, complex):
        return _complex(value, lambda part: rounded(part, digits))
    return _unusual(value) or _tidy(f"{value:.{digits}g}")


def size(value: float) -> str:
    """An error or a floor: two digits say how large it is."""
    return rounded(value, 2)


def multiple(ratio: float) -> str:
    """A factor; of one close to 1 by how much it is off."""
    off = ratio - 1
    return rounded(ratio) if abs(off) >= 0.01 or not off else f"(1 {'+' if off > 0 else '−'} {size(abs(off))})"


def shape(sizes: Sequence[int]) -> str:
    """A shape as Python writes it: (5, 3), (3,), ()."""
    return str(tuple(sizes))


def value(shown: Shown) -> str:
    """What a value is: a scalar in full, a small tensor whole, a larger one in one line, a missing one in words."""
    if isinstance(shown, Missing):
        return shown.value
    if not shown.whole:
        return statistics(shown)
    if shown.shape == ():
        return number(shown.data, shown.dtype)
    if len(shown.shape) > 1 and math.prod(shown.shape) > INLINE:
        return _rows(shown.data, shown.dtype)
    return f"{elements(shown.data, shown.dtype)}{_empty(shown)}"


def cell(shown: Shown, role: Role = Role.PLAIN) -> Cell:
    """The value as a piece of a document: missing and non-finite ones have their own role."""
    if isinstance(shown, Missing):
        return Cell(shown.value, Role.MISSING)
    return Cell(value(shown), Role.LOUD if not finite(shown) else role)


def brief(shown: Shown, role: Role = Role.PLAIN) -> Cell:
    """The value as a piece of a table: of more than a few elements only the shape and the range."""
    if isinstance(shown, Missing) or not shown.whole or math.prod(shown.shape) <= FEW or shown.dtype.startswith("complex"):
        return cell(shown, role)
    every = flat(shown.data)
    if not finite(shown):
        return cell(shown, role)
    return Cell(f"{shape(shown.shape)} {shown.dtype}, {rounded(min(every))} … {rounded(max(every))}", role)


def statistics(shown: Value) -> str:
    """One line for a large tensor: shape, dtype, range, mean, norm, zeros; what is not finite is said first and loud."""
    parts = [f"{shape(shown.shape)} {shown.dtype}"]
    if shown.nonfinite:
        parts.insert(0, f"{shown.nonfinite:,} NOT FINITE")
    if shown.minimum is not None and shown.maximum is not None:
        parts.append(f"{rounded(shown.minimum)} … {rounded(shown.maximum)}")
    parts += [f"mean {rounded(shown.mean)}"] if shown.mean is not None else []
    parts += [f"norm {rounded(shown.norm)}"] if shown.norm is not None else []
    parts += [f"{shown.zeros:,} zeros"] if shown.zeros else []
    return ", ".join(parts)


def elements(data: Any, dtype: str) -> str:
    """Nested lists as text, each element in full if that is short, else to four digits."""
    if isinstance(data, list | tuple):
        return f"[{', '.join(elements(each, dtype) for each in data)}]"
    full = number(data, dtype)
    return full if len(full) <= DIGITS + 3 else rounded(data)


def _rows(data: Any, dtype: str) -> str:
    """Nested lists with one line for each innermost row, the elements below each other."""
    wide = max(len(elements(each, dtype)) for each in flat(data))

    def written(part: Any, depth: int) -> str:
        if not isinstance(part[0], list | tuple):
            return f"[{', '.join(elements(each, dtype).rjust(wide) for each in part)}]"
        return f"[{f',{chr(10)}{chr(32) * (depth + 1)}'.join(written(each, depth + 1) for each in part)}]"

    return written(data, 0)


def flat(data: Any) -> list[Any]:
    """All elements of nested lists, in order."""
    return [each for part in data for each in flat(part)] if isinstance(data, list | tuple) else [data]


def finite(shown: Shown) -> bool:
    """Whether every element is a finite number, as far as the value is known."""
    if isinstance(shown, Missing):
        return True
    return not shown.nonfinite and (not shown.whole or all(abs(each) < math.inf for each in flat(shown.data)))


def size_of(shown: Shown) -> float | None:
    """The norm of a value, of its finite elements; None where it is not known."""
    if isinstance(shown, Missing) or not shown.whole:
        return None if isinstance(shown, Missing) else shown.norm
    return math.hypot(*(size for size in map(abs, flat(shown.data)) if size < math.inf))


def single(shown: Shown) -> float | None:
    """The one real number that a value is; None for what is missing, complex, or more than one number."""
    return shown.data if isinstance(shown, Value) and isinstance(shown.data, int | float) else None


def plain(text: str, longest: int = LONGEST) -> str:
    """The text on one line, shortened in its middle, with control and direction characters made visible."""
    line = "".join(_visible(character) for character in " ".join(text.split()))
    if len(line) <= longest:
        return line
    return f"{line[: longest // 2]}…{line[len(line) - (longest - longest // 2 - 1) :]}"


def located(origin: Origin | None) -> str:
    """file:line, or the line of a notebook's cell; "" if it is not known."""
    if origin is None:
        return ""
    name = base(origin.file)
    return f"{name}, line {origin.line}" if name == "a cell" or name.startswith("cell ") else f"{name}:{origin.line}"


def base(file: str) -> str:
    """The name of a file without its folders."""
    return plain(file.replace("\\", "/").rpartition("/")[2])


def counted(count: int, one: str, many: str = "") -> str:
    """The count with its word: 1 operation, 2 operations."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _visible(character: str) -> str:
    if unicodedata.category(character).startswith("C") and character not in JOINERS:
        return f"\\u{ord(character):04x}"
    return character


def _empty(shown: Value) -> str:
    return f" (empty, {shape(shown.shape)})" if 0 in shown.shape else ""


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _unusual(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "" if math.isfinite(value) else "∞" if value > 0 else "−∞"


def _complex(value: complex, part: Callable[[float], str]) -> str:
    imaginary = part(value.imag)
    sign = "−" if imaginary.startswith("−") else "+"
    return f"{part(value.real)} {sign} {imaginary.removeprefix('−')}i"


def _tidy(text: str) -> str:
    mantissa, _, exponent = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return _minus(f"{mantissa}e{int(exponent)}" if exponent else mantissa)


def _shortest(value: float, dtype: str) -> str:
    narrow = _NARROW.get(dtype)
    if narrow is None:
        return repr(value)
    target = narrow(value)
    few = narrow(float(f"{value:.6g}")) == target
    digits = next((digits for digits in (range(1, 7) if few else range(7, 10)) if narrow(float(f"{value:.{digits}g}")) == target), 17)
    short = float(f"{value:.{digits}g}")
    return f"{short:.0f}" if short.is_integer() and abs(short) < 1e16 else repr(short)


def _single(value: float) -> bytes:
    try:
        return struct.pack(">f", value)
    except OverflowError:
        return struct.pack(">d", value)


def _half(value: float) -> bytes:
    try:
        return struct.pack(">e", value)
    except OverflowError:
        return struct.pack(">d", value)


def _brain(value: float) -> int:
    bits = int.from_bytes(_single(value)[:4])
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16


_NARROW: dict[str, Callable[[float], Any]] = {"float32": _single, "float16": _half, "bfloat16": _brain}
_PART = {"complex64": "float32", "complex32": "float16", "complex128": "float64"}
