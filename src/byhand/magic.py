"""The IPython extension: `%load_ext byhand` records from there on, `%byhand` tells the last backward pass, `%%byhand` this cell's."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from byhand.cells import number_with
from byhand.display import Story
from byhand.errors import NoBackward
from byhand.programs import commanded
from byhand.run import Run
from byhand.wanted import Wanted

KEPT = 3  # backward passes that a long-lived recording keeps

_loaded: list[Run] = []
_commanded: list[Run] = []


def load_ipython_extension(shell: Any) -> None:
    """Record from here on, and offer the magics. Loading twice is loading once."""
    shell.register_magic_function(_line, "line", "byhand")
    shell.register_magic_function(lambda line, cell: _cell(shell, line, cell), "cell", "byhand")
    number_with(lambda file: _number(shell, file))
    if not _loaded and not _commanded:
        _loaded.append(_started(Run(keep=KEPT)))


def unload_ipython_extension(_shell: Any) -> None:
    """Record no more."""
    while _loaded:
        _loaded.pop().stop()


def _started(run: Run) -> Run:
    run.start()
    return run


def _number(shell: Any, file: str) -> int | None:
    """The number beside the cell that IPython compiled as this file, None if it does not say."""
    _, found = shell.compile.format_code_name(file) or ("", "")
    number = found.removeprefix("In[").removesuffix("]")
    return int(number) if number.isdecimal() else None


def _line(line: str) -> Story:
    """The story of the last backward pass: `%byhand`, `%byhand h.0.attn` for one module; `%byhand diagnose` says what is wrong.

    Raises NoBackward, NoSuchPart.
    """
    running = _loaded or _commanded
    if not running or not running[-1].passes:
        raise NoBackward("this notebook, since its line %load_ext byhand")
    if line.strip() == "diagnose":
        return running[-1].diagnose()
    return running[-1].explain(part=line.strip())


def _cell(shell: Any, line: str, cell: str) -> Story | None:
    """Run the cell and tell its last backward pass: `%%byhand`. Raises NoBackward, NoSuchPart."""
    with Run() as run:
        outcome = shell.run_cell(cell)
    if not outcome.success:
        return None
    if not run.passes:
        raise NoBackward("this cell")
    return run.explain(part=line.strip())


def begin(shell: Any, wanted: dict[str, Any]) -> None:
    """Record a notebook that the command runs: every pass is kept."""
    number_with(lambda file: _number(shell, file))
    _commanded.append(_started(commanded(_wanted(wanted))))


def _wanted(given: dict[str, Any]) -> Wanted:
    return Wanted(**{**given, "file": Path(given["file"])})


def finish(options: dict[str, Any]) -> None:
    """End the recording and leave the story for the command that runs this kernel."""
    from byhand.output import deliver

    run = _commanded.pop()
    run.stop()
    output, errors = io.StringIO(), io.StringIO()
    wanted = _wanted(options["wanted"])
    with redirect_stdout(output), redirect_stderr(errors):
        code = deliver(run, wanted, None, width=options["width"], colour=options["colour"])
    found = {"code": code, "output": output.getvalue(), "errors": errors.getvalue()}
    (Path(options["folder"]) / "result.json").write_text(json.dumps(found), encoding="utf-8")
