"""What a diagnosis found: errors first, then warnings and notes, and what it rests on."""

from collections.abc import Iterator, Sequence

from byhand.document import Block, Cell, Document, Heading, Prose, Role
from byhand.explanation.wrong import finding_told
from byhand.findings import Finding, Observed, Severity
from byhand.words import counted, located, plain

GROUPS = ((Severity.ERROR, "What is wrong"), (Severity.WARNING, "What is probably wrong"), (Severity.NOTE, "What may be meant"))
NOTES = 12  # of one severity; more are counted


def tell_diagnosis(findings: Sequence[Finding], observed: Observed) -> Document:
    """The document of a diagnosis: the verdict in one line, every finding, and what was and was not observed."""
    name = plain(observed.program)
    return Document(
        (Heading(f"Diagnosis{f' of {name}' if name else ''}", 1), _verdict(findings, observed), *_told(findings), *_rests(observed))
    )


def _verdict(findings: Sequence[Finding], observed: Observed) -> Prose:
    counts = [(sum(each.severity is severity for each in findings), severity) for severity, _ in GROUPS]
    said = ", ".join(counted(count, severity.value) for count, severity in counts if count)
    if any(count for count, severity in counts if severity is not Severity.NOTE):
        return Prose((Cell(said, Role.DIFFERS if counts[0][0] else Role.NOT_COMPARED), *_listed(findings)))
    if observed.failure:
        seen = f"the program failed: {plain(observed.failure, 200)}; nothing wrong with its gradients was found until then"
        return Prose((Cell(seen, Role.NOT_COMPARED), Cell(f"; {said}" if said else "")))
    if not observed.passes:
        return Prose((Cell("no backward pass ran, so there is nothing to say of its gradients", Role.NOT_COMPARED),))
    return Prose((Cell("nothing wrong was found", Role.AGREES), Cell(f"; {said}" if said else "")))


def _listed(findings: Sequence[Finding]) -> Iterator[Cell]:
    """Each error and warning in a line: a page shows these above the picture, what they mean comes below it."""
    strong = [each for each in findings if each.severity is not Severity.NOTE]
    for finding in strong[:NOTES]:
        place = f"  {located(finding.where)}" if finding.where else ""
        yield Cell(f"\n{finding.code}  {plain(finding.subject)}{place}".rstrip())
    if len(strong) > NOTES:
        yield Cell(f"\n… and {len(strong) - NOTES:,} more")


def _told(findings: Sequence[Finding]) -> Iterator[Block]:
    for severity, heading in GROUPS:
        group = [each for each in findings if each.severity is severity]
        if group:
            yield Heading(heading)
        for finding in group[:NOTES]:
            yield from finding_told(finding)
        if len(group) > NOTES:
            yield Prose((Cell(f"… and {len(group) - NOTES:,} more"),))


def _rests(observed: Observed) -> Iterator[Block]:
    """What was looked at, and what was not."""
    yield Heading("What this rests on")
    passes = counted(observed.passes, "backward pass", "backward passes")
    judged = (
        f"{observed.judged:,} of them worked by hand" if observed.judged else "none of them worked by hand: wrong rules were not looked for"
    )
    ended = "; the program was ended there, as you asked" if observed.ended else ""
    yield Prose((Cell(f"{passes} watched, {judged}; {counted(observed.steps, 'optimizer step')}{ended}."),))
    for sentence in observed.unseen:
        yield Prose((Cell("not observed: ", Role.FAINT), Cell(sentence)))
