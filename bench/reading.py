"""Reading the graph beside torchviz, and the whole explanation beside torchlens, on the same models."""

from typing import Any

import torchviz
from measuring.lens import traced, wrapped
from measuring.models import gpt2, mlp, transformer
from measuring.rounds import environment, in_turn, milliseconds, ratio, table
from torch import Tensor, nn

import byhand
from byhand.recording.walk import read_graph

MODELS = {
    "MLP, 4 layers": mlp,
    "transformer, 4 layers": lambda: transformer(width=64, batch=2, length=16),
    "GPT-2 of tests/zoo.py": gpt2,
    "GPT-2, 12 layers": lambda: gpt2(n_layer=12),
}
ROUNDS = 5


def graphs(model: nn.Module, batch: tuple[Tensor, ...]) -> list[str]:
    """How much faster the graph is read than torchviz describes it; `dot` is not called."""
    loss, names = model(*batch), dict(model.named_parameters())
    ways = {"byhand": lambda: read_graph([loss]), "torchviz": lambda: torchviz.make_dot(loss, params=names)}
    times = in_turn(ways, rounds=ROUNDS)
    return [milliseconds(times, "byhand"), milliseconds(times, "torchviz"), f"{ratio(times, 'torchviz', 'byhand').clock:.1f}", "1"]


def stories(model: nn.Module, batch: tuple[Tensor, ...]) -> list[str]:
    """How much faster forward pass, explanation and text are than torchlens's forward pass and text."""

    def explained() -> str:
        return str(byhand.explain(model(*batch)))

    def lens() -> str:
        return str(traced(model, batch, saved="all"))

    times = in_turn({"byhand": explained, "torchlens": lens}, rounds=ROUNDS, around={"torchlens": wrapped})
    return [milliseconds(times, "byhand"), milliseconds(times, "torchlens"), f"{ratio(times, 'torchlens', 'byhand').clock:.1f}", "20"]


def size(model: nn.Module, batch: tuple[Tensor, ...]) -> int:
    """Nodes of the graph."""
    graph: Any = read_graph([model(*batch)])[0]
    return len(graph.nodes)


if __name__ == "__main__":
    environment("reading the graph, and telling the whole story")
    made = {name: make() for name, make in MODELS.items()}
    named = {f"{name} ({size(*each):,} nodes)": each for name, each in made.items()}
    head = ("", "byhand, ms", "other, ms", "times faster", "goal")
    table("read_graph(loss) and torchviz.make_dot(loss)", head, [[name, *graphs(*each)] for name, each in named.items()])
    table(
        "str(explain(loss)) and str(torchlens.trace(model)), forward pass included",
        head,
        [[name, *stories(*each)] for name, each in named.items()],
    )
