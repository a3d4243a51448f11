"""Every error byhand raises: what happened, where, why, and what to type next."""

from byhand.errors.functions import (
    ChangesInput,
    FunctionFailed,
    NoInput,
    NoPath,
    NoResult,
    NotAGradient,
    NotByName,
    NotRepeatable,
    UnknownOption,
)
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
from byhand.errors.outputs import NoPng, TooLarge
from byhand.errors.pictures import NoPicture, NothingToDraw
from byhand.errors.programs import CellFailed, NoSuchFile, NotAProgram, NotebookTools, Unwritable
from byhand.errors.report import ByhandError
from byhand.errors.runs import FaultFound, NoBackward, NoSuchPart, NoSuchStep, NoSuchWay, NotDiagnosed, NotJudged
from byhand.errors.values import NoSuchOrder, NotKept, NotNumbers, UnknownName, WrongShape

__all__ = [
    "ByhandError",
    "CellFailed",
    "ChangesInput",
    "FaultFound",
    "FunctionFailed",
    "GraphFreed",
    "IntegerGradient",
    "ModifiedInPlace",
    "NoBackward",
    "NoGraph",
    "NoInput",
    "NoPath",
    "NoPicture",
    "NoPng",
    "NoResult",
    "NoRule",
    "NoSuchFile",
    "NoSuchOrder",
    "NoSuchPart",
    "NoSuchStep",
    "NoSuchWay",
    "NotAGradient",
    "NotAProgram",
    "NotAScalar",
    "NotATensor",
    "NotByName",
    "NotDiagnosed",
    "NotJudged",
    "NotKept",
    "NotNumbers",
    "NotRepeatable",
    "NotebookTools",
    "NothingToDraw",
    "SecondBackward",
    "TooLarge",
    "UnknownName",
    "UnknownOption",
    "Unreadable",
    "UnshowableRule",
    "Unwritable",
    "WrongShape",
]
