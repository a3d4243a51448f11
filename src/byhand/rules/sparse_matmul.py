"""Derivatives of products with sparse matrices: a sparse factor receives a gradient only where it stores an element."""

import torch
import torch.nn.functional as F

from byhand.rules.helpers import conj
from byhand.rules.sparse import COO, put_values, where_stored
from byhand.rules.table import forward, rule, shared

REDUCE = "SparseMmReduceImplBackward0"

CSR = "leaf(3, 4).to_sparse_csr()"
HOLES = "(leaf(3, 4) * torch.tensor([[1.0, 0, 1, 1], [0, 0, 0, 0], [1, 1, 1, 0]])).to_sparse_csr()"
SAMPLED = f"torch.sparse.sampled_addmm({CSR}, leaf(3, 2), leaf(2, 4), beta=3, alpha=2)"


@rule("SparseAddmmBackward0", edge=0, example=f"torch.sparse.addmm(leaf(3, 2), {COO}, leaf(4, 2), beta=3, alpha=2)")
def sparse_addmm_self(grad, beta):
    return grad * conj(beta)


@rule("SparseAddmmBackward0", edge=1, example=f"torch.sparse.addmm(leaf(3, 2), {COO}, leaf(4, 2), beta=3, alpha=2)")
def sparse_addmm_mat1(grad, mat1, mat2, alpha):
    return where_stored(mat1, conj(alpha) * (grad @ mat2.mH))


@rule("SparseAddmmBackward0", edge=2, example=f"torch.sparse.addmm(leaf(3, 2), {COO}, leaf(4, 2), beta=3, alpha=2)")
def sparse_addmm_mat2(grad, mat1, alpha):
    return conj(alpha) * (mat1.mH @ grad)


@forward("SparseAddmmBackward0")
def sparse_addmm(self, mat1, mat2, beta, alpha):
    return beta * self + alpha * (mat1 @ mat2)


@rule("SparseSparseMatmulBackward0", edge=0, example=f"torch.sparse.mm({COO}, leaf(4, 2).to_sparse())")
def sparse_matmul_self(grad, self, other):
    return where_stored(self, grad.to_dense() @ other.to_dense().mH)


@rule("SparseSparseMatmulBackward0", edge=1, example=f"torch.sparse.mm({COO}, leaf(4, 2).to_sparse())")
def sparse_matmul_other(grad, self, other):
    return where_stored(other, self.to_dense().mH @ grad.to_dense())


@rule("SparseSampledAddmmBackward0", edge=0, example=SAMPLED)
def sparse_sampled_addmm_self(grad, beta):
    return grad.to_dense() * conj(beta)


@rule("SparseSampledAddmmBackward0", edge=1, example=SAMPLED)
def sparse_sampled_addmm_mat1(grad, self, mat2, alpha):
    return conj(alpha) * (where_stored(self, grad.to_dense()) @ mat2.mH)


@rule("SparseSampledAddmmBackward0", edge=2, example=SAMPLED)
def sparse_sampled_addmm_mat2(grad, self, mat1, alpha):
    return conj(alpha) * (mat1.mH @ where_stored(self, grad.to_dense()))


@shared(REDUCE)
def share(self, reduce):
    """What part of each row's sum its result is: all of it, or of a mean one over the number of elements stored in the row."""
    stored_in_row = self.crow_indices().diff().clamp(min=1).unsqueeze(1)
    return stored_in_row.to(self.dtype).reciprocal() if reduce == "mean" else torch.ones_like(stored_in_row)


@shared(REDUCE)
def column_of_extreme(self, result1):
    """The column of the element that each maximum or minimum was found at; of a row that stores none, column 0."""
    return F.pad(self.col_indices(), (0, 1))[result1]


@shared(REDUCE)
def stored_values(self):
    """The elements that the sparse matrix stores, and a zero at the end, which stands for none."""
    return F.pad(self.values(), (0, 1))


@rule(REDUCE, edge=0, example=f"torch.sparse.mm({HOLES}, leaf(4, 2), 'mean')", when=lambda reduce: reduce in ("sum", "mean"))
def sparse_mm_reduce_self__sum(grad, self, other, share):
    return where_stored(self, (grad * share) @ other.mT)


@rule(REDUCE, edge=1, example=f"torch.sparse.mm({HOLES}, leaf(4, 2), 'sum')", when=lambda reduce: reduce in ("sum", "mean"))
def sparse_mm_reduce_other__sum(grad, self, share):
    return self.mT @ (grad * share)


@rule(REDUCE, edge=0, example=f"torch.sparse.mm({HOLES}, leaf(4, 2), 'amax')")
def sparse_mm_reduce_self(grad, self, other, result1, column_of_extreme, stored_values):
    pulled = grad * other.gather(0, column_of_extreme)
    received = torch.zeros_like(stored_values).scatter_add(0, result1.flatten(), pulled.flatten())
    return put_values(self, received[:-1])


@rule(REDUCE, edge=1, example=f"torch.sparse.mm({HOLES}, leaf(4, 2), 'amin')")
def sparse_mm_reduce_other(grad, result1, column_of_extreme, stored_values, shape):
    return grad.new_zeros(shape).scatter_add(0, column_of_extreme, grad * stored_values[result1])
