"""Every error, provoked as a reader would, and its whole text: what, where, why, and what to type."""

import inspect
import json
from pathlib import Path

import diagnosis_provocations
import function_provocations
import output_provocations
import provocations
import pytest

from byhand import errors

TEXTS = json.loads(Path(__file__).with_name("error_texts.json").read_text(encoding="utf-8"))
PROVOKED = [
    each
    for module in (provocations, function_provocations, output_provocations, diagnosis_provocations)
    for each in vars(module).values()
    if inspect.isfunction(each) and list(inspect.signature(each).parameters) == ["capsys"]
]


@pytest.mark.parametrize("provoke", PROVOKED, ids=lambda provoke: provoke.__name__)
def test_an_error_says_what_where_why_and_what_to_type(provoke, capsys, tmp_path, monkeypatch):
    """The whole text is the one that was read and found helpful; what stands before it is the program's own traceback."""
    monkeypatch.chdir(tmp_path)
    expected = "\n".join(TEXTS[provoke.__name__])

    text = provoke(capsys)

    assert text[-len(expected) :] == expected


def test_every_class_is_provoked():
    """No class of errors.py is missing above, so each has been seen."""
    classes = {name for name, each in vars(errors).items() if inspect.isclass(each) and each is not errors.ByhandError}

    assert {lines[0].partition(":")[0] for lines in TEXTS.values()} == classes
    assert set(TEXTS) == {each.__name__ for each in PROVOKED}


@pytest.mark.parametrize("name", TEXTS)
def test_an_error_has_four_parts(name):
    """What, where, why, and something to type: none is left out."""
    starts = [line.split(":")[0].strip() for line in TEXTS[name]]

    assert {"where", "why", "type"} <= set(starts)
    assert len(TEXTS[name]) > starts.index("type") + 2
