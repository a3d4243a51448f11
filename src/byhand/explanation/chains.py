"""The chain rule for every weight: in symbols, with the numbers put in, in closed form, with the verdict."""

import math
from collections.abc import Iterator

from byhand.document import Block, Cell, Formula, Heading, Ledger, Prose, Role, Table
from byhand.explanation.closed_form import closed_form
from byhand.explanation.formulas import local_of
from byhand.explanation.frame import other_change, same, verdict
from byhand.explanation.labels import Labels, Target
from byhand.explanation.products import gives, product
from byhand.formula import number_latex
from byhand.results import Contribution, Leaf, Pass, Step
from byhand.value import Missing, Shown, Value
from byhand.words import cell, counted, number, plain, single, size

MOST_PATHS = 6  # of one weight that are written out
MOST_LINKS = 5  # of paths that are told one by one; longer ones are told by what comes back
MOST_FACTORS = 12  # of one path that are written out
MOST_WEIGHTS = 12
LONGEST = 40  # operations whose chain is written out

Link = tuple[Step, Contribution]


def chains(result: Pass, labels: Labels, *, written: bool) -> Iterator[Block]:
    """One formula or ledger for every weight; `written` asks for the factors too."""
    for leaf in labels.leaves[:MOST_WEIGHTS]:
        yield from chain_of(leaf, result, labels, written=written)
    if len(result.leaves) > MOST_WEIGHTS:
        yield Prose((Cell(f"… and {counted(len(result.leaves) - MOST_WEIGHTS, 'more weight')}, compared in the same way."),))


def is_scalar(result: Pass) -> bool:
    """Whether every operation gives one number (at both ends of a long run, and all of a short one)."""
    steps = result.steps if len(result.steps) <= LONGEST else (*result.steps[:LONGEST], *result.steps[-LONGEST:])
    shapes = [meta.shape for step in steps for meta in result.graph.nodes[step.index].outputs]
    return bool(steps) and all(shape == () for shape in shapes) and all(len(step.outputs) == 1 for step in steps)


def paths_to(leaf: Leaf, result: Pass, labels: Labels) -> tuple[tuple[Link, ...], ...]:
    """Every way from a root down to the leaf, first used first; none if there are too many to write out."""
    roots = {(root.node, root.output_nr) for root in result.graph.roots}
    found: list[tuple[Link, ...]] = []
    waiting: list[tuple[Target, tuple[Link, ...]]] = [((leaf.index, 0), ())]
    while waiting:
        target, path = waiting.pop()
        if target in roots:
            found.append(path)
        if len(found) + len(waiting) > MOST_PATHS:
            return ()
        for step, each in reversed(labels.uses.get(target, ())):
            places = [(step.index, number) for number in range(len(step.outputs))]
            waiting += [(place, ((step, each), *path)) for place in places if place in labels.uses or place in roots]
    return tuple(found)


def derivation(leaf: Leaf, result: Pass, labels: Labels) -> dict[str, str | None]:
    """The chain rule for a weight as text and LaTeX, and its closed form; None for what is not written out."""
    written = is_scalar(result) and len(result.steps) <= LONGEST
    paths = paths_to(leaf, result, labels) if written else ()
    if not paths or not all(paths) or not gives(sum(map(path_product, paths)), leaf):
        return {"text": None, "latex": None, "closed_form": None}
    said = [formulas(path, result, labels) for path in paths]
    ways = [symbols(path, result, labels) for path in paths]
    total, head = cell(leaf.by_hand), labels.gradient((leaf.index, 0))
    closed = closed_form(leaf, result, labels)
    return {
        "text": " = ".join((head.text, " + ".join(each.text for each in ways), " + ".join(each.text for each in said), total.text)),
        "latex": " = ".join(
            (head.latex, " + ".join(each.latex for each in ways), " + ".join(each.latex for each in said), shown_latex(total.text))
        ),
        "closed_form": closed.text if closed else None,
    }


