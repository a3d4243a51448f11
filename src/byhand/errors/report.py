"""What every error of byhand is made of: what happened, where, why, and what to type next."""


class ByhandError(Exception):
    """What went wrong, in four parts; `str()` shows them all.

    `what` is one line; `where` and `why` are sentences; `fix` is what to type next, one command or line of code a line.
    """

    def __init__(self, what: str, *, where: str = "", why: str = "", fix: str = "") -> None:
        self.what, self.where, self.why, self.fix = what, where, why, fix
        super().__init__(self.report())

    def report(self) -> str:
        """The four parts as text, the class's name first."""
        lines = [f"{type(self).__name__}: {self.what}"]
        lines += [f"  where: {self.where}"] if self.where else []
        lines += [f"  why:   {self.why}"] if self.why else []
        if self.fix:
            lines += ["  type:", "", *(f"      {line}" for line in self.fix.splitlines())]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.report().removeprefix(f"{type(self).__name__}: ")

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows instead of a traceback: the four parts say all that helps."""
        return self.report().splitlines()
