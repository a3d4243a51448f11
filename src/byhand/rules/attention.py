"""Derivatives of fused attention: the probabilities are worked out again, then softmax and two products are followed back."""

import math

import torch

from byhand.rules.table import helper, rule, shared

CPU = "ScaledDotProductFlashAttentionForCpuBackward0"
FLASH = "ScaledDotProductFlashAttentionBackward0"
EFFICIENT = "ScaledDotProductEfficientAttentionBackward0"
CUDNN = "ScaledDotProductCudnnAttentionBackward0"
OVERRIDEABLE = "ScaledDotProductFusedAttentionOverrideableBackward0"


CPU_EXAMPLE = "F.scaled_dot_product_attention(leaf(2, 4, 5, 3), leaf(2, 2, 6, 3), leaf(2, 2, 6, 3), mask(5, 6), enable_gqa=True)"
CUDA_HEADS = "leaf(2, 4, 8, 8).cuda().half(), leaf(2, 4, 8, 8).cuda().half(), leaf(2, 4, 8, 8).cuda().half()"
FLASH_EXAMPLE = f"torch.ops.aten._scaled_dot_product_flash_attention({CUDA_HEADS}, is_causal=True)[0]"
EFFICIENT_EXAMPLE = f"torch.ops.aten._scaled_dot_product_efficient_attention({CUDA_HEADS}, leaf(2, 4, 8, 8).cuda().half(), True)[0]"
OVERRIDEABLE_EXAMPLE = (
    "torch.ops.aten._scaled_dot_product_fused_attention_overrideable("
    "leaf(2, 4, 8, 8).to('xpu'), leaf(2, 4, 8, 8).to('xpu'), leaf(2, 4, 8, 8).to('xpu'), leaf(2, 4, 8, 8).to('xpu'))[0]"
)
CUDNN_EXAMPLE = f"torch.ops.aten._scaled_dot_product_cudnn_attention({CUDA_HEADS}, None, True, is_causal=True)[0]"


def without_dropout(dropout_p: float) -> bool:
    """Whether nothing was dropped: which probabilities were, PyTorch does not tell."""
    return dropout_p == 0


@helper
def factor(scale: float | None, query: torch.Tensor) -> float:
    """What the scores are multiplied by: the scale if one was given, else one over the root of the width of a head."""
    return 1 / math.sqrt(query.shape[-1]) if scale is None else scale


@helper
def for_each_head(value: torch.Tensor, query: torch.Tensor) -> torch.Tensor:
    """Repeats the heads of the key or value, so that each head of the query has its own."""
    times = query.shape[1] // value.shape[1]
    return value if times == 1 else value.repeat_interleave(times, 1)


@helper
def sum_shared_heads(value: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """Sums over the heads of the query that share one head of the key or value."""
    times = value.shape[1] // shape[1]
    return value if times == 1 else value.unflatten(1, (shape[1], times)).sum(2)


@helper
def softmax_where_allowed(scores: torch.Tensor, mask: torch.Tensor | None, is_causal: bool) -> torch.Tensor:
    """The softmax of each row over what the mask allows (and nothing later, if causal); zero where it allows nothing."""
    if is_causal:
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
        scores = scores.masked_fill(later, -math.inf)
    if mask is None:
        return torch.softmax(scores, -1)
    scores = scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask
    nowhere = (scores == -math.inf).all(-1, keepdim=True)
    return torch.softmax(scores, -1).masked_fill(nowhere, 0)


@shared(CPU)
def probability(query, key, attn_mask, is_causal, scale):
    scores = (query * factor(scale, query)) @ for_each_head(key, query).mT
    return softmax_where_allowed(scores, attn_mask, is_causal)


@shared(EFFICIENT, CUDNN, OVERRIDEABLE)
def probability__bias(query, key, attn_bias, is_causal, scale):
    scores = (query * factor(scale, query)) @ for_each_head(key, query).mT
    return softmax_where_allowed(scores, attn_bias, is_causal)


@shared(FLASH)
def probability__unmasked(query, key, is_causal, scale):
    scores = (query * factor(scale, query)) @ for_each_head(key, query).mT
    return softmax_where_allowed(scores, None, is_causal)


@shared(CPU, EFFICIENT, CUDNN, FLASH, OVERRIDEABLE)
def grad_scores(grads, probability, query, value, output):
    grad_probability = grads[0] @ for_each_head(value, query).mT
    return probability * (grad_probability - (grads[0] * output).sum(-1, keepdim=True))


@rule(CPU, edge=2, example=CPU_EXAMPLE, when=without_dropout)
@rule(EFFICIENT, edge=2, example=EFFICIENT_EXAMPLE, when=without_dropout)
@rule(CUDNN, edge=2, example=CUDNN_EXAMPLE, when=without_dropout)
@rule(FLASH, edge=2, example=FLASH_EXAMPLE, when=without_dropout)
@rule(OVERRIDEABLE, edge=2, example=OVERRIDEABLE_EXAMPLE, when=without_dropout)
def scaled_dot_product_attention_value(grads, probability, shape):
    return sum_shared_heads(probability.mT @ grads[0], shape)


@rule(CPU, edge=1, example=CPU_EXAMPLE, when=without_dropout)
@rule(EFFICIENT, edge=1, example=EFFICIENT_EXAMPLE, when=without_dropout)
@rule(CUDNN, edge=1, example=CUDNN_EXAMPLE, when=without_dropout)
@rule(FLASH, edge=1, example=FLASH_EXAMPLE, when=without_dropout)
@rule(OVERRIDEABLE, edge=1, example=OVERRIDEABLE_EXAMPLE, when=without_dropout)
def scaled_dot_product_attention_key(grad_scores, query, scale, shape):
    return sum_shared_heads(grad_scores.mT @ query, shape) * factor(scale, query)


@rule(CPU, edge=0, example=CPU_EXAMPLE, when=without_dropout)
@rule(EFFICIENT, edge=0, example=EFFICIENT_EXAMPLE, when=without_dropout)
@rule(CUDNN, edge=0, example=CUDNN_EXAMPLE, when=without_dropout)
@rule(FLASH, edge=0, example=FLASH_EXAMPLE, when=without_dropout)
@rule(OVERRIDEABLE, edge=0, example=OVERRIDEABLE_EXAMPLE, when=without_dropout)
def scaled_dot_product_attention_query(grad_scores, query, key, scale):
    return grad_scores @ for_each_head(key, query) * factor(scale, query)


@rule(EFFICIENT, edge=3, example=EFFICIENT_EXAMPLE, when=without_dropout)
@rule(OVERRIDEABLE, edge=3, example=OVERRIDEABLE_EXAMPLE, when=without_dropout)
def scaled_dot_product_attention_attn_bias(grad_scores):
    return grad_scores
