"""What `import byhand` adds to `import torch`, and what the command adds to running the script; each in a fresh process."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from measuring.rounds import environment, table

ROUNDS = 9
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "back_propagation.py"
COMMAND = "import sys; from byhand.command import main; sys.exit(main(sys.argv[1:]))"
PROGRAMS = {
    "import torch": ["-c", "import torch"],
    "import torch, byhand": ["-c", "import torch, byhand"],
    "the same, and every public name used": ["-c", "import torch, byhand; [getattr(byhand, name) for name in byhand.__all__]"],
    "python examples/back_propagation.py": [str(EXAMPLE)],
    "byhand explain examples/back_propagation.py": ["-c", COMMAND, "explain", str(EXAMPLE)],
    "byhand check examples/back_propagation.py": ["-c", COMMAND, "check", str(EXAMPLE)],
    "byhand --help": ["-c", COMMAND, "--help"],
}
BASES = {"import torch, byhand": "import torch", "the same, and every public name used": "import torch"}
SCRIPT = "python examples/back_propagation.py"


def seconds(words: Sequence[str]) -> float:
    """How long a fresh process takes."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def fastest() -> dict[str, float]:
    """The best of several rounds, the programs in turn: what disturbs a start only ever makes it longer."""
    rounds = [{name: seconds(words) for name, words in PROGRAMS.items()} for _ in range(ROUNDS)]
    return {name: min(each[name] for each in rounds) for name in PROGRAMS}


if __name__ == "__main__":
    environment("starting")
    best = fastest()
    added = [(name, f"{best[name]:.2f}", f"{best[name] - best[base]:+.2f}", "0.15") for name, base in BASES.items()]
    table(
        "seconds over `import torch`", ("", "seconds", "added", "goal"), [("import torch", f"{best['import torch']:.2f}", "", ""), *added]
    )
    times = [(name, f"{best[name]:.2f}", f"{best[name] / best[SCRIPT]:.2f}") for name in PROGRAMS if "examples" in name or "help" in name]
    goals = ["", "1.40", "", ""]
    table(
        "the commands, against running the script",
        ("", "seconds", "times", "goal"),
        [(*row, goal) for row, goal in zip(times, goals, strict=True)],
    )
