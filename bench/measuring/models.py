"""What the measurements run: models of several sizes with random weights, and graphs of a given number of nodes."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WORDS = 1_000


class WithLoss(nn.Module):
    """A classifier of every position, whose result is its loss."""

    def __init__(self, body: nn.Module, classes: int) -> None:
        super().__init__()
        self.body, self.classes = body, classes

    def forward(self, given: Tensor, wanted: Tensor) -> Tensor:
        """The loss."""
        return F.cross_entropy(self.body(given).reshape(-1, self.classes), wanted.reshape(-1))


def mlp() -> tuple[nn.Module, tuple[Tensor, ...]]:
    """Four linear layers of width 256, and a batch."""
    layers = [layer for _ in range(3) for layer in (nn.Linear(256, 256), nn.GELU())]
    return WithLoss(nn.Sequential(*layers, nn.Linear(256, 10)), 10), (torch.randn(32, 256), torch.randint(0, 10, (32,)))


def transformer(*, layers: int = 4, width: int = 256, batch: int = 8, length: int = 128) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """A transformer that predicts words, and a batch."""
    blocks = [nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.0, batch_first=True, norm_first=True) for _ in range(layers)]
    words = torch.randint(0, WORDS, (batch, length))
    return WithLoss(nn.Sequential(nn.Embedding(WORDS, width), *blocks, nn.Linear(width, WORDS)), WORDS), (words, words.roll(-1, 1))


class Words(nn.Module):
    """A language model of the transformers package; its result is its loss."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, words: Tensor) -> Tensor:
        """The loss."""
        return self.model(input_ids=words, labels=words).loss


def gpt2(*, batch: int = 2, length: int = 7, **sizes: int) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """A GPT-2 with random weights, as small as that of tests/zoo.py unless `sizes` say otherwise, and a batch."""
    import transformers

    transformers.logging.set_verbosity_error()
    sizes = {"vocab_size": 50, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 64, **sizes}
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes, bos_token_id=1, eos_token_id=2, pad_token_id=0))
    return Words(model.train()), (torch.randint(3, sizes["vocab_size"], (batch, length)),)


def zoo() -> dict[str, Callable[[], Tensor]]:
    """The graphs of tests/zoo.py: what builds each model and returns its loss."""
    sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))
    known: Any = __import__("zoo")
    return {**known.GRAPHS, **known.transformers_graphs()}


def chain(nodes: int) -> Tensor:
    """One number multiplied again and again."""
    value = torch.tensor(1.0, requires_grad=True)
    for _ in range(nodes):
        value = value * 1.00001
    return value


def lattice(nodes: int) -> Tensor:
    """Every result used twice, so that there are more paths than could ever be walked."""
    before = value = torch.tensor(1.0, requires_grad=True)
    for _ in range(nodes // 3):
        before, value = value, value * 0.5 + before * 0.5
    return value
