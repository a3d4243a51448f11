"""Derivatives of sparse tensors: only the places that a tensor stores take part, all others are zero and stay so."""

import torch

from byhand.rules.helpers import restore_dims
from byhand.rules.table import forward, helper, rule

GAPS = "torch.tensor([[1.0, 0, 1, 1], [0, 1, 0, 1], [1, 1, 1, 0]])"
COO = f"(leaf(3, 4) * {GAPS}).to_sparse()"
PLACES = "torch.tensor([[0, 0, 2], [1, 3, 0]])"
TWICE = "torch.tensor([[0, 0, 2], [1, 1, 0]])"


@helper
def put_values(pattern: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Puts the values where the sparse tensor stores its own, zeros everywhere else; values for one place are added up."""
    if pattern.layout is torch.sparse_coo:
        return torch.sparse_coo_tensor(pattern._indices(), values, pattern.shape, check_invariants=False).to_dense()
    by_row = pattern.layout in (torch.sparse_csr, torch.sparse_bsr)
    ends = pattern.crow_indices() if by_row else pattern.ccol_indices()
    inner = pattern.col_indices() if by_row else pattern.row_indices()
    return torch.sparse_compressed_tensor(ends, inner, values, pattern.shape, layout=pattern.layout, check_invariants=False).to_dense()


def stored(pattern: torch.Tensor) -> torch.Tensor:
    """The values that a sparse tensor stores, in its own order, coalesced or not."""
    return pattern._values() if pattern.layout is torch.sparse_coo else pattern.values()


@helper
def values_at(value: torch.Tensor, pattern: torch.Tensor) -> torch.Tensor:
    """Reads the value at every place that the sparse tensor stores, in its order."""
    if pattern.layout is torch.sparse_coo:
        return value.to_dense()[tuple(pattern._indices())]
    return value.to_dense().sparse_mask(pattern).values()


@helper
def times_stored(pattern: torch.Tensor) -> torch.Tensor:
    """How often the sparse tensor stores each place: 1 where it has a value, 0 where it has none."""
    return put_values(pattern, torch.ones_like(stored(pattern)))


@helper
def where_stored(pattern: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """The value where the sparse tensor stores an element, zero everywhere else."""
    if pattern.layout is torch.strided:
        return value
    return torch.where(times_stored(pattern) != 0, value, 0)


@rule("ToSparseBackward0", edge=0, example="leaf(3, 4).to_sparse(1)")
@rule("ToSparseBackward1", edge=0, example="leaf(3, 4).to_sparse()")
@rule("ToSparseCsrBackward0", edge=0, example="leaf(3, 4).to_sparse_csr()")
@rule("ToSparseCscBackward0", edge=0, example="leaf(3, 4).to_sparse_csc()")
@rule("ToSparseBsrBackward0", edge=0, example="leaf(4, 4).to_sparse_bsr((2, 2))")
@rule("ToSparseBscBackward0", edge=0, example="leaf(4, 4).to_sparse_bsc((2, 2))")
def to_sparse_self(grad):
    return grad.to_dense()


@forward(
    "ToSparseBackward0", "ToSparseBackward1", "ToSparseCsrBackward0", "ToSparseCscBackward0", "ToSparseBsrBackward0", "ToSparseBscBackward0"
)
def to_sparse(self):
    return self


@rule("ToDenseBackward0", edge=0, example=f"{COO}.to_dense()")
def to_dense_self(grad, self):
    return where_stored(self, grad)


@forward("ToDenseBackward0")
def to_dense(self):
    return self.to_dense()


@rule("ValuesBackward0", edge=0, example=f"{COO}.coalesce().values()")
@rule("ValuesBackward0_copy", edge=0, example="torch.ops.aten.values_copy(leaf(3, 4).to_sparse_csr())")
def values_self(grad, self):
    return put_values(self, grad)


@rule("SparseCooTensorWithDimsAndTensorsBackward0", edge=0, example=f"torch.sparse_coo_tensor({TWICE}, leaf(3), (3, 4))")
@rule(
    "SparseCompressedTensorBackward0",
    edge=0,
    example="torch.sparse_csr_tensor(torch.tensor([0, 2, 3]), torch.tensor([0, 2, 1]), leaf(3), (2, 3))",
)
def sparse_tensor_values(grad, result):
    return values_at(grad, result)


@rule("SparseMaskBackward0", edge=0, example=f"leaf(3, 4).sparse_mask(torch.sparse_coo_tensor({PLACES}, torch.ones(3), (3, 4)).coalesce())")
def sparse_mask_self(grad, mask):
    times = times_stored(mask)
    return torch.where(times == 0, 0, grad.to_dense() * times)


@rule("SparseSumBackward0", edge=0, example=f"torch.sparse.sum({COO}, 0)")
def sparse_sum_self(grad, self, dim):
    return where_stored(self, restore_dims(grad.to_dense(), self.shape, dim, False))


@rule("SparseSoftmaxBackward0", edge=0, example="torch.sparse.softmax(leaf(3, 4).to_sparse(), 1)")
def sparse_softmax_self(grad, result, dim):
    share = result.to_dense()
    pulled = share * grad.to_dense()
    return pulled - share * pulled.sum(dim, keepdim=True)


@rule("SparseLogSoftmaxBackward0", edge=0, example="torch.sparse.log_softmax(leaf(3, 4).to_sparse(), 1)")
def sparse_log_softmax_self(grad, result, dim):
    stored_grad = where_stored(result, grad.to_dense())
    return where_stored(result, stored_grad - torch.exp(result.to_dense()) * stored_grad.sum(dim, keepdim=True))
