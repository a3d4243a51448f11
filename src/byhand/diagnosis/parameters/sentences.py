"""Words that the findings about parameters share."""

from collections.abc import Sequence

from byhand.graph import Origin
from byhand.words import counted, located, plain

NAMED = 5  # parameters that are named one by one


def listed(names: Sequence[str]) -> str:
    """The names, of many the first, and how many more there are."""
    shown = [plain(name) for name in names[:NAMED]]
    more = len(names) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more:,} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def are(names: Sequence[str], one: str, many: str) -> str:
    """The names as a subject with its verb."""
    return f"{listed(names)} {one if len(names) == 1 else many}"


def at(origin: Origin | None) -> str:
    """The words " at line 8" where a line is known, else none."""
    return f" at line {origin.line}" if origin is not None else ""


def steps(count: int) -> str:
    """1 step, 2 steps."""
    return counted(count, "step")


def place(origin: Origin | None) -> str:
    """The file and line in brackets, or ""."""
    return f" ({located(origin)})" if origin is not None else ""
