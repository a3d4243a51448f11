"""One backward pass put together: what was described before it and what was judged while it ran."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from byhand.graph import Graph, Node, Root
from byhand.judged import Arrived, Judged
from byhand.recording.describe import Argument, Description
from byhand.recording.naming import number_names
from byhand.results import UNASKED, Comparison, Constant, Contribution, Coverage, Function, Leaf, Operand, Output, Pass, Step, Verdict
from byhand.rules.table import FORWARD, rules_of
from byhand.value import Missing, Shown, Value

Place = tuple[int, int]
UNJUDGED = (Verdict.NO_RULE, Verdict.NOT_COMPARED)


def assemble(
    graph: Graph,
    descriptions: Sequence[Description],
    judged: Judged,
    *,
    kind: str,
    source: str,
    grads: Mapping[int, tuple[Shown, Shown]],
    names: Mapping[str, Sequence[Place]],
    functions: Mapping[int, Function] | None = None,
    partial: bool = False,
) -> Pass:
    """The pass as data. `grads` has `.grad` before and after, by leaf; `names` the places of every intermediate name.

    `functions` are the custom ones, by node.
    `partial` says that the program asked for some gradients only: the other weights are no part of the pass.
    """
    values = _values(graph, descriptions, judged)
    numbers = dict(zip(reversed(range(len(graph.nodes))), number_names([each.names[0] for each in reversed(descriptions)]), strict=True))
    steps = [
        _step(node, descriptions, judged, values, numbers[node.index], (functions or {}).get(node.index))
        for node in graph.nodes
        if not node.leaf and (node.index in judged.contributions or (node.index, 0) in judged.arrived)
    ]
    leaves = [
        _leaf(node, descriptions[node.index], judged, grads)
        for node in graph.nodes
        if node.leaf and (not partial or node.index in judged.leaves)
    ]
    places = {name: tuple(each) for name, each in names.items()}
    graph = replace(graph, roots=tuple(_named(root, descriptions) for root in graph.roots))
    coverage = _coverage(graph, judged)
    return Pass(
        graph,
        tuple(steps),
        tuple(leaves),
        _constants(steps),
        coverage,
        kind,
        True,
        source,
        shared=judged.shared,
        interrupted=(coverage.nodes, sum(not node.leaf for node in graph.nodes)) if judged.interrupted else None,
        names=places,
    )


def _named(root: Root, descriptions: Sequence[Description]) -> Root:
    names = descriptions[root.node].names
    return root if root.name or root.output_nr >= len(names) else replace(root, name=names[root.output_nr])


def _values(graph: Graph, descriptions: Sequence[Description], judged: Judged) -> dict[Place, Shown]:
    """The forward value of every place: as recorded, else as PyTorch saved it with the node itself or with one that uses it."""
    values: dict[Place, Shown] = {}
    for node in graph.nodes:
        for output_nr, value in enumerate(descriptions[node.index].values):
            values[node.index, output_nr] = value
        for operand in judged.saved.get(node.index, ()):
            if operand.parameter == "result" and _known(operand.value) and not isinstance(values[node.index, 0], Value):
                values[node.index, 0] = operand.value
    for node in graph.nodes:
        saved = {operand.parameter: operand.value for operand in judged.saved.get(node.index, ()) if _known(operand.value)}
        for number, edge in enumerate(node.edges):
            if edge is not None and not isinstance(values[edge.node, edge.output_nr], Value):
                parameter = _input(node, number)
                if parameter in saved:
                    values[edge.node, edge.output_nr] = saved[parameter]
    return values


def _known(value: Shown) -> bool:
    """Whether a value is more than a shape."""
    return isinstance(value, Value) and (value.whole or value.norm is not None)


def _input(node: Node, edge: int) -> str:
    rules = rules_of(node.name, edge)
    return rules[0].input if rules else ""


def _step(
    node: Node,
    descriptions: Sequence[Description],
    judged: Judged,
    values: Mapping[Place, Shown],
    occurrence: int,
    function: Function | None,
) -> Step:
    said = descriptions[node.index]
    outputs = []
    for output_nr, name in enumerate(said.names):
        arrived = judged.arrived.get((node.index, output_nr), Arrived())
        outputs.append(Output(name, values[node.index, output_nr], arrived.by_torch, arrived.by_hand, arrived.rewritten))
    contributions = judged.contributions.get(node.index, ())
    return Step(
        node.index,
        node.name,
        said.names[0],
        said.expression,
        tuple(outputs),
        _operands(node, descriptions, judged.saved.get(node.index, ()), values, function),
        contributions,
        occurrence,
        said.module,
        said.origin,
        said.call,
        function,
    )


def _operands(
    node: Node,
    descriptions: Sequence[Description],
    saved: Sequence[Operand],
    values: Mapping[Place, Shown],
    function: Function | None,
) -> tuple[Operand, ...]:
    """The inputs that need a gradient, then what was saved or written beside them."""
    found: dict[str, Operand] = {}
    arguments = _by_parameter(node, descriptions[node.index].arguments)
    for number, edge in enumerate(node.edges):
        if edge is not None:
            given = function.inputs[number] if function is not None and number < len(function.inputs) else ""
            parameter = _input(node, number) or given or f"input{number}"
            key = parameter if parameter not in found else f"{parameter}[{number}]"
            names = descriptions[edge.node].names
            name = names[edge.output_nr] if edge.output_nr < len(names) else ""
            argument = arguments.get(parameter)
            found[key] = Operand(key, name or (argument.text if argument else ""), values[edge.node, edge.output_nr])
    for operand in saved:
        if operand.parameter not in found and operand.parameter != "result":
            argument = arguments.get(operand.parameter)
            found[operand.parameter] = Operand(operand.parameter, operand.name or (argument.text if argument else ""), operand.value, True)
    for parameter, argument in arguments.items():
        if parameter not in found and argument.constant:
            found[parameter] = Operand(parameter, argument.text, argument.value, True)
    return tuple(found.values())


def _by_parameter(node: Node, arguments: Sequence[Argument]) -> dict[str, Argument]:
    forward = FORWARD.get(node.name)
    if forward is None:
        return {}
    parameters = forward.__code__.co_varnames[: forward.__code__.co_argcount]
    # x.view(2, 3): more arguments than parameters, since the last one takes them all
    named = parameters[:-1] if len(arguments) > len(parameters) else parameters
    return dict(zip(named, arguments, strict=False))


def _leaf(node: Node, said: Description, judged: Judged, grads: Mapping[int, tuple[Shown, Shown]]) -> Leaf:
    arrived = judged.arrived.get((node.index, 0), Arrived())
    reason = "interrupted before its gradient was complete" if judged.interrupted else "no gradient reached it"
    comparison = judged.leaves.get(node.index, Comparison(Verdict.NOT_COMPARED, reason=reason))
    before, after = grads.get(node.index, (Missing.NOT_RECORDED, Missing.NOT_RECORDED))
    return Leaf(node.index, said.names[0], said.values[0], arrived.by_hand, arrived.by_torch, comparison, before, after, arrived.rewritten)


def _constants(steps: Sequence[Step]) -> tuple[Constant, ...]:
    """The named values without gradient that took part, in the order of the forward pass."""
    found: dict[str, Constant] = {}
    for step in reversed(steps):
        for operand in step.operands:
            if operand.constant and operand.name.replace(".", "").isidentifier() and isinstance(operand.value, Value):
                found.setdefault(operand.name, Constant(operand.name, operand.value))
    return tuple(found.values())


def _coverage(graph: Graph, judged: Judged) -> Coverage:
    """How the nodes that ran were judged, and why some were not."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    seconded = 0
    for index, every in judged.contributions.items():
        contributions = [each for each in every if each.comparison.reason != UNASKED]
        if not contributions:
            continue
        verdict = _of_node(contributions)
        seconded += verdict not in UNJUDGED and any(each.opinion not in ("", "operations") for each in contributions)
        counts[verdict.value] += 1
        if verdict in UNJUDGED:
            reason = next(each.comparison.reason for each in contributions if each.comparison.verdict is verdict)
            reasons[f"{graph.nodes[index].name}: {reason}"] += 1
    unjudged = sum(counts[each.value] for each in UNJUDGED)
    total, differ, intended = sum(counts.values()), counts[Verdict.DIFFERS.value], counts[Verdict.INTENDED.value]
    return Coverage(total, total - unjudged - seconded, seconded, unjudged, differ, dict(reasons), intended)


def _of_node(contributions: Sequence[Contribution]) -> Verdict:
    """The verdict of a node: the worst of its edges."""
    verdicts = {each.comparison.verdict for each in contributions}
    return next((each for each in (Verdict.DIFFERS, *UNJUDGED, Verdict.INTENDED) if each in verdicts), Verdict.AGREES)
