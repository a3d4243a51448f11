"""Derivatives of the operations that only rearrange a tensor: views, transposed, expanded, squeezed, flipped, repeated."""

import torch
from torch.nn import functional as F

from byhand.rules.positions import negated, permutation_back, sum_repeats
from byhand.rules.table import forward, rule


@rule("ViewBackward0", edge=0, example="x.view(-1)")
@rule("UnsafeViewBackward0", edge=0, example="torch.ops.aten._unsafe_view(x, (-1,))")
@rule("ReshapeAliasBackward0", edge=0, example="leaf(3, 4).mT.reshape(2, 2, 3)")
@rule("ViewBackward0_copy", edge=0, example="torch.view_copy(x, (-1,))")
@rule("ReshapeAliasBackward0_copy", edge=0, example="torch.ops.aten._reshape_alias_copy(leaf(3, 4), (4, 3), (3, 1))")
@rule("ReshapeCopyBackward0", edge=0, example="torch.ops.aten._reshape_copy(x, (-1,))")
@rule("MkldnnReshapeBackward0", edge=0, example="x.to_mkldnn().reshape(-1)")
def view_self(grad, shape):
    return grad.reshape(shape)


@forward(
    "ViewBackward0",
    "UnsafeViewBackward0",
    "ReshapeAliasBackward0",
    "ViewBackward0_copy",
    "ReshapeAliasBackward0_copy",
    "ReshapeCopyBackward0",
)
def view(self, size):
    return self.reshape(size)


@rule("SqueezeBackward0", edge=0, example="leaf(3, 1, 4, 1).squeeze()")
@rule("SqueezeBackward1", edge=0, example="leaf(3, 1, 4).squeeze(1)")
@rule("SqueezeBackward2", edge=0, example="leaf(3, 1, 4, 1).squeeze((1, -1))")
@rule("SqueezeBackward3", edge=0, example="leaf(3, 1, 4, 1).clone().squeeze_()")
@rule("SqueezeBackward4", edge=0, example="leaf(3, 1, 4).clone().squeeze_(1)")
@rule("SqueezeBackward5", edge=0, example="leaf(3, 1, 4, 1).clone().squeeze_((1, -1))")
@rule("SqueezeBackward0_copy", edge=0, example="torch.squeeze_copy(leaf(3, 1, 4, 1))")
@rule("SqueezeBackward1_copy", edge=0, example="torch.squeeze_copy(leaf(3, 1, 4), 1)")
@rule("SqueezeBackward2_copy", edge=0, example="torch.squeeze_copy(leaf(3, 1, 4, 1), (1, -1))")
def squeeze_self(grad, shape):
    return grad.reshape(shape)


@forward("SqueezeBackward0", "SqueezeBackward3", "SqueezeBackward0_copy")
def squeeze(self):
    return self.squeeze()


@forward("SqueezeBackward1", "SqueezeBackward2", "SqueezeBackward4", "SqueezeBackward5", "SqueezeBackward1_copy", "SqueezeBackward2_copy")
def squeeze_dim(self, dim):
    return self.squeeze(dim)


@rule("UnsqueezeBackward0", edge=0, example="x.unsqueeze(-1)")
@rule("UnsqueezeBackward1", edge=0, example="x.clone().unsqueeze_(0)")
@rule("UnsqueezeBackward0_copy", edge=0, example="torch.unsqueeze_copy(x, 0)")
def unsqueeze_self(grad, dim):
    return grad.squeeze(dim)


@forward("UnsqueezeBackward0", "UnsqueezeBackward1", "UnsqueezeBackward0_copy")
def unsqueeze(self, dim):
    return self.unsqueeze(dim)


@rule("TBackward0", edge=0, example="x.t()")
@rule("TBackward1", edge=0, example="x.clone().t_()")
@rule("TBackward0_copy", edge=0, example="torch.t_copy(x)")
def t_self(grad):
    return grad.t()


@forward("TBackward0", "TBackward1", "TBackward0_copy")
def t(self):
    return self.t()


@rule("TransposeBackward0", edge=0, example="x.transpose(0, -1)")
@rule("TransposeBackward1", edge=0, example="x.clone().transpose_(0, -1)")
@rule("TransposeBackward0_copy", edge=0, example="torch.transpose_copy(x, 0, -1)")
def transpose_self(grad, dim0, dim1):
    return grad.transpose(dim0, dim1)


