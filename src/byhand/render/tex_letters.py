"""Text for LaTeX, letter by letter: plain ASCII that means nothing but itself."""

import re
import unicodedata
from typing import Final

LONG_WORD: Final = 16  # letters; a longer word may be broken, since nothing else may be at hand
PIECE: Final = re.compile(r"[^._/:-]{1,12}[._/:-]*|[._/:-]{1,12}")  # what is not broken of it: up to a dot or a line
BREAK: Final = r"\allowbreak{}"
CODE_POINT: Final = r"\texttt{[U+"
_SPECIAL: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "`": "{`}",
    "-": "{-}",
    "−": "$-$",
    "–": "--",
    "—": "---",
    "·": r"$\cdot$",
    "×": r"$\times$",
    "⊙": r"$\odot$",
    "∂": r"$\partial$",
    "∇": r"$\nabla$",
    "√": r"$\surd$",
    "∑": r"$\sum$",
    "∞": r"$\infty$",
    "→": r"$\to$",
    "←": r"$\leftarrow$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "≠": r"$\ne$",
    "≈": r"$\approx$",
    "…": r"\dots{}",
    "⋯": r"$\cdots$",
    "‖": r"$\Vert$",
    "⟨": r"$\langle$",
    "⟩": r"$\rangle$",
    "✓": r"$\surd$",
    "✗": r"$\neq$",
    "○": r"$\circ$",
    "ᵀ": r"$^{\mathsf{T}}$",
    "“": "``",
    "”": "''",
    "’": "'",
    "\u00a0": "~",
    "\n": r"\newline{}",
}
_ACCENTS: Final = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
}
_GREEK: Final = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega".split()
)


def escape(text: str) -> str:
    """Text that means nothing to LaTeX but itself; what it cannot set is shown by its code point. Long words may break."""
    words = re.split(r"(\s+)", unicodedata.normalize("NFC", text))
    return "".join(map(_word, words))


def strange(text: str) -> int:
    """How many letters of a text are shown by their code points."""
    return 0 if text.isascii() else sum(_character(letter).startswith(CODE_POINT) for letter in unicodedata.normalize("NFC", text))


def _word(word: str) -> str:
    letters = [*map(_character, word)]
    if any(letter.startswith(CODE_POINT) for letter in letters):
        return BREAK.join(letters)
    if len(word) <= LONG_WORD:
        return "".join(letters)
    return BREAK.join("".join(map(_character, piece)) for piece in PIECE.findall(word))


def _character(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if " " <= character <= "~":
        return character
    return _greek(character) or _script(character) or _accented(character) or f"{CODE_POINT}{ord(character):04X}]}}"


def _greek(character: str) -> str:
    name = unicodedata.name(character, "")
    if not name.startswith("GREEK ") or " WITH " in name:
        return ""
    letter = name.rpartition(" ")[2].lower().replace("lamda", "lambda")
    if letter not in _GREEK:
        return ""
    plain = {"A": "alpha", "B": "beta", "E": "epsilon", "Z": "zeta", "H": "eta", "I": "iota", "K": "kappa", "M": "mu", "N": "nu"}
    if "SMALL" in name:
        return f"${chr(92)}{letter}$"
    latin = {word: upper for upper, word in plain.items()} | {"rho": "P", "tau": "T", "chi": "X", "upsilon": r"\Upsilon"}
    return f"${latin.get(letter, chr(92) + letter.capitalize())}$"


def _script(character: str) -> str:
    """Raised and lowered digits, letters and signs."""
    kind, _, plain = unicodedata.decomposition(character).partition(" ")
    base = "".join(chr(int(code, 16)) for code in plain.split()) if kind in ("<super>", "<sub>") else ""
    if not base or not all((each.isascii() and each.isalnum()) or each in "−+=()" for each in base):
        return ""
    return f"${'^' if kind == '<super>' else '_'}{{{base.replace('−', '-')}}}$"


def _accented(character: str) -> str:
    base, *marks = list(unicodedata.normalize("NFD", character))
    if len(marks) != 1 or marks[0] not in _ACCENTS or not ("a" <= base.lower() <= "z"):
        return ""
    dotless = {"i": r"\i", "j": r"\j"}.get(base, base)
    return f"\\{_ACCENTS[marks[0]]}{{{dotless}}}"
