"""Derivatives of the decompositions: eigenvectors, singular vectors, QR, LU, and the matrix exponential."""

import torch
from torch.nn import functional as F

from byhand.rules.helpers import conj
from byhand.rules.table import forward, helper, rule


@helper
def ratio(upper: torch.Tensor, lower: torch.Tensor) -> torch.Tensor:
    """The one over the other, and 0 wherever the upper one is 0."""
    return torch.where(upper == 0, 0, upper / lower)


@helper
def differences(values: torch.Tensor) -> torch.Tensor:
    """Every value minus every other: row i, column j holds value j minus value i."""
    return values.unsqueeze(-2) - values.unsqueeze(-1)


@helper
def with_diagonal(value: torch.Tensor, diagonal: torch.Tensor) -> torch.Tensor:
    """The matrix with another diagonal."""
    return value.diagonal_scatter(diagonal.to(value.dtype), 0, -2, -1)


@helper
def skew(value: torch.Tensor) -> torch.Tensor:
    """The matrix minus its own conjugate transpose."""
    return value - value.mH


@rule("LinalgEighBackward0", edge=0, example="torch.linalg.eigh((a := leaf(2, 3, 3)) + a.mT)")
def linalg_eigh_A(grads, eigenvalues, eigenvectors):
    turning = ratio(skew(eigenvectors.mH @ grads[1]) / 2, differences(eigenvalues))
    return eigenvectors @ with_diagonal(turning, grads[0]) @ eigenvectors.mH


@forward("LinalgEighBackward0")
def linalg_eigh(A):
    return torch.linalg.eigh(A)


@rule("LinalgEigBackward0", edge=0, example="torch.linalg.eigvals(leaf(3, 3))")
def linalg_eig_self(grads, eigenvalues, eigenvectors):
    inside = eigenvectors.mH @ grads[1]
    stretch = eigenvectors.mH @ (eigenvectors * inside.diagonal(0, -2, -1).real.unsqueeze(-2))
    turning = ratio(inside - stretch, conj(differences(eigenvalues)))
    return torch.linalg.solve(eigenvectors.mH, with_diagonal(turning, grads[0]) @ eigenvectors.mH)


@forward("LinalgEigBackward0")
def linalg_eig(self):
    return torch.linalg.eig(self)


@rule(
    "LinalgSvdBackward0",
    edge=0,
    example="(*torch.linalg.svd(leaf(2, 4, 3), full_matrices=False), *torch.linalg.svd(leaf(2, 3, 4), full_matrices=False))",
)
def linalg_svd_A(grads, U, S, Vh):
    rank = S.shape[-1]
    left = U[..., :rank]
    right = Vh[..., :rank, :]
    grad_left = grads[0][..., :rank]
    grad_right = grads[2][..., :rank, :]
    gaps = differences(S**2)
    turn_left = skew(left.mH @ grad_left)
    turn_right = skew(right @ grad_right.mH)
    turned = ratio(turn_left, gaps) * S.unsqueeze(-2) + S.unsqueeze(-1) * ratio(turn_right, gaps)
    phase = ratio(turn_left / 2, S.unsqueeze(-2)) + (turn_left + turn_right) * S.unsqueeze(-2)
    inside = with_diagonal(turned, grads[1]) + phase.diagonal(0, -2, -1).diag_embed()
    rest_left = ratio(grad_left - left @ (left.mH @ grad_left), S.unsqueeze(-2)) @ right
    rest_right = left @ ratio(grad_right - (grad_right @ right.mH) @ right, S.unsqueeze(-1))
    return left @ inside @ right + rest_left + rest_right


@forward("LinalgSvdBackward0")
def linalg_svd(A, full_matrices):
    return torch.linalg.svd(A, full_matrices=full_matrices)


@helper
def qr_gradient(grad_Q: torch.Tensor, grad_R: torch.Tensor, Q: torch.Tensor, R: torch.Tensor) -> torch.Tensor:
    """What a matrix with no more columns than rows receives from its factors."""
    inside = (grad_R @ R.mH - Q.mH @ grad_Q).triu()
    even = inside + inside.mH - inside.diagonal(0, -2, -1).real.diag_embed()
    return torch.linalg.solve_triangular(R.mH, grad_Q + Q @ even, upper=False, left=False)


