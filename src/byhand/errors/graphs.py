"""What is wrong with a tensor or its graph, or with the rule for one of its operations."""

from byhand.errors.report import ByhandError


class NotATensor(ByhandError):
    """What should be explained or checked is no tensor."""

    def __init__(self, thing: object, verb: str) -> None:
        kind = type(thing).__name__
        super().__init__(
            f"byhand.{verb}() was given a {kind}, {'neither a tensor nor a function' if verb == 'check' else 'not a tensor'}",
            where=f"the first argument of byhand.{verb}()",
            why="only a tensor knows the operations that made it; loss.item() and float(loss) give a plain number that does not",
            fix=f"byhand.{verb}(loss)      # the tensor itself, as you would write loss.backward()"
            + "\nbyhand.check(function, x)      # the function itself, and what it is called with" * (verb == "check"),
        )


class NoGraph(ByhandError):
    """The tensor has no graph: no operation behind it needs a gradient."""

    def __init__(self, name: str, verb: str, cause: str, *, where: str = "") -> None:
        causes = {
            "nowhere": (
                "none of the tensors that it was made from has requires_grad=True",
                "w = torch.tensor(1.0, requires_grad=True)      # the value that you want the gradient of",
            ),
            "no_grad": (
                "it was made while gradients were switched off (torch.no_grad or torch.inference_mode)",
                f"{name} = ...      # the same line, outside of torch.no_grad()",
            ),
            "cut": (
                "none of the tensors that have requires_grad=True leads to it: they were not used, or the path was cut on the way",
                f"{name} = ...      # the same lines, without .detach(), .item(), .data, torch.tensor(...) or no_grad on the way",
            ),
        }
        why, fix = causes[cause]
        super().__init__(f"{name} has no graph to go back through", where=where or f"byhand.{verb}({name})", why=why, fix=fix)


class IntegerGradient(ByhandError):
    """An integer tensor cannot have a gradient; PyTorch's own error, explained."""

    def __init__(self, message: str, *, where: str) -> None:
        super().__init__(
            "an integer tensor was asked to have a gradient",
            where=where,
            why=f"{message.splitlines()[0]}: a gradient says what a small change of the value does, and an integer has no small changes",
            fix="w = torch.tensor(1.0, requires_grad=True)      # 1.0, not 1",
        )


class NotAScalar(ByhandError):
    """A loss with several elements needs to be told which combination of them is meant."""

    def __init__(self, name: str, shape: tuple[int, ...], verb: str, *, where: str = "") -> None:
        weighted = f"gradient=torch.ones_like({name})"
        super().__init__(
            f"{name} has {f'the shape {shape}' if shape else 'several elements'}, not one number",
            where=where or f"byhand.{verb}({name})",
            why="the derivative of several numbers at once is not one gradient: PyTorch too asks how much each of them counts",
            fix=f"{name}.sum().backward()\n{name}.backward({weighted})"
            if verb == "backward"
            else f"byhand.{verb}({name}.sum())\nbyhand.{verb}({name}, {weighted})",
        )


class GraphFreed(ByhandError):
    """The values that backward needs were already given back to memory."""

    def __init__(self, node: str, loss: str = "loss") -> None:
        self.node = node
        super().__init__(
            f"the graph of {loss} has been freed: {node} no longer has the values it saved",
            where=f"{node}, reached from {loss}",
            why="backward() has run, and PyTorch gives the saved values back to memory as it goes",
            fix=f"byhand.explain({loss})          # before {loss}.backward(), or:\n"
            f"with byhand.record() as run:\n    ...                          # the forward pass\n    {loss}.backward()\nrun.explain()\n"
            "# or in a notebook, as its first cell, and run the others again:\n%load_ext byhand",
        )


class SecondBackward(ByhandError):
    """PyTorch's own error, explained: a graph can be gone back through once, unless it is kept."""

    def __init__(self, name: str, *, where: str) -> None:
        super().__init__(
            f"backward() went a second time through a graph of {name}",
            where=where,
            why="PyTorch gives the values that backward needs back to memory as it goes; the first backward() has used them up",
            fix=f"{name} = ...      # compute it again before each backward(); or, the first time, keep its graph:\n"
            f"{name}.backward(retain_graph=True)",
        )


class ModifiedInPlace(ByhandError):
    """A value that backward needs was overwritten after it was saved."""

    def __init__(self, node: str, name: str, message: str, *, where: str = "") -> None:
        super().__init__(
            f"{f'the value {name!r}' if name else 'a value'} that {node} needs was overwritten in place",
            where=where or (f"{node}, saved value {name!r}" if name else node),
            why=message.split(". Hint", maxsplit=1)[0],
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
        name = node.partition("Backward")[0].lower()
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
