"""What is told of one box or arrow when a reader asks for it."""

from byhand.document import Block, Heading
from byhand.explanation.labels import Labels
from byhand.explanation.tensor import heading
from byhand.results import Pass


def details(result: Pass, labels: Labels) -> dict[str, tuple[Block, ...]]:
    """The details by key: operations "s12", contributions "s12.0", weights "w3", constants "c0", modules "m:h.0"."""
    return {f"s{step.index}": (Heading(heading(step, labels), 3),) for step in labels.steps}
