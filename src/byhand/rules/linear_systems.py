"""Derivatives of least squares and of solving with a triangular matrix or with a given LU factorisation."""

import torch

from byhand.rules.helpers import conj
from byhand.rules.linalg import triangle
from byhand.rules.table import forward, rule, shared

TRIANGULAR = "TriangularSolveBackward0"


@shared(TRIANGULAR)
def solved_back__triangular(grad, A, upper, transpose, unitriangular):
    """The upstream gradient of the solution, solved with the conjugate transpose."""
    adjoint, is_upper = (A.conj(), upper) if transpose else (A.mH, not upper)
    return torch.linalg.solve_triangular(adjoint, grad, upper=is_upper, unitriangular=unitriangular)


@rule(TRIANGULAR, edge=0, example="torch.triangular_solve(leaf(3, 2), 3 + leaf(2, 3, 3))")
def triangular_solve_self(solved_back):
    return solved_back


@rule(
    TRIANGULAR,
    edge=1,
    example="torch.triangular_solve(leaf(3, 2), 3 + leaf(3, 3), transpose=True)",
    when=lambda transpose: transpose,
)
def triangular_solve_A__transposed(grads, solved_back, solution, upper, unitriangular):
    return grads[1] - triangle(conj(solution) @ solved_back.mT, upper, unitriangular)


@rule(TRIANGULAR, edge=1, example="torch.triangular_solve(leaf(3, 2), leaf(2, 3, 3), upper=False, unitriangular=True)")
def triangular_solve_A(grads, solved_back, solution, upper, unitriangular):
    return grads[1] - triangle(solved_back @ solution.mH, upper, unitriangular)


@forward(TRIANGULAR)
def triangular_solve(self, A, upper, transpose, unitriangular):
    return torch.triangular_solve(self, A, upper, transpose, unitriangular).solution


@shared("LinalgLuSolveBackward0")
def solved_back(grad, LU, pivots, left, adjoint):
    """The upstream gradient, solved with the conjugate transpose."""
    return torch.linalg.lu_solve(LU, pivots, grad, left=left, adjoint=not adjoint)


@shared("LinalgLuSolveBackward0")
def factors(LU, pivots):
    """The permutation, the lower and the upper factor."""
    return torch.lu_unpack(LU, pivots)


@shared("LinalgLuSolveBackward0")
def matrix_gradient(solved_back, result, left, adjoint):
    """What the matrix receives that the factors stand for."""
    direct = -solved_back @ result.mH if left else -result.mH @ solved_back
    return direct.mH if adjoint else direct


@rule("LinalgLuSolveBackward0", edge=1, example="torch.linalg.lu_solve(*torch.linalg.lu_factor(leaf(3, 3)), leaf(3, 2))")
def linalg_lu_solve_B(solved_back):
    return solved_back


@rule("LinalgLuSolveBackward0", edge=0, example="torch.linalg.lu_solve(*torch.linalg.lu_factor(leaf(3, 3)), leaf(3, 2), adjoint=True)")
def linalg_lu_solve_LU(matrix_gradient, factors):
    inside = factors[0].mT @ matrix_gradient
    return (inside @ factors[2].mH).tril(-1) + (factors[1].mH @ inside).triu()


@forward("LinalgLuSolveBackward0")
def linalg_lu_solve(LU, pivots, B, left, adjoint):
    return torch.linalg.lu_solve(LU, pivots, B, left=left, adjoint=adjoint)


@shared("LinalgLstsqBackward0")
def inverse(self):
    """The pseudo-inverse of the matrix."""
    return torch.linalg.pinv(self)


@shared("LinalgLstsqBackward0")
def inverse_gradient(grad, b):
    """What the pseudo-inverse would receive."""
    return grad @ b.mH


@shared("LinalgLstsqBackward0")
def miss_gradient(grads, self, b, solution):
    """What the difference between A @ X and B receives from the sums of its squares, where PyTorch gave those out."""
    return 2 * (self @ solution - b) * grads[1].unsqueeze(-2) if grads[1].numel() else torch.zeros_like(b)


@rule("LinalgLstsqBackward0", edge=1, example="torch.linalg.lstsq(leaf(4, 3), leaf(4, 2), driver='gels')[:2]")
def linalg_lstsq_b(grad, inverse, miss_gradient):
    return inverse.mH @ grad - miss_gradient


@rule("LinalgLstsqBackward0", edge=0, example="torch.linalg.lstsq(leaf(4, 3), leaf(4, 2), driver='gels')[:2]")
def linalg_lstsq_self(self, inverse, inverse_gradient, solution, miss_gradient):
    through_inverse = -inverse.mH @ inverse_gradient @ inverse.mH
    beside_columns = (inverse_gradient.mH - self @ (inverse @ inverse_gradient.mH)) @ inverse @ inverse.mH
    beside_rows = inverse.mH @ inverse @ (inverse_gradient.mH - (inverse_gradient.mH @ inverse) @ self)
    return through_inverse + beside_columns + beside_rows + miss_gradient @ solution.mH


@forward("LinalgLstsqBackward0")
def linalg_lstsq(self, b):
    return torch.linalg.lstsq(self, b).solution
