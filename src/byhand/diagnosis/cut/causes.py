"""What a call does to the way of a gradient that ends in it."""

from collections.abc import Sequence

import torch

from byhand.diagnosis.lineage import Lineage, given, is_data_read, name_of, tensors, writes
from byhand.recording.calls import UNKNOWN, Call, Left, Needing, Returned
from byhand.recording.naming import written

ZERO = "zero-gradient-op"  # no cause of a cut, but a fault of its own
COMPARISONS = frozenset(
    (
        *("gt", "lt", "ge", "le", "eq", "ne", "greater", "less", "greater_equal", "less_equal", "not_equal", "isclose", "signbit"),
        *(
            "__gt__",
            "__lt__",
            "__ge__",
            "__le__",
            "__eq__",
            "__ne__",
            "logical_and",
            "logical_or",
            "logical_xor",
            "logical_not",
            "heaviside",
        ),
    )
)
STEPS = frozenset({"round", "sign", "sgn", "floor", "ceil", "trunc", "fix", "floor_divide", "__floordiv__", "__rfloordiv__"})
_DETACHING = frozenset({"detach", "detach_", "detach_copy"})
_NUMBERS = frozenset({"item", "tolist", "__float__", "__int__", "__index__", "__complex__"})
_ARRAYS = frozenset({"numpy", "__array__", "__dlpack__"})
_MAKING = frozenset(
    {"tensor", "as_tensor", "asarray", "new_tensor", "scalar_tensor", "sparse_coo_tensor", "sparse_csr_tensor", "frombuffer", "complex"}
)
_PARAMETERS = frozenset({"Parameter", "Variable", "Buffer"})
_INTEGERS = frozenset(
    (
        *("long", "int", "short", "byte", "char", "bool", "argmax", "argmin", "argsort", "searchsorted", "bucketize", "multinomial"),
        *("nonzero", "argwhere", "bincount", "count_nonzero", "one_hot", "to", "type", "type_as", "unique", "topk", "sort", "max", "min"),
        *("median", "mode", "kthvalue", "cummax", "cummin", "aminmax", "msort", "histogram", "digitize"),
    )
)
_UNDEFINED = frozenset({"histc", "matrix_rank", "nextafter", "all", "any"})
_CONSTRUCTORS = ("Tensor(", "FloatTensor(", "DoubleTensor(", "HalfTensor(", "LongTensor(", "IntTensor(", "BFloat16Tensor(")


def differentiable(call: Call) -> bool:
    """Whether a call made nodes for the gradient."""
    if isinstance(call.results, Returned):
        return any(sequence >= 0 for sequence, _ in call.results.places)
    return call.stop > call.start


def cause_of(lineage: Lineage, number: int) -> str:
    """Why no gradient comes through a call that took in what needs one; `ZERO` where its gradient is zero everywhere."""
    call, name = lineage.calls[number], name_of(lineage.calls[number])
    if name in _ARRAYS or name in _NUMBERS:
        return _of_leaving(call, name)
    if name in _PARAMETERS:
        return "parameter-in-forward"
    if name in _DETACHING:
        return "detach"
    if is_data_read(call):
        return "data"
    if name in _MAKING:
        return "rewrap"
    if writes(call):
        return _of_writing(lineage, call)
    if is_off(lineage.calls, number) or _inference(call):
        return "no-grad"
    return _of_operation(call, name)


def _of_leaving(call: Call, name: str) -> str:
    """Numbers that leave for a constructor that PyTorch's function mode does not see come back at once."""
    if name in _ARRAYS:
        return "numpy"
    text = written(call.code, call.instruction).expression if call.code is not None else ""
    return "rewrap" if any(each in text.partition("(")[0] + "(" for each in _CONSTRUCTORS) else "item"


def _of_writing(lineage: Lineage, call: Call) -> str:
    """A write that no node knows of: through `.data`, through a detached alias, or while grad mode was off."""
    if name_of(call) == "__set__":
        return "data"
    target = next((seen.reference for seen in tensors(call)), None)
    for maker in lineage.makers(target)[:1]:
        made_by = lineage.calls[maker]
        if is_data_read(made_by):
            return "data"
        if name_of(made_by) in _DETACHING:
            return "detach"
    return "no-grad"


def _of_operation(call: Call, name: str) -> str:
    if isinstance(call.function, type) and issubclass(call.function, torch.autograd.Function):
        return "non-differentiable"
    if name in COMPARISONS or name in STEPS:
        return ZERO
    if name in _INTEGERS or _whole(call):
        return "integer"
    return "non-differentiable" if name in _UNDEFINED or differentiable(call) else "no-grad"


def _whole(call: Call) -> bool:
    """Whether what came out are integers, as far as it is still there."""
    alive = [tensor for tensor in (reference() for reference in given(call) if reference is not None) if tensor is not None]
    return any(not (tensor.is_floating_point() or tensor.is_complex()) for tensor in alive)


def _inference(call: Call) -> bool:
    """Whether it ran in inference mode, where tensors have no version."""
    return type(call.results) is tuple and call.results[2] == UNKNOWN and call.results[0] is not None


def is_off(calls: Sequence[Call], number: int) -> bool:
    """Whether grad mode was off for certain when a call was made."""
    found = switch_before(calls, number)
    return found >= 0 and calls[found].arguments[:1] == [False]


def switch_before(calls: Sequence[Call], number: int) -> int:
    """The call that last switched grad mode on or off before another; -1 if none is known."""
    return next((each for each in range(number - 1, -1, -1) if name_of(calls[each]) == "_set_grad_enabled"), -1)


def leaves_torch(call: Call) -> bool:
    """Whether a call took numbers out of PyTorch."""
    return isinstance(call.results, Left) and name_of(call) in _ARRAYS | _NUMBERS


def makes_constant(call: Call) -> bool:
    """Whether a call made a tensor of what is no tensor."""
    return name_of(call) in _MAKING and not any(isinstance(seen, Needing) for seen in tensors(call))
