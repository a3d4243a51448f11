"""The calls into PyTorch, as they happen: what was called, with what, what came out, and where it was written."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Self

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._device import DeviceContext

from byhand.recording.engine import traced, unnoticed
from byhand.recording.frames import user_frame
from byhand.recording.functions import call_data, call_in_place
from byhand.recording.later import Later
from byhand.recording.modules import here
from byhand.recording.summary import summarize
from byhand.recording.weakly import weakly
from byhand.recording.writes import in_place, is_data
from byhand.value import WHOLE, Value

_sequence = torch.autograd._get_sequence_nr
_functions = torch._C._len_torch_function_stack
_dispatches = torch._C._len_torch_dispatch_stack
UNKNOWN = -1  # the version of a tensor that cannot be read again
_ORDINARY = (torch.Tensor, torch.nn.Parameter)
_PLAIN = frozenset({str, int, float, bool, complex, type(None)})
_LEAVING = frozenset({"item", "tolist", "numpy", "__array__", "__float__", "__int__", "__index__", "__complex__", "_set_grad_enabled"})


class Call(NamedTuple):
    """One call: the nodes numbered from `start` up to `stop` belong to it.

    Tensors that went in are `Seen` or `Needing`, results plain tuples of the fields of `Seen`, one or a list of them; small values are
    copies. A call that took numbers out of PyTorch gave `Left`.
    The instruction is that of the user's innermost frame; `direct` says that this frame made the call itself, so that what the
    instruction gives is the call's result. `modules` are weak references, outermost first.
    """

    function: Callable[..., Any]
    arguments: Any
    keywords: Any
    results: Any
    start: int
    stop: int
    code: Any
    instruction: int
    direct: bool
    modules: Any


class Returned(NamedTuple):
    """What a module or a custom Function gave back: the node behind each result (its sequence number, the output), and its value."""

    places: tuple[tuple[int, int], ...]
    results: Any


class Needing(NamedTuple):
    """A tensor that needs a gradient and went into a call, held weakly: its value is not looked at, the graph tells where it came from."""

    reference: Any


class Left(NamedTuple):
    """What a call gave that is no tensor any more: a Python number, or None for a list or an array.

    None too where grad mode was switched on or off.
    """

    value: Any


class Hung(NamedTuple):
    """A hook that was hung on a result: the node behind it (its sequence number, the output), the hook's code and its name."""

    place: tuple[int, int]
    code: Any
    name: str


