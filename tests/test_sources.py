"""The program's text beside the picture: the files that operations come from, if they still are what was run."""

import linecache
from dataclasses import replace

import pytest
from programs_drawn import example, passed

from byhand import cells
from byhand.cells import in_cells, number_with
from byhand.drawing.sources import LONGEST, MOST, programs
from byhand.graph import Origin


def sources(result):
    """The pieces of program text of a pass."""
    return programs(result).sources


def placed(result, file, lines):
    """The pass with its operations on these lines of a file: numbers with their text, the first of the program first."""
    steps = tuple(
        replace(step, origin=Origin(str(file), number, text)) for step, (number, text) in zip(result.steps, reversed(lines), strict=True)
    )
    return replace(result, steps=steps)


def written(path, lines):
    """A file of these lines."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    linecache.checkcache(str(path))
    return path


def test_the_whole_file_is_shown():
    """With the line of every operation in it."""
    result = passed(example)
    (source,) = sources(result)

    assert source.name == "programs_drawn.py"
    assert source.first == 1
    assert [source.lines[step.origin.line - 1].strip() for step in reversed(result.steps)] == [
        "y_hat = w * x",
        "s = y_hat - y",
        "loss = s**2",
    ]


def test_a_changed_file_is_not_shown(tmp_path):
    """Of a file that is no longer what was run, the recorded lines alone are shown."""
    file = written(tmp_path / "program.py", ["a = 1", "b = 2", "c = 4"])
    (source,) = sources(placed(passed(example), file, [(1, "a = 1"), (2, "b = 2"), (3, "c = 3")]))

    assert source.lines == ("a = 1", "b = 2", "c = 3")


def test_recorded_lines_far_apart_are_pieces(tmp_path):
    """What lies between them is not known, and not made up."""
    found = sources(placed(passed(example), tmp_path / "gone.py", [(3, "a = 1"), (5, "b = 2"), (90, "c = 3")]))

    assert [(source.first, source.lines) for source in found] == [(3, ("a = 1", "…", "b = 2")), (90, ("c = 3",))]


def test_a_file_whose_lines_were_not_recorded_is_not_read(tmp_path):
    """Without a recorded text nothing says that the file is what was run."""
    file = written(tmp_path / "program.py", ["a = 1", "b = 2", "c = 3"])

    assert sources(placed(passed(example), file, [(1, ""), (2, ""), (3, "")])) == ()


def test_a_long_file_is_cut_to_what_is_used(tmp_path):
    """Two hundred lines around each line that is named."""
    lines = [f"x{number} = 0" for number in range(1, 10_001)]
    file = written(tmp_path / "long.py", lines)
    found = sources(placed(passed(example), file, [(number, lines[number - 1]) for number in (50, 300, 9000)]))

    assert [(source.first, len(source.lines)) for source in found] == [(1, 500), (8800, 401)]


def test_many_lines_of_a_long_file_keep_to_the_limit(tmp_path):
    """The windows become smaller, never more than two thousand lines."""
    lines = [f"x{number} = 0" for number in range(1, 20_001)]
    file = written(tmp_path / "long.py", lines)
    result = passed(example)
    step = result.steps[0]
    steps = tuple(replace(step, origin=Origin(str(file), number, lines[number - 1])) for number in range(1, 20_000, 400))
    found = sources(replace(result, steps=steps))

    assert sum(len(source.lines) for source in found) <= MOST
    assert len(programs(replace(result, steps=steps)).numbers) == 50


def test_an_endless_line_is_cut(tmp_path):
    """A line of a million characters does not make the page large."""
    endless = f"a = {'1' * 1_000_000}"
    file = written(tmp_path / "wide.py", [endless, "b = 2", "c = 3"])
    (source,) = sources(placed(passed(example), file, [(1, endless), (2, "b = 2"), (3, "c = 3")]))

    assert len(source.lines[0]) == LONGEST


def test_no_other_file_is_read(monkeypatch):
    """Only the files that the operations name."""
    asked = []
    real = linecache.getlines
    monkeypatch.setattr(linecache, "getlines", lambda file, *more: asked.append(file) or real(file, *more))
    result = passed(example)
    asked.clear()
    sources(result)

    assert set(asked) == {step.origin.file for step in result.steps}


@pytest.fixture
def notebook(monkeypatch):
    """Cells as a kernel compiles them: the text is known to linecache alone. Gives a pass whose operations stand in one."""
    monkeypatch.setattr(cells, "_numbering", [])
    monkeypatch.setattr(cells, "_files", {})
    numbers = {}
    number_with(numbers.get)

    def made(number, name, lines):
        file = f"/somewhere/ipykernel_12/{name}.py"
        numbers[file] = number
        monkeypatch.setitem(linecache.cache, file, (1, None, [f"{line}\n" for line in lines], file))
        return in_cells(placed(passed(example), file, [(place, lines[place - 1]) for place in (1, 2, len(lines))]))

    return made


def test_a_cell_is_shown_by_its_number(notebook):
    """The reader of a notebook knows the cell, not the file it was compiled as."""
    (source,) = sources(notebook(3, 111, ["a = 1", "b = 2", "c = 3"]))

    assert (source.name, source.lines) == ("cell 3", ("a = 1", "b = 2", "c = 3"))


def test_cells_without_numbers_are_not_mixed_up(notebook):
    """Two cells that go by one name, and are alike where operations are: the recorded lines, never the text of the other."""
    notebook(None, 111, ["a = 1", "b = 2", "x = 0", "c = 3"])
    (source,) = sources(notebook(None, 222, ["a = 1", "b = 2", "y = 0", "c = 3"]))

    assert (source.name, source.lines) == ("a cell", ("a = 1", "b = 2", "…", "c = 3"))
