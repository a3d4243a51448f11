"""How finite numbers became NaN or infinite, told as arithmetic with the user's names and the numbers of one element."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from byhand.chain_rule import Operands, choose
from byhand.diagnosis.nonfinite.elements import Element, alike, alone, at, first_bad, indexed, own, told
from byhand.diagnosis.nonfinite.scene import Scene, inputs_of, is_finite
from byhand.errors import ByhandError
from byhand.formula import local, read, text
from byhand.graph import Node
from byhand.rules.table import FORWARD, Rule, rules_of
from byhand.words import number, plain

NAMELESS = {"self": "x", "other": "y", "mat1": "a", "mat2": "b", "input": "x", "weight": "w"}
"""What an input is called that the user gave no name: PyTorch's own words for them mean nothing to a reader."""

LONG = 16  # characters; a longer expression is called x


@dataclass(frozen=True, slots=True)
class Sum:
    """Arithmetic that went wrong: as text, at which element of the operation, and whether it was worked element by element."""

    text: str
    element: Element | None
    alone: bool = False
    local: float | None = None


def called(scene: Scene, node: Node) -> dict[str, str]:
    """What the user calls the inputs of an operation, by the names of the rules; its own result by its formula."""
    said = scene.passing.describe(node.index)
    forward = FORWARD.get(node.name)
    names = {}
    if forward is not None:
        parameters = forward.__code__.co_varnames[: forward.__code__.co_argcount]
        names = {name: plain(each.text) for name, each in zip(parameters, said.arguments, strict=False) if each.text}
    for edge, place in _inputs(node).items():
        names[edge] = scene.name(place) or names.get(edge, "") or NAMELESS.get(edge, edge)
    names["result"] = forward_text(node, names, scene) or scene.name((node.index, 0)) or "result"
    return names


def _inputs(node: Node) -> dict[str, tuple[int, int]]:
    found = {}
    for number_, edge in enumerate(node.edges):
        rules = rules_of(node.name, number_)
        if edge is not None and rules:
            found[rules[0].input] = (edge.node, edge.output_nr)
    return found


def forward_text(node: Node, names: dict[str, str], scene: Scene) -> str:
    """The forward formula of an operation with the user's names; "" if there is none."""
    function = FORWARD.get(node.name)
    if function is None:
        return ""
    tree = read(function)
    plainly = {name: told(value) for name, value in _numbers(scene, node, tree.parameters).items()}
    every = {**{name: name for name in tree.parameters}, **plainly, **names}
    return text(tree, every)


