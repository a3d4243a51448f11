"""Runs the examples of the rule table: in variants beside PyTorch's own nodes, and by our whole chain beside central differences."""

import torch
from example_tensors import Variant, direction, run, variants

from byhand.chain_rule import Operands, choose, contribute, receive
from byhand.errors import NoRule
from byhand.recording.saved import Saved
from byhand.recording.walk import read_graph
from byhand.rules.table import EACH, TABLE

RULES = [each for _, rules in sorted(TABLE.items()) for each in rules]
ILLEGAL = (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError)  # what PyTorch raises for a variant it refuses
TOLERANCE = {torch.float64: 1e-10, torch.complex128: 1e-10, torch.float32: 2e-5, torch.complex64: 2e-5, torch.bfloat16: 0.1}
FLOAT32_CONSTANTS = {"CeluBackward0", "CeluBackward1", "HardsigmoidBackward0"}
"""Classes whose backward in PyTorch rounds a constant (1/α, 1/6) to float32 even in a float64 graph; its forward does not."""

ONLY_FLOAT32 = {
    "GroupedMmBackward0": "PyTorch multiplies groups in float32 at most",
    "GridSampler2DCpuFallbackBackward0": "PyTorch's kernel reads float32 only",
    "GridSampler2DCpuFallbackBackwardBackward0": "PyTorch's kernel reads float32 only",
    "MkldnnConvolutionBackward0": "oneDNN works in float32",
    "ToMkldnnBackward0": "oneDNN works in float32",
    "MkldnnReshapeBackward0": "oneDNN works in float32",
    "MkldnnLinearBackward0": "oneDNN works in float32",
    "MkldnnMaxPool2DBackward0": "oneDNN works in float32",
    "MkldnnMaxPool3DBackward0": "oneDNN works in float32",
    "MkldnnAdaptiveAvgPool2DBackward0": "oneDNN works in float32",
    "NnpackSpatialConvolutionBackward0": "NNPACK works in float32",
    "FakeQuantizeLearnablePerTensorAffineBackward0": "PyTorch learns scales in float32 and bfloat16 only",
    "FakeQuantizeLearnablePerChannelAffineBackward0": "PyTorch learns scales in float32 and bfloat16 only",
    "FusedMovingAvgObsFqHelperBackward0": "PyTorch observes ranges in float32 only",
    "MkldnnRnnLayerBackward0": "oneDNN works in float32; in float64 an LSTM is made of ordinary nodes",
}
"""Classes that PyTorch does not make in float64: compared in float32, with wider steps and tolerance in the differences."""

ELSEWHERE = {
    ".cuda(": torch.cuda.is_available(),
    "_pin_memory(": torch.cuda.is_available(),
    "miopen_": torch.version.hip is not None,
    "nnpack": torch.backends.nnpack.is_available(),
    ".to('mps')": torch.backends.mps.is_available(),
    ".to('xpu')": torch.xpu.is_available(),
    "lstm_mps": torch.backends.mps.is_available(),
}
"""A word in the example of a class that PyTorch makes on some machines only -> whether this is one."""

FIRST_OUTPUT_ONLY = {"NativeGroupNormBackward0"}
"""Classes where PyTorch passes on the gradient of another output only if the first has one too: ours is the derivative in both cases."""

SMALL = 0.01  # of the upstream gradient; a contribution below this may be what rounding left of a cancellation
STEP = {torch.float64: 1e-4, torch.float32: 3e-2}  # of the five-point difference: off by STEP**4, and by rounding over STEP
SLOPE_TOLERANCE = {torch.float64: 1e-7, torch.float32: 1e-4}  # a planted mistake is 1e-3, less what cancels along the direction
LEAST_SLOPE = {torch.float64: 1e-3, torch.float32: 0.05}  # of what a smaller one is taken to be: rounding does not shrink with it
TURNS = {torch.float64: 1, torch.float32: 3}  # directions each leaf is moved along


def identity(rule):
    """The rule's name in a test report: node, edge, function."""
    return f"{rule.node}:{'each' if rule.edge == EACH else rule.edge}:{rule.name}"


