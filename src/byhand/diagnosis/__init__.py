"""Why a gradient is missing, not finite, too small or too large, and what is wrong with a training step."""

from byhand.diagnosis.kind import KINDS, Kind
from byhand.diagnosis.witness import Looking, Witness

__all__ = ["KINDS", "Kind", "Looking", "Witness"]
