"""Derivatives of the operations that take some elements out of a tensor: slices, rows, diagonals, lookups."""

import torch

from byhand.rules.positions import add_at, clamped, part, pick, send_back
from byhand.rules.table import forward, rule


@rule("SelectBackward0", edge=0, example="x.select(-1, 0)")
@rule("SelectBackward0_copy", edge=0, example="torch.select_copy(x, -1, 0)")
def select_self(grad, shape, dim, index):
    return grad.new_zeros(shape).select_scatter(grad, dim, index)


@forward("SelectBackward0", "SelectBackward0_copy")
def select(self, dim, index):
    return self.select(dim, index)


@rule("SliceBackward0", edge=0, example="x[..., 1:]")
@rule("SliceBackward0_copy", edge=0, example="torch.slice_copy(x, -1, 0, 3, 2)")
def slice_self(grad, shape, dim, start, end, step):
    return grad.new_zeros(shape).slice_scatter(grad, dim, start, end, step)


@forward("SliceBackward0", "SliceBackward0_copy")
def slice_of(self, dim, start, end, step):
    return part(self, dim, start, end, step)


@rule("NarrowCopyBackward0", edge=0, example="torch.narrow_copy(x, -1, 1, 2)")
def narrow_copy_self(grad, shape, dim, start, length):
    return grad.new_zeros(shape).slice_scatter(grad, dim, start, start + length)


@forward("NarrowCopyBackward0")
def narrow_copy(self, dim, start, length):
    return self.narrow(dim, start, length)


@rule("DiagonalBackward0", edge=0, example="x.diagonal(1, 0, -1)")
@rule("DiagonalBackward0_copy", edge=0, example="torch.diagonal_copy(x, 1, 0, -1)")
def diagonal_self(grad, shape, offset, dim1, dim2):
    return grad.new_zeros(shape).diagonal_scatter(grad, offset, dim1, dim2)


@forward("DiagonalBackward0", "DiagonalBackward0_copy")
def diagonal(self, offset, dim1, dim2):
    return self.diagonal(offset, dim1, dim2)


@rule("DiagEmbedBackward0", edge=0, example="torch.diag_embed(leaf(2, 3), 1, 0, 2)")
def diag_embed_self(grad, offset, dim1, dim2):
    return grad.diagonal(offset, dim1, dim2)


@forward("DiagEmbedBackward0")
def diag_embed(self, offset, dim1, dim2):
    return torch.diag_embed(self, offset, dim1, dim2)


@rule("TraceBackward0", edge=0, example="leaf(3, 4).trace()")
def trace_self(grad, shape):
    return grad.new_zeros(shape).diagonal_scatter(grad.expand(min(shape)))


@forward("TraceBackward0")
def trace(self):
    return self.trace()


@rule("TrilBackward0", edge=0, example="x.tril(-1)")
def tril_self(grad, diagonal):
    return grad.tril(diagonal)


@forward("TrilBackward0")
def tril(self, diagonal):
    return self.tril(diagonal)


@rule("TriuBackward0", edge=0, example="x.triu(1)")
def triu_self(grad, diagonal):
    return grad.triu(diagonal)


@forward("TriuBackward0")
def triu(self, diagonal):
    return self.triu(diagonal)


@rule(
    "EmbeddingBackward0",
    edge=0,
    example="(F.embedding(torch.tensor([2, 0]), leaf(5, 2), scale_grad_by_freq=True), "
    "F.embedding(integers(5, 3, 4), 0 * leaf(5, 2), padding_idx=1, scale_grad_by_freq=True))",
    when=lambda scale_grad_by_freq: scale_grad_by_freq,
)
def embedding_weight__by_frequency(grad, shape, indices, padding_idx):
    rows = indices.reshape(-1)
    occurrences = torch.bincount(rows, minlength=shape[0])[rows].unsqueeze(1)
    padding = (rows == padding_idx).unsqueeze(1)
    upstream = (grad.reshape(rows.shape[0], shape[1]) / occurrences).masked_fill(padding, 0)
    return grad.new_zeros(shape).index_add(0, rows, upstream)


@rule("EmbeddingBackward0", edge=0, example="F.embedding(integers(5, 3, 4), leaf(5, 2))", when=lambda padding_idx: padding_idx < 0)
def embedding_weight(grad, shape, indices):
    rows = indices.reshape(-1)
    return grad.new_zeros(shape).index_add(0, rows, grad.reshape(rows.shape[0], shape[1]))


