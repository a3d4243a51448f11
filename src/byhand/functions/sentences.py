"""What is said of a backward that failed an attempt: what happened, why that matters, what to change."""

from byhand.functions.gaps import Gap
from byhand.functions.layouts import Layout
from byhand.functions.trials import Trial
from byhand.results import Verdict

_OVERWRITTEN = "saved-tensor-overwritten"


def _of(gap: Gap) -> str:
    return f"the gradient of {gap.name} is another one: {gap.told()}"


def overwritten(gap: Gap) -> Trial:
    """Something that the backward was given or had saved was written into."""
    return Trial(
        "what it saved and was given, before and after",
        Verdict.DIFFERS,
        f"the backward wrote into {gap.name}: {gap.told()}",
        "the tensor is not the backward's own: a second backward, another use of the tensor, or PyTorch itself reads it again, changed",
        "grad_x = grad * saved      # a new tensor, instead of saved.mul_(grad) or a kernel that writes into it",
        gap.name.removeprefix("the input "),
        "backward",
        _OVERWRITTEN,
    )


def stateful(gap: Gap) -> Trial:
    """A second backward through the same graph gave something else."""
    return Trial(
        "a second time",
        Verdict.DIFFERS,
        f"the same backward a second time: {_of(gap)}",
        "it is nondeterministic, or it keeps state between calls: in the class, in ctx, in a buffer, or in what it saved",
        "ctx.save_for_backward(x)      # all that backward needs, read and never written; no attribute of the class, no global",
        gap.name,
        "state",
    )


def handed_out(gap: Gap) -> Trial:
    """The second call wrote into what the first returned."""
    return Trial(
        "a second time",
        Verdict.DIFFERS,
        f"a second backward wrote into the gradient that the first had returned for {gap.name}: {gap.told()}",
        "it returns a buffer that it uses again; PyTorch may still be holding the first gradient, or have made it .grad",
        "return torch.empty_like(x)      # memory of its own for each call, instead of a buffer that is kept",
        gap.name,
        "state",
    )


def out_of_nothing(gap: Gap) -> Trial:
    """Zeros came in and something else came out."""
    return Trial(
        "a gradient of zeros",
        Verdict.DIFFERS,
        f"zeros arrived, and the gradient of {gap.name} is not zero: {gap.told()}",
        "a backward multiplies what arrives by the derivative: it adds something of its own, keeps something, or leaves memory unwritten",
        "out = torch.zeros_like(x)      # instead of torch.empty_like(x), where not every element is written",
        gap.name,
        "not-linear",
    )


def not_linear(gap: Gap) -> Trial:
    """Twice the gradient did not give twice."""
    return Trial(
        "twice the gradient",
        Verdict.DIFFERS,
        f"twice the gradient arrived: {_of(gap)}",
        "a backward is linear in what arrives; loss scaling, accumulation and every weight on the loss rely on it. It clips, normalises, "
        "keeps something from an earlier call, or does not use what arrives at all",
        "return grad * slope      # grad to the first power, once",
        gap.name,
        "not-linear",
    )


def needs_all(output: str, message: str) -> Trial:
    """The backward raised where only one output was used."""
    return Trial(
        "each output alone, the others unused",
        Verdict.DIFFERS,
        f"the backward raises when only {output} is used: {message}",
        "PyTorch hands it None (after ctx.set_materialize_grads(False)) or zeros for an output that the loss does not use",
        "grad_two = torch.zeros_like(two) if grad_two is None else grad_two",
        output,
        "unused-output",
    )


def not_the_sum(gap: Gap) -> Trial:
    """The parts did not add up to the whole."""
    return Trial(
        "each output alone, the others unused",
        Verdict.DIFFERS,
        f"the gradients by each output alone do not add up to the whole: {_of(gap)}",
        "each output sends its own part, and an unused one sends nothing; one that is left out, taken twice, or mixed up shows here",
        "return grad_one * slope_one + grad_two * slope_two      # every output's gradient, each by its own slope",
        gap.name,
        "unused-output",
    )


def needs_company(name: str, message: str) -> Trial:
    """The backward raised where only one input needed a gradient."""
    return Trial(
        "each input alone requires a gradient",
        Verdict.DIFFERS,
        f"the backward raises when only {name} requires a gradient: {message}",
        "frozen weights and inputs without gradient are common; the backward has to do without what was not saved for them",
        "grad_w = ... if ctx.needs_input_grad[1] else None      # asked for each input by itself",
        name,
        "needs-input-grad",
    )


def in_company(gap: Gap) -> Trial:
    """A gradient depended on which others were asked for."""
    return Trial(
        "each input alone requires a gradient",
        Verdict.DIFFERS,
        f"when {gap.name} alone requires a gradient, {_of(gap)}",
        "the gradient of one input must not depend on whether others are frozen",
        "if ctx.needs_input_grad[1]: ...      # the number is the input's place in forward, not counting ctx",
        gap.name,
        "needs-input-grad",
    )


def refuses_layout(layout: Layout, message: str) -> Trial:
    """The backward raised for a gradient in another layout."""
    return Trial(
        f"the gradient arrives {layout.name}",
        Verdict.DIFFERS,
        f"the backward raises when its gradient arrives {layout.name}: {message}",
        f"such a gradient comes from {layout.source}",
        "grad = grad.contiguous()      # first line of the backward; reshape instead of view",
        "",
        "layout",
    )


def layout_matters(layout: Layout, strides: str, gap: Gap) -> Trial:
    """The same numbers in another layout gave another gradient."""
    return Trial(
        f"the gradient arrives {layout.name}",
        Verdict.DIFFERS,
        f"the same gradient arrives {layout.name} ({strides}): {_of(gap)}",
        f"the backward reads memory as if it were contiguous; such a gradient comes from {layout.source}",
        "grad = grad.contiguous()      # first line of the backward; or hand the strides to the kernel",
        gap.name,
        "layout",
    )


def raised(message: str) -> Trial:
    """The backward raised where it had worked before."""
    return Trial(
        "the same backward with other gradients",
        Verdict.DIFFERS,
        f"the backward worked once and then raised: {message}",
        "what it does depends on the numbers that arrive, or on what an earlier call left behind",
        "ctx.save_for_backward(x)      # all that backward needs, read and never written; no attribute of the class, no global",
        "",
        "state",
    )
