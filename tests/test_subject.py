"""Whose gradient a fault spoils: the weight that its author would name."""

import torch

from byhand.faults.subject import spoiled
from byhand.graph import Edge, Graph, Node, Root, TensorMeta
from byhand.results import Comparison, Coverage, Leaf, Pass, Verdict
from byhand.value import Missing, Value

AGREES = Comparison(Verdict.AGREES)


def reached(edges, **shapes):
    """The names behind node "start", the one to name first. `edges` lead from each node to others, the last used first."""
    names = [*edges, *(name for name in shapes if name not in edges)]
    index = {name: place for place, name in enumerate(names)}
    meta = TensorMeta((), torch.float32)
    nodes = tuple(
        Node(
            index[name],
            name,
            tuple(Edge(index[each], 0, meta) for each in edges.get(name, ())),
            (meta,),
            sequence=-1 if name in shapes else 100 - index[name],
            leaf=name in shapes,
        )
        for name in names
    )
    gradient = Missing.NOT_COMPUTED
    leaves = tuple(
        Leaf(index[name], name.replace("__", "."), Value(shape, "float32"), gradient, gradient, AGREES) for name, shape in shapes.items()
    )
    result = Pass(Graph(nodes, (Root(0, 0),)), (), leaves, (), Coverage(0, 0, 0, 0, 0))
    return [leaf.name for leaf in spoiled(result, index["start"])]


def test_the_weight_of_a_linear_and_not_its_bias():
    """The bias is nearer, the weight is what people call the layer by; the layer before is neither."""
    edges = {
        "start": ("last__bias", "tanh", "turned"),
        "tanh": ("before",),
        "before": ("first__bias", "first__turned"),
        "turned": ("last__weight",),
    }
    edges |= {"first__turned": ("first__weight",)}

    found = reached(edges, last__bias=(1,), last__weight=(1, 50), first__bias=(50,), first__weight=(50, 7))

    assert found == ["last.weight", "last.bias", "first.bias", "first.weight"]


def test_a_weight_of_one_column_before_its_bias():
    """As many elements each: the one with more dimensions is the weight."""
    edges = {"start": ("layer__bias", "turned"), "turned": ("layer__weight",)}

    assert reached(edges, layer__bias=(33,), layer__weight=(33, 1))[0] == "layer.weight"


def test_a_norm_after_a_large_linear():
    """What belongs to another module is not named, however large."""
    edges = {"start": ("norm__scale", "linear"), "linear": ("layer__big",)}

    assert reached(edges, norm__scale=(8,), layer__big=(100, 100))[0] == "norm.scale"


def test_the_weight_itself():
    """A weight that goes straight in is the subject."""
    assert reached({"top": ("start", "other")}, start=(3,), other=(50,)) == ["start"]


def test_far_weights_are_not_named_first():
    """A large table at the bottom of a model is not what is nearest to the fault."""
    edges = {
        "start": ("turned",),
        "turned": ("one",),
        "one": ("head__weight", "two"),
        "two": ("three",),
        "three": ("four",),
        "four": ("table",),
    }

    assert reached(edges, head__weight=(4, 4), table=(1000, 64))[0] == "head.weight"


def test_no_weight_behind_it():
    """An input that no weight of this pass lies behind spoils none."""
    assert reached({"top": ("elsewhere",), "start": ()}, elsewhere=(3,)) == []
