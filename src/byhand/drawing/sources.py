"""The user's program around the lines that the operations were written on, as far as it still is what was run."""

import linecache
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from byhand.cells import compiled
from byhand.graph import Origin
from byhand.picture import Source
from byhand.results import Pass, Step
from byhand.words import base

MOST = 2_000  # lines of one file
AROUND = (200, 50, 10, 2, 0)  # lines before and after a line that is named; fewer where many are
LONGEST = 2_000  # characters of a line
UNKNOWN = "…"
NEAR = 3  # lines apart; named lines so near are in one window


@dataclass(frozen=True)
class Programs:
    """The pieces of the program's files that are shown, and in which of them each line of a file is."""

    sources: tuple[Source, ...]
    numbers: dict[tuple[str, int], int]

    def place(self, step: Step) -> tuple[int, int] | None:
        """The number of the source and the line that an operation was written on, None if it is not known."""
        origin = step.origin
        number = self.numbers.get((origin.file, origin.line)) if origin else None
        return None if origin is None or number is None else (number, origin.line)


def programs(result: Pass) -> Programs:
    """Every file that an operation comes from, cut to what is around the lines that are named. No other file is read."""
    found: list[Source] = []
    numbers: dict[tuple[str, int], int] = {}
    for file, named in _by_file(_origins(result)).items():
        for source in _pieces(file, named):
            end = source.first + len(source.lines)
            numbers |= {(file, line): len(found) for line in named if source.first <= line < end}
            found.append(source)
    return Programs(tuple(found), numbers)


def _origins(result: Pass) -> Iterable[Origin]:
    """Where the operations were written, the first of the program first; then the backwards of the user's own functions."""
    steps = list(reversed(result.steps))
    yield from (step.origin for step in steps if step.origin)
    yield from (step.function.backward for step in steps if step.function and step.function.backward)


def _by_file(origins: Iterable[Origin]) -> dict[str, dict[int, Origin]]:
    files: dict[str, dict[int, Origin]] = {}
    for origin in origins:
        lines = files.setdefault(origin.file, {})
        if origin.line not in lines or not lines[origin.line].text:
            lines[origin.line] = origin
    return files


def _pieces(file: str, named: dict[int, Origin]) -> list[Source]:
    """The file cut to what is shown of it; only the recorded lines where the file is not, or may not be, what was run."""
    text = _text(file)
    if not _is_what_ran(text, named):
        text = {line: origin.text for line, origin in named.items() if origin.text}
        windows = _windows(sorted(text)[:MOST], 0, max(text, default=0))
    elif len(text) <= MOST:
        windows = [(1, len(text) + 1)]
    else:
        windows = _narrow(sorted(named.keys() & text.keys()), len(text))
    return [Source(base(file), tuple(_shown(text.get(line, UNKNOWN)) for line in range(first, end)), first) for first, end in windows]


def _text(file: str) -> dict[int, str]:
    """The lines of a file by number; none if it cannot be read."""
    try:
        return dict(enumerate(linecache.getlines(compiled(file)), 1))
    except (OSError, UnicodeError, SyntaxError, MemoryError):
        return {}


def _is_what_ran(text: dict[int, str], named: dict[int, Origin]) -> bool:
    """Whether every line that was recorded still stands where it stood, and one was recorded at all."""
    recorded = {line: origin.text.strip() for line, origin in named.items() if origin.text}
    return bool(recorded) and all(text.get(line, "").strip() == said for line, said in recorded.items())


def _narrow(named: Sequence[int], length: int) -> list[tuple[int, int]]:
    """The windows around the named lines, as wide as may be."""
    every = (_windows(named, around, length) for around in AROUND)
    return next((found for found in every if sum(end - first for first, end in found) <= MOST), _windows(named[:MOST], 0, length))


def _windows(named: Sequence[int], around: int, length: int) -> list[tuple[int, int]]:
    """From which line to before which: so many lines before and after each named one, those that nearly touch in one window."""
    found: list[tuple[int, int]] = []
    for line in named:
        first = found.pop()[0] if found and line - found[-1][1] <= max(2 * around, NEAR) else line
        found.append((first, line))
    return [(max(1, first - around), min(length, last + around) + 1) for first, last in found]


def _shown(line: str) -> str:
    text = line.rstrip()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
