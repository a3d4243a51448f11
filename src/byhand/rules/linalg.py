"""Derivatives of inverses, determinants, solutions of linear systems and the Cholesky factor."""

import torch

from byhand.rules.helpers import conj, product_of_others
from byhand.rules.table import forward, helper, rule, shared


@helper
def opposite(value: bool) -> bool:
    """True for False, and False for True."""
    return not value


@helper
def hermitian_sum(value: torch.Tensor) -> torch.Tensor:
    """The matrix plus its own conjugate transpose."""
    return value + value.mH


@rule("LinalgCrossBackward0", edge=0, example="torch.linalg.cross(leaf(4, 3), leaf(1, 3))")
def linalg_cross_self(grad, other, dim):
    return torch.linalg.cross(conj(other), grad, dim=dim)


@rule("LinalgCrossBackward0", edge=1, example="torch.linalg.cross(leaf(4, 3), leaf(1, 3))")
def linalg_cross_other(grad, self, dim):
    return torch.linalg.cross(grad, conj(self), dim=dim)


@forward("LinalgCrossBackward0")
def linalg_cross(self, other, dim):
    return torch.linalg.cross(self, other, dim=dim)


@rule("LinalgInvExBackward0", edge=0, example="torch.linalg.inv(leaf(2, 3, 3))")
def linalg_inv_ex_A(grad, inverse):
    return -inverse.mH @ grad @ inverse.mH


@forward("LinalgInvExBackward0")
def linalg_inv_ex(A):
    return torch.linalg.inv(A)


@rule("LinalgPinvBackward0", edge=0, example="(torch.linalg.pinv(leaf(2, 3, 4)), torch.linalg.pinv(leaf(2, 4, 3)))")
def linalg_pinv_self(grad, self, result):
    through_inverse = -result.mH @ grad @ result.mH
    beside_columns = (grad.mH - self @ (result @ grad.mH)) @ result @ result.mH
    beside_rows = result.mH @ result @ (grad.mH - (grad.mH @ result) @ self)
    return through_inverse + beside_columns + beside_rows


@forward("LinalgPinvBackward0")
def linalg_pinv(self):
    return torch.linalg.pinv(self)


@rule("LinalgDetBackward0", edge=0, example="torch.linalg.det(leaf(2, 3, 3))", when=lambda result: bool((result != 0).all()))
def linalg_det_A(grad, A, result):
    return (grad * conj(result))[..., None, None] * torch.linalg.inv(A).mH


@rule("LinalgDetBackward0", edge=0, example="torch.linalg.det(leaf(2, 3, 3) * torch.tensor([[1.0, 1, 1], [0, 0, 1]]).unsqueeze(-1))")
def linalg_det_A__singular(grad, A):
    parts = torch.linalg.svd(A)
    turn = conj(torch.linalg.det(parts.U) * torch.linalg.det(parts.Vh))
    cofactors = (parts.U * product_of_others(parts.S, -1).unsqueeze(-2)) @ parts.Vh
    return (grad * turn)[..., None, None] * cofactors


@forward("LinalgDetBackward0")
def linalg_det(A):
    return torch.linalg.det(A)


@rule("LinalgSlogdetBackward0", edge=0, example="torch.linalg.slogdet(leaf(2, 3, 3))", when=lambda A: not A.is_complex())
def linalg_slogdet_A(grads, A):
    return grads[1][..., None, None] * torch.linalg.inv_ex(A).inverse.mH


@rule("LinalgSlogdetBackward0", edge=0, example="torch.linalg.slogdet(torch.complex(leaf(2, 3, 3), leaf(2, 3, 3)))")
def linalg_slogdet_A__complex(grads, A, sign):
    turn = (grads[0] * conj(sign)).imag
    return torch.complex(grads[1], turn)[..., None, None] * torch.linalg.inv_ex(A).inverse.mH


@forward("LinalgSlogdetBackward0")
def linalg_slogdet(A):
    return torch.linalg.slogdet(A)


def solves_vector(A: torch.Tensor, result: torch.Tensor) -> bool:
    """Whether the solution is a vector for each matrix, not a matrix."""
    return result.dim() == 1 or (result.dim() == A.dim() - 1 and result.shape == A.shape[:-1])


@shared("LinalgSolveExBackward0")
def solved(grad, A, result, left):
    """The upstream gradient, solved with the conjugate transpose."""
    if solves_vector(A, result):
        return torch.linalg.solve(A.mH, grad.unsqueeze(-1)).squeeze(-1)
    return torch.linalg.solve(A.mH, grad, left=left)


@rule("LinalgSolveExBackward0", edge=1, example="torch.linalg.solve(leaf(3, 3), leaf(2, 3, 2))")
def linalg_solve_ex_B(solved):
    return solved


@rule("LinalgSolveExBackward0", edge=0, example="torch.linalg.solve(leaf(2, 3, 3), leaf(2, 3))", when=solves_vector)
def linalg_solve_ex_A__vector(solved, result):
    return -solved.unsqueeze(-1) @ conj(result).unsqueeze(-2)


@rule("LinalgSolveExBackward0", edge=0, example="torch.linalg.solve(leaf(3, 3), leaf(2, 3, 2))", when=lambda left: left)
def linalg_solve_ex_A(solved, result):
    return -solved @ result.mH


@rule("LinalgSolveExBackward0", edge=0, example="torch.linalg.solve(leaf(3, 3), leaf(2, 2, 3), left=False)")
def linalg_solve_ex_A__right(solved, result):
    return -result.mH @ solved


@forward("LinalgSolveExBackward0")
def linalg_solve_ex(A, B, left):
    return torch.linalg.solve(A, B, left=left)


