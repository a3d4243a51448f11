"""The rules of the house that no linter knows: short files, short functions, a sentence for everything public."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = [
    *sorted((ROOT / "src").rglob("*.py")),
    *sorted((ROOT / "tests").rglob("*.py")),
    *sorted((ROOT / "bench").rglob("*.py")),
    ROOT / "dev.py",
]
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
LEFTOVER = re.compile(r"#\s*(type:\s*ignore|noqa|pragma)|\b(TODO|FIXME|XXX)\b|raise NotImplementedError")
PLACE = re.compile(r"""["'\s(](/(tmp|root|work|farm)/|/home/[a-z])""")
FORMULAS = {"rule", "forward", "shared"}


def functions(tree):
    """Every function of a tree with whether it is public: not hidden, not inside another function."""
    waiting = [(node, True) for node in tree.body]
    while waiting:
        node, public = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, public and not node.name.startswith("_")
            public = False
        elif isinstance(node, ast.ClassDef):
            public = public and not node.name.startswith("_")
        waiting += [(child, public) for child in ast.iter_child_nodes(node)]


def long_file(text):
    """Whether a file has too many lines."""
    return len(text.splitlines()) >= LONGEST_FILE


def long_functions(text):
    """The functions with too many lines."""
    return [function.name for function, _ in functions(ast.parse(text)) if function.end_lineno - function.lineno + 1 >= LONGEST_FUNCTION]


def is_formula(function):
    """Whether a function is a rule: its body is its meaning."""
    decorators = (getattr(decorator, "func", decorator) for decorator in function.decorator_list)
    names = [getattr(decorator, "id", "") for decorator in decorators]
    return any(name in FORMULAS or name.endswith("_rule") for name in names)


def silent(text, *, tests_only=False):
    """The public functions and classes, or the tests, that have no docstring."""
    tree = ast.parse(text)
    named = [function for function, public in functions(tree) if public and not is_formula(function)]
    if tests_only:
        named = [function for function in named if function.name.startswith("test")]
    else:
        named += [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    return [node.name for node in named if not ast.get_docstring(node)]


def leftovers(text):
    """The lines that silence a check or put work off."""
    return [line for line in text.splitlines() if LEFTOVER.search(line)]


def machine_paths(text):
    """The lines that name a folder of one machine."""
    return [line for line in text.splitlines() if PLACE.search(line)]


def in_files(find, files=FILES):
    """What a check finds, file by file; nothing for clean ones."""
    found = {path.relative_to(ROOT).as_posix(): find(path.read_text(encoding="utf-8")) for path in files}
    return {name: problems for name, problems in found.items() if problems}


def test_files_are_short():
    """Every file is under 300 lines."""
    assert in_files(long_file) == {}


def test_functions_are_short():
    """Every function is under 50 lines."""
    assert in_files(long_functions) == {}


def test_public_names_have_a_docstring():
    """Every public function and class in src and dev.py says what you get."""
    assert in_files(silent, [path for path in FILES if "tests" not in path.parts]) == {}


def test_tests_have_a_docstring():
    """Every test says what it claims."""
    assert in_files(lambda text: silent(text, tests_only=True), [path for path in FILES if "tests" in path.parts]) == {}


def test_nothing_is_silenced_or_put_off():
    """No check is switched off by a comment, and nothing is left for later."""
    assert in_files(leftovers, [path for path in FILES if path != Path(__file__).resolve()]) == {}


def test_no_path_of_a_machine_is_written_down():
    """The project says nothing about the machine it was written on."""
    assert in_files(machine_paths, [path for path in FILES if path != Path(__file__).resolve()]) == {}


@pytest.mark.parametrize(
    ("find", "text"),
    [
        (long_file, "x = 1\n" * LONGEST_FILE),
        (long_functions, "def long():\n" + "    x = 1\n" * LONGEST_FUNCTION),
        (long_functions, "def outer():\n    def long():\n" + "        x = 1\n" * LONGEST_FUNCTION),
        (silent, "def public():\n    pass"),
        (silent, "class Public:\n    pass"),
        (silent, "class Public:\n    '''A class.'''\n    def method(self):\n        pass"),
        (lambda text: silent(text, tests_only=True), "def test_it():\n    assert True"),
        (leftovers, "x = 1  # type: ignore[assignment]"),
        (leftovers, "x = 1  # noqa: E501"),
        (leftovers, "# TODO: finish"),
        (machine_paths, "path = '/tmp/somewhere'"),
    ],
)
def test_a_planted_fault_is_caught(find, text):
    """Each check is able to fail."""
    assert find(text)


@pytest.mark.parametrize("text", ["@rule('TanhBackward0')\ndef tanh_self(grad):\n    return grad", "def _hidden():\n    pass"])
def test_rules_and_hidden_functions_need_no_docstring(text):
    """A rule's formula is its description; a hidden function is its file's own business."""
    assert silent(text) == []
