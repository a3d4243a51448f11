"""Where words come from: files that change or vanish, notebook cells, and what is kept of them."""

import __future__

import ast
import dis
import gc
import linecache
import os
import pathlib
import sys
import tempfile
import warnings
import weakref

from naming_operations import brief, namespace, run

from byhand.recording import bytecode, naming, source
from byhand.recording.naming import written, written_along


def test_a_changed_source_is_no_source():
    """Where other words stand in the file by now, none are told; the target is the one that runs."""
    program = "def f():\n    h = x * w\nf()\n"
    changed = [
        "def f():\n    h = x + w\nf()\n",
        "def f():\n    k = x * w\nf()\n",
        "def f():\n    h = x * y\nf()\n",
        "def g():\n    h = x * w\nf()\n",
    ]
    shifted = ["\n" + program, "", "not python", "def f():\n    h = 'x * w'\nf()\n"]

    for shown in changed + shifted:
        assert [each.target for each in run(program, shown=shown)] == ["h"], shown
        assert [each.expression for each in run(program, shown=shown) if each.expression] in ([], ["x * w"]), shown
    assert [each.expression for each in run(program, shown=changed[0])] == [""]
    assert [each.text for each in run(program, shown=changed[0])] == [""]


def test_a_changed_function_inside_is_no_source():
    """An operation is not told with the words of a lambda that has changed since."""
    assert brief(run("h = x(lambda v: v*2)", shown="h = x(lambda v: v*3)")) == [("", "h")]


def test_a_changed_operand_is_no_source():
    """An operand loaded together with the one before it is compared, too."""
    program = "def f(x, y, z, w):\n    k = y(x, y*w)\nf(x, y, z, w)"

    assert brief(run(program, shown=program.replace("y*w", "z*w"))) == [("", None), ("", "k")]


def test_features_that_an_earlier_cell_imported():
    """Code compiled with a feature that its own text does not import is still known as compiled from that text."""
    flags = __future__.annotations.compiler_flag

    assert [each.text for each in run("h: nowhere = x\n@x\ndef f(): pass", futures=flags)] == ["@x"]


def test_a_constant_of_another_type_is_no_source():
    """1 and 1.0 are equal, and not the same words."""
    assert brief(run("h = x * 1", shown="h = x * 1.0 if 1 else 2")) == [("", "h")]


def test_a_file_edited_while_it_runs():
    """What was read before an edit keeps its words; what runs after it has the new ones."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "program.py")
        found = []
        for number, text in enumerate(("h = x * w\n", "k = y + w\n")):
            file.write_text(text, encoding="utf-8")
            os.utime(file, (number, number))
            variables = namespace()
            exec(compile(text, str(file), "exec"), variables)
            found.append(variables["notes"][0])
            written(*found[-1])
        naming._known.clear()

        assert [each.expression for each in written_along(found)] == ["x * w", "y + w"]


def test_a_deleted_file():
    """A file that is gone before anyone asked for its words leaves the target."""
    with tempfile.TemporaryDirectory() as folder:
        variables = namespace()
        exec(compile("h = x * w", str(pathlib.Path(folder, "gone.py")), "exec"), variables)

        assert brief(written_along(variables["notes"])) == [("", "h")]


def test_a_notebook_runs_statement_by_statement():
    """A cell compiled one statement at a time, under a name of its own, is read like any other."""
    text = "a = x*w\nb = y*w\nb*a"
    file = "<notebook cell>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    variables = namespace()
    for statement in ast.parse(text).body:
        code = compile(ast.Module([statement], []), file, "exec").replace(co_name="<cell line: 2>")
        exec(code, variables)

    assert brief(written_along(variables["notes"])) == [("x*w", "a"), ("y*w", "b"), ("b*a", None)]


def test_a_line_that_a_console_prints():
    """Printing a result is no operation of the line that gave it."""
    text, file, variables = "-x", "<console>", namespace()
    linecache.cache[file] = (len(text), None, [text], file)
    shown, sys.displayhook = sys.displayhook, repr
    try:
        exec(compile(text, file, "single"), variables)
    finally:
        sys.displayhook = shown

    assert brief(written_along(variables["notes"]))[0] == ("-x", None)
    assert [written(code, offset).expression for code, offset in printing(variables["notes"][0][0])] == [""]


def printing(code):
    """Where a code object prints."""
    return [(code, each.offset) for each in dis.get_instructions(code) if each.opname in ("PRINT_EXPR", "CALL_INTRINSIC_1")]


def test_code_that_is_equal_and_stands_elsewhere():
    """Two files of the same words keep their own names."""
    first, second = run("h = x*w")[0], run("h = x*w")[0]

    assert first.file != second.file


def test_code_is_not_kept_alive():
    """What is known about code that is gone is forgotten."""
    variables = namespace()
    code = compile("h = x*w", "<gone>", "exec")
    exec(code, variables)
    written(*variables["notes"].pop())
    reference, key = weakref.ref(code), id(code)
    del code, variables
    for _ in range(bytecode.LISTINGS):
        run("h = x*w", source=False)
    gc.collect()

    assert reference() is None
    assert key not in naming._known


def test_a_second_look_is_remembered():
    """Asked twice, the same object comes back, and the file was read once."""
    notes = namespace()
    text = "h = x*w\nk = h*w"
    file = "<remembered>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), notes)
    first, second = written_along(notes["notes"])

    assert written(*notes["notes"][0]) is first
    assert len(source._sources[file]) == 1
    assert second.target == "k"


def test_the_users_warnings_are_left_alone():
    """Reading a program that Python warns about shows no warning, and does not make one come a second time."""
    version = getattr(warnings, "_filters_version", None)
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        program = compile_quietly("h = x('\\d') if 1 is not 2 else x")
        before = list(warnings.filters)
        shown.clear()
        found = brief(written_along(program))

        assert found == [("x('\\d')", "h")]
        assert shown == []
        assert warnings.filters == before
    assert version == getattr(warnings, "_filters_version", None) or version is None


def compile_quietly(text):
    """The notes of a program that Python warns about when it compiles it."""
    file = "<warned>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    variables = namespace()
    exec(compile(text, file, "exec"), variables)
    return variables["notes"]
