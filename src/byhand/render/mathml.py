r"""Formulas as MathML, which browsers set and screen readers speak without any JavaScript.

latex2mathml does the structure: fractions, roots, raised and lowered parts, cases, stretched brackets. It never sees a name, a word
or a number of the user's: a place holder stands for each, and is filled in afterwards, escaped. So a name cannot be taken for a
command, names of many letters stay one word, and formulas that differ in their names only are converted once.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from html import escape, unescape
from typing import Final
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element
from latex2mathml.symbols_parser import convert_symbol

FIRST: Final = 0xE000  # of Unicode's private use area: the place holders
MOST: Final = 6_000  # place holders in one formula
_HELD: Final = re.compile(
    r"""\\(?P<macro>mathit|mathtt|mathrm|mathsf|mathbin|text|operatorname)\{(?P<inside>(?:[^{}\\]|\\.|\{(?:[^{}\\]|\\.)*\})*)\}
    | \\(?P<operator>max|min|det)(?![A-Za-z])
    | (?P<command>\\(?:[A-Za-z]+|.))
    | (?P<number>\d+(?:\.\d+)?)""",
    re.VERBOSE | re.DOTALL,
)
_CHARACTER: Final = re.compile(
    r"""\\text\{U\+(?P<code>[0-9A-F]{4,6})\} | \\text\{(?P<text>[^{}]*)\} | \\(?P<accent>[a-z]+)\{(?P<letter>[A-Za-z])\}
    | \{?\\(?P<command>[A-Za-z]+)\ ?\}? | \\(?P<escaped>.) | (?P<plain>.)""",
    re.VERBOSE | re.DOTALL,
)
_ACCENTS: Final = {
    "grave": "\u0300",
    "acute": "\u0301",
    "hat": "\u0302",
    "tilde": "\u0303",
    "bar": "\u0304",
    "breve": "\u0306",
    "dot": "\u0307",
    "ddot": "\u0308",
    "check": "\u030c",
}
_WORDS: Final = {"wedge": "^", "sim": "~", "backslash": "\\", "vert": "|"}
_HIGH: Final = frozenset("mfrac mtable msqrt mroot munder munderover".split())
_CLOSING: Final = frozenset(")]}⟩|⌋⌉")
_KEPT: Final = frozenset("accent lspace rspace movablelimits".split())
_PARTS: Final = {"mfrac": 2, "msub": 2, "msup": 2, "mover": 2, "munder": 2, "msubsup": 3, "munderover": 3, "mroot": 2}
_TEXTS: Final = {"\u2015": "\u203e", "^": "\u02c6"}  # a bar that stretches, and the accent instead of the sign


@lru_cache(maxsize=16_384)
def mathml(latex: str) -> str:
    """The formula as a `math` element; "" if it cannot be converted without losing a part of it, or if there is none."""
    held: list[str] = []
    skeleton = _HELD.sub(lambda match: _hold(match, held), latex)
    if not latex.strip() or len(held) > MOST:
        return ""
    markup = _structure(skeleton)
    if [ord(character) - FIRST for character in markup if FIRST <= ord(character) < FIRST + MOST] != list(range(len(held))):
        return ""
    return re.sub(f"[{chr(FIRST)}-{chr(FIRST + MOST)}]", lambda match: held[ord(match[0]) - FIRST], markup)


def _hold(match: re.Match[str], held: list[str]) -> str:
    """The place holder that stands for this name, word or number in the LaTeX; commands stay."""
    if match["command"]:
        return match["command"]
    held.append(_element(match))
    return chr(FIRST + len(held) - 1)


def _element(match: re.Match[str]) -> str:
    if match["number"]:
        return f"<mn>{match['number']}</mn>"
    if match["operator"]:
        return f"<mi>{match['operator']}</mi>"
    kind = match["macro"]
    text = escape("".join(_characters(match["inside"], keep_minus=kind == "text")))
    upright = ' mathvariant="normal"' if len(text) == 1 else ""
    match kind:
        case "mathit":
            return f'<mi mathvariant="italic">{text}</mi>' if len(text) > 1 else f"<mi>{text}</mi>"
        case "mathtt":
            return f'<mi mathvariant="monospace">{text}</mi>'
        case "mathbin":
            return f'<mo lspace="0.22em" rspace="0.22em">{text}</mo>'
        case "text":
            return f"<mtext>{text}</mtext>"
    return f"<mi{upright}>{text}</mi>"


def _characters(source: str, *, keep_minus: bool) -> Iterator[str]:
    """The letters that LaTeX would show, one by one: the opposite of the escaping of names."""
    for match in _CHARACTER.finditer(source):
        if match["code"]:
            yield _code_point(int(match["code"], 16))
        elif match["text"] is not None:
            yield match["text"].replace("''", '"')
        elif match["accent"]:
            yield unicodedata.normalize("NFC", match["letter"] + _ACCENTS.get(match["accent"], ""))
        elif match["command"]:
            symbol = convert_symbol(f"\\{match['command']}")
            yield _WORDS.get(match["command"]) or (chr(int(symbol, 16)) if symbol else f"\\{match['command']}")
        else:
            character = match["escaped"] or match["plain"]
            yield {" ": "\u00a0", "-": "-" if keep_minus else "−"}.get(character, character)


def _code_point(number: int) -> str:
    """The character; its number where it cannot be shown or belongs to no text."""
    character = chr(number) if number < 0x110000 else ""
    return character if character.isprintable() and not FIRST <= number < FIRST + MOST else f"U+{number:04X}"


@lru_cache(maxsize=4_096)
def _structure(skeleton: str) -> str:
    """The formula around its place holders; "" if latex2mathml does not know all of it."""
    try:
        root = convert_to_element(skeleton)
    except Exception:  # whatever it does not understand is shown as the text it is
        return ""
    if any(len(element) != _PARTS.get(element.tag, len(element)) or element.text in ("{", "}") for element in root.iter()):
        return ""
    _fit_brackets(root)
    children = "".join(_markup(child, before) for child, before in _with_the_one_before(_inner(root)))
    return "" if "\\" in children or "&amp;#" in children else f"<math>{children}</math>"


def _fit_brackets(root: Element) -> None:
    """Let brackets stretch around what is high only: browsers give a bracket that may stretch the room of its largest form."""
    for row in root.iter():
        if not any(element.tag in _HIGH for element in row.iter()):
            for child in row:
                if child.get("stretchy") == "true":
                    child.set("stretchy", "false")


def _inner(root: Element) -> Element:
    """The only row of the formula, whose brackets the `math` element already is."""
    return root[0] if len(root) == 1 and root[0].tag == "mrow" else root


def _with_the_one_before(element: Element) -> Iterator[tuple[Element, Element | None]]:
    before: Element | None = None
    for child in element:
        yield child, before
        before = child


def _markup(element: Element, before: Element | None) -> str:
    """One element with all that it holds."""
    text = _text(element)
    if element.tag in ("mi", "mn") and len(text) == 1 and FIRST <= ord(text) < FIRST + MOST:
        return text
    if element.tag == "mrow" and len(element) == 1 and not element.attrib:
        return _markup(element[0], None)
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in _attributes(element, text, before).items())
    inside = escape(text, quote=False) + "".join(_markup(child, earlier) for child, earlier in _with_the_one_before(element))
    return f"<{element.tag}{attributes}>{inside}</{element.tag}>"


def _text(element: Element) -> str:
    text = unescape(element.text or "")
    return _TEXTS.get(text, text)


def _attributes(element: Element, text: str, before: Element | None) -> dict[str, str]:
    kept = {name: value for name, value in element.attrib.items() if name in _KEPT}
    if element.get("stretchy") == "false":
        kept["stretchy"] = "false"
    if element.tag == "mtable" and any("columnalign" in cell.attrib for row in element for cell in row):
        kept["columnalign"] = "left"
    if element.tag == "mo" and text in "−+¬" and before is not None and before.tag == "mo" and _text(before) not in _CLOSING:
        kept["form"] = "prefix"
    return kept
