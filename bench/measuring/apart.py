"""A function in a process of its own, with a limit: what it changes in PyTorch or in the program stays there."""

import contextlib
import os
import pickle
import runpy
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from measuring.suite import Answer, Program

LIMIT = 20.0  # seconds on the clock

Method = Callable[[Program], Answer]


def apart(method: Method, program: Program, *, limit: float = LIMIT) -> Answer:
    """The answer of a method that has a forked process to itself; it is unusable there if it fails, or takes longer than the limit."""
    reading, writing = os.pipe()
    # not multiprocessing.Process: torchlens refuses to work in one
    process = os.fork()
    if not process:
        _there(method, program, writing)
    os.close(writing)
    until, told = time.monotonic() + limit, b""
    with os.fdopen(reading, "rb", buffering=0) as answers:
        while select.select([answers], [], [], max(0.0, until - time.monotonic()))[0]:
            part = answers.read(65_536)
            if not part:
                break
            told += part
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    if told:
        answer: Answer = pickle.loads(told)
        return answer
    return Answer(unusable="its process ended" if time.monotonic() < until else f"more than {limit:.0f} s")


def _there(method: Method, program: Program, answers: int) -> NoReturn:
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    try:
        answer = method(program)
    except BaseException as problem:
        answer = Answer(unusable=f"{type(problem).__name__}: {str(problem)[:200]}")
    with os.fdopen(answers, "wb") as writing:
        writing.write(pickle.dumps(answer))
    os._exit(0)


def executed(program: Program) -> tuple[BaseException | None, float]:
    """Runs a program as Python does: what ended it, if something did, and the processor's seconds."""
    sys.argv = [str(program.path)]
    sys.path.insert(0, str(program.path.parent))
    began = time.process_time()
    try:
        runpy.run_path(str(program.path), run_name="__main__")
    except SystemExit as ended:
        return (ended if ended.code else None), time.process_time() - began
    except Exception as problem:
        return problem, time.process_time() - began
    return None, time.process_time() - began


def lines_of(problem: BaseException, path: Path) -> tuple[int, ...]:
    """The lines of a program that a traceback names."""
    return tuple(frame.lineno or 0 for frame in traceback.extract_tb(problem.__traceback__) if frame.filename == str(path))


def replaced(owner: object, name: str, value: object) -> None:
    """Puts something else in the place of a part of PyTorch, in this process."""
    setattr(owner, name, value)
