"""docs/rules.md: every node class of PyTorch with its rules as formulas, what tests them, or why there is none."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import torch

from byhand.formula import full_text, read
from byhand.rules.table import EACH, TABLE

ZOO = Path(__file__).resolve().parent.parent / "docs" / "zoo.md"
FEW = 3  # operators named for one class

HEAD = """# Every node class of PyTorch {version}, and how byhand works it

{classes} classes are registered; {ruled} have a rule for each of their inputs. A formula is the code that runs, rendered: `grad` is the
gradient that arrives (`grads[i]` that of output i), other names are what PyTorch saved, or are explained in the rules' files. Where there
are several cases, each has its line, named after the case. Every rule has the tests of its example (`tests/test_rules.py`,
`tests/test_rule_formulas.py`: beside PyTorch's node, beside central differences, with a planted mistake). The last column names operators
of OpInfo (`docs/opinfo.md`) that reach the class (twice: by a second derivative), and the zoo (`docs/zoo.md`) where it does. Written by
`python tests/opinfo_report.py`.

| class | rules | reached by |
|---|---|---|
"""

WHY_NONE = {
    "TestAutograd*": "made by PyTorch's own tests alone",
    "TestWarnInAutograd*": "made by PyTorch's own tests alone",
    "*NestedTensor*": "nested tensors are not worked by hand",
    "Nested*": "nested tensors are not worked by hand",
    "*ToPaddedTensor*": "nested tensors are not worked by hand",
    "Cudnn*": "made with cuDNN on CUDA only",
    "EfficientAttention*": "made on CUDA only",
    "FlashAttention*": "made on CUDA only",
    "Miopen*": "made on AMD's GPUs only",
    "Mps*": "made on Apple's GPUs only",
    "LstmMps*": "made on Apple's GPUs only",
    "*Mkldnn*": "made of opaque oneDNN tensors, which have no elements to compare",
    "Nnpack*": "made on mobile builds only",
    "*Overrideable*": "made by backends outside PyTorch only",
    "ThnnFused*": "made on CUDA only",
    "FusedDropout*": "made on CUDA only",
    "ConvDepthwise*": "made on CUDA only",
    "SlowConvDilated*": "made on CUDA only",
    "SendRpcBackward": "made by distributed autograd, across processes",
    "PinMemory*": "made with an accelerator only",
    "Unique*": "PyTorch has no derivative of it",
    "Geqrf*": "PyTorch has no derivative of it",
    "EmbeddingRenorm*": "PyTorch has no derivative of it",
    "Igamma*": "PyTorch has no derivative of its first input",
    "SpecialZeta*": "PyTorch has no derivative of its first input",
    "StandardGammaGrad*": "PyTorch has no derivative of it",
    "AcoshBackward1": "PyTorch has no derivative of the operation in place",
    "AsinhBackward1": "PyTorch has no derivative of the operation in place",
    "AtanhBackward1": "PyTorch has no derivative of the operation in place",
    "ChunkBackward0": "PyTorch has no derivative of it: chunk makes nodes of split",
    "CdistBackwardBackward0": "PyTorch has no second derivative of it",
    "PdistBackwardBackward0": "PyTorch has no second derivative of it",
    "EmbeddingBag*BackwardBackward0": "PyTorch has no second derivative of it",
    "MaxPool2DBackwardBackward0": "PyTorch has no second derivative of it; made on Apple's GPUs only",
    "ConjBackward0_copy": "PyTorch refuses autograd for it: its output is a complex copy",
    "ViewAsComplexBackward0_copy": "PyTorch refuses autograd for it: its output is a complex copy",
    "MatmulBackward0": "made of nested tensors only, which are not worked by hand",
    "SliceInverseBackward0": "made inside functionalisation only",
    "UndefinedGradBackward": "PyTorch's mark of a gradient that is missing",
}
"""Name patterns of classes without a rule -> why; classes that no pattern fits have not been taught yet."""

UNTAUGHT = "not taught yet"
NOT_OPERATIONS = {"AccumulateGrad", "CopySlices", "DelayedError", "Error", "NotImplemented", "UndefinedGrad"}


def classes():
    """Every node class that PyTorch registers, in order."""
    return sorted(name for name in dir(torch._C._functions) if not name.startswith("__") and name not in NOT_OPERATIONS)


def why_none(name):
    """Why a class has no rule."""
    return next((reason for pattern, reason in WHY_NONE.items() if fnmatchcase(name, pattern)), UNTAUGHT)


def formula(rule):
    """The rule of one input, in one line of a table."""
    case = rule.name.partition("__")[2].replace("_", " ")
    text = full_text(read(rule.function)).replace("|", "\\|").replace("*", "\\*")
    independent = "" if rule.second_opinion else " (not compared: PyTorch's own)"
    return f"{rule.input}{f' ({case})' if case else ''}: {text}{independent}"


def rules_of(name):
    """The rules of a class, in the order of its inputs; empty if it has none."""
    places = sorted((edge, rules) for (node, edge), rules in TABLE.items() if node == name)
    return [f"{'each of ' if edge == EACH else ''}{formula(rule)}" for edge, rules in places for rule in rules]


def zoo_classes():
    """The classes that the zoo's page says it meets."""
    met = ZOO.read_text(encoding="utf-8").partition("## Node classes met")[2]
    return set(re.findall(r"\w+Backward\w*", met))


def row(name, reached, zoo):
    """The line of one class."""
    operators = reached.get(name, [])
    more = f" and {len(operators) - FEW} more" if len(operators) > FEW else ""
    named = ", ".join(f"`{each}`" for each in operators[:FEW]) + more
    by = "; ".join(filter(None, (named, "the zoo" if name in zoo else "")))
    rules = "<br>".join(rules_of(name)) or f"none: {why_none(name)}"
    return f"| {name} | {rules} | {by} |\n"


def rules_page(reached):
    """The whole page; `reached` says for each class which operators of OpInfo reach it."""
    names, zoo = classes(), zoo_classes()
    ruled = {node for node, _ in TABLE}
    head = HEAD.format(version=torch.__version__.partition("+")[0], classes=len(names), ruled=len(ruled & set(names)))
    others = sorted(set(reached) - set(names))
    second = f"\nBy the operations of their own forward, without a rule of the table: {', '.join(others)}.\n" if others else ""
    return head + "".join(row(name, reached, zoo) for name in names) + second
