"""Derivatives of the operations that put tensors together or take one apart: cat, stack, block_diag, split, unbind."""

from dataclasses import dataclass

import torch

from byhand.errors import NoRule
from byhand.rules.table import EACH, forward, helper, rule, shared


@rule("StackBackward0", edge=EACH, example="torch.stack([x, y, x], -1)")
def stack_tensors(grad, dim, index):
    return grad.select(dim, index)


@forward("StackBackward0")
def stack(tensors, dim):
    return torch.stack(tensors, dim)


@rule("UnbindBackward0", edge=0, example="x.unbind(-1)")
@rule("UnbindBackward0_copy", edge=0, example="torch.unbind_copy(x, -1)")
def unbind_self(grads, dim):
    return torch.stack(grads, dim)


@forward("UnbindBackward0", "UnbindBackward0_copy")
def unbind(self, dim):
    return self.unbind(dim)


@rule("SplitBackward0", edge=0, example="x.split(2, -1)")
@rule("UnsafeSplitBackward0", edge=0, example="torch.unsafe_split(x, 2, -1)")
@rule("SplitWithSizesBackward0", edge=0, example="leaf(3, 5).split((2, 0, 3), -1)")
@rule("UnsafeSplitWithSizesBackward0", edge=0, example="torch.unsafe_split_with_sizes(leaf(3, 5), (2, 3), -1)")
@rule("SplitBackward0_copy", edge=0, example="torch.split_copy(x, 2, -1)")
@rule("SplitWithSizesBackward0_copy", edge=0, example="torch.split_with_sizes_copy(leaf(3, 5), (2, 3), -1)")
def split_self(grads, dim):
    return torch.cat(grads, dim)


@forward("SplitBackward0", "UnsafeSplitBackward0", "SplitBackward0_copy")
def split(self, split_size, dim):
    return self.split(split_size, dim)


@forward("SplitWithSizesBackward0", "UnsafeSplitWithSizesBackward0", "SplitWithSizesBackward0_copy")
def split_with_sizes(self, split_sizes, dim):
    return self.split(split_sizes, dim)


@dataclass(frozen=True, slots=True)
class Places:
    """Where each piece begins when pieces lie end to end; asking for one that PyTorch does not tell raises NoRule."""

    node: str
    begins: tuple[int | None, ...]

    def __getitem__(self, index: int) -> int:
        begin = self.begins[index]
        if begin is None:
            raise NoRule(
                self.node,
                index,
                len(self.begins),
                why="PyTorch keeps no size of an input that needs no gradient, and this one lies between two such inputs",
            )
        return begin


def places(node: str, lengths: list[int | None], total: int) -> Places:
    """Where pieces of these lengths begin. One unknown length follows from the total; of several, what lies outside them is still known."""
    if lengths.count(None) == 1:
        rest = total - sum(length for length in lengths if length is not None)
        lengths = [rest if length is None else length for length in lengths]
    before = _running(lengths)[:-1]
    ends = [None if length is None else total - length for length in _running(lengths[::-1])[:0:-1]]
    return Places(node, tuple(end if begin is None else begin for begin, end in zip(before, ends, strict=True)))


def _running(lengths: list[int | None]) -> list[int | None]:
    sums: list[int | None] = [0]
    for length in lengths:
        last = sums[-1]
        sums.append(None if last is None or length is None else last + length)
    return sums


@shared("CatBackward0")
def starts(grad, shapes, dim):
    """Where each tensor begins along the dimension; a legacy empty tensor of shape (0,) takes no room."""
    lengths = [None if shape is None else 0 if shape == (0,) else shape[dim] for shape in shapes]
    return places("CatBackward0", lengths, grad.shape[dim])


@rule(
    "CatBackward0",
    edge=EACH,
    example="torch.cat([leaf(2, 3), leaf(0)], 1)",
    when=lambda grad, shape: shape == (0,) and grad.ndim > 1,
)
def cat_tensors__empty(grad):
    return grad.new_zeros(0)


@rule("CatBackward0", edge=EACH, example="torch.cat([x, torch.cat([y, const(*x.shape)], -1)], -1)")
def cat_tensors(grad, shape, dim, index, starts):
    return grad.narrow(dim, starts[index], shape[dim])


@forward("CatBackward0")
def cat(tensors, dim):
    return torch.cat(tensors, dim)


@helper
def block_size(shape: tuple[int, ...]) -> tuple[int, int]:
    """The rows and columns of this tensor as a block: a number is 1 × 1, a vector one row."""
    rows, columns = (1, 1, *shape)[-2:]
    return rows, columns


@shared("BlockDiagBackward0")
def tops(grad, shapes):
    """The first row of each block."""
    return places("BlockDiagBackward0", [None if shape is None else block_size(shape)[0] for shape in shapes], grad.shape[0])


@shared("BlockDiagBackward0")
def lefts(grad, shapes):
    """The first column of each block."""
    return places("BlockDiagBackward0", [None if shape is None else block_size(shape)[1] for shape in shapes], grad.shape[1])


@rule("BlockDiagBackward0", edge=EACH, example="torch.block_diag(leaf(2, 3), leaf(3), leaf(), const(2, 2))")
def block_diag_tensors(grad, shape, index, tops, lefts):
    size = block_size(shape)
    block = grad.narrow(0, tops[index], size[0]).narrow(1, lefts[index], size[1])
    return block.reshape(shape)


@forward("BlockDiagBackward0")
def block_diag(tensors):
    return torch.block_diag(tensors)
