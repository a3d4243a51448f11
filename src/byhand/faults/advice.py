"""What to change, for each kind of fault."""

from byhand.recording.declared import MARK
from byhand.results import Contribution, Fault, Function, Verdict
from byhand.value import Value
from byhand.words import located, multiple, plain

NAMELESS = "its input"
ADVICE = {
    Fault.NOT_FINITE: "find what divides by 0, takes a root or a logarithm of 0, or overflows on the way to {input}, and guard it",
    Fault.SIGN: "change the sign of what is returned for {input}",
    Fault.OTHER_INPUT: "return the gradients in the order of forward's parameters: what stands in the place of {input} belongs to another",
    Fault.PART: "add the part of that output to what is returned for {input}: each output has a parameter of its own in backward",
    Fault.UPSTREAM: "multiply what is returned for {input} by the upstream gradient, the parameter of backward, exactly once",
    Fault.LAYOUT: "read tensors with their strides, or call .contiguous() on the upstream gradient before its memory is read",
    Fault.OPERAND: "correct the product that is returned for {input}",
    Fault.TERM: "work the term with the sum out again: each element of {input} reaches all results of its row, so their gradients add up",
    Fault.TAIL: "let the loop or the grid cover the last tile too, if it is not full: count the tiles with (n + tile − 1) // tile",
    Fault.SLICE: "look at what backward does there: the rest of {input} is right",
    Fault.SHIFTED: "correct the index that is read or written: it is off by that many places",
    Fault.MASK: "let backward use the mask or the condition that forward used",
    Fault.STRAIGHT: "return zeros for {input}, the slope of forward; or, if it is meant, write # byhand: intended on the class line",
    Fault.STATE: "keep what backward needs on ctx (ctx.save_for_backward), not on the class or in a global: the next call overwrites it",
    Fault.OVERWRITTEN: "keep it with ctx.save_for_backward, so that PyTorch notices; and change it only after backward, or keep a clone",
    Fault.SECOND: "work the derivative inside backward, with operations that can be differentiated, from inputs kept with "
    "ctx.save_for_backward; or decorate backward with @torch.autograd.function.once_differentiable, so that asking for more is an error",
    Fault.SECOND_WRONG: "correct what backward applies to its tensors: one of its own steps has a wrong derivative",
}


def advice(each: Contribution, function: Function, parameter: str) -> str:
    """What to change in the backward of a custom Function."""
    name = f"`{parameter}`" if parameter else NAMELESS
    where = f"In {place(function)}: "
    return f"{where}{_change(each, name)}.{_remark(function)}"


def _remark(function: Function) -> str:
    """That a comment which means to declare the difference does not."""
    if not function.remark:
        return ""
    said = "must stand on the class line" if MARK.search(function.remark) else "is not understood: it must say # byhand: intended"
    return f" The comment `{plain(function.remark)}` {said}."


def place(function: Function) -> str:
    """The backward of a Function, with its line."""
    at = located(function.backward)
    return f"{plain(function.name)}.backward ({at})" if at else f"{plain(function.name)}.backward"


def _change(each: Contribution, name: str) -> str:
    fault = each.comparison.fault
    if fault is Fault.SHAPE:
        return (
            f"return a tensor of the shape of {name} itself; sum over the dimensions it was broadcast along, and do not expand after that"
        )
    if fault is Fault.FACTOR:
        return f"correct the constant in what is returned for {name}{_correction(each)}"
    if fault is Fault.OVERWRITTEN and each.comparison.verdict is Verdict.AGREES:
        return "write into a tensor of backward's own: replace operations in place (add_, mul_, out=) by those that make a new one"
    if fault is Fault.ZEROS:
        nothing = not isinstance(each.by_torch, Value)
        return f"return the gradient of {name}: {'None stands in its place' if nothing else 'nothing but zeros is returned for it'}"
    if fault is None:
        test = "; the numbers at the worst element are a case to try it with" if each.comparison.example else ""
        return f"derive what is returned for {name} again from forward: every term and factor must be there{test}"
    return ADVICE[fault].format(input=name)


def _correction(each: Contribution) -> str:
    found = each.comparison.factor
    return f": it must be multiplied by {multiple(1 / found)}" if found else ""
