"""What is wrong with a program, a notebook, or the file to write to."""

from byhand.errors.report import ByhandError


class NoSuchFile(ByhandError):
    """The program to run is not there."""

    def __init__(self, path: str, close: list[str]) -> None:
        super().__init__(
            f"there is no file {path}",
            where=path,
            why=f"did you mean {' or '.join(close)}?" if close else "nothing of that name is in that folder",
            fix=f"byhand explain {close[0] if close else 'FILE.py'}",
        )


class NotAProgram(ByhandError):
    """The file is neither a Python script nor a notebook."""

    def __init__(self, path: str, why: str, *, fix: str = "byhand explain FILE.py      # or FILE.ipynb") -> None:
        super().__init__(f"{path} is not a Python program or notebook", where=path, why=why, fix=fix)


class CellFailed(ByhandError):
    """A cell of the notebook raised; `ended` says that byhand did, since the steps asked for were made."""

    def __init__(self, path: str, cell: int, message: str, *, ended: bool = False) -> None:
        self.ended = ended
        super().__init__(
            f"cell {cell} of {path} failed",
            where=f"{path}, code cell {cell}",
            why=message,
            fix=f"jupyter lab {path}      # run the cell there, mend it, and try again",
        )


class NotebookTools(ByhandError):
    """Running a notebook needs the packages of the notebook extra."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            f"running a notebook needs {missing}, which is not installed",
            where="byhand explain FILE.ipynb",
            why="a notebook is run in a real Jupyter kernel, and scripts do without it",
            fix='pip install "byhand[notebook]"',
        )


class Unwritable(ByhandError):
    """An output file cannot be written; nothing was."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"cannot write {path}",
            where=path,
            why=f"{reason}; nothing was written there",
            fix="--html report.html      # or another file in a folder that is there and that you may write to; - is the terminal",
        )
