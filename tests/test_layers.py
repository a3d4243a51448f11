"""Imports point downwards, and nothing goes round in a circle."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "byhand"

LAYERS = (
    ("graph", "value", "document", "collector", "wanted"),
    ("findings", "picture"),
    ("errors",),
    ("results", "words"),
    ("cells",),
    ("formula", "recording", "render", "progress"),
    ("rules", "failures"),
    ("chain_rule", "replay"),
    ("rounding", "quick"),
    ("comparison",),
    ("judged", "pattern", "known"),
    ("drift",),
    ("opinions",),
    ("flow",),
    ("judging", "yours"),
    ("assembly", "direct"),
    ("second",),
    ("faults",),
    ("diagnosis",),
    ("explanation",),
    ("drawing", "export"),
    ("watching",),
    ("session", "display"),
    ("run",),
    ("functions",),
    ("api", "output", "programs"),
    ("notebooks", "testing"),
    ("magic",),
    ("byhand",),
    ("command",),
    ("__main__",),
)
"""Lowest first. A part imports parts of lower layers, and files of its own package."""

WITHOUT_TORCH = (
    "errors",
    "graph",
    "value",
    "document",
    "picture",
    "wanted",
    "drawing",
    "findings",
    "results",
    "words",
    "faults",
    "formula",
    "render",
    "explanation",
    "export",
)
"""What is shown is plain data by then: these parts never import torch."""


def modules(folder):
    """The syntax tree of every module of the package, by its dotted name."""
    trees = {}
    for path in sorted(folder.rglob("*.py")):
        name = ".".join((folder.name, *path.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__")
        trees[name] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


def imported(tree, known=()):
    """The modules a tree imports anywhere, inside functions too; `from package import module` counts as the module."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in known else node.module)
    return found


def part(module):
    """The part of byhand a module belongs to: `byhand.rules.table` is of `rules`, the package itself is `byhand`."""
    return module.split(".")[1] if "." in module else module


def upward_imports(trees):
    """A sentence for every import of byhand that does not point downwards, and for every part without a layer."""
    height = {name: number for number, layer in enumerate(LAYERS) for name in layer}
    problems = [f"{name} is of no layer: enter it in LAYERS" for name in trees if part(name) not in height]
    for name, tree in trees.items():
        for target in imported(tree, trees):
            ours = target == "byhand" or target.startswith("byhand.")
            if ours and part(target) != part(name) and height.get(part(target), 0) >= height.get(part(name), 0):
                problems.append(f"{name} imports {target}, which is not below it")
    return problems


def circle(trees):
    """The modules that import one another in a circle, or nothing."""
    waiting = {name: imported(tree, trees) & set(trees) - {name} for name, tree in trees.items()}
    while ready := {name for name, needs in waiting.items() if not needs & set(waiting)}:
        waiting = {name: needs for name, needs in waiting.items() if name not in ready}
    return sorted(waiting)


def torch_imports(trees):
    """The modules that import torch and belong to a part that must not."""
    return [name for name, tree in trees.items() if part(name) in WITHOUT_TORCH and "torch" in {i.split(".")[0] for i in imported(tree)}]


def test_imports_point_downwards():
    """No module of byhand imports from its own layer or a higher one."""
    assert upward_imports(modules(SOURCE)) == []


def test_no_modules_import_one_another():
    """Within the package, too, there is no circle."""
    assert circle(modules(SOURCE)) == []


def test_what_is_shown_never_sees_a_tensor():
    """Data, documents and renderers import no torch."""
    assert torch_imports(modules(SOURCE)) == []


@pytest.mark.parametrize(
    "line",
    [
        "from byhand.explanation import document",
        "import byhand.api",
        "from byhand import api",
        "def late():\n    from byhand.chain_rule import derive",
        "from byhand.rules import table\nfrom byhand.comparison import compare",
    ],
)
def test_an_upward_import_is_caught(line):
    """A planted import from above is reported, inside a function too."""
    trees = {**modules(SOURCE), "byhand.rules.planted": ast.parse(line)}

    assert any("byhand.rules.planted imports" in problem for problem in upward_imports(trees))


def test_a_sideways_import_is_caught():
    """Parts of one layer do not know one another."""
    assert upward_imports({"byhand.render.text": ast.parse("from byhand.formula import latex")})


def test_a_part_without_a_layer_is_caught():
    """A new file must be given its place."""
    assert upward_imports({"byhand.utilities": ast.parse("")}) == ["byhand.utilities is of no layer: enter it in LAYERS"]


def test_a_circle_is_caught():
    """Two modules of one package that import each other are both named."""
    one, two = ast.parse("from byhand.rules import two"), ast.parse("from byhand.rules import one")

    assert circle({"byhand.rules.one": one, "byhand.rules.two": two}) == ["byhand.rules.one", "byhand.rules.two"]


def test_torch_in_a_renderer_is_caught():
    """A planted import of torch, late or under another name, is reported."""
    tree = ast.parse("def late():\n    import torch.nn as networks")

    assert torch_imports({"byhand.render.text": tree}) == ["byhand.render.text"]