def chain_of(leaf: Leaf, result: Pass, labels: Labels, *, written: bool) -> Iterator[Block]:
    """The chain rule for one weight; `written` asks for the factors too."""
    paths = paths_to(leaf, result, labels) if written else ()
    symbol, total = labels.gradient((leaf.index, 0)), cell(leaf.by_hand, Role.BACKWARD)
    products = [path_product(path) for path in paths]
    if len(paths) == 1 and paths[0] and gives(sum(products), leaf):
        parts = (symbols(paths[0], result, labels), formulas(paths[0], result, labels), numbers(paths[0], result))
        yield Formula((symbol, *_without_repeats(parts, symbol, total), total), remark(leaf, result, labels))
    elif len(paths) > 1 and max(map(len, paths)) <= MOST_LINKS and gives(sum(products), leaf):
        rows = tuple(
            (_through(path, labels), symbols(path, result, labels), formulas(path, result, labels), Cell(number(product, dtype_of(leaf))))
            for path, product in zip(paths, products, strict=True)
        )
        yield Ledger(
            f"{labels.cell((leaf.index, 0)).text} is used {len(paths)} times: one path for each, and their sum",
            rows,
            (symbol, Cell(""), Cell(""), total),
        )
        yield Prose(remark(leaf, result, labels))
    elif written and len(labels.uses.get((leaf.index, 0), ())) > 1:
        yield sum_at((leaf.index, 0), labels)
        yield Prose(remark(leaf, result, labels))
    else:
        yield Formula((symbol, total), remark(leaf, result, labels))
    closed = closed_form(leaf, result, labels) if paths else None
    if closed is not None and not _said(closed, paths, result, labels):
        yield Formula((symbol, closed, total), (Cell("closed form: simplified, and the number agrees", Role.FAINT),))


def in_symbols(result: Pass, labels: Labels) -> Iterator[Block]:
    """The chain rule for every weight of a short run with tensors: the steps that its gradient came through, one line for each path."""
    rows = [row for leaf in labels.leaves[:MOST_WEIGHTS] for row in ways_to(leaf, result, labels)]
    if rows:
        yield Heading("The chain rule")
        yield Table(("",), tuple(rows))
        yield Prose((Cell(FACTORS, Role.FAINT),))


def ways_to(leaf: Leaf, result: Pass, labels: Labels) -> Iterator[tuple[tuple[Cell, ...], ...]]:
    """The chain rule for one weight in symbols: a row of a table for each path, the first with the gradient itself before it."""
    paths = [path for path in paths_to(leaf, result, labels) if path]
    for path in paths:
        said, plus = symbols(path, result, labels), "+ " * (path is not paths[0])
        head = Cell("") if plus else labels.gradient((leaf.index, 0))
        yield ((head, Cell(f"{plus}{said.text}", Role.BACKWARD, f"{plus}{said.latex}")),)


FACTORS = "Each factor is one of the lines above: what arrives at a value, sent on to what it was made from."


def sum_at(target: Target, labels: Labels) -> Ledger:
    """What comes back to a value that is used more than once, from each place it is used in, and the sum."""
    sent, label = labels.uses[target], labels.cell(target).text
    title, total = f"{label} is used {len(sent)} times: what comes back is added", labels.worked(target)
    shown = sent if len(sent) <= MOST_FACTORS else [*sent[:4], *sent[-4:]]
    rows = [(Cell(f"via {labels.cell((step.index, 0)).text}"), *product(step, each)) for step, each in shown]
    rows[4:4] = [(Cell(f"… {len(sent) - 8:,} more …", Role.FAINT), Cell(""))] * (len(sent) > MOST_FACTORS)
    empty = [Cell("")] * (max(map(len, rows)) - 2)
    return Ledger(title, tuple(rows), (labels.gradient(target), *empty, cell(total, Role.BACKWARD)))


def _said(closed: Cell, paths: tuple[tuple[Link, ...], ...], result: Pass, labels: Labels) -> bool:
    return len(paths) == 1 and formulas(paths[0], result, labels).text == closed.text


def _without_repeats(parts: tuple[Cell, ...], symbol: Cell, total: Cell) -> Iterator[Cell]:
    said = {symbol.text, total.text}
    for part in parts:
        if part.text not in said:
            said.add(part.text)
            yield part


def _through(path: tuple[Link, ...], labels: Labels) -> Cell:
    step, contribution = path[-1]
    stations = [labels.cell(contribution.to).text, *(labels.cell((each.index, 0)).text for each, _ in reversed(path))]
    twice = sum(each.to == contribution.to for each in step.contributions) > 1
    place = f" (input {contribution.edge + 1})" if twice else ""
    return Cell(f"{' → '.join(_ends(stations))}{place}", Role.NAME)


def _ends(parts: list[str], between: str = "…") -> list[str]:
    if len(parts) <= MOST_FACTORS:
        return parts
    return [*parts[:4], f"{between}", *parts[-4:]]


def _joined(parts: list[Cell]) -> Cell:
    """The factors of a product, the middle of a long one counted."""
    if len(parts) > MOST_FACTORS:
        middle = f"({len(parts) - 8:,} more factors)"
        parts = [*parts[:4], Cell(f"… {middle} …", Role.PLAIN, rf"\cdots \text{{{middle}}} \cdots"), *parts[-4:]]
    return Cell(" · ".join(part.text for part in parts), Role.PLAIN, r" \cdot ".join(part.latex for part in parts))