def made_here(rule):
    """Whether this machine can evaluate the rule's example; if it cannot, test_rules_of_cuda.py writes it out."""
    return all(here for word, here in ELSEWHERE.items() if word in rule.example)


def random_like(meta, generator):
    """A random gradient of the metadata's shape and dtype."""
    real = torch.randn(meta.shape, generator=generator, dtype=torch.float64)
    if meta.dtype.is_complex:
        return torch.complex(real, torch.randn(meta.shape, generator=generator, dtype=torch.float64)).to(meta.dtype)
    return real.to(meta.dtype)


def upstreams(node, generator):
    """Gradients to feed one node: of all its outputs, then, if there are several, of each alone."""
    full = [random_like(meta, generator) for meta in node.outputs]
    yield full
    alone = len(full) if len(full) > 1 and node.name not in FIRST_OUTPUT_ONLY else 0
    for kept in range(alone):
        yield [grad if number == kept else None for number, grad in enumerate(full)]


def subjects(rule, graph, live):
    """Node, its live node and edge, wherever the rule is the one that applies."""
    for node, handle in zip(graph.nodes, live, strict=True):
        if node.name != rule.node:
            continue
        operands = Operands(node, [None] * len(node.outputs), Saved(handle))
        for number, edge in enumerate(node.edges):
            if edge is not None and rule.edge in (number, EACH) and choose(node, number, operands) is rule:
                yield node, handle, number


def beside_torch(rule):
    """(variant, problem) for every comparison with PyTorch's own nodes over all variants of the example; no problem is empty."""
    for variant in variants(rule.example):
        try:
            outputs, _ = run(rule.example, variant)
        except ILLEGAL:
            continue
        if outputs:
            graph, live = read_graph(outputs)
            for node, handle, number in subjects(rule, graph, live):
                yield from ((variant, problem) for problem in compare_subject(rule, node, handle, number))


def compare_subject(rule, node, handle, number):
    """One problem, empty if none, for every upstream gradient that PyTorch's node accepts."""
    found = []
    generator = torch.Generator().manual_seed(3)
    edge = node.edges[number]
    with torch.no_grad():
        for grads in upstreams(node, generator):
            theirs = sent(handle, grads, number)
            if isinstance(theirs, str):
                continue
            if theirs is not None and theirs.dtype == torch.bfloat16 and not theirs.isfinite().all():
                continue  # PyTorch's kernel overflows in so short a dtype, where our rule works in float32
            theirs = torch.zeros(edge.meta.shape, dtype=edge.meta.dtype) if theirs is None else receive(theirs, edge)
            operands = Operands(node, grads, Saved(handle))
            ours = receive(rule.function(*operands.bind(rule.needs, number)), edge)
            loudest = max((grad.abs().max().item() for grad in grads if grad is not None and grad.numel()), default=0.0)
            least = 1e-7 if node.name in FLOAT32_CONSTANTS else 0.0
            found.append(disagreement(ours, theirs, SMALL * loudest, max(least, rule.accuracy)))
    return found


def sent(handle, grads, number):
    """What PyTorch's node sends along one edge, dense; "refused" if it takes these gradients in no layout."""
    for laid_out in (torch.clone, torch.Tensor.to_sparse, torch.Tensor.to_mkldnn):
        try:
            theirs = handle(*[grad if grad is None else laid_out(grad) for grad in grads])
        except ILLEGAL:
            continue
        theirs = theirs[number] if isinstance(theirs, tuple) else theirs
        return theirs if theirs is None else theirs.to_dense()
    return "refused"


