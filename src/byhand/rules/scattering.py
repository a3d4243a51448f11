"""Derivatives of the operations that write into a copy of a tensor: scatter, index_put, index_add, slice_scatter."""

import math

import torch
from torch.nn import functional as F

from byhand.rules.helpers import conj
from byhand.rules.positions import clamped, part, pick, strided, zero_at
from byhand.rules.table import forward, rule

MASKED_PUT = (
    "torch.ops.aten._unsafe_masked_index_put_accumulate(leaf(4, 3), mask(5, 1), [integers(6, 5, 1) - 1, integers(3, 3)], leaf(5, 3))"
)


@rule("SelectScatterBackward0", edge=0, example="torch.select_scatter(leaf(3, 4), leaf(3), 1, 2)")
def select_scatter_self(grad, dim, index):
    return grad.select_scatter(torch.zeros_like(grad.select(dim, index)), dim, index)


@rule("SelectScatterBackward0", edge=1, example="torch.select_scatter(leaf(3, 4), leaf(3), 1, 2)")
def select_scatter_src(grad, dim, index):
    return grad.select(dim, index)


@forward("SelectScatterBackward0")
def select_scatter(self, src, dim, index):
    return self.select_scatter(src, dim, index)


@rule("SliceScatterBackward0", edge=0, example="torch.slice_scatter(leaf(3, 4), leaf(3, 2), 1, 0, 4, 2)")
def slice_scatter_self(grad, dim, start, end, step):
    return grad.slice_scatter(torch.zeros_like(part(grad, dim, start, end, step)), dim, start, end, step)


@rule("SliceScatterBackward0", edge=1, example="torch.slice_scatter(leaf(3, 4), leaf(3, 2), 1, 0, 4, 2)")
def slice_scatter_src(grad, dim, start, end, step):
    return part(grad, dim, start, end, step)


@forward("SliceScatterBackward0")
def slice_scatter(self, src, dim, start, end, step):
    return self.slice_scatter(src, dim, start, end, step)


@rule("DiagonalScatterBackward0", edge=0, example="torch.diagonal_scatter(leaf(3, 4), leaf(3), 1)")
def diagonal_scatter_self(grad, offset, dim1, dim2):
    return grad.diagonal_scatter(torch.zeros_like(grad.diagonal(offset, dim1, dim2)), offset, dim1, dim2)


@rule("DiagonalScatterBackward0", edge=1, example="torch.diagonal_scatter(leaf(3, 4), leaf(3), 1)")
def diagonal_scatter_src(grad, offset, dim1, dim2):
    return grad.diagonal(offset, dim1, dim2)


@forward("DiagonalScatterBackward0")
def diagonal_scatter(self, src, offset, dim1, dim2):
    return self.diagonal_scatter(src, offset, dim1, dim2)


@rule("ScatterAddBackward0", edge=0, example="leaf(3, 4).scatter_add(1, integers(4, 3, 5), leaf(3, 5))")
def scatter_add_self(grad):
    return grad


@rule("ScatterAddBackward0", edge=1, example="leaf(3, 4).scatter_add(1, integers(4, 3, 5), leaf(3, 5))")
def scatter_add_src(grad, dim, index):
    return grad.gather(dim, index)


@forward("ScatterAddBackward0")
def scatter_add(self, src, dim, index):
    return self.scatter_add(dim, index, src)


@rule("ScatterBackward0", edge=0, example="leaf(3, 4).scatter(1, torch.tensor([[0, 2], [3, 1]]), leaf(2, 2))")
@rule("ScatterBackward1", edge=0, example="leaf(3, 4).scatter(1, torch.tensor([[0, 2], [3, 1]]), 5.0)")
def scatter_self(grad, dim, index):
    return grad.scatter(dim, index, 0)


@rule("ScatterBackward0", edge=1, example="leaf(3, 4).scatter(1, torch.tensor([[0, 2], [3, 1]]), leaf(2, 2))")
def scatter_src(grad, dim, index):
    return grad.gather(dim, index)


@forward("ScatterBackward0")
def scatter(self, src, dim, index):
    return self.scatter(dim, index, src)


@forward("ScatterBackward1")
def scatter_value(self, value, dim, index):
    return self.scatter(dim, index, value)


@rule("IndexAddBackward0", edge=0, example="leaf(3, 4).index_add(1, integers(4, 5), leaf(3, 5), alpha=2)")
def index_add_self(grad):
    return grad


@rule("IndexAddBackward0", edge=1, example="leaf(3, 4).index_add(1, integers(4, 5), leaf(3, 5), alpha=2)")
def index_add_source(grad, shape, dim, index, alpha):
    return grad.index_select(dim, index.reshape(-1)).reshape(shape) * conj(alpha)


@forward("IndexAddBackward0")
def index_add(self, source, dim, index, alpha):
    return self.index_add(dim, index, source, alpha=alpha)


@rule("IndexCopyBackward0", edge=0, example="leaf(3, 4).index_copy(1, torch.tensor([3, 0]), leaf(3, 2))")
@rule("IndexFillBackward0", edge=0, example="leaf(3, 4).index_fill(1, torch.tensor([3, 0]), 5.0)")
@rule("IndexFillBackward1", edge=0, example="leaf(3, 4).index_fill(1, torch.tensor([3, 0]), leaf())")
def index_copy_self(grad, dim, index):
    return grad.index_fill(dim, index, 0)


