"""Executes the documents: the python blocks and the `byhand` commands of a Markdown file, with what they print beneath them.

python documents.py FOLDER [--write | --installed]: compares, or writes the output into the files, or also insists that byhand is
the installed one and not the source beside it.
"""

import difflib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

FENCE = re.compile(r"^```(\w*)$")
MARK = "== end of a block =="
WIDTH = "110"
PICTURE = Path("docs/pictures/back_propagation.svg")
"""What README.md shows, drawn from the example beside it."""


class DocumentFailed(Exception):
    """A block of a document did not run."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language and the numbers of its two fences, counted from 0."""

    language: str
    start: int
    end: int


def documents(folder: Path) -> list[Path]:
    """The files that are executed."""
    return [folder / "README.md", folder / "CONTRIBUTING.md", *sorted((folder / "docs").rglob("*.md"))]


def blocks(lines: list[str]) -> list[Block]:
    """The fenced blocks of a document, in order."""
    fences = [(number, FENCE.match(line)) for number, line in enumerate(lines) if line.startswith("```")]
    broken = [number for number, match in fences if match is None]
    if broken or len(fences) % 2:
        number = broken[0] if broken else fences[-1][0]
        raise DocumentFailed(f"line {number + 1}: a fence that does not open or close a block: {lines[number]}")
    return [Block(match[1], start, end) for (start, match), (end, _) in zip(fences[::2], fences[1::2], strict=True)]


def executed(path: Path, *, folder: Path) -> str:
    """The document's text with every output as it is printed now."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = blocks(lines)
    printed = iter(run_python(path, lines, [block for block in found if block.language == "python"]))
    followed_by = dict(pairwise(found))
    changes: list[tuple[int, int, list[str]]] = []
    for block in found:
        if block.language == "python":
            changes += beneath(block, followed_by.get(block), lines, next(printed))
        elif block.language == "console":
            changes.append((block.start + 1, block.end, run_commands(path, lines[block.start + 1 : block.end], folder)))
    for start, end, output in reversed(changes):
        lines[start:end] = output
    return "\n".join(lines) + "\n"


def beneath(block: Block, following: Block | None, lines: list[str], output: list[str]) -> list[tuple[int, int, list[str]]]:
    """The change that puts a python block's output into the text block right beneath it; a new one if there is none."""
    if following and following.language == "text" and not "".join(lines[block.end + 1 : following.start]).strip():
        return [(following.start + 1, following.end, output)]
    return [(block.end + 1, block.end + 1, ["", "```text", *output, "```"])] if output else []


def run_python(path: Path, lines: list[str], code: list[Block]) -> list[list[str]]:
    """What each block printed. They run as one script, in which every line keeps its number."""
    if not code:
        return []
    script = [""] * len(lines)
    for block in code:
        script[block.start + 1 : block.end] = lines[block.start + 1 : block.end]
        script[block.end] = f"print({MARK!r})"
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / f"{path.stem}.py"
        file.write_text("\n".join(script), encoding="utf-8")
        answer = start([sys.executable, str(file)], Path(place))
    if answer.returncode:
        raise DocumentFailed(f"{path.name} does not run; the line numbers are the document's:\n{answer.stderr}")
    return [tidy(part) for part in answer.stdout.split(f"{MARK}\n")[:-1]]


def run_commands(path: Path, lines: list[str], folder: Path) -> list[str]:
    """The console block with the output of each `$ byhand …` beneath it."""
    shown: list[str] = []
    for line in lines:
        if not line.startswith("$ "):
            continue
        name, *words = shlex.split(line.removeprefix("$ "))
        if name != "byhand":
            raise DocumentFailed(f"{path.name}: a console block runs byhand alone, not {name}; a sh block is not run")
        suffix = ".exe" if os.name == "nt" else ""
        answer = start([str(Path(sys.executable).parent / f"byhand{suffix}"), *words], folder)
        if answer.returncode not in (0, 1):
            raise DocumentFailed(f"{path.name}: {line} ended with {answer.returncode}:\n{answer.stderr}")
        shown += ["", line] if shown else [line]
        shown += tidy(answer.stdout)
    return shown


def start(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """The finished program, its output as text; the terminal's width is fixed."""
    settings = {**os.environ, "COLUMNS": WIDTH, "PYTHONUTF8": "1", "NO_COLOR": "1"}
    return subprocess.run(words, cwd=folder, env=settings, capture_output=True, text=True, encoding="utf-8", check=False)


def tidy(output: str) -> list[str]:
    """The lines without trailing blanks and without empty lines at both ends."""
    return [line.rstrip() for line in output.strip("\n").splitlines()]


def difference(path: Path, *, folder: Path) -> str:
    """How the document differs from what is printed now; empty if it does not."""
    now = executed(path, folder=folder)
    before = path.read_text(encoding="utf-8")
    return "\n".join(difflib.unified_diff(before.splitlines(), now.splitlines(), f"{path.name}", "printed now", lineterm=""))


def picture(folder: Path) -> str:
    """README's picture as it is drawn now."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / PICTURE.name
        run_commands(PICTURE, [f"$ byhand explain examples/back_propagation.py --svg {file.as_posix()}"], folder)
        return file.read_text(encoding="utf-8")


def picture_differs(folder: Path) -> bool:
    """Whether README's picture is not the one that is drawn now."""
    return (folder / PICTURE).read_text(encoding="utf-8") != picture(folder)


def main(words: list[str]) -> int:
    """0 if every document is true, 1 if one is not, after printing the differences."""
    folder = Path(words[0]).resolve()
    if "--installed" in words:
        import byhand

        if not Path(byhand.__file__).resolve().is_relative_to(Path(sys.prefix).resolve()):
            print(f"byhand is not the installed one: {byhand.__file__}")
            return 1
    wrong = 0
    for path in documents(folder):
        if "--write" in words:
            path.write_text(executed(path, folder=folder), encoding="utf-8")
            continue
        report = difference(path, folder=folder)
        wrong += bool(report)
        print(report or f"{path.relative_to(folder)} is true")
    if "--write" in words:
        (folder / PICTURE).parent.mkdir(exist_ok=True)
        (folder / PICTURE).write_text(picture(folder), encoding="utf-8")
    elif picture_differs(folder):
        wrong += 1
        print(f"{PICTURE} is not what is drawn now")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
