"""Runs a notebook in a real Jupyter kernel, cell by cell, recorded from before its first cell."""

import asyncio
import json
import re
import shutil
import sys
import tempfile
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from byhand.errors import ByhandError, CellFailed, NotAProgram, NotebookTools
from byhand.programs import source_of
from byhand.wanted import Wanted

PATIENCE = 30.0  # seconds that a cell has to stop when it is interrupted

_HOME = str(Path(__file__).resolve().parent.parent)
# The kernel runs in the notebook's folder, where a relative path to byhand leads elsewhere.
_BEGIN = """__import__("sys").path.append({home!r})
try:
    __import__("byhand.magic").magic.begin(get_ipython(), {wanted!r})
finally:
    __import__("sys").path.remove({home!r})"""
_END = "__import__('byhand.magic').magic.finish({options!r})"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_OURS = re.compile(r"^File \S*byhand[/\\]recording[/\\]\w+\.py")


def report_notebook(wanted: Wanted) -> int:
    """Run the notebook, show its own output and then the story; the exit code. Raises NotebookTools, NotAProgram, CellFailed."""
    notebook = _read(wanted.file)
    with tempfile.TemporaryDirectory() as folder:
        options = {
            "folder": folder,
            "wanted": {**asdict(wanted), "file": str(wanted.file)},
            "width": shutil.get_terminal_size((100, 24)).columns,
            "colour": sys.stdout.isatty(),
        }
        failed = _execute(notebook, wanted, options)
        return _deliver(Path(folder), failed)


def _read(path: Path) -> Any:
    content = source_of(path)
    for package in ("nbclient", "ipykernel"):
        if find_spec(package) is None:
            raise NotebookTools(package)
    import nbformat

    try:
        found = json.loads(content)
    except ValueError as problem:
        raise NotAProgram(str(path), f"a notebook is JSON, and this is not: {problem}") from None
    if not isinstance(found, dict) or not {"cells", "worksheets"} & set(found):
        raise NotAProgram(str(path), "it is JSON, but no notebook: it has no cells")
    language = found.get("metadata", {}).get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise NotAProgram(str(path), f"its cells are written in {language}")
    reads: Any = nbformat.reads
    try:
        return reads(content.decode(), as_version=4)
    except Exception as problem:
        raise NotAProgram(str(path), f"it is JSON, but no notebook: {problem}") from None


def _execute(notebook: Any, wanted: Wanted, options: dict[str, Any]) -> CellFailed | None:
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError
    from nbformat import v4

    new_code_cell: Any = v4.new_code_cell
    own = [cell for cell in notebook.cells if cell.cell_type == "code"]
    begin, end = new_code_cell(_BEGIN.format(home=_HOME, wanted=options["wanted"])), new_code_cell(_END.format(options=options))
    notebook.cells = [begin, *own, end]
    client = NotebookClient(
        notebook,
        timeout=None,
        resources={"metadata": {"path": str(wanted.file.resolve().parent)}},
        extra_arguments=["--IPKernelApp.log_level=40"],
        kernel_manager_class=_kernel_of_this_python(),
    )
    failed = None
    with client.setup_kernel():
        # our two cells are not counted, so that the numbers of the others are those that a reader of the notebook sees
        client.execute_cell(begin, 0, store_history=False)
        for number, cell in enumerate(own, 1):
            try:
                failed = _failure(client, cell, number, wanted.file)
            except DeadKernelError:
                return CellFailed(str(wanted.file), number, "the kernel died while it ran")
            _show(cell, sys.stderr if wanted.to_terminal else sys.stdout)
            if failed:
                failed = None if failed.ended else failed
                break
        client.execute_cell(end, len(own) + 1, store_history=False)
    return failed


def _failure(client: Any, cell: Any, number: int, path: Path) -> CellFailed | None:
    """Run the cell; what it failed with, if it did."""
    from nbclient.exceptions import CellExecutionError
    from nbclient.util import run_sync

    try:
        client.execute_cell(cell, number)
    except CellExecutionError as problem:
        return CellFailed(str(path), number, f"{problem.ename}: {problem.evalue}", ended=problem.ename == "Enough")
    except KeyboardInterrupt:
        run_sync(_interrupt)(client)
        return CellFailed(str(path), number, "it was interrupted")
    return None


async def _interrupt(client: Any) -> None:
    """Stop the cell that runs, and wait until it has: what is sent to the kernel before that is thrown away."""
    await client.km.interrupt_kernel()
    running = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait_for(asyncio.gather(*running, return_exceptions=True), PATIENCE)


def _kernel_of_this_python() -> type:
    """The class of kernels that run the Python that runs us, whatever kernel of another environment the notebook names."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class Kernel(AsyncKernelManager):
        """A kernel of this Python."""

        @property
        def kernel_spec(self) -> KernelSpec:
            """How it is started."""
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=command, display_name="Python", language="python")

    return Kernel


def _show(cell: Any, stream: Any) -> None:
    """What the cell printed and gave, as its reader saw it."""
    for output in cell.outputs:
        match output.output_type:
            case "stream":
                (sys.stderr if output.name == "stderr" else stream).write(output.text)
            case "error":
                sys.stderr.write("\n".join(_traceback(output.traceback)) + "\n")
            case "execute_result" | "display_data" if "text/plain" in output.data:
                stream.write(output.data["text/plain"] + "\n")
    stream.flush()


def _traceback(parts: list[str]) -> list[str]:
    """IPython's traceback without our frames, and in colour only on a terminal."""
    plain = [_COLOURS.sub("", part) for part in parts]
    shown = parts if sys.stderr.isatty() else plain
    kept: list[int] = []
    for number, words in enumerate(plain):
        if not _OURS.match(words):
            kept.append(number)
        elif kept and "in handle_torch_function(" in plain[kept[-1]]:
            # as in a script's traceback: the detour by which PyTorch came to us
            del kept[-2:]
    return [shown[number] for number in kept]


def _deliver(folder: Path, failed: ByhandError | None) -> int:
    written = folder / "result.json"
    result: Any = json.loads(written.read_text(encoding="utf-8")) if written.exists() else {"output": "", "errors": "", "code": 2}
    sys.stdout.write(result["output"])
    sys.stderr.write(result["errors"])
    if failed is not None:
        print(failed.report(), file=sys.stderr)
        return 2
    return int(result["code"])
