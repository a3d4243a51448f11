"""Kernels as their authors write them, checked as programs: what is wrong is found, and what is only written otherwise is left in peace."""

import json
from pathlib import Path

import pytest
from scripts import program

from byhand.command import main

HEAD = """
import torch
torch.manual_seed(0)
class Kernel(torch.autograd.Function):
"""
MEAN_OF_NEIGHBOURS = (
    HEAD
    + """
    @staticmethod
    def forward(ctx, x, source, target):
        degree = torch.zeros(6).index_add_(0, target, torch.ones(12))
        ctx.save_for_backward(source, target, degree.clamp(min=1))
        return torch.zeros(6, 3).index_add_(0, target, x[source]) / degree.clamp(min=1)[:, None]
    @staticmethod
    def backward(ctx, grad):
        source, target, degree = ctx.saved_tensors
        return torch.zeros(6, 3).index_add_(0, source, grad[target] / degree[END][:, None]), None, None
w = torch.randn(6, 3, requires_grad=True)
source, target = torch.randint(0, 6, (2, 12))
loss = Kernel.apply(w, source, target).square().sum()
loss.backward()
"""
)
BETWEEN_KNOTS = (
    HEAD
    + """
    @staticmethod
    def forward(ctx, x, knots):
        place = x.sigmoid() * 5
        left = place.floor().long()
        part = place - left
        ctx.save_for_backward(left, part, knots)
        return knots[left] * (1 - part) + knots[left + 1] * part
    @staticmethod
    def backward(ctx, grad):
        left, part, knots = ctx.saved_tensors
        first = torch.zeros_like(knots).index_put_((left,), grad * (1 - part), accumulate=True)
        return None, first.index_put_((left + 1,), grad * RIGHT, accumulate=True)
w = torch.randn(6, requires_grad=True)
loss = Kernel.apply(torch.randn(40), w).square().sum()
loss.backward()
"""
)
ATTENTION = (
    HEAD
    + """
    @staticmethod
    def forward(ctx, q, k, v):
        scores = (q @ k.transpose(-1, -2)).masked_fill(torch.ones(8, 8).triu(1).bool(), -torch.inf)
        most = scores.amax(-1, keepdim=True)
        total = (scores - most).exp().sum(-1, keepdim=True)
        result = (scores - most).exp() / total @ v
        ctx.save_for_backward(q, k, v, result, most + total.log())
        return result
    @staticmethod
    def backward(ctx, grad):
        q, k, v, result, lse = ctx.saved_tensors
        p = (q @ k.transpose(-1, -2) - lse).exp().tril()
        inner = (grad * result).sum(-1, keepdim=True) * FACTOR
        d = p * (grad @ v.transpose(-1, -2) - inner)
        return d @ k, d.transpose(-1, -2) @ q, p.transpose(-1, -2) @ grad
w = torch.randn(3, 2, 4, 8, 4, requires_grad=True)
loss = (Kernel.apply(*w.unbind()) * torch.randn(2, 4, 8, 4)).sum()
loss.backward()
"""
)
LAST_OF_EQUALS = (
    HEAD
    + """
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x, x.amax(-1, keepdim=True))
        return x.amax(-1)
    @staticmethod
    def backward(ctx, grad):
        x, most = ctx.saved_tensors
        last = x.shape[-1] - 1 - (x == most).flip(-1).int().argmax(-1, keepdim=True)
        return torch.zeros_like(x).scatter(-1, last, grad[:, None] * FACTOR)
w = torch.zeros(4, 6, requires_grad=True)
loss = (Kernel.apply(w.relu() + torch.arange(4.0)[:, None]) * torch.randn(4)).sum()
loss.backward()
"""
)
SCALED = (
    HEAD
    + """
    @staticmethod
    def forward(ctx, x):
        return x * 0.5
    @staticmethod
    def backward(ctx, grad):
        return grad.WRITTEN(0.5)
a, b = torch.randn(5, requires_grad=True), torch.randn(5, requires_grad=True)
h = a * 2
r = Kernel.apply(b * 3)
loss = RESULT
loss.backward()
"""
)
TWICE = (
    HEAD
    + """
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(2 * x)
        return x.square().sum()
    @staticmethod
    def backward(ctx, grad):
        return ctx.saved_tensors[0].data.mul_(grad)
w = torch.randn(5, requires_grad=True)
loss = Kernel.apply(w)
(loss * 0.5).backward(retain_graph=True)
(loss * 0.25).backward()
"""
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test writes into a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RANK", raising=False)


def checked(text, **written):
    """The exit code of `byhand check` on a program with these words written into it, and what it wrote as JSON."""
    for word, instead in written.items():
        text = text.replace(word, instead)
    code = main(["check", str(program(text)), "--json", "found.json"])
    return code, json.loads(Path("found.json").read_text(encoding="utf-8"))


WRONG = {
    "another node's degree": (MEAN_OF_NEIGHBOURS, {"END": "source"}),
    "the left knot's weight": (BETWEEN_KNOTS, {"RIGHT": "(1 - part)"}),
    "half the inner product": (ATTENTION, {"FACTOR": "0.5"}),
    "twice the largest": (LAST_OF_EQUALS, {"FACTOR": "2"}),
}
RIGHT = {
    "mean of neighbours": (MEAN_OF_NEIGHBOURS, {"END": "target"}),
    "between knots": (BETWEEN_KNOTS, {"RIGHT": "part"}),
    "recomputed attention": (ATTENTION, {"FACTOR": "1"}),
    "the last of equals": (LAST_OF_EQUALS, {"FACTOR": "1"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_kernel_is_found(name, capsys):
    """One finding with the code, and whose gradient it is."""
    text, written = WRONG[name]

    code, found = checked(text, **written)

    assert code == 1
    assert {each["code"] for each in found["findings"]} == {"wrong-gradient"}
    assert {each["subject"] for each in found["findings"]} == {"w"}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_kernel_is_left_in_peace(name, capsys):
    """Nothing is found, and everything was compared."""
    text, written = RIGHT[name]

    code, found = checked(text, **written)

    assert (code, found["findings"]) == (0, [])
    assert not found["runs"][0]["coverage"]["not_compared"]


def test_a_backward_that_changes_what_another_branch_takes_is_an_error(capsys):
    """The sum hands one gradient to both branches: that of the other one is wrong, though the Function's own is right."""
    code, found = checked(SCALED, WRITTEN="mul_", RESULT="((h + r) * torch.arange(5.0)).sum()")

    (finding,) = found["findings"]
    assert (code, finding["code"], finding["severity"], finding["subject"]) == (1, "saved-tensor-overwritten", "error", "a")
    assert "h takes the same gradient and got it changed, so a gets a wrong gradient" in finding["why"]


def test_a_backward_that_changes_what_it_alone_takes_is_a_warning(capsys):
    """Nobody else gets that gradient this time."""
    code, found = checked(SCALED, WRITTEN="mul_", RESULT="(h * 2).sum() + (r * torch.arange(5.0)).sum()")

    assert (code, [each["severity"] for each in found["findings"]]) == (0, ["warning"])


def test_a_backward_that_makes_a_tensor_of_its_own_is_left_in_peace(capsys):
    """The same kernel, right."""
    code, found = checked(SCALED, WRITTEN="mul", RESULT="((h + r) * torch.arange(5.0)).sum()")

    assert (code, found["findings"]) == (0, [])


def test_what_comes_out_wrong_of_a_spoiled_tensor_is_the_same_finding(capsys):
    """The second pass through the graph is wrong because of what the first one wrote: one fault, and its cause is named."""
    code, found = checked(TWICE)

    (finding,) = found["findings"]
    assert (code, finding["code"], finding["severity"]) == (1, "saved-tensor-overwritten", "error")
    assert "When it ran again, in pass 2, it was wrong" in finding["what"]
    assert "replace operations in place" in finding["fix"]
