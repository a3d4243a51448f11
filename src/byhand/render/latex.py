"""A document as LaTeX: a fragment in plain ASCII that compiles in an article with amsmath alone and stays on its page."""

from collections.abc import Sequence
from typing import Final

from byhand.document import Block, Cell, Document, Formula, Heading, Ledger, Prose, Table
from byhand.render.tex_letters import escape
from byhand.render.tex_pieces import line, loosened, piece, wide
from byhand.render.tex_tables import EQUALS, PAGE, table

LEVELS: Final = {1: "section*", 2: "subsection*", 3: "subsubsection*"}
LONG_TITLE: Final = 30  # letters; what may take a second line
NORMAL: Final = 10.0  # points of the letters of an article


def render_latex(document: Document) -> str:
    """The document as a fragment for the body of an article; it needs the package amsmath."""
    return "\n\n".join(_drawn(block) for block in document.blocks) + "\n"


def _drawn(block: Block) -> str:
    match block:
        case Heading(text, level):
            ragged = "\\raggedright " if len(text) > LONG_TITLE else ""
            return f"\\{LEVELS.get(level, 'paragraph*')}{{{ragged}{escape(text)}}}"
        case Prose(cells):
            return _paragraph(line(cells))
        case Formula(parts, remark):
            return _formula(parts, remark)
        case Table(columns, rows, caption):
            return (_paragraph(escape(caption)) + "\n\n" if caption else "") + table(columns, rows)
        case Ledger(title, rows, total):
            return _paragraph(escape(title)) + "\n\n" + table(("", ""), [_split(row) for row in rows], total=_split(total))


def _paragraph(text: str) -> str:
    return f"{{\\raggedright\\noindent {text}\\par\\smallskip}}"


def _split(row: Sequence[Cell]) -> tuple[Sequence[Cell], Sequence[Cell]]:
    return row[:1], row[1:]


def _formula(parts: Sequence[Cell], remark: Sequence[Cell]) -> str:
    """The chain below itself at its =, or, where that is wider than the page, as a paragraph that breaks."""
    first, *others = parts
    widest = max((wide(part, NORMAL) for part in others), default=0.0) + wide(first, NORMAL) + 2 * EQUALS
    note = sum(wide(cell, NORMAL) for cell in remark) + wide(first, NORMAL)
    return _aligned(parts, remark) if max(widest, note) <= PAGE else _broken(parts, remark)


def _aligned(parts: Sequence[Cell], remark: Sequence[Cell]) -> str:
    first, *others = parts
    lines = [f"{_math(first)} &= {_math(others[0])}" if others else f"& {_math(first)}", *(f"&= {_math(part)}" for part in others[1:])]
    lines += [f"& \\text{{{line(remark)}}}"] if remark else []
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def _broken(parts: Sequence[Cell], remark: Sequence[Cell]) -> str:
    first, *others = (f"$\\displaystyle {loosened(part.latex)}$" if part.latex else piece(part) for part in parts)
    lines = [first, *(f"\\hspace*{{1em}}${{}}={{}}$ {part}" for part in others)]
    lines += [f"\\hspace*{{1em}}{line(remark)}"] if remark else []
    return (
        "{\\raggedright\\lineskiplimit=2pt\\lineskip=4pt\n"
        + "".join(f"\\noindent\\hangindent=2em {each}\\par\\smallskip\n" for each in lines)
        + "}"
    )


def _math(cell: Cell) -> str:
    return cell.latex or f"\\text{{{piece(cell)}}}".replace(r"\newline{}", " ")