@forward("TransposeBackward0", "TransposeBackward1", "TransposeBackward0_copy")
def transpose(self, dim0, dim1):
    return self.transpose(dim0, dim1)


@rule("PermuteBackward0", edge=0, example="leaf(2, 3, 4).permute(2, 0, -2)")
@rule("PermuteBackward0_copy", edge=0, example="torch.permute_copy(leaf(2, 3, 4), (2, 0, -2))")
def permute_self(grad, dims):
    return grad.permute(permutation_back(dims))


@forward("PermuteBackward0", "PermuteBackward0_copy")
def permute(self, dims):
    return self.permute(dims)


@rule("ExpandBackward0", edge=0, example="x.expand(2, *x.shape)")
@rule("ExpandBackward0_copy", edge=0, example="torch.expand_copy(x, (2, *x.shape))")
def expand_self(grad):
    return grad


@forward("ExpandBackward0", "ExpandBackward0_copy")
def expand(self, size):
    return self.expand(size)


@rule("RepeatBackward0", edge=0, example="leaf(2, 1).repeat(2, 3, 2)")
def repeat_self(grad, repeats, shape):
    return sum_repeats(grad, repeats, shape)


@forward("RepeatBackward0")
def repeat(self, repeats):
    return self.repeat(repeats)


@rule("FlipBackward0", edge=0, example="x.flip(0, -1)")
def flip_self(grad, dims):
    return grad.flip(dims)


@forward("FlipBackward0")
def flip(self, dims):
    return self.flip(dims)


@rule("RollBackward0", edge=0, example="x.roll((1, 2), (0, 1))")
def roll_self(grad, shifts, dims):
    return grad.roll(negated(shifts), dims)


@forward("RollBackward0")
def roll(self, shifts, dims):
    return self.roll(shifts, dims)


@rule("Rot90Backward0", edge=0, example="x.rot90(1, (0, 1))")
def rot90_self(grad, k, dims):
    return grad.rot90(-k, dims)


@forward("Rot90Backward0")
def rot90(self, k, dims):
    return self.rot90(k, dims)


@rule("PixelShuffleBackward0", edge=0, example="F.pixel_shuffle(leaf(2, 8, 3, 2), 2)")
def pixel_shuffle_self(grad, upscale_factor):
    return F.pixel_unshuffle(grad, upscale_factor)


@forward("PixelShuffleBackward0")
def pixel_shuffle(self, upscale_factor):
    return F.pixel_shuffle(self, upscale_factor)


@rule("PixelUnshuffleBackward0", edge=0, example="F.pixel_unshuffle(leaf(2, 2, 4, 6), 2)")
def pixel_unshuffle_self(grad, downscale_factor):
    return F.pixel_shuffle(grad, downscale_factor)


@forward("PixelUnshuffleBackward0")
def pixel_unshuffle(self, downscale_factor):
    return F.pixel_unshuffle(self, downscale_factor)


@rule("ChannelShuffleBackward0", edge=0, example="F.channel_shuffle(leaf(2, 6, 3, 2), 2)")
def channel_shuffle_self(grad, groups):
    return torch.channel_shuffle(grad, grad.shape[1] // groups)


@forward("ChannelShuffleBackward0")
def channel_shuffle(self, groups):
    return torch.channel_shuffle(self, groups)


@rule("ViewAsRealBackward0", edge=0, example="torch.view_as_real(torch.complex(x, y))")
@rule("ViewAsRealBackward0_copy", edge=0, example="torch.view_as_real_copy(torch.complex(x, y))")
def view_as_real_self(grad):
    return torch.view_as_complex(grad.contiguous())


@forward("ViewAsRealBackward0", "ViewAsRealBackward0_copy")
def view_as_real(self):
    return torch.view_as_real(self)


@rule("ViewAsComplexBackward0", edge=0, example="torch.view_as_complex(torch.stack([x, y], -1))")
def view_as_complex_self(grad):
    return torch.view_as_real(grad.resolve_conj())


@forward("ViewAsComplexBackward0")
def view_as_complex(self):
    return torch.view_as_complex(self)
