"""The command line: `byhand explain FILE`, `byhand check FILE`, `byhand diagnose FILE`, on unmodified scripts and notebooks."""

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError, validators

from byhand import __version__
from byhand.collector import uncollected
from byhand.errors import ByhandError, Unwritable
from byhand.wanted import TERMINAL, Wanted

HELP = """Works every gradient of a PyTorch program by hand, beside PyTorch's own.

Arguments for the program itself follow two dashes:

byhand explain train.py -- --epochs 1
"""
app = App(name="byhand", help=HELP, help_format="plaintext", version=__version__, default_parameter=Parameter(show_default=False))

File = Annotated[Path, Parameter(help="A Python script or a Jupyter notebook, as it is.")]
Step = Annotated[int | None, Parameter(help="Which backward pass to tell, counted from 1; the last if not given.")]
Part = Annotated[str, Parameter(help="The module of a large model to open, such as h.0.attn.")]
Rank = Annotated[int, Parameter(help="Of several processes started by torchrun, the one that tells; the first, 0, if not given.")]


def _file(what: str) -> Parameter:
    return Parameter(allow_leading_hyphen=True, help=f"Write {what} to this file, or - for the terminal.")


@Parameter(name="*")
@dataclass(frozen=True)
class Outputs:
    """The files to write, by format."""

    html: Annotated[str, _file("the page: picture, steps, story, all in one file that works offline,")] = ""
    svg: Annotated[str, _file("the picture as SVG")] = ""
    png: Annotated[str, _file("the picture as PNG")] = ""
    latex: Annotated[str, _file("the story as LaTeX")] = ""
    tikz: Annotated[str, _file("the picture of a small run as TikZ, for LaTeX,")] = ""
    json: Annotated[str, _file("all backward passes as JSON")] = ""


NOTHING = Outputs()
_arguments: list[str] = []


@app.command
def explain(file: File, /, *, part: Part = "", step: Step = None, rank: Rank = 0, outputs: Outputs = NOTHING) -> int:
    """Run FILE and tell what its backward pass did, operation by operation."""
    return report(Wanted("explain", file, tuple(_arguments), asdict(outputs), step, part, rank))


@app.command
def check(file: File, /, *, step: Step = None, rank: Rank = 0, outputs: Outputs = NOTHING) -> int:
    """Run FILE and compare every gradient, worked by hand, with PyTorch's: exit code 1 if one differs."""
    return report(Wanted("check", file, tuple(_arguments), asdict(outputs), step, rank=rank))


Steps = Annotated[
    int | None,
    Parameter(help="End the program after so many optimizer steps; it runs to its end if not given.", validator=validators.Number(gte=1)),
]


@app.command
def diagnose(file: File, /, *, steps: Steps = None, rank: Rank = 0, outputs: Outputs = NOTHING) -> int:
    """Run FILE and say what is wrong with its gradients and its training loop: exit code 1 if there is an error."""
    return report(Wanted("diagnose", file, tuple(_arguments), asdict(outputs), rank=rank, steps=steps))


def main(words: Sequence[str] | None = None) -> int:
    """The exit code: 0 nothing wrong, 1 a gradient differs, 2 the program or the call failed."""
    given = list(sys.argv[1:] if words is None else words)
    divide = given.index("--") if "--" in given else len(given)
    _arguments[:] = given[divide + 1 :]
    try:
        code = app(given[:divide], exit_on_error=False, print_error=True, result_action="return_value")
        sys.stdout.flush()
    except UnusedCliTokensError as problem:
        print(
            f"byhand: arguments for the program itself follow --, as in: byhand explain FILE -- {' '.join(problem.unused_tokens or [])}",
            file=sys.stderr,
        )
        return 2
    except CycloptsError:
        return 2
    except ByhandError as problem:
        print(problem.report(), file=sys.stderr)
        return 2
    except BrokenPipeError:
        # whoever read our output has seen enough; Python must not complain when it closes it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    return code if isinstance(code, int) else 0


def report(wanted: Wanted) -> int:
    """Run the program and show or write what was asked for; the exit code. Raises the errors of programs."""
    with uncollected():
        from byhand.output import place_of

    named = {name: path for name, path in wanted.outputs.items() if path}
    to_terminal = [name for name, path in named.items() if path == TERMINAL]
    if len(to_terminal) > 1:
        several = " ".join(f"--{name} -" for name in to_terminal)
        raise Unwritable(several, "the terminal takes one of them at a time")
    places = {name: place_of(path) for name, path in named.items()}
    taken = [path for path in places.values() if list(places.values()).count(path) > 1]
    if taken:
        raise Unwritable(taken[0], "two outputs would stand in the one file")
    wanted = replace(wanted, outputs=places)
    if wanted.file.suffix == ".ipynb":
        from byhand.notebooks import report_notebook

        return report_notebook(wanted)
    return _report_script(wanted)


def _report_script(wanted: Wanted) -> int:
    from byhand.output import deliver, verdict
    from byhand.programs import commanded, compiled, output_aside, run_script
    from byhand.recording.sketch import no_drawing

    code, run, process = compiled(wanted.file), commanded(wanted), os.getpid()
    aside, values = output_aside() if wanted.to_terminal else nullcontext(), nullcontext() if wanted.pictured else no_drawing()
    with aside, values:
        problem = run_script(wanted.file, code, wanted.arguments, run)
    forked = os.getpid() != process
    if forked or os.environ.get("RANK", str(wanted.rank)) != str(wanted.rank):
        return verdict(run, wanted) if problem is None else 2
    with uncollected():
        return deliver(run, wanted, problem)
