"""The walk through a run: one operation at a time forward, then one at a time back."""

from byhand.document import Cell
from byhand.drawing.contents import Contents
from byhand.explanation.labels import Labels
from byhand.picture import Moment
from byhand.results import Pass


def moments(result: Pass, labels: Labels, contents: Contents) -> tuple[Moment, ...]:
    """What is told at each moment: nothing yet, every operation forward, the seed, every operation backward from the last to the first."""
    root = result.graph.roots[0].node if result.graph.roots else -1
    found = [Moment(True, "", (Cell("Nothing is computed yet."),))]
    found += [Moment(True, f"s{step.index}", (labels.cell((step.index, 0)),)) for step in labels.steps]
    found.append(Moment(False, f"s{root}", (Cell(f"∂{labels.root}/∂{labels.root} = 1"),)))
    found += [Moment(False, f"s{step.index}", (labels.gradient((step.index, 0)),)) for step in reversed(labels.steps)]
    return tuple(found)
