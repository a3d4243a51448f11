"""What all families of faults know together: the calls, the names, the models and optimizers, and what was found so far."""

import weakref
from collections.abc import Iterator
from typing import Any

import torch

from byhand.findings import Finding
from byhand.graph import Origin
from byhand.recording.calls import Call
from byhand.recording.modules import Model, parameter_paths
from byhand.recording.naming import written
from byhand.recording.recorder import Recorder
from byhand.recording.scope import Variables
from byhand.recording.weakly import forget


class World:
    """Shared by the families of one recording. `steps` counts the steps of all optimizers, `passes` the backward passes."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.findings: dict[tuple[str, str, tuple[str, int] | None], Finding] = {}
        self.steps = 0
        self.passes = 0
        self.optimizers: dict[weakref.ref[torch.optim.Optimizer], None] = {}
        self._names: dict[weakref.ref[torch.Tensor], str] = {}
        self._models: list[tuple[str, Model]] = []
        self._calls: tuple[int, Any, list[Call]] = (0, None, [])

    @property
    def progress(self) -> int:
        """How many steps of training were made: of optimizers; of a program that has none, how often it called backward."""
        return self.steps if self.optimizers else self.passes

    def report(self, finding: Finding) -> None:
        """Keep a finding, unless the same was found before."""
        self.findings.setdefault(self.key(finding), finding)

    def key(self, finding: Finding) -> tuple[str, str, tuple[str, int] | None]:
        """What makes two findings one: code, subject and line."""
        return finding.code, finding.subject, (finding.where.file, finding.where.line) if finding.where else None

    def calls(self) -> list[Call]:
        """The calls that are still known, oldest first: those since the last few backward passes. The list is not to be changed."""
        notes = self.recorder.notes
        newest = (len(notes), notes[-1]) if notes else (0, None)
        if newest[0] != self._calls[0] or newest[1] is not self._calls[1]:
            self._calls = (*newest, self.recorder.calls())
        return self._calls[2]

    def look_around(self, frame: Any) -> Variables:
        """The program's variables at a frame; the names of leaves and models that are there are remembered."""
        variables = Variables(frame)
        models = variables.outermost(self.recorder.models)
        alone = sum(model.weighs for _, model in models) <= 1
        named = {**variables.tensors, **parameter_paths(models, alone=alone)}
        self._names.update({weakref.ref(tensor): name for tensor, name in named.items() if tensor.grad_fn is None})
        self._models = models
        return variables

    def name_of(self, tensor: torch.Tensor) -> str:
        """The user's name of a leaf: its path in a model, or its variable; "" if none is known."""
        return self._names.get(weakref.ref(tensor), "")

    def called(self, reference: "weakref.ref[torch.Tensor]") -> str:
        """The same for a tensor that may be gone."""
        return self._names.get(reference, "")

    @property
    def models(self) -> list[tuple[str, Model]]:
        """The models of the program that are part of no other, with their variables ("" where there is none), when last looked at."""
        return self._models

    def living_optimizers(self) -> Iterator[torch.optim.Optimizer]:
        """The optimizers that were made or stepped and are alive."""
        for reference in self.optimizers:
            optimizer = reference()
            if optimizer is not None:
                yield optimizer

    def meet(self, optimizer: torch.optim.Optimizer) -> None:
        """Know an optimizer."""
        forget(self.optimizers)
        self.optimizers.setdefault(weakref.ref(optimizer))


def origin_of(frame: Any) -> Origin | None:
    """Where in the user's program a frame stands."""
    return written(frame.f_code, frame.f_lasti).origin if frame is not None else None


def origin_of_call(call: Call) -> Origin | None:
    """Where in the user's program a call was made."""
    return written(call.code, call.instruction).origin if call.code is not None else None
