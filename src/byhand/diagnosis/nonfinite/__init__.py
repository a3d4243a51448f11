"""Numbers that are not finite, and what a small format cannot hold."""

from byhand.diagnosis.nonfinite.family import NonFinite

__all__ = ["NonFinite"]
