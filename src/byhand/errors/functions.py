"""Why a function cannot be checked: what it was given, what it did, what it gave."""

from byhand.errors.report import ByhandError


class NoInput(ByhandError):
    """A function is to be checked that was given nothing that can have a gradient."""

    def __init__(self, function: str, kinds: str, *, why: str = "") -> None:
        arrays = "ndarray" in kinds
        super().__init__(
            f"byhand.check({function}) was given no number to take a derivative by",
            where=f"the inputs of {function}: {kinds}",
            why=why or f"a gradient is worked for tensors of floating-point or complex numbers{', not for NumPy arrays' * arrays}",
            fix=f"byhand.check({function}, {'torch.from_numpy(x)' if arrays else 'torch.randn(3, 4)'})",
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

    def __init__(self, function: str, name: str, much: str, *, spelled: str = "") -> None:
        super().__init__(
            f"{function} changes its input {name}",
            where=f"{name}: {much}",
            why="its gradient would be that of a value which is gone; and whoever else uses the tensor gets the changed one",
            fix=f"byhand.check(lambda {name}: {spelled or function}({name}.clone()), ...)      # if it is meant to work in place\n"
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

    def __init__(self, function: str, stage: str, message: str, *, where: str, why: str = "", fix: str = "", spelled: str = "") -> None:
        super().__init__(
            f"{function}'s {stage} raised {message}",
            where=where,
            why=why or f"the {stage} does not work with these inputs; this is the program's own error, not one of byhand's",
            fix=fix or f"{spelled or function}(...).sum().backward()      # by itself: it raises the same, with its whole traceback",
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


class NotAGradient(ByhandError):
    """What is given as the gradient that arrives is no tensor."""

    def __init__(self, given: object, verb: str) -> None:
        kind = type(given).__name__
        super().__init__(
            f"gradient= was given a {kind}, not a tensor",
            where=f"byhand.{verb}(…, gradient=…)",
            why="the gradient that arrives at a result is a tensor of its shape; several results need a list or tuple of tensors",
            fix=f"byhand.{verb}(…, gradient=torch.tensor([1.0, 2.0]))      # or leave it out",
        )


class UnknownOption(ByhandError):
    """A word behind a function that is no option of byhand's."""

    def __init__(self, name: str, verb: str, *, close: str = "", gradchecks: bool = False) -> None:
        if gradchecks:
            why = "it is an option of torch.autograd.gradcheck; byhand needs none of them: its floors come from rounding"
            fix = f"{verb}(function, x)      # delete {name}=..."
        else:
            why = f"did you mean {close}=?" if close else "the options are gradient= and order="
            fix = f"{verb}(function, x, {close or 'order'}={2 if close != 'gradient' else '...'})"
        super().__init__(f"unknown option {name}=", where=f"{verb}(…, {name}=…)", why=why, fix=fix)
