"""Runs a notebook in a real Jupyter kernel, cell by cell, recorded from before its first cell."""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from byhand.errors import ByhandError, CellFailed, NotAProgram, NotebookTools
from byhand.programs import source_of

_BEGIN = "__import__('byhand.magic').magic.begin()"
_END = "__import__('byhand.magic').magic.finish({options!r})"


def report_notebook(wanted: Any) -> int:
    """Run the notebook, show its own output and then the story; the exit code. Raises NotebookTools, NotAProgram, CellFailed."""
    notebook = _read(wanted.file)
    with tempfile.TemporaryDirectory() as folder:
        options = {
            "folder": folder,
            "verb": wanted.verb,
            "file": str(wanted.file),
            "json": wanted.json,
            "latex": wanted.latex,
            "step": wanted.step,
            "part": wanted.part,
            "width": shutil.get_terminal_size((100, 24)).columns,
            "colour": sys.stdout.isatty(),
        }
        failed = _execute(notebook, wanted, options)
        return _deliver(Path(folder), failed)


def _read(path: Path) -> Any:
    content = source_of(path)
    try:
        import nbclient
        import nbformat
    except ImportError as missing:
        raise NotebookTools(missing.name or "nbclient") from None
    try:
        found = json.loads(content)
    except ValueError as problem:
        raise NotAProgram(str(path), f"a notebook is JSON, and this is not: {problem}") from None
    if not isinstance(found, dict) or "cells" not in found:
        raise NotAProgram(str(path), "it is JSON, but no notebook: it has no cells")
    return nbformat.reads(content.decode(), as_version=4)


def _execute(notebook: Any, wanted: Any, options: dict[str, Any]) -> CellFailed | None:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from nbformat.v4 import new_code_cell

    own = [cell for cell in notebook.cells if cell.cell_type == "code"]
    begin, end = new_code_cell(_BEGIN), new_code_cell(_END.format(options=options))
    notebook.cells = [begin, *own, end]
    stream = sys.stderr if "-" in (wanted.json, wanted.latex) else sys.stdout
    client = NotebookClient(notebook, timeout=None, resources=_beside(wanted.file), extra_arguments=["--IPKernelApp.log_level=40"])
    failed = None
    with client.setup_kernel():
        client.execute_cell(begin, 0)
        for number, cell in enumerate(own, 1):
            try:
                client.execute_cell(cell, number)
            except CellExecutionError as problem:
                failed = CellFailed(str(wanted.file), number, f"{problem.ename}: {problem.evalue}")
            _show(cell, stream)
            if failed:
                break
        client.execute_cell(end, len(own) + 1)
    return failed


def _beside(path: Path) -> dict[str, Any]:
    """The notebook runs in its own folder."""
    return {"metadata": {"path": str(path.resolve().parent)}}


def _show(cell: Any, stream: Any) -> None:
    """What the cell printed and gave, as its reader saw it."""
    for output in cell.outputs:
        match output.output_type:
            case "stream":
                (sys.stderr if output.name == "stderr" else stream).write(output.text)
            case "error":
                sys.stderr.write("\n".join(output.traceback) + "\n")
            case "execute_result" | "display_data" if "text/plain" in output.data:
                stream.write(output.data["text/plain"] + "\n")
    stream.flush()


def _deliver(folder: Path, failed: ByhandError | None) -> int:
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    sys.stdout.write(result["output"])
    sys.stderr.write(result["errors"])
    if failed is not None:
        print(failed.report(), file=sys.stderr)
        return 2
    return int(result["code"])
