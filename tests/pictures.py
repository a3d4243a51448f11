"""Pictures placed by hand, for the tests of what draws them: no PyTorch run and no layout behind them."""

from dataclasses import replace

from byhand.document import Cell, Formula, Heading, Ledger, Prose, Role
from byhand.picture import Arrow, Box, Heat, Kind, Moment, Part, Picture, Row, Shows, Sketch, Source
from byhand.render.geometry import FIRST, FOOT, LINE

FORWARD, BACKWARD, NAME = Role.FORWARD, Role.BACKWARD, Role.NAME
SHOWS = {"forward": Shows.FORWARD, "backward": Shows.BACKWARD}
NAN = Sketch(
    ((-1.0, -0.25, 0.0, 0.5), (0.5, None, None, 1.0), (0.0, 0.0, 0.0, 0.125)),
    (1, 4, 9, 16, 7, 2, 0, 1),
    "−2.5",
    "2.5",
    "3 of 8,192 are not finite",
)
WIDE = Sketch(
    tuple(tuple(((row * 7 + column * 3) % 21 - 10) / 10 for column in range(16)) for row in range(10)), (3, 8, 21, 40, 21, 8, 3), "−1", "1"
)
HOSTILE = (
    "<script>alert('1')</script>",
    '"><img src=x onerror="alert(2)">',
    "</style></svg>]]>--&amp;",
    "\\input{x}$_^~#%&{}",
    "🤖👩\u200d🔬 é ŷ ﷽",
    "שלום \u202eabc\u0000\u0007\x1b[31m\ufffe\ud800",
    "x" * 500,
)


def box(key, x, y, title, *rows, width=132.0, kind=Kind.OPERATION, **others):
    """A box whose rows are ("forward" or "backward", text) or a sketch, below one another."""
    lines, at = [Row(FIRST, Shows.ALWAYS, (Cell(title, NAME),))], FIRST
    for when, told in rows:
        at += LINE
        if isinstance(told, Sketch):
            lines.append(Row(at - LINE + 8, SHOWS[when], sketch=told))
            at += 54 + (14 if told.nonfinite else 0) - LINE
        else:
            lines.append(Row(at, SHOWS[when], tuple(told) if isinstance(told, tuple) else (Cell(told, Role(when)),)))
    about = others.pop("about", key)
    return Box(key, kind, tuple(lines), x, y, width, at + FOOT, about, others.pop("spoken", title), **others)


def arrow(source, target, points, label="", at=None, **others):
    """An arrow along these points; with a label, the contribution that comes back along it."""
    cells = (Cell(label, BACKWARD),) if label else ()
    values = others.pop("values", (f"{source or 'border'}:0",))
    about = others.pop("about", f"{target}.0" if label else "")
    return Arrow(f"{source}>{target}", source, target, values, tuple(points), cells, at, about, **others)


