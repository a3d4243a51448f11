"""What byhand makes of every graph of the zoo, as the table in docs/zoo.md. `python tests/zoo_report.py` writes it."""

from collections import Counter
from pathlib import Path

import torch
from zoo import GRAPHS, transformers_graphs

from byhand.results import Verdict
from byhand.run import record

PAGE = Path(__file__).resolve().parent.parent / "docs" / "zoo.md"
HEAD = """# The zoo: every gradient of small real models, by hand

Each graph is built, `loss.backward()` is run under `byhand.record()`, and every node is compared with what PyTorch's engine sent on.
Written by `python tests/zoo_report.py`; `tests/test_zoo.py` holds it to what is so.

| graph | nodes | worked by our rules | not compared | differ | weights | agree |
|---|---|---|---|---|---|---|
"""


def builders():
    """Name -> builder of the loss, for every graph of the zoo and both attention settings."""
    found = dict(GRAPHS)
    for name, build in transformers_graphs().items():
        found[name] = build
        found[f"{name}, eager attention"] = lambda build=build: build("eager")
    return found


def worked(build):
    """The pass of one graph's own backward, recorded and judged."""
    torch.manual_seed(0)
    with record() as run:
        build().backward()
    return run.passes[-1]


def row(name, made):
    """The line of the table for one graph."""
    coverage = made.coverage
    agreeing = sum(leaf.comparison.verdict is Verdict.AGREES for leaf in made.leaves)
    cells = (name, coverage.nodes, coverage.by_rule, coverage.not_compared, coverage.differ, len(made.leaves), agreeing)
    return f"| {' | '.join(map(str, cells))} |\n"


def unjudged(passes):
    """How many nodes of each class were not compared, and why."""
    reasons = Counter()
    for made in passes:
        reasons.update(made.coverage.reasons)
    lines = [f"- {count} × {reason}\n" for reason, count in sorted(reasons.items())]
    return "".join(lines) or "None: every node of every graph was compared.\n"


def classes(passes):
    """Every node class met, with the number of nodes."""
    met = Counter(step.op for made in passes for step in made.steps)
    return ", ".join(f"{name} ({count})" for name, count in sorted(met.items()))


def page():
    """The whole page."""
    passes = {name: worked(build) for name, build in builders().items()}
    rows = "".join(row(name, made) for name, made in passes.items())
    every = list(passes.values())
    return f"{HEAD}{rows}\n## Not compared, by class\n\n{unjudged(every)}\n## Node classes met\n\n{classes(every)}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
