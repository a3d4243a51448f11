"""A custom Function that ran before anyone watched: its forward called once more, with the inputs that can be known for certain."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from byhand.errors import Unreadable
from byhand.recording.declared import parameters_of
from byhand.recording.functions import applied, calling_again, owners
from byhand.recording.kept import fingerprint, matches
from byhand.recording.state import as_it_was
from byhand.recording.tape import Tape, Writer, flat_tensors

ADVICE = "with byhand.record() around the forward pass they are seen"


class _Writing(TorchFunctionMode):
    """Has every call of the forward written down."""

    writer: Writer

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The call, written down."""
        return self.writer.call(func, args, kwargs, failed=lambda problem: None)


def tell_again(
    live: Any, value_of: Callable[[int], torch.Tensor | None], used: Sequence[int], output_of: Callable[[int], torch.Tensor | None]
) -> Tape:
    """The tape of the forward behind a custom node, which is called once more for it, without a graph.

    `value_of` gives the value behind an edge, `output_of` that of an output, where they are known; `used` are the outputs that count.
    Raises Unreadable where an input is not known for certain, or where the forward does not give again what it gave.
    """
    cls = live._forward_cls
    arguments, certain = _arguments(live, value_of)
    arguments = [each.detach().clone() if isinstance(each, torch.Tensor) else each for each in arguments]
    writer = Writer(cls.__name__, flat_tensors(arguments))
    tape = writer.tape
    tape.wanted = tuple(number for number, (node, _) in enumerate(live.next_functions) if node is not None)
    tape.random, tape.owners = torch.get_rng_state(), owners(cls)
    original = applied.original.__get__(None, cls)
    tape.again = calling_again(arguments, original)
    mode = _Writing()
    mode.writer = writer
    with as_it_was(tape.owners), torch.no_grad(), torch._C._EnableTorchFunction(), mode:
        result = original(*arguments)
        with torch._C.DisableTorchFunction():
            drew = not torch.equal(tape.random, torch.get_rng_state())
    outputs = flat_tensors(result if isinstance(result, tuple | list) else (result,))
    writer.finish(outputs)
    tape.fingerprints = [fingerprint(output) for output in outputs]
    _compare(tape, used, output_of, sure=certain and not drew)
    return tape


def _arguments(live: Any, value_of: Callable[[int], torch.Tensor | None]) -> tuple[list[Any], bool]:
    """The arguments of `apply`, and whether each is known for certain."""
    cls, needed = live._forward_cls, live.needs_input_grad
    parameters = parameters_of(cls, len(needed))
    edges = [number for number, (node, _) in enumerate(live.next_functions) if node is not None]
    values = iter([value_of(number) for number in edges])
    loose = iter([each.data for each in live._raw_saved_tensors if isinstance(each.data, torch.Tensor) and not each.data.requires_grad])
    defaults = inspect.signature(cls.forward).parameters
    tensors = len(live.next_functions) == len(needed)
    found, certain = [], True
    for number, wanted in enumerate(needed):
        name = parameters[number] if number < len(parameters) else ""
        if wanted:
            found.append(next(values, None))
        else:
            certain = False
            default = defaults[name].default if name in defaults else inspect.Parameter.empty
            spare = next(loose, None) if tensors or default is inspect.Parameter.empty else None
            found.append(vars(live).get(name, spare if default is inspect.Parameter.empty else default))
        if found[-1] is None and (wanted or default is not None):
            raise Unreadable(type(live).__name__, "", f"the input {name or number} of its forward is not known; {ADVICE}")
    return found, certain


def _compare(tape: Tape, used: Sequence[int], output_of: Callable[[int], torch.Tensor | None], *, sure: bool) -> None:
    """Raises Unreadable unless every result that is used is known and was given again, or there is no doubt about the call.

    Without a known result it is noted on the tape that nothing confirms the call.
    """
    known = {number: output_of(number) for number in used}
    if not sure and any(value is None for value in known.values()):
        raise Unreadable(tape.name, "", f"the inputs of its forward are not known for certain; {ADVICE}")
    if not all(value is None or matches(fingerprint(value), tape.fingerprints[number]) for number, value in known.items()):
        raise Unreadable(tape.name, "", f"called again, its forward gives something else than it gave; {ADVICE}")
    tape.confirmed = not any(value is None for value in known.values())
