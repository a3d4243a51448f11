"""What is wrong with the reader's own numbers."""

from byhand.errors.report import ByhandError


class UnknownName(ByhandError):
    """A name among the reader's values that belongs to nothing in the graph."""

    def __init__(self, name: str, close: list[str], known: list[str]) -> None:
        guess = f"did you mean {' or '.join(close)}? " if close else ""
        super().__init__(
            f"there is no gradient for {name!r} in this backward pass",
            where=f"the value for {name}",
            why=f"{guess}the names with a gradient are: {', '.join(known[:20])}{' …' if len(known) > 20 else ''}",
            fix=f"byhand.check(loss, {{{(close or known or ['w'])[0]!r}: ...}})",
        )


class WrongShape(ByhandError):
    """A value of the reader's does not have the shape of the gradient it stands for."""

    def __init__(self, name: str, given: tuple[int, ...], expected: tuple[int, ...], *, verb: str = "") -> None:
        if verb:
            super().__init__(
                f"gradient has the shape {given}, {name} has {expected}",
                where=f"byhand.{verb}({name}, gradient=...)",
                why="the gradient that backward starts from says for each element of the loss how much it counts",
                fix=f"byhand.{verb}({name}, gradient=torch.ones_like({name}))",
            )
            return
        super().__init__(
            f"the value for {name} has the shape {given}, its gradient has {expected}",
            where=f"the value for {name}",
            why="a gradient has one number for each element of the tensor it belongs to",
            fix=f"byhand.check(loss, {{{name!r}: ...}})      # a number, list, array or tensor of shape {expected}",
        )


class NotNumbers(ByhandError):
    """A value of the reader's is no number, list, array or tensor of numbers."""

    def __init__(self, name: str, given: object) -> None:
        super().__init__(
            f"the value for {name} is not numbers but {type(given).__name__}: {str(given)[:60]}",
            where=f"the value for {name}",
            why="a gradient is compared number by number",
            fix=f"byhand.check(loss, {{{name!r}: -2.0}})      # or a list such as [1.0, 2.0], an array or a tensor",
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


class NoSuchOrder(ByhandError):
    """Derivatives of another order than the first or second are to be judged."""

    def __init__(self, order: object) -> None:
        super().__init__(
            f"order={order!r} is not to be had: byhand judges first derivatives, and second ones if asked",
            where=f"byhand.check(…, order={order!r})",
            why="order=1 judges the gradients, order=2 also whether they can be differentiated once more; "
            "derivatives of higher order are second ones of what the program itself differentiates with create_graph=True",
            fix="byhand.check(loss, order=2)",
        )
