"""The cheap test before the sharp one: most tensors agree so closely that nothing more need be measured."""

import torch

TINY = 1e-290  # what an element counts at least in the cheap test, so that zeros can be divided by
SMALL = 4_096  # elements; up to this many, each is held against its own size, in larger tensors against the tensor's too
NEARLY = 1 - 1e-3  # the root mean square is taken in the tensors' own precision


def quickly(ours: torch.Tensor, theirs: torch.Tensor, floor: float, scale: float, strict: float) -> tuple[float, float] | None:
    """The worst element's difference and floor if every element is within its quick floor; None if that takes a closer look.

    `floor` is what an element of size 1 may be off by, `scale` the size each counts at least, `strict` the part of the floor that no
    element may exceed: at half of what two tensors may differ by as a whole, no common factor can be larger.
    """
    if ours.dtype != theirs.dtype or not ours.dtype.is_floating_point or ours.layout is not torch.strided:
        return None
    if theirs.layout is not torch.strided or not theirs.numel() or ours.shape != theirs.shape:
        return None
    if theirs.numel() <= SMALL:
        return _each(ours.detach().double(), theirs.detach().double(), floor, max(scale, TINY), strict)
    if theirs.dtype not in (torch.float32, torch.float64):
        return None
    return _large(ours.detach(), theirs.detach(), floor, scale, strict / 2)


def _each(ours: torch.Tensor, theirs: torch.Tensor, floor: float, scale: float, strict: float) -> tuple[float, float] | None:
    """Each element held against its own size."""
    difference = (ours - theirs).abs_()
    floors = theirs.abs().clamp_(min=scale).mul_(floor)
    worst = int((difference / floors).argmax())
    error, allowed = difference.reshape(-1)[worst].item(), floors.reshape(-1)[worst].item()
    return (error, allowed) if error <= strict * allowed < float("inf") else None


def _large(ours: torch.Tensor, theirs: torch.Tensor, floor: float, scale: float, strict: float) -> tuple[float, float] | None:
    """The largest difference held against the root mean square; if that is too little, each element against its own size too."""
    difference = ours - theirs
    low, high, norm = torch.stack((*torch.aminmax(difference), torch.linalg.vector_norm(theirs))).tolist()
    error, typical = max(-low, high), max(scale, NEARLY * norm / theirs.numel() ** 0.5)
    if error <= strict * floor * typical < float("inf"):
        return error, floor * typical
    if not error < float("inf") or not 0 < typical < float("inf"):
        return None
    return _each(ours, theirs, floor, typical, strict) if error <= strict * floor * theirs.abs().max().item() else None
