"""What is said of an operation of a large run: a line each, as plain text, quickly made."""

from byhand.document import Cell, Role
from byhand.drawing.rows import EQUALS, fitted, in_line, in_short
from byhand.explanation.labels import Labels, Target, asked, drawn, once
from byhand.explanation.products import product
from byhand.explanation.tensor import equation
from byhand.results import Contribution, Step
from byhand.value import Missing, Shown, Value
from byhand.words import plain, single

LARGE = 5_000  # operations; in a larger run less is said of each
NUMBER = 60  # characters
LOOSE = frozenset(" −²³⁴⁵⁶⁷⁸⁹([")  # what makes a name need parentheses, or a closer look
NOTHING = "Nothing was asked for that would come from here."


@once
def title(step: Step, labels: Labels) -> tuple[Cell, ...]:
    """What the operation made, and what the user wrote for it; PyTorch's name of one of several operations behind one expression."""
    if len(step.outputs) > 1 or not step.expression:
        return tuple(Cell(each.text, each.role) for each in fitted(equation(step, labels)))
    name = Cell(_name((step.index, 0), labels), Role.NAME)
    inside = not step.name and labels.written[step.expression] > 1
    made = Cell(step.op, Role.CODE) if inside else Cell(drawn(plain(step.expression)).text, Role.FORWARD)
    return fitted((name, made) if made.text != name.text else (name,))


def in_few(shown: Shown, role: Role) -> Cell:
    """A number in full, a tensor by its shape and norm."""
    if isinstance(shown, Missing) or single(shown) is not None:
        return in_line(shown, role, NUMBER)
    return in_short(shown, role, norm=True)


def made(step: Step, labels: Labels) -> tuple[Cell, ...]:
    """What an operation made, in one piece of text."""
    said = "".join(each.text for each in (*title(step, labels), EQUALS, in_few(step.outputs[0].value, Role.FORWARD)))
    return (Cell(said, Role.FORWARD),)


@once
def sent(step: Step, labels: Labels) -> tuple[Cell, ...]:
    """What an operation sends back, in one piece of text."""
    said = [f"{_gradient(each.to, labels)} = {_amount(step, each)}" for each in step.contributions if asked(each)]
    return (Cell("; ".join(said) or NOTHING, Role.BACKWARD),)


def _amount(step: Step, each: Contribution) -> str:
    if each.local is not None:
        return " = ".join(piece.text for piece in product(step, each))
    return in_few(each.by_hand if isinstance(each.by_hand, Value) else each.by_torch, Role.BACKWARD).text


def _name(target: Target, labels: Labels) -> str:
    source = labels.source(target)
    return source if source.startswith("⟨") else drawn(source).text


def _gradient(target: Target, labels: Labels) -> str:
    """∂loss/∂ of a value, as `Labels.gradient` writes it."""
    root, name = drawn(labels.root).text, _name(target, labels)
    return labels.gradient(target).text if LOOSE.intersection(root + name) else f"∂{root}/∂{name}"
