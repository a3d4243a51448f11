"""Where PyTorch's gradient may be another than ours for more than rounding: behind what differs, and behind a hook."""

from byhand.document import Cell, Role
from byhand.drawing.rows import in_line
from byhand.explanation.frame import same
from byhand.explanation.labels import Labels, Target
from byhand.results import Step, Verdict
from byhand.value import Value

ROLES = {Verdict.DIFFERS: Role.LOUD, Verdict.INTENDED: Role.NOT_COMPARED}
LONGEST = 60  # characters of a value


def suspects(labels: Labels) -> dict[Target, Role]:
    """The values behind a difference or a hook, and how loud it is said where their gradient in PyTorch is another one."""
    found: dict[Target, Role] = {}
    for step in reversed(labels.steps):
        arrived = {found.get((step.index, number)) for number in range(len(step.outputs))}
        arrived |= {Role.NOT_COMPARED for output in step.outputs if output.rewritten}
        for each in step.contributions:
            roles = {*arrived, ROLES.get(each.comparison.verdict), found.get(each.to)} - {None}
            if roles:
                found[each.to] = Role.LOUD if Role.LOUD in roles else Role.NOT_COMPARED
    return found


def apart(step: Step, labels: Labels, found: dict[Target, Role]) -> tuple[Cell, ...]:
    """That by hand another gradient arrived at an operation than in PyTorch; nothing if not."""
    for number, output in enumerate(step.outputs):
        role = found.get((step.index, number))
        if role is not None and isinstance(output.by_hand, Value) and not same(output.by_hand, output.by_torch):
            told = in_line(output.by_hand, Role.BACKWARD, LONGEST), in_line(output.by_torch, Role.BACKWARD, LONGEST)
            name, symbol = labels.cell((step.index, number)), labels.gradient((step.index, number))
            said = (symbol, Cell(" is "), told[0], Cell(" by hand, and "), Cell(told[1].text, role), Cell(" arrived in PyTorch"))
            return *said, Cell("; what "), name, Cell(" sends back is worked from PyTorch's.")
    return ()
