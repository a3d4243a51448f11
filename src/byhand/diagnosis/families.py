"""Every family of faults that a program is watched for."""

from byhand.diagnosis.cut import Cut
from byhand.diagnosis.failures import Failures
from byhand.diagnosis.family import Family
from byhand.diagnosis.loop import Hooks, Skipped, Turns
from byhand.diagnosis.nonfinite import NonFinite, Rounding, Underflow
from byhand.diagnosis.parameters import Parameters

FAMILIES: tuple[type[Family], ...] = (Turns, Skipped, Hooks, NonFinite, Rounding, Underflow, Parameters, Cut, Failures)