@helper
def triangle(value: torch.Tensor, upper: bool, unitriangular: bool) -> torch.Tensor:
    """The half of the matrix that a triangular one uses, without the diagonal if that is fixed to 1."""
    return value.triu(int(unitriangular)) if upper else value.tril(-int(unitriangular))


@shared("LinalgSolveTriangularBackward0")
def solved_triangular(grad, self, upper, left, unitriangular):
    """The upstream gradient, solved with the conjugate transpose."""
    return torch.linalg.solve_triangular(self.mH, grad, upper=not upper, left=left, unitriangular=unitriangular)


@rule("LinalgSolveTriangularBackward0", edge=1, example="torch.linalg.solve_triangular(3 + leaf(3, 3).triu(), leaf(3, 2), upper=True)")
def linalg_solve_triangular_B(solved_triangular):
    return solved_triangular


@rule(
    "LinalgSolveTriangularBackward0",
    edge=0,
    example="torch.linalg.solve_triangular(3 + leaf(3, 3), leaf(3, 2), upper=True)",
    when=lambda left: left,
)
def linalg_solve_triangular_self(solved_triangular, result, upper, unitriangular):
    return triangle(-solved_triangular @ result.mH, upper, unitriangular)


@rule(
    "LinalgSolveTriangularBackward0",
    edge=0,
    example="torch.linalg.solve_triangular(leaf(3, 3), leaf(2, 3), upper=False, left=False, unitriangular=True)",
)
def linalg_solve_triangular_self__right(solved_triangular, result, upper, unitriangular):
    return triangle(-result.mH @ solved_triangular, upper, unitriangular)


@forward("LinalgSolveTriangularBackward0")
def linalg_solve_triangular(self, B, upper, left, unitriangular):
    return torch.linalg.solve_triangular(self, B, upper=upper, left=left, unitriangular=unitriangular)


@helper
def cholesky_gradient(grad: torch.Tensor, lower: torch.Tensor) -> torch.Tensor:
    """What the matrix receives when its lower Cholesky factor receives grad."""
    half = (lower.mH @ grad).tril()
    inside = (half + half.tril(-1).mH) / 2
    behind = torch.linalg.solve_triangular(lower, inside, upper=False, left=False)
    return torch.linalg.solve_triangular(lower.mH, behind, upper=True)


@rule(
    "LinalgCholeskyExBackward0",
    edge=0,
    example="torch.linalg.cholesky((a := leaf(3, 3)) @ a.mH + 2 * torch.eye(3), upper=True)",
    when=lambda upper: upper,
)
def linalg_cholesky_ex_self__upper(grad, L):
    return cholesky_gradient(grad.mH, L.mH)


@rule("LinalgCholeskyExBackward0", edge=0, example="torch.linalg.cholesky((a := leaf(2, 3, 3)) @ a.mH + 2 * torch.eye(3))")
def linalg_cholesky_ex_self(grad, L):
    return cholesky_gradient(grad, L)


@rule(
    "CholeskyBackward0",
    edge=0,
    example="torch.cholesky((a := leaf(3, 3)) @ a.mH + 2 * torch.eye(3), upper=True)",
    when=lambda upper: upper,
)
def cholesky_self__upper(grad, result):
    return cholesky_gradient(grad.mH, result.mH)


@rule("CholeskyBackward0", edge=0, example="torch.cholesky((a := leaf(3, 3)) @ a.mH + 2 * torch.eye(3))")
def cholesky_self(grad, result):
    return cholesky_gradient(grad, result)


@forward("LinalgCholeskyExBackward0", "CholeskyBackward0")
def cholesky(self, upper):
    return torch.linalg.cholesky(self, upper=upper)


@rule("CholeskySolveBackward0", edge=0, example="torch.cholesky_solve(leaf(3, 2), leaf(3, 3).tril() + 3 * torch.eye(3))")
def cholesky_solve_self(grad, input2, upper):
    return torch.cholesky_solve(grad, input2, upper)


@rule(
    "CholeskySolveBackward0",
    edge=1,
    example="torch.cholesky_solve(leaf(3, 2), leaf(3, 3).triu() + 3 * torch.eye(3), upper=True)",
    when=lambda upper: upper,
)
def cholesky_solve_input2__upper(grad, input2, result, upper):
    return -input2 @ hermitian_sum(torch.cholesky_solve(grad, input2, upper) @ result.mH)


@rule("CholeskySolveBackward0", edge=1, example="torch.cholesky_solve(leaf(3, 2), leaf(3, 3).tril() + 3 * torch.eye(3))")
def cholesky_solve_input2(grad, input2, result, upper):
    return -hermitian_sum(torch.cholesky_solve(grad, input2, upper) @ result.mH) @ input2


@forward("CholeskySolveBackward0")
def cholesky_solve(self, input2, upper):
    return torch.cholesky_solve(self, input2, upper)


@rule(
    "CholeskyInverseBackward0",
    edge=0,
    example="torch.cholesky_inverse(leaf(3, 3).triu() + 3 * torch.eye(3), upper=True)",
    when=lambda upper: upper,
)
def cholesky_inverse_self__upper(grad, self, result):
    return -self @ result @ hermitian_sum(grad) @ result


@rule("CholeskyInverseBackward0", edge=0, example="torch.cholesky_inverse(leaf(3, 3).tril() + 3 * torch.eye(3))")
def cholesky_inverse_self(grad, self, result):
    return -result @ hermitian_sum(grad) @ result @ self


@forward("CholeskyInverseBackward0")
def cholesky_inverse(self, upper):
    return torch.cholesky_inverse(self, upper)
