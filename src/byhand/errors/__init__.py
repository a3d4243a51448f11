"""Every error byhand raises: what happened, where, why, and what to type next."""

from byhand.errors.graphs import (
    GraphFreed,
    IntegerGradient,
    ModifiedInPlace,
    NoGraph,
    NoRule,
    NotAScalar,
    NotATensor,
    SecondBackward,
    Unreadable,
    UnshowableRule,
)
from byhand.errors.programs import CellFailed, NoSuchFile, NotAProgram, NotebookTools, Unwritable
from byhand.errors.report import ByhandError
from byhand.errors.runs import NoBackward, NoSuchPart, NoSuchStep, NotJudged
from byhand.errors.values import NotKept, NotNumbers, UnknownName, WrongShape

__all__ = [
    "ByhandError",
    "CellFailed",
    "GraphFreed",
    "IntegerGradient",
    "ModifiedInPlace",
    "NoBackward",
    "NoGraph",
    "NoRule",
    "NoSuchFile",
    "NoSuchPart",
    "NoSuchStep",
    "NotAProgram",
    "NotAScalar",
    "NotATensor",
    "NotJudged",
    "NotKept",
    "NotNumbers",
    "NotebookTools",
    "SecondBackward",
    "UnknownName",
    "Unreadable",
    "UnshowableRule",
    "Unwritable",
    "WrongShape",
]
