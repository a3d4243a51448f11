"""Results into a document: what is said about one backward pass, and in which order."""

from collections.abc import Iterable

from byhand.document import Block, Document
from byhand.explanation.chains import is_scalar
from byhand.explanation.diagnosis import tell_diagnosis as tell_diagnosis
from byhand.explanation.frame import grad_ledgers, summary, title, yours
from byhand.explanation.labels import Labels
from byhand.explanation.modules import big_story, worst
from byhand.explanation.scalar import scalar_story
from byhand.explanation.second import second_derivatives
from byhand.explanation.tensor import LONGEST, tensor_story, weights
from byhand.explanation.wrong import declared, differing, findings, rewritten
from byhand.results import Pass


def explain(result: Pass, *, part: str = "") -> Document:
    """The whole story of one pass; `part` opens one module of it by its path or the end of its path. Raises NoSuchPart."""
    labels = Labels(result)
    before = [*title(result, labels), *differing(result, labels), *rewritten(labels)]
    after = [*yours(result, labels), *grad_ledgers(result), *summary(result)]
    return Document((*before, *_story(result, labels, part), *after))


def tell_check(result: Pass) -> Document:
    """What a check found, in short: what is wrong and how to mend it, what differs, every weight, the reader's own numbers, the summary."""
    labels = Labels(result)
    several = [
        *title(result, labels),
        *findings(result),
        *declared(labels),
        *differing(result, labels),
        *rewritten(labels),
        *weights(labels.leaves, labels),
        *worst(result, labels),
    ]
    return Document((*several, *yours(result, labels), *grad_ledgers(result), *second_derivatives(result), *summary(result)))


def _story(result: Pass, labels: Labels, part: str) -> Iterable[Block]:
    if part or (len(result.steps) > LONGEST and any(step.module for step in result.steps)):
        return big_story(result, labels, part=part)
    return scalar_story(result, labels) if is_scalar(result) else tensor_story(result, labels)
