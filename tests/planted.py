"""Plants a small relative error into every rule at once and asks of each node behind OpInfo's samples whether the comparison sees it.

`python tests/planted.py` prints how much is caught, by dtype and by size.
"""

from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

import torch
from node_by_node import random_like
from opinfo import differentiable, is_differentiable, judged_alone, operators, outputs_of, samples, seed
from opinfo_tally import NAMED, short

from byhand.recording.walk import read_graph
from byhand.results import Verdict
from byhand.rules.table import TABLE

ERRORS = {torch.float64: 1e-9, torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2, torch.complex128: 1e-9}
SIZES = {"1 element": 1, "2 to 15": 15, "16 to 4,096": 4_096, "more": float("inf")}
CAUGHT, MISSED = "caught", "missed"


def off_by(function, error):
    """The rule's function with its result that much too large."""
    return lambda *operands: function(*operands) * (1 + error)


def wrong_rules(rules, error):
    """The rules, each off by the relative error."""
    return [replace(rule, function=off_by(rule.function, error)) for rule in rules]


@contextmanager
def planted_everywhere(error):
    """While it lasts, every rule of the table is off by the relative error."""
    wrong = {place: wrong_rules(rules, error) for place, rules in TABLE.items()}
    with mock.patch.dict(TABLE, wrong):
        yield


def size_of(numel):
    """The name of the class of sizes that a number of elements falls in."""
    return next(name for name, largest in SIZES.items() if numel <= largest)


def verdicts(operator, dtype, most):
    """(class, elements, whether it was caught) for every edge that agrees without the mistake and is not zero."""
    for number, sample in enumerate(samples(operator, dtype, most)):
        seed(number)
        try:
            outputs = outputs_of(operator, sample)
        except Exception:
            continue
        if outputs:
            yield from behind(outputs, number, ERRORS[dtype])


def behind(outputs, number, error):
    """The same for the graph behind the outputs of one sample."""
    generator = torch.Generator().manual_seed(number)
    graph, live = read_graph(outputs)
    for node, handle in zip(graph.nodes, live, strict=True):
        if node.leaf:
            continue
        grads = [random_like(meta, generator) if is_differentiable(meta) else None for meta in node.outputs]
        right = judged_alone(graph, node, handle, grads)
        with planted_everywhere(error):
            wrong = judged_alone(graph, node, handle, grads)
        for before, after in zip(right, wrong, strict=True):
            if before.rule and before.comparison.verdict is Verdict.AGREES and after.comparison.error:
                shape = node.edges[before.edge].meta.shape
                yield node.name, torch.Size(shape).numel(), after.comparison.verdict is Verdict.DIFFERS


def caught(dtype, most, names=None):
    """Class -> size -> how many edges were caught and missed."""
    found = defaultdict(lambda: defaultdict(Counter))
    for name, operator in operators().items():
        if differentiable(operator, dtype) and (names is None or name in names):
            for node, numel, seen in verdicts(operator, dtype, most):
                found[node][size_of(numel)][CAUGHT if seen else MISSED] += 1
    return found


def as_data(found):
    """The counts as plain data: classes caught and never caught, edges by size."""
    never = {name: sum(each[MISSED] for each in sizes.values()) for name, sizes in found.items() if not any_caught(sizes)}
    edges = {size: [sum(sizes[size][word] for sizes in found.values()) for word in (CAUGHT, MISSED)] for size in SIZES}
    classes = {
        size: [sum(sizes[size][CAUGHT] > 0 for sizes in found.values()), sum(bool(sizes[size]) for sizes in found.values())]
        for size in SIZES
    }
    return {"classes": len(found), "never": dict(sorted(never.items())), "edges": edges, "classes by size": classes}


def any_caught(sizes):
    """Whether the mistake was seen at any size."""
    return any(each[CAUGHT] for each in sizes.values())


def main(most=400):
    """Prints the counts of every dtype."""
    for dtype in NAMED.values():
        print(short(dtype), ERRORS[dtype], as_data(caught(dtype, most)))


if __name__ == "__main__":
    main()
