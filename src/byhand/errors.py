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
        self.node = node
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


class NotATensor(ByhandError):
    """What should be explained or checked is no tensor."""

    def __init__(self, thing: object, verb: str) -> None:
        kind = type(thing).__name__
        super().__init__(
            f"byhand.{verb}() was given a {kind}, not a tensor",
            where=f"the first argument of byhand.{verb}()",
            why="only a tensor knows the operations that made it; loss.item() and float(loss) give a plain number that does not",
            fix=f"byhand.{verb}(loss)      # the tensor itself, as you would write loss.backward()",
        )


class NoGraph(ByhandError):
    """The tensor has no graph: no operation behind it needs a gradient."""

    def __init__(self, name: str, verb: str, cause: str) -> None:
        causes = {
            "nowhere": (
                "none of the tensors that it was made from has requires_grad=True",
                "w = torch.tensor(1.0, requires_grad=True)      # the value that you want the gradient of",
            ),
            "no_grad": (
                "it was made while gradients were switched off (torch.no_grad or torch.inference_mode), although "
                "there are tensors with requires_grad=True",
                f"{name} = ...      # the same line, outside of torch.no_grad()",
            ),
            "cut": (
                "there are tensors with requires_grad=True, but none leads to it: the path was cut (.detach(), .item(), .data, "
                "torch.tensor(...), no_grad) or they were not used",
                f"with byhand.record() as run:\n    ...      # the forward pass\nrun.explain()\nbyhand.{verb}({name})",
            ),
        }
        why, fix = causes[cause]
        super().__init__(f"{name} has no graph to go back through", where=f"{name}.grad_fn is None", why=why, fix=fix)


class IntegerGradient(ByhandError):
    """An integer tensor cannot have a gradient; PyTorch's own error, explained."""

    def __init__(self, message: str) -> None:
        super().__init__(
            "an integer tensor was asked to have a gradient",
            where=message.splitlines()[0],
            why="a gradient says how the loss changes when the value changes a little; an integer cannot change a little",
            fix="w = torch.tensor(1.0, requires_grad=True)      # 1.0, not 1",
        )


class NotAScalar(ByhandError):
    """A loss with several elements needs to be told which combination of them is meant."""

    def __init__(self, name: str, shape: tuple[int, ...], verb: str) -> None:
        super().__init__(
            f"{name} has {f'the shape {shape}' if shape else 'several elements'}, not one number",
            where=f"byhand.{verb}({name})",
            why="the derivative of several numbers at once is not one gradient: PyTorch too asks how much each of them counts",
            fix=f"byhand.{verb}({name}.sum())\nbyhand.{verb}({name}, gradient=torch.ones_like({name}))",
        )


class WrongShape(ByhandError):
    """A value of the reader's does not have the shape of the gradient it stands for."""

    def __init__(self, name: str, given: tuple[int, ...], expected: tuple[int, ...]) -> None:
        super().__init__(
            f"the value for {name} has the shape {given}, its gradient has {expected}",
            where=f"{name}={'...'} in the values to check",
            why="a gradient has one number for each element of the tensor it belongs to",
            fix=f"byhand.check(loss, {{{name!r}: ...}})      # a number, list, array or tensor of shape {expected}",
        )


class UnknownName(ByhandError):
    """A name among the reader's values that belongs to nothing in the graph."""

    def __init__(self, name: str, close: list[str], known: list[str]) -> None:
        guess = f"did you mean {' or '.join(close)}? " if close else ""
        super().__init__(
            f"there is no gradient for {name!r} in this backward pass",
            where=f"{name} in the values to check",
            why=f"{guess}the names with a gradient are: {', '.join(known[:20])}{' …' if len(known) > 20 else ''}",
            fix=f"byhand.check(loss, {{{(close or known or ['w'])[0]!r}: ...}})",
        )