def root_gradient(path: tuple[Link, ...]) -> Shown:
    """What arrives at the root itself: 1, unless backward was given another gradient."""
    output = path[0][0].outputs[0]
    return output.by_hand if isinstance(output.by_hand, Value) else output.by_torch


def _start(path: tuple[Link, ...], result: Pass, labels: Labels | None) -> list[Cell]:
    given = root_gradient(path)
    if isinstance(given, Value) and given.data == 1 and len(result.graph.roots) == 1:
        return []
    shown = cell(given)
    if labels is None:
        return [Cell(shown.text, Role.PLAIN, shown_latex(shown.text))]
    return [labels.gradient((path[0][0].index, _root_output(path, result)), Role.PLAIN)]


def symbols(path: tuple[Link, ...], result: Pass, labels: Labels) -> Cell:
    """∂loss/∂s · ∂s/∂ŷ · ∂ŷ/∂w."""
    numbers = [_root_output(path, result), *(each.to[1] for _, each in path)]
    ways = (labels.local(step, number, each.to) for (step, each), number in zip(path, numbers, strict=False))
    return _joined([*_start(path, result, labels), *ways])


def _root_output(path: tuple[Link, ...], result: Pass) -> int:
    """Which output of its first operation a path begins at."""
    return next((root.output_nr for root in result.graph.roots if path and root.node == path[0][0].index), 0)


def formulas(path: tuple[Link, ...], result: Pass, labels: Labels) -> Cell:
    """2s · 1 · x: every local derivative as a formula, its number where it has none."""
    return _joined([*_start(path, result, None), *(_factor(step, each, labels) for step, each in path)])


def numbers(path: tuple[Link, ...], result: Pass) -> Cell:
    """−2 · 1 · 1: every local derivative as a number."""
    return _joined([*_start(path, result, None), *(_local_number(step, each) for step, each in path)])


def _factor(step: Step, contribution: Contribution, labels: Labels) -> Cell:
    formula = local_of(step, contribution, labels)
    if formula is None:
        return _local_number(step, contribution)
    if any(sign in formula.text for sign in (" + ", " − ", " / ", " @ ")) or formula.text.startswith("−"):
        return Cell(f"({formula.text})", Role.PLAIN, rf"\left({formula.latex}\right)")
    first, _, second = formula.text.partition(" · ")
    if first.isdigit() and len(second) <= 2 and second[:1].isalpha():
        return Cell(first + second, Role.PLAIN, formula.latex.replace(r" \cdot ", " "))
    return formula


def _local_number(step: Step, contribution: Contribution) -> Cell:
    shown = step.outputs[0].value
    text = "?" if contribution.local is None else number(contribution.local, shown.dtype if isinstance(shown, Value) else "float32")
    return Cell(text, Role.PLAIN, shown_latex(text))


def shown_latex(text: str) -> str:
    """A shown number in LaTeX's mathematics; what is no single number as text."""
    written = text.replace("−", "-")
    try:
        return number_latex(int(written) if written.lstrip("-").isdigit() else float(written))
    except ValueError:
        return rf"\text{{{written}}}"


def path_product(path: tuple[Link, ...]) -> float:
    """The product of the local derivatives along a path; NaN where one is not known."""
    start = root_gradient(path) if path else None
    first = None if start is None else single(start)
    return (math.nan if first is None else first) * math.prod(math.nan if each.local is None else each.local for _, each in path)


def dtype_of(leaf: Leaf) -> str:
    """The dtype of a weight's gradient."""
    return leaf.by_hand.dtype if isinstance(leaf.by_hand, Value) else "float32"


def remark(leaf: Leaf, result: Pass, labels: Labels) -> tuple[Cell, ...]:
    """PyTorch's own number, what it is called there, and the verdict."""
    rounding = leaf.comparison.error and leaf.comparison.verdict.value == "agrees"
    said = (
        [Cell(f"  (off by {size(leaf.comparison.error)}, rounding explains {size(leaf.comparison.floor)})", Role.FAINT)] if rounding else []
    )
    return *_by_torch(leaf, result, labels), Cell("   "), *verdict(leaf.comparison), *said


def _by_torch(leaf: Leaf, result: Pass, labels: Labels) -> tuple[Cell, ...]:
    name, number = plain(leaf.name) or labels.cell((leaf.index, 0)).text, cell(leaf.by_torch)
    untouched = result.source == "engine" and result.kind == "backward" and not leaf.rewritten
    if untouched and isinstance(leaf.grad_before, Value) and not other_change(leaf):
        return Cell("PyTorch adds "), number, Cell(f" to {name}.grad")
    stored = untouched and leaf.grad_before is Missing.NO_GRADIENT and same(leaf.grad_after, leaf.by_torch)
    return Cell(f"PyTorch: {name}.grad = " if stored else "PyTorch: "), number
