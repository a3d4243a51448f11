"""Programs with one known fault each, their healthy twins and controls: what a method should say of them, and what counts as right."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEPT = re.compile(r"# <-- (or )?here\s*$")

GROUPS = {
    "cut graph, parameters": "graph-cut zero-gradient-op frozen-parameter unused-parameter unregistered-parameter non-leaf-grad "
    "not-in-optimizer eval-mode",
    "not finite, precision": "non-finite-gradient non-finite-dead-branch fp16-overflow fp16-underflow lost-in-rounding",
    "scale": "vanishing-gradient exploding-gradient dead-unit saturated",
    "training loop": "gradient-accumulated gradient-cleared-before-step step-skipped clip-before-unscale accumulation-not-scaled "
    "loss-broadcast double-softmax batch-leak gradient-rewritten-by-hook weights-not-updated",
    "wrong rule": "wrong-gradient wrong-gradient-shape second-derivative-lost saved-tensor-overwritten",
    "PyTorch's own errors": "freed-graph inplace-modified",
}
ANY = "*"
"""The kind of what is said without saying of which kind it is: it counts as the right one."""


@dataclass(frozen=True)
class Program:
    """One program: the codes that are right for it, none if it is healthy, and the lines that may be named."""

    path: Path
    code: str
    codes: frozenset[str]
    lines: frozenset[int]

    @property
    def healthy(self) -> bool:
        """Whether nothing should be said of it."""
        return not self.code

    @property
    def group(self) -> str:
        """What its fault belongs to."""
        return next((name for name, codes in GROUPS.items() if self.code in codes.split()), "other")


@dataclass(frozen=True)
class Saying:
    """One thing that a method says: the codes it may mean, the lines it names, and whether it sounds an alarm or only remarks."""

    codes: tuple[str, ...]
    lines: tuple[int, ...] = ()
    alarm: bool = True


@dataclass(frozen=True)
class Answer:
    """All that a method said of one program, the processor's seconds it took with the program, and why it could not be used, if so."""

    sayings: tuple[Saying, ...] = ()
    seconds: float = 0.0
    unusable: str = ""

    def about(self, program: Program) -> list[Saying]:
        """What was said of the fault that is there; generous: one of several kinds meant is enough."""
        return [saying for saying in self.sayings if ANY in saying.codes or program.codes & set(saying.codes)]

    def found(self, program: Program) -> bool:
        """Whether the fault was seen for what it is."""
        return bool(self.about(program))

    def located(self, program: Program) -> bool:
        """Whether it was, with a line of those that are marked in the program; any, of a program where none is."""
        return any(not program.lines or program.lines & set(saying.lines) for saying in self.about(program))

    @property
    def alarms(self) -> bool:
        """Whether it says that something is wrong."""
        return any(saying.alarm for saying in self.sayings)


def programs(folder: Path) -> list[Program]:
    """The programs that the JSON files of a folder tell of, each with its healthy twin where there is one."""
    return [
        program for told in sorted(folder.glob("*.json")) for row in json.loads(told.read_text("utf-8")) for program in _of(folder, row)
    ]


def _of(folder: Path, row: dict[str, Any]) -> Iterator[Program]:
    path, code = folder / row["file"], row["code"] or ""
    marked = [number for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if KEPT.search(line)]
    yield Program(path, code, frozenset((code, *row.get("also", ()))) if code else frozenset(), frozenset(marked))
    twin = path.with_name(f"{path.stem}_twin.py")
    if code and twin.exists():
        yield Program(twin, "", frozenset(), frozenset())
