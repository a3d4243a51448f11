"""What one backward node saved, read safely: signs mended, freed, overwritten and packed values told apart."""

from typing import Any

from byhand.errors import ByhandError, GraphFreed, ModifiedInPlace, Unreadable

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

    __slots__ = ("_node",)

    def __init__(self, node: Any) -> None:
        self._node = node

    def __contains__(self, name: str) -> bool:
        return hasattr(type(self._node), f"_saved_{name}")

    def __getitem__(self, name: str) -> Any:
        raw = getattr(type(self._node), f"_raw_saved_{name}", None)
        if raw is not None and packed_by_checkpoint(self._node, name):
            raise Unreadable(self._node.name(), name, "it lies in a checkpointed region, whose values exist only while PyTorch recomputes them")
        try:
            return signed(getattr(self._node, f"_saved_{name}"))
        except RuntimeError as problem:
            raise recognised(problem, self._node.name(), name) or Unreadable(
                self._node.name(), name, str(problem).splitlines()[0]
            ) from None


def recognised(problem: RuntimeError, node: str, name: str) -> ByhandError | None:
    """PyTorch's refusal to give a saved value, as ours: the graph was freed, or the value overwritten."""
    message = str(problem)
    if "second time" in message:
        return GraphFreed(node)
    if "modified by an inplace operation" in message:
        return ModifiedInPlace(node, name, message)
    return None


def packed_by_checkpoint(node: Any, name: str) -> bool:
    """Whether reading this value would re-run a checkpointed region; asking runs nothing."""
    try:
        raw = getattr(node, f"_raw_saved_{name}")
    except RuntimeError:
        return False
    for item in raw if isinstance(raw, tuple) else (raw,):
        hook = getattr(item, "unpack_hook", None)
        if hook is not None and getattr(hook, "__module__", "") == "torch.utils.checkpoint":
            return True
    return False
