"""Derivatives of the matrix products: each operand receives the upstream gradient times the other operand, transposed."""

import torch
from torch.nn import functional as F

from byhand.rules.helpers import conj, rows
from byhand.rules.table import forward, helper, rule


@rule("DotBackward0", edge=0, example="torch.dot(leaf(3), leaf(3))")
def dot_self(grad, tensor):
    return grad * conj(tensor)


@rule("DotBackward0", edge=1, example="torch.dot(leaf(3), leaf(3))")
def dot_tensor(grad, self):
    return grad * conj(self)


@forward("DotBackward0")
def dot(self, tensor):
    return self.dot(tensor)


@rule("VdotBackward0", edge=0, example="torch.vdot(torch.complex(leaf(3), leaf(3)), torch.complex(leaf(3), leaf(3)))")
def vdot_self(grad, other):
    return conj(grad) * other


@rule("VdotBackward0", edge=1, example="torch.vdot(torch.complex(leaf(3), leaf(3)), torch.complex(leaf(3), leaf(3)))")
def vdot_other(grad, self):
    return grad * self


@forward("VdotBackward0")
def vdot(self, other):
    return torch.vdot(self, other)


@rule("MvBackward0", edge=0, example="leaf(3, 4) @ leaf(4)")
def mv_self(grad, vec):
    return torch.outer(grad, conj(vec))


@rule("MvBackward0", edge=1, example="leaf(3, 4) @ leaf(4)")
def mv_vec(grad, self):
    return conj(self).mT @ grad


@forward("MvBackward0")
def mv(self, vec):
    return self @ vec


@rule("MmBackward0", edge=0, example="leaf(2, 3) @ leaf(3, 4)")
def mm_self(grad, mat2):
    return grad @ conj(mat2).T


@rule("MmBackward0", edge=1, example="leaf(2, 3) @ leaf(3, 4)")
def mm_mat2(grad, self):
    return conj(self).mT @ grad


@forward("MmBackward0")
def mm(self, mat2):
    return self @ mat2


@rule("BmmBackward0", edge=0, example="leaf(5, 2, 3) @ leaf(5, 3, 4)")
def bmm_self(grad, mat2):
    return grad @ conj(mat2).mT


@rule("BmmBackward0", edge=1, example="leaf(5, 2, 3) @ leaf(5, 3, 4)")
def bmm_mat2(grad, self):
    return conj(self).mT @ grad


@forward("BmmBackward0")
def bmm(self, mat2):
    return self @ mat2


@rule("AddmmBackward0", edge=0, example="F.linear(leaf(2, 3), leaf(4, 3), leaf(4))", when=lambda beta: beta == 1)
def addmm_self(grad):
    return grad


@rule("AddmmBackward0", edge=0, example="torch.addmm(leaf(4), leaf(2, 3), leaf(3, 4), beta=3, alpha=2)")
def addmm_self__scaled(grad, beta):
    return grad * conj(beta)


@rule("AddmmBackward0", edge=1, example="F.linear(leaf(2, 3), leaf(4, 3), leaf(4))", when=lambda alpha: alpha == 1)
def addmm_mat1(grad, mat2):
    return grad @ conj(mat2).T


@rule("AddmmBackward0", edge=1, example="torch.addmm(leaf(4), leaf(2, 3), leaf(3, 4), beta=3, alpha=2)")
def addmm_mat1__scaled(grad, mat2, alpha):
    return conj(alpha) * (grad @ conj(mat2).T)


@rule("AddmmBackward0", edge=2, example="F.linear(leaf(2, 3), leaf(4, 3), leaf(4))", when=lambda alpha: alpha == 1)
def addmm_mat2(grad, mat1):
    return conj(mat1).mT @ grad


@rule("AddmmBackward0", edge=2, example="torch.addmm(leaf(4), leaf(2, 3), leaf(3, 4), beta=3, alpha=2)")
def addmm_mat2__scaled(grad, mat1, alpha):
    return conj(alpha) * (conj(mat1).mT @ grad)


@forward("AddmmBackward0")
def addmm(self, mat1, mat2, alpha, beta):
    return beta * self + alpha * (mat1 @ mat2)


@rule("LinearBackward0", edge=0, example="F.linear(leaf(2, 5, 3).to('mps'), leaf(4, 3).to('mps'), leaf(4).to('mps'))")
def linear_input(grad, weight):
    return grad @ conj(weight)


@rule("LinearBackward0", edge=1, example="F.linear(leaf(2, 5, 3).to('mps'), leaf(4, 3).to('mps'), leaf(4).to('mps'))")
def linear_weight(grad, input):
    return rows(grad).T @ conj(rows(input))


@rule("LinearBackward0", edge=2, example="F.linear(leaf(2, 5, 3).to('mps'), leaf(4, 3).to('mps'), leaf(4).to('mps'))")
def linear_bias(grad):
    return grad


@forward("LinearBackward0")
def linear(input, weight, bias):
    return input @ weight.T + bias


@rule("BaddbmmBackward0", edge=0, example="torch.baddbmm(leaf(2, 4), leaf(5, 2, 3), leaf(5, 3, 4), beta=3, alpha=2)")
def baddbmm_self(grad, beta):
    return grad * conj(beta)


