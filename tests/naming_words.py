"""What is read of the operations of a program: their words, their targets, their operands; with source and without."""

import argparse
import dis
import inspect
import re
import tempfile

from naming_operations import brief, noted, run

from byhand.recording import bytecode, expressions
from byhand.recording.naming import Operand, written, written_along

WITH_SOURCE = {
    "y_hat = w * x": [("w * x", "y_hat")],
    "a, b = x(w), y(w)": [("x(w)", "a"), ("y(w)", "b")],
    "a, b, c, d = x(w), y, x*w, w*x": [("x(w)", "a"), ("x*w", "c"), ("w*x", "d")],
    "a, b = x.chunk(2)": [("x.chunk(2)", ("a", "b")), ("", ("a", "b"))],
    "a, *rest = x.chunk(2)": [("x.chunk(2)", ("a", "*rest")), ("", ("a", "*rest"))],
    "a, *rest = x*w, y*w, z*w": [("x*w", "a"), ("y*w", "rest[0]"), ("z*w", "rest[1]")],
    "(a, b), [c, d] = x, w*y": [("w*y", ("c", "d")), ("", ("a", "b")), ("", ("c", "d"))],
    "a, (b, c) = x*w, (y*w, z*w)": [("x*w", "a"), ("y*w", "b"), ("z*w", "c")],
    "pair = x*w, y*w": [("x*w", "pair[0]"), ("y*w", "pair[1]")],
    "pair = [*x, y*w]": [("", None), ("y*w", None)],
    "table = {'a': x*w}": [("x*w", None)],
    "self.h = x*w": [("x*w", "self.h")],
    "h: int = x*w": [("x*w", "h")],
    "y = (h := x + w)": [("x + w", "h")],
    "y((h := x + w))": [("x + w", "h"), ("y((h := x + w))", None)],
    "x *= 2": [("x *= 2", "x")],
    "x += y*w": [("y*w", None), ("x += y*w", "x")],
    "self.h = x; self.h *= w": [("self.h *= w", "self.h")],
    "x[0] = y*w": [("y*w", "x[0]"), ("x[0] = y*w", "x")],
    "x[0] *= w": [("x[0]", None), ("x[0] *= w", "x[0]"), ("x[0] *= w", "x")],
    "x[1:] = y": [("x[1:] = y", "x")],
    "h = x[ 0 , 1: ]": [("x[ 0 , 1: ]", "h")],
    "a = b = x*2": [("x*2", "a")],
    "h = (x*w) if w else (x+w)": [("x*w", "h")],
    "h = x*w if x < w else x+w": [("x < w", None), ("x*w", "h")],
    "h = w and x*w": [("x*w", "h")],
    "h = x*w and w": [("x*w", None)],
    "h = ((x * w))": [("x * w", "h")],
    "h = -x": [("-x", "h")],
    "h = +x": [("+x", "h")],
    "h = x.real": [("x.real", "h")],
    "h = x(y*w)*z": [("y*w", None), ("x(y*w)", None), ("x(y*w)*z", "h")],
    "h = x*w + x*w": [("x*w", None), ("x*w", None), ("x*w + x*w", "h")],
    "h = x < y < z": [("", None), ("", "h")],
    "h = id(x*w)": [("x*w", None)],
    "for h in x*w: pass": [("x*w", ("each", "h")), ("", ("each", "h"))],
    "for a, b in [x*w]: pass": [("x*w", None), ("", ("a", "b"))],
    "h = (lambda v: v*w)(x)": [("v*w", None)],
    "h = [v*w for v in [x]]": [("v*w", None)],
    "h = list(v*w for v in [x])": [("v*w", None)],
    "h = {1: v*w for v in [x]}": [("v*w", None)],
    "h = f'{x*w}'": [("x*w", None), ("", None)],
    "with x(w) as h: y*w": [("x(w)", None), ("", "h"), ("y*w", None), ("", None)],
    "def f(v=x*w): return v*w\nh = f()": [("x*w", None), ("v*w", None)],
    "@x(w)\ndef f(): pass": [("", None), ("", "f")],
    "class A:\n    h = x*w\n    __k = x*w": [("x*w", "h"), ("x*w", "__k")],
    "async def f():\n    h = await x.later()\n    return h*w\nc = f()\ntry: c.send(None)\nexcept StopIteration: pass": [("h*w", None)],
    "def f():\n    k = x*w\n    yield k*w\nh = next(f())": [("x*w", "k"), ("k*w", None)],
    "def f():\n\th  =\tx *\tw\nf()": [("x *\tw", "h")],
    "größe = x*w; été = größe*w": [("x*w", "größe"), ("größe*w", "été")],
    "s = 'ß∂é'; h = x*w": [("x*w", "h")],
    "h = x * \\\n    w": [("x * w", "h")],
    "h = (\n  x  # one\n  * w # two\n)": [("x * w", "h")],
    "h = x(\n    w,\n    k=y,\n)": [("x(w, k=y)", "h")],
    "h = x((\n    w,\n))": [("x((w,))", "h")],
    "h = (x\n  .view(3)\n  .transposed(\n     w))": [("x.view(3)", None), ("x.view(3).transposed(w)", "h")],
    "h = x(\n'''a\nb''')": [(r"x('a\nb')", "h")],
    "from __future__ import annotations\nh: nowhere = x*w": [("x*w", "h")],
}
"""Programs, and of each operation in the order it runs: its words and its target."""

