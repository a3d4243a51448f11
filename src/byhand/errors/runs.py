"""What is asked of a recording that it cannot tell."""

from byhand.errors.report import ByhandError
from byhand.findings import Finding


class NotJudged(ByhandError):
    """A recording that only noted the calls is asked for what was not worked out."""

    def __init__(self, verb: str) -> None:
        super().__init__(
            f"run.{verb}() has nothing to tell: this recording did not judge",
            where="byhand.record(judge=False)",
            why="without judging, calls are noted but no gradient is worked by hand, and afterwards the values are gone",
            fix=f"with byhand.record() as run:\n    ...\nrun.{verb}()",
        )


class NotDiagnosed(ByhandError):
    """A recording that was not watched for faults is asked what is wrong."""

    def __init__(self) -> None:
        super().__init__(
            "run.diagnose() has nothing to tell: this recording was not watched for faults",
            where="byhand.record(judge=False)",
            why="what a fault shows (steps, cleared gradients, numbers that are not finite) can only be seen while the program runs",
            fix="with byhand.record(diagnose=True) as run:\n    ...\nrun.diagnose()",
        )


class NoSuchWay(ByhandError):
    """`record(diagnose=...)` is given a word that it does not know."""

    def __init__(self, given: object) -> None:
        super().__init__(
            f"record() does not know diagnose={given!r}",
            where=f"byhand.record(diagnose={given!r})",
            why='it is True (tell when asked), "warn" or "raise" (at once, when a fault is certain), or False',
            fix='with byhand.record(diagnose="warn") as run:',
        )


class FaultFound(ByhandError):
    """A fault of the program's gradients, raised at once because `record(diagnose="raise")` asked for it; `finding` is the whole of it."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        origin = finding.where
        super().__init__(
            f"{finding.code}{f': {finding.subject}' if finding.subject else ''}: {finding.what}",
            where=f"{origin.file}:{origin.line}: {origin.text}" if origin else "",
            why=finding.why,
            fix=finding.fix,
        )


class NoBackward(ByhandError):
    """Nothing to explain: no backward pass was recorded."""

    def __init__(self, where: str, *, failure: str = "", batched: int = 0) -> None:
        why = "the gradients are worked while backward() runs, and it did not run"
        if batched:
            why = f"only passes batched by vmap ran ({batched}; is_grads_batched=True or torch.func): one such pass stands for many"
        if failure:
            why = f"byhand itself failed while your program ran, which went on undisturbed: {failure}"
        super().__init__(
            "no backward pass was recorded",
            where=where,
            why=why,
            fix="loss.backward()      # or torch.autograd.grad(loss, weights), in the program",
        )


class NoSuchStep(ByhandError):
    """A backward pass is asked for that was not recorded."""

    def __init__(self, step: int, total: int, kept: list[int]) -> None:
        super().__init__(
            f"there is no backward pass number {step}",
            where=f"step={step}",
            why=f"{total} backward pass{'es were' if total != 1 else ' was'} recorded, counted from 1"
            + (f"; kept are the last: {', '.join(map(str, kept))}" if len(kept) < total else ""),
            fix=f"run.explain(step={kept[-1] if kept else 1})      # on the command line: --step {kept[-1] if kept else 1}",
        )


class NoSuchPart(ByhandError):
    """The part that was asked for is no module of the run, or it is several."""

    def __init__(self, part: str, close: tuple[str, ...] = (), *, several: bool = False, known: int = 0) -> None:
        some = ", ".join(close[:5]) + (", …" if len(close) > 5 else "")
        which = f"{len(close)} modules end like this: {some}" if several else f"did you mean {some}?" if close else ""
        super().__init__(
            f"the part '{part}' is {'not one module' if several else 'no module of this run'}",
            where=f"among the {known} module{'s' * (known != 1)} that ran" if known else "",
            why=which
            or (
                "no path ends with it" if known else "no module ran, or the run was not recorded: module paths are known to byhand.record()"
            ),
            fix=f'run.explain(part="{close[0]}")'
            if close
            else "run.explain()      # the table of all modules; on the command line: without --part",
        )
