"""Where the way of a gradient ends: what cuts a weight from the loss, or sends it exact zeros."""

from byhand.diagnosis.cut.family import Cut
from byhand.diagnosis.cut.nonleaf import NonLeaf
from byhand.diagnosis.cut.penalty import Penalty

__all__ = ["Cut", "NonLeaf", "Penalty"]
