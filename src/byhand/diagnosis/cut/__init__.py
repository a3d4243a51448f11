"""Where the way of a gradient ends: what cuts a weight from the loss, or sends it exact zeros."""

from byhand.diagnosis.cut.family import Cut
from byhand.diagnosis.cut.nonleaf import NonLeaf

__all__ = ["Cut", "NonLeaf"]
