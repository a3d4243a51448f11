"""Results into a document: what is said about one backward pass, and in which order."""

from byhand.explanation.frame import differing, grad_ledgers, summary, title, yours
from byhand.explanation.labels import Labels
from byhand.explanation.scalar import is_scalar, scalar_story
from byhand.document import Document
from byhand.results import Pass


def explain(result: Pass, *, part: str = "") -> Document:
    """The whole story of one pass; `part` opens one module of it by its path or the end of its path. Raises NoSuchPart."""
    labels = Labels(result)
    blocks = list(title(result, labels)) + list(differing(result, labels))
    if is_scalar(result):
        blocks += scalar_story(result, labels)
    blocks += [*yours(result, labels), *grad_ledgers(result), *summary(result)]
    return Document(tuple(blocks))
