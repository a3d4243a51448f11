"""Every error byhand raises: what happened, where, why, and what to type next."""


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


class GraphFreed(ByhandError):
    """The values that backward needs were already given back to memory."""

    def __init__(self, node: str, loss: str = "loss") -> None:
        super().__init__(
            f"the graph of {loss} has been freed: {node} no longer has the values it saved",
            where=f"{node}, reached from {loss}",
            why="backward() has run, and PyTorch gives the saved values back to memory as it goes",
            fix=f"byhand.explain({loss})          # before {loss}.backward(), or:\n"
            f"with byhand.record() as run:\n    ...                          # the forward pass\n    {loss}.backward()\nrun.explain()",
        )


class ModifiedInPlace(ByhandError):
    """A value that backward needs was overwritten after it was saved."""

    def __init__(self, node: str, name: str, message: str) -> None:
        super().__init__(
            f"the value '{name}' that {node} saved was overwritten in place",
            where=f"{node}, saved value '{name}'",
            why=message.split(". Hint")[0],
            fix="x = x + step      # instead of x += step, x.add_(step) or x[i] = ...",
        )


class Unreadable(ByhandError):
    """A saved value cannot be read without changing the program."""

    def __init__(self, node: str, name: str, reason: str) -> None:
        super().__init__(
            f"the value '{name}' that {node} saved cannot be read",
            where=f"{node}, saved value '{name}'",
            why=reason,
            fix="byhand.check(loss)      # outside the region; it counts this node as not compared",
        )


class NoRule(ByhandError):
    """byhand has no rule for this edge, or none of its cases applies."""

    def __init__(self, node: str, edge: int, edges: int, *, why: str = "") -> None:
        name = node.removesuffix("Backward0").lower()
        super().__init__(
            f"no rule for {node} (edge {edge} of {edges})",
            where=f"{node}, edge {edge}",
            why=why or "byhand has not been taught this operation, or none of its cases applies",
            fix=f'@rule("{node}", edge={edge}, example="torch.{name}(x)")      # one function in byhand/rules/\n'
            f"def {name}_self(grad, self):\n    return ...",
        )


class UnshowableRule(ByhandError):
    """A rule's body holds something the renderer cannot show."""

    def __init__(self, rule: str, file: str, line: int, construct: str) -> None:
        super().__init__(
            f"the rule {rule} cannot be shown as a formula: {construct}",
            where=f"{file}:{line}",
            why="a rule is the formula that is shown, so its body is lines `name = expression`, each name new, then `return expression`",
            fix="return grad * ...           # a case is another @rule(..., when=...),\n"
            "@helper                     # anything else is a helper: a function shown by its name",
        )