WITHOUT_SOURCE = {
    "y_hat = w * x": ["y_hat"],
    "def f():\n    h = x*w; k = h*w\nf()": ["h", "k"],
    "def f():\n    global h\n    h = x*w\nf()": ["h"],
    "def f():\n    h = x*w\n    return lambda: h\nf()": ["h"],
    "def f():\n    a, b = x.chunk(2)\nf()": [("a", "b"), ("a", "b")],
    "def f():\n    a, *b, c = x.chunk(2)\nf()": [("a", "*b", "c"), ("a", "*b", "c")],
    "(a, b), c = y(x)": [(("a", "b"), "c"), (("a", "b"), "c"), ("a", "b")],
    "def f():\n    a = b = x*w\nf()": ["a"],
    "def f(self):\n    a = self.h = x*w\nf(self)": ["a"],
    "def f(self):\n    self.h = x(w)\nf(self)": ["self.h"],
    "k = {}; k['a'] = x*w": ["k['a']"],
    "def f(c):\n    h = x*w if c else x+w\nf(0); f(1)": ["h", "h"],
    "def f():\n    h = (x, x*w)\nf()": [None],
    "def f():\n    h = y(k := x*w)\nf()": ["k", "h"],
    "def f():\n    for h in x: pass\nf()": [("each", "h")],
    "def f():\n    return x*w\nh = f()": [None],
    "x*w": [None],
    "h = x.real": ["h"],
    "x[0] = y": [None],
}
"""Programs without source: the target of each operation that is certain from the code alone."""


def different(wanted, read):
    """The programs that are not read as wanted, with what was read; shown, too, where no pytest does."""
    found = {text: read(text) for text in wanted}
    problems = {text: each for text, each in found.items() if each != wanted[text]}
    for text, each in problems.items():
        print(f"{text!r} is read as {each}, not {wanted[text]}")
    return problems


def test_the_words_and_the_target_of_each_operation():
    """Every way to write an operation gives its exact words, and its name only where it is the whole value."""
    assert different(WITH_SOURCE, lambda text: brief(run(text))) == {}


def test_targets_without_source():
    """Where there is no source, the code tells the name; there are no words, and nothing is guessed."""
    wanted = {text: [("", target) for target in targets] for text, targets in WITHOUT_SOURCE.items()}

    assert different(wanted, lambda text: brief(run(text, source=False))) == {}


def test_aliases():
    """All names of a chained assignment are told, in the order they are bound."""
    assert [(each.target, each.aliases) for each in run("a = b = self.c = x*w\ny = (h := x*w)")] == [("a", ("b", "self.c")), ("h", ("y",))]


def test_aliases_without_source():
    """The code alone tells the same names."""
    found = run("def f():\n    a = b = c = x*w\n    y = (h := x*w)\nf()", source=False)

    assert [(each.target, each.aliases) for each in found] == [("a", ("b", "c")), ("h", ("y",))]


