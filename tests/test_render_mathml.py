"""Formulas as MathML: nothing is lost, nothing of the user's is taken for a command, and what cannot be converted stays text."""

import re
import subprocess
import sys
from collections import Counter
from xml.etree import ElementTree as ET

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from test_formula_latex import FUNCTIONS

from byhand.document import Cell
from byhand.explanation import explain
from byhand.formula import latex, latex_name, read, where_latex
from byhand.render.html import cell_html
from byhand.render.mathml import mathml

SYMBOLS = {
    "cdot": "·",
    "le": "≤",
    "ge": "≥",
    "ne": "≠",
    "land": "∧",
    "lor": "∨",
    "lnot": "¬",
    "infty": "∞",
    "partial": "∂",
    "top": "⊤",
    "ldots": "…",
    "lfloor": "⌊",
    "rfloor": "⌋",
    "overline": "‾",
    "bmod": "mod",
    "langle": "⟨",
    "rangle": "⟩",
    "hat": "ˆ",
    **dict(zip("alpha beta delta theta pi tau".split(), "αβδθπτ", strict=True)),
}
SILENT = "mathit mathtt mathrm mathsf mathbin text operatorname frac sqrt left right".split()
"""Commands that say how something stands, and add no sign."""
PASSES = (made.seed(), made.fan_out(), made.batch(), made.blocks(12, differs=3), made.chain(100))


def formulas():
    """The LaTeX of every rule and every forward expression of the table, and of their named lines."""
    trees = {name: read(function) for name, function in FUNCTIONS.items()}
    return {source for tree in trees.values() for source in (latex(tree), latex(tree, real=False), *where_latex(tree))}


def told():
    """The LaTeX of everything that the explanation says of some runs."""

    def found(part):
        if isinstance(part, Cell):
            yield part.latex
        elif isinstance(part, tuple):
            for each in part:
                yield from found(each)
        elif hasattr(part, "__dataclass_fields__"):
            for name in part.__dataclass_fields__:
                yield from found(getattr(part, name))

    return {source for each in PASSES for source in found(explain(each)) if source}


def signs(source):
    """Every sign that LaTeX would draw, with how often; worked out without the converter."""
    source = source.replace(r"\begin{cases}", "{{").replace(r"\end{cases}", "").replace(r"\\", "")
    source = re.sub(r"\\text\{U\+([0-9A-F]+)\}", lambda match: chr(int(match[1], 16)), source)
    source = re.sub(r"\\([{}$&#%_ ])", lambda match: {"{": "\1", "}": "\2", "&": "\3", "_": "\4"}.get(match[1], match[1]), source)
    source = source.replace("{{", "\1")
    source = re.sub(r"[{}&^_]", "", re.sub(r"\\([A-Za-z]+)", _drawn, source))
    return Counter(re.sub(r"\s", "", source.replace("-", "−").translate({1: "{", 2: "}", 3: "&", 4: "_"})))


def _drawn(match):
    return "" if match[1] in SILENT else SYMBOLS.get(match[1], match[1])


def shown(markup):
    """Every sign in the MathML, with how often."""
    return Counter(re.sub(r"\s", "", "".join(ET.fromstring(markup).itertext()).replace("-", "−")))


def tags(markup):
    """How often each element is in the MathML."""
    return Counter(element.tag for element in ET.fromstring(markup).iter())


@pytest.mark.parametrize("sources", [formulas, told], ids=["rules", "explanation"])
def test_no_sign_is_lost(sources):
    """Every sign of every formula is in its MathML as often as in its LaTeX, and no other."""
    lost = {source: (signs(source) - shown(mathml(source)), shown(mathml(source)) - signs(source)) for source in sources()}

    assert len(lost) > 20
    assert {source: both for source, both in lost.items() if any(both)} == {}


@pytest.mark.parametrize("sources", [formulas, told], ids=["rules", "explanation"])
def test_no_structure_is_lost(sources):
    """Fractions, roots, cases and raised parts are as many as in the LaTeX."""
    kinds = {r"\frac": ["mfrac"], r"\sqrt": ["msqrt"], r"\begin{cases}": ["mtable"], "^{": ["msup", "msubsup"], "_{": ["msub", "msubsup"]}
    counted = {source: tags(mathml(source)) for source in sources()}

    assert [
        (source, command)
        for source, found in counted.items()
        for command, names in kinds.items()
        if source.replace(r"\_{", "").count(command) != sum(found[name] for name in names)
    ] == []


