"""Counts what OpInfo's samples showed: nodes that agree, differ or were not compared, by class and by operator, as plain data."""

from collections import Counter, defaultdict

from opinfo import DTYPES, LEAF, REFUSED, differentiable, judged, operators

from byhand.results import Verdict

AGREE, DIFFER, NOT, BEHIND = "agree", "differ", "not compared", "differ behind a node that differs"


def outcome(comparisons):
    """One word for the comparisons of all edges of a node."""
    verdicts = {each.verdict for each in comparisons}
    if Verdict.DIFFERS in verdicts:
        return DIFFER
    return AGREE if verdicts == {Verdict.AGREES} else NOT


def nodes_of(findings):
    """(class, word, why) for every node of one sample: what differs one way differs, what agrees one way and is lost the other agrees."""
    ways = defaultdict(lambda: defaultdict(list))
    for each in findings:
        ways[each.node, each.place, each.way == "second"][each.way].append(each.comparison)
    for (name, _, second), by_way in ways.items():
        words = [outcome(comparisons) for comparisons in by_way.values()]
        word = DIFFER if DIFFER in words else AGREE if AGREE in words else NOT
        reasons = [each.reason or each.verdict.value for comparisons in by_way.values() for each in comparisons if each.reason]
        yield name, word, reasons[0] if word == NOT and reasons else "", second


def by_sample(findings):
    """The findings of one operator, in lists of one sample each."""
    samples = defaultdict(list)
    for each in findings:
        samples[each.sample].append(each)
    return samples


class Tally:
    """The counts of one dtype."""

    def __init__(self) -> None:
        self.operators = {}
        self.classes = defaultdict(Counter)
        self.leaves = Counter()
        self.reasons = Counter()
        self.differing = defaultdict(set)
        self.reached = defaultdict(set)
        self.reached_second = defaultdict(set)
        self.second = Counter()
        self.refused = Counter()

    def operator(self, name, findings):
        """Counts what was found in the samples of one operator."""
        counts = self.operators[name] = Counter()
        for sample in by_sample(findings).values():
            counts["samples"] += 1
            for each in sample:
                if each.node == REFUSED:
                    self.refused[f"{name}: {each.comparison.reason}"] += 1
            self.sample(name, list(nodes_of([each for each in sample if each.node != REFUSED])))

    def sample(self, operator, nodes):
        """Counts the nodes and the leaves of one sample; a leaf may differ behind a node that does."""
        strays = any(word == DIFFER for node, word, _, _ in nodes if node != LEAF)
        for node, word, reason, second in nodes:
            if node == LEAF:
                self.leaves[BEHIND if word == DIFFER and strays else word] += 1
            else:
                self.operators[operator][word] += 1
                self.node(operator, node, word, reason, second)

    def node(self, operator, node, word, reason, second):
        """Counts one node."""
        self.classes[node][word] += 1
        if word == DIFFER:
            self.differing[node].add(operator)
        (self.reached_second if second else self.reached)[node].add(operator)
        self.second[word] += second
        if word == NOT:
            self.reasons[node, reason] += 1

    def total(self, word):
        """How many nodes of all classes the word is true of."""
        return sum(counts[word] for counts in self.classes.values())

    def covered(self):
        """The operators that have nodes, all of which agree."""
        return [name for name, counts in self.operators.items() if counts[AGREE] and not counts[NOT] and not counts[DIFFER]]

    def agreeing(self):
        """The classes that have nodes which agree, and none that was not compared."""
        return [name for name, counts in self.classes.items() if counts[AGREE] and not counts[NOT]]

    def as_data(self):
        """The counts as plain data."""
        return {
            "operators": len(self.operators),
            "samples": sum(counts["samples"] for counts in self.operators.values()),
            "covered": len(self.covered()),
            "without graph": sum(not counts["samples"] for counts in self.operators.values()),
            "nodes": {word: self.total(word) for word in (AGREE, DIFFER, NOT)},
            "leaves": {word: self.leaves[word] for word in (AGREE, DIFFER, BEHIND, NOT)},
            "classes": {name: [counts[AGREE], counts[DIFFER], counts[NOT]] for name, counts in sorted(self.classes.items())},
            "reasons": [[node, reason, count] for (node, reason), count in sorted(self.reasons.items())],
            "differing": in_order(self.differing),
            "reached": in_order(self.reached),
            "second order": {word: self.second[word] for word in (AGREE, DIFFER, NOT)},
            "reached by the second order": in_order(self.reached_second),
            "refused": dict(sorted(self.refused.items())),
        }


def in_order(names):
    """Sets of names as sorted lists, by sorted keys."""
    return {key: sorted(each) for key, each in sorted(names.items())}


def tallied(dtype, most, *, names=None, second=False):
    """The tally of a dtype over the operators named, or over all of them."""
    tally = Tally()
    for name, operator in operators().items():
        if differentiable(operator, dtype) and (names is None or name in names):
            tally.operator(name, judged(operator, dtype, most, second=second))
    return tally


def short(dtype):
    """The dtype's name without its module."""
    return str(dtype).removeprefix("torch.")


NAMED = {short(dtype): dtype for dtype in DTYPES}
