"""Every family of faults that a program is watched for."""

from byhand.diagnosis.family import Family

FAMILIES: tuple[type[Family], ...] = ()
