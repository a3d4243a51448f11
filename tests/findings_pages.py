"""docs/findings/: a page for each kind of fault, made of its class, of a program that has it, and of what byhand says of that program.

`python tests/findings_pages.py` writes them.
"""

import difflib
import inspect
import re
import tempfile
from pathlib import Path

from diagnosing import FOLDER, Server

from byhand.diagnosis import KINDS

DOCS = Path(__file__).resolve().parent.parent / "docs"
END = re.compile(r"[✗○] |What (is wrong|is probably|may be|this rests)")
COMMENT = re.compile(r"  # <-- (or )?here$", re.MULTILINE)
HEAD = """# What `byhand diagnose` finds

Each kind of fault has its page: what it is, how it is seen, when it is meant and then only a note, and a program that has it
with what byhand says. {count} kinds. The pages are made of the classes in `src/byhand/diagnosis/kinds` by `python tests/findings_pages.py`.

| code | | severity |
|---|---|---|
"""


def told(kind):
    """The docstring of a kind: its first line, and the paragraphs below it."""
    first, _, rest = inspect.cleandoc(kind.__doc__).partition("\n")
    return first, rest.strip()


def program(name):
    """A program as its user has it: without the marks of the lines to name."""
    return COMMENT.sub("", (FOLDER / name).read_text(encoding="utf-8"))


def difference(name):
    """What the healthy twin does otherwise."""
    twin = name.replace(".py", "_twin.py")
    lines = difflib.unified_diff(program(name).splitlines(), program(twin).splitlines(), lineterm="", n=1)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))


def said(name, code, server):
    """What byhand prints about the fault, in a program without marks."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(program(name), encoding="utf-8")
        lines = server.diagnose(path).printed.splitlines()
    start = next(number for number, line in enumerate(lines) if re.match(rf"[✗○] {code}\b", line))
    ends = (number for number, line in enumerate(lines) if number > start and END.match(line))
    return "\n".join(lines[start : next(ends)]).strip()


def page(kind, server):
    """The page of a kind."""
    first, rest = told(kind)
    parts = [
        f"# {kind.code}",
        first,
        f"A finding of this kind is {'an' if kind.severity.value == 'error' else 'a'} **{kind.severity.value}**.",
        rest,
    ]
    if kind.intended:
        parts += ["## When it is meant", inspect.cleandoc(kind.intended)]
    if kind.example:
        parts += ["## A program that has it", f"```py\n{program(kind.example).strip()}\n```"]
        parts += [f"`byhand diagnose {kind.example}` says:", f"```\n{said(kind.example, kind.code, server)}\n```"]
        parts += ["What its healthy twin does otherwise:", f"```diff\n{difference(kind.example)}\n```"]
    return "\n\n".join(part for part in parts if part) + "\n"


def index():
    """The list of all kinds."""
    rows = [f"| [{code}](findings/{code}.md) | {told(kind)[0]} | {kind.severity.value} |" for code, kind in sorted(KINDS.items())]
    return HEAD.format(count=len(rows)) + "\n".join(rows) + "\n"


def pages():
    """Every page by its path in docs/."""
    server = Server()
    made = {f"findings/{code}.md": page(kind, server) for code, kind in sorted(KINDS.items())}
    server.close()
    return {"findings.md": index(), **made}


if __name__ == "__main__":
    (DOCS / "findings").mkdir(exist_ok=True)
    for old in (DOCS / "findings").glob("*.md"):
        old.unlink()
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
