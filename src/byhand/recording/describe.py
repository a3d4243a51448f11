"""What each node of a pass is to the user: its name, its source, its module, the values that went in and came out."""

import bisect
from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch

from byhand.graph import Graph, Node, Origin
from byhand.recording.calls import Call, Needing, Returned, Seen
from byhand.recording.modules import Model, parameter_paths, spelled
from byhand.recording.naming import written
from byhand.recording.scope import Variables
from byhand.recording.summary import summarize
from byhand.recording.targets import output_names
from byhand.value import Missing, Shown, Value

NESTED = 8  # calls inside a call that may lie between a node and the call that made it


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call: its source text ("" if unknown), and its value if it was a constant."""

    text: str
    value: Shown
    constant: bool


@dataclass(frozen=True, slots=True)
class Description:
    """One node as the user wrote it. `names` and `values` are one for each output; `arguments` are of a call that made this node alone."""

    names: tuple[str, ...]
    values: tuple[Shown, ...]
    expression: str = ""
    origin: Origin | None = None
    module: str = ""
    call: int = -1
    arguments: tuple[Argument, ...] = ()


class Describer:
    """Describes the nodes of one pass from the calls that were recorded and the variables that were alive when it began."""

    def __init__(self, graph: Graph, live: list[Any], calls: list[Call], variables: Variables, models: list[Model]) -> None:
        self._graph, self._live, self._calls, self._variables = graph, live, calls, variables
        self._models = variables.outermost(models)
        self._alone = sum(model.weighs for _, model in self._models) <= 1
        self._leaf_names = {**variables.tensors, **parameter_paths(self._models, alone=self._alone)}
        self._variable_of = self._by_place()
        self._modules: dict[Any, str] = {}
        self._repeated = self._twice()
        self._expressions: dict[int, str] = {}
        self._makers = self._assign()
        self._made = Counter(self._makers.values())
        self._last = self._last_nodes()
        self._claimed = self._claims()
        self._constants: dict[torch.Tensor, str] | None = None

    def describe(self, node: Node) -> Description:
        """The node as the user wrote it."""
        if node.leaf:
            leaf = self._live[node.index].variable
            return Description((self.name_of(leaf),), (summarize(leaf),))
        number = self._makers.get(node.index, -1)
        names = tuple(self._name(node.index, output) for output in range(len(node.outputs)))
        values = tuple(self._value(node, output, number) for output in range(len(node.outputs)))
        if number < 0:
            return Description(names, values)
        call = self._calls[number]
        place = written(call.code, call.instruction) if call.code else None
        return Description(
            names,
            values,
            self._expressions.get(node.index, ""),
            place.origin if place else None,
            self._module(call),
            number,
            self._arguments(number),
        )

    def name_of(self, tensor: torch.Tensor) -> str:
        """The user's name of a leaf or a constant: a path in a model, a variable, what it was assigned to; "" if there is none."""
        if tensor in self._leaf_names:
            return self._leaf_names[tensor]
        if self._constants is None:
            self._constants = self._created()
        if tensor in self._constants:
            return self._constants[tensor]
        return self._leaf_names.get(tensor._base, "") if tensor._base is not None and tensor._base.grad_fn is None else ""

    def variable_at(self, index: int, output_nr: int) -> torch.Tensor | None:
        """The variable that holds one output of a node, if one does."""
        return self._variables.tensor(self._live[index], output_nr)

    def _by_place(self) -> dict[tuple[int, int], str]:
        position = {node: index for index, node in enumerate(self._live)}
        found = {}
        for (node, output_nr), (name, _) in self._variables.results.items():
            if node in position:
                found[position[node], output_nr] = name
        return found

    def _twice(self) -> set[int]:
        """The numbers that several nodes have: every thread counts for itself, and a leaf has none."""
        count = Counter(node.sequence for node in self._graph.nodes)
        return {number for number, times in count.items() if times > 1 or number < 0}

    def _assign(self) -> dict[int, int]:
        """Which call made each node, by the sequence numbers that passed during the call."""
        made = sorted((call.start, call.stop, number) for number, call in enumerate(self._calls) if call.stop > call.start)
        starts = [start for start, _, _ in made]
        makers = {}
        for node in self._graph.nodes:
            if node.sequence in self._repeated:
                continue
            found = bisect.bisect_right(starts, node.sequence) - 1
            for start, stop, number in reversed(made[max(0, found - NESTED) : found + 1]):
                if start <= node.sequence < stop:
                    makers[node.index] = number
                    break
        return makers

    def _last_nodes(self) -> dict[int, int]:
        """The node that gave each call's result: the last it made."""
        last: dict[int, int] = {}
        for index, number in self._makers.items():
            if number not in last or self._graph.nodes[index].sequence > self._graph.nodes[last[number]].sequence:
                last[number] = index
        return last

    def _claims(self) -> dict[tuple[int, int], list[str]]:
        """Every name given to every place, in the order in which the program gave them."""
        by_sequence = {node.sequence: node.index for node in self._graph.nodes if node.sequence not in self._repeated}
        claims: dict[tuple[int, int], list[str]] = {}
        for number, call in enumerate(self._calls):
            places = self._places(number, call, by_sequence)
            if not places or not call.direct or call.code is None:
                continue
            place = written(call.code, call.instruction)
            if len(places) == 1:
                self._expressions.setdefault(places[0][0], place.expression)
            for target in (place.target, *place.aliases) if not place.each else ():
                for (index, output_nr), name in zip(places, output_names(target, len(places)), strict=True):
                    if name and index >= 0:
                        claims.setdefault((index, output_nr), []).append(name)
        return claims

    def _places(self, number: int, call: Call, by_sequence: dict[int, int]) -> list[tuple[int, int]]:
        if isinstance(call.results, Returned):
            return [(by_sequence.get(sequence, -1), output_nr) for sequence, output_nr in call.results.places]
        last = self._last.get(number)
        if last is None:
            return []
        outputs = self._graph.nodes[last].outputs
        count = len(call.results) if isinstance(call.results, list) else 1
        return [(last, output) if output < len(outputs) else (-1, 0) for output in range(count)]

    def _name(self, index: int, output_nr: int) -> str:
        claims = self._claimed.get((index, output_nr))
        return claims[0] if claims else self._variable_of.get((index, output_nr), "")

    def names(self) -> dict[str, list[tuple[int, int]]]:
        """Every name of the pass and the places it was given to, first use first."""
        found: dict[str, list[tuple[int, int]]] = {}
        for place in sorted({*self._claimed, *self._variable_of}, reverse=True):
            for name in dict.fromkeys([*self._claimed.get(place, []), *filter(None, [self._variable_of.get(place)])]):
                found.setdefault(name, []).append(place)
        return found

    def _value(self, node: Node, output_nr: int, number: int) -> Shown:
        if number < 0 or self._last.get(number) != node.index:
            return self._variables.value(self._live[node.index], output_nr)
        results = self._calls[number].results
        results = results.results if isinstance(results, Returned) else results
        result = results[output_nr] if isinstance(results, list) and output_nr < len(results) else results
        value = Seen._make(result).value() if type(result) is tuple else None
        return value if value is not None and value.shape == node.outputs[output_nr].shape else Missing.NOT_RECORDED

    def _arguments(self, number: int) -> tuple[Argument, ...]:
        call = self._calls[number]
        if not call.direct or self._made[number] != 1 or call.code is None:
            return ()
        operands = written(call.code, call.instruction).arguments(len(call.arguments), mixed=_mixed(call))
        texts = [operand.text for operand in operands] or [""] * len(call.arguments)
        return tuple(
            Argument(text, _constant(argument), not isinstance(argument, Needing))
            for text, argument in zip(texts, call.arguments, strict=True)
        )

    def _module(self, call: Call) -> str:
        """The user's name of the innermost module that was running."""
        for reference in reversed(call.modules):
            if reference not in self._modules:
                self._modules[reference] = self._found(reference)
            if self._modules[reference]:
                return self._modules[reference]
        return ""

    def _found(self, reference: Any) -> str:
        paths = ((variable, model, model.path(reference)) for variable, model in self._models)
        for variable, model, path in paths:
            if path is not None:
                return spelled(variable or model.kind * (not self._alone or not model.weighs), path, alone=self._alone and model.weighs)
        return ""

    def _created(self) -> dict[torch.Tensor, str]:
        """Constants by what they were assigned to, or by the plain name they were passed under."""
        found: dict[torch.Tensor, str] = {}
        for call in self._calls:
            if call.code is None or not call.direct:
                continue
            place = written(call.code, call.instruction)
            results = call.results if isinstance(call.results, list) else [call.results]
            if not place.each and not isinstance(call.results, Returned):
                for result, name in zip(results, output_names(place.target, len(results)), strict=True):
                    _enter(found, result, name)
            for argument, operand in zip(call.arguments, place.arguments(len(call.arguments), mixed=_mixed(call)), strict=False):
                _enter(found, argument, operand.text if operand.plain else "")
        return found


def _mixed(call: Call) -> bool:
    """Whether tensors and plain numbers are among the arguments: PyTorch may have swapped them."""
    return len(call.arguments) == 2 and not all(isinstance(argument, Seen | Needing) for argument in call.arguments)


def _enter(found: dict[torch.Tensor, str], seen: Any, name: str) -> None:
    tensor = seen[0]() if name and type(seen) in (tuple, Seen) and seen[0] is not None else None
    if tensor is not None:
        found.setdefault(tensor, name)


def _constant(argument: Any) -> Shown:
    if isinstance(argument, Seen):
        return argument.value() or Missing.NOT_RECORDED
    if isinstance(argument, bool | int | float | complex):
        return Value((), type(argument).__name__, argument)
    return Missing.NOT_RECORDED
