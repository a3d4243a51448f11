"""Runs someone's program under a recording: a script in this process, unmodified, as Python itself would run it."""

import difflib
import os
import runpy
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from byhand.errors import NoSuchFile, NotAProgram
from byhand.run import Run

_OURS = str(Path(__file__).resolve().parent)


def source_of(path: Path) -> bytes:
    """The file's content. Raises NoSuchFile with what may have been meant."""
    try:
        return path.read_bytes()
    except IsADirectoryError:
        raise NotAProgram(str(path), "it is a folder") from None
    except FileNotFoundError:
        folder = path.parent
        names = [each.name for each in folder.iterdir() if each.suffix in (".py", ".ipynb")] if folder.is_dir() else []
        raise NoSuchFile(str(path), [str(folder / name) for name in difflib.get_close_matches(path.name, names, 3, 0.7)]) from None
    except OSError as problem:
        raise NotAProgram(str(path), problem.strerror or str(problem)) from None


def refuse_no_program(path: Path) -> None:
    """Raise NotAProgram unless the file is Python that compiles."""
    content = source_of(path)
    try:
        compile(content, str(path), "exec", dont_inherit=True)
    except SyntaxError as problem:
        raise NotAProgram(str(path), f"line {problem.lineno}: {problem.msg}") from None
    except ValueError as problem:
        raise NotAProgram(str(path), str(problem)) from None


def run_script(path: Path, arguments: Sequence[str], run: Run) -> BaseException | None:
    """Run the script as `python PATH ARGUMENTS` would, recorded; the exception that ended it, or None.

    Its traceback is shown on the error stream as Python shows it, without our frames.
    """
    with _as_main(path, arguments):
        run.start()
        try:
            runpy.run_path(str(path), run_name="__main__")
        except SystemExit as ended:
            return ended if ended.code not in (None, 0) else None
        except BaseException as problem:
            show_failure(problem, path)
            return problem
        finally:
            run.stop()
            sys.stdout.flush()
    return None


def show_failure(problem: BaseException, path: Path) -> None:
    """The program's own traceback, from its first frame on; the frames in between that are ours are left out."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != str(path):
        trace = trace.tb_next
    told = traceback.TracebackException(type(problem), problem, trace or problem.__traceback__)
    sys.stderr.write("".join(_without_ours(told).format()))


def _without_ours(told: traceback.TracebackException) -> traceback.TracebackException:
    part: traceback.TracebackException | None = told
    while part is not None:
        part.stack = traceback.StackSummary.from_list([frame for frame in part.stack if not frame.filename.startswith(_OURS)])
        part = part.__cause__ or part.__context__
    return told


@contextmanager
def _as_main(path: Path, arguments: Sequence[str]) -> Iterator[None]:
    argv, search = sys.argv, sys.path[:]
    sys.argv = [str(path), *arguments]
    sys.path.insert(0, str(path.resolve().parent))
    try:
        yield
    finally:
        sys.argv, sys.path[:] = argv, search


@contextmanager
def output_aside() -> Iterator[int]:
    """While it lasts, what the program prints goes to the error stream; gives the descriptor of the real output."""
    sys.stdout.flush()
    real = os.dup(1)
    os.dup2(2, 1)
    try:
        yield real
    finally:
        sys.stdout.flush()
        os.dup2(real, 1)
        os.close(real)
