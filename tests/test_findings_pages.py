"""The documentation of findings says what the code does."""

import re

import pytest
from diagnosing import FOLDER, rows
from findings_pages import DOCS, pages

from byhand.diagnosis import KINDS

NUMBERS = re.compile(r"[−-]?\d[\d.,]*(e[+-]?\d+|·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?|\s+")
CODES = """
graph-cut zero-gradient-op frozen-parameter unused-parameter unregistered-parameter non-leaf-grad not-in-optimizer
eval-mode non-finite-gradient non-finite-dead-branch fp16-overflow fp16-underflow lost-in-rounding
vanishing-gradient exploding-gradient dead-unit saturated wrong-gradient wrong-gradient-shape second-derivative-lost
saved-tensor-overwritten gradient-accumulated gradient-cleared-before-step step-skipped clip-before-unscale
accumulation-not-scaled loss-broadcast double-softmax batch-leak gradient-rewritten-by-hook weights-not-updated
freed-graph inplace-modified
""".split()


def test_every_page_is_as_its_class_makes_it():
    """Written by `python tests/findings_pages.py`; numbers and the breaks of lines may differ from machine to machine."""
    made = pages()

    assert {path.relative_to(DOCS).as_posix() for path in (DOCS / "findings").glob("*.md")} | {"findings.md"} == set(made)
    for name, text in made.items():
        assert NUMBERS.sub(" ", (DOCS / name).read_text(encoding="utf-8")) == NUMBERS.sub(" ", text), name


def test_every_code_has_its_class():
    """No code that was promised is missing."""
    assert set(CODES) <= set(KINDS)


@pytest.mark.parametrize("code", sorted(KINDS))
def test_a_kind_has_a_program_with_the_fault(code):
    """And that program is among those that are searched for it."""
    kind = KINDS[code]

    assert (FOLDER / kind.example).is_file()
    assert code in {wanted for row in rows() if row["file"] == kind.example for wanted in (row["code"], *row.get("also", ()))}
