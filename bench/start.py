"""What `import byhand` adds to `import torch`, and what the command adds to running the script; each in a fresh process."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from measuring.rounds import Spent, environment, table

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
IMPORTS = ("import torch, byhand", "the same, and every public name used")
SCRIPT = "python examples/back_propagation.py"
COMMANDS = {
    SCRIPT: "",
    "byhand explain examples/back_propagation.py": "1.40",
    "byhand check examples/back_propagation.py": "",
    "byhand --help": "",
}
# whoever has byhand installed has its bytecode too
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def spent(words: Sequence[str]) -> Spent:
    """What a fresh process takes."""
    began, before = time.perf_counter(), os.times()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Spent(time.perf_counter() - began, used)


def fastest() -> dict[str, Spent]:
    """The best of several rounds, the programs in turn: what disturbs a start only ever makes it longer."""
    rounds = [{name: spent(words) for name, words in PROGRAMS.items()} for _ in range(ROUNDS + 1)][1:]
    return {name: Spent(*(min(each[name][kind] for each in rounds) for kind in range(2))) for name in PROGRAMS}


if __name__ == "__main__":
    environment("starting, each time in a fresh process")
    best = fastest()
    added = [
        (
            name,
            f"{best[name].clock:.2f}",
            *(f"{mine - base:+.2f}" for mine, base in zip(best[name], best["import torch"], strict=True)),
            "0.15",
        )
        for name in IMPORTS
    ]
    head = ("", "seconds", "clock", "processor", "goal")
    table("seconds added to `import torch`", head, [("import torch", f"{best['import torch'].clock:.2f}", "", "", ""), *added])
    times = [
        (name, f"{best[name].clock:.2f}", *(f"{mine / base:.2f}" for mine, base in zip(best[name], best[SCRIPT], strict=True)), goal)
        for name, goal in COMMANDS.items()
    ]
    table("the commands, against running the script", head, times)
