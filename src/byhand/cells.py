"""The cells of a notebook: IPython compiles each as a file of its own, and its reader knows it by the number beside it."""

import re
from collections.abc import Callable
from dataclasses import replace

from byhand.findings import Finding
from byhand.graph import Origin
from byhand.results import Pass, Step
from byhand.words import base, located

_COMPILED = re.compile(r"ipykernel_\d+[/\\]\d+\.py$|^<ipython-input-")
_NAMED = re.compile(r"\b(\d+\.py):(\d+)\b")
_numbering: list[Callable[[str], int | None]] = []
_files: dict[str, set[str]] = {}


def number_with(numbering: Callable[[str], int | None]) -> None:
    """Ask this for the number of a cell, by the name of the file that IPython compiled it as."""
    _numbering[:] = [numbering]


def in_cells(made: Pass) -> Pass:
    """The pass with every line of a notebook placed in its cell: "cell 3", or "a cell" where the number is not known."""
    if not any(step.origin is not None and _COMPILED.search(step.origin.file) for step in made.steps[:1] + made.steps[-1:]):
        return made
    return replace(made, steps=tuple(map(_in_cell, made.steps)))


def finding_in_cell(finding: Finding) -> Finding:
    """The finding with its line placed in its cell, and every line that its sentences name."""
    origin = finding.where
    if origin is None or not _COMPILED.search(origin.file):
        return finding
    folder = origin.file[: -len(base(origin.file))]

    def in_words(found: re.Match[str]) -> str:
        return located(_placed(Origin(f"{folder}{found[1]}", int(found[2]))))

    what, why, fix = (_NAMED.sub(in_words, text) for text in (finding.what, finding.why, finding.fix))
    return replace(finding, where=_placed(origin), what=what, why=why, fix=fix)


def _in_cell(step: Step) -> Step:
    function = step.function and replace(step.function, backward=_placed(step.function.backward))
    return replace(step, origin=_placed(step.origin), function=function)


def _placed(origin: Origin | None) -> Origin | None:
    if origin is None or not _COMPILED.search(origin.file):
        return origin
    number = next((found for found in (ask(origin.file) for ask in _numbering) if found is not None), None)
    name = "a cell" if number is None else f"cell {number}"
    _files.setdefault(name, set()).add(origin.file)
    return replace(origin, file=name)


def compiled(file: str) -> str:
    """The file that IPython compiled a cell as, by what its reader calls it; "" if several go by that name. Other files are themselves."""
    files = _files.get(file, {file})
    return next(iter(files)) if len(files) == 1 else ""
