"""The colours of a drawn picture, by class: attributes for one ground, and a style sheet that turns them over for a dark one."""

from typing import Final

from byhand.render.geometry import COLOURS

LOOKS: Final = {
    "page": {"fill": "ground"},
    "ground": {"fill": "ground", "stroke": "line"},
    "pale": {"fill": "pale", "stroke": "line"},
    "wrong": {"stroke": "differs"},
    "line": {"stroke": "line"},
    "plate": {"fill": "ground"},
    "frame": {"stroke": "line"},
    "bars": {"fill": "faint"},
    "axis": {"stroke": "line"},
    "plus": {"fill": "plus"},
    "minus": {"fill": "minus"},
    "strange": {"fill": "loud"},
    "cross": {"stroke": "on loud"},
    "alarm": {"fill": "loud"},
    "range": {"fill": "faint"},
    "opens": {"fill": "faint"},
    "plain": {"fill": "ink"},
    "name": {"fill": "ink"},
    "code": {"fill": "ink"},
    "forward": {"fill": "forward"},
    "backward": {"fill": "backward"},
    "faint": {"fill": "faint"},
    "missing": {"fill": "faint"},
    "agrees": {"fill": "agrees"},
    "differs": {"fill": "differs"},
    "not-compared": {"fill": "faint"},
    "loud": {"fill": "on loud"},
}
"""What is coloured, and with what; the drawing puts the class and the colour on the same element."""


def colours(name: str, *, dark: bool) -> dict[str, object]:
    """The attributes of an element of this class."""
    table = COLOURS["dark" if dark else "light"]
    return {key: table[colour] for key, colour in LOOKS[name].items()}


def _rules() -> str:
    table = COLOURS["dark"]
    return "".join(
        f".byhand-picture .{name}{{{';'.join(f'{key}:{table[colour]}' for key, colour in look.items())}}}" for name, look in LOOKS.items()
    )


STYLE: Final = f"@media screen and (prefers-color-scheme:dark){{{_rules()}}}"
"""The same picture on a dark ground, for a file by itself; always this text, so that a page can allow it by its hash."""
