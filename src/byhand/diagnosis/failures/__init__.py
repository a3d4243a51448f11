"""PyTorch's own errors of the backward pass, explained."""

from byhand.diagnosis.failures.family import Failures

__all__ = ["Failures"]
