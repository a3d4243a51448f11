"""Pages that the command writes of real programs, each made once in a test process."""

import tempfile
from functools import cache
from pathlib import Path

from byhand.command import main

EXAMPLE = (Path(__file__).parents[1] / "examples" / "back_propagation.py").read_text(encoding="utf-8")

SHARED = """
import torch
a = torch.tensor(2.0, requires_grad=True)
b = a * 3
c = b * b + b
c.backward()
"""

GPT2 = """
import torch, transformers
transformers.logging.set_verbosity_error()
torch.manual_seed(0)
config = transformers.GPT2Config(vocab_size=50, n_embd=16, n_layer=12, n_head=4, n_positions=64, bos_token_id=1, eos_token_id=2)
model = transformers.GPT2LMHeadModel(config)
words = torch.randint(3, 50, (2, 7))
loss = model(input_ids=words, labels=words).loss
loss.backward()
"""

ALONE = """
import torch
w = torch.tensor(2.0, requires_grad=True)
loss = w * 3
loss.backward()
"""

APART = """
import torch
a = torch.tensor([1.0, 2.0], requires_grad=True)
b = torch.tensor([3.0, 4.0], requires_grad=True)
left = a.exp()
right = b * b
torch.autograd.backward([left, right], [torch.ones(2), torch.ones(2)])
"""

MILLION = """
import torch
torch.manual_seed(0)
weights = torch.randn(1000, 1000, requires_grad=True)
with torch.no_grad():
    weights[0, 0] = float("nan")
loss = (weights * 2).sum()
loss.backward()
"""

ALL_NAN = """
import torch
weights = torch.full((40, 50), float("nan"), requires_grad=True)
loss = (weights * 2).sum()
loss.backward()
"""

LONG = "x" * 500
# a raw directional mark, quotes and tags, in comments, texts and names
HOSTILE = """
import torch
w = torch.tensor(2.0, requires_grad=True)
told = "<script>alert(1)</script><img src=x onerror=harmed=1>"; s = w * 3  # </style></script><script>harmed=1</script>
t = s * 2  # "quoted" 'twice' &amp; <b>bold</b> 🤖👩\u200d🔬 שלום \u202eabc ]]> --> <!-- {{ }} ${harmed=1}
LONG = t + 1
class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleDict({"<script>harmed=1</script>": torch.nn.Linear(1, 1), "</style>'`": torch.nn.Linear(1, 1)})
    def forward(self, x):
        for layer in self.layers.values():
            x = layer(x)
        return x
model = Model()
loss = model(LONG.reshape(1, 1)).sum()
loss.backward()
""".replace("LONG", LONG)


@cache
def page_of(program, *options):
    """The HTML that `byhand explain` writes of a program's text."""
    with tempfile.TemporaryDirectory() as place:
        file, page = Path(place) / "program.py", Path(place) / "page.html"
        file.write_text(program, encoding="utf-8")
        main(["explain", str(file), "--html", str(page), *options])
        return page.read_text(encoding="utf-8")
