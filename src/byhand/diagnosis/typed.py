"""Words of the program that can be typed as they stand: whole Python on one line, or nothing."""

import ast
from contextlib import suppress

from byhand.words import plain

LONGEST = 240  # characters of a line to type


def typed(text: str) -> str:
    """The text on one line, if that is whole Python that can be typed; "" if it is not."""
    line = " ".join(text.split())
    try:
        ast.parse(f"{line} pass" if line.endswith(":") else line)
    except (SyntaxError, ValueError):
        return ""
    return line if len(line) <= LONGEST and line == plain(line, LONGEST) else ""


def assignment(text: str) -> tuple[str, str, str]:
    """The target, the sign and the value of a line that sets one thing: ("total", "+=", "loss"); three times "" if it is another."""
    statement: ast.stmt | None = None
    with suppress(SyntaxError, ValueError):
        statement = next(iter(ast.parse(typed(text)).body), None)
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        parts = ast.get_source_segment(typed(text), statement.targets[0]), ast.get_source_segment(typed(text), statement.value)
        return parts[0] or "", "=", parts[1] or ""
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add | ast.Sub):
        parts = ast.get_source_segment(typed(text), statement.target), ast.get_source_segment(typed(text), statement.value)
        return parts[0] or "", "+=" if isinstance(statement.op, ast.Add) else "-=", parts[1] or ""
    return "", "", ""


def enclosed(text: str) -> str:
    """An expression in brackets, unless nothing after it could bind to a part of it."""
    tree = ast.parse(typed(text)).body
    value = tree[0].value if len(tree) == 1 and isinstance(tree[0], ast.Expr) else None
    return text if isinstance(value, ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.List | ast.Dict | ast.Tuple) else f"({text})"