class NotKept(ByhandError):
    """A gradient too large to have been kept whole is to be compared with the reader's."""

    def __init__(self, name: str, shape: tuple[int, ...]) -> None:
        super().__init__(
            f"the gradient of {name} was not kept whole",
            where=f"{name}, shape {shape}",
            why="a recording keeps gradients of up to 64 elements, and summaries of larger ones",
            fix=f"byhand.check(loss, {{{name!r}: ...}})      # before loss.backward(): there the whole gradient is at hand",
        )


class NotJudged(ByhandError):
    """A recording that only noted the calls is asked for what was not worked out."""

    def __init__(self, verb: str) -> None:
        super().__init__(
            f"run.{verb}() has nothing to tell: this recording did not judge",
            where="byhand.record(judge=False)",
            why="without judging, calls are noted but no gradient is worked by hand, and afterwards the values are gone",
            fix=f"with byhand.record() as run:\n    ...\nrun.{verb}()",
        )


class NoBackward(ByhandError):
    """Nothing to explain: no backward pass was recorded."""

    def __init__(self, where: str) -> None:
        super().__init__(
            "no backward pass was recorded",
            where=where,
            why="the gradients are worked while backward() runs, and it did not run",
            fix="loss.backward()      # or torch.autograd.grad(loss, weights), in the program",
        )


class NoSuchStep(ByhandError):
    """A backward pass is asked for that was not recorded."""

    def __init__(self, step: int, total: int, kept: list[int]) -> None:
        super().__init__(
            f"there is no backward pass number {step}",
            where=f"step {step} of {total}",
            why=f"the program made {total} backward pass{'es' * (total != 1)}; kept: {', '.join(map(str, kept)) or 'none'}",
            fix=f"--step {kept[-1] if kept else 1}      # or run.explain(step={kept[-1] if kept else 1})",
        )


class NoSuchFile(ByhandError):
    """The program to run is not there."""

    def __init__(self, path: str, close: list[str]) -> None:
        super().__init__(
            f"there is no file {path}",
            where=path,
            why=f"did you mean {' or '.join(close)}?" if close else "nothing of that name is in that folder",
            fix=f"byhand explain {close[0] if close else 'FILE.py'}",
        )


class NotAProgram(ByhandError):
    """The file is neither a Python script nor a notebook."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"{path} is not a Python program or notebook", where=path, why=why, fix="byhand explain FILE.py      # or FILE.ipynb"
        )


class CellFailed(ByhandError):
    """A cell of the notebook raised."""

    def __init__(self, path: str, cell: int, message: str) -> None:
        super().__init__(
            f"cell {cell} of {path} failed",
            where=f"{path}, code cell {cell}",
            why=message,
            fix=f"jupyter lab {path}      # run the cell there, mend it, and try again",
        )


class NotebookTools(ByhandError):
    """Running a notebook needs the packages of the notebook extra."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            f"running a notebook needs {missing}, which is not installed",
            where="byhand explain FILE.ipynb",
            why="a notebook is run in a real Jupyter kernel, and scripts do without it",
            fix='pip install "byhand[notebook]"',
        )


class Unwritable(ByhandError):
    """An output file cannot be written; nothing was."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"cannot write {path}",
            where=path,
            why=f"{reason}; nothing was written there",
            fix="--json -      # to the terminal, or name a file in a folder that you may write to",
        )


class NoSuchPart(ByhandError):
    """The part that was asked for is no module of the run, or it is several."""

    def __init__(self, part: str, close: tuple[str, ...] = (), *, several: bool = False, known: int = 0) -> None:
        some = ", ".join(close[:5]) + (", …" if len(close) > 5 else "")
        which = f"{len(close)} modules end like this: {some}" if several else f"did you mean {some}?" if close else ""
        super().__init__(
            f"the part '{part}' is {'not one module' if several else 'no module of this run'}",
            where=f"among the {known} modules that ran" if known else "",
            why=which or ("no path ends with it" if known else "no module ran, or the run was not recorded: module paths are known to byhand.record()"),
            fix=f'run.explain(part="{close[0]}")' if close else "run.explain()      # the table of all modules",
        )
