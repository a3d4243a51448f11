"""What one backward node saved, read safely: signs mended, freed, overwritten and packed values told apart."""

from functools import cache, wraps
from typing import Any

import torch

from byhand.errors import ByhandError, GraphFreed, ModifiedInPlace, Unreadable
from byhand.recording.modules import here
from byhand.recording.patch import Patch
from byhand.recording.writes import Write, rewound

CHECKPOINTED = "it lies in a checkpointed region, whose values exist only while PyTorch recomputes them"
HOOKED = "the program packed what it saved with saved_tensors_hooks, and only the program's own backward may unpack it"
OVERWRITTEN = "the program overwrote it through .data since, and it was too large to be copied"
_HARMLESS = ("torch.autograd.graph",)  # save_on_cpu copies and nothing else
_SIGN_BIT = 1 << 63


def signed(value: Any) -> Any:
    """The integer PyTorch meant: it hands negative ones out as 2**64 - n."""
    if type(value) is int and value >= _SIGN_BIT:
        return value - (1 << 64)
    if type(value) is tuple:
        return tuple(signed(item) for item in value)
    return value


class Saved:
    """Reads `_saved_<name>` of one node, when asked and no earlier."""

    __slots__ = ("_node", "write")

    def __init__(self, node: Any) -> None:
        self._node = node
        self.write: Write | None = None
        """The first write into what the node saved that PyTorch did not notice, once such a value has been read."""

    @property
    def node(self) -> Any:
        """PyTorch's node itself."""
        return self._node

    def __contains__(self, name: str) -> bool:
        return hasattr(type(self._node), f"_saved_{name}")

    def __getitem__(self, name: str) -> Any:
        raw = getattr(type(self._node), f"_raw_saved_{name}", None)
        packed = "" if raw is None else packed_by(self._node, f"_raw_saved_{name}")
        if packed:
            known = unpacked(getattr(self._node, f"_raw_saved_{name}"))
            if known is not None:
                return known
            raise Unreadable(self._node.name(), name, packed)
        try:
            value = signed(getattr(self._node, f"_saved_{name}"))
            return self._as_saved(name, value) if here.writes else value
        except RuntimeError as problem:
            raise recognised(problem, self._node.name(), name) or Unreadable(
                self._node.name(), name, str(problem).splitlines()[0]
            ) from None

    def _as_saved(self, name: str, value: Any) -> Any:
        """The value as it was saved, whatever the program wrote into it since through `.data`."""
        if not isinstance(value, torch.Tensor):
            return tuple(self._as_saved(name, each) for each in value) if isinstance(value, tuple) else value
        before, write = rewound(value, self._node._sequence_nr())
        self.write = self.write or write
        if before is None:
            raise Unreadable(self._node.name(), name, OVERWRITTEN)
        return before


def unpacked(raw: Any) -> Any:
    """What the program's own hooks have just unpacked for the node that ran, None if they have not."""
    if isinstance(raw, tuple):
        every = [unpacked(each) for each in raw]
        return None if any(each is None for each in every) else tuple(every)
    return next((value for packed, value in here.unpacked if packed is raw.data), None)


def _enter(self: Any) -> None:
    unpack = self.unpack_hook

    @wraps(unpack)
    def remembered(packed: Any) -> Any:
        value = unpack(packed)
        if here.backward:
            here.unpacked.append((packed, value))
        return value

    torch._C._autograd._push_saved_tensors_default_hooks(self.pack_hook, remembered)


hooks = Patch(torch.autograd.graph.saved_tensors_hooks, "__enter__", _enter)
"""What the program's hooks unpack for a node is seen while this is in place, until the node has been judged."""


def recognised(problem: Exception, node: str, name: str) -> ByhandError | None:
    """PyTorch's refusal to give a saved value, as ours: the graph was freed, or the value overwritten."""
    message = str(problem)
    if "second time" in message:
        return GraphFreed(node)
    if "modified by an inplace operation" in message:
        return ModifiedInPlace(node, name, message)
    return None


def packed_by(node: Any, raw: str) -> str:
    """Why a saved value must not be unpacked, "" if it may be; asking runs nothing."""
    try:
        found = getattr(node, raw)
    except RuntimeError:
        return ""
    for item in found if isinstance(found, tuple) else (found,):
        hook = getattr(item, "unpack_hook", None)
        if hook is not None and getattr(hook, "__module__", "") not in _HARMLESS:
            return CHECKPOINTED if getattr(hook, "__module__", "") == "torch.utils.checkpoint" else HOOKED
    return ""


def packed(node: Any) -> str:
    """Why a node cannot be run a second time: something it saved must not be unpacked; "" if nothing stands against it."""
    kind: Any = type(node)
    return next(filter(None, (packed_by(node, raw) for raw in _raw_names(kind))), "")


@cache
def _raw_names(kind: type) -> tuple[str, ...]:
    return tuple(name for name in dir(kind) if name.startswith("_raw_saved_"))
