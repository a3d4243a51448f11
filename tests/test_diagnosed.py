"""Programs with one fault each, written before the code that finds it: found with code, subject, line; healthy twins are left in peace."""

import pytest
from diagnosing import FOLDER, Server, accepted, alike, healthy, rows

ROWS = rows()


@pytest.fixture(scope="module")
def server():
    """One process for the programs of this file."""
    started = Server()
    yield started
    started.close()


def matches(row, finding, lines):
    """Whether a finding is what the row says: its code, its cause, whose gradient, and the line."""
    if finding["code"] not in (row["code"], *row.get("also", ())):
        return False
    if finding["code"] == row["code"] and row.get("cause", finding["cause"]) != finding["cause"]:
        return False
    named = not row["subject"] or alike(row["subject"], finding["subject"])
    return named and finding["where"] is not None and finding["where"]["line"] in lines


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_fault_is_found(server, row):
    """Code, cause, subject and line; the program's own error, if it raises one, is still shown."""
    found = server.diagnose(FOLDER / row["file"])

    assert [each for each in found.findings if matches(row, each, accepted(FOLDER / row["file"]))], found.findings
    assert "byhand itself failed" not in found.printed
    assert row.get("raises", "") in found.printed
    assert found.code == (2 if row.get("raises") else int(any(each["severity"] == "error" for each in found.findings)))


@pytest.mark.parametrize("name", healthy())
def test_a_healthy_program_is_left_in_peace(server, name):
    """No error, no warning, and exit code 0."""
    found = server.diagnose(FOLDER / name)

    assert (found.code, found.strong()) == (0, []), found.printed
    assert "byhand itself failed" not in found.printed


def test_every_fault_has_a_twin():
    """What differs between the two is the fault alone."""
    assert [row["file"] for row in ROWS if not (FOLDER / row["file"].replace(".py", "_twin.py")).exists()] == []
