"""Results as JSON, schema byhand/1: every field of the design, strict, with the names as they were typed."""

import json
import math
from dataclasses import dataclass, replace

import made
import pytest

from byhand.export import export, strict, tensor, to_json
from byhand.graph import Origin
from byhand.results import Comparison, Verdict, Yours
from byhand.value import Missing, Value

SMALL = {"shape": list, "dtype": str, "data": object}
LARGE = {"shape": list, "dtype": str, **dict.fromkeys(("min", "max", "mean", "norm"), object), "zeros": int, "nonfinite": int}
ABSENT = {"missing": str}
RUN = {"kind": str, "loss": str, "value": "T", "roots": list, "coverage": dict, "steps": list, "leaves": list, "constants": list}
ROOT = {"name": str, "index": int, "output_nr": int, "gradient": "T"}
STEP = {"index": int, "op": str, "name": str, "expression": str, "module": str, "source": (dict, type(None)), "value": "T", "gradient": "T"}
STEP |= {"edges": list, "occurrence": int, "yours": (dict, type(None))}
EDGE = {"to": int, "name": str, "formula": (str, type(None)), "rule": (str, type(None)), "local": (str, type(None)), "by_hand": "T"}
EDGE |= {"by_torch": "T", "error": (float, str), "floor": (float, int), "verdict": str, "input": int, "output_nr": int, "upstream": "T"}
LEAF = {
    "index": int,
    "name": str,
    "value": "T",
    "by_hand": "T",
    "by_torch": "T",
    "yours": (dict, type(None)),
    "verdict": str,
    "derivation": dict,
}
CONSTANT = {"index": int, "name": str, "value": "T"}


def fits(thing, schema):
    """Whether the dictionary has every field of the schema, of the right type."""
    for name, kind in schema.items():
        assert name in thing, name
        if kind == "T":
            assert any(thing[name].keys() == form.keys() for form in (SMALL, LARGE, ABSENT)), name
        else:
            assert isinstance(thing[name], kind), name
    return True


def refuse(constant):
    """json.loads calls this for NaN and Infinity, which strict JSON does not have."""
    raise AssertionError(constant)


@pytest.mark.parametrize("result", [made.seed(), made.fan_out(), made.batch(), made.blocks(3, differs=1), made.chain(5)])
def test_every_field_of_the_schema_is_there(result):
    """The whole structure of byhand/1, level by level."""
    found = json.loads(to_json([result]), parse_constant=refuse)

    assert found.keys() == {"schema", "byhand", "torch", "program", "runs", "findings"}
    for run in found["runs"]:
        assert fits(run, RUN)
        assert all(fits(root, ROOT) for root in run["roots"])
        assert all(fits(step, STEP) for step in run["steps"])
        assert all(fits(edge, EDGE) for step in run["steps"] for edge in step["edges"])
        assert all(fits(leaf, LEAF) for leaf in run["leaves"])
        assert all(fits(constant, CONSTANT) for constant in run["constants"])
        assert run["coverage"].keys() >= {"nodes", "by_rule", "by_difference", "not_compared", "differ"}


def test_the_example_as_json():
    """The numbers, names and formulas of the seed example."""
    found = export([made.seed()])
    run = found["runs"][0]

    assert (found["schema"], found["program"], run["loss"]) == ("byhand/1", "back_propagation.py", "loss")
    assert run["steps"][0]["source"] == {"file": "back_propagation.py", "line": 7, "text": "loss = s**2", "columns": None}
    edge = run["steps"][0]["edges"][0]
    assert (edge["formula"], edge["local"], edge["local_value"]) == ("grad · exponent · self^(exponent − 1)", "2 · s", -2.0)
    assert edge["by_hand"] == {"shape": [], "dtype": "float32", "data": -2.0}
    assert run["steps"][1]["edges"][0]["name"] == "y_hat"
    assert run["leaves"][0]["derivation"]["text"] == "∂loss/∂w = ∂loss/∂s · ∂s/∂ŷ · ∂ŷ/∂w = 2s · 1 · x = −2"
    assert run["leaves"][0]["derivation"]["closed_form"] == "2 · x · (w · x − y)"
    assert run["constants"][1] == {"index": 1, "name": "y", "value": {"shape": [], "dtype": "float32", "data": 2.0}}


