"""A rule's source, read as a formula: text, LaTeX, SymPy, all from the code that runs."""

from byhand.formula.closed import from_symbols, local
from byhand.formula.evaluation import evaluate
from byhand.formula.grammar import parse
from byhand.formula.naming import shown_name
from byhand.formula.reading import read, refuse_unshowable
from byhand.formula.scalars import Unsupported, symbol, symbolic
from byhand.formula.tex import latex, latex_name, number_latex, where_latex
from byhand.formula.tree import Tree, with_lines
from byhand.formula.unicode import full_text, text, where_text

__all__ = [
    "Tree",
    "Unsupported",
    "evaluate",
    "from_symbols",
    "full_text",
    "latex",
    "latex_name",
    "local",
    "number_latex",
    "parse",
    "read",
    "refuse_unshowable",
    "shown_name",
    "symbol",
    "symbolic",
    "text",
    "where_latex",
    "where_text",
    "with_lines",
]
