"""Who overwrote what a backward pass needs, at which line, and who needed it."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from byhand.diagnosis.failures.freed import Earlier
from byhand.diagnosis.failures.stuck import Stuck, border, called, named, operation, stuck
from byhand.diagnosis.failures.words import at, holder, quoted
from byhand.diagnosis.failures.writers import Step, Writer, step_after, writer_after
from byhand.diagnosis.kinds.failures import InplaceModified
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.ways import edges, origin
from byhand.errors import ModifiedInPlace
from byhand.findings import Finding
from byhand.graph import Origin

_RESULTS = ("result", "output", "grid", "indices")
_OPERATORS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "truediv": "/",
    "pow": "**",
    "iadd": "+",
    "isub": "-",
    "imul": "*",
    "itruediv": "/",
}


def modified(passing: Passing, before: Sequence[Earlier], steps: Sequence[Step], message: str) -> Finding:
    """The story of a pass that met a value which was overwritten since it was saved."""
    found = stuck(passing, ModifiedInPlace)
    if found is None:
        return _unknown(passing, message)
    return _Told(passing, found, before, steps, message).finding()


def _unknown(passing: Passing, message: str) -> Finding:
    root = passing.graph.roots[0]
    loss = called(passing.describe(root.node), root.output_nr) or "loss"
    return InplaceModified.found(
        loss,
        passing.origin,
        what=f"The backward pass of {quoted(loss)} stopped: {_versions(message)}.",
        why="Which node needed the value could not be told: it lies in a part of the graph that byhand must not look into.",
        fix="Look between the forward and this line for `+=`, `x[i] = ...`, methods that end in _, inplace=True and optimizer.step().",
    )


def _versions(message: str) -> str:
    said = re.search(r"\[\w[\w.]* \[([\d, ]*)\]\].*is at version (\d+); expected version (\d+)", message)
    if said is None:
        return "a value that it needs was written in place"
    times = int(said.group(2)) - int(said.group(3))
    return f"a tensor of shape ({said.group(1)}) was written {times:,} time{'s' * (times != 1)} after it was saved"


class _Told:
    """One story: who needed the value, who wrote it, and what to write instead."""

    def __init__(self, passing: Passing, found: Stuck, before: Sequence[Earlier], steps: Sequence[Step], message: str) -> None:
        self.passing, self.found, self.message = passing, found, message
        self.said = passing.describe(found.node.index)
        self.data = [each for name in found.saved for each in _raw(found.live, name)]
        self.leaf = next((leaf for leaf in map(_leaf, self.data) if leaf is not None), None)
        self.step = step_after(steps, self.leaf, found.node.sequence)
        results = all(name in _RESULTS or name.startswith("result") for name in found.saved)
        self.writer = None if self.step else writer_after(passing.world, self.said.call, self.data, results)
        self.carried = next((each for each in reversed(before) if each.has(found.node.sequence)), None)
        self.where = self._where()
        self.subject = self._subject()

    def finding(self) -> Finding:
        """The finding."""
        return InplaceModified.found(
            self.subject,
            self.where,
            what=f"{quoted(self.subject)} was written in place{self._by()} after {self._needer()} had saved it for its backward: "
            f"{_versions(self.message)}.",
            why=self._chain(),
            fix=self._fix(),
            cause="optimizer-step" if self.step else "",
            passes=(self.passing.number,),
        )

    def _where(self) -> Origin | None:
        if self.step is not None:
            return self.step.place.origin
        return self.writer.origin if self.writer is not None and self.writer.origin else self.passing.origin

    def _at(self, origin: Origin | None) -> str:
        return at(origin, self.where)

    def _subject(self) -> str:
        if self.leaf is not None and (name := self.passing.describer.name_of(self.leaf)):
            return name
        return self._written_name() or self._needed_name() or "a tensor"

    def _written_name(self) -> str:
        """What the line that wrote calls what it wrote into."""
        text = self.writer.target if self.writer is not None else ""
        return holder(text) if re.fullmatch(r"[\w.\[\]'\":, ]+", text) else ""

    def _needed_name(self) -> str:
        """What the user calls the saved value: the node's own result, or the input it came from."""
        if all(name in _RESULTS for name in self.found.saved):
            return named(self.said)
        for edge in edges(self.found.node):
            node = origin(self.passing.graph, edge)
            direct, through = self.passing.describe(edge.node), self.passing.describe(node.index)
            if name := named(direct, edge.output_nr) or called(through):
                return name
        return ""

    def _by(self) -> str:
        if self.step is not None:
            return f" by {quoted(self.step.place.expression or 'optimizer.step()')} ({self._at(self.where)})"
        if self.writer is None:
            return ""
        times = f", {self.writer.times:,} times," if self.writer.times > 1 else ""
        text = self.writer.place.expression or self.writer.name
        return f" by {quoted(text)} ({self._at(self.where)}){times}"

    def _needer(self) -> str:
        line = f" ({self._at(self.said.origin)})" if self.said.origin else ""
        return f"{operation(self.said, self.found.node)}{line}"

    def _chain(self) -> str:
        needed = self._needed_name() if self.leaf is None else ""
        inside = f" {quoted(needed)}, which lies in the memory of" if needed and needed != self.subject else ""
        needer = f"{self._needer()} saves{inside} {quoted(self.subject)}"
        wrote = f"it is overwritten ({self._at(self.where)})" if self.step or self.writer else "it is overwritten"
        stopped = f"backward ({self._at(self.passing.origin)}) needs the old value at {self.found.node.name} ✂"
        return f"{needer} → {wrote} → {stopped}."

    def _fix(self) -> str:
        if self.step is not None:
            return self._fix_step()
        if self.writer is None:
            return f"Write into a copy: `{self.subject} = {self.subject}.clone()` before the write, or use the form without underscore."
        return self._fix_writer(self.writer)

    def _fix_step(self) -> str:
        step = self.step.place.expression if self.step else ""
        if self.carried is not None and self._entered():
            name = self._entered()
            return (
                f"Detach what is carried over from the earlier step: `{name} = {name}.detach()` after backward. "
                "retain_graph=True keeps the old graph, but not the old weights."
            )
        loss = called(self.passing.describe(self.passing.graph.roots[0].node)) or "the loss"
        return (
            f"Call `{step or 'optimizer.step()'}` ({self._at(self.where)}) only after the backward at {self._at(self.passing.origin)}; or "
            f"work out {quoted(loss)} after that step, with the new weights."
        )

    def _entered(self) -> str:
        """What the user calls the value through which the graph leads back into an earlier pass."""
        carried = self.carried
        graph = self.passing.graph
        if carried is None or all(graph.nodes[root.node].sequence < carried.mark for root in graph.roots):
            return ""
        old = {node.sequence for node in carried.graph.nodes if not node.leaf}
        places = border(graph, lambda node: not node.leaf and node.sequence in old, self.found.node.index)
        return next((holder(name) for node, nr in places if (name := called(self.passing.describe(node), nr))), "")

    def _fix_writer(self, writer: Writer) -> str:
        name, line = self.subject, self._at(self.where)
        if self.leaf is not None:
            return (
                f"Move {line} behind the backward at {self._at(self.passing.origin)}: weights may change only when every backward that "
                "needs the old ones is done."
            )
        if writer.form == "inplace" and writer.module:
            return f"Build the module of {quoted(writer.place.expression)} ({line}) without inplace=True: its result then is a new tensor."
        if writer.form == "inplace":
            return f"Leave out inplace=True at {line}: the result then is a new tensor."
        if writer.form == "out":
            return f"Leave out out= at {line} and use what the function returns."
        if writer.name == "__setitem__" and writer.looped:
            return (
                f"Collect the parts in a list and join them after the loop, `{name} = torch.stack(parts)`, instead of writing into it "
                f"at {line}; or write into a copy, `{name} = {name}.clone()` right before."
            )
        if writer.name == "__setitem__":
            return (
                f"Write into a copy: `{name} = {name}.clone()` right before {line}; or build the new tensor with torch.where or torch.cat."
            )
        return self._fix_method(writer, name, line)

    def _fix_method(self, writer: Writer, name: str, line: str) -> str:
        plain = writer.name.strip("_")
        texts = [f"{each.keyword}={each.text}" if each.keyword else each.text for each in writer.place.operands]
        if writer.place.operator and plain in _OPERATORS and len(texts) == 2 and texts[0] == name:
            return f"Write `{name} = {name} {_OPERATORS[plain]} {texts[1]}` at {line}: a new tensor, and the old one stays as it was saved."
        if writer.place.receiver is not None and writer.place.receiver.text == name and hasattr(torch.Tensor, plain):
            return f"Write `{name} = {name}.{plain}({', '.join(texts)})` at {line}, without the underscore: a new tensor."
        if plain == "copy" and texts:
            return f"Write `{name} = {texts[-1]}` at {line}: a name for a new tensor, and the old one stays as it was saved."
        copied = f"`{name} = {name}.clone()` right before {line}"
        return f"Write into a copy: {copied}; or move the line behind the backward at {self._at(self.passing.origin)}."


def _raw(live: Any, name: str) -> Iterator[torch.Tensor]:
    """The tensors that a node saved, as they are now; nothing of the program's is run."""
    kept = getattr(live, f"_raw_saved_{name}", None)
    for each in kept if isinstance(kept, tuple | list) else (kept,):
        if each is not None and each.unpack_hook is None and isinstance(each.data, torch.Tensor) and each.data.layout is torch.strided:
            yield each.data


def _leaf(tensor: torch.Tensor) -> torch.Tensor | None:
    """The leaf that a saved tensor is, or is a view of."""
    for each in (tensor, tensor._base):
        if each is not None and each.requires_grad and each.is_leaf:
            return each
    return None