@rule("BaddbmmBackward0", edge=1, example="torch.baddbmm(leaf(2, 4), leaf(5, 2, 3), leaf(5, 3, 4), beta=3, alpha=2)")
def baddbmm_batch1(grad, batch2, alpha):
    return conj(alpha) * (grad @ conj(batch2).mT)


@rule("BaddbmmBackward0", edge=2, example="torch.baddbmm(leaf(2, 4), leaf(5, 2, 3), leaf(5, 3, 4), beta=3, alpha=2)")
def baddbmm_batch2(grad, batch1, alpha):
    return conj(alpha) * (conj(batch1).mT @ grad)


@forward("BaddbmmBackward0")
def baddbmm(self, batch1, batch2, alpha, beta):
    return beta * self + alpha * (batch1 @ batch2)


@rule("AddbmmBackward0", edge=0, example="torch.addbmm(leaf(2, 4), leaf(5, 2, 3), leaf(5, 3, 4), beta=3, alpha=2)")
def addbmm_self(grad, beta):
    return grad * conj(beta)


@rule("AddbmmBackward0", edge=1, example="torch.addbmm(leaf(2, 4), leaf(5, 2, 3), leaf(5, 3, 4), beta=3, alpha=2)")
def addbmm_batch1(grad, batch2, alpha):
    return conj(alpha) * (grad @ conj(batch2).mT)


@rule("AddbmmBackward0", edge=2, example="torch.addbmm(leaf(2, 4), leaf(5, 2, 3), leaf(5, 3, 4), beta=3, alpha=2)")
def addbmm_batch2(grad, batch1, alpha):
    return conj(alpha) * (conj(batch1).mT @ grad)


@forward("AddbmmBackward0")
def addbmm(self, batch1, batch2, alpha, beta):
    return beta * self + alpha * (batch1 @ batch2).sum(0)


@rule("AddmvBackward0", edge=0, example="torch.addmv(leaf(3), leaf(3, 4), leaf(4), beta=3, alpha=2)")
def addmv_self(grad, beta):
    return grad * conj(beta)


@rule("AddmvBackward0", edge=1, example="torch.addmv(leaf(3), leaf(3, 4), leaf(4), beta=3, alpha=2)")
def addmv_mat(grad, vec, alpha):
    return conj(alpha) * torch.outer(grad, conj(vec))


@rule("AddmvBackward0", edge=2, example="torch.addmv(leaf(3), leaf(3, 4), leaf(4), beta=3, alpha=2)")
def addmv_vec(grad, mat, alpha):
    return conj(alpha) * (conj(mat).T @ grad)


@forward("AddmvBackward0")
def addmv(self, mat, vec, alpha, beta):
    return beta * self + alpha * (mat @ vec)


@rule("AddrBackward0", edge=0, example="torch.addr(leaf(3, 4), leaf(3), leaf(4), beta=3, alpha=2)")
def addr_self(grad, beta):
    return grad * conj(beta)


@rule("AddrBackward0", edge=1, example="torch.addr(leaf(3, 4), leaf(3), leaf(4), beta=3, alpha=2)")
def addr_vec1(grad, vec2, alpha):
    return conj(alpha) * (grad @ conj(vec2))


@rule("AddrBackward0", edge=2, example="torch.addr(leaf(3, 4), leaf(3), leaf(4), beta=3, alpha=2)")
def addr_vec2(grad, vec1, alpha):
    return conj(alpha) * (grad.T @ conj(vec1))


@forward("AddrBackward0")
def addr(self, vec1, vec2, alpha, beta):
    return beta * self + alpha * torch.outer(vec1, vec2)


@helper
def grouped_matmul(left: torch.Tensor, right: torch.Tensor, offs: torch.Tensor | None) -> torch.Tensor:
    """One matrix product per group; group number i of a matrix (of its rows, columns or inner length) ends at offs[i]."""
    if offs is None:
        return left @ right
    ends = offs.tolist()
    groups = [slice(begin, end) for begin, end in zip([0, *ends], ends, strict=False)]
    if left.dim() == 2 and right.dim() == 2:
        return torch.stack([left[:, group] @ right[group] for group in groups])
    if left.dim() == 2:
        product = torch.cat([left[group] @ right[number] for number, group in enumerate(groups)])
        return F.pad(product, (0, 0, 0, left.shape[0] - ends[-1]))
    product = torch.cat([left[number] @ right[:, group] for number, group in enumerate(groups)], 1)
    return F.pad(product, (0, right.shape[1] - ends[-1]))


@rule(
    "GroupedMmBackward0",
    edge=0,
    example="F.grouped_mm(leaf(5, 8).float(), leaf(2, 8, 4).float(), offs=torch.tensor([2, 5], dtype=torch.int32))",
)
def grouped_mm_self(grad, mat2, offs):
    return grouped_matmul(grad, conj(mat2).mT, offs)


@rule(
    "GroupedMmBackward0",
    edge=1,
    example="F.grouped_mm(leaf(5, 8).float(), leaf(2, 8, 4).float(), offs=torch.tensor([2, 5], dtype=torch.int32))",
)
def grouped_mm_mat2(grad, self, offs):
    return grouped_matmul(conj(self).mT, grad, offs)


@forward("GroupedMmBackward0")
def grouped_mm(self, mat2, offs):
    return grouped_matmul(self, mat2, offs)
