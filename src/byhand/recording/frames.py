"""The user's own frames on the stack: neither PyTorch's, nor ours, nor those of Python itself or of the shell around it."""

import importlib.util
import sysconfig
from pathlib import Path
from typing import Any

_LIBRARY = tuple(f"{sysconfig.get_path(name)}/" for name in ("stdlib", "platstdlib"))
_PACKAGES = ("/site-packages/", "/dist-packages/")
_SHELLS = ("IPython", "ipykernel", "_pytest", "pluggy", "nbclient", "tornado", "traitlets", "xdist", "execnet", "marimo")
_OURS = f"{Path(__file__).resolve().parent.parent}/"
_outside: dict[str, bool] = {}


def _folder_of_torch() -> str:
    found = importlib.util.find_spec("torch")
    return f"{Path(found.origin).parent}/" if found is not None and found.origin else _OURS


_INSIDE = (_folder_of_torch(), _OURS)


def standard_library(file: str) -> bool:
    """Whether a file is machinery of Python itself: contextlib, functools, threading and the like."""
    return file.startswith("<frozen ") or (file.startswith(_LIBRARY) and not any(folder in file for folder in _PACKAGES))


def outside(file: str) -> bool:
    """Whether a file is the user's, or that of a library that is neither PyTorch, nor ours, nor machinery; asked once for each file."""
    try:
        return _outside[file]
    except KeyError:
        shell = any(f"{folder}{package}/" in file for folder in _PACKAGES for package in _SHELLS)
        return _outside.setdefault(file, not (standard_library(file) or shell or file.startswith(_INSIDE)))


def user_frame(frame: Any) -> tuple[Any, Any]:
    """The innermost frame that is the user's, and the frame it called; either is None if there is none."""
    inner = None
    while frame is not None:
        if outside(frame.f_code.co_filename):
            return frame, inner
        inner, frame = frame, frame.f_back
    return None, inner
