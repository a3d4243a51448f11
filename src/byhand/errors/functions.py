"""Why a function cannot be checked: what it was given, what it did, what it gave."""

from byhand.errors.report import ByhandError


class NoInput(ByhandError):
    """A function is to be checked that was given nothing that can have a gradient."""

    def __init__(self, function: str, kinds: str, *, empty: bool = False) -> None:
        nothing = f"byhand.check({function}) was given no number to take a derivative by"
        super().__init__(
            nothing,
            where=f"the inputs of {function}: {kinds}",
            why="they are empty tensors: there is nothing in them to compare"
            if empty
            else "a gradient is worked for tensors of floating-point or complex numbers",
            fix=f"byhand.check({function}, torch.randn(3, 4))",
        )


class NoResult(ByhandError):
    """A function gives nothing that can have a gradient."""

    def __init__(self, function: str, given: str, *, why: str = "") -> None:
        super().__init__(
            f"{function} gives nothing to go back from: it returned {given}",
            where=f"the result of {function}",
            why=why or "backward starts from a tensor of floating-point or complex numbers, alone or in a list, tuple or dictionary",
            fix="return loss      # the tensor itself, not loss.item() or a NumPy array",
        )


class NoPath(ByhandError):
    """The result of a function does not depend on its inputs, as far as PyTorch can see."""

    def __init__(self, function: str, inputs: str) -> None:
        super().__init__(
            f"the result of {function} has no path back to {inputs}",
            where=f"the result of {function}: requires_grad is False",
            why="the path was cut on the way: by .detach(), .item(), .data, torch.tensor(...), torch.no_grad(), a step through integers "
            "or NumPy, or ctx.mark_non_differentiable",
            fix="class Kernel(torch.autograd.Function): ...      # with forward and backward, around what PyTorch cannot see",
        )


class ChangesInput(ByhandError):
    """A function writes into one of its inputs."""

    def __init__(self, function: str, name: str, much: str) -> None:
        super().__init__(
            f"{function} changes its input {name}",
            where=f"{name}: {much}",
            why="its gradient would be that of a value which is gone; and whoever else uses the tensor gets the changed one",
            fix=f"byhand.check(lambda {name}: {function}({name}.clone()), ...)      # if it is meant to work in place\n"
            "out = x.clone()      # in the function, if it is not",
        )


class NotRepeatable(ByhandError):
    """A function gives another result when it is called again."""

    def __init__(self, function: str, much: str) -> None:
        super().__init__(
            f"{function} is not deterministic: called twice with the same inputs it gave two results",
            where=f"the result of {function}: {much}",
            why="the random numbers of torch, Python and NumPy were the same both times: it keeps something from call to call, "
            "draws numbers elsewhere, reads memory that was never written, or adds up in an order that changes",
            fix="generator = torch.Generator().manual_seed(0)      # inside of the function; or take the state out of it",
        )


class FunctionFailed(ByhandError):
    """A function, or its backward, raised."""

    def __init__(self, function: str, stage: str, message: str, *, where: str, why: str = "", fix: str = "") -> None:
        super().__init__(
            f"{function}'s {stage} raised {message}",
            where=where,
            why=why or f"the {stage} does not work with these inputs; this is the program's own error, not one of byhand's",
            fix=fix or f"{function}(...).sum().backward()      # by itself: it raises the same, with its whole traceback",
        )


class NotByName(ByhandError):
    """Values stand behind a loss, and nothing says whose gradients they are."""

    def __init__(self, count: int, first: object) -> None:
        super().__init__(
            f"byhand.check() was given a tensor and {'one value' if count == 1 else f'{count} values'} without a name",
            where=f"behind the loss: {type(first).__name__}",
            why="after a loss come your own numbers for its gradients, each by the name of its weight; inputs come after a function",
            fix="byhand.check(loss, w=-2.0)\nbyhand.check(function, x, w)      # the function itself, not its result",
        )
