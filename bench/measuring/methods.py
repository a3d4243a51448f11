"""Ways of finding what is wrong with the gradients of a program, each for itself: PyTorch's exceptions, byhand, anomaly mode, gradcheck."""

import contextlib
import importlib
import inspect
import json
import pkgutil
import re
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

import byhand
from measuring.apart import executed, lines_of, replaced
from measuring.suite import ANY, Answer, Program, Saying

MANY = 4_096  # elements; the slow gradcheck measures a Jacobian of this number squared
RULES = ("wrong-gradient", "wrong-gradient-shape", "second-derivative-lost", "saved-tensor-overwritten")


def warmed() -> None:
    """Everything is imported that a method or a program would import at its first use: a process of its own would pay for it each time."""
    for module in pkgutil.walk_packages(byhand.__path__, "byhand."):
        if not module.name.endswith("__main__"):
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)
    layer = torch.nn.Linear(2, 2)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()


def plain(program: Program) -> Answer:
    """The program by itself: PyTorch's own exception, if it raises one, and the lines of its traceback."""
    problem, seconds = executed(program)
    return Answer(() if problem is None else (Saying((ANY,), lines_of(problem, program.path)),), seconds)


def diagnosed(program: Program) -> Answer:
    """What `byhand diagnose` says."""
    from byhand.command import main

    with tempfile.TemporaryDirectory() as place:
        told = Path(place) / "told.json"
        began = time.process_time()
        main(["diagnose", str(program.path), "--json", str(told)])
        seconds = time.process_time() - began
        findings = json.loads(told.read_text("utf-8"))["findings"]
    return Answer(tuple(map(_said, findings)), seconds)


def _said(finding: dict[str, Any]) -> Saying:
    where = finding["where"]
    return Saying((finding["code"],), (where["line"],) if where else (), finding["severity"] != "note")


def anomalous(program: Program) -> Answer:
    """What `torch.autograd.detect_anomaly` says: that it raises, and the lines of the forward that it names, or else of the traceback."""
    warned: list[str] = []
    warnings.showwarning = lambda message, *_, **__: warned.append(str(message))
    warnings.simplefilter("always")
    with torch.autograd.detect_anomaly():
        problem, seconds = executed(program)
    if problem is None:
        return Answer((), seconds)
    named = [int(line) for text in warned for line in re.findall(rf'File "{re.escape(str(program.path))}", line (\d+)', text)]
    return Answer((Saying((ANY,), tuple(named) or lines_of(problem, program.path)),), seconds)


def gradchecked(program: Program) -> Answer:
    """What gradcheck says of each `autograd.Function` of the program, at the inputs it first had, in float64.

    So does gradgradcheck, where the program differentiates twice. They name a function; each line of its class counts as named.
    """
    called: dict[Any, list[Any]] = {}
    text = program.path.read_text("utf-8")
    if "Function" not in text:
        return Answer(unusable="no autograd.Function in the program")
    original = torch.autograd.Function.__dict__["apply"]

    def apply(cls: Any, *args: Any) -> Any:
        if cls.__module__ == "__main__":
            called.setdefault(cls, [each.detach().clone() if isinstance(each, Tensor) else each for each in args])
        return original.__get__(None, cls)(*args)

    replaced(torch.autograd.Function, "apply", classmethod(apply))
    seconds = executed(program)[1]
    replaced(torch.autograd.Function, "apply", original)
    if not called:
        return Answer(unusable="no autograd.Function was called")
    began = time.process_time()
    sayings = [
        Saying(RULES, _lines_of_class(cls, program.path)) for cls, args in called.items() if _fails(cls, args, twice="create_graph" in text)
    ]
    return Answer(tuple(sayings), seconds + time.process_time() - began)


def _fails(cls: Any, args: list[Any], *, twice: bool) -> bool:
    given = tuple(each.double().requires_grad_() if isinstance(each, Tensor) and each.is_floating_point() else each for each in args)
    fast = sum(each.numel() for each in given if isinstance(each, Tensor) and each.requires_grad) > MANY
    checks = (gradcheck, gradgradcheck) if twice else (gradcheck,)
    try:
        return not all(check(cls.apply, given, raise_exception=False, fast_mode=fast) for check in checks)
    except RuntimeError:
        return True


def _lines_of_class(cls: Any, path: Path) -> tuple[int, ...]:
    text = path.read_text("utf-8").splitlines()
    found = [number for number, line in enumerate(text) if re.match(rf"\s*class {cls.__name__}\b", line)]
    if not found:
        return ()
    return tuple(range(found[0] + 1, found[0] + 1 + len(inspect.getblock([line + "\n" for line in text[found[0] :]]))))


METHODS: dict[str, Callable[[Program], Answer]] = {
    "the exception alone": plain,
    "`byhand diagnose`": diagnosed,
    "`detect_anomaly`": anomalous,
    "`gradcheck`": gradchecked,
}
