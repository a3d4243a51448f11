"""What is wrong with the gradients of a run: one finding for each fault."""

from byhand.faults.found import certain, find

__all__ = ["certain", "find"]
