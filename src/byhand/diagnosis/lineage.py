"""Which call made a tensor and which calls took it in: the way of the data through a program, also where no gradient goes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch

from byhand.recording.calls import Call, Left, Needing, Returned, Seen, grad_fn
from byhand.recording.writes import in_place, is_data

_PROPERTIES = frozenset({"data", "T", "mT", "H", "mH", "real", "imag"})
_VALUELESS = frozenset({"new_zeros", "new_ones", "new_empty", "new_full", "new_empty_strided", "backward", "retain_grad", "register_hook"})
_SHAPED = frozenset({"expand_as", "view_as", "reshape_as", "type_as"})
_UNWRITTEN = frozenset({"requires_grad_", "share_memory_"})
_MANY = ("_foreach_", "_fused_", "_record_function")
_ALIASING = frozenset(
    (
        *("detach", "view", "reshape", "flatten", "unflatten", "ravel", "squeeze", "unsqueeze", "transpose", "t", "permute", "expand"),
        *("expand_as", "view_as", "reshape_as", "narrow", "select", "__getitem__", "unbind", "chunk", "split", "diagonal", "as_strided"),
        *("swapaxes", "swapdims", "movedim", "moveaxis", "contiguous", "to", "__get__", "Parameter", "Variable", "view_as_real"),
    )
)
_SHARED = range(-5, 257)  # Python has these integers once only, so that meeting one again says nothing


class Use(NamedTuple):
    """A tensor, or a Python number that came from one, went into a call.

    `maker` is the call that gave or last wrote it, -1 if none is known. `needs` says that it needed a gradient; `reference` is None for
    a number.
    """

    call: int
    reference: Any
    needs: bool
    maker: int


class Lineage:
    """The calls of a program in their order, each with what went in. Tensors are told apart by the identity of their weak references."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = calls
        self.inputs: list[list[Use]] = []
        self._users: dict[int, list[Use]] = {}
        self._uses: dict[int, list[Use]] = {}
        self._given: dict[int, int] = {}
        self._memory: dict[int, int] = {}
        self._written: dict[int, int] = {}
        self._numbers: dict[int, tuple[Any, int]] = {}
        for number, call in enumerate(calls):
            self._enter(number, call)

    def uses(self, reference: Any) -> list[Use]:
        """Where a tensor went in, in the order of the program."""
        return self._uses.get(id(reference), [])

    def users(self, number: int) -> list[Use]:
        """Where went what a call gave or wrote."""
        return self._users.get(number, [])

    def makers(self, reference: Any) -> list[int]:
        """The calls that gave a tensor its value, as far as they are known: the one that made it, and the last that wrote into it."""
        given = self._given.get(id(reference), -1)
        written = self._written.get(self._memory.get(id(reference), id(reference)), -1)
        return [each for each in (given, written if written > given else -1) if each >= 0]

    def written(self, reference: Any) -> int:
        """The last call that wrote into the memory of a tensor; -1 if none is known."""
        return self._written.get(self._memory.get(id(reference), id(reference)), -1)

    def same_memory(self, left: Any, right: Any) -> bool:
        """Whether two tensors, which may be gone, are known to lie in the same memory: one is a view of the other."""
        return self._memory.get(id(left), id(left)) == self._memory.get(id(right), id(right))

    def ancestors(self, references: Iterable[Any]) -> set[int]:
        """Every call that had a part in the value of these tensors."""
        return self.before(maker for reference in references for maker in self.makers(reference))

    def before(self, numbers: Iterable[int]) -> set[int]:
        """These calls, and every call that had a part in what went into them."""
        found: set[int] = set()
        waiting = list(numbers)
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                waiting += [use.maker for use in self.inputs[number] if use.maker >= 0]
        return found

    def _enter(self, number: int, call: Call) -> None:
        name = name_of(call)
        flows = not (is_module(call) or name.startswith(_MANY) or _valueless(call, name) or _copying(call))
        taken = list(tensors(call)) if flows else []
        uses = [
            Use(number, seen.reference, isinstance(seen, Needing), maker)
            for seen in (taken[:1] if name in _SHAPED else taken)
            for maker in self.makers(seen.reference) or [-1]
        ]
        uses += [Use(number, None, False, maker) for maker in self._came_from(call)] if flows else []
        self.inputs.append(uses)
        for use in uses:
            self._users.setdefault(use.maker, []).append(use)
            self._uses.setdefault(id(use.reference), []).append(use)
        if flows:
            self._give(number, call, name, [seen.reference for seen in taken])

    def _give(self, number: int, call: Call, name: str, taken: list[Any]) -> None:
        if isinstance(call.results, Left):
            if isinstance(call.results.value, float | int | complex) and call.results.value not in _SHARED:
                self._numbers[id(call.results.value)] = call.results.value, number
            return
        if writes(call) and taken:
            self._written[self._memory.get(id(taken[0]), id(taken[0]))] = number
            return
        known = {id(reference) for reference in taken}
        for reference in given(call):
            if reference is not None and (id(reference) not in known or isinstance(call.results, Returned)):
                self._given[id(reference)] = number
                if taken and name in _ALIASING:
                    self._memory[id(reference)] = self._memory.get(id(taken[0]), id(taken[0]))

    def _came_from(self, call: Call) -> Iterator[int]:
        """The calls that gave the Python numbers among the arguments."""
        for value in _flat([call.arguments, call.keywords]):
            known = self._numbers.get(id(value))
            if known is not None and known[0] is value:
                yield known[1]


