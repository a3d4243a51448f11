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
from byhand.errors.pictures import NoPicture
from byhand.errors.programs import CellFailed, NoSuchFile, NotAProgram, NotebookTools, Unwritable
from byhand.errors.report import ByhandError
from byhand.errors.runs import NoBackward, NoSuchPart, NoSuchStep, NotJudged
from byhand.errors.values import NoSuchOrder, NotKept, NotNumbers, UnknownName, WrongShape

__all__ = [
    "ByhandError",
    "CellFailed",
    "ChangesInput",
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
    "NotAGradient",
    "NotAProgram",
    "NotAScalar",
    "NotATensor",
    "NotByName",
    "NotJudged",
    "NotKept",
    "NotNumbers",
    "NotRepeatable",
    "NotebookTools",
    "SecondBackward",
    "TooLarge",
    "UnknownName",
    "UnknownOption",
    "Unreadable",
    "UnshowableRule",
    "Unwritable",
    "WrongShape",
]
