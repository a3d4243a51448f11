"""Every family of faults that a program is watched for."""

from byhand.diagnosis.family import Family
from byhand.diagnosis.nonfinite import NonFinite

FAMILIES: tuple[type[Family], ...] = (NonFinite,)
