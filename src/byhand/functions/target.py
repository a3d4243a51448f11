"""What is checked: a plain function, a module, a custom Function or a custom operator, as something that can be called."""

import inspect
import linecache
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from byhand.functions.inputs import parameter_names


@dataclass(frozen=True, slots=True)
class Target:
    """A function to be checked: what the report calls it, how it is called, and the modules whose buffers it may change."""

    name: str
    call: Callable[..., Any]
    spelled: str
    space: dict[str, Any]
    given: Any
    modules: tuple[torch.nn.Module, ...] = field(default=())

    def names(self, count: int) -> list[str]:
        """The names of its first arguments."""
        if is_custom(self.given):
            return parameter_names(self.given.forward, count, skip=0 if _sets_up(self.given) else 1)
        if isinstance(self.given, torch.nn.Module):
            return parameter_names(self.given.forward, count)
        return parameter_names(getattr(self.given, "_init_fn", self.given), count)

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Inside, the function may change the buffers of its modules; afterwards they are what they were."""
        before = [(buffer, buffer.detach().clone()) for module in self.modules for buffer in module.buffers()]
        try:
            yield
        finally:
            with torch.no_grad():
                for buffer, value in before:
                    if not torch.equal(buffer, value):
                        buffer.data.copy_(value)


def is_custom(function: Any) -> bool:
    """Whether it is a subclass of torch.autograd.Function."""
    return isinstance(function, type) and issubclass(function, torch.autograd.Function)


def target_of(function: Any) -> Target:
    """The function as something to be called."""
    if is_custom(function):
        name = function.__name__
        return Target(name, function.apply, f"{name}.apply", {name: function}, function)
    if isinstance(function, torch.nn.Module):
        return Target(type(function).__name__, function, "module", {"module": function}, function, (function,))
    owner = getattr(function, "__self__", None)
    held = list(vars(owner).values()) if hasattr(owner, "__dict__") else []
    inner = tuple(each for each in (owner, *held, *_closed(function)) if isinstance(each, torch.nn.Module))
    if is_custom(owner) and getattr(function, "__name__", "") == "apply":
        return target_of(owner)
    name = getattr(function, "__name__", None) or getattr(function, "_name", None) or type(function).__name__
    spelled = name if name.isidentifier() else "function"
    return Target(spelled, function, spelled, {spelled: function}, function, inner)


def _closed(function: Any) -> list[Any]:
    try:
        found = inspect.getclosurevars(function)
    except (TypeError, ValueError):
        return []
    return [*found.nonlocals.values(), *found.globals.values()]


def _sets_up(function: Any) -> bool:
    return function.setup_context is not torch.autograd.Function.setup_context


FILE = "byhand.check"
"""The file that the call of a checked function is said to stand in: it has no other."""


def written(target: Target, names: Sequence[str]) -> Any:
    """The call and its backward as a program of their own: so the recording knows the inputs by the function's names for them."""
    text = f"output = {target.spelled}({', '.join(names)})\nbackward(output)\n"
    linecache.cache[FILE] = (len(text), None, text.splitlines(keepends=True), FILE)
    return compile(text, FILE, "exec")
