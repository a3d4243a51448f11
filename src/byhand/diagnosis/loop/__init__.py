"""What is wrong with a training step: gradients kept too long, thrown away too soon or changed on the way, steps that do nothing."""

from byhand.diagnosis.loop.hooks import Hooks
from byhand.diagnosis.loop.skipped import Skipped
from byhand.diagnosis.loop.turns import Turns

__all__ = ["Hooks", "Skipped", "Turns"]
