"""Gradients that are too small or too large: along the depth, over time, at the flat ends of activations."""

from byhand.diagnosis.scale.depth import Depth
from byhand.diagnosis.scale.flat import Flat

__all__ = ["Depth", "Flat"]
