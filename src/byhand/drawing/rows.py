"""The lines of a box: its title, a value, a gradient. Small tensors are numbers, larger ones a shape and a sketch."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from byhand.document import Cell, Role
from byhand.drawing.sketches import sketch_of
from byhand.explanation.frame import same
from byhand.picture import Shows, Sketch
from byhand.value import Missing, Shown, Value
from byhand.words import INLINE, cell, elements, finite, flat, plain, rounded, shape, size_of, value

Line = tuple[Shows, tuple[Cell, ...] | Sketch]

TITLE = 38  # characters of a title
WIDE = 38  # characters of a line of numbers
LONGEST = 44  # characters of a name and what is equal to it
MOST = 4  # lines of numbers
NARROW = 17  # characters of a title beside closed modules
BEGUN = 6  # characters of a name in such a title
NAME = 14  # characters of a name that a long expression leaves
EQUALS = Cell(" = ")
_LONG = re.compile(rf"[^\W\d][\w.]{{{BEGUN + 1},}}")


def fitted(parts: Sequence[Cell], longest: int = TITLE) -> tuple[Cell, ...]:
    """Equal pieces in one line, `first = last`, each shortened in its middle where the line would be too long."""
    if sum(len(each.text) for each in parts) + 3 * (len(parts) - 1) > longest and len(parts) > 2:
        parts = (parts[0], parts[-1])
    if len(parts) == 1:
        return (short(parts[0], longest),)
    first, *rest = parts
    room = max(NAME, longest - 3 * len(rest) - sum(len(each.text) for each in rest))
    first = short(first, room)
    left = longest - len(first.text) - 3 * len(rest)
    return tuple(piece for each in (first, *(short(each, left // len(rest)) for each in rest)) for piece in (EQUALS, each))[1:]


def in_two(parts: Sequence[Cell]) -> list[tuple[Cell, ...]]:
    """Equal pieces in two short lines, the last with the beginnings of its names only; in one line if that is short."""
    name, made = parts[0], parts[-1]
    if len(name.text) + 3 + len(made.text) <= NARROW or len(parts) == 1:
        return [fitted((name, made) if len(parts) > 1 else parts, NARROW)]
    begun = _LONG.sub(lambda found: f"{found[0][:BEGUN]}…", made.text)
    return [(short(name, NARROW),), (Cell("= "), short(Cell(begun, made.role), NARROW))]


def short(piece: Cell, longest: int) -> Cell:
    """The piece, shortened in its middle if it is longer; of a derivative numerator and denominator each in theirs."""
    if len(piece.text) <= longest:
        return piece
    over = _over(piece.text)
    if not over:
        return Cell(plain(piece.text, longest), piece.role)
    upper, lower = piece.text[:over], piece.text[over + 1 :]
    half = (longest - 1) // 2
    room = max(half, longest - 1 - len(lower))
    upper = plain(upper, room)
    return Cell(f"{upper}/{plain(lower, longest - 1 - len(upper))}", piece.role)


def _over(symbol: str) -> int:
    """Where the numerator of a derivative ends, 0 if the text is none."""
    depth = 0
    for place, character in enumerate(symbol if symbol.startswith("∂") else ""):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and symbol.startswith("/∂", place):
            return place
    return 0


def value_lines(shown: Shown, shows: Shows, role: Role, *, before: tuple[Cell, ...] = (), norm: bool = False) -> Iterator[Line]:
    """A value: in numbers if they are few, else its shape (its norm too, if asked for) and a sketch."""
    numbers = None if isinstance(shown, Missing) else numbers_of(shown)
    if isinstance(shown, Missing):
        yield shows, (*before, cell(shown))
    elif numbers is None:
        yield from _joined(shows, before, in_short(shown, role, norm=norm))
        sketch = sketch_of(shown)
        if sketch is not None:
            yield shows, sketch
    else:
        role = role if finite(shown) else Role.LOUD
        if len(numbers) == 1:
            yield from _joined(shows, before, Cell(numbers[0], role))
        else:
            yield from ((shows, each) for each in ([before] if before else []))
            yield from ((shows, (Cell(each, role),)) for each in numbers)


def _joined(shows: Shows, before: tuple[Cell, ...], piece: Cell) -> Iterator[Line]:
    """The piece behind what comes before it; below it if one line is too long for both."""
    if before and sum(len(each.text) for each in before) + len(piece.text) > LONGEST:
        yield shows, before
        before = ()
    yield shows, (*before, piece)


def in_short(shown: Value, role: Role, *, norm: bool = False) -> Cell:
    """A large tensor in a few words: its shape, and its norm or its dtype; what is not finite first and loud."""
    loud = f"{nonfinite_of(shown):,} NOT FINITE, " if not finite(shown) else ""
    size = size_of(shown) if norm and not loud else None
    rest = f" {shown.dtype}" if size is None else f", norm {rounded(size)}"
    return Cell(f"{loud}{shape(shown.shape)}{rest}", Role.LOUD if loud else role)


def in_norm(shown: Shown) -> list[tuple[Shows, tuple[Cell, ...]]]:
    """A gradient too large for numbers as its norm, in one line; nothing for any other."""
    size = None if isinstance(shown, Missing) or numbers_of(shown) is not None or not finite(shown) else size_of(shown)
    return [] if size is None else [(Shows.BACKWARD, (Cell("grad ", Role.FAINT), Cell(f"norm {rounded(size)}", Role.BACKWARD)))]


def in_line(shown: Shown, role: Role, longest: int) -> Cell:
    """A value in one line: its numbers if they are few and short, else its shape and norm."""
    if isinstance(shown, Missing):
        return cell(shown)
    if shown.whole and math.prod(shown.shape) <= INLINE and len(numbers := value(shown)) <= longest:
        return Cell(numbers, role if finite(shown) else Role.LOUD)
    return in_short(shown, role, norm=True)


def nonfinite_of(shown: Shown) -> int:
    """How many elements of a value are NaN or infinite, as far as it is known."""
    if isinstance(shown, Missing):
        return 0
    return sum(not abs(each) < math.inf for each in flat(shown.data)) if shown.whole else shown.nonfinite


def numbers_of(shown: Value) -> list[str] | None:
    """The value in a few lines of numbers, one for each row of a matrix; None if that is too much."""
    if not shown.whole or math.prod(shown.shape) > INLINE:
        return None
    if len(shown.shape) < 1 or 0 in shown.shape:
        return [value(shown)]
    rows = [shown.data] if len(shown.shape) == 1 else list(_rows(shown.data, len(shown.shape)))
    lines = [line for row in rows for line in _packed([elements(each, shown.dtype) for each in row])]
    lines = [shape(shown.shape)] * (len(shown.shape) > 2) + lines
    return lines if len(lines) <= MOST else None


def _rows(data: Any, depth: int) -> Iterator[list[Any]]:
    """The innermost lists."""
    for part in data:
        if depth == 2:
            yield part
        else:
            yield from _rows(part, depth - 1)


def _packed(numbers: Sequence[str]) -> list[str]:
    """The numbers of a row in brackets, in as many lines as they need."""
    lines = ["["]
    for place, each in enumerate(numbers):
        piece = f"{each}{']' if place == len(numbers) - 1 else ', '}"
        if len(lines[-1]) > 1 and len(lines[-1]) + len(piece.rstrip()) > WIDE:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def gradient_lines(symbol: Cell, by_hand: Shown, by_torch: Shown, suspect: Role | None) -> Iterator[Line]:
    """A gradient: by hand, or PyTorch's where there is none; both where they may differ for more than rounding (`suspect`) and do."""
    before = (short(symbol, TITLE), EQUALS)
    if isinstance(by_hand, Value) or not isinstance(by_torch, Value):
        yield from value_lines(by_hand, Shows.BACKWARD, Role.BACKWARD, before=before, norm=True)
    else:
        yield Shows.BACKWARD, (*before, Cell("PyTorch's", Role.NOT_COMPARED))
        yield from value_lines(by_torch, Shows.BACKWARD, Role.BACKWARD, norm=True)
    if suspect is not None and isinstance(by_hand, Value) and not same(by_hand, by_torch):
        yield from value_lines(by_torch, Shows.BACKWARD, suspect, before=(Cell("PyTorch: ", suspect),), norm=True)
