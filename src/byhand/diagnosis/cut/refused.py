"""The backward pass that PyTorch refuses, because what it starts from needs no gradient."""

import weakref
from dataclasses import replace
from typing import Any

import torch

from byhand.diagnosis.cut.causes import ZERO
from byhand.diagnosis.cut.found import Lost, lost
from byhand.diagnosis.cut.search import Search
from byhand.diagnosis.cut.telling import told
from byhand.diagnosis.lineage import Lineage, leaves_of
from byhand.diagnosis.world import World

_MESSAGE = "does not require grad"


def refused(world: World, problem: BaseException) -> dict[Any, Lost]:
    """The leaves whose values went into the loss of a refused pass, and where their gradients are lost."""
    if not isinstance(problem, RuntimeError) or _MESSAGE not in str(problem):
        return {}
    world.look_around(_innermost(problem))
    lineage = Lineage(world.calls())
    search = Search(lineage, [weakref.ref(root) for root in _roots(problem)])
    found: dict[Any, Lost] = {}
    for reference in leaves_of(lineage):
        leaf, path = reference(), search.path(reference)
        if path is not None:
            name = world.name_of(leaf)
            path = replace(path, cause="non-differentiable") if path.cause == ZERO else path
            found[reference] = lost(name, leaf, told(lineage, path, name or "a tensor", "the loss"), related=True, refused=True)
    return found


def _innermost(problem: BaseException) -> Any:
    """The frame that raised."""
    step: Any = problem.__traceback__
    while step.tb_next is not None:
        step = step.tb_next
    return step.tb_frame


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
