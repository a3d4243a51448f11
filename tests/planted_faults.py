"""The faults that are planted into the models of planted_models.py: what is planted, and what has to be found then."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import planted_loops as loops
import planted_tampers as tampers
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


class Trial:
    """One model about to be trained on a few batches; a fault changes what it likes of it."""

    def __init__(self, subject, batches=3):
        torch.manual_seed(3)
        self.subject = subject
        self.model = subject.build().train()
        self.batches = [subject.batch() for _ in range(batches)]
        self.loss = subject.loss
        self.optimizer = None

    def tamper(self, change):
        """Have every result of the middle module changed."""
        middle, model = self.model.get_submodule(self.subject.middle), self.model
        forward = middle.forward
        middle.forward = lambda *inputs, **named: change(forward(*inputs, **named), model)

    def descend(self, parameters=None):
        """Train all parameters of the model, or these, by what is usual for such a model."""
        trained = list(self.model.parameters() if parameters is None else parameters)
        adam = self.subject.name in ("gpt", "gpt2", "vae", "moe")
        self.optimizer = torch.optim.AdamW(trained, lr=1e-3) if adam else torch.optim.SGD(trained, lr=0.02)


@dataclass(frozen=True)
class Fault:
    """One fault: `plant` makes it, `loop` trains, and `code` has to be found, of a `cause`, on a line with `line` in it.

    `symptom` says of a parameter after the first backward pass whether the fault has spoilt it: one such has to be named.
    `also` are codes that are true besides or instead, `without` the models it makes no sense for, and why.
    """

    name: str
    code: str
    plant: Callable = lambda trial: None
    loop: Callable = loops.plain
    line: str = ""
    causes: tuple = ()
    also: tuple = ()
    symptom: Callable | None = None
    raises: bool = False
    judge: bool = False
    without: Mapping = field(default_factory=dict)

    def planted(self, subject, batches=3):
        """The trial of a model with this fault in it, ready to run."""
        trial = Trial(subject, batches)
        self.plant(trial)
        if trial.optimizer is None:
            trial.descend()
        return trial


def missing(parameter):
    """No gradient came."""
    return parameter.grad is None


def zero(parameter):
    """Only zeros came."""
    return parameter.grad is not None and not parameter.grad.any()


def spoilt(parameter):
    """What came is not finite."""
    return parameter.grad is not None and not parameter.grad.isfinite().all()


def in_the_middle(name, code, change, **options):
    """A fault that changes what the middle module gives on."""
    return Fault(name, code, lambda trial: trial.tamper(change), **options)


def cut(name, change, line, *causes, **options):
    """A fault that cuts the graph in the middle."""
    return in_the_middle(name, "graph-cut", change, line=line, causes=causes, symptom=missing, **options)


def spoiling(name, code, change, line, **options):
    """A fault that makes gradients infinite or NaN."""
    return in_the_middle(name, code, change, line=line, symptom=spoilt, **options)


def deep(layer):
    """Plants a stack of twelve layers into the middle."""

    def plant(trial):
        trial.model.deep = nn.Sequential(*(layer(trial.subject.width) for _ in range(12)))
        trial.tamper(tampers.deep)

    return plant


def shrinking(width):
    """A layer that lets little of a gradient through."""
    return nn.Sequential(nn.Linear(width, width), nn.Sigmoid())


class Wave(nn.Module):
    """A sine: however large a number is, what comes of it is not."""

    def forward(self, hidden):
        return torch.sin(hidden)


def growing(width):
    """A layer that makes a gradient twenty times as long, and the numbers too."""
    layer = nn.Linear(width, width)
    nn.init.orthogonal_(layer.weight, gain=20.0)
    return layer


def chaotic(width):
    """A layer that makes a gradient many times as long while the numbers stay small."""
    return nn.Sequential(growing(width), Wave())


def quiet(trial):
    """Plants units that never fire."""
    width = trial.subject.width
    trial.model.quiet, trial.model.wake = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
    nn.init.constant_(trial.model.quiet.bias, -100.0)
    trial.tamper(tampers.quiet)


def steep(change):
    """Plants gates that are saturated."""

    def plant(trial):
        trial.model.steep = nn.Linear(trial.subject.width, trial.subject.width)
        nn.init.constant_(trial.model.steep.bias, 1000.0)
        trial.tamper(change)

    return plant


def freeze(trial):
    """Freezes the first weight, which the optimizer trains at a rate of its own."""
    weight, *rest = trial.model.parameters()
    weight.requires_grad_(False)
    trial.optimizer = torch.optim.SGD([{"params": [weight], "lr": 0.1}, {"params": rest}], lr=0.02)


def spare(trial):
    """Adds a layer that nothing uses."""
    trial.model.spare = nn.Linear(4, 4)


def hide(trial):
    """Adds layers in a plain list."""
    trial.model.adapters = [nn.Linear(trial.subject.width, trial.subject.width)]
    trial.tamper(tampers.adapted)


def adapt(trial):
    """Adds a layer that works on the last size of whatever comes: as it should be."""
    trial.model.adapters = nn.ModuleList([nn.Linear(trial.subject.width, trial.subject.width)])
    trial.tamper(tampers.adapted)


def rely(trial):
    """Trains the end of the model on what its frozen rest gives: as it should be."""
    trial.model.requires_grad_(False)
    end = trial.model.get_submodule(trial.subject.last).requires_grad_(True)
    trial.descend(end.parameters())


def save_memory(trial):
    """Works the middle out again in the backward pass: as it should be."""
    middle = trial.model.get_submodule(trial.subject.middle)
    forward = middle.forward
    middle.forward = lambda *inputs, **named: checkpoint(forward, *inputs, use_reentrant=False, **named)


def forget(trial):
    """Leaves the last layer out of the optimizer."""
    last = trial.subject.last
    trial.descend(parameter for name, parameter in trial.model.named_parameters() if not name.startswith(f"{last}."))


def train_a_copy(trial):
    """Gives the optimizer a copy of the model."""
    trial.descend(copy.deepcopy(trial.model).parameters())


def remember(trial):
    """Keeps what was, graph and all."""
    trial.model.memory = []
    trial.tamper(tampers.remembered)


def hook(trial):
    """Puts a hook on the first weight that changes its gradient."""
    next(trial.model.parameters()).register_hook(lambda grad: grad * 0.01)


def underflow(trial):
    """Half precision in the middle, and a loss so small that its gradients are 0 there."""
    loss = trial.loss
    trial.tamper(tampers.in_half)
    trial.loss = lambda result, target: loss(result, target) * 1e-9


def lose(trial):
    """Trains weights of 8 bits by less than a 256th of them."""
    trial.model.bfloat16()
    trial.batches = [(tuple(map(_short, inputs)), _short(target)) for inputs, target in trial.batches]
    trial.optimizer = torch.optim.SGD(trial.model.parameters(), lr=1e-7)


def _short(tensor):
    return tensor.bfloat16() if tensor.is_floating_point() else tensor
