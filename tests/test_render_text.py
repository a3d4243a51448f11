"""A document in a terminal: what lines up, what happens in narrow ones, colour only where it is wanted."""

import io

import made
import pytest
from rich.cells import cell_len
from rich.console import Console

from byhand.document import Cell, Document, Formula, Heading, Ledger, Prose, Role, Table
from byhand.explanation import explain
from byhand.render.text import print_document, render_text

HOSTILE = "[bold]<script>:smile: " + r"\input{x} " + "a" * 500 + " 🤖 名前 שלום"
EVERYTHING = Document(
    (
        Heading(HOSTILE, 1),
        Heading(HOSTILE, 3),
        Prose(tuple(Cell(HOSTILE, role) for role in Role)),
        Formula((Cell(HOSTILE), Cell(HOSTILE), Cell("1")), (Cell(HOSTILE),)),
        Formula((Cell("alone"),)),
        Table((HOSTILE, "b", ""), (((Cell(HOSTILE),), (Cell("x"), Cell(HOSTILE)), ()), ((Cell("across"),),), ((), (), (Cell("1"),)))),
        Table(("a", "b"), ()),
        Table(("", ""), (((Cell("[[1,\n  2]]"),), (Cell("NaN"),)),), HOSTILE),
        Ledger(HOSTILE, ((Cell(HOSTILE), Cell("1 · 2"), Cell("2")),), (Cell("sum"), Cell(""), Cell("2"))),
    )
)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 140, 400])
@pytest.mark.parametrize(
    "document", [EVERYTHING, explain(made.seed()), explain(made.fan_out()), explain(made.batch()), explain(made.blocks(3))]
)
def test_no_line_is_wider_than_the_terminal(document, width):
    """Whatever the text and the width, nothing runs over the edge."""
    assert max(cell_len(line) for line in render_text(document, width=width).splitlines()) <= width


def test_the_equal_signs_of_a_column_line_up():
    """Pieces of one column stand below each other."""
    lines = [line for line in render_text(explain(made.seed()), width=100).splitlines() if line.startswith(("ŷ", "s ", "loss "))]

    assert len(lines) == 3
    assert len({line.index("=") for line in lines}) == 1
    assert len({line.rindex("=") for line in lines}) == 1


def test_numbers_line_up_at_their_point():
    """In a column of numbers the points stand below each other."""
    rows = tuple(((Cell("w"), Cell(number)),) for number in ("1.5", "−12.25", "3"))

    assert render_text(Document((Table(("",), rows),)), width=40) == "w =   1.5\nw = −12.25\nw =   3\n"


def test_a_narrow_terminal_shows_column_after_column():
    """Where the three columns do not fit side by side, they come one after the other, in the same order."""
    shown = render_text(explain(made.seed()), width=60)

    assert shown.index("\nforward\n") < shown.index("\nlocal derivative\n") < shown.index("\nbackward\n")
    assert "ŷ    = w · x =  1\ns    = ŷ − y = −1\nloss = s²    =  1\n" in shown


def test_a_table_that_does_not_fit_is_told_row_by_row():
    """Each row of a wide table becomes a small list behind the titles."""
    table = Table(("name", "first", "second"), (((Cell("w"),), (Cell("a" * 40),), (Cell("b" * 40),)),))

    assert render_text(Document((table,)), width=60) == f"w\n  first   {'a' * 40}\n  second  {'b' * 40}\n"


def test_a_long_chain_is_broken_at_its_equal_signs():
    """A formula that does not fit on one line has one line for each part."""
    formula = Formula((Cell("y"), Cell("a" * 20), Cell("b" * 20)), (Cell("agrees", Role.AGREES),))

    assert render_text(Document((formula,)), width=40) == f"y = {'a' * 20}\n  = {'b' * 20}\n    ✓ agrees\n"


def test_a_ledger_has_a_line_above_its_sum():
    """Contributions stand above the line, the total below."""
    ledger = Ledger("twice", ((Cell("via a"), Cell("1")), (Cell("via b"), Cell("−2"))), (Cell("sum"), Cell("−1")))

    assert render_text(Document((ledger,)), width=40) == "twice\n    via a    1\n    via b   −2\n    ─────   ──\n    sum     −1\n"


@pytest.mark.parametrize(("role", "shape"), [(Role.AGREES, "✓"), (Role.DIFFERS, "✗"), (Role.NOT_COMPARED, "○")])
def test_a_verdict_has_a_shape_as_well_as_a_colour(role, shape):
    """Verdicts can be told apart without colour."""
    assert render_text(Document((Prose((Cell("word", role),)),))) == f"{shape} word\n"


def test_without_colour_there_are_no_escape_codes():
    """Text for a file or a pipe is plain."""
    assert "\x1b" not in render_text(EVERYTHING)


@pytest.mark.parametrize("setting", ["NO_COLOR", "FORCE_COLOR"])
def test_colour_is_asked_for_and_not_guessed(monkeypatch, setting):
    """What the environment says about colour changes nothing: the caller decides."""
    monkeypatch.setenv(setting, "1")

    assert "\x1b[" in render_text(explain(made.seed()), colour=True)
    assert "\x1b" not in render_text(explain(made.seed()))


def test_colour_changes_no_character():
    """With the escape codes taken out, the coloured text is the plain one."""
    from rich.text import Text

    coloured = Text.from_ansi(render_text(explain(made.seed()), width=100, colour=True)).plain

    assert [line.rstrip() for line in coloured.splitlines()] == render_text(explain(made.seed()), width=100).splitlines()


def test_a_console_of_the_callers_is_used_as_it_is():
    """print_document draws in the width of the console it is given."""
    target = io.StringIO()
    print_document(explain(made.seed()), Console(file=target, width=100))

    assert [line.rstrip() for line in target.getvalue().splitlines()] == render_text(explain(made.seed()), width=100).splitlines()


def test_markup_in_names_is_only_text():
    """Square brackets and :names: mean nothing."""
    assert render_text(Document((Prose((Cell("[bold]x[/bold] :smile:"),)),))) == "[bold]x[/bold] :smile:\n"