def test_all_runs_are_there_in_order():
    """Several passes stay in the order of the program."""
    passes = [replace(made.seed(), number=number, total=3) for number in (1, 2, 3)]

    assert [run["number"] for run in export(passes)["runs"]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("number", "written"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf"), (1 - 2j, [1.0, -2.0]), (True, True)]
)
def test_json_is_strict(number, written):
    """What JSON has no number for is a string; a complex number is a pair."""
    assert strict(number) == written


def test_nonfinite_numbers_survive_a_strict_parser():
    """A run full of NaN and infinities is valid JSON."""
    value = made.value([math.nan, math.inf, -math.inf], (3,))
    result = made.with_leaf(made.seed(), by_hand=value, comparison=Comparison(Verdict.DIFFERS, math.nan, 1e-7))
    found = json.loads(to_json([result]), parse_constant=refuse)

    assert found["runs"][0]["leaves"][0]["by_hand"]["data"] == ["nan", "inf", "-inf"]
    assert found["runs"][0]["leaves"][0]["error"] == "nan"


def test_a_large_tensor_is_its_statistics():
    """More than 64 elements are never written out."""
    large = Value((100,), "float32", None, -1.0, 1.0, 0.0, 2.0, zeros=4, nonfinite=1)

    assert tensor(large) == {
        "shape": [100],
        "dtype": "float32",
        "min": -1.0,
        "max": 1.0,
        "mean": 0.0,
        "norm": 2.0,
        "zeros": 4,
        "nonfinite": 1,
    }


@pytest.mark.parametrize("missing", list(Missing))
def test_a_missing_value_says_why(missing):
    """Four kinds of missing stay apart, and none of them is a number."""
    assert tensor(missing) == {"missing": missing.value}


def test_an_empty_tensor_keeps_its_shape():
    """No elements, but a shape."""
    assert tensor(Value((0, 3), "float32", [])) == {"shape": [0, 3], "dtype": "float32", "data": []}


@pytest.mark.parametrize("name", ["<script>", r"\input{x}", "a" * 500, "\u202eevil", "🤖", 'quote"', "\x00"])
def test_names_are_kept_as_typed(name):
    """JSON shortens and changes no name."""
    found = json.loads(to_json([made.with_leaf(made.seed(), name=name)]))

    assert found["runs"][0]["leaves"][0]["name"] == name


def test_a_name_used_again_keeps_its_name():
    """h, h, h in a loop have one name and three occurrences."""
    steps = export([made.chain(3)])["runs"][0]["steps"]

    assert [(step["name"], step["occurrence"]) for step in steps] == [("h", 3), ("h", 2), ("h", 1)]
    assert steps[0]["edges"][0]["name"] == "h"


def test_the_readers_numbers_stand_with_their_targets():
    """`yours` is on the leaf or the step it was given for, null elsewhere."""
    yours = (
        Yours("w", (3, 0), made.value(-2.0), 0.0, Verdict.AGREES, exact=True),
        Yours("s", (1, 0), made.value(1.0), 3.0, Verdict.DIFFERS),
    )
    run = export([replace(made.seed(), yours=yours)])["runs"][0]

    assert run["leaves"][0]["yours"]["verdict"] == "agrees"
    assert run["steps"][1]["yours"]["error"] == 3.0
    assert run["steps"][0]["yours"] is None


def test_an_operation_with_several_outputs_lists_them():
    """`value` and `gradient` stay those of the first output; `outputs` has all."""
    result = made.seed()
    step = replace(result.steps[2], outputs=(result.steps[2].outputs[0], result.steps[0].outputs[0]))
    found = export([replace(result, steps=(*result.steps[:2], step))])["runs"][0]["steps"]

    assert "outputs" not in found[0]
    assert [each["value"]["data"] for each in found[2]["outputs"]] == [1.0, 1.0]


@dataclass(frozen=True)
class MadeFinding:
    """A finding with the fields of the design."""

    code: str
    severity: str
    subject: str
    cause: str
    where: Origin
    what: str
    why: str
    fix: str


def test_findings_are_exported_by_their_fields():
    """A finding keeps its fields, and its place is file, line and text."""
    finding = MadeFinding("graph-cut", "error", "w", "detach", Origin("train.py", 12, "h = h.detach()"), "what", "why", "fix")

    found = export([], [finding])["findings"][0]
    assert found["where"] == {"file": "train.py", "line": 12, "text": "h = h.detach()"}
    assert found["code"] == "graph-cut"


def test_scalar_fields_are_null_for_tensors():
    """`local`, `local_value` and `closed_form` are for scalars only."""
    run = export([made.batch()])["runs"][0]

    assert all(edge["local"] is None and edge["local_value"] is None for step in run["steps"] for edge in step["edges"])
    assert run["leaves"][0]["derivation"]["closed_form"] is None
