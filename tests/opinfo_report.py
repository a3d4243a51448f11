"""Writes docs/opinfo.md and docs/rules.md.

`python tests/opinfo_report.py` measures everything; dtypes as words measure those alone again, the word `pages` nothing.
"""

import json
import sys
import warnings
from pathlib import Path

import planted
import torch
from defects import DEFECTS
from opinfo_tally import NAMED, in_order, tallied
from rules_page import rules_page

ROOT = Path(__file__).resolve().parent
FIGURES = ROOT / "opinfo.json"
PAGE = ROOT.parent / "docs" / "opinfo.md"
RULES = ROOT.parent / "docs" / "rules.md"
MOST, MOST_PLANTED, MOST_SECOND = {"float16": 40}, 2, 1
FULL = 400
SUITE = {"float64": 2, "bfloat16": 1}
"""Samples of each operator that the test suite looks at."""

HEAD = """# OpInfo: every gradient of PyTorch's own samples, by hand

PyTorch tests its operators with samples of its own (OpInfo). Each is run here on the CPU, and every node behind it is worked by our rules
beside PyTorch's own node, twice: with the gradients that come from random ones at the outputs, and with random gradients at each node.
A node agrees if all that it sends does, within the rounding that was measured. An operator is covered if every node of all its samples
agrees. Of each operator there are up to 400 samples, in float16 up to 40, of grid_sampler_3d 12 of 30
(the others have half a million elements each). With 400 in float16, SegmentReduceBackward0 differs too, 2 nodes of each of 2 operators:
not explained yet. Written by `python tests/opinfo_report.py`; `tests/test_opinfo.py` holds a part of it to what is so.

| dtype | operators | covered | samples | classes | nodes | agree | differ | not compared | leaves | agree | differ |
|---|---|---|---|---|---|---|---|---|---|---|---|
"""


def row(name, found):
    """The line of one dtype."""
    nodes, leaves = found["nodes"], found["leaves"]
    cells = (name, found["operators"], found["covered"], found["samples"], len(found["classes"]), sum(nodes.values()), *nodes.values())
    return f"| {' | '.join(map(str, (*cells, sum(leaves.values()), leaves['agree'], leaves['differ'])))} |\n"


def without_graph(found):
    """The sentence on operators that no node stands behind."""
    counts = ", ".join(f"{each['without graph']} in {name}" for name, each in found.items())
    return f"\nNo sample of these has a node, though OpInfo says that they have gradients; they are not counted as covered: {counts}.\n"


def differing(found):
    """The section on what differs."""
    lines = ["", "## PyTorch's own mistakes", "", "What differs is the gradient of these classes, and of leaves behind them:", ""]
    for defect in DEFECTS:
        counts = {name: found[name]["classes"].get(defect.node, [0, 0, 0])[1] for name in defect.dtypes if name in found}
        seen = ", ".join(f"{count} in {name}" for name, count in counts.items() if count)
        lines.append(f"- **{defect.node}**. {defect.what} Nodes that differ: {seen}.")
        lines.append(f"  Shown by `{defect.shown}` in `tests/test_pytorch_is_wrong.py`.")
    return "\n".join(lines) + "\n"


def unjudged(found):
    """The section on what was not compared."""
    lines = ["", "## Not compared, and why", "", "| dtype | class | nodes | why |", "|---|---|---|---|"]
    for name, each in found.items():
        lines += [f"| {name} | {node} | {count} | {reason.replace('|', '/')} |" for node, reason, count in each["reasons"]]
        lines += [f"| {name} | none: PyTorch refuses the sample | {count} | {reason} |" for reason, count in each["refused"].items()]
    return "\n".join(lines if len(lines) > 5 else [*lines[:3], "None: every node was compared."]) + "\n"