def name_of(call: Call) -> str:
    """The name of the function that was called."""
    return str(getattr(call.function, "__name__", ""))


def writes(call: Call) -> bool:
    """Whether a call writes into its first argument, or gives it other data."""
    name = name_of(call)
    return (in_place(name) and name not in _UNWRITTEN) or (name == "__set__" and is_data(call.function))


def is_data_read(call: Call) -> bool:
    """Whether a call took the `.data` of a tensor."""
    return name_of(call) == "__get__" and is_data(call.function)


def _copying(call: Call) -> bool:
    """Whether a library read `.data` to make a copy of a tensor, as `copy.deepcopy` does: the copy is to be another tensor."""
    return is_data_read(call) and not call.direct


def is_module(call: Call) -> bool:
    """Whether it is the call of a module, which is there besides the calls inside it."""
    return isinstance(call.function, type) and issubclass(call.function, torch.nn.Module)


def tensors(call: Call) -> Iterator[Seen | Needing]:
    """The tensors that went into a call."""
    for each in _flat([call.arguments, call.keywords]):
        if isinstance(each, Seen | Needing):
            yield each


def given(call: Call) -> list[Any]:
    """The weak references of the tensors that a call gave; None for what is no tensor."""
    results = call.results.results if isinstance(call.results, Returned) else call.results
    each = results if isinstance(results, list) else [results]
    return [one[0] if type(one) is tuple and one else None for one in each]


def leaves_of(lineage: Lineage) -> list[Any]:
    """The leaves that need a gradient, are alive and took part in the calls, in the order of the program."""
    seen = {id(use.reference): use.reference for uses in lineage.inputs for use in uses if use.needs}
    return [reference for reference in seen.values() if is_leaf(reference())]


def is_leaf(tensor: Any) -> bool:
    """Whether a tensor is there, and is a leaf that needs a gradient."""
    return tensor is not None and tensor.requires_grad and grad_fn(tensor) is None


def _valueless(call: Call, name: str) -> bool:
    """Whether the values that go in have no part in what comes out."""
    owner = getattr(call.function, "__self__", None)
    if name in ("__get__", "__set__"):
        return getattr(owner, "__name__", "") not in (_PROPERTIES if name == "__get__" else ("data",))
    return name in _VALUELESS or name.endswith("_like")


def _flat(arguments: Any) -> Iterator[Any]:
    if isinstance(arguments, list):
        for each in arguments:
            yield from _flat(each)
    elif isinstance(arguments, dict):
        yield from _flat(list(arguments.values()))
    elif arguments is not None:
        yield arguments