def _numbers(scene: Scene, node: Node, names: Sequence[str]) -> dict[str, float]:
    """The plain numbers that PyTorch saved for a node: an exponent, a scale."""
    saved, found = scene.saved(node.index), {}
    for name in names:
        value = _read(saved, name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[name] = value
    return found


def _read(saved: Any, name: str) -> Any:
    try:
        return saved[name]
    except (ByhandError, RuntimeError, KeyError, AttributeError):
        return None


def backward_sum(scene: Scene, index: int, edge: int, grads: Sequence[Any], sent: torch.Tensor) -> Sum:
    """How a node made what is not finite of a finite upstream gradient."""
    node = scene.graph.nodes[index]
    operands = Operands(node, grads, scene.saved(index))
    try:
        rule = choose(node, edge, operands)
        values = dict(zip(rule.needs, operands.bind(rule.needs, edge), strict=True))
        given = rule.function(*values.values())
    except (ByhandError, RuntimeError, TypeError):
        return Sum("", first_bad(sent))
    element = first_bad(given)
    if element is None:
        return Sum("", first_bad(sent))
    single = alone(rule.function, values, element, tuple(given.shape))
    if single is None or not alike(single, given[element]) or "grad" not in values:
        return Sum(_whole(scene, node, rule, values), element)
    return _single(scene, node, rule, values, element, given)


def _single(scene: Scene, node: Node, rule: Rule, values: dict[str, Any], element: Element, given: torch.Tensor) -> Sum:
    """The sum of one element: ∂√x/∂x = 1/(2·√x); x[3] = 0 → ∞; 0 · ∞ = NaN."""
    shape = tuple(given.shape)
    upstream = at(values["grad"], element, shape)
    slope = alone(rule.function, {**values, "grad": torch.ones_like(values["grad"])}, element, shape)
    assert upstream is not None
    names, meaning = _short(called(scene, node), rule.input)
    if meaning:
        names["result"] = forward_text(node, names, scene) or names["result"]
    formula = _local(scene, node, rule, names)
    numbers = _numbers_at(scene, node, values, names, element, shape)
    parts = [f"{meaning}{formula}"] if formula else [meaning.removesuffix(": ")]
    parts.append(f"{', '.join(numbers)} → {told(slope)}" if numbers and slope is not None else "")
    parts.append(f"{told(upstream + 0.0)} · {told(slope)} = {told(given[element])}" if slope is not None else "")
    size = float(slope.abs()) if slope is not None else None
    return Sum("; ".join(filter(None, parts)), element, True, size)


def _short(names: dict[str, str], name: str) -> tuple[dict[str, str], str]:
    """The names with x for an input that has none but a long expression, and the words that say so."""
    if len(names.get(name, "")) <= LONG or "x" in names.values():
        return names, ""
    return {**names, name: "x"}, f"with x = {names[name]}: "


def _local(scene: Scene, node: Node, rule: Rule, names: dict[str, str]) -> str:
    tree = read(rule.function)
    numbers = _numbers(scene, node, tree.parameters)
    marked = {**names, "result": "RESULT"}
    known = {name: marked.get(name, name) for name in tree.parameters if name not in numbers}
    try:
        found = local(tree, known, numbers)
    except Exception:  # SymPy has its own opinion of some expressions; then the numbers tell enough
        return ""
    if not found:
        return ""
    result = names["result"]
    shown = result if result.startswith("√") or result.replace("_", "").isalnum() or result.endswith(")") else f"({result})"
    made = forward_text(node, names, scene)
    left = made if made.startswith("√") or " " not in made else f"({made})"
    return f"∂{left}/∂{names.get(rule.input, rule.input)} = {found[0].replace('RESULT', shown)}"


def _numbers_at(
    scene: Scene, node: Node, values: dict[str, Any], names: dict[str, str], element: Element, shape: tuple[int, ...]
) -> list[str]:
    """The numbers that the local derivative is made of, at one element: x[3] = 0."""
    tensors = {name: value for name, value in values.items() if isinstance(value, torch.Tensor) and name not in ("grad", "result")}
    for name, place in _inputs(node).items():
        value = scene.value(place)
        if "result" in values and name not in tensors and value is not None:
            tensors[name] = value
    if "result" in values and len(tensors) < len(_inputs(node)):
        tensors["result"] = values["result"]
    found = []
    for name, value in tensors.items():
        single = at(value, element, shape)
        if single is not None:
            found.append(f"{indexed(names.get(name, name), own(value, element))} = {told(single)}")
    return found


def _whole(scene: Scene, node: Node, rule: Rule, values: dict[str, Any]) -> str:
    """The rule of an operation that does not work element by element, and which of its numbers are 0 or not finite."""
    names = called(scene, node)
    tree = read(rule.function)
    shown = text(tree, {**{name: name for name in tree.parameters}, **names, "grad": "grad"})
    found = []
    for name, value in values.items():
        if isinstance(value, torch.Tensor) and value.is_floating_point() and name not in ("grad", "upstream"):
            found += _odd(names.get(name, name), value)
    return "; ".join([f"what it sends on is {plain(shown, 100)}", *found])


def _odd(name: str, value: torch.Tensor) -> list[str]:
    bad = first_bad(value)
    if bad is None:
        zero = (value == 0).nonzero()
        bad = tuple(zero[0].tolist()) if len(zero) else None
    return [] if bad is None else [f"there {indexed(name, bad)} = {told(value[bad])}"]


def forward_sum(scene: Scene, index: int, output: int = 0) -> Sum:
    """How an operation's own result became something that is not finite."""
    node = scene.graph.nodes[index]
    value = scene.value((index, output))
    element = first_bad(value) if value is not None else None
    if value is None or element is None:
        return Sum("", None)
    names = called(scene, node)
    made = forward_text(node, names, scene) or scene.name((index, output)) or short_name(node)
    special = _row(scene, node, made, element) or _empty(scene, node, made) or _long_sum(scene, node, made, value, element)
    if special:
        return Sum(special, element)
    numbers = []
    for name, place in _inputs(node).items():
        taken = scene.value(place)
        single = at(taken, element, tuple(value.shape)) if taken is not None else None
        if taken is not None and single is not None:
            numbers.append(f"{indexed(names.get(name, name), own(taken, element))} = {told(single)}")
    for name, taken in scene.constants(index):
        single = at(taken, element, tuple(value.shape))
        if single is not None and name and not name.replace(".", "").replace("-", "").isdigit():
            numbers.append(f"{indexed(plain(name), own(taken, element))} = {told(single)}")
    numbers = numbers or _ranges(scene, index, names)
    said = f" with {', '.join(dict.fromkeys(numbers))}" if numbers else ""
    return Sum(f"{made} is {told(value[element])} at {list(element)}{said}" if element else f"{made} is {told(value)}{said}", element)


def _row(scene: Scene, node: Node, made: str, element: Element) -> str:
    """Why a softmax is NaN: all of its row is −∞."""
    if not node.name.startswith(("Softmax", "LogSoftmax", "SafeSoftmax")):
        return ""
    taken = scene.value(inputs_of(node)[0])
    dim = _read(scene.saved(node.index), "dim")
    if taken is None or not isinstance(dim, int):
        return ""
    across = dim % taken.dim()
    line = taken.movedim(across, -1)[tuple(number for place, number in enumerate(element) if place != across)]
    where = f"[{', '.join(':' if place == across else str(number) for place, number in enumerate(element))}]"
    if bool((line == -torch.inf).all()):
        return f"{made}: all {line.numel()} elements of its row {where} are −∞, and each becomes exp(−∞) / sum = 0 / 0 = NaN"
    return ""


def _empty(scene: Scene, node: Node, made: str) -> str:
    """Why a mean is NaN: there is nothing to take the mean of."""
    if node.name.startswith("NllLoss"):
        saved = scene.saved(node.index)
        target, ignored = _read(saved, "target"), _read(saved, "ignore_index")
        if isinstance(target, torch.Tensor) and bool((target == ignored).all()):
            return f"all {target.numel():,} targets of {made} are ignored ({ignored}), and the mean of nothing is 0 / 0 = NaN"
    taken = [scene.value(place) for place in inputs_of(node)]
    if any(each is not None and each.numel() == 0 for each in taken):
        return f"{made} has nothing to work with (0 elements), and the mean of nothing is 0 / 0 = NaN"
    return ""


def _ranges(scene: Scene, index: int, names: dict[str, str]) -> list[str]:
    """How large what went in is, where single elements tell nothing."""
    taken = [(names.get(name, name), scene.value(place)) for name, place in _inputs(scene.graph.nodes[index]).items()]
    taken += [(plain(name), value) for name, value in scene.constants(index) if name]
    numbers = [(name, value) for name, value in taken if value is not None and value.numel() and value.is_floating_point()]
    return [f"{name} from {told(value.min())} to {told(value.max())}" for name, value in numbers if is_finite(value)]


def _long_sum(scene: Scene, node: Node, made: str, value: torch.Tensor, element: Element) -> str:
    """Why a sum or a matrix product is infinite: its terms are finite, but together more than the dtype holds."""
    if not node.name.startswith(("Sum", "Mean", "Mm", "Addmm", "Bmm", "Baddbmm", "Addbmm", "Mv", "Dot", "Linear", "Convolution", "Cumsum")):
        return ""
    if value[element].isnan():
        return ""
    largest = [(scene.name(place) or "an input", scene.value(place)) for place in inputs_of(node)]
    sizes = [f"{name} up to {told(each.abs().max())}" for name, each in largest if each is not None and each.numel()]
    most = number(torch.finfo(value.dtype).max) if value.dtype == torch.float16 else f"{torch.finfo(value.dtype).max:.2g}"
    where = f" at {list(element)}" if element else ""
    return f"{made}{where} adds up to more than {most}, the largest {str(value.dtype).removeprefix('torch.')} ({', '.join(sizes)}): ∞"


def short_name(node: Node) -> str:
    """The operation by PyTorch's name."""
    return node.name.partition("Backward")[0]
