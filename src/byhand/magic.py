"""The IPython extension: `%load_ext byhand` records from there on, `%byhand` tells the last backward pass, `%%byhand` this cell's."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from byhand.display import Story
from byhand.run import Run

KEPT = 3  # backward passes that a long-lived recording keeps

_running: list[Run] = []


def load_ipython_extension(shell: Any) -> None:
    """Record from here on, and offer the magics. Loading twice is loading once."""
    shell.register_magic_function(_line, "line", "byhand")
    shell.register_magic_function(lambda line, cell: _cell(shell, line, cell), "cell", "byhand")
    if not _running:
        _start(Run(keep=KEPT))


def unload_ipython_extension(shell: Any) -> None:
    """Record no more."""
    while _running:
        _running.pop().stop()


def _start(run: Run) -> None:
    run.start()
    _running.append(run)


def _line(line: str) -> Story:
    """The story of the last backward pass: `%byhand`, or `%byhand h.0.attn` for one module."""
    return _running[-1].explain(part=line.strip())


def _cell(shell: Any, line: str, cell: str) -> Story | None:
    """Run the cell and tell its last backward pass: `%%byhand`."""
    with Run() as run:
        outcome = shell.run_cell(cell)
    if not outcome.success:
        return None
    return run.explain(part=line.strip())


@dataclass(frozen=True)
class _Asked:
    """What the command that runs this kernel wants to know."""

    verb: str
    file: str
    json: str
    latex: str
    step: int | None
    part: str


def begin() -> None:
    """Record a notebook that the command runs: every pass is kept."""
    _start(Run())


def finish(options: dict[str, Any]) -> None:
    """End the recording and leave the story for the command that runs this kernel."""
    from byhand.output import deliver

    run = _running.pop(0)
    run.stop()
    output, errors = io.StringIO(), io.StringIO()
    folder, width, colour = options.pop("folder"), options.pop("width"), options.pop("colour")
    with redirect_stdout(output), redirect_stderr(errors):
        code = deliver(run, _Asked(**options), None, width=width, colour=colour)
    found = {"code": code, "output": output.getvalue(), "errors": errors.getvalue()}
    (Path(folder) / "result.json").write_text(json.dumps(found), encoding="utf-8")
