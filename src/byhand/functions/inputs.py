"""The inputs of a function: which of their tensors are checked, under which names, and copies of them that nobody else has."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a function is called with: its arguments by name, in order, and the names of the tensors in them that are checked."""

    arguments: Mapping[str, Any]
    checked: tuple[str, ...]

    def tensors(self) -> dict[str, torch.Tensor]:
        """Every tensor among the arguments, by the expression that reads it."""
        return dict(tensors_in(self.arguments))

    def copied(self, change: Callable[[str, torch.Tensor], torch.Tensor]) -> "Inputs":
        """The same inputs with each tensor replaced by what `change` makes of it; one given twice is the same tensor twice again."""
        made: dict[torch.Tensor, torch.Tensor] = {}

        def once(name: str, tensor: torch.Tensor) -> torch.Tensor:
            if tensor not in made:
                made[tensor] = change(name, tensor)
            return made[tensor]

        return Inputs({name: _rebuilt(name, value, once) for name, value in self.arguments.items()}, self.checked)


def read_inputs(values: Sequence[Any], names: Sequence[str]) -> Inputs:
    """The inputs of a call. Checked are the tensors that require a gradient; if none does, every floating or complex one."""
    arguments = dict(zip(names, values, strict=True))
    found = dict(tensors_in(arguments))
    wanting = [name for name, tensor in found.items() if tensor.requires_grad]
    floating = [name for name, tensor in found.items() if is_continuous(tensor)]
    return Inputs(arguments, tuple(_once(wanting or floating, found)))


def _once(names: Sequence[str], tensors: Mapping[str, torch.Tensor]) -> Iterator[str]:
    met: set[torch.Tensor] = set()
    for name in names:
        if tensors[name] not in met:
            met.add(tensors[name])
            yield name


def is_continuous(value: Any) -> bool:
    """Whether a value is a tensor that can have a gradient."""
    return isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex())


def tensors_in(arguments: Mapping[str, Any]) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors in nested lists, tuples and dictionaries, each with the expression that reads it."""
    for name, value in arguments.items():
        yield from _inside(name, value)


def _inside(name: str, value: Any) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from _inside(f"{name}[{number}]", each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _inside(f"{name}[{key!r}]", each)


def _rebuilt(name: str, value: Any, change: Callable[[str, torch.Tensor], torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return change(name, value)
    if isinstance(value, list | tuple):
        parts = [_rebuilt(f"{name}[{number}]", each, change) for number, each in enumerate(value)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return {key: _rebuilt(f"{name}[{key!r}]", each, change) for key, each in value.items()}
    return value


def copy_of(tensor: torch.Tensor) -> torch.Tensor:
    """The same numbers in the same layout, in memory of their own, without a graph."""
    tensor = tensor.detach()
    if tensor.layout is not torch.strided or tensor.is_quantized:
        return tensor.clone()
    repeated = [stride == 0 and size > 1 for stride, size in zip(tensor.stride(), tensor.shape, strict=True)]
    if any(repeated):
        once = tensor[tuple(slice(0, 1) if again else slice(None) for again in repeated)]
        return copy_of(once).expand(tensor.shape)
    try:
        copy = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device=tensor.device)
        return copy.copy_(tensor)
    except RuntimeError:  # memory that overlaps itself
        return tensor.clone()


def parameter_names(function: Callable[..., Any], count: int, *, skip: int = 0) -> list[str]:
    """What a function calls its first `count` arguments; `input0`, `input1`, ... where it does not say."""
    try:
        parameters = list(inspect.signature(function).parameters.values())[skip:]
    except (TypeError, ValueError):
        parameters = []
    named = [each.name for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    usable = [name if name.isidentifier() and not name.startswith("_") else f"input{number}" for number, name in enumerate(named)]
    return (usable + [f"input{number}" for number in range(len(usable), count)])[:count]
