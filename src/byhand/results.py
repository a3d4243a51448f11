"""What was found out about one backward pass, as plain frozen data: no tensor, nothing live."""

from dataclasses import dataclass, field
from enum import Enum

from byhand.findings import Finding
from byhand.graph import Graph, Origin
from byhand.value import Missing, Shown

UNASKED = "this backward did not ask for it"
"""The reason of a comparison that was left out because the program asked for other gradients only."""


class Verdict(Enum):
    """What a comparison says; never a bare yes or no."""

    AGREES = "agrees"
    DIFFERS = "differs"
    INTENDED = "intended"
    NO_RULE = "no rule"
    NOT_COMPARED = "not compared"


class Fault(Enum):
    """How a wrong gradient differs from the right one, where that is something simple, or what made it wrong."""

    NOT_FINITE = "not finite"
    SHAPE = "shape"
    ZEROS = "zeros"
    SIGN = "sign"
    FACTOR = "factor"
    OTHER_INPUT = "other input"
    PART = "part"
    UPSTREAM = "upstream"
    LAYOUT = "layout"
    OPERAND = "operand"
    TERM = "term"
    TAIL = "tail"
    SLICE = "slice"
    SHIFTED = "shifted"
    MASK = "mask"
    STRAIGHT = "straight through"
    STATE = "state"
    OVERWRITTEN = "overwritten"
    SECOND = "second derivative"
    SECOND_WRONG = "wrong second derivative"


@dataclass(frozen=True, slots=True)
class Comparison:
    """By hand beside PyTorch: the largest difference, the rounding floor it was held against, and where it was largest.

    `source` says where PyTorch's number came from: "engine" (the user's own backward) or "direct" (the node called by itself).
    Where they differ, `wrong` of the `total` elements do, the first at `first`, and `pattern` says in words how they differ, "" if
    nothing simple does; `fault` is the kind of that, `example` has the numbers at the worst place where there is no pattern. `factor` is
    PyTorch's over ours where it is one for all elements, 0 where it is not. INTENDED is a difference that the program declares with
    `# byhand: intended`.
    """

    verdict: Verdict
    error: float = 0.0
    floor: float = 0.0
    where: tuple[int, ...] = ()
    reason: str = ""
    source: str = "engine"
    wrong: int = 0
    total: int = 0
    first: tuple[int, ...] = ()
    pattern: str = ""
    fault: Fault | None = None
    written: Origin | None = None
    example: str = ""
    factor: float = 0.0


@dataclass(frozen=True, slots=True)
class Operand:
    """A value that an operation used: its parameter name (`other`), the user's name or expression for it ("" if unknown), its value."""

    parameter: str
    name: str
    value: Shown
    constant: bool = False


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one operation sends back to one of its inputs. `rule` is the rule's name, None where byhand has none.

    Where there is no rule, `opinion` says how it was judged all the same: "operations" (those of its own forward, by our rules),
    "difference" (of its forward in double precision) or "probes" (random ones, whose power the comparison's reason tells).

    `local` is the local derivative as a number, for scalar operations only. `broadcast` is the shape before summing over
    broadcast dimensions, where that was needed, and `given` the value before it if that was small; `cast` the dtype before a cast.
    """

    edge: int
    to: tuple[int, int]
    rule: str | None
    by_hand: Shown
    by_torch: Shown
    comparison: Comparison
    local: float | None = None
    broadcast: tuple[int, ...] | None = None
    cast: str | None = None
    given: Shown = Missing.NOT_RECORDED
    opinion: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """One output of an operation: its forward value, the gradient that arrived at it in PyTorch, and the one worked by hand.

    `rewritten` says that what arrived is not what was sent: a hook changed it on the way.
    """

    name: str
    value: Shown
    by_torch: Shown
    by_hand: Shown
    rewritten: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A custom autograd.Function as the user wrote it: the name of its class, and where its `def backward` stands.

    `inputs` are the parameters of `forward` behind the node's edges, "" for what is not known. `intended` says that the class line
    declares a difference with `# byhand: intended`, `remark` is a comment there that means to and is not understood.
    """

    name: str
    backward: Origin | None = None
    inputs: tuple[str, ...] = ()
    intended: bool = False
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: what the user wrote, its values, and one contribution for each edge that needs a gradient.

    `name` is the variable the result was assigned to, "" for an unnamed one; `expression` its source text; `occurrence` counts the
    uses of one name (from 1; 0 if the name is used once); `call` numbers the PyTorch call that made the node, -1 if not recorded;
    `function` is the user's own, for a custom one.
    """

    index: int
    op: str
    name: str
    expression: str
    outputs: tuple[Output, ...]
    operands: tuple[Operand, ...]
    contributions: tuple[Contribution, ...]
    occurrence: int = 0
    module: str = ""
    origin: Origin | None = None
    call: int = -1
    function: Function | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A weight: what this pass sends to it by hand and in PyTorch, and its `.grad` before and after (recorded runs)."""

    index: int
    name: str
    value: Shown
    by_hand: Shown
    by_torch: Shown
    comparison: Comparison
    grad_before: Shown = Missing.NOT_RECORDED
    grad_after: Shown = Missing.NOT_RECORDED
    rewritten: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """A value without gradient that took part, by the user's name."""

    name: str
    value: Shown


@dataclass(frozen=True, slots=True)
class Yours:
    """The reader's own number for one gradient, and what it is worth: `error` against `PyTorch`'s, to the digits written."""

    name: str
    target: tuple[int, int]
    value: Shown
    error: float
    verdict: Verdict
    where: tuple[int, ...] = ()
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """How the nodes of one pass were judged; leaves are not counted. `intended` nodes differ as the program declares."""

    nodes: int
    by_rule: int
    by_difference: int
    not_compared: int
    differ: int
    reasons: dict[str, int] = field(default_factory=dict)
    intended: int = 0


@dataclass(frozen=True, slots=True)
class SecondDerivatives:
    """How the second derivatives of one pass were judged, node by node.

    `refused` counts the nodes that PyTorch says it cannot differentiate twice; `reasons` tell why others were not compared.
    """

    agree: int = 0
    differ: int = 0
    refused: int = 0
    not_compared: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pass:
    """One backward pass, worked: `kind` is "backward" or "grad"; `number` counts the passes of the program from 1, of `total`.

    `names` are the places (node, output) that each name of the user's program stands for, the first use first. `shared` says that
    each gradient by hand was worked from PyTorch's own one step above, as in large graphs; `interrupted` says after how many operations
    of how many somebody broke the pass off, None if nobody did; `hooks` names tensors with hooks
    that were not called, since no engine ran. `second` is there where second derivatives were judged too. `passed_over`
    counts passes of the program that were batched by vmap, and not watched.
    """

    graph: Graph
    steps: tuple[Step, ...]
    leaves: tuple[Leaf, ...]
    constants: tuple[Constant, ...]
    coverage: Coverage
    kind: str = "backward"
    judged: bool = True
    source: str = "engine"
    number: int = 1
    total: int = 1
    program: str = ""
    yours: tuple[Yours, ...] = ()
    shared: bool = False
    hooks: tuple[str, ...] = ()
    interrupted: tuple[int, int] | None = None
    names: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    second: SecondDerivatives | None = None
    passed_over: int = 0