def test_place():
    """The file, the line and its text are told, and the columns in characters though Python counts bytes."""
    found = run("k = 1\nif k:\n    ß = 'é'; h = x*w  # why\n")[0]

    assert (found.line, found.text) == (3, "ß = 'é'; h = x*w  # why")
    assert "    ß = 'é'; h = x*w  # why"[slice(*found.columns)] == "x*w"
    assert (found.origin.line, found.origin.text, found.origin.columns) == (found.line, found.text, found.columns)


def test_operands():
    """The words of what an operation is given, which of them are plain names or literals, and keywords by name."""
    found = run("h = self.real.view(x, -1, x[0], size=w, **{})")[-1]

    assert found.operands == (
        Operand("x", "", True),
        Operand("-1", "", True, True),
        Operand("x[0]", "", False),
        Operand("w", "size", True),
        Operand("{}", "**", False),
    )
    assert found.receiver == Operand("self.real", "", True)


def test_arguments():
    """Operands fit the arguments of a function: the receiver of a method is the first, a module is none, stars fit nothing."""
    function, method, stars = run("h = x(y, w)\nh = x.view(y, w)\nh = x.view(*(y, w))")

    assert [each.text for each in function.arguments(2)] == ["y", "w"]
    assert [each.text for each in method.arguments(3)] == ["x", "y", "w"]
    assert [each.text for each in method.arguments(2)] == ["y", "w"]
    assert method.arguments(5) == stars.arguments(3) == ()


def test_arguments_of_operators():
    """A literal on the left is the second argument, since Python asks the tensor; a number in a variable could be either."""
    left, right, both, compared = run("h = 2 * w\nh = w * 2\nh = x * w\nx < w")

    assert [each.text for each in left.arguments(2, mixed=True)] == ["w", "2"]
    assert [each.text for each in right.arguments(2, mixed=True)] == ["w", "2"]
    assert [each.text for each in both.arguments(2)] == ["x", "w"]
    assert both.arguments(2, mixed=True) == compared.arguments(2, mixed=True) == ()


def test_label():
    """An operation is called by its target, else by its words."""
    assert [each.label for each in run("h = x*w\ny(x*w)\nfor r in x*w: pass")] == ["h", "x*w", "y(x*w)", "x*w", ""]


def test_code_and_source_agree():
    """Over a library of every sort of code, the names read from the source and those read from the code are the same."""
    compared = 0
    for module in (argparse, tempfile):
        for code in every_code(compile(inspect.getsource(module), module.__file__, "exec", dont_inherit=True)):
            for offset in range(0, len(code.co_code), 2):
                bound = bytecode.stored(code, offset).bound if bytecode.operation(code, offset) in expressions.KINDS else ()
                if bound and not is_private(bound) and (found := written(code, offset)).expression:
                    compared += 1
                    assert plain(bound) == plain((found.target, *found.aliases)), found

    assert compared > 300


def every_code(code):
    """A code object and all those inside it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, type(code)):
            yield from every_code(each)


def is_private(bound):
    """Whether Python mangled a name, or stored an annotation, which is written otherwise."""
    return bool(re.search(r"\b_[A-Z]\w*__|__annotations__", str(bound)))


def plain(bound):
    """Targets as text, without what spaces and quotes may differ in."""
    return re.sub("[\"' ]", "", str(bound))


def test_a_call_has_one_name_throughout():
    """Wherever Python stands within a call, at its preparation or its caches, it is that call."""
    for source in (True, False):
        code, call = noted("h = x(w)", source=source)[0]
        offsets = [each.offset for each in dis.get_instructions(code) if each.opname in ("PRECALL", "CALL")]
        end = next(each.offset for each in dis.get_instructions(code) if each.opname == "STORE_NAME")

        assert min(offsets) <= call < end
        assert {each.target for each in written_along((code, offset) for offset in range(min(offsets), end, 2))} == {"h"}


def test_instructions_that_do_not_exist():
    """An instruction outside the code, or one without a place, has no words and raises nothing."""
    code = compile("h = x*w", "<nowhere>", "exec")

    assert [written(code, offset).expression for offset in (-1, 0, 10_000)] == ["", "", ""]
    assert written(code.replace(co_linetable=b""), 6).line == 0