def second_order(found):
    """The section on the graphs of gradients."""
    counts, classes = found["second order"], found["reached by the second order"]
    alone = len(set(classes) - set(found["reached"]))
    lost = ", ".join(sorted({node for node, _, _ in found["reasons"]} & set(classes)))
    return f"""
## The gradient's own graph

With create_graph=True the gradient has a graph too. Behind {MOST_SECOND} sample of each operator in float64 that has
{sum(counts.values())} nodes of {len(classes)} classes, of which {alone} are in no graph of a forward:
{counts["agree"]} agree, {counts["differ"]} differ, {counts["not compared"]} were not compared ({lost}).
"""


def mistakes(found):
    """The section on planted mistakes."""
    lines = [
        "",
        "## Planted mistakes",
        "",
        "Every rule is put off by a relative error, and each node that agreed before must differ. Counted are edges whose gradient is not",
        f"zero, in up to {MOST_PLANTED} samples of each operator: how many were seen of how many, by size, then the classes and those",
        "seen somewhere. `python tests/planted.py` measures it with more samples.",
        "",
        f"| dtype | error | {' | '.join(planted.SIZES)} | classes | seen |",
        f"|---|---|{'---|' * len(planted.SIZES)}---|---|",
    ]
    never = []
    for name, each in found.items():
        sizes = " | ".join(f"{seen} / {seen + missed}" for seen, missed in each["edges"].values())
        lines.append(f"| {name} | {planted.ERRORS[NAMED[name]]:g} | {sizes} | {each['classes']} | {each['classes'] - len(each['never'])} |")
        if each["never"]:
            never.append(f"- {name}: {', '.join(each['never'])}")
    return "\n".join([*lines, "", "Never seen, since rounding can do as much there at the sizes of the samples:", "", *never]) + "\n"


def page(figures):
    """The whole of docs/opinfo.md."""
    found = figures["found"]
    rows = "".join(row(name, each) for name, each in found.items())
    return (
        HEAD
        + rows
        + without_graph(found)
        + differing(found)
        + unjudged(found)
        + second_order(figures["second"])
        + mistakes(figures["planted"])
    )


def measured(name):
    """The figures of one dtype."""
    return tallied(NAMED[name], MOST.get(name, FULL)).as_data()


def reached(figures):
    """Class -> the operators that reach it in any dtype; those of the second order where no other does."""
    union = {}
    for found in figures["found"].values():
        for node, names in found["reached"].items():
            union.setdefault(node, set()).update(names)
    twice = figures["second"]["reached by the second order"]
    return in_order({**{node: {f"{name}, twice" for name in names} for node, names in twice.items()}, **union})


def measure(names, figures):
    """Measures the dtypes again, and with them the floor that the suite holds."""
    for name in names:
        figures["found"][name] = measured(name)
        figures["planted"][name] = planted.as_data(planted.caught(NAMED[name], MOST_PLANTED))
        if name in SUITE:
            figures["suite"][name] = floor(tallied(NAMED[name], SUITE[name]))
    if "float64" in names:
        figures["second"] = tallied(torch.float64, MOST_SECOND, second=True).as_data()
    figures["found"] = {name: figures["found"][name] for name in NAMED if name in figures["found"]}
    figures["planted"] = {name: figures["planted"][name] for name in NAMED if name in figures["planted"]}


def floor(tally):
    """What the suite must not fall below: the operators covered and the classes that agree."""
    return {"covered": sorted(tally.covered()), "classes": sorted(tally.agreeing())}


def read():
    """The figures measured before."""
    empty = {"found": {}, "planted": {}, "suite": {}, "second": {}}
    return json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else empty


def main(words):
    """Measures, and writes figures and pages."""
    figures = read()
    measure([name for name in NAMED if name in words or not words], figures)
    write(figures)


def write(figures):
    """Writes the figures and the pages made of them."""
    FIGURES.write_text(json.dumps(figures, indent=None, separators=(",", ":")).replace("},", "},\n") + "\n", encoding="utf-8")
    PAGE.write_text(page(figures), encoding="utf-8")
    RULES.write_text(rules_page(reached(figures)), encoding="utf-8")


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main(sys.argv[1:])