def example():
    """The example, ŷ = w · x, s = ŷ − y, loss = s², as the layout would place it."""
    boxes = (
        box(
            "w3.0", 12, 56, "w", ("forward", "1"), ("backward", "∂loss/∂w = −2"), kind=Kind.WEIGHT, about="w3", verdict="agrees", backward=7
        ),
        box("c0.0", 12, 160, "x", ("forward", "1"), width=60, kind=Kind.CONSTANT, about="c0"),
        box("c1.0", 240, 200, "y", ("forward", "2"), width=60, kind=Kind.CONSTANT, about="c1"),
        _operation("s2", 240, "ŷ = w · x", "1", "∂loss/∂ŷ = −2", forward=1, backward=6, line=5),
        _operation("s1", 468, "s = ŷ − y", "−1", "∂loss/∂s = −2", forward=2, backward=5, line=6),
        _operation("s0", 696, "loss = s²", "1", "∂loss/∂loss = 1", forward=3, backward=4, line=7),
    )
    arrows = (
        arrow("w3.0", "s2", [(144, 87), (240, 87)], "−2 · 1 = −2", (192, 76), about="s2.0", verdict="agrees", backward=7),
        arrow("c0.0", "s2", [(72, 191), (192, 191), (192, 107), (240, 107)], flows=False),
        arrow("s2", "s1", [(372, 87), (468, 87)], "−2 · 1 = −2", (420, 76), about="s1.0", verdict="agrees", forward=1, backward=6),
        arrow("c1.0", "s1", [(300, 231), (420, 231), (420, 107), (468, 107)], flows=False),
        arrow("s1", "s0", [(600, 87), (696, 87)], "1 · −2 = −2", (648, 76), about="s0.0", verdict="agrees", forward=2, backward=5),
    )
    details = {
        "s2": _detail("ŷ = w · x", "∂ŷ/∂w", "x"),
        "s1": _detail("s = ŷ − y", "∂s/∂ŷ", "1"),
        "s0": _detail("loss = s²", "∂loss/∂s", "2 · s"),
    }
    lines = ("x = torch.tensor(1.0)", "y_hat = w * x", "s = y_hat - y", "loss = s**2", "loss.backward()")
    sources = (Source("back_propagation.py", lines, 4),)
    heat = Heat("gradient norms", {"s0": 1.0, "s1": 2.0, "s2": 2.0}, {"s0": "1", "s1": "2", "s2": "2"}, "s1")
    return Picture("loss.backward(), worked by hand", Part("", "", 840, 260, boxes, arrows), _walk(), details, sources, (heat,))


def _operation(key, x, title, value, gradient, *, forward, backward, line):
    rows = (("forward", value), ("backward", gradient))
    spoken = f"{title}, value {value}, {gradient}, agrees"
    return box(key, x, 56, title, *rows, spoken=spoken, verdict="agrees", op="", source=(0, line), forward=forward, backward=backward)


def _walk():
    told = (
        (True, "", "Nothing is computed yet."),
        (True, "s2", "ŷ = w · x = 1"),
        (True, "s1", "s = ŷ − y = −1"),
        (True, "s0", "loss = s² = 1"),
        (False, "s0", "∂loss/∂loss = 1"),
        (False, "s1", "∂loss/∂s = 1 · −2 = −2"),
        (False, "s2", "∂loss/∂ŷ = −2 · 1 = −2"),
        (False, "w3.0", "∂loss/∂w = −2 · 1 = −2"),
    )
    return tuple(Moment(forward, key, (Cell(text),)) for forward, key, text in told)


def _detail(title, local, formula):
    parts = (Cell(local, latex=r"\frac{\partial a}{\partial b}"), Cell(formula))
    return (Heading(title, 3), Formula(parts), Prose((Cell("agrees", Role.AGREES),)))


def fan_out():
    """A value that is used twice, its gradient the sum of two contributions, with a ledger in its details."""
    boxes = (
        box(
            "w2.0",
            12,
            66,
            "w",
            ("forward", "6"),
            ("backward", "∂loss/∂w = 154"),
            kind=Kind.WEIGHT,
            about="w2",
            verdict="agrees",
            backward=7,
        ),
        box("s2", 240, 66, "h = w · x", ("forward", "11"), ("backward", "∂loss/∂h = 154"), verdict="agrees", forward=1, backward=6),
        box("s1", 468, 12, "a = 3 · h", ("forward", "33"), ("backward", "∂loss/∂a = 22"), verdict="differs", forward=2, backward=5),
        box("s0", 696, 66, "loss = a · h", ("forward", "363"), ("backward", "∂loss/∂loss = 1"), verdict="no rule", forward=3, backward=4),
    )
    arrows = (
        arrow("w2.0", "s2", [(144, 97), (240, 97)], "154 · 1 = 154", (192, 86), backward=7),
        arrow("s2", "s1", [(372, 87), (420, 87), (420, 43), (468, 43)], "22 · 3 = 66", (420, 62), backward=6),
        arrow("s1", "s0", [(600, 43), (648, 43), (648, 87), (696, 87)], "1 · 22 = 22", (648, 62), backward=5),
        arrow("s2", "s0", [(372, 107), (696, 107)], "1 · 88 = 88", (534, 96), backward=5),
    )
    ledger = Ledger(
        "∂loss/∂h", tuple((Cell(f"via {name}"), Cell(number)) for name, number in (("a", "66"), ("loss", "88"))), (Cell("sum"), Cell("154"))
    )
    return Picture("fan-out", Part("", "", 840, 140, boxes, arrows), details={"s2": (ledger,)})


