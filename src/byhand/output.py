"""Where the commands put what they found: the terminal, a file written whole or not at all, and the exit code."""

import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from byhand.display import Story, verdicts
from byhand.errors import ByhandError, NoBackward, Unwritable
from byhand.failures import explained
from byhand.faults import find
from byhand.findings import Severity
from byhand.render.text import render_text
from byhand.results import Verdict
from byhand.run import Run
from byhand.wanted import TERMINAL, Wanted


def place_of(path: str) -> str:
    """The absolute path of an output, since programs change folders; "" and "-" are no files.

    Raises Unwritable before a long run whose output could not be kept.
    """
    if path in ("", TERMINAL):
        return path
    target = Path(path).resolve()
    if not target.parent.is_dir():
        raise Unwritable(path, f"there is no folder {target.parent}")
    if target.is_dir():
        raise Unwritable(path, "it is a folder")
    if not os.access(target.parent, os.W_OK):
        raise Unwritable(path, f"the folder {target.parent} may not be written to")
    return str(target)


def write(path: str, content: str | bytes) -> None:
    """The content to the terminal ("-") or to a file, whole or not at all. Raises Unwritable."""
    if path == TERMINAL:
        _show(content)
        return
    target = Path(path)
    name = ""
    try:
        with tempfile.NamedTemporaryFile("wb", dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            name = file.name
            file.write(content.encode(errors="backslashreplace") if isinstance(content, str) else content)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(target)
    except OSError as problem:
        if name:
            Path(name).unlink(missing_ok=True)
        raise Unwritable(path, problem.strerror or str(problem)) from None


def _show(content: str | bytes) -> None:
    """The content on the terminal as it would stand in the file: in UTF-8, whatever the terminal's own encoding."""
    stream = getattr(sys.stdout, "buffer", None)
    if isinstance(content, str):
        content = content if content.endswith("\n") else content + "\n"
        if stream is None:
            sys.stdout.write(content)
            return
        content = content.encode(errors="backslashreplace")
    if stream is None:
        raise Unwritable(TERMINAL, "from a notebook's kernel comes text only")
    sys.stdout.flush()
    stream.write(content)
    stream.flush()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def deliver(run: Run, wanted: Wanted, problem: BaseException | None, *, width: int | None = None, colour: bool | None = None) -> int:
    """Show or write the story of a finished run; 0, 1 if something differs, 2 if the program failed or made no backward pass."""
    told = run.conclude(problem) and wanted.verb == "diagnose"
    failure = explained(problem) if problem is not None and not told else None
    errors: list[ByhandError] = []
    try:
        story = _story(run, wanted)
        errors += _write_all(story, run, wanted)
        if not wanted.to_terminal:
            _print(
                story, run, wanted, width or shutil.get_terminal_size((100, 24)).columns, sys.stdout.isatty() if colour is None else colour
            )
    except ByhandError as found:
        errors.append(found)
    sys.stdout.flush()
    for error in errors:
        if not (problem is not None and isinstance(error, NoBackward)):
            print(error.report(), file=sys.stderr)
    if failure is not None and not _told(run, wanted):
        print(f"\n{failure.report()}", file=sys.stderr)
    if isinstance(problem, SystemExit) and isinstance(problem.code, int):
        print(f"\nbyhand: the program itself ended with exit code {problem.code}", file=sys.stderr)
    return 2 if problem is not None or errors else verdict(run, wanted)


def _told(run: Run, wanted: Wanted) -> bool:
    """Whether a diagnosis has told what went wrong, so that the explanation of the exception alone would say it twice."""
    return wanted.verb == "diagnose" and any(finding.severity is Severity.ERROR for finding in run.findings)


def verdict(run: Run, wanted: Wanted) -> int:
    """1 if a gradient of any recorded pass differs or something is wrong with one, else 0."""
    findings = run.findings if wanted.verb == "diagnose" else find(run.passes)
    wrong = any(finding.severity is Severity.ERROR for finding in findings)
    if wanted.verb == "diagnose":
        return int(wrong)
    return int(wrong or any(Verdict.DIFFERS in verdicts(made) for made in run.passes))


def _story(run: Run, wanted: Wanted) -> Story:
    if wanted.verb == "diagnose":
        return run.diagnose(str(wanted.file))
    if not run.passes:
        raise NoBackward(str(wanted.file))
    return run.explain(step=wanted.step, part=wanted.part) if wanted.verb == "explain" else run.check(step=wanted.step)


def _print(story: Story, run: Run, wanted: Wanted, columns: int, colour: bool) -> None:
    text = "\n" + render_text(story.document, width=columns, colour=colour)
    others = [made.number for made in run.passes if Verdict.DIFFERS in verdicts(made) and made.number != story.passes[0].number]
    if others and wanted.verb != "diagnose":
        told = f"{', '.join(map(str, others[:5]))}{' …' if len(others) > 5 else ''}"
        text += f"\nA gradient differs in backward pass {told}: --step {others[0]} tells where.\n"
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, errors="backslashreplace").decode(encoding))


def _write_all(story: Story, run: Run, wanted: Wanted) -> list[ByhandError]:
    """Every file that was asked for; the errors of those that could not be made, so that none takes another with it."""
    errors: list[ByhandError] = []
    for name, path in wanted.outputs.items():
        if path:
            try:
                write(path, _content(name, story, run, wanted))
            except ByhandError as error:
                errors.append(error)
    return errors


def _content(name: str, story: Story, run: Run, wanted: Wanted) -> str | bytes:
    if name == "json":
        passes = [replace(made, program=str(wanted.file)) for made in run.passes]
        return Story(story.document, passes, findings=story.findings if wanted.verb == "diagnose" else None).to_json()
    made: str | bytes = getattr(story, f"to_{name}")()
    return made
