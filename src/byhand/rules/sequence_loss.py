"""The derivative of the CTC loss: how likely each label is at each time, over all alignments that spell the target."""

from typing import Any

import torch

from byhand.rules.table import helper, rule, shared

CTC_DATA = "torch.tensor([1, 2, 2, 1], dtype=torch.int32), [5, 5], [2, 2], 0, False, True"
CTC_ON_DEVICE = f"torch._cudnn_ctc_loss(leaf(5, 2, 3).log_softmax(-1).cuda(), {CTC_DATA})[0]"
CTC_BY_MIOPEN = f"torch.ops.aten.miopen_ctc_loss(leaf(5, 2, 3).log_softmax(-1).cuda(), {CTC_DATA})[0]"

CTC = "CtcLossBackward0"
CTC_TENSORS = "CtcLossBackward1"
LOGITS = "leaf(7, 3, 5).log_softmax(-1)"
TARGETS = "torch.tensor([[1, 2, 2], [3, 1, 4], [2, 2, 1]])"
EXAMPLE = f"torch._ctc_loss({LOGITS}, {TARGETS}, [7, 6, 4], [3, 2, 0])[0]"
EXAMPLE_TENSORS = f"torch._ctc_loss({LOGITS}, {TARGETS}, torch.tensor([7, 6, 4]), torch.tensor([3, 2, 0]))[0]"


@helper
def lengths_of(value: Any, like: torch.Tensor) -> torch.Tensor:
    """The lengths as a tensor, one for each sequence of the batch."""
    return torch.as_tensor(value, dtype=torch.long, device=like.device)


@helper
def before(length: torch.Tensor, size: int) -> torch.Tensor:
    """True at the first entries of each row, as many as the row is long."""
    return torch.arange(size, device=length.device) < length.unsqueeze(1)


@helper
def with_blanks(targets: torch.Tensor, lengths: torch.Tensor, blank: int) -> torch.Tensor:
    """The labels of each target with a blank before, between and after them, and blanks up to the length of the longest."""
    longest = int(lengths.max()) if lengths.numel() else 0
    present = before(lengths, longest)
    labels = torch.full(present.shape, blank, device=lengths.device)
    given = targets.to(labels)
    labels = labels.masked_scatter(present, given) if given.dim() == 1 else torch.where(present, given[:, :longest], labels)
    spelled = labels.new_full((len(labels), 2 * longest + 1), blank)
    spelled[:, 1::2] = labels
    return spelled


@helper
def prefixes(emitted: torch.Tensor, spelled: torch.Tensor) -> torch.Tensor:
    """The log probability, at each time and place of the target, of all alignments up to there (alpha)."""
    skips = torch.zeros_like(spelled, dtype=torch.bool)
    skips[:, 2:] = spelled[:, 2:] != spelled[:, :-2]
    reached = torch.full_like(emitted, -torch.inf)
    reached[:, :1, :2] = emitted[:, :1, :2]
    earlier = emitted.new_full((len(emitted), emitted.shape[2] + 2), -torch.inf)
    for time in range(1, emitted.shape[1]):
        earlier[:, 2:] = reached[:, time - 1]
        skipped = torch.where(skips, earlier[:, :-2], -torch.inf)
        reached[:, time] = torch.logaddexp(torch.logaddexp(earlier[:, 2:], earlier[:, 1:-1]), skipped) + emitted[:, time]
    return reached


@helper
def turned(value: torch.Tensor, dim: int, lengths: torch.Tensor) -> torch.Tensor:
    """Turns the first entries of each sequence around, as many as it is long; those behind stay."""
    place, length = torch.arange(value.shape[dim], device=value.device), lengths.unsqueeze(1)
    index = torch.where(place < length, length - 1 - place, place)
    shape = [len(value) if each == 0 else value.shape[dim] if each == dim else 1 for each in range(value.dim())]
    return value.gather(dim, index.reshape(shape).expand_as(value))


