"""What a command line asked for, as plain data that can go to another process."""

from dataclasses import dataclass, field
from pathlib import Path

TERMINAL = "-"  # in place of a file's name
PICTURES = ("html", "svg", "png", "tikz")  # formats that show tensors as heat maps


@dataclass(frozen=True)
class Wanted:
    """The verb, the program and its arguments, and the files to write: the path of each by its format, "-" for the terminal."""

    verb: str
    file: Path
    arguments: tuple[str, ...] = ()
    outputs: dict[str, str] = field(default_factory=dict)
    step: int | None = None
    part: str = ""
    rank: int = 0
    steps: int | None = None

    @property
    def to_terminal(self) -> bool:
        """Whether one of the files is the terminal, so that nothing else may stand there."""
        return TERMINAL in self.outputs.values()

    @property
    def pictured(self) -> bool:
        """Whether a picture of the run is asked for."""
        return any(self.outputs.get(name) for name in PICTURES)
