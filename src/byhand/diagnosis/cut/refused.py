"""The backward pass that PyTorch refuses, because what it starts from needs no gradient."""

import weakref
from typing import Any

import torch

from byhand.diagnosis.cut.found import Lost, lost
from byhand.diagnosis.cut.search import Search
from byhand.diagnosis.cut.telling import told
from byhand.diagnosis.lineage import Lineage
from byhand.diagnosis.world import World
from byhand.recording.calls import grad_fn

_MESSAGE = "does not require grad"


def refused(world: World, problem: BaseException) -> dict[Any, Lost]:
    """The leaves whose values went into the loss of a refused pass, and where their gradients are lost."""
    if not isinstance(problem, RuntimeError) or _MESSAGE not in str(problem):
        return {}
    lineage = Lineage(world.calls())
    roots = [weakref.ref(root) for root in _roots(problem)]
    search = Search(lineage, roots)
    seen = {id(use.reference): use.reference for uses in lineage.inputs for use in uses if use.needs}
    found: dict[Any, Lost] = {}
    for reference in seen.values():
        leaf = reference()
        path = search.path(reference) if leaf is not None and grad_fn(leaf) is None else None
        if leaf is not None and path is not None:
            name = world.name_of(leaf) or "a tensor"
            found[reference] = lost(name, leaf, told(lineage, path, name, "the loss"), related=True, refused=True)
    return found


def _roots(problem: BaseException) -> list[torch.Tensor]:
    """The tensors that backward was called on, read from the frames of PyTorch that raised."""
    frame: Any = problem.__traceback__
    found: list[torch.Tensor] = []
    while frame is not None:
        code, variables = frame.tb_frame.f_code, frame.tb_frame.f_locals
        if code.co_name in ("backward", "grad") and "torch" in code.co_filename:
            given = variables.get("tensors", variables.get("outputs", variables.get("self")))
            found = [each for each in (given if isinstance(given, tuple | list) else (given,)) if isinstance(each, torch.Tensor)]
        frame = frame.tb_next
    return found
