"""Results as JSON, schema byhand/1: every number and name in full, strict (NaN and infinities are strings)."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from byhand.explanation.chains import derivation
from byhand.explanation.formulas import formula_of, local_of, parameter_of, rule_of
from byhand.explanation.labels import Labels
from byhand.formula import full_text, read
from byhand.graph import Origin
from byhand.results import Comparison, Constant, Contribution, Function, Leaf, Pass, Step, Yours
from byhand.value import Missing, Shown

SCHEMA: Final = "byhand/1"
NAMED: Final = 5_000  # operations; in a larger run the formulas keep the rules' own names


def to_json(passes: Sequence[Pass], findings: Sequence[Any] = (), *, indent: int | None = 2) -> str:
    """The passes and findings as JSON text that any strict parser reads."""
    text = json.dumps(export(passes, findings), indent=indent, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode(errors="backslashreplace").decode()  # half a character, as in file names of another encoding


def export(passes: Sequence[Pass], findings: Sequence[Any] = ()) -> dict[str, Any]:
    """The passes and findings as plain lists and dictionaries, in the order of the program."""
    return {
        "schema": SCHEMA,
        "byhand": _version("byhand"),
        "torch": _version("torch"),
        "program": next((result.program for result in passes if result.program), ""),
        "runs": [_run(result) for result in passes],
        "findings": [_finding(finding) for finding in findings],
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def tensor(shown: Shown) -> dict[str, Any]:
    """T of the schema: every element up to 64, else the statistics; a missing value says why it is missing."""
    if isinstance(shown, Missing):
        return {"missing": shown.value}
    head = {"shape": list(shown.shape), "dtype": shown.dtype}
    if shown.whole:
        return head | {"data": strict(shown.data)}
    numbers = {"min": shown.minimum, "max": shown.maximum, "mean": shown.mean, "norm": shown.norm}
    return head | {name: strict(number) for name, number in numbers.items()} | {"zeros": shown.zeros, "nonfinite": shown.nonfinite}


def strict(value: Any) -> Any:
    """The value as strict JSON has it: NaN and infinities as strings, a complex number as [real, imaginary]."""
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            return value if math.isfinite(value) else "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
        case complex():
            return [strict(value.real), strict(value.imag)]
        case Mapping():
            return {str(key): strict(each) for key, each in value.items()}
        case list() | tuple():
            return [strict(each) for each in value]
    return str(value)


def _run(result: Pass) -> dict[str, Any]:
    labels = Labels(result)
    coverage = result.coverage
    yours = {each.target: _yours(each) for each in result.yours}
    root = result.graph.roots[0]
    top = labels.by_index.get(root.node)
    return {
        "kind": result.kind,
        "number": result.number,
        "judged": result.judged,
        "source": result.source,
        "loss": root.name or labels.typed((root.node, root.output_nr)),
        "value": tensor(top.outputs[root.output_nr].value if top else Missing.NOT_RECORDED),
        "roots": [_root(each.node, each.output_nr, each.name, labels) for each in result.graph.roots],
        "coverage": {
            "nodes": coverage.nodes,
            "by_rule": coverage.by_rule,
            "by_difference": coverage.by_difference,
            "not_compared": coverage.not_compared,
            "differ": coverage.differ,
            "intended": coverage.intended,
            "reasons": dict(coverage.reasons),
        },
        **({"interrupted": {"judged": result.interrupted[0], "of": result.interrupted[1]}} if result.interrupted else {}),
        "second_derivatives": result.second and asdict(result.second),
        "steps": [_step(step, labels, yours) for step in sorted(result.steps, key=lambda step: step.index)],
        "leaves": [_leaf(leaf, result, labels, yours) for leaf in result.leaves],
        "constants": [_constant(number, constant) for number, constant in enumerate(result.constants)],
    }


def _root(node: int, output_nr: int, name: str, labels: Labels) -> dict[str, Any]:
    step = labels.by_index.get(node)
    gradient = step.outputs[output_nr].by_torch if step else Missing.NOT_RECORDED
    return {"name": name, "index": node, "output_nr": output_nr, "gradient": tensor(gradient)}


def _yours(each: Yours) -> dict[str, Any]:
    return {
        "value": tensor(each.value),
        "error": strict(each.error),
        "verdict": each.verdict.value,
        "exact": each.exact,
        "where": list(each.where),
    }


def _source(origin: Origin | None) -> dict[str, Any] | None:
    if origin is None:
        return None
    return {"file": origin.file, "line": origin.line, "text": origin.text, "columns": list(origin.columns) if origin.columns else None}


def _function(function: Function | None) -> dict[str, Any] | None:
    """A custom Function: its class, its backward's place, the parameters behind its edges, and whether a difference is declared."""
    if function is None:
        return None
    place = _source(function.backward)
    return {"name": function.name, "backward": place, "inputs": list(function.inputs), "intended": function.intended}