@pytest.mark.parametrize(
    ("source", "markup"),
    [
        (r"\frac{\partial w}{2}", "<mfrac><mrow><mo>∂</mo><mi>w</mi></mrow><mn>2</mn></mfrac>"),
        (r"\mathit{loss}", '<mi mathvariant="italic">loss</mi>'),
        (r"\hat{y}", '<mover accent="true"><mi>y</mi><mo>ˆ</mo></mover>'),
        (r"w_{1}^{2}", "<msubsup><mi>w</mi><mn>1</mn><mn>2</mn></msubsup>"),
        (r"\mathtt{h.0.weight}", '<mi mathvariant="monospace">h.0.weight</mi>'),
        (r"\operatorname{log\_softmax}", "<mi>log_softmax</mi>"),
        (r"\left(\frac{1}{2}\right)", "<mrow><mo>(</mo><mfrac><mn>1</mn><mn>2</mn></mfrac><mo>)</mo></mrow>"),
        (r"2 \cdot -1", '<mn>2</mn><mo>·</mo><mo form="prefix">−</mo><mn>1</mn>'),
        (r"a - 1", "<mi>a</mi><mo>−</mo><mn>1</mn>"),
        (r"1.5 \cdot 10^{-5}", "<mn>1.5</mn><mo>·</mo><msup><mn>10</mn><mrow><mo>−</mo><mn>5</mn></mrow></msup>"),
        (r"a \mathbin{@} b", '<mi>a</mi><mo lspace="0.22em" rspace="0.22em">@</mo><mi>b</mi>'),
        (r"\max\left(a\right)", '<mi>max</mi><mrow><mo stretchy="false">(</mo><mi>a</mi><mo stretchy="false">)</mo></mrow>'),
        (r"x\text{ via }a", "<mi>x</mi><mtext>\u00a0via\u00a0</mtext><mi>a</mi>"),
    ],
)  # fmt: skip
def test_a_formula_is_set_like_the_textbooks(source, markup):
    """Each construction becomes the MathML that browsers set well."""
    assert mathml(source) == f"<math>{markup}</math>"


@pytest.mark.parametrize("source", ["", " ", r"\unknown{x}", r"\frac{1}", "{", r"\left(x", r"\begin{cases} 1", r"\frac{a}{b}}", "^"])
def test_what_is_not_understood_is_left_to_the_text(source):
    """An unknown command, a missing part and a loose brace give nothing, so that the cell's text is shown."""
    assert mathml(source) == ""
    assert cell_html(Cell("<as text>", latex=source)) == "&lt;as text&gt;"


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "a&b", "]]>", "名前", "🤖", "\ue000", "\ud800", "\u202e", "x" * 500, '"', "'", "\\"]
)
def test_a_name_is_only_text(name):
    """Whatever a user calls a value, its MathML is one identifier with that name, escaped."""
    identifier = ET.fromstring(mathml(rf"\frac{{\partial {latex_name(name)}}}{{\partial w}}"))[0][0][1]
    unfit = {"\ue000": "U+E000", "\ud800": "U+D800", "\u202e": "U+202E"}

    assert (identifier.tag, identifier.text) == ("mi", unfit.get(name, name))


@settings(max_examples=200, deadline=None)
@given(some.text(min_size=1, max_size=40), some.text(min_size=1, max_size=40))
def test_no_name_breaks_a_formula(first, second):
    """With any two names there is MathML that a parser of XML takes, a fraction with both."""
    markup = mathml(rf"\frac{{\partial {latex_name(first)}}}{{\partial {latex_name(second)}}}")

    assert tags(markup)["mfrac"] == 1


def test_names_and_numbers_cost_no_conversion():
    """Formulas that differ in names and numbers only are converted once."""
    code = (
        "from byhand.render import mathml as m\n"
        "[m.mathml(rf'\\frac{{\\mathit{{loss{n}}}}}{{\\mathtt{{h.{n}.weight}}}} + {n}.5') for n in range(50)]\n"
        "print(m._structure.cache_info().misses)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8")

    assert done.stdout.strip() == "1"