@helper
def sum_by_label(paths: torch.Tensor, spelled: torch.Tensor, labels: int) -> torch.Tensor:
    """Adds up the probabilities of all places that carry the same label, kept as logarithms."""
    largest = paths.amax(2, keepdim=True).clamp(min=torch.finfo(paths.dtype).min)
    nothing = paths.new_zeros(*paths.shape[:2], labels)
    return nothing.scatter_add(2, spelled.unsqueeze(1).expand_as(paths), (paths - largest).exp()).log() + largest


@shared(CTC, CTC_TENSORS)
def times(input_lengths, log_probs):
    return lengths_of(input_lengths, log_probs)


@shared(CTC, CTC_TENSORS)
def places(target_lengths, log_probs):
    return 2 * lengths_of(target_lengths, log_probs) + 1


@shared(CTC, CTC_TENSORS)
def spelled(targets, target_lengths, log_probs, blank):
    return with_blanks(targets, lengths_of(target_lengths, log_probs), blank)


@shared(CTC, CTC_TENSORS)
def emitted(log_probs, spelled):
    return log_probs.transpose(0, 1).take_along_dim(spelled.unsqueeze(1), 2)


@shared(CTC, CTC_TENSORS)
def suffixes(emitted, spelled, times, places):
    turned_emitted = turned(turned(emitted, 1, times), 2, places)
    return turned(turned(prefixes(turned_emitted, turned(spelled, 1, places)), 1, times), 2, places)


@shared(CTC, CTC_TENSORS)
def log_alignments(emitted, spelled, suffixes, places, log_probs):
    through = prefixes(emitted, spelled) + suffixes
    of_target = before(places, spelled.shape[1]).unsqueeze(1)
    return sum_by_label(torch.where(of_target, through, -torch.inf), spelled, log_probs.shape[2]).transpose(0, 1)


@shared(CTC, CTC_TENSORS)
def counted(times, result0, zero_infinity, log_probs):
    ignored = zero_infinity & (result0 == torch.inf)
    return before(times, log_probs.shape[0]).T & ~ignored


# PyTorch's derivative takes log_probs to come from a log_softmax, as its documentation asks: hence the first term.
@rule(CTC, edge=0, example=EXAMPLE)
@rule(CTC_TENSORS, edge=0, example=EXAMPLE_TENSORS)
def ctc_loss_log_probs(grad, log_probs, log_alignments, result0, counted):
    aligned = (log_alignments + result0.unsqueeze(1) - log_probs).exp()
    return torch.where(counted.unsqueeze(2), grad.unsqueeze(1) * (log_probs.exp() - aligned), 0)


@rule("CudnnCtcLossBackward0", edge=0, example=CTC_ON_DEVICE, when=lambda zero_infinity: zero_infinity, second_opinion=False)
@rule("CudnnCtcLossBackward1", edge=0, example=CTC_ON_DEVICE, when=lambda zero_infinity: zero_infinity, second_opinion=False)
@rule("MiopenCtcLossBackward0", edge=0, example=CTC_BY_MIOPEN, when=lambda zero_infinity: zero_infinity, second_opinion=False)
@rule("MiopenCtcLossBackward1", edge=0, example=CTC_BY_MIOPEN, when=lambda zero_infinity: zero_infinity, second_opinion=False)
def ctc_loss_of_library_log_probs__zero_infinity(grad, result0, result1):
    return torch.where(result0.unsqueeze(-1) == 0, 0, grad.unsqueeze(-1) * result1)


@rule("CudnnCtcLossBackward0", edge=0, example=CTC_ON_DEVICE, second_opinion=False)
@rule("CudnnCtcLossBackward1", edge=0, example=CTC_ON_DEVICE, second_opinion=False)
@rule("MiopenCtcLossBackward0", edge=0, example=CTC_BY_MIOPEN, second_opinion=False)
@rule("MiopenCtcLossBackward1", edge=0, example=CTC_BY_MIOPEN, second_opinion=False)
def ctc_loss_of_library_log_probs(grad, result1):
    return grad.unsqueeze(-1) * result1  # the library works the gradient out with the loss, and PyTorch saves nothing else
