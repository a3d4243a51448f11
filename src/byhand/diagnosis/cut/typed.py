"""The program's words that a finding shows: an operation as it was written, and lines with other words in it."""

import ast

import torch

from byhand.diagnosis.lineage import name_of
from byhand.diagnosis.typed import typed
from byhand.diagnosis.world import origin_of_call
from byhand.recording.calls import Call
from byhand.recording.naming import Written, written
from byhand.words import plain

SHORT = 48  # characters of an operation that is named
_MODULES = ("torch", "F", "nn", "np", "numpy", "math")


def source_of(call: Call) -> Written | None:
    """How a call was written; None if it has no place in the program."""
    return written(call.code, call.instruction) if call.code is not None else None


def operation(call: Call) -> str:
    """An operation as it was written: of a method only what follows the tensor it is called on."""
    return plain(_words(call), SHORT)


def _words(call: Call) -> str:
    place = source_of(call)
    if place is not None and name_of(call) == "__set__":
        return place.text.strip()
    if isinstance(call.function, type) and issubclass(call.function, torch.autograd.Function):
        return f"{name_of(call)}.apply(…)"
    if place is None or not place.expression:
        return str(getattr(call.function, "__name__", "an operation"))
    if call.direct and place.expression.endswith(".data"):
        return ".data"
    owner = place.receiver.text if place.receiver is not None and call.direct else ""
    return place.expression.removeprefix(owner) if _method(call, place, owner) else place.expression


def _method(call: Call, place: Written, owner: str) -> bool:
    """Whether a call is that of a tensor's method: it has the method's name, and one argument more than was written."""
    given = len(call.arguments) + len(call.keywords or {})
    return (
        bool(owner)
        and owner.partition(".")[0] not in _MODULES
        and place.expression.startswith(f"{owner}.{name_of(call)}(")
        and given == len(place.operands) + 1
    )


def without(call: Call) -> str:
    """The line of a call without the method that it calls there; "" if it cannot be told."""
    part = _words(call)
    return rewritten(call, part, "") if part.startswith(".") else ""


def rewritten(call: Call, part: str, new: str) -> str:
    """The line of a call with other words in place of a part; "" if the part is not there once, or no Python comes of it."""
    origin = origin_of_call(call)
    text = origin.text.strip() if origin is not None else ""
    return typed(text.replace(part, new, 1)) if text.count(part) == 1 else ""


def phrase(place: Written, given: str) -> str:
    """Words that stand for the whole of a call: in brackets where a sign in them could bind to what is around it."""
    tree = ast.parse(given).body if given else []
    value = tree[0].value if len(tree) == 1 and isinstance(tree[0], ast.Expr) else None
    loose = isinstance(value, ast.BinOp | ast.UnaryOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.Lambda | ast.Await)
    alone = place.text.strip().endswith((f"= {place.expression}", f"return {place.expression}"))
    return f"({given})" if loose and not alone else given
