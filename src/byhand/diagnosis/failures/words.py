"""Small phrases of the stories of failures: places, names."""

import re
from collections.abc import Sequence

from byhand.graph import Origin
from byhand.words import located, plain

NAMED = 5  # tensors that are named one by one


def at(origin: Origin | None, beside: Origin | None) -> str:
    """A line of the program; its file too, if that is another than the one of the finding."""
    if origin is None:
        return "an unknown line"
    return f"line {origin.line}" if beside is not None and origin.file == beside.file else located(origin)


def quoted(text: str) -> str:
    """A name or an expression of the program, as code."""
    return f"`{plain(text)}`"


def both(names: Sequence[str]) -> str:
    """Names in a row: a, b and c; of very many the first."""
    shown = list(names[:NAMED])
    if len(names) > NAMED:
        shown.append(f"{len(names) - NAMED:,} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def holder(name: str) -> str:
    """The variable that holds a part: `states[0][1]` is part of `states`."""
    return re.sub(r"(\[[^\[\]]*\])+$", "", name) or name


def together(names: Sequence[str]) -> list[str]:
    """The names, each once; parts of one container by its name."""
    return list(dict.fromkeys(holder(name) for name in names))
