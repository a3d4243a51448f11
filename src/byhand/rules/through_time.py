"""Back-propagation through time for stacks of recurrent layers: LSTM, GRU and plain, in one or two directions, packed or not."""

from collections.abc import Sequence
from typing import NamedTuple

import torch

RELU, TANH, LSTM, GRU = range(4)  # the numbers that cuDNN and MIOpen give the kinds of layers


class Gradients(NamedTuple):
    """What the inputs of a stack of layers receive."""

    input: torch.Tensor
    weights: tuple[torch.Tensor, ...]
    hidden: torch.Tensor
    cell: torch.Tensor | None


class Weights(NamedTuple):
    """The weights of one layer in one direction, by what they are for; those it does not have are None."""

    of_input: torch.Tensor
    of_hidden: torch.Tensor
    bias: torch.Tensor | None = None
    hidden_bias: torch.Tensor | None = None
    projection: torch.Tensor | None = None


class Step(NamedTuple):
    """One step as it was taken: what entered it, and what its gates made of it."""

    entered: torch.Tensor
    hidden_before: torch.Tensor
    cell_before: torch.Tensor
    gates: tuple[torch.Tensor, ...]
    cell: torch.Tensor
    unprojected: torch.Tensor
    hidden: torch.Tensor


def named(weights: Sequence[torch.Tensor]) -> Weights:
    """The weights of one layer in one direction, in the order that the libraries keep them in."""
    bias, hidden_bias = (weights[2], weights[3]) if len(weights) > 3 else (None, None)
    return Weights(weights[0], weights[1], bias, hidden_bias, weights[-1] if len(weights) in (3, 5) else None)


def take_step(mode: int, weights: Weights, entered: torch.Tensor, hidden: torch.Tensor, cell: torch.Tensor) -> Step:
    """One step forward."""
    from_input, from_hidden = entered @ weights.of_input.T, hidden @ weights.of_hidden.T
    if weights.bias is not None and weights.hidden_bias is not None:
        from_input, from_hidden = from_input + weights.bias, from_hidden + weights.hidden_bias
    if mode == LSTM:
        admit, forget, candidate, emit = (from_input + from_hidden).chunk(4, -1)
        gates = admit.sigmoid(), forget.sigmoid(), candidate.tanh(), emit.sigmoid()
        new_cell = gates[1] * cell + gates[0] * gates[2]
        raw = gates[3] * new_cell.tanh()
        return Step(entered, hidden, cell, gates, new_cell, raw, raw if weights.projection is None else raw @ weights.projection.T)
    if mode == GRU:
        (reset, update, candidate), (reset_too, update_too, remembered) = from_input.chunk(3, -1), from_hidden.chunk(3, -1)
        reset, update = (reset + reset_too).sigmoid(), (update + update_too).sigmoid()
        new = (candidate + reset * remembered).tanh()
        result = new + update * (hidden - new)
        return Step(entered, hidden, cell, (reset, update, new, remembered), cell, result, result)
    total = from_input + from_hidden
    result = total.tanh() if mode == TANH else total.relu()
    return Step(entered, hidden, cell, (), cell, result, result)


class Sent(NamedTuple):
    """What one step sends back: to what came in through the input and the hidden weights, and to the states before it directly."""

    to_input: torch.Tensor
    to_hidden: torch.Tensor
    hidden: torch.Tensor
    cell: torch.Tensor


def step_back(mode: int, step: Step, grad: torch.Tensor, grad_cell: torch.Tensor) -> Sent:
    """One step backward; `grad` is that of the unprojected hidden state."""
    if mode == LSTM:
        admit, forget, candidate, emit = step.gates
        shown = step.cell.tanh()
        to_cell = grad_cell + grad * emit * (1 - shown**2)
        parts = to_cell * candidate * admit * (1 - admit), to_cell * step.cell_before * forget * (1 - forget)
        both = torch.cat([*parts, to_cell * admit * (1 - candidate**2), grad * shown * emit * (1 - emit)], -1)
        return Sent(both, both, torch.zeros_like(step.hidden_before), to_cell * forget)
    if mode == GRU:
        reset, update, new, remembered = step.gates
        to_new = grad * (1 - update) * (1 - new**2)
        to_update = grad * (step.hidden_before - new) * update * (1 - update)
        to_reset = to_new * remembered * reset * (1 - reset)
        to_hidden = torch.cat([to_reset, to_update, to_new * reset], -1)
        return Sent(torch.cat([to_reset, to_update, to_new], -1), to_hidden, grad * update, grad_cell)
    slope = 1 - step.hidden**2 if mode == TANH else (step.hidden > 0).to(grad.dtype)
    return Sent(grad * slope, grad * slope, torch.zeros_like(step.hidden_before), grad_cell)