class Seen(NamedTuple):
    """A tensor that went into or came out of a call, held weakly; `data` is its value where that was small or wanted, else its shape."""

    reference: Any
    data: Any
    version: int

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape at the time of the call, where it can be told."""
        if isinstance(self.data, Value):
            return self.data.shape
        return None if self.data is None else tuple(self.data[1] if type(self.data) is tuple else self.data)

    def value(self) -> Value | None:
        """The value at the time of the call, if it was kept or can still be read."""
        if isinstance(self.data, Value):
            return self.data
        if type(self.data) is tuple:
            data, shape, dtype = self.data
            return Value(tuple(shape), str(dtype).removeprefix("torch."), data)
        tensor = self.reference()
        return None if tensor is None or self.version == UNKNOWN or tensor._version != self.version else summarize(tensor)


class CallRecorder(TorchFunctionMode):
    """Notes each call into PyTorch in this thread. `values` asks for the values of large results too.

    What goes wrong in taking a note is told to `failed`, and never reaches the user's program.
    """

    def __init__(self, notes: list[Any], *, values: bool, failed: Callable[[Exception], None]) -> None:
        super().__init__()
        # plain tuples in the order of Call's fields: making a Call costs more than the rest of the note
        self._note = notes.append
        self._values = Later() if values else None
        self._failed = failed
        self._over = False

    def settle(self) -> None:
        """Fill in the values that were noted."""
        if self._values is not None:
            self._values.settle()

    def __enter__(self) -> Self:
        """Begin, below the modes that are on the stack: they see what they always saw, and leave in their own order.

        The default device stays at the bottom, where PyTorch insists on finding it.
        """
        above = []
        while _functions() and not isinstance(torch._C._get_function_stack_at(_functions() - 1), DeviceContext):
            above.append(torch._C._pop_torch_function_stack())
        for mode in (self, *reversed(above)):
            torch._C._push_on_torch_function_stack(mode)
        self._over = False
        return self

    def __exit__(self, *problem: object) -> None:
        """End, wherever on the stack of this thread the mode is; from another thread it only falls silent."""
        self._over = True
        stack = [torch._C._pop_torch_function_stack() for _ in range(_functions())]
        for mode in reversed(stack):
            if mode is not self:
                torch._C._push_on_torch_function_stack(mode)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Make the call, and note it if it gave a tensor."""
        start = _sequence()
        if self._values is not None and (here.writer is not None or in_place(getattr(func, "__name__", "")) or is_data(func)):
            result = self._written(func, args, kwargs)
        else:
            result = func(*args, **kwargs) if kwargs else func(*args)
        if self._over or traced() or torch.compiler.is_exporting():
            return result
        stop = _sequence()
        try:
            if _functions() or _dispatches():
                with unnoticed():
                    self._take(sys._getframe(1), func, args, kwargs, result, start, stop)
            else:
                self._take(sys._getframe(1), func, args, kwargs, result, start, stop)
        except Exception as problem:
            self._failed(problem)
        return result

    def _written(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Make a call of a custom Function's forward, or one in place, and write it down so that it can be judged."""
        writer = here.writer
        if traced():
            return func(*args, **(kwargs or {}))
        if writer is None:
            return call_data(func, args) if is_data(func) else call_in_place(func, args, kwargs or {})
        here.writer = None
        try:
            return writer.call(func, args, kwargs, failed=self._failed)
        finally:
            here.writer = writer

    def _take(self, caller: Any, func: Any, args: Any, kwargs: Any, result: Any, start: int, stop: int) -> None:
        """Note a call, if it gave a tensor or took a tensor's numbers out of PyTorch."""
        results: Any = note_result(args[0] if result is None and args else result, values=self._values)
        if results is None:
            name = getattr(func, "__name__", "")
            if name not in _LEAVING and name != "register_hook":
                return
            results = _hung(*args) if name == "register_hook" else Left(result if type(result) in _PLAIN else None)
        frame, inner = user_frame(caller)
        running = here.running
        self._note(
            (
                func,
                note_arguments(args),
                kwargs and {name: each if type(each) in _PLAIN else _argument(each) for name, each in kwargs.items()},
                results,
                start,
                stop,
                frame and frame.f_code,
                frame.f_lasti if frame else -1,
                inner is None or inner.f_code.co_name in (getattr(func, "__name__", ""), "wrapped", "__torch_function__"),
                tuple(running) if running else (),
            )
        )


def note_returned(result: Any, *, anyway: bool = False) -> Returned | None:
    """The places of a result that the function mode did not see; None if nothing in it needs a gradient, unless wanted `anyway`."""
    each = result if isinstance(result, tuple | list) else (result,)
    places = [_place(one) if isinstance(one, torch.Tensor) else (-1, 0) for one in each]
    if not anyway and all(sequence < 0 for sequence, _ in places):
        return None
    return Returned(tuple(places), note_result(result, values=None))


def _place(tensor: torch.Tensor) -> tuple[int, int]:
    made_by = grad_fn(tensor)
    return (-1, 0) if made_by is None else (made_by._sequence_nr(), tensor.output_nr)


def has_hooks(tensor: torch.Tensor) -> bool:
    """Whether the user hung hooks on a tensor that change or watch its gradient."""
    return bool(tensor._backward_hooks) or bool(getattr(tensor, "_post_accumulate_grad_hooks", None))


def grad_fn(tensor: torch.Tensor) -> Any:
    """The tensor's `grad_fn`; None also where PyTorch refuses to say (a view whose base was changed in place)."""
    try:
        return tensor.grad_fn
    except RuntimeError:
        return None


def note_arguments(arguments: Any) -> list[Any]:
    """What is kept of arguments."""
    return [each if type(each) in _PLAIN else _argument(each) for each in arguments]


def code_of(hook: Any) -> Any:
    """The code that a hook runs: of a function, a method, a partial, or a callable object; None if it is not Python's."""
    while isinstance(hook, partial):
        hook = hook.func
    return getattr(hook, "__code__", None) or getattr(type(hook).__call__, "__code__", None)


def _hung(tensor: torch.Tensor, hook: Any = None) -> Hung:
    return Hung(_place(tensor), code_of(hook), str(getattr(hook, "__name__", type(hook).__name__)))


def note_result(result: Any, *, values: Later | None) -> Any:
    """What is kept of a call's result: of a tensor, or of each tensor in a tuple; None if there is none."""
    if isinstance(result, torch.Tensor):
        return _result(result, values)
    if isinstance(result, tuple | list) and any(isinstance(each, torch.Tensor) for each in result[:WHOLE]):
        return [_result(each, values) if isinstance(each, torch.Tensor) else None for each in result]
    return None


def _result(tensor: torch.Tensor, values: Later | None) -> tuple[Any, Any, int]:
    if type(tensor) not in _ORDINARY:
        return _unusual(tensor, values)
    if tensor.numel() <= WHOLE and tensor.is_cpu:
        try:
            return weakly(tensor), (tensor.tolist(), tensor.shape, tensor.dtype), 0
        except (RuntimeError, NotImplementedError, TypeError):
            return _unusual(tensor, values)
    return _large(tensor, values)


def _large(tensor: torch.Tensor, values: Later | None) -> tuple[Any, Any, int]:
    return weakly(tensor), values.summarize(tensor) if values else tensor.shape, _version(tensor)


def _unusual(tensor: torch.Tensor, values: Later | None) -> tuple[Any, Any, int]:
    """What is kept of a tensor that may have no values to read: sparse, fake, batched by vmap, of the user's own class."""
    with unnoticed():
        try:
            return _large(tensor, values)
        except (RuntimeError, NotImplementedError, TypeError):
            return weakly(tensor), None, UNKNOWN


def _version(tensor: torch.Tensor) -> int:
    """How often the tensor has been changed in place; those of inference mode do not count."""
    return UNKNOWN if tensor.is_inference() else tensor._version


def _argument(argument: Any) -> Any:
    if type(argument) in _ORDINARY:
        return Needing(weakly(argument)) if argument.requires_grad else Seen(*_result(argument, None))
    if isinstance(argument, torch.Tensor):
        with unnoticed():
            return Needing(weakly(argument)) if argument.requires_grad else Seen(*_unusual(argument, None))
    if isinstance(argument, list | tuple):
        return [each if type(each) in _PLAIN else _argument(each) for each in argument[:WHOLE]]
    return type(argument).__name__
