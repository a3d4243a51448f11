"""Numbers that are not finite, and what a small format cannot hold."""

from byhand.diagnosis.nonfinite.family import NonFinite
from byhand.diagnosis.nonfinite.rounding import Rounding
from byhand.diagnosis.nonfinite.underflow import Underflow

__all__ = ["NonFinite", "Rounding", "Underflow"]
