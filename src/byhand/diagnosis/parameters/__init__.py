"""Parameters that are not trained although the program means to train them."""

from byhand.diagnosis.parameters.watch import Parameters

__all__ = ["Parameters"]
