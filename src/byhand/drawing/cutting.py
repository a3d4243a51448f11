"""Where a long row of boxes is cut: at places that few values cross."""

from collections.abc import Callable, Iterable

from byhand.drawing.tree import Group, Item, bundled, steps_of
from byhand.picture import Kind
from byhand.results import Step

OPENED = 60  # boxes of one part
LOOSE = 0.2  # of a stretch's length: how far a cut may move for a better place


def shorten(group: Group, taken: Callable[[Step], Iterable[int]]) -> None:
    """Put the items of a long group into stretches, those into longer ones, until few are left; `taken` are those a step takes from."""
    while len(group.items) > OPENED:
        ends = cut(len(group.items), _spans(group.items, taken), OPENED)
        pieces = [group.items[start:end] for start, end in zip([0, *ends], [*ends, len(group.items)], strict=True)]
        group.items = [bundled(Kind.STRETCH, piece, path=group.path, shown=group.shown) if len(piece) > 1 else piece[0] for piece in pieces]


def _spans(items: list[Item], taken: Callable[[Step], Iterable[int]]) -> Iterable[tuple[int, int]]:
    """From where to where each value goes among the items."""
    place = {step.index: number for number, item in enumerate(items) for step in steps_of(item)}
    for number, item in enumerate(items):
        for step in steps_of(item):
            yield from {(place[index], number) for index in taken(step) if index in place}


def cut(count: int, spans: Iterable[tuple[int, int]], longest: int) -> list[int]:
    """The places (before which item) that cut a row of items into stretches of about equal length, none much longer than `longest`.

    A span is a value that goes from one item to a later one.
    """
    crossing = _crossing(count, spans)
    pieces = -(-count // longest)
    length = count / pieces
    room = int(length * LOOSE)

    def best(ideal: int) -> int:
        around = range(max(ideal - room, 1), min(ideal + room, count - 1) + 1)
        return min(around, key=lambda place: (crossing[place], abs(place - ideal), place))

    return [best(round(number * length)) for number in range(1, pieces)]


def _crossing(count: int, spans: Iterable[tuple[int, int]]) -> list[int]:
    """How many spans cross the place before each item."""
    change = [0] * (count + 2)
    for start, end in spans:
        change[start + 1] += 1
        change[end + 1] -= 1
    total, found = 0, []
    for each in change[: count + 1]:
        total += each
        found.append(total)
    return found