def tensors():
    """Tensors as sketches, one of them with elements that are not finite."""
    shape = ("forward", (Cell("(64, 128) ", FORWARD), Cell("float32", Role.FAINT)))
    loud = ("backward", (Cell("∂loss/∂h = ", BACKWARD), Cell("3 NOT FINITE", Role.LOUD)))
    boxes = (
        box("w1.0", 12, 12, "layer.weight", shape, ("forward", WIDE), width=190, kind=Kind.WEIGHT, about="w1", verdict="agrees"),
        box("s0", 300, 12, "h = layer(x)", shape, loud, ("backward", NAN), width=190, verdict="differs", forward=1, backward=2),
    )
    return Picture("tensors", Part("", "", 502, 140, boxes, (arrow("w1.0", "s0", [(202, 43), (300, 43)], "gradᵀ · x", (251, 32)),)))


def modules():
    """Modules from the outside, one of them repeated, one a stretch of operations, with parts inside."""
    inner = Part("m:h.0", "h.0", 330, 90, (box("s5", 30, 12, "relu"), box("s4", 180, 12, "a + b")), _through("s5", "s4"))
    block = box("m:h.0", 30, 12, "h.0", kind=Kind.MODULE, inside=inner)
    folded = Part("r:h.0", "h", 200, 60, (block,), ())
    boxes = (
        box("m:wte", 12, 20, "wte", ("forward", "Embedding"), kind=Kind.MODULE, verdict="agrees", inside=replace(inner, key="m:wte")),
        box("r:h.0", 220, 20, "h.0 … h.11", ("forward", "× 12"), kind=Kind.REPEATED, verdict="agrees", inside=folded),
        box(
            "t:7-90",
            428,
            20,
            "84 operations",
            ("forward", "lines 3–9"),
            kind=Kind.STRETCH,
            verdict="not compared",
            inside=replace(inner, key="t:7-90"),
        ),
    )
    arrows = (arrow("m:wte", "r:h.0", [(144, 46), (220, 46)]), arrow("r:h.0", "t:7-90", [(352, 46), (428, 46)]))
    return Picture("GPT-2", Part("", "", 572, 90, boxes, arrows))


def _through(first, second):
    return (
        arrow("", first, [(0, 40), (30, 40)]),
        arrow(first, second, [(162, 40), (180, 40)]),
        arrow(second, "", [(312, 40), (330, 40)]),
    )


def hostile():
    """Names and texts that would break out of a page, a file or a formula if they were not escaped."""
    boxes = tuple(
        box(f"s{number}\"'<&", 12, 12 + 70 * number, text, ("forward", text), width=300, module=text, spoken=text, forward=1)
        for number, text in enumerate(HOSTILE)
    )
    arrows = (arrow(boxes[0].key, boxes[1].key, [(160, 64), (160, 76)], HOSTILE[0], (160, 70)),)
    return Picture(HOSTILE[2], Part("", HOSTILE[1], 324, 510, boxes, arrows), (Moment(True, "", (Cell(HOSTILE[0]),)),))


def enormous():
    """One box with a label of ten thousand characters."""
    return Picture("enormous", Part("", "", 424, 60, (box("s0", 12, 12, "a" * 10_000, width=400),), ()))


def single():
    """One box and nothing else."""
    return Picture("one box", Part("", "", 156, 90, (box("s0", 12, 12, "x", ("forward", "1")),), ()))


def empty():
    """No box at all."""
    return Picture("nothing", Part("", "", 0, 0, (), ()))


PICTURES = {
    "example": example(),
    "fan-out": fan_out(),
    "tensors": tensors(),
    "modules": modules(),
    "hostile": hostile(),
    "enormous": enormous(),
    "single": single(),
    "empty": empty(),
}
