"""Where the commands put what they found: the terminal, a file written whole or not at all, and the exit code."""

import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from byhand.display import Story
from byhand.errors import ByhandError, NoBackward, Unwritable
from byhand.failures import explained
from byhand.render.text import render_text
from byhand.run import Run


def refuse_unwritable(path: str) -> None:
    """Raise Unwritable before a long run whose output could not be kept; "" and "-" are no files."""
    if path in ("", "-"):
        return
    folder = Path(path).resolve().parent
    if not folder.is_dir():
        raise Unwritable(path, f"there is no folder {folder}")
    if Path(path).is_dir():
        raise Unwritable(path, "it is a folder")
    if not os.access(folder, os.W_OK):
        raise Unwritable(path, f"the folder {folder} may not be written to")


def write(path: str, text: str) -> None:
    """The text to the terminal ("-") or to a file, whole or not at all. Raises Unwritable."""
    if path == "-":
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        return
    target = Path(path).resolve()
    name = ""
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            name = file.name
            file.write(text)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    except OSError as problem:
        if name:
            Path(name).unlink(missing_ok=True)
        raise Unwritable(path, problem.strerror or str(problem)) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def deliver(run: Run, wanted: Any, problem: BaseException | None, *, width: int | None = None, colour: bool | None = None) -> int:
    """Show or write the story of a finished run; 0, 1 if something differs, 2 if the program failed or made no backward pass."""
    failure = explained(problem) if problem is not None else None
    try:
        if not run.passes:
            raise NoBackward(str(wanted.file))
        story = run.explain(step=wanted.step, part=wanted.part) if wanted.verb == "explain" else run.check(step=wanted.step)
        every = Story(story.document, [replace(made, program=str(wanted.file)) for made in run.passes])
        if wanted.json:
            write(wanted.json, every.to_json())
        if wanted.latex:
            write(wanted.latex, story.to_latex())
        if "-" not in (wanted.json, wanted.latex):
            columns = width or shutil.get_terminal_size((100, 24)).columns
            sys.stdout.write(render_text(story.document, width=columns, colour=sys.stdout.isatty() if colour is None else colour))
    except ByhandError as error:
        if problem is None or not isinstance(error, NoBackward):
            print(error.report(), file=sys.stderr)
        if failure is not None:
            print(f"\n{failure.report()}", file=sys.stderr)
        return 2
    if failure is not None:
        print(f"\n{failure.report()}", file=sys.stderr)
    if problem is not None:
        return 2
    return 1 if every.differs else 0
