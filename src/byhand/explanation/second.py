"""What is said about second derivatives, where they were judged too."""

from collections.abc import Iterator

from byhand.document import Block, Cell, Prose, Role
from byhand.explanation.frame import has_error
from byhand.results import Pass
from byhand.words import counted, plain


def second_derivatives(result: Pass) -> Iterator[Block]:
    """How many nodes can be differentiated twice, and why nothing is said of others; nothing if nobody asked."""
    second = result.second
    if second is None:
        return
    compared = second.agree + second.differ
    cells = [Cell(f"Second derivatives: {counted(compared, 'operation')} compared, ")]
    if second.differ:
        cells.append(Cell(f"{second.differ:,} {'differs' if second.differ == 1 else 'differ'}", Role.DIFFERS))
    else:
        cells.append(Cell("none differs" if compared else "nothing can be said", _role(result, compared)))
    if second.refused:
        cells += [Cell("; "), Cell(f"{second.refused:,} that PyTorch says it cannot differentiate twice", Role.NOT_COMPARED)]
    if second.not_compared:
        reasons = ", ".join(f"{count:,} × {plain(reason, 120)}" for reason, count in second.reasons.items())
        cells += [Cell("; "), Cell(f"{second.not_compared:,} not compared", Role.NOT_COMPARED), Cell(f" ({reasons})")]
    yield Prose((*cells, Cell(".")))


def _role(result: Pass, compared: int) -> Role:
    """How it is said that none differs: as good news only where nothing is wrong and nobody broke off."""
    if not compared:
        return Role.NOT_COMPARED
    return Role.PLAIN if has_error(result) or result.interrupted is not None else Role.AGREES
