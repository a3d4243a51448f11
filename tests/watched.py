"""Three programs that train, and every way of watching one while it does: what the tests of "it never changes the program" compare."""

import random

import torch
from torch import nn

import byhand

RECORDINGS = ("record", "record without judging")
VERBS = ("explain", "check")
WAYS = (*RECORDINGS, *VERBS)


class Example:
    """The first example: loss = (w·x − y)², made anew for each step."""

    def __init__(self):
        self.w = torch.tensor(1.0, requires_grad=True)
        self.model = nn.ParameterList()
        self.leaves = [self.w]
        self.inputs = [torch.tensor(1.0), torch.tensor(2.0)]

    def forward(self):
        """The values of the forward pass, the loss last."""
        x, y = self.inputs
        y_hat = self.w * x
        s = y_hat - y
        return [y_hat, s, s**2]


class Network:
    """A model that trains on the same batch."""

    def __init__(self, model, inputs):
        self.model = model
        self.leaves = list(model.parameters())
        self.inputs = inputs

    def forward(self):
        """The values of the forward pass, the loss last."""
        batch, target = self.inputs
        out = self.model(batch)
        return [out, nn.functional.cross_entropy(out, target)]


def mlp():
    """A small network with batch normalization and dropout."""
    layers = [nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3)]
    return Network(nn.Sequential(*layers), [torch.randn(12, 6), torch.randint(0, 3, (12,))])


class Classifier(nn.Module):
    """A transformer that reads words and says one of three things."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(11, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(8, 3)

    def forward(self, words):
        return self.head(self.encoder(self.words(words)).mean(1))


def transformer():
    """A transformer of one layer, with dropout."""
    return Network(Classifier(), [torch.randint(0, 11, (4, 5)), torch.randint(0, 3, (4,))])


PROGRAMS = {"example": Example, "mlp": mlp, "transformer": transformer}


def made(name):
    """The program, the same each time it is made."""
    torch.manual_seed(5)
    random.seed(5)
    return PROGRAMS[name]()


def step(way, program, **backward):
    """One forward and backward pass of the program, watched or ("plain") not; what watching gave comes first, then the values."""
    if way in RECORDINGS:
        with byhand.record(judge=way == "record") as run:
            values = program.forward()
            values[-1].backward(**backward)
        assert not run.session.recorder.failures
        return run, values
    values = program.forward()
    result = None if way == "plain" else getattr(byhand, way)(values[-1])
    values[-1].backward(**backward)
    return result, values


def bits(tensor):
    """Every bit of a tensor, so that -0.0 is not 0.0 and a NaN is itself; None stays None."""
    if tensor is None:
        return None
    dense = tensor.detach().to_dense() if tensor.is_sparse else tensor.detach()
    return str(dense.dtype), tuple(dense.shape), dense.clone().reshape(-1).view(torch.uint8).tolist()


def nodes(loss):
    """All nodes behind a loss, in one fixed order."""
    waiting, met = [loss.grad_fn], {}
    while waiting:
        node = waiting.pop()
        if node is not None and node not in met:
            met[node] = None
            waiting += [following for following, _ in node.next_functions]
    return list(met)


def chain(loss):
    """The classes of all nodes behind a loss, in one fixed order, with their sequence numbers counted from the smallest."""
    found = [(type(node).__name__, node._sequence_nr()) for node in nodes(loss)]
    first = min(number for _, number in found)
    return [(name, 0 if name == "AccumulateGrad" else number - first) for name, number in found]
