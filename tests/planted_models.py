"""Ten small real models, each with what it is fed and its loss: what the faults of planted_faults.py are planted into.

The models know nothing of faults. `middle` is a module whose result a fault tampers with, `width` the last size of that result,
`last` a module at the end that may be left out of an optimizer.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Subject:
    """One model: how it is built, fed and judged, and where faults are planted."""

    name: str
    build: Callable
    batch: Callable
    loss: Callable
    middle: str
    width: int
    last: str
    moody: bool = False  # whether train() and eval() differ


class Tagger(nn.Module):
    """A bidirectional LSTM that names every word of a sentence."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 6)
        self.rnn = nn.LSTM(6, 8, num_layers=2, bidirectional=True, batch_first=True, dropout=0.2)
        self.out = nn.Linear(16, 10)

    def forward(self, words):
        return self.out(self.rnn(self.embed(words))[0])


class Gpt(nn.Module):
    """A causal transformer."""

    def __init__(self):
        super().__init__()
        self.token = nn.Embedding(20, 16)
        self.position = nn.Parameter(torch.randn(8, 16) * 0.1)
        self.blocks = nn.ModuleList(nn.TransformerEncoderLayer(16, 2, 32, 0.1, batch_first=True, norm_first=True) for _ in range(1))
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 20, bias=False)

    def forward(self, tokens):
        hidden = self.token(tokens) + self.position[: tokens.shape[1]]
        mask = nn.Transformer.generate_square_subsequent_mask(tokens.shape[1])
        for block in self.blocks:
            hidden = block(hidden, src_mask=mask, is_causal=True)
        return self.head(self.norm(hidden))


class Unet(nn.Module):
    """One step down, one up, with a bridge."""

    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, 2, 1)
        self.norm = nn.GroupNorm(4, 8)
        self.up = nn.ConvTranspose2d(8, 4, 2, 2)
        self.head = nn.Conv2d(7, 2, 1)

    def forward(self, picture):
        hidden = F.silu(self.norm(self.down(picture)))
        return self.head(torch.cat([self.up(hidden), picture], 1))


class Vae(nn.Module):
    """A variational autoencoder; its result is what it draws and the moments."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(8, 6)
        self.decoder = nn.Linear(3, 8)

    def forward(self, row):
        mean, spread = self.encoder(row).chunk(2, -1)
        code = mean + torch.randn_like(mean) * torch.exp(0.5 * spread)
        return self.decoder(code), mean, spread


class Gnn(nn.Module):
    """Two rounds of messages on a graph."""

    def __init__(self):
        super().__init__()
        self.inside = nn.Linear(4, 8)
        self.between = nn.Linear(8, 8)
        self.out = nn.Linear(8, 4)

    def forward(self, nodes, edges):
        hidden = F.elu(self.spread(self.inside(nodes), edges))
        return self.out(hidden + F.elu(self.spread(self.between(hidden), edges)))

    def spread(self, hidden, edges):
        return hidden + torch.zeros_like(hidden).index_add(0, edges[1], hidden[edges[0]])


class Experts(nn.Module):
    """A mixture of experts: each row goes to two of three."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(6, 8)
        self.gate = nn.Linear(8, 3)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Dropout(0.1), nn.Linear(16, 8)) for _ in range(3))
        self.head = nn.Linear(8, 3)

    def forward(self, rows):
        hidden = self.embed(rows)
        weight, chosen = self.gate(hidden).softmax(-1).topk(2)
        mixed = torch.zeros_like(hidden)
        for number, expert in enumerate(self.experts):
            row, place = torch.where(chosen == number)
            if len(row):
                mixed = mixed.index_add(0, row, expert(hidden[row]) * weight[row, place, None])
        return self.head(hidden + mixed)


class Siamese(nn.Module):
    """The same network on both of a pair, and how alike each is to each."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.Linear(8, 4))
        self.log_scale = nn.Parameter(torch.tensor(1.0))

    def forward(self, one, other):
        one, other = F.normalize(self.body(one), dim=-1), F.normalize(self.body(other), dim=-1)
        return one @ other.T * self.log_scale.exp()


class Gpt2(nn.Module):
    """GPT-2 as transformers has it, tiny."""

    def __init__(self):
        import transformers

        super().__init__()
        words = {"vocab_size": 50, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
        self.model = transformers.GPT2LMHeadModel(transformers.GPT2Config(n_embd=16, n_layer=1, n_head=4, n_positions=64, **words))

    def forward(self, tokens):
        return self.model(input_ids=tokens).logits


class Convnet(nn.Module):
    """Convolutions with batch norm and dropout."""

    def __init__(self):
        super().__init__()
        front = (nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2))
        back = (nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.features = nn.Sequential(*front, *back)
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(8, 4))

    def forward(self, picture):
        return self.head(self.features(picture))


class Perceptron(nn.Module):
    """A multilayer perceptron."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.GELU(), nn.Linear(16, 3))

    def forward(self, rows):
        return self.layers(rows)


def classes(scores, target):
    """Cross-entropy, whatever the place of the classes among the sizes."""
    return F.cross_entropy(scores if scores.dim() == 4 else scores.flatten(0, -2), target if scores.dim() == 4 else target.flatten())


def drawn(result, target):
    """What a variational autoencoder minimises."""
    drawing, mean, spread = result
    return F.binary_cross_entropy_with_logits(drawing, target) - 0.05 * torch.mean(1 + spread - mean.pow(2) - spread.exp())


def alike(scores, target):
    """Each of the pair is to find its partner."""
    return (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2


def rows(width, kinds, count=8):
    """A batch of rows with their classes."""
    return lambda: ((torch.randn(count, width),), torch.randint(kinds, (count,)))


def sentences(words, length):
    """A batch of sentences, and each word's successor."""

    def batch():
        tokens = torch.randint(3, words, (4, length + 1))
        return (tokens[:, :-1],), tokens[:, 1:]

    return batch


def pictures(size, kinds, shape):
    """A batch of pictures with their classes."""
    return lambda: ((torch.randn(4, 3, size, size),), torch.randint(kinds, (4, *shape)))


def reproduced():
    """A batch to be drawn again."""
    row = torch.rand(8, 8)
    return (row,), row


def graph():
    """A graph of ten nodes with their classes."""
    return (torch.randn(10, 4), torch.randint(10, (2, 24))), torch.randint(4, (10,))


def pairs():
    """A batch of pairs."""
    one = torch.randn(8, 6)
    return (one, one + 0.1 * torch.randn(8, 6)), torch.arange(8)


SUBJECTS = (
    Subject("mlp", Perceptron, rows(8, 3), classes, "layers.2", 16, "layers.4"),
    Subject("convnet_bn", Convnet, pictures(16, 4, ()), classes, "features", 8, "head", moody=True),
    Subject("lstm", Tagger, sentences(10, 5), classes, "embed", 6, "out", moody=True),
    Subject("gpt", Gpt, sentences(20, 6), classes, "blocks.0", 16, "norm", moody=True),
    Subject("unet", Unet, pictures(8, 2, (8, 8)), classes, "norm", 4, "head"),
    Subject("vae", Vae, reproduced, drawn, "encoder", 6, "decoder"),
    Subject("gnn", Gnn, graph, classes, "inside", 8, "out"),
    Subject("moe", Experts, rows(6, 3, 16), classes, "embed", 8, "head", moody=True),
    Subject("siamese", Siamese, pairs, alike, "body.0", 8, "body.2"),
    Subject("gpt2", Gpt2, sentences(50, 6), classes, "model.transformer.h.0.mlp", 16, "model.transformer.ln_f", moody=True),
)
