"""Where the commands put what they found: the terminal, a file written whole or not at all, and the exit code."""

import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from byhand.display import Story, verdicts
from byhand.errors import ByhandError, NoBackward, Unwritable
from byhand.failures import explained
from byhand.faults import find
from byhand.findings import Severity
from byhand.render.text import render_text
from byhand.results import Verdict
from byhand.run import Run


def place_of(path: str) -> str:
    """The absolute path of an output, since programs change folders; "" and "-" are no files.

    Raises Unwritable before a long run whose output could not be kept.
    """
    if path in ("", "-"):
        return path
    target = Path(path).resolve()
    if not target.parent.is_dir():
        raise Unwritable(path, f"there is no folder {target.parent}")
    if target.is_dir():
        raise Unwritable(path, "it is a folder")
    if not os.access(target.parent, os.W_OK):
        raise Unwritable(path, f"the folder {target.parent} may not be written to")
    return str(target)


def write(path: str, text: str) -> None:
    """The text to the terminal ("-") or to a file, whole or not at all. Raises Unwritable."""
    if path == "-":
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        return
    target = Path(path)
    name = ""
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            name = file.name
            file.write(text)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(target)
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
    error = None
    try:
        _tell(run, wanted, width or shutil.get_terminal_size((100, 24)).columns, sys.stdout.isatty() if colour is None else colour)
    except ByhandError as found:
        error = found
    sys.stdout.flush()
    if error is not None and not (problem is not None and isinstance(error, NoBackward)):
        print(error.report(), file=sys.stderr)
    if failure is not None:
        print(f"\n{failure.report()}", file=sys.stderr)
    if isinstance(problem, SystemExit) and isinstance(problem.code, int):
        print(f"\nbyhand: the program itself ended with exit code {problem.code}", file=sys.stderr)
    return 2 if problem is not None or error is not None else verdict(run)


def verdict(run: Run) -> int:
    """1 if a gradient of any recorded pass differs or something is wrong with one, else 0."""
    wrong = any(finding.severity is Severity.ERROR for finding in find(run.passes))
    return int(wrong or any(Verdict.DIFFERS in verdicts(made) for made in run.passes))


def _tell(run: Run, wanted: Any, columns: int, colour: bool) -> None:
    if not run.passes:
        raise NoBackward(str(wanted.file))
    story = run.explain(step=wanted.step, part=wanted.part) if wanted.verb == "explain" else run.check(step=wanted.step)
    passes = [replace(made, program=str(wanted.file)) for made in run.passes]
    if wanted.json:
        write(wanted.json, Story(story.document, passes).to_json())
    if wanted.latex:
        write(wanted.latex, story.to_latex())
    if "-" not in (wanted.json, wanted.latex):
        sys.stdout.write("\n" + render_text(story.document, width=columns, colour=colour))
        others = [made.number for made in passes if Verdict.DIFFERS in verdicts(made) and made.number != story.passes[0].number]
        if others:
            told = f"{', '.join(map(str, others[:5]))}{' …' if len(others) > 5 else ''}"
            sys.stdout.write(f"\nA gradient differs in backward pass {told}: --step {others[0]} tells where.\n")
