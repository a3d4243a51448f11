"""Small real models under diagnosis: nothing is said of those that are right, and every fault planted into ten of them is found."""

import importlib.util
import warnings

import planted_zoo
import pytest
import torch
import zoo
from planted_models import SUBJECTS
from planted_table import FAULTS, HEALTHY

from byhand import record

TRANSFORMERS = importlib.util.find_spec("transformers") is not None
LANGUAGE = ("gpt2", "llama", "bert", "mixtral", "vit")
MODES = tuple(f"{name}{setting}" for name in LANGUAGE for setting in ("", ", eager attention"))
SHOWN = [subject for subject in SUBJECTS if subject.name != "gpt2" or TRANSFORMERS]


def named(thing):
    """How a model or a fault is called in the name of its test."""
    return thing.name.replace(" ", "-")


def pairs(faults):
    """Every model with every fault that makes sense in it, as parameters of a test."""
    found = [(subject, fault) for subject, fault in planted_zoo.cases(faults) if subject in SHOWN]
    return [pytest.param(subject, fault, id=f"{named(fault)}-in-{named(subject)}") for subject, fault in found]


def builder(name):
    """What builds the loss of a graph of the zoo."""
    if name in zoo.GRAPHS:
        return zoo.GRAPHS[name]
    pytest.importorskip("transformers")
    model, *eager = name.split(", ")
    build = zoo.transformers_graphs()[model]
    return lambda: build("eager" if eager else None)


def leaves(loss):
    """The tensors that the loss depends on and that want a gradient."""
    waiting, seen, found = [loss.grad_fn], set(), []
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        found += [node.variable] if hasattr(node, "variable") else []
        waiting += [behind for behind, _ in node.next_functions]
    return found


@pytest.mark.parametrize("name", [*zoo.GRAPHS, *MODES])
def test_nothing_is_said_of_the_zoo(name):
    """Each graph of the zoo, trained for two steps, is neither accused nor suspected of anything."""
    build = builder(name)
    torch.manual_seed(0)
    with warnings.catch_warnings(), record(diagnose=True) as run:
        warnings.simplefilter("ignore")
        for _ in range(2):
            loss = build()
            optimizer = torch.optim.SGD(leaves(loss), lr=0.01)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    assert [each for each in run.findings if each.severity in planted_zoo.STRONG] == []
    assert run.observed("").unseen == ()


@pytest.mark.parametrize(("subject", "loop"), pairs(HEALTHY))
def test_nothing_is_said_of_a_model_that_is_trained_rightly(subject, loop):
    """The ten models in loops that are right, some of which look much like the wrong ones."""
    assert planted_zoo.outcome(subject, loop).alarms == []


@pytest.mark.parametrize(("subject", "fault"), pairs(FAULTS))
def test_a_planted_fault_is_found(subject, fault):
    """The fault is named by its code, at its line, with a parameter that it spoilt, and nothing else is blamed."""
    made = planted_zoo.outcome(subject, fault)

    assert made.missed == ""
    assert made.alarms == []


def test_every_model_gets_every_fault_that_makes_sense_in_it():
    """At least sixty pairs, and each pair left out says why."""
    assert len(SUBJECTS) == 10
    assert len(planted_zoo.cases(FAULTS)) >= 400
    assert all(reason for fault in FAULTS for reason in fault.without.values())
    assert {name for fault in FAULTS for name in fault.without} <= {subject.name for subject in SUBJECTS}