@rule("EmbeddingBackward0", edge=0, example="F.embedding(integers(3, 3, 4), torch.tensor([[1], [0], [1]]) * leaf(3, 2), padding_idx=1)")
def embedding_weight__padding(grad, shape, indices, padding_idx):
    rows = indices.reshape(-1)
    upstream = grad.reshape(rows.shape[0], shape[1]).masked_fill((rows == padding_idx).unsqueeze(1), 0)
    return grad.new_zeros(shape).index_add(0, rows, upstream)


@forward("EmbeddingBackward0")
def embedding(weight, indices):
    return weight[indices]


@rule("IndexBackward0", edge=0, example="leaf(4, 5, 3)[:, integers(5, 6), integers(3, 2, 6)]")
@rule("UnsafeIndexBackward0", edge=0, example="torch.ops.aten._unsafe_index(leaf(4, 5), [None, integers(5, 6)])")
def index_self(grad, shape, indices):
    return add_at(grad.new_zeros(shape), indices, grad)


@forward("IndexBackward0", "UnsafeIndexBackward0")
def index(self, indices):
    return pick(self, indices)


@rule(
    "UnsafeMaskedIndexBackward0",
    edge=0,
    example="torch.ops.aten._unsafe_masked_index(leaf(4, 3), mask(5, 1), [integers(6, 5, 1) - 1, integers(3, 3)], 0.5)",
)
def unsafe_masked_index_self(grad, shape, mask, indices):
    return add_at(grad.new_zeros(shape), clamped(indices, shape), torch.where(mask, grad, 0))


@forward("UnsafeMaskedIndexBackward0")
def unsafe_masked_index(self, mask, indices, fill):
    return torch.where(mask, pick(self, clamped(indices, self.shape)), fill)


@rule("IndexSelectBackward0", edge=0, example="leaf(3, 4).index_select(1, integers(4, 6))")
def index_select_self(grad, shape, dim, index):
    return grad.new_zeros(shape).index_add(dim, index, grad)


@forward("IndexSelectBackward0")
def index_select(self, dim, index):
    return self.index_select(dim, index)


@rule("GatherBackward0", edge=0, example="leaf(3, 4).gather(1, integers(4, 2, 5))")
def gather_self(grad, shape, dim, index):
    return grad.new_zeros(shape).scatter_add(dim, index, grad)


@forward("GatherBackward0")
def gather(self, dim, index):
    return self.gather(dim, index)


@rule("TakeBackward0", edge=0, example="leaf(3, 4).take(integers(12, 2, 5) - 6)")
def take_self(grad, shape, index, self):
    return send_back(grad, index % self.numel(), shape)


@forward("TakeBackward0")
def take(self, index):
    return self.take(index)


@rule("MaskedSelectBackward0", edge=0, example="leaf(3, 1).masked_select(mask(3, 4))")
def masked_select_self(grad, shape, mask):
    return grad.new_zeros(torch.broadcast_shapes(shape, mask.shape)).masked_scatter(mask, grad)


@forward("MaskedSelectBackward0")
def masked_select(self, mask):
    return self.masked_select(mask)


@rule("EmbeddingDenseBackwardBackward0", edge=0, example="torch.ops.aten.embedding_dense_backward(leaf(4, 2), integers(3, 4), 3, 1, False)")
def embedding_dense_backward_grad_output(grad, indices, padding_idx):
    return grad[indices].masked_fill((indices == padding_idx).unsqueeze(-1), 0)


@rule("SelectBackwardBackward0", edge=0, example="torch.ops.aten.select_backward(leaf(3), (3, 4), 1, 2)")
def select_backward_grad_output(grad, dim, index):
    return grad.select(dim, index)


@rule("SliceBackwardBackward0", edge=0, example="torch.ops.aten.slice_backward(leaf(3, 2), (3, 4), 1, 0, 4, 2)")
def slice_backward_grad_output(grad, dim, start, end, step):
    return part(grad, dim, start, end, step)


@rule("DiagonalBackwardBackward0", edge=0, example="torch.ops.aten.diagonal_backward(leaf(3), (3, 4), 1, 0, 1)")
def diagonal_backward_grad_output(grad, offset, dim1, dim2):
    return grad.diagonal(offset, dim1, dim2)
