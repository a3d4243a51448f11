"""What the story calls the values and the weights of a run."""

import torch


def weight(value=2.0):
    """A weight."""
    return torch.tensor(value, requires_grad=True)


def told(made):
    """The name, or else the words, of each operation of a pass in the order in which they were computed; numbered where used again."""
    return [f"{step.name or step.expression}{step.occurrence or ''}" for step in reversed(made.steps)]


def names(run):
    """The operations of a run's last pass as the story tells them."""
    return told(run.passes[-1])


def leaves(run):
    """The names of the weights."""
    return {leaf.name for leaf in run.passes[-1].leaves}
