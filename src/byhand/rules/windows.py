"""Derivatives of padding and of sliding windows: pad, unfold, im2col, as_strided."""

import torch
from torch.nn import functional as F

from byhand.rules.positions import negated, positions, send_back, strided, through_memory
from byhand.rules.table import forward, rule


@rule("ConstantPadNdBackward0", edge=0, example="F.pad(leaf(3, 4), (2, -1, 0, 3), value=1.5)")
def constant_pad_nd_self(grad, pad):
    return F.pad(grad, negated(pad))


@forward("ConstantPadNdBackward0")
def constant_pad_nd(self, pad, value):
    return F.pad(self, pad, value=value)


@rule("ReflectionPad1DBackward0", edge=0, example="F.pad(leaf(2, 3, 4), (2, 1), mode='reflect')")
@rule("ReflectionPad2DBackward0", edge=0, example="F.pad(leaf(2, 3, 4, 5), (2, 1, 0, 3), mode='reflect')")
@rule("ReflectionPad3DBackward0", edge=0, example="F.pad(leaf(2, 2, 3, 4, 3), (2, 1, 0, 3, 1, 1), mode='reflect')")
def reflection_pad_self(grad, shape, padding):
    return send_back(grad, F.pad(positions(shape, grad), padding, mode="reflect"), shape)


@forward("ReflectionPad1DBackward0", "ReflectionPad2DBackward0", "ReflectionPad3DBackward0")
def reflection_pad(self, padding):
    return F.pad(self, padding, mode="reflect")


@rule("ReplicationPad1DBackward0", edge=0, example="F.pad(leaf(2, 3, 4), (2, 5), mode='replicate')")
@rule("ReplicationPad2DBackward0", edge=0, example="F.pad(leaf(2, 3, 4, 5), (2, 1, 0, 6), mode='replicate')")
@rule("ReplicationPad3DBackward0", edge=0, example="F.pad(leaf(2, 2, 3, 4, 3), (2, 1, 0, 3, 1, 1), mode='replicate')")
def replication_pad_self(grad, shape, padding):
    return send_back(grad, F.pad(positions(shape, grad), padding, mode="replicate"), shape)


@forward("ReplicationPad1DBackward0", "ReplicationPad2DBackward0", "ReplicationPad3DBackward0")
def replication_pad(self, padding):
    return F.pad(self, padding, mode="replicate")


@rule("UnfoldBackward0", edge=0, example="x.unfold(-1, 2, 1)")
@rule("UnfoldBackward0_copy", edge=0, example="torch.unfold_copy(x, -1, 2, 1)")
def unfold_self(grad, shape, dimension, size, step):
    return send_back(grad, positions(shape, grad).unfold(dimension, size, step), shape)


@forward("UnfoldBackward0", "UnfoldBackward0_copy")
def unfold(self, dimension, size, step):
    return self.unfold(dimension, size, step)


@rule("Im2ColBackward0", edge=0, example="F.unfold(leaf(2, 3, 5, 6), (2, 3), dilation=2, padding=1, stride=2)")
def im2col_self(grad, shape, kernel_size, dilation, padding, stride):
    return F.fold(grad, shape[-2:], kernel_size, dilation, padding, stride)


@forward("Im2ColBackward0")
def im2col(self, kernel_size, dilation, padding, stride):
    return F.unfold(self, kernel_size, dilation, padding, stride)


@rule("Col2ImBackward0", edge=0, example="F.fold(leaf(2, 12, 12), (4, 5), (2, 2))")
def col2im_self(grad, kernel_size, dilation, padding, stride):
    return F.unfold(grad, kernel_size, dilation, padding, stride)


@forward("Col2ImBackward0")
def col2im(self, output_size, kernel_size, dilation, padding, stride):
    return F.fold(self, output_size, kernel_size, dilation, padding, stride)


@rule("AsStridedBackward0", edge=0, example="leaf(3, 4).as_strided((2, 3), (2, 1))", when=lambda storage_offset: storage_offset is None)
@rule(
    "AsStridedBackward1",
    edge=0,
    example="leaf(3, 4).clone(memory_format=torch.contiguous_format).as_strided_((2, 3), (2, 1))",
    when=lambda storage_offset: storage_offset is None,
)
@rule(
    "AsStridedBackward0_copy",
    edge=0,
    example="torch.as_strided_copy(leaf(3, 4), (2, 3), (2, 1))",
    when=lambda storage_offset: storage_offset is None,
)
def as_strided_self__from_its_start(grad, shape, receiver_stride, receiver_offset, size, stride):
    places = strided(shape, receiver_stride, receiver_offset, grad)
    return through_memory(grad, strided(size, stride, receiver_offset, grad), places)


@rule("AsStridedBackward0", edge=0, example="leaf(3, 4).as_strided((2, 3), (2, 1), 1)")
@rule("AsStridedBackward1", edge=0, example="leaf(3, 4).clone(memory_format=torch.contiguous_format).as_strided_((2, 3), (2, 1), 1)")
@rule("AsStridedBackward0_copy", edge=0, example="torch.as_strided_copy(leaf(3, 4), (2, 3), (2, 1), 1)")
def as_strided_self(grad, shape, receiver_stride, receiver_offset, size, stride, storage_offset):
    places = strided(shape, receiver_stride, receiver_offset, grad)
    return through_memory(grad, strided(size, stride, storage_offset, grad), places)


@forward("AsStridedBackward0", "AsStridedBackward1", "AsStridedBackward0_copy")
def as_strided(self, size, stride, storage_offset):
    return torch.as_strided(self, size, stride, storage_offset)


@rule("UnfoldBackwardBackward0", edge=0, example="torch.ops.aten.unfold_backward(leaf(3, 3, 2), (3, 4), 1, 2, 1)")
def unfold_backward_grad_in(grad, dim, size, step):
    return grad.unfold(dim, size, step)
