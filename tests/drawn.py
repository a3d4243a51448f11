"""What must be true of every picture, as sentences about what is not."""

from itertools import pairwise

from byhand.drawing.metrics import width_of
from byhand.render.geometry import PLATE, SIZES

NEAR = 0.3  # pixels: places are rounded to a tenth


def every_part(root):
    """The part and all inside of it."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += [box.inside for box in part.boxes if box.inside]


def problems(root):
    """Everything that is wrong with the places in a part and all inside of it."""
    return [problem for part in every_part(root) for find in CHECKS for problem in find(part)]


def overlapping(part):
    """Boxes on top of one another, or outside of their part."""
    whole = (-NEAR, -NEAR, part.width + NEAR, part.height + NEAR)
    for place, box in enumerate(part.boxes):
        if not within(rectangle(box), whole):
            yield f"{box.key} is outside of {part.key!r}"
        for other in part.boxes[place + 1 :]:
            if meet(rectangle(box), rectangle(other)):
                yield f"{box.key} overlaps {other.key}"


def loose_ends(part):
    """Arrows that do not go from the right side of their source to the left side of their target, or run backwards or askew."""
    boxes = {box.key: box for box in part.boxes}
    for arrow in part.arrows:
        (x, y), (end_x, end_y) = arrow.points[0], arrow.points[-1]
        if not (on_side(boxes[arrow.source], x, y, right=True) if arrow.source else abs(x) < NEAR):
            yield f"{arrow.key} does not begin at its source"
        if not (on_side(boxes[arrow.target], end_x, end_y, right=False) if arrow.target else abs(end_x - part.width) < NEAR):
            yield f"{arrow.key} does not end at its target"
        for (one_x, one_y), (other_x, other_y) in pairwise(arrow.points):
            if other_x < one_x - NEAR:
                yield f"{arrow.key} runs backwards"
            if abs(one_x - other_x) > NEAR and abs(one_y - other_y) > NEAR:
                yield f"{arrow.key} runs askew"


def through_boxes(part):
    """Arrows that run through boxes."""
    boxes = [(box.key, (box.x + 2, box.y + 2, box.x + box.width - 2, box.y + box.height - 2)) for box in part.boxes]
    for arrow in part.arrows:
        for (x, y), (end_x, end_y) in pairwise(arrow.points):
            line = (min(x, end_x), min(y, end_y), max(x, end_x), max(y, end_y))
            yield from (f"{arrow.key} runs through {key}" for key, box in boxes if meet(line, box, touching=True))


def hidden_labels(part):
    """Labels on top of a box, of one another, of another arrow's turn, or off their own line."""
    labels = [(arrow, plate(arrow)) for arrow in part.arrows if arrow.label]
    for place, (arrow, label) in enumerate(labels):
        if not any(on_line(label, arrow.label_at[1], *piece) for piece in pairwise(arrow.points)):
            yield f"the label of {arrow.key} is not on its line"
        yield from (f"the label of {arrow.key} covers {box.key}" for box in part.boxes if meet(label, rectangle(box)))
        yield from (f"the labels of {arrow.key} and {other.key} overlap" for other, its in labels[place + 1 :] if meet(label, its))


def on_line(label, middle, start, end):
    """Whether a level piece of a line runs from one end of a label to the other."""
    return start[0] - NEAR <= label[0] and label[2] <= end[0] + NEAR and max(abs(start[1] - middle), abs(end[1] - middle)) < NEAR


def plate(arrow):
    """The ground that a label takes."""
    half = width_of(arrow.label, SIZES["label"]) / 2 + PLATE["across"]
    high = (PLATE["above"] + PLATE["below"]) / 2
    x, y = arrow.label_at
    return x - half, y - high, x + half, y + high


def rectangle(box):
    """The left, upper, right and lower end of a box."""
    return box.x, box.y, box.x + box.width, box.y + box.height


def meet(one, other, *, touching=False):
    """Whether two rectangles have more in common than a border; with `touching`, a line inside of one counts."""
    least = -NEAR if touching else NEAR
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > least and down > least


def within(one, other):
    """Whether a rectangle lies in another."""
    return other[0] <= one[0] and other[1] <= one[1] and one[2] <= other[2] and one[3] <= other[3]


def on_side(box, x, y, *, right):
    """Whether a point is on the left or right side of a box."""
    return abs(x - (box.x + box.width * right)) < NEAR and box.y - NEAR <= y <= box.y + box.height + NEAR


CHECKS = (overlapping, loose_ends, through_boxes, hidden_labels)
