"""Runs someone's program under a recording: a script in this process, unmodified, as Python itself would run it."""

import builtins
import difflib
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from byhand.errors import NoSuchFile, NotAProgram
from byhand.run import Run
from byhand.session import Enough
from byhand.wanted import Wanted

JUDGED = 2  # passes of each place that calls backward which a diagnosis works by hand
_OURS = str(Path(__file__).resolve().parent) + os.sep


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


def compiled(path: Path) -> CodeType:
    """The script, ready to run. Raises NoSuchFile, and NotAProgram unless it is Python."""
    content = source_of(path)
    try:
        return compile(content, str(path.absolute()), "exec", dont_inherit=True)
    except SyntaxError as problem:
        place = f"line {problem.lineno}: " if problem.lineno else ""
        raise NotAProgram(str(path), f"{place}{problem.msg}", fix=f"python -m py_compile {path}      # shows the place") from None
    except ValueError as problem:
        raise NotAProgram(str(path), str(problem)) from None


def commanded(wanted: Wanted) -> Run:
    """The recording that a command makes: a diagnosis works the first passes of each place by hand, the others work them all."""
    if wanted.verb != "diagnose":
        return Run(diagnose=False)
    run = Run(judged=JUDGED)
    run.session.most = wanted.steps
    return run


def run_script(path: Path, code: CodeType, arguments: Sequence[str], run: Run) -> BaseException | None:
    """Run the script's code as `python PATH ARGUMENTS` would, recorded; the exception that ended it, or None.

    Its traceback, or the message of its sys.exit, is shown on the error stream as Python shows it, without our frames.
    """
    with _as_main(path, arguments) as module:
        run.start()
        try:
            exec(code, module.__dict__)
        except Enough:
            return None
        except SystemExit as ended:
            if isinstance(ended.code, int | None):
                return ended if ended.code else None
            print(ended.code, file=sys.stderr)
            return ended
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
    while trace is not None and trace.tb_frame.f_code.co_filename != str(path.absolute()):
        trace = trace.tb_next
    if sys.excepthook is not sys.__excepthook__:
        sys.excepthook(type(problem), problem, trace)
        return
    told = traceback.TracebackException(type(problem), problem, trace or problem.__traceback__)
    _leave_out_ours(told)
    sys.stderr.write("".join(told.format()))


def _leave_out_ours(told: traceback.TracebackException) -> None:
    waiting = [told]
    while waiting:
        part = waiting.pop()
        part.stack = traceback.StackSummary.from_list(_of_program(part.stack))
        waiting += [each for each in (part.__cause__, part.__context__, *(part.exceptions or ())) if each is not None]


def _of_program(stack: Sequence[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    kept: list[traceback.FrameSummary] = []
    for frame in stack:
        if not frame.filename.startswith(_OURS):
            kept.append(frame)
        elif kept and kept[-1].name == "handle_torch_function":
            # PyTorch's function went a detour to come to us, and is called again after us
            del kept[-2:]
    return kept


@contextmanager
def _as_main(path: Path, arguments: Sequence[str]) -> Iterator[ModuleType]:
    """The module that the program is, with all that it finds when Python starts it, and may change; afterwards it is put back."""
    argv, search, streams, hook = sys.argv, sys.path[:], (sys.stdout, sys.stderr), sys.excepthook
    module, ours = ModuleType("__main__"), sys.modules["__main__"]
    file = str(path.absolute())
    vars(module).update(__file__=file, __cached__=None, __builtins__=builtins, __loader__=SourceFileLoader("__main__", file))
    sys.modules["__main__"] = module
    sys.argv = [str(path), *arguments]
    sys.path.insert(0, str(path.resolve().parent))
    try:
        yield module
    finally:
        sys.modules["__main__"] = ours
        sys.argv, sys.path[:], (sys.stdout, sys.stderr), sys.excepthook = argv, search, streams, hook


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
