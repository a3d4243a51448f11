"""Finds parameters that a module uses and does not register: in plain containers and objects, or as plain tensors."""

import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

import torch

from byhand.diagnosis.kinds.parameters import UnregisteredParameter
from byhand.diagnosis.parameters.flows import Reference
from byhand.diagnosis.parameters.ledger import Entry, Ledger
from byhand.diagnosis.parameters.sentences import are, at, listed
from byhand.diagnosis.parameters.sources import assigned
from byhand.diagnosis.typed import assignment
from byhand.findings import Finding, Severity
from byhand.graph import Origin
from byhand.recording.modules import named_modules, spelled
from byhand.words import counted

DEEP = 4  # containers inside each other
BUDGET = 20_000  # objects that are looked at in one pass
_OWN = frozenset(vars(torch.nn.Module()))
_ADVICE = {
    "list": "torch.nn.ModuleList",
    "tuple": "torch.nn.ModuleList",
    "set": "torch.nn.ModuleList",
    "dict": "torch.nn.ModuleDict",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a parameter is hidden: `path` is its name, `holds` the type of the attribute; if it is `bare`, no layer is around it."""

    path: str
    owner: str
    attribute: str
    holds: str
    bare: bool
    where: Origin | None


class Hiding:
    """The hidden parameters of all models, found while they are alive."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.places: dict[Reference, Place] = {}

    def look(self, unheld: Iterable[Reference]) -> None:
        """Look for leaves that no optimizer holds in the attributes of the models that are known."""
        wanted = {each for each in unheld if each not in self.places and each() is not None}
        models = self.ledger.world.models
        alone = sum(model.weighs for _, model in models) <= 1
        for variable, model in models:
            root = model.reference()
            if root is None or not wanted:
                continue
            known = {weakref.ref(each) for each in root.parameters()}
            for reference, place in _search(root, wanted - known):
                path = spelled(variable, place.path, alone=alone)
                born = place.where or self.ledger.entries[reference].born
                self.places.setdefault(reference, Place(path, place.owner, place.attribute, place.holds, place.bare, born))

    def found(self) -> Iterator[Finding]:
        """One finding for each attribute that hides parameters."""
        held = self.ledger.held()
        groups: dict[tuple[str, str], list[Reference]] = {}
        for reference, place in self.places.items():
            entry = self.ledger.entries.get(reference, Entry())
            if entry.passes > (entry.plain and place.bare) and not entry.moved and reference not in held:
                groups.setdefault((place.owner, place.attribute), []).append(reference)
        for references in groups.values():
            yield self._finding(sorted(references, key=lambda each: not self.ledger.entries[each].weighs))

    def _finding(self, references: list[Reference]) -> Finding:
        places = [self.places[each] for each in references]
        first = places[0]
        names = [place.path for place in places]
        size = sum(self.ledger.entries[each].size for each in references)
        passes = self.ledger.entries[references[0]].passes
        trains = any(entry.moved for entry in self.ledger.entries.values()) or bool(self.ledger.stepping())
        kept = f"a plain {first.holds}" if first.holds in _ADVICE else f"an object of {first.holds}, which is no torch.nn.Module"
        holds = "is a plain tensor" if first.bare and first.holds in ("Tensor", "Parameter") else f"is {kept}"
        return UnregisteredParameter.found(
            first.path,
            first.where,
            what=(
                f"{are(names, 'gets', 'get')} a gradient ({counted(passes, 'pass', 'passes')}), but "
                f"{'is' if len(names) == 1 else 'are'} in no parameters(): {counted(size, 'number')} that no optimizer can train."
            ),
            why=(
                f"self.{first.attribute} of {first.owner}{at(first.where)} {holds}; a module registers only modules and parameters that "
                f"are its own attributes, so parameters(), state_dict(), .to() and .train() pass over {listed(names[:1])}."
            ),
            fix=f"{_fix(first)}{at(first.where)}, before the optimizer is made.",
            severity=Severity.ERROR if trains else Severity.WARNING,
        )


def _fix(place: Place) -> str:
    """What to type, with what the line sets the attribute to."""
    wrapper = _wrapper(place)
    if not wrapper:
        base = f"`class {place.holds}(torch.nn.Module):`, with `super().__init__()` first in its __init__"
        return f"Write {base}, for what self.{place.attribute} is set to"
    target, sign, value = assignment(place.where.text) if place.where is not None else ("", "", "")
    if sign == "=" and target.endswith(f".{place.attribute}"):
        return f"Write `{target} = {wrapper}({value})`"
    return f"Set self.{place.attribute} to a `{wrapper}` of the same"


def _wrapper(place: Place) -> str:
    """The class of PyTorch's that registers what an attribute holds; "" if it is an object of the user's own."""
    if place.bare:
        return {"dict": "torch.nn.ParameterDict"}.get(
            place.holds, "torch.nn.ParameterList" if place.holds in _ADVICE else "torch.nn.Parameter"
        )
    return _ADVICE.get(place.holds, "")


def _search(root: torch.nn.Module, wanted: set[Reference]) -> Iterator[tuple[Reference, Place]]:
    """The wanted tensors that attributes of a model's modules hold without registering them."""
    budget = [BUDGET]
    for path, module in named_modules(root) if wanted else ():
        for attribute, thing in list(vars(module).items()):
            if attribute in _OWN or isinstance(thing, str | int | float | type(None)):
                continue
            prefix = f"{path}.{attribute}" if path else attribute
            for name, tensor, bare in _tensors(thing, prefix, DEEP, budget):
                reference = weakref.ref(tensor)
                if reference in wanted:
                    where = assigned(type(module), attribute)
                    later = assigned(type(module), attribute, building=False)
                    if isinstance(tensor, torch.nn.Parameter) or (where is not None and later is None):
                        yield reference, Place(name, type(module).__name__, attribute, type(thing).__name__, bare, where or later)


def _tensors(thing: Any, path: str, depth: int, budget: list[int]) -> Iterator[tuple[str, torch.Tensor, bool]]:
    """The tensors inside a thing with their paths, and whether they are there by themselves and not in a layer."""
    budget[0] -= 1
    if budget[0] < 0 or depth < 0:
        return
    if isinstance(thing, torch.Tensor):
        yield path, thing, True
    elif isinstance(thing, torch.nn.Module):
        yield from ((f"{path}.{name}", each, False) for name, each in thing.named_parameters())
    elif isinstance(thing, dict):
        for key, each in list(thing.items()):
            yield from _tensors(each, f"{path}.{key}", depth - 1, budget)
    elif isinstance(thing, list | tuple | set):
        for number, each in enumerate(list(thing)):
            yield from _tensors(each, f"{path}.{number}", depth - 1, budget)
    else:
        for key, each in _attributes(thing):
            yield from _tensors(each, f"{path}.{key}", depth - 1, budget)


def _attributes(thing: Any) -> list[tuple[str, Any]]:
    """The attributes of an object of a class written in Python, as they are stored."""
    if isinstance(thing, type | FunctionType | ModuleType):
        return []
    try:
        held = object.__getattribute__(thing, "__dict__")
    except AttributeError:
        return []
    return list(held.items()) if isinstance(held, dict) else []
