"""What is wrong with a training step: gradients kept too long or thrown away too soon, steps that do nothing, gradients changed on the way."""

from byhand.diagnosis.loop.hooks import Hooks
from byhand.diagnosis.loop.skipped import Skipped
from byhand.diagnosis.loop.turns import Turns

__all__ = ["Hooks", "Skipped", "Turns"]
