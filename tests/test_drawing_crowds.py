"""Many weights of one operation: one box that opens, beside their use."""

import drawn
import made
import torch
from test_drawing_parts import complete

import byhand
from byhand.picture import Kind


def beside(count):
    """A pass of one operation that takes from so many weights."""
    sent = [made.sends(edge, edge + 1, "stack", 0.125 * edge) for edge in range(count)]
    stack = made.step(0, "StackBackward0", "s", "stack(all)", 1.0, 1.0, *sent)
    return made.made((stack,), tuple(made.leaf(edge + 1, f"v{edge}", 1.0, 0.125 * edge) for edge in range(count)))


def test_many_weights_of_one_operation_are_a_box_that_opens():
    """A thousand weights are one box beside their use, boxes of boxes inside, each with an arrow out and its contribution."""
    root = complete(beside(1000))
    parts = list(drawn.every_part(root))

    assert [box.rows[0].cells[0].text for box in root.boxes] == ["1,000 weights", "loss"]
    assert [(arrow.source, arrow.target, len(arrow.values)) for arrow in root.arrows] == [("w:s0", "s0", 1000)]
    assert root.height < 2000
    assert sum(box.kind is Kind.WEIGHT for part in parts for box in part.boxes) == 1000
    assert max(len(part.boxes) for part in parts) <= 40
    assert drawn.problems(root) == []


def test_a_dozen_weights_stand_beside_their_use():
    """Only more than twelve are put into a box of their own."""
    assert len(complete(beside(12)).boxes) == 13
    assert len(complete(beside(13)).boxes) == 2


def test_many_weights_of_two_operations_stand_beside_each():
    """No line goes from a weight in one such box to another operation: each has ghosts of its own."""
    with byhand.record() as run:
        weights = [torch.ones(2, requires_grad=True) for _ in range(30)]
        (torch.cat(weights).sum() * torch.stack(weights).sum()).backward()
    root = complete(run.passes[0])

    assert sum(len(arrow.values) == 30 for arrow in root.arrows) == 2
    assert max(len(part.arrows) for part in drawn.every_part(root)) == 30
