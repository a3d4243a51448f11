"""Every family of faults that a program is watched for."""

from byhand.diagnosis.cut import Cut, NonLeaf, Penalty
from byhand.diagnosis.failures import Failures
from byhand.diagnosis.family import Family
from byhand.diagnosis.loop import Hooks, Skipped, Turns
from byhand.diagnosis.loss import BatchLeak, Broadcast, DoubledSoftmax
from byhand.diagnosis.nonfinite import NonFinite, Rounding, Underflow
from byhand.diagnosis.parameters import Parameters
from byhand.diagnosis.scale import Depth, Flat

FAMILIES: tuple[type[Family], ...] = (
    Turns,
    Skipped,
    Hooks,
    NonFinite,
    Rounding,
    Underflow,
    Parameters,
    Cut,
    NonLeaf,
    Penalty,
    Failures,
    Depth,
    Flat,
    Broadcast,
    DoubledSoftmax,
    BatchLeak,
)
