"""A document as LaTeX: a fragment in plain ASCII that compiles in an article with amsmath alone."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from byhand.document import Block, Cell, Document, Formula, Heading, Ledger, Prose, Role, Table

LONGEST_TABLE: Final = 30  # rows; LaTeX does not break a tabular over pages
SHAPES: Final = {Role.AGREES: r"$\surd$~", Role.DIFFERS: r"$\times$~", Role.NOT_COMPARED: r"$\circ$~"}
LEVELS: Final = {1: "section*", 2: "subsection*", 3: "subsubsection*"}
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
    "✗": r"$\times$",
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


def render_latex(document: Document) -> str:
    """The document as a fragment for the body of an article; it needs the package amsmath."""
    return "\n\n".join(_drawn(block) for block in document.blocks) + "\n"


def escape(text: str) -> str:
    """Text that means nothing to LaTeX but itself; what it cannot set is shown by its code point."""
    return "".join(_character(character) for character in unicodedata.normalize("NFC", text))


def _drawn(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"\\{LEVELS.get(level, 'paragraph*')}{{{escape(text)}}}"
        case Prose(cells):
            return r"\noindent " + _line(cells)
        case Formula(parts, remark):
            return _formula(parts, remark)
        case Table():
            return _table(block)
        case Ledger(title, rows, total):
            return f"\\noindent {escape(title)}\n\n" + _tabular(
                [("", "")], [((row[0],), row[1:]) for row in rows], ((total[0],), total[1:])
            )


def _line(cells: Sequence[Cell]) -> str:
    return "".join(_piece(cell) for cell in cells)


def _piece(cell: Cell) -> str:
    if cell.latex:
        return f"{SHAPES.get(cell.role, '')}${cell.latex}$"
    text = SHAPES.get(cell.role, "") + escape(cell.text)
    match cell.role:
        case Role.CODE:
            return f"\\texttt{{{text}}}"
        case Role.LOUD | Role.DIFFERS | Role.NAME:
            return f"\\textbf{{{text}}}"
        case Role.MISSING:
            return f"\\emph{{{text}}}"
    return text


def _math(cell: Cell) -> str:
    return cell.latex or f"\\text{{{_piece(cell)}}}".replace(r"\newline{}", " ")


def _formula(parts: Sequence[Cell], remark: Sequence[Cell]) -> str:
    first, *others = parts
    lines = [f"{_math(first)} &= {_math(others[0])}" if others else f"& {_math(first)}", *(f"&= {_math(part)}" for part in others[1:])]
    lines += [f"& \\text{{{_line(remark)}}}"] if remark else []
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def _table(table: Table) -> str:
    caption = f"\\noindent {escape(table.caption)}\n\n" if table.caption else ""
    header = [tuple(table.columns)] if any(table.columns) else []
    parts = [table.rows[start : start + LONGEST_TABLE] for start in range(0, len(table.rows), LONGEST_TABLE)] or [()]
    return caption + "\n\n".join(_tabular(header or [("",) * len(table.columns)], part) for part in parts)


def _tabular(
    header: Sequence[tuple[str, ...]], rows: Sequence[tuple[tuple[Cell, ...], ...]], total: tuple[tuple[Cell, ...], ...] = ()
) -> str:
    every = [*rows, total] if total else [*rows]
    counts = [max((len(row[number]) for row in every if len(row) == len(header[0])), default=1) for number in range(len(header[0]))]
    counts = [max(count, 1) for count in counts]
    spec = "@{\\qquad}".join("l" + "@{\\;}l" * (count - 1) for count in counts)
    lines = [_header(header[0], counts)] if any(header[0]) else []
    lines += [_row(row, counts) for row in rows]
    lines += [r"\hline", _row(total, counts)] if total else []
    return (
        "{\\small\\renewcommand{\\arraystretch}{1.5}\\noindent\n\\begin{tabular}{@{}"
        + spec
        + "@{}}\n"
        + "\n".join(lines)
        + "\n\\end{tabular}}"
    )


def _header(columns: Sequence[str], counts: Sequence[int]) -> str:
    cells = [f"\\multicolumn{{{count}}}{{@{{}}l}}{{\\emph{{{escape(column)}}}}}" for column, count in zip(columns, counts, strict=True)]
    return " & ".join(cells) + r" \\ \hline"


def _row(row: Sequence[Sequence[Cell]], counts: Sequence[int]) -> str:
    if len(row) == 1 and len(counts) > 1:
        return f"\\multicolumn{{{sum(counts)}}}{{@{{}}l}}{{{_line(row[0])}}} \\\\"
    placed = " & ".join(part for pieces, count in zip(row, counts, strict=True) for part in _placed(pieces, count))
    return placed.replace(r"\newline{}", " ") + r" \\"


def _placed(pieces: Sequence[Cell], count: int) -> Iterator[str]:
    for number in range(count):
        piece = pieces[number] if number < len(pieces) else None
        yield "" if piece is None or not piece.text else (r"${}={}$ " if number else "") + _piece(piece)


def _character(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if " " <= character <= "~":
        return character
    return _greek(character) or _script(character) or _accented(character) or f"\\texttt{{[U+{ord(character):04X}]}}"


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
