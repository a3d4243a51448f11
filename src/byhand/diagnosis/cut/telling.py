"""Says where a gradient is lost: the chain from the weight to the cut, the operation, and what to write instead."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from byhand.diagnosis.cut.causes import switch_before
from byhand.diagnosis.cut.search import Path
from byhand.diagnosis.lineage import Lineage, name_of
from byhand.diagnosis.world import origin_of_call
from byhand.graph import Origin
from byhand.recording.calls import Call
from byhand.recording.naming import Written, written
from byhand.words import located, plain

SHOWN = 5  # calls of a chain that are shown
_SWITCHES = ("no_grad", "set_grad_enabled", "inference_mode")
SHORT = 48  # characters of an operation in a chain


@dataclass(frozen=True, slots=True)
class Told:
    """One cut in words: nothing of it holds anything of the program."""

    cause: str
    where: Origin | None
    chain: str
    operation: str
    fix: str
    again: str = ""
    off: Origin | None = None
    certain: bool = True


def told(lineage: Lineage, path: Path, leaf: str, root: str) -> Told:
    """A path in words, from the leaf to the root."""
    calls = [lineage.calls[number] for number in path.calls]
    last = calls[-1]
    off = (
        origin_of_call(lineage.calls[switch])
        if path.cause == "no-grad" and (switch := switch_before(lineage.calls, path.calls[-1])) >= 0
        else None
    )
    return Told(
        path.cause,
        _switch(off) or origin_of_call(last),
        f"{' → '.join(_steps(leaf, calls))} ✂ → {root}",
        operation(last),
        advice(path.cause, last, off),
        located(origin_of_call(lineage.calls[path.again])) if path.again >= 0 else "",
        off,
        path.certain,
    )


def _switch(off: Origin | None) -> Origin | None:
    """Where grad mode was switched off, if that is the line that says so, and not one that calls a decorated function."""
    return off if off is not None and any(word in off.text for word in _SWITCHES) else None


def _steps(leaf: str, calls: Sequence[Call]) -> list[str]:
    """The leaf, and what each call gave, without those that are part of the one before."""
    places = list(dict.fromkeys((call.code, call.instruction) for call in calls[:-1] if call.code is not None))
    places = [place for place in places if place != (calls[-1].code, calls[-1].instruction)]
    made = [_result(written(code, instruction)) for code, instruction in places]
    shown = made if len(made) <= SHOWN else [*made[: SHOWN // 2], "…", *made[len(made) - SHOWN + SHOWN // 2 :]]
    return [leaf, *shown, f"{operation(calls[-1])}{_at(origin_of_call(calls[-1]))}"]


def _result(place: Written) -> str:
    label = place.target if isinstance(place.target, str) and not place.each else place.expression
    return f"{plain(label, SHORT) or 'an operation'} (line {place.line})"


def _at(origin: Origin | None) -> str:
    return f" (line {origin.line})" if origin is not None else ""


def operation(call: Call) -> str:
    """An operation as it was written: of a method only what follows the tensor it is called on."""
    place = written(call.code, call.instruction) if call.code is not None else None
    if place is not None and name_of(call) == "__set__":
        return plain(place.text.strip(), SHORT)
    if isinstance(call.function, type) and issubclass(call.function, torch.autograd.Function):
        return f"{name_of(call)}.apply(…)"
    if place is None or not place.expression or not call.direct:
        return (
            plain(place.expression, SHORT)
            if place is not None and place.expression
            else f"{getattr(call.function, '__name__', 'an operation')}"
        )
    owner = place.receiver.text if place.receiver is not None else ""
    method = owner and owner not in ("torch", "F", "nn", "np", "nn.functional", "torch.nn.functional")
    short = place.expression.removeprefix(owner) if method and place.expression.startswith(f"{owner}.") else place.expression
    if place.expression.endswith(".data"):
        short = ".data"
    return plain(short, SHORT)


def without(call: Call) -> str:
    """The line of a call without the method that it calls there; "" if it cannot be told."""
    origin = origin_of_call(call)
    text, part = (origin.text.strip() if origin is not None else ""), operation(call)
    return plain(text.replace(part, "", 1), 100) if part.startswith(".") and text.count(part) == 1 else ""


ADVICE = {
    "detach": "Take the detach {line} out of this path.",
    "data": "Do not write through .data {line}: write into the tensor itself, or build a new one with torch.cat, torch.stack or"
    " torch.where.",
    "item": "Keep the tensor instead of the Python number {line}.",
    "numpy": "Do the work between `{operation}` and the way back with PyTorch's functions, which know their derivatives; or write a"
    " torch.autograd.Function with a backward.",
    "parameter-in-forward": "Use the computed tensor itself {line}, without `{function}(…)`: parameters belong in __init__, and what is"
    " computed of them is none.",
    "integer": "Keep real numbers {line}: a softmax in place of argmax, or the rounded value with the gradient of the unrounded one,"
    " `x + (rounded - x).detach()`.",
    "zero-gradient-op": "Put a smooth function in place of `{operation}` {line}: torch.sigmoid((x - t) / width) for a comparison, or keep"
    " the gradient of the input, `x + (step(x) - x).detach()`.",
    "non-differentiable": "Return this value {line} with a gradient: compute it by differentiable operations, or leave out"
    " mark_non_differentiable and give its gradient in backward.",
}
"""What to type instead, for each cause."""


def advice(cause: str, call: Call, off: Origin | None) -> str:
    """What to type instead, with the program's own words."""
    line = _at(origin_of_call(call)).strip(" ()")
    line, rewritten, text = f"at {line}" if line else "there", without(call), operation(call)
    if cause in ("detach", "data", "item") and rewritten:
        return f"Write `{rewritten}` {line}, without `{text}`."
    if cause == "rewrap":
        return _restacked(call, line)
    if cause == "no-grad":
        return _switched_on(line, off)
    return ADVICE[cause].format(line=line, operation=text, function=plain(text.partition("(")[0], SHORT))


def _switched_on(line: str, off: Origin | None) -> str:
    if off is None:
        return f"Take the computation {line} out of torch.no_grad() or torch.inference_mode()."
    if "set_grad_enabled" in off.text:
        text = plain(off.text.strip(), SHORT)
        return f"Keep grad mode on for what is to be trained: `{text}` at line {off.line}; `with torch.no_grad():` ends by itself."
    return f"Take the computation {line} out of the block or function that switches grad mode off, entered at line {off.line}."


def _restacked(call: Call, line: str) -> str:
    place = written(call.code, call.instruction) if call.code is not None else None
    given = place.operands[0].text if place is not None and place.operands else ""
    if given.startswith("["):
        return f"Write `torch.stack({plain(given, SHORT)})` {line}, which keeps the graph; torch.tensor copies the numbers alone."
    if given:
        return f"Use `{plain(given, SHORT)}` itself {line}; it is a tensor already, and a new one made of its numbers has no history."
    return f"Use torch.stack or the tensors themselves {line}; a new tensor made of their numbers has no history."