@rule("LinalgQrBackward0", edge=0, example="torch.linalg.qr(leaf(2, 4, 3))", when=lambda Q, R: R.shape[-1] <= Q.shape[-2])
def linalg_qr_A(grads, Q, R):
    return qr_gradient(grads[0], grads[1], Q, R)


@rule("LinalgQrBackward0", edge=0, example="torch.linalg.qr(leaf(2, 3, 4))")
def linalg_qr_A__wide(grads, Q, R):
    size = Q.shape[-1]
    grad_Q = grads[0] + Q @ R[..., size:] @ grads[1][..., size:].mH
    first = qr_gradient(grad_Q, grads[1][..., :size], Q, R[..., :size])
    return torch.cat([first, Q @ grads[1][..., size:]], -1)


@forward("LinalgQrBackward0")
def linalg_qr(A, mode):
    return torch.linalg.qr(A, mode)


@helper
def lu_gradient(grad_L: torch.Tensor, grad_U: torch.Tensor, L: torch.Tensor, U: torch.Tensor) -> torch.Tensor:
    """What the product of a lower factor with unit diagonal and an upper factor receives from them; one of them may be oblong."""
    size = L.shape[-1]
    top, bottom = L[..., :size, :], L[..., size:, :]
    first, others = U[..., :size], U[..., size:]
    below = torch.linalg.solve_triangular(first.mH, grad_L[..., size:, :], upper=False, left=False)
    beside = torch.linalg.solve_triangular(top.mH, grad_U[..., size:], upper=True, unitriangular=True)
    lower = (top.mH @ (grad_L[..., :size, :] - beside @ others.mH)).tril(-1)
    upper = ((grad_U[..., :size] - bottom.mH @ below) @ first.mH).triu()
    inside = torch.linalg.solve_triangular(top.mH, lower + upper, upper=True, unitriangular=True)
    corner = torch.linalg.solve_triangular(first.mH, inside, upper=False, left=False)
    return torch.cat([torch.cat([corner, below], -2), F.pad(beside, (0, 0, 0, bottom.shape[-2]))], -1)


@rule(
    "LinalgLuFactorExBackward0",
    edge=0,
    example="tuple(torch.linalg.lu_factor(leaf(2, *size))[0] for size in [(3, 3), (4, 3), (3, 4)])",
)
def linalg_lu_factor_ex_A(grad, LU, pivots):
    parts = torch.lu_unpack(LU, pivots)
    size = parts[1].shape[-1]
    return parts[0] @ lu_gradient(grad[..., :size], grad[..., :size, :], parts[1], parts[2])


@forward("LinalgLuFactorExBackward0")
def linalg_lu_factor_ex(A):
    return torch.linalg.lu_factor(A)


@rule("LinalgLuBackward0", edge=0, example="tuple(each for size in [(3, 3), (4, 3), (3, 4)] for each in torch.linalg.lu(leaf(2, *size)))")
def linalg_lu_A(grads, P, L, U):
    return P @ lu_gradient(grads[0], grads[1], L, U)


@forward("LinalgLuBackward0")
def linalg_lu(A):
    return torch.linalg.lu(A)


@rule(
    "LuUnpackBackward0",
    edge=0,
    example="(*torch.lu_unpack(leaf(3, 4), torch.tensor([1, 2, 3], dtype=torch.int32)), "
    "*torch.lu_unpack(leaf(4, 3), torch.tensor([1, 2, 4], dtype=torch.int32)))",
)
def lu_unpack_LU_data(grads, shape):
    lower = F.pad(grads[0].tril(-1), (0, shape[-1] - grads[0].shape[-1]))
    upper = F.pad(grads[1].triu(), (0, 0, 0, shape[-2] - grads[1].shape[-2]))
    return lower + upper


@forward("LuUnpackBackward0")
def lu_unpack(LU_data, LU_pivots):
    return torch.lu_unpack(LU_data, LU_pivots)


@rule("LinalgMatrixExpBackward0", edge=0, example="torch.linalg.matrix_exp(leaf(2, 3, 3) / 4)")
def linalg_matrix_exp_self(grad, self):
    size = self.shape[-1]
    upper = torch.cat([self.mH, grad], -1)
    lower = torch.cat([torch.zeros_like(grad), self.mH], -1)
    return torch.linalg.matrix_exp(torch.cat([upper, lower], -2))[..., :size, size:]


@forward("LinalgMatrixExpBackward0")
def linalg_matrix_exp(self):
    return torch.linalg.matrix_exp(self)
