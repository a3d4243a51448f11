"""Derivatives of embedding bags and packed sequences: every row of the gradient goes back to the entry it was made from."""

import torch

from byhand.rules.table import helper, rule, shared

INDICES, OFFSETS = "torch.tensor([1, 2, 4, 5, 4, 3, 2, 2])", "torch.tensor([0, 3, 3])"
SUM_EXAMPLE = f"F.embedding_bag({INDICES}, leaf(6, 3), {OFFSETS}, mode='sum', per_sample_weights=leaf(8), padding_idx=4)"
MEAN_EXAMPLE = f"F.embedding_bag({INDICES}, leaf(6, 3), {OFFSETS}, mode='mean', padding_idx=4)"
MAX_EXAMPLE = f"F.embedding_bag({INDICES}, leaf(6, 3), {OFFSETS}, mode='max')"
SUM, MEAN, MAX = 0, 1, 2


@helper
def scaled_rows(rows: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """Every row times its own weight; without weights, the rows themselves."""
    return rows if weights is None else rows * weights.unsqueeze(1)


@helper
def by_rarity(rows: torch.Tensor, indices: torch.Tensor, scale_grad_by_freq: bool) -> torch.Tensor:
    """Every row over how often its index occurs, if the gradient is to be scaled by frequency."""
    return rows / indices.bincount()[indices].unsqueeze(1) if scale_grad_by_freq else rows


@shared("EmbeddingBagBackward0")
def bag(indices, offsets):
    place = torch.arange(len(indices), device=offsets.device, dtype=offsets.dtype)
    return torch.searchsorted(offsets, place, right=True) - 1


@shared("EmbeddingBagBackward0")
def counted(indices, padding_idx):
    return indices != padding_idx


@rule("EmbeddingBagBackward0", edge=1, example=SUM_EXAMPLE)
def embedding_bag_per_sample_weights(grad, weight, indices, bag, counted):
    return (grad[bag] * weight[indices]).sum(-1) * counted


@rule("EmbeddingBagBackward0", edge=0, example=SUM_EXAMPLE, when=lambda mode: mode == SUM)
def embedding_bag_weight(grad, shape, indices, bag, counted, per_sample_weights, scale_grad_by_freq):
    rows = scaled_rows(grad[bag] * counted.unsqueeze(1), per_sample_weights)
    return grad.new_zeros(shape).index_add(0, indices, by_rarity(rows, indices, scale_grad_by_freq))


@rule("EmbeddingBagBackward0", edge=0, example=MEAN_EXAMPLE, when=lambda mode: mode == MEAN)
def embedding_bag_weight__mean(grad, shape, indices, bag, counted, scale_grad_by_freq):
    size = bag[counted].bincount(minlength=len(grad)).clamp(min=1)
    rows = grad[bag] * counted.unsqueeze(1) / size[bag].unsqueeze(1)
    return grad.new_zeros(shape).index_add(0, indices, by_rarity(rows, indices, scale_grad_by_freq))


@rule("EmbeddingBagBackward0", edge=0, example=MAX_EXAMPLE, when=lambda mode: mode == MAX)
def embedding_bag_weight__max(grad, shape, result2, result3):
    filled = result2[: len(grad)].unsqueeze(1) > 0
    return grad.new_zeros(shape).scatter_add(0, result3.long(), grad * filled)


@rule(
    "PackPaddedSequenceBackward0",
    edge=0,
    example="nn.utils.rnn.pack_padded_sequence(leaf(3, 4, 2), torch.tensor([4, 2, 1]), batch_first=True).data",
    when=lambda batch_first: batch_first,
)
def pack_padded_sequence_input__batch_first(grad, result1, shape):
    present = torch.arange(shape[0]) < result1.unsqueeze(1)
    packed_from = present.nonzero(as_tuple=True)
    return grad.new_zeros(shape).index_put((packed_from[1], packed_from[0]), grad)


@rule(
    "PackPaddedSequenceBackward0",
    edge=0,
    example="nn.utils.rnn.pack_padded_sequence(leaf(4, 3, 2), torch.tensor([4, 2, 1])).data",
)
def pack_padded_sequence_input(grad, result1, shape):
    present = torch.arange(shape[1]) < result1.unsqueeze(1)
    return grad.new_zeros(shape).index_put(present.nonzero(as_tuple=True), grad)