@rule("IndexCopyBackward0", edge=1, example="leaf(3, 4).index_copy(1, torch.tensor([3, 0]), leaf(3, 2))")
def index_copy_source(grad, shape, dim, index):
    return grad.index_select(dim, index.reshape(-1)).reshape(shape)


@rule("IndexFillBackward1", edge=1, example="leaf(3, 4).index_fill(1, torch.tensor([3, 0, 3]), leaf())")
def index_fill_value(grad, dim, index):
    return grad.index_select(dim, index.unique()).sum()


@forward("IndexCopyBackward0")
def index_copy(self, source, dim, index):
    return self.index_copy(dim, index, source)


@forward("IndexFillBackward0", "IndexFillBackward1")
def index_fill(self, value, dim, index):
    return self.index_fill(dim, index, value)


@rule(
    "IndexPutBackward0",
    edge=0,
    example="leaf(4, 3).index_put((integers(4, 6),), leaf(6, 3), accumulate=True)",
    when=lambda accumulate: accumulate,
)
@rule(
    "IndexPutImplBackward0",
    edge=0,
    example="torch.ops.aten._index_put_impl(leaf(4, 3), [integers(4, 6)], leaf(6, 3), True)",
    when=lambda accumulate: accumulate,
)
@rule(
    "UnsafeIndexPutBackward0",
    edge=0,
    example="torch.ops.aten._unsafe_index_put(leaf(4, 3), [integers(4, 6)], leaf(6, 3), True)",
    when=lambda accumulate: accumulate,
)
@rule("UnsafeMaskedIndexPutAccumulateBackward0", edge=0, example=MASKED_PUT)
def index_put_self__accumulate(grad):
    return grad


@rule("IndexPutBackward0", edge=0, example="leaf(4, 3).index_put((torch.tensor([2, 0]),), leaf(2, 3))")
@rule("IndexPutImplBackward0", edge=0, example="torch.ops.aten._index_put_impl(leaf(4, 3), [torch.tensor([2, 0])], leaf(2, 3))")
@rule("UnsafeIndexPutBackward0", edge=0, example="torch.ops.aten._unsafe_index_put(leaf(4, 3), [torch.tensor([2, 0])], leaf(2, 3))")
def index_put_self(grad, indices):
    return zero_at(grad, indices)


@rule("IndexPutBackward0", edge=1, example="leaf(4, 3).index_put((torch.tensor([2, 0]),), leaf(3))")
@rule("IndexPutImplBackward0", edge=1, example="torch.ops.aten._index_put_impl(leaf(4, 3), [torch.tensor([2, 0])], leaf(3))")
@rule("UnsafeIndexPutBackward0", edge=1, example="torch.ops.aten._unsafe_index_put(leaf(4, 3), [torch.tensor([2, 0])], leaf(3))")
def index_put_values(grad, indices):
    return pick(grad, indices)


@rule("UnsafeMaskedIndexPutAccumulateBackward0", edge=1, example=MASKED_PUT)
def unsafe_masked_index_put_accumulate_values(grad, mask, indices):
    return torch.where(mask, pick(grad, clamped(indices, grad.shape)), 0)


@forward("IndexPutBackward0", "IndexPutImplBackward0", "UnsafeIndexPutBackward0")
def index_put(self, values, indices, accumulate):
    return self.index_put(indices, values, accumulate)


@rule("PutBackward0", edge=0, example="leaf(3, 4).put(integers(12, 5), leaf(5), accumulate=True)", when=lambda accumulate: accumulate)
def put_self__accumulate(grad):
    return grad


@rule("PutBackward0", edge=0, example="leaf(3, 4).put(torch.tensor([3, -1]), leaf(2))")
def put_self(grad, index):
    return grad.put(index, grad.new_zeros(index.shape))


@rule("PutBackward0", edge=1, example="leaf(3, 4).put(torch.tensor([3, -1]), leaf(2))")
def put_source(grad, shape, index):
    return grad.take(index).reshape(shape)


@forward("PutBackward0")
def put(self, source, index, accumulate):
    return self.put(index, source, accumulate)


@rule("MaskedScatterBackward0", edge=0, example="leaf(3, 4).masked_scatter(mask(3, 4), leaf(12))")
def masked_scatter_self(grad, mask):
    return grad.masked_fill(mask, 0)


@rule("MaskedScatterBackward0", edge=1, example="leaf(3, 4).masked_scatter(mask(3, 4), leaf(12))")
def masked_scatter_source(grad, shape, mask):
    used = grad.masked_select(mask)
    return F.pad(used, (0, math.prod(shape) - used.numel())).reshape(shape)


@forward("MaskedScatterBackward0")
def masked_scatter(self, source, mask):
    return self.masked_scatter(mask, source)


@rule("AsStridedScatterBackward0", edge=0, example="torch.as_strided_scatter(leaf(3, 4), leaf(2, 3), (2, 3), (4, 1), 1)")
def as_strided_scatter_self(grad, shape, size, stride, storage_offset):
    places = strided(size, stride, storage_offset, grad)
    return grad.reshape(-1).index_fill(0, places.reshape(-1), 0).reshape(shape)


@rule("AsStridedScatterBackward0", edge=1, example="torch.as_strided_scatter(leaf(3, 4), leaf(2, 3), (2, 3), (4, 1), 1)")
def as_strided_scatter_src(grad, size, stride, storage_offset):
    return grad.reshape(-1)[strided(size, stride, storage_offset, grad)]


@forward("AsStridedScatterBackward0")
def as_strided_scatter(self, src, size, stride, storage_offset):
    return torch.as_strided_scatter(self, src, size, stride, storage_offset)
