"""What is found of a program that PyTorch ends, for the tests of the stories of failures."""

from collections.abc import Callable

import pytest
import torch

from byhand.findings import Finding
from byhand.run import Run
from byhand.session import Session

Program = Callable[[], object]


def findings(program: Program, *, raises: bool = True) -> list[Finding]:
    """What is found while a program runs, and is ended by PyTorch if it `raises`."""
    torch.manual_seed(0)
    run = Run(judge=False)
    run.session = Session(judge=False, keep=3, diagnose=True)
    if raises:
        with pytest.raises(RuntimeError), run:
            program()
    else:
        with run:
            program()
    assert run.session.recorder.failures == []
    assert run.session.witness is not None
    return list(run.session.witness.findings())


def found(program: Program, code: str, *, raises: bool = True) -> Finding:
    """The one finding of this code."""
    (finding,) = [each for each in findings(program, raises=raises) if each.code == code]
    return finding


def line_of(finding: Finding) -> str:
    """The text of the line that a finding names."""
    assert finding.where is not None
    return finding.where.text.strip()
