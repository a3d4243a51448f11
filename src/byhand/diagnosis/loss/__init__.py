"""Losses of the wrong pairs, of probabilities for scores, of samples that are mixed with each other."""

from byhand.diagnosis.loss.broadcast import Broadcast
from byhand.diagnosis.loss.doubled import DoubledSoftmax
from byhand.diagnosis.loss.leak import BatchLeak

__all__ = ["BatchLeak", "Broadcast", "DoubledSoftmax"]
