"""Rules of classes that PyTorch makes on CUDA only, fed what such a node saves, beside autograd of the same mathematics written out."""

import math

import pytest
import torch
from rule_examples import ELSEWHERE
from written_out_layers import LAYERS
from written_out_once import ONCE
from written_out_twice import TWICE

from byhand.chain_rule import Operands, contribute
from byhand.graph import Edge, Node, TensorMeta
from byhand.rules.table import TABLE


def tensors(*shapes):
    """Leaves of these shapes, in float64, the same every time."""
    generator = torch.Generator().manual_seed(2)
    return [torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_() for shape in shapes]


def meta(value):
    """The metadata a graph keeps of a tensor."""
    return TensorMeta(tuple(value.shape), value.dtype)


def fused_rms_norm():
    """Inputs, outputs and saved values of x · rstd · weight."""
    x, weight = tensors((2, 3, 4), (3, 4))
    rstd = (x.square().mean((1, 2), keepdim=True) + 1e-5).rsqrt()
    return (x, weight), (x * rstd * weight, rstd), {"input": x, "result1": rstd, "weight": weight, "normalized_shape": (3, 4)}


def attention(*, causal=False, bias=False, bias_edge=False):
    """Inputs, outputs and saved values of softmax(q · kᵀ / √width + bias) · v."""
    query, key, value, added = tensors((2, 4, 5, 8), (2, 4, 5, 8), (2, 4, 5, 8), (2, 4, 5, 5))
    scores = query @ key.mT / math.sqrt(8)
    scores = scores + added if bias else scores
    scores = scores.masked_fill(torch.ones(5, 5, dtype=torch.bool).triu(1), -math.inf) if causal else scores
    output = torch.softmax(scores, -1) @ value
    saved = {"query": query, "key": key, "value": value, "output": output, "attn_bias": added if bias else None}
    inputs = (query, key, value, added) if bias_edge else (query, key, value)
    return inputs, (output,), saved | {"is_causal": causal, "scale": None, "dropout_p": 0.0}


def batch_norm(*, training):
    """Inputs, outputs and saved values of a batch normalised by its own or by the running statistics."""
    x, weight, bias, running_mean, running_log = tensors((3, 2, 4), (2,), (2,), (2,), (2,))
    running_var = running_log.exp()
    mean, variance = (x.mean((0, 2)), x.var((0, 2), correction=0)) if training else (running_mean.detach(), running_var.detach())
    rstd = (variance + 1e-5).rsqrt()
    output = (x - mean[:, None]) * (rstd * weight)[:, None] + bias[:, None]
    saved = {"input": x, "weight": weight, "running_mean": running_mean, "running_var": running_var, "training": training}
    return (x, weight, bias), (output,), saved | {"epsilon": 1e-5, "result1": mean, "result2": rstd}


CASES = [
    ("FusedRmsNormBackward0", fused_rms_norm, {}),
    ("ScaledDotProductEfficientAttentionBackward0", attention, {"bias": True, "bias_edge": True}),
    ("ScaledDotProductCudnnAttentionBackward0", attention, {"bias": True}),
    ("ScaledDotProductFlashAttentionBackward0", attention, {"causal": True}),
    ("CudnnBatchNormBackward0", batch_norm, {"training": True}),
    ("CudnnBatchNormBackward0", batch_norm, {"training": False}),
    ("MiopenBatchNormBackward0", batch_norm, {"training": True}),
    ("MiopenBatchNormBackward0", batch_norm, {"training": False}),
    ("ScaledDotProductFusedAttentionOverrideableBackward0", attention, {"bias": True, "bias_edge": True}),
    *ONCE,
    *LAYERS,
    *TWICE,
]


@pytest.mark.parametrize(("name", "write_out", "options"), CASES, ids=[f"{name}-{options}" for name, _, options in CASES])
def test_a_rule_for_cuda_agrees_with_its_mathematics_written_out(name, write_out, options):
    """What each edge of the class receives is what autograd sends through the ordinary operations."""
    inputs, outputs, saved = write_out(**options)
    grads = [torch.randn(output.shape, generator=torch.Generator().manual_seed(4), dtype=output.dtype) for output in outputs]
    theirs = torch.autograd.grad(outputs, inputs, grads)
    node = Node(0, name, tuple(Edge(1, number, meta(each)) for number, each in enumerate(inputs)), tuple(map(meta, outputs)))

    with torch.no_grad():
        operands = Operands(node, grads, saved)
        ours = tuple(contribute(node, number, operands).received for number in range(len(inputs)))

    torch.testing.assert_close(ours, theirs)


def test_every_class_that_needs_cuda_is_written_out():
    """No class whose example asks for another device is left to a machine that has it."""
    made_elsewhere = {rule.node for rules in TABLE.values() for rule in rules if any(word in rule.example for word in ELSEWHERE)}

    assert made_elsewhere == {name for name, _, _ in CASES}
