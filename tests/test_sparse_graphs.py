"""Graphs with sparse tensors in them, worked by hand from the loss to the leaves: stored places, sums of sparse and dense, CSR."""

import warnings

import pytest
import torch
import torch.nn.functional as F
from torch.nn import Parameter

import byhand

GAPS = torch.tensor([[0.0, 0.7, 0, 0], [0.2, 0, 0, 0.5], [0, 0, 0, 0], [0.9, 0, 0.4, 0]])


def seeded(*shape):
    """A leaf, the same every time."""
    return Parameter(torch.randn(shape, generator=torch.Generator().manual_seed(7)))


def neighbours(layout):
    """Two layers that mix each row with its neighbours, by a fixed sparse matrix."""
    matrix = GAPS.to_sparse(layout=layout)
    hidden = torch.relu(matrix @ (seeded(4, 3) @ seeded(3, 5)))
    return F.cross_entropy(torch.sparse.mm(matrix, hidden @ seeded(5, 2)), torch.tensor([0, 1, 1, 0]))


def learned_weights():
    """A sparse matrix whose stored elements are learned, two of them in one place; a softmax over the stored ones of each row."""
    places = torch.tensor([[0, 0, 2, 2], [1, 1, 0, 3]])
    matrix = torch.sparse_coo_tensor(places, seeded(4), (3, 4)).coalesce()
    return torch.sparse.mm(torch.sparse.log_softmax(matrix, 1), seeded(4, 2)).square().sum() + torch.sparse.sum(matrix)


def reduced(reduce):
    """A sparse product that keeps the mean or an extreme of every row's products."""
    return torch.sparse.mm(Parameter(GAPS.clone()).to_sparse_csr(), seeded(4, 2), reduce).tanh().sum()


def sampled():
    """A product of which only the stored places are worked out."""
    rows = seeded(4, 3)
    return torch.sparse.sampled_addmm(Parameter(GAPS.clone()).to_sparse_csr(), rows, rows.mT.contiguous()).to_dense().tanh().sum()


def sums():
    """Gradients that meet at one leaf, some of them sparse, some dense, in either order."""
    table = seeded(5, 3)
    first = F.embedding(torch.tensor([1, 3, 1]), table, sparse=True).square().sum()
    return first + (table * table).sum() + F.embedding(torch.tensor([0, 1]), table, sparse=True).sin().sum()


def one_column():
    """A sum over the rows of a sparse tensor, made dense."""
    return torch.sparse.sum(Parameter(GAPS.clone()).to_sparse(), 0).to_dense().square().sum()


def masked():
    """What a mask lets through of a dense tensor."""
    return torch.sparse.softmax(seeded(4, 4).sparse_mask(GAPS.to_sparse()), 1).to_dense().square().sum()


def other_layout():
    """A layer in oneDNN's own layout."""
    return torch.ops.aten.mkldnn_linear(seeded(2, 3).to_mkldnn(), seeded(4, 3), seeded(4)).to_dense().tanh().sum()


CASES = {
    "neighbours, COO": lambda: neighbours(torch.sparse_coo),
    "neighbours, CSR": lambda: neighbours(torch.sparse_csr),
    "learned weights": learned_weights,
    "mean": lambda: reduced("mean"),
    "largest": lambda: reduced("amax"),
    "sampled": sampled,
    "sums": sums,
    "one column": one_column,
    "masked": masked,
    "oneDNN": other_layout,
}


@pytest.mark.parametrize("case", CASES)
def test_a_sparse_graph_is_worked_whole(case):
    """Every operation has a rule of ours, and none differs from PyTorch."""
    with warnings.catch_warnings(action="ignore"):
        report = str(byhand.check(CASES[case]()))

    assert " 0 not compared, ✓ none differs" in report, report
