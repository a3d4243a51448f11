"""Derivatives of products of Householder reflections: each reflection is followed back between those before and those behind it."""

import torch

from byhand.rules.table import forward, helper, rule, shared

Q = "torch.linalg.householder_product(leaf(2, 4, 3), leaf(2, 2))"
LEFT = "torch.ormqr(leaf(4, 3), leaf(3), leaf(4, 2))"
LEFT_ADJOINT = "torch.ormqr(leaf(4, 3), leaf(3), leaf(4, 2), transpose=True)"
RIGHT = "torch.ormqr(leaf(4, 3), leaf(3), leaf(2, 4), left=False)"
RIGHT_ADJOINT = "torch.ormqr(leaf(4, 3), leaf(3), leaf(2, 4), left=False, transpose=True)"


def axis_of(vectors: torch.Tensor, number: int) -> torch.Tensor:
    """The vector of one reflection, as a column: zeros, a one in the row of its number, and below it what is stored."""
    column = vectors[..., number : number + 1].tril(-number - 1)
    return column.index_fill(-2, torch.tensor([number], device=column.device), 1)


def reflected(axis: torch.Tensor, size: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """The value less the part along the axis, times the size of the reflection."""
    return value - size[..., None, None] * axis @ (axis.mH @ value)


@helper
def reflections_back(
    vectors: torch.Tensor, sizes: torch.Tensor, before: torch.Tensor, behind: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """What the vectors and the sizes of reflections receive, whose product stands between before (adjoint) and behind."""
    axes = [axis_of(vectors, number) for number in range(sizes.shape[-1])]
    rights = [behind]
    for number in range(len(axes) - 1, 0, -1):
        rights.append(reflected(axes[number], sizes[..., number], rights[-1]))
    to_vectors, to_sizes = torch.zeros_like(vectors), torch.zeros_like(sizes)
    for number, axis in enumerate(axes):
        size, right = sizes[..., number], rights[len(axes) - 1 - number]
        forth, back = before @ (right.mH @ axis), right @ (before.mH @ axis)
        to_sizes[..., number] = -(axis.mH @ forth)[..., 0, 0]
        moved = size.conj()[..., None, None] * forth + size[..., None, None] * back
        to_vectors[..., number : number + 1] = -moved.tril(-number - 1)
        before = reflected(axis, size.conj(), before)
    return to_vectors, to_sizes


def undone(vectors: torch.Tensor, sizes: torch.Tensor, result: torch.Tensor) -> torch.Tensor:
    """What is left of the product when every reflection is undone: the first columns of the identity.

    PyTorch undoes them too, which costs digits where a reflection is nearly singular. Begun here, the rule is moved by rounding as far.
    """
    for number in range(sizes.shape[-1]):
        axis, size = axis_of(vectors, number), sizes[..., number]
        result = reflected(axis, size / (size * (axis.mH @ axis)[..., 0, 0] - 1), result)
    return result


@shared("LinalgHouseholderProductBackward0")
def received(grad, input, tau, result):
    """What the vectors and the sizes of the reflections receive."""
    return reflections_back(input, tau, grad, undone(input, tau, result))


@rule("LinalgHouseholderProductBackward0", edge=0, example=Q)
def linalg_householder_product_input(received):
    return received[0]


@rule("LinalgHouseholderProductBackward0", edge=1, example=Q)
def linalg_householder_product_tau(received):
    return received[1]


@forward("LinalgHouseholderProductBackward0")
def linalg_householder_product(input, tau):
    return torch.linalg.householder_product(input, tau)


@shared("OrmqrBackward0")
def received__applied(grad, self, input2, input3, left, transpose):
    """What the vectors and the sizes of the reflections receive."""
    sent, met = (grad, input3) if left else (grad.mH, input3.mH)
    return reflections_back(self, input2, met, sent) if left == transpose else reflections_back(self, input2, sent, met)


@rule("OrmqrBackward0", edge=0, example=f"({LEFT}, {LEFT_ADJOINT}, {RIGHT}, {RIGHT_ADJOINT})")
def ormqr_self(received):
    return received[0]


@rule("OrmqrBackward0", edge=1, example=f"({LEFT}, {LEFT_ADJOINT}, {RIGHT}, {RIGHT_ADJOINT})")
def ormqr_input2(received):
    return received[1]


@rule("OrmqrBackward0", edge=2, example=f"({LEFT}, {RIGHT_ADJOINT})", when=lambda transpose: transpose)
def ormqr_input3__adjoint(grad, self, input2, left):
    return torch.ormqr(self, input2, grad, left, False)


@rule("OrmqrBackward0", edge=2, example=f"({LEFT_ADJOINT}, {RIGHT})")
def ormqr_input3(grad, self, input2, left):
    return torch.ormqr(self, input2, grad, left, True)


@forward("OrmqrBackward0")
def ormqr(self, input2, input3, left, transpose):
    return torch.ormqr(self, input2, input3, left, transpose)
