"""Says what to type where a gradient is lost, for each cause; what is shown as code is the program's own, whole, and can be typed."""

import ast
from contextlib import suppress

import torch

from byhand.diagnosis.cut.typed import SHORT, operation, phrase, rewritten, source_of, without
from byhand.diagnosis.lineage import name_of
from byhand.diagnosis.typed import typed
from byhand.diagnosis.world import origin_of_call
from byhand.graph import Origin
from byhand.recording.calls import Call
from byhand.recording.naming import Written
from byhand.words import plain

SWITCHES = ("no_grad", "set_grad_enabled", "inference_mode")
_PYTHON = frozenset({"__float__", "__int__", "__index__", "__complex__"})
_GENERAL = {
    "detach": "Take the detach {line} out of this path.",
    "data": "Do not write through .data {line}: write into the tensor itself, or build a new one with torch.cat, torch.stack or"
    " torch.where.",
    "item": "Keep the tensor instead of the Python number {line}.",
    "numpy": "Do the work between `{operation}` and the way back with PyTorch's functions, which know their derivatives; or write a"
    " torch.autograd.Function with a backward.",
    "integer": "Keep real numbers {line}: a softmax in place of argmax, or the rounded value with the gradient of the unrounded one,"
    " `x + (rounded - x).detach()`.",
    "zero-gradient-op": "Put a smooth function in place of `{operation}` {line}: torch.sigmoid((x - t) / width) for a comparison, or keep"
    " the gradient of the input, `x + (step(x) - x).detach()`.",
    "non-differentiable": "Return this value {line} with a gradient: compute it by differentiable operations, or leave out"
    " mark_non_differentiable and give its gradient in backward.",
}


def advice(cause: str, call: Call, off: Origin | None) -> str:
    """What to type instead, with the program's own words."""
    line = _at(origin_of_call(call))
    if cause == "rewrap":
        return _restacked(call, line)
    if cause == "no-grad":
        return _switched_on(call, line, off)
    if cause == "parameter-in-forward":
        return _kept(call, line)
    new = without(call) if cause in ("detach", "data", "item") else ""
    if new:
        return f"Write `{new}` {line}, without `{operation(call)}`."
    if cause == "item" and name_of(call) in _PYTHON and (number := _tensor_of(call)):
        return f"{number} {line}: the result stays a tensor."
    return _GENERAL[cause].format(line=line, operation=operation(call))


def _at(origin: Origin | None) -> str:
    return f"at line {origin.line}" if origin is not None else "there"


def _tensor_of(call: Call) -> str:
    """What to write for `float(x)`, and for a function of Python's that PyTorch has too; "" if it is none of these."""
    place = source_of(call)
    function, _, rest = place.expression.partition("(") if place is not None else ("", "", "")
    if place is None or not rest or len(place.operands) != 1 or not typed(place.expression):
        return ""
    given, name = typed(place.operands[0].text), function.rpartition(".")[2]
    if function in ("float", "int", "complex"):
        new = phrase(place, given)
    elif function in (name, f"math.{name}", f"cmath.{name}") and callable(getattr(torch, name, None)):
        new = f"torch.{name}({given})"
    else:
        return ""
    return f"Write `{new}` in place of `{typed(place.expression)}`" if given and new else ""


def _restacked(call: Call, line: str) -> str:
    """What to write for a tensor that was made of others' numbers."""
    place = source_of(call)
    given = typed(place.operands[0].text) if place is not None and place.operands else ""
    if place is None or not given:
        return f"Use torch.stack or the tensors themselves {line}; a new tensor made of their numbers has no history."
    many = given.startswith("[") or name_of(call) in _PYTHON or (bool(call.arguments) and isinstance(call.arguments[0], list))
    new = f"torch.stack({given})" if many else phrase(place, given)
    whole = rewritten(call, place.expression, new) or new
    if many:
        return f"Write `{whole}` {line}, which keeps the graph; {_constructor(place)} copies the numbers alone."
    return f"Write `{whole}` {line}: it is a tensor already, and a new one made of its numbers has no history."


def _constructor(place: Written) -> str:
    return plain(place.expression.partition("(")[0], SHORT)


def _kept(call: Call, line: str) -> str:
    """What to write for a parameter that is made of a computed tensor."""
    place = source_of(call)
    given = typed(place.operands[0].text) if place is not None and place.operands else ""
    if place is None or not given:
        return f"Use the computed tensor itself {line}: parameters belong in __init__, and what is computed of them is none."
    target = place.target if isinstance(place.target, str) else ""
    if "." not in target:
        new = rewritten(call, place.expression, phrase(place, given))
        return f"Write `{new or given}` {line}: parameters belong in __init__, and what is computed of them is none."
    owner, _, name = target.rpartition(".")
    call_it = (
        f"use `{name}` where the forward pass reads `{target}`"
        if owner == "self"
        else f'call `torch.func.functional_call({owner}, {{"{name}": {name}}}, x)` in place of `{owner}(x)`'
    )
    return f"Write `{name} = {given}` {line}, and {call_it}: a module takes no computed tensor as its parameter."


def _switched_on(call: Call, line: str, off: Origin | None) -> str:
    place = source_of(call)
    words = typed(place.expression) if place is not None else ""
    if _sampled(words) and (off is None or _at(off) == line):
        new = ".rsample(".join(words.rsplit(".sample(", 1))
        return (
            f"Write `{new}` {line}: sample() of torch.distributions switches grad mode off, rsample() keeps the graph. A distribution "
            f"without rsample, as Categorical, needs log_prob of the sample in the loss instead."
        )
    if off is None:
        return f"Take the computation {line} out of torch.no_grad() or torch.inference_mode()."
    if "set_grad_enabled" in off.text:
        return _enabled(off)
    if _at(off) == line and any(each in off.text for each in SWITCHES):
        return f"Leave out what switches grad mode off {line}, in `{typed(off.text) or plain(off.text, SHORT)}`."
    if any(each in off.text for each in SWITCHES):
        return f"Take the computation {line} out of `{typed(off.text) or 'the block'}` (line {off.line})."
    return f"Take the computation {line} out of the function that switches grad mode off, called at line {off.line}."


def _sampled(words: str) -> bool:
    """Whether what was written ends in a call of `.sample(...)`."""
    tree = ast.parse(words).body if words else []
    last = tree[0].value if tree and isinstance(tree[0], ast.Expr) else None
    return isinstance(last, ast.Call) and isinstance(last.func, ast.Attribute) and last.func.attr == "sample"


def _enabled(off: Origin) -> str:
    """What to write for `set_grad_enabled`, which was given False."""
    given = ""
    with suppress(SyntaxError):
        body = f"{off.text.strip()} pass" if off.text.strip().endswith(":") else off.text.strip()
        found = (each for each in ast.walk(ast.parse(body)) if isinstance(each, ast.Call) and "set_grad_enabled" in ast.unparse(each.func))
        given = next((ast.get_source_segment(body, each.args[0]) or "" for each in found if each.args), "")
    if given and given != "False":
        return f"See to it that `{given}` at line {off.line} is True where the loss is worked that is to be trained on: here it was False."
    return (
        f"Put `with torch.no_grad():` around what needs no gradient in place of set_grad_enabled(False) at line {off.line}; or call "
        f"`torch.set_grad_enabled(True)` before the loss is worked."
    )
