"""The chain rule: rules applied to upstream gradients, contributions received, summed and passed on."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import torch

from byhand.errors import NoRule
from byhand.graph import Edge, Node
from byhand.rules.table import DERIVED, EACH, TABLE, Rule, rules_of

_HALF = (torch.float16, torch.bfloat16)
_EDGE_WORDS = frozenset({"shape", "dtype", "index", "receiver_stride", "receiver_offset"})


class SavedValues(Protocol):
    """What PyTorch saved for one node, by name."""

    def __getitem__(self, name: str) -> Any: ...


def as_is(value: Any) -> Any:
    """The value itself."""
    return value


def _dense(value: torch.Tensor) -> torch.Tensor:
    """The tensor in the ordinary layout, which is the one that gradients are worked in."""
    return value if value.layout is torch.strided else value.to_dense()


def dtypes_of(node: Node, grads: Sequence[torch.Tensor | None]) -> set[torch.dtype]:
    """The dtypes of the outputs that a gradient arrived at; of one that nobody uses PyTorch may keep any."""
    return {meta.dtype for meta, grad in zip(node.outputs, grads, strict=False) if grad is not None}


def _workable(value: Any, change: Callable[[Any], Any]) -> Any:
    """Half-precision tensors in float32, where the rules work them, and oneDNN's in the ordinary layout; then changed."""
    if isinstance(value, torch.Tensor):
        value = value.to_dense() if value.is_mkldnn else value
        return change(value.float() if value.dtype in _HALF else value)
    if isinstance(value, tuple | list):
        return tuple(_workable(each, change) for each in value)
    return value


class Operands:
    """What the rules of one node may name: upstream gradients, metadata, derived and saved values; each is read once.

    `change` is applied to every tensor that goes in: the comparison measures rounding with it.
    """

    __slots__ = ("_change", "_changed", "_grads", "_known", "_node", "_saved", "dtypes")

    def __init__(
        self,
        node: Node,
        grads: Sequence[torch.Tensor | None],
        saved: SavedValues,
        *,
        change: Callable[[Any], Any] = as_is,
    ) -> None:
        self._node, self._grads, self._saved, self._change = node, grads, saved, change
        self._changed: dict[Callable[[Any], Any], Operands] = {}
        filled = tuple(
            torch.zeros(meta.shape, dtype=meta.dtype, device=meta.device) if grad is None else _dense(grad)
            for grad, meta in zip(grads, node.outputs, strict=True)
        )
        self.dtypes = dtypes_of(node, grads)
        worked = _workable(filled, change)
        self._known: dict[str, Any] = {"grads": worked, "grad": worked[0] if worked else None}

    def changed(self, change: Callable[[Any], Any]) -> "Operands":
        """The same operands, every tensor among them changed; for an equal change the same ones again, with what was derived of them."""
        found = self._changed.get(change)
        if found is None:
            found = self._changed[change] = Operands(self._node, self._grads, self._saved, change=change)
        for name in self._known:
            if (self._node.name, name) not in DERIVED:
                found[name]  # changed here: what works on the result may have a mode on
        return found

    def unit_grad(self) -> "Operands":
        """The same operands with an upstream gradient of 1: what a rule gives then is its local derivative."""
        unit = Operands(self._node, [torch.ones_like(each) for each in self._known["grads"]], self._saved)
        # derived values may use the upstream gradient, saved ones cannot
        unit._known.update((name, value) for name, value in self.read().items() if (self._node.name, name) not in DERIVED)
        return unit

    def read(self) -> dict[str, Any]:
        """The saved and derived values that have been asked for so far."""
        return {name: value for name, value in self._known.items() if name not in ("grad", "grads")}

    def bind(self, names: Sequence[str], edge: int) -> list[Any]:
        """The values of the names, for the rule of one edge."""
        return [self._of_edge(name, edge) if name in _EDGE_WORDS else self[name] for name in names]

    def _of_edge(self, name: str, edge: int) -> Any:
        target = self._node.edges[edge]
        if name == "index":
            return edge if (self._node.name, EACH) in TABLE else self[name]
        meta = target.meta if target else None
        if meta is None:
            return None
        fields = {"shape": meta.shape, "dtype": meta.dtype, "receiver_stride": meta.stride, "receiver_offset": meta.offset}
        return fields[name]

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def _find(self, name: str) -> Any:
        if name == "shapes":
            return tuple(edge and edge.meta.shape for edge in self._node.edges)
        derived = DERIVED.get((self._node.name, name))
        if derived is not None:
            return derived(*(self[each] for each in _names(derived)))
        value = self._saved[name]
        if isinstance(value, torch.Tensor):
            self.dtypes.add(value.dtype)
        return _workable(value, getattr(self._change, "alike", self._change))


def _names(function: Callable[..., Any]) -> tuple[str, ...]:
    return function.__code__.co_varnames[: function.__code__.co_argcount]


def choose(node: Node, edge: int, operands: Operands) -> Rule:
    """The rule whose case applies to this edge. Raises NoRule if there is none."""
    for rule in rules_of(node.name, edge):
        if rule.when is None or rule.when(*operands.bind(_names(rule.when), edge)):
            return rule
    raise NoRule(node.name, edge, len(node.edges))


class Worked(NamedTuple):
    """One edge worked by hand: its rule, what the rule gave, and what the receiving tensor takes of it."""

    rule: Rule
    given: torch.Tensor
    received: torch.Tensor


def contribute(node: Node, edge: int, operands: Operands) -> Worked:
    """What one edge receives, by our rule. Raises NoRule, and what reading a saved value raises."""
    target = node.edges[edge]
    if target is None:
        raise ValueError(f"edge {edge} of {node.name} needs no gradient")
    rule = choose(node, edge, operands)
    given = _dense(rule.function(*operands.bind(rule.needs, edge)))
    return Worked(rule, given, receive(given, target))


def receive(contribution: torch.Tensor, edge: Edge) -> torch.Tensor:
    """The contribution as the receiving tensor takes it: real part, summed over broadcast dimensions, cast."""
    return settle(contribution, edge).to(edge.meta.dtype)


def settle(contribution: torch.Tensor, edge: Edge) -> torch.Tensor:
    """The contribution in the receiving tensor's shape, not yet cast: its real part, summed over broadcast dimensions."""
    meta = edge.meta
    if contribution.is_complex() and not meta.dtype.is_complex:
        contribution = contribution.real
    if tuple(contribution.shape) != meta.shape:
        contribution = contribution.sum_to_size(meta.shape)
    return contribution


def overflowing(ours: torch.Tensor, theirs: torch.Tensor) -> torch.Tensor:
    """Ours, infinite or NaN where PyTorch's is: float16 overflows there, which was excused, and so is what comes of it."""
    return torch.where(torch.isfinite(theirs), ours, theirs) if theirs.layout is torch.strided else ours


def accumulate(total: torch.Tensor | None, contribution: torch.Tensor) -> torch.Tensor:
    """The sum so far and one contribution more; neither is changed."""
    if total is None:
        return contribution
    return total + contribution if total.layout is torch.strided else contribution + total  # PyTorch adds sparse to dense only
