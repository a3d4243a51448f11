"""What `explain(loss)` and `check(loss)` cost for each node, from 1,000 nodes to 200,000."""

import gc
import statistics
from collections.abc import Callable

from measuring.models import chain, lattice
from measuring.rounds import Spent, environment, spending, table
from torch import Tensor

import byhand
from byhand.recording.engine import unnoticed
from byhand.recording.walk import read_graph

SIZES = (1_000, 10_000, 100_000, 200_000)
ROUNDS = 2
SMALL = 20_000  # nodes that are worked in each round at least: small graphs several times
PARTS = ("reading", "judging", "rendering")


def of_one(verb: Callable[[Tensor], object], loss: Tensor) -> list[Spent]:
    """What reading the graph spent, the whole verb, and showing its story as text."""
    spent: list[Spent] = []
    with unnoticed(), spending(spent):
        read_graph([loss])
    with spending(spent):
        story = verb(loss)
    with spending(spent):
        str(story)
    return spent


def per_node(verb: Callable[[Tensor], object], make: Callable[[int], Tensor], nodes: int) -> list[float]:
    """Microseconds of the processor for each node: reading, judging (the verb without the reading), rendering."""
    found = []
    for _ in range(max(1, SMALL // nodes)):
        loss = make(nodes)
        gc.collect()
        reading, whole, rendering = (1e6 * spent.processor / nodes for spent in of_one(verb, loss))
        found.append((reading, whole - reading, rendering))
    return [statistics.median(part) for part in zip(*found, strict=True)]


def told(name: str, verb: Callable[[Tensor], object], make: Callable[[int], Tensor]) -> None:
    """One table: every size in turn, several rounds."""
    per_node(verb, make, SIZES[0])
    rounds = [{nodes: per_node(verb, make, nodes) for nodes in SIZES} for _ in range(ROUNDS)]
    rows = []
    for nodes in SIZES:
        parts = [statistics.median(spent[nodes][part] for spent in rounds) for part in range(len(PARTS))]
        whole = statistics.median(sum(spent[nodes]) / sum(spent[SIZES[0]]) for spent in rounds)
        rows.append((f"{nodes:,}", *(f"{part:.1f}" for part in parts), f"{sum(parts):.0f}", f"{whole:.2f}", "1.30"))
    table(name, ("nodes", *PARTS, "all, µs per node", f"to {SIZES[0]:,}", "goal"), rows)


if __name__ == "__main__":
    environment("cost per node, microseconds of the processor")
    told("explain(loss) of a chain", byhand.explain, chain)
    told("check(loss) of a chain", byhand.check, chain)
    told("explain(loss) of a lattice, every result used twice", byhand.explain, lattice)
