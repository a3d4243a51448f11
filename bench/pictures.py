"""Time to the first picture and size of what is written, for graphs of 3 to 50,000 nodes, beside four rivals on the same runs."""

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import torch
from measuring.rounds import environment, table
from torch import Tensor, nn

NODES = (3, 100, 1_000, 5_000, 50_000)
LIMIT = 60  # seconds for one picture
ROUNDS = 3
TOOLS = ("byhand page", "byhand SVG", "torchviz + dot", "torchview + dot", "torchvista", "torchlens + dot")
NEEDED = {
    "torchviz + dot": ("torchviz", "dot"),
    "torchview + dot": ("torchview", "dot"),
    "torchvista": ("torchvista", ""),
    "torchlens + dot": ("torchlens", "dot"),
}


class Run(nn.Module):
    """A run of so many operations: numbers that are multiplied and added, and now and then one from long ago is added again."""

    def __init__(self, nodes: int) -> None:
        super().__init__()
        self.nodes = nodes
        self.weight = nn.Parameter(torch.tensor(1.0001))
        self.same = nn.Identity()  # torchview shows the operations of a module only if it holds another

    def forward(self, given: Tensor) -> Tensor:
        """The last number."""
        value = early = given * self.weight
        for number in range(1, self.nodes):
            if number % 50 == 49:
                value, early = value + early, value
            else:
                value = value * self.weight if number % 2 else value + given
        return self.same(value)


def byhand_page(model: nn.Module, given: Tensor, place: Path) -> None:
    """The page: picture, steps, details and story."""
    import byhand

    place.write_text(byhand.explain(model(given)).to_html(), encoding="utf-8")


def byhand_svg(model: nn.Module, given: Tensor, place: Path) -> None:
    """The static picture."""
    import byhand

    place.write_text(byhand.explain(model(given)).to_svg(), encoding="utf-8")


def torchviz(model: nn.Module, given: Tensor, place: Path) -> None:
    """The backward graph, drawn by dot."""
    import torchviz

    place.write_bytes(torchviz.make_dot(model(given), params=dict(model.named_parameters())).pipe(format="svg"))


def torchview(model: nn.Module, given: Tensor, place: Path) -> None:
    """The forward graph with every operation, drawn by dot."""
    from torchview import draw_graph

    place.write_bytes(draw_graph(model, input_data=given, hide_inner_tensors=True).visual_graph.pipe(format="svg"))


def torchvista(model: nn.Module, given: Tensor, place: Path) -> None:
    """The page; it is laid out when a browser opens it, which is not counted."""
    from torchvista import trace_model

    trace_model(model, given, export_format="html", export_path=str(place))


def torchlens(model: nn.Module, given: Tensor, place: Path) -> None:
    """The forward graph, drawn by dot."""
    from measuring.lens import traced

    traced(model, (given,), saved="none").draw(vis_outpath=str(place.with_suffix("")), vis_save_only=True, vis_fileformat="svg")


WAYS: dict[str, Callable[[nn.Module, Tensor, Path], None]] = dict(
    zip(TOOLS, (byhand_page, byhand_svg, torchviz, torchview, torchvista, torchlens), strict=True)
)


def drawn(tool: str, nodes: int) -> None:
    """In a process of its own: prints the seconds until the file is written, with modules imported before, and its bytes."""
    torch.set_num_threads(1)
    sys.setrecursionlimit(1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        way, model, given = WAYS[tool], Run(nodes), torch.tensor(1.5, requires_grad=True)
        way(Run(3), given, Path(folder) / "first.svg")
        place = Path(folder) / ("picture.html" if tool in ("byhand page", "torchvista") else "picture.svg")
        started = time.perf_counter()
        way(model, given, place)
        print("drawn", time.perf_counter() - started, place.stat().st_size)


def alone(tool: str, nodes: int) -> tuple[float, int] | str:
    """Seconds and bytes of one picture, the least of some rounds; or why there is none."""
    best: tuple[float, int] | None = None
    for _ in range(ROUNDS):
        try:
            words = (sys.executable, __file__, tool, str(nodes))
            answer = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT, check=False)
        except subprocess.TimeoutExpired:
            return f"> {LIMIT} s"
        told = [line for line in answer.stdout.splitlines() if line.startswith("drawn")]
        if answer.returncode or not told:
            return reason(answer)
        _, seconds, size = told[-1].split()
        best = min(best or (float(seconds), int(size)), (float(seconds), int(size)))
        if best[0] > LIMIT / 10:
            break
    assert best is not None
    return best


def reason(answer: subprocess.CompletedProcess[str]) -> str:
    """How a process ended that drew nothing: its signal, that of the dot it called, or the name of its error."""
    if answer.returncode < 0:
        return signal.Signals(-answer.returncode).name
    if found := re.search(r"died with <Signals\.(\w+)", answer.stderr):
        return f"dot: {found[1]}"
    last = [line for line in answer.stderr.splitlines() if line and not line.startswith(" ")]
    return (last[-1] if last else "no picture").split(":")[0].split(".")[-1]


def lacking(tool: str) -> str:
    """What a tool needs and is not there."""
    package, program = NEEDED.get(tool, ("", ""))
    if package and find_spec(package) is None:
        return "not installed"
    return "" if not program or which(program) else f"no {program}"


def row(tool: str, found: Sequence[tuple[float, int] | str], base: Sequence[tuple[float, int] | str]) -> list[str]:
    """One tool's seconds and kilobytes for each size, and how many times the page's seconds."""
    return [tool, *(cell(each, other, ours=tool.startswith("byhand")) for each, other in zip(found, base, strict=True))]


def cell(each: tuple[float, int] | str, base: tuple[float, int] | str, *, ours: bool) -> str:
    """The seconds, the size, and the ratio to byhand's page of the same run."""
    if isinstance(each, str):
        return each
    times = "" if ours or isinstance(base, str) else f" ({each[0] / base[0]:.1f}×)"
    return f"{each[0]:.2f} s{times}, {each[1] / 1000:,.0f} kB"


def main() -> None:
    """All tools, all sizes, one size after the other."""
    environment(f"time to the first picture and size of the file; at most {LIMIT} s each, in processes of their own")
    found = {tool: [lacking(tool) or alone(tool, nodes) for nodes in NODES] for tool in TOOLS}
    head = ("operations", *(f"{nodes:,}" for nodes in NODES))
    rows = [row(tool, found[tool], found["byhand page"]) for tool in TOOLS]
    table("seconds (and how many times those of byhand's page), kilobytes", head, rows)


if __name__ == "__main__":
    if sys.argv[1:]:
        drawn(sys.argv[1], int(sys.argv[2]))
    else:
        main()