def disagreement(ours, theirs, floor, least):
    """What is wrong with our contribution, empty if it agrees within the dtype's tolerance."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return f"{ours.dtype} {tuple(ours.shape)} for {theirs.dtype} {tuple(theirs.shape)}"
    finite = theirs.isfinite()
    if not torch.equal(finite, ours.isfinite()):
        return "not finite in other places"
    ours, theirs = ours[finite], theirs[finite]
    if not theirs.numel():
        return ""
    scale = max(theirs.abs().max().item(), floor, 1e-300)
    error = (ours - theirs).abs().max().item() / scale
    return "" if error <= max(TOLERANCE[theirs.dtype], least) else f"off by {error:.1e} of the largest element"


def by_our_chain(outputs, cotangents):
    """(leaf, gradient) pairs, by our rules from the outputs to the leaves; a class without any rule is passed by PyTorch's node."""
    graph, live = read_graph(outputs)
    arrived = {}
    for root, cotangent in zip(graph.roots, cotangents, strict=True):
        arrive(arrived, root, cotangent)
    reached = []
    with torch.no_grad():
        for node, handle in zip(graph.nodes, live, strict=True):
            grads = [arrived.pop((node.index, number), None) for number in range(len(node.outputs))]
            if node.leaf:
                reached.append((handle.variable, grads[0]))
            elif any(grad is not None for grad in grads):
                pass_on(arrived, graph, node, handle, grads)
    return reached


def pass_on(arrived, graph, node, handle, grads):
    """Adds what every edge of the node receives to what has arrived there."""
    operands = Operands(node, grads, Saved(handle))
    for number, edge in enumerate(node.edges):
        if edge is None:
            continue
        try:
            contribution = contribute(node, number, operands).received
        except NoRule:
            theirs = handle(*grads)
            theirs = theirs[number] if isinstance(theirs, tuple) else theirs
            if theirs is None:
                continue
            contribution = receive(theirs, edge)
        arrive(arrived, edge, contribution)


def arrive(arrived, at, grad):
    """Adds the gradient to the sum for one output of one node."""
    key = at.node, at.output_nr
    arrived[key] = arrived[key] + grad if key in arrived else grad


def weighted_sum(outputs, cotangents):
    """The real number whose derivatives our chain works out."""
    pairs = zip(outputs, cotangents, strict=True)
    return sum((output.detach().to_dense().to(torch.complex128) * cotangent.conj()).real.sum().item() for output, cotangent in pairs)


def central_difference(example, variant, number, turn, cotangents):
    """The derivative of the weighted sum along one direction of one leaf: five points, fourth order."""

    def at(distance):
        outputs, _ = run(example, variant, moved=(number, turn, distance))
        return weighted_sum(outputs, cotangents)

    step = STEP[variant.dtype]
    return (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step)


def beside_differences(rule):
    """(leaf's number, problem) for every leaf, our whole chain compared with central differences; no problem is empty."""
    variant = Variant(dtype=torch.float32 if rule.node in ONLY_FLOAT32 else torch.float64)
    outputs, leaves = run(rule.example, variant)
    generator = torch.Generator().manual_seed(5)
    cotangents = [random_like(output, generator) for output in outputs]
    for leaf, grad in by_our_chain(outputs, cotangents):
        number = next((number for number, each in enumerate(leaves) if each is leaf), None)
        if number is None or grad is None:
            continue
        for turn in range(TURNS[variant.dtype]):
            terms = grad * direction(number, turn, leaf)
            measured = central_difference(rule.example, variant, number, turn, cotangents)
            error = abs(terms.sum().item() - measured) / max(terms.abs().sum().item(), LEAST_SLOPE[variant.dtype])
            fine = error <= SLOPE_TOLERANCE[variant.dtype]
            yield number, "" if fine else f"{terms.sum().item():.9g} by rules, {measured:.9g} by differences"


def is_zero(rule):
    """Whether the rule's contribution is zero wherever its example is evaluated, and it is evaluated somewhere."""
    evaluated = False
    for variant in [each for each in variants(rule.example) if each.dtype in STEP]:
        try:
            outputs, _ = run(rule.example, variant)
        except ILLEGAL:
            continue
        graph, live = read_graph(outputs)
        with torch.no_grad():
            for node, handle, number in subjects(rule, graph, live):
                evaluated = True
                operands = Operands(node, next(upstreams(node, torch.Generator().manual_seed(3))), Saved(handle))
                if torch.as_tensor(rule.function(*operands.bind(rule.needs, number))).count_nonzero():
                    return False
    return evaluated
