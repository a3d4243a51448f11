"""What a function's own exception means, where it was raised, and what to type."""

import linecache
import traceback
from pathlib import Path

from byhand.errors import FunctionFailed
from byhand.errors.report import ByhandError
from byhand.recording.frames import outside
from byhand.words import plain

_DEVICE = ("Torch not compiled with CUDA", "No CUDA GPUs", "NVIDIA driver", "active drivers", "must be a CUDA tensor", "must be CUDA")
_TRITON = ("cannot be accessed from Triton", "Expected a cuda device", "expected device cuda", "device type cuda")

_KNOWN = (
    (
        ("implement either the backward or vjp method", "no autograd formula was registered"),
        "it has no backward: PyTorch was never told what its derivative is",
        "@staticmethod\ndef backward(ctx, grad): ...      # in the Function; for an operator: {function}.register_autograd(backward)",
    ),
    (
        (*_DEVICE, *_TRITON),
        "it needs a GPU: it was given tensors on the CPU, or there is no GPU here",
        "byhand.check({function}, x.cuda())      # on a machine with a GPU",
    ),
    (
        ("to be on the same device", "found at least two devices", "not on the expected device"),
        "its tensors are on different devices",
        "byhand.check({function}, *(x.to(device) for x in inputs))",
    ),
    (
        ("but expected shape compatible with",),
        "its backward returned a gradient that does not have the shape of the input; a dimension that was broadcast has to be summed",
        "return grad.sum_to_size(x.shape)      # in the backward, for the input that was broadcast",
    ),
    (
        ("incorrect number of gradients",),
        "its backward has to return one gradient for each input of its forward, None for those that have none",
        "return grad_x, None      # as many as forward has inputs after ctx",
    ),
)


def refused(problem: Exception, function: str, stage: str, *, spelled: str) -> ByhandError:
    """The exception as an error of ours: what happened where, and if it is a known one, what it means; `spelled` calls the function."""
    if _ours(problem):
        raise problem
    message = plain(str(problem).split("\n", 1)[0], 160)
    told = f"{type(problem).__name__}: {message}"
    for words, why, fix in _KNOWN:
        if any(word in str(problem) for word in words):
            return FunctionFailed(function, stage, told, where=place_of(problem, function), why=why, fix=fix.format(function=function))
    return FunctionFailed(function, stage, told, where=place_of(problem, function), spelled=spelled)


def _ours(problem: BaseException) -> bool:
    """Whether byhand itself raised it: that is no refusal of the function's, and must not be told as one.

    What the file that calls the function raises is the function's own, if it is not written in Python.
    """
    files = [Path(frame.f_code.co_filename) for frame, _ in traceback.walk_tb(problem.__traceback__)]
    here = Path(__file__).resolve().parent
    return bool(files) and files[-1].is_relative_to(here.parent) and files[-1] != here / "attempts.py"


def place_of(problem: BaseException, function: str) -> str:
    """The program's line that raised."""
    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(problem.__traceback__)]
    users = [(file, line) for file, line in places if outside(file) and file != "byhand.check"]
    if not users:
        return function
    file, line = users[-1]
    text = linecache.getline(file, line).strip()
    return f"{file.replace(chr(92), '/').rpartition('/')[2]}, line {line}{': ' if text else ''}{plain(text, 100)}"
