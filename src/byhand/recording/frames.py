"""The user's own frames on the stack: neither PyTorch's, nor ours, nor those of the standard library."""

import sysconfig
from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType, FrameType

_LIBRARY = tuple(f"{sysconfig.get_path(name)}/" for name in ("stdlib", "platstdlib"))
_PACKAGES = ("/site-packages/", "/dist-packages/")


def standard_library(file: str) -> bool:
    """Whether a file is machinery of Python itself: contextlib, functools, threading and the like."""
    return file.startswith("<frozen ") or (file.startswith(_LIBRARY) and not any(folder in file for folder in _PACKAGES))


def user_frame(frame: FrameType | None, inside: Callable[[str], bool]) -> FrameType | None:
    """The innermost frame whose file is not inside, asked once for each file; None if there is none."""
    while frame is not None and _asked(inside, frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def user_stack(frame: FrameType | None, inside: Callable[[str], bool]) -> Iterator[tuple[CodeType, int]]:
    """The code and instruction of every frame whose file is not inside, innermost first."""
    while (frame := user_frame(frame, inside)) is not None:
        yield frame.f_code, frame.f_lasti
        frame = frame.f_back


@cache
def _asked(inside: Callable[[str], bool], file: str) -> bool:
    return inside(file)
