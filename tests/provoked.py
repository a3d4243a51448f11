"""Every error of byhand, provoked as its reader would: by a call, a program or a command."""

import os
import sys

import torch
from torch.utils.checkpoint import checkpoint

import byhand
from byhand import errors
from byhand.chain_rule import Operands, contribute
from byhand.command import main
from byhand.formula.reading import check_shown
from byhand.graph import Edge, Node
from byhand.recording.saved import Saved


def weight(*values):
    """A weight of these values; 2 without any."""
    return torch.tensor(list(values) or 2.0, requires_grad=True)


def raised(call):
    """The error that the call raises."""
    try:
        call()
    except errors.ByhandError as error:
        return error
    raise AssertionError("nothing was raised")
