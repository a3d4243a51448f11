"""Elements of SVG as text: every text escaped, and nothing in it that a file of XML may not hold."""

import unicodedata
from collections.abc import Iterable
from typing import Final

_ESCAPED: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_TURNS: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # they would reverse what stands beside them
_FROM_THE_RIGHT: Final = ("R", "AL", "AN")


def element(name: str, content: str | Iterable[str] = "", /, **attributes: object) -> str:
    """An element; `class_` is class, `stroke_width` stroke-width, an attribute of None or "" is left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{attribute(value)}"' for key, value in attributes.items() if value not in (None, "")
    )
    inner = content if isinstance(content, str) else "".join(content)
    return f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>"


def attribute(value: object) -> str:
    """A value as it stands between quotes; pixels to a tenth."""
    return f"{round(value, 1):g}" if isinstance(value, float) else escape(str(value))


def escape(text: str) -> str:
    """Text that is nothing but text in an element, an attribute or a page."""
    return "".join(_ESCAPED.get(letter, letter) for letter in clean(text))


def clean(text: str) -> str:
    """Text without control characters, halves of characters, and turns of direction; a line's end is a blank."""
    return "".join(" " if letter in "\t\n\r" else letter for letter in text if letter in "\t\n\r" or _allowed(letter))


def from_the_right(text: str) -> bool:
    """Whether some of a text is written from the right to the left."""
    return any(unicodedata.bidirectional(letter) in _FROM_THE_RIGHT for letter in text)


def _allowed(letter: str) -> bool:
    return letter not in _TURNS and unicodedata.category(letter) not in ("Cc", "Cs") and ord(letter) & 0xFFFE != 0xFFFE