def run_layer(
    mode: int, weights: Weights, inputs: Sequence[torch.Tensor], hidden: torch.Tensor, cell: torch.Tensor, order: Sequence[int]
) -> dict[int, Step]:
    """Every step of one layer in one direction, in the order in which they are taken; a packed step has the first examples only."""
    steps = {}
    for time in order:
        count = len(inputs[time])
        step = take_step(mode, weights, inputs[time], hidden[:count], cell[:count])
        hidden, cell = torch.cat([step.hidden, hidden[count:]]), torch.cat([step.cell, cell[count:]])
        steps[time] = step
    return steps


def layer_back(
    mode: int, weights: Weights, steps: dict[int, Step], grads: Sequence[torch.Tensor], grad_hidden: torch.Tensor, grad_cell: torch.Tensor
) -> tuple[dict[int, torch.Tensor], list[torch.Tensor], torch.Tensor, torch.Tensor]:
    """What the inputs of every step, the weights and the first states of one layer in one direction receive."""
    to_weights = [torch.zeros_like(weight) for weight in weights if weight is not None]
    to_inputs = {}
    for time in reversed(list(steps)):
        step, count = steps[time], len(grads[time])
        grad = grad_hidden[:count] + grads[time]
        raw = grad if weights.projection is None else grad @ weights.projection
        sent = step_back(mode, step, raw, grad_cell[:count])
        found = [sent.to_input.T @ step.entered, sent.to_hidden.T @ step.hidden_before]
        found += [sent.to_input.sum(0), sent.to_hidden.sum(0)] if weights.bias is not None else []
        found += [grad.T @ step.unprojected] if weights.projection is not None else []
        to_weights = [total + each for total, each in zip(to_weights, found, strict=True)]
        to_inputs[time] = sent.to_input @ weights.of_input
        grad_hidden = torch.cat([sent.hidden + sent.to_hidden @ weights.of_hidden, grad_hidden[count:]])
        grad_cell = torch.cat([sent.cell, grad_cell[count:]])
    return to_inputs, to_weights, grad_hidden, grad_cell


def in_steps(value: torch.Tensor, batch_first: bool, batch_sizes: Sequence[int]) -> list[torch.Tensor]:
    """What belongs to each step of time: of a packed sequence as many examples as are left, else all of them."""
    return list(value.split(list(batch_sizes))) if batch_sizes else list(value.unbind(1 if batch_first else 0))


def out_of_steps(values: Sequence[torch.Tensor], batch_first: bool, batch_sizes: Sequence[int]) -> torch.Tensor:
    """The steps put together again."""
    return torch.cat(list(values)) if batch_sizes else torch.stack(list(values), 1 if batch_first else 0)


def stack_back(
    grads: Sequence[torch.Tensor],
    input: torch.Tensor,
    layers: Sequence[Sequence[torch.Tensor]],
    hx: torch.Tensor,
    cx: torch.Tensor | None,
    mode: int,
    batch_first: bool,
    directions: int,
    batch_sizes: Sequence[int],
) -> Gradients:
    """What all inputs of a stack of layers receive; `layers` has the weights of each layer, direction by direction."""
    cells = torch.zeros_like(hx) if cx is None else cx
    inputs, taken = in_steps(input, batch_first, batch_sizes), []
    for first in range(0, len(layers), directions):
        runs = []
        for number in range(first, first + directions):
            times = range(len(inputs))
            runs.append(run_layer(mode, named(layers[number]), inputs, hx[number], cells[number], times[::-1] if number > first else times))
        inputs = [torch.cat([run[time].hidden for run in runs], -1) for time in range(len(inputs))]
        taken += runs
    upstream = in_steps(grads[0], batch_first, batch_sizes)
    grad_cells = torch.zeros_like(cells) if cx is None else grads[2]
    to_weights: list[list[torch.Tensor]] = []
    to_hidden: list[torch.Tensor] = []
    to_cell: list[torch.Tensor] = []
    for first in range(len(layers) - directions, -1, -directions):
        shares, found = [each.chunk(directions, -1) for each in upstream], []
        for number in range(first, first + directions):
            own = [share[number - first] for share in shares]
            found.append(layer_back(mode, named(layers[number]), taken[number], own, grads[1][number], grad_cells[number]))
        upstream = [sum((each[0][time] for each in found[1:]), found[0][0][time]) for time in range(len(upstream))]
        to_weights = [each[1] for each in found] + to_weights
        to_hidden, to_cell = [each[2] for each in found] + to_hidden, [each[3] for each in found] + to_cell
    return Gradients(
        out_of_steps(upstream, batch_first, batch_sizes),
        tuple(weight for layer in to_weights for weight in layer),
        torch.stack(to_hidden),
        None if cx is None else torch.stack(to_cell),
    )