def _step(step: Step, labels: Labels, yours: Mapping[tuple[int, int], Any]) -> dict[str, Any]:
    first = step.outputs[0]
    told: dict[str, Any] = {
        "index": step.index,
        "op": step.op,
        "name": step.name,
        "occurrence": step.occurrence,
        "label": labels.cell((step.index, 0)).text,
        "expression": step.expression,
        "module": step.module,
        "call": step.call,
        "function": _function(step.function),
        "source": _source(step.origin),
        "value": tensor(first.value),
        "gradient": tensor(first.by_torch),
        "gradient_by_hand": tensor(first.by_hand),
        "yours": yours.get((step.index, 0)),
        "edges": [_edge(step, each, labels) for each in step.contributions],
    }
    if len(step.outputs) > 1:
        told["outputs"] = [
            {"value": tensor(each.value), "gradient": tensor(each.by_torch), "yours": yours.get((step.index, number))}
            for number, each in enumerate(step.outputs)
        ]
    return told


def _edge(step: Step, each: Contribution, labels: Labels) -> dict[str, Any]:
    rule, comparison = rule_of(step, each), each.comparison
    named = formula_of(step, each, labels) if len(labels.steps) <= NAMED else None
    local = local_of(step, each, labels) if named and each.local is not None else None
    return {
        "to": each.to[0],
        "output_nr": each.to[1],
        "input": each.edge,
        "parameter": parameter_of(step, each) if rule else None,
        "name": labels.typed(each.to),
        "formula": _formula(rule.function) if rule else None,
        "formula_named": named.text if named else None,
        "rule": each.rule,
        "local": local.text if local else None,
        "local_value": strict(each.local),
        "upstream": tensor(step.outputs[0].by_torch),
        "by_hand": tensor(each.by_hand),
        "by_torch": tensor(each.by_torch),
        "by_torch_source": comparison.source,
        "broadcast": list(each.broadcast) if each.broadcast is not None else None,
        "cast": each.cast,
        "error": strict(comparison.error),
        "floor": strict(comparison.floor),
        "where": list(comparison.where),
        "verdict": comparison.verdict.value,
        "reason": comparison.reason,
        "opinion": each.opinion,
        **_pattern(comparison),
    }


def _pattern(comparison: Comparison) -> dict[str, Any]:
    """How many elements of how many differ, where the first is, and the pattern in words and by its kind."""
    fault = comparison.fault.value if comparison.fault else None
    counts = {"wrong": comparison.wrong, "total": comparison.total, "first": list(comparison.first)}
    return counts | {"pattern": comparison.pattern, "fault": fault, "example": comparison.example}


@cache
def _formula(function: Callable[..., Any]) -> str:
    return full_text(read(function))


def _leaf(leaf: Leaf, result: Pass, labels: Labels, yours: Mapping[tuple[int, int], Any]) -> dict[str, Any]:
    comparison = leaf.comparison
    return {
        "index": leaf.index,
        "name": leaf.name,
        "value": tensor(leaf.value),
        "by_hand": tensor(leaf.by_hand),
        "by_torch": tensor(leaf.by_torch),
        "by_torch_source": comparison.source,
        "grad_before": tensor(leaf.grad_before),
        "grad_after": tensor(leaf.grad_after),
        "yours": yours.get((leaf.index, 0)),
        "error": strict(comparison.error),
        "floor": strict(comparison.floor),
        "where": list(comparison.where),
        "verdict": comparison.verdict.value,
        "reason": comparison.reason,
        "derivation": derivation(leaf, result, labels),
    }


def _constant(number: int, constant: Constant) -> dict[str, Any]:
    return {"index": number, "name": constant.name, "value": tensor(constant.value)}


def _finding(finding: Any) -> dict[str, Any]:
    """A finding as a dictionary; its fields are its own."""
    fields = asdict(finding) if is_dataclass(finding) and not isinstance(finding, type) else dict(finding)
    where = fields.get("where")
    if isinstance(where, Mapping):
        fields["where"] = {name: where[name] for name in ("file", "line", "text") if name in where}
    return {name: strict(getattr(value, "value", value)) for name, value in fields.items()}
