"""One function checked: called, recorded, judged node by node, its backward put under stress, sealed from outside."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from byhand.cells import in_cells
from byhand.errors import ByhandError, ChangesInput, NoInput, NoPath, NoResult, NotAGradient, NotRepeatable, WrongShape
from byhand.functions.attempts import SEED, Attempts, Made, alone, seeds_for
from byhand.functions.cuts import cuts
from byhand.functions.foreign import any_intended, foreign, has_own_jvp, line_of, name_of
from byhand.functions.gaps import changed
from byhand.functions.inputs import Inputs, copy_of, is_continuous, read_inputs, tensors_in
from byhand.functions.options import refuse_options
from byhand.functions.recorded import judged
from byhand.functions.refusals import refused
from byhand.functions.seal import Seal, seal
from byhand.functions.story import Checked, FunctionStory, findings
from byhand.functions.stress import Stress
from byhand.functions.target import Target, target_of
from byhand.functions.trials import Trial, untried
from byhand.progress import calls
from byhand.results import Pass, Step, Verdict
from byhand.words import counted, finite, located, plain
from byhand.yours import known_places, places_of, weigh


def check_function(function: Any, inputs: Sequence[Any], *, gradient: Any, order: int, values: Mapping[str, Any]) -> FunctionStory:
    """The report on a function at these inputs.

    A Ctrl-C after the nodes are judged ends it: what was found until then is told.
    Raises NoInput, NoResult, NoPath, ChangesInput, NotRepeatable, FunctionFailed, NotAGradient, WrongShape, UnknownName, UnknownOption.
    """
    target = target_of(function)
    given = read_inputs(inputs, target.names(len(inputs)))
    refuse_options(values, "byhand.check", values=given.arguments)
    _has_numbers(given, target)
    attempts = Attempts(target, given)
    with alone(), calls(target.name) as attempts.told:
        try:
            made = _first(attempts)
            seeds = _seeds(made, gradient, target, plainly=bool(values))
            passed = _judged(attempts, dict(zip(made.outputs, seeds, strict=True)), values, order=order)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"byhand.check({target.name}, ...) was interrupted before anything was judged") from None
        nodes = foreign(made.nodes())
        stress = Stress(attempts, made, seeds).trials() if nodes else iter(())
        trials, sealed = _outside(attempts, stress, passed, nodes)
    custom = ", ".join(dict.fromkeys(name_of(node) for node in nodes))
    called = f"{target.name}({', '.join(given.arguments)})"
    checked = Checked(called, SEED, given.checked, passed, trials, sealed, custom, line_of(nodes), _odd(made, passed), sealed is STOPPED)
    return FunctionStory(replace(checked, passed=in_cells(replace(passed, findings=findings(checked)))))


STOPPED = Seal(Verdict.NOT_COMPARED, "not sealed: interrupted")


def _outside(attempts: Attempts, stress: Iterator[Trial], passed: Pass, nodes: Sequence[Any]) -> tuple[tuple[Trial, ...], Seal]:
    """What stress and the function itself show, or what they showed until Ctrl-C."""
    trials: list[Trial] = []
    running = True
    try:
        for trial in stress:
            trials += [trial]  # one by one: those before an interruption count
        running = False
        sealed = _meant(_intended(seal(attempts), nodes), passed, attempts)
    except KeyboardInterrupt:
        return (*trials, *[untried("the other attempts", "interrupted")] * (running and bool(nodes))), STOPPED
    wrong = passed.coverage.differ or any(trial.verdict is Verdict.DIFFERS for trial in trials)
    return tuple(trials), _no_seal(sealed) if wrong and sealed.verdict is Verdict.AGREES else sealed


def _no_seal(found: Seal) -> Seal:
    """A seal beside a difference would be read as a pardon: what was seen is told, and no more."""
    return replace(found, verdict=Verdict.NOT_COMPARED, said=f"no seal, since something above differs; in float64, {found.said}")


def _has_numbers(inputs: Inputs, target: Target) -> None:
    tensors = inputs.tensors()
    checked = [tensors[name] for name in inputs.checked]
    own = any(parameter.requires_grad for module in target.modules for parameter in module.parameters())
    kinds = ", ".join(_kind(value) for value in inputs.arguments.values()) or "none"
    if not checked and not own:
        raise NoInput(target.name, kinds)
    if checked and not any(each.numel() for each in checked) and not own:
        raise NoInput(target.name, kinds, why="they are empty tensors: there is nothing in them to compare")
    if checked and all(each.is_meta for each in checked):
        raise NoInput(target.name, kinds, why="they are on the meta device: they have shapes and no numbers")


def _kind(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    return type(value).__name__


def _first(attempts: Attempts) -> Made:
    """Two calls, and what can be said against them before any gradient is looked at."""
    target = attempts.target
    made = _called(attempts)
    _refuse_changes(attempts, made.inputs)
    results = dict(tensors_in({"output": made.result}))
    if not any(is_continuous(each) for each in results.values()):
        kinds = ", ".join(_kind(each) for each in results.values()) or _kind(made.result)
        raise NoResult(target.name, kinds)
    if any(each.is_meta for each in results.values()):
        raise NoResult(target.name, "a tensor on the meta device", why="it has a shape and no numbers")
    if not made.outputs:
        raise NoPath(target.name, ", ".join(attempts.inputs.checked) or "its weights")
    if not any(each.numel() for each in made.outputs.values()):
        raise NoResult(target.name, "an empty tensor", why="there is nothing in it to go back from")
    again = dict(tensors_in({"output": _called(attempts).result}))
    for name, tensor in results.items():
        if name not in again or again[name].shape != tensor.shape:
            raise NotRepeatable(target.name, f"{name} has another shape")
        if gap := changed(name, tensor.detach(), again[name].detach()):
            raise NotRepeatable(target.name, f"{name}: {gap.told()}")
    return made


def _refuse_changes(attempts: Attempts, after: Inputs) -> None:
    """Raise ChangesInput where a call has written into an input that a gradient is wanted of; a buffer it may keep up to date."""
    for name, tensor in attempts.inputs.tensors().items():
        if name in attempts.inputs.checked and (gap := changed(name, tensor.detach(), after.tensors()[name].detach())):
            raise ChangesInput(attempts.target.name, name, gap.told(), spelled=attempts.target.spelled)


def _called(attempts: Attempts) -> Made:
    try:
        return attempts.make()
    except ByhandError:
        raise
    except Exception as problem:
        if "leaf Variable that requires grad" in str(problem):
            _refuse_changes(attempts, attempts.make(wanted=[]).inputs)
        raise refused(problem, attempts.target.name, "forward", spelled=attempts.target.spelled) from problem


def _seeds(made: Made, gradient: Any, target: Target, *, plainly: bool) -> list[torch.Tensor]:
    """The gradients that arrive at the outputs: random, or the caller's own; 1 for a single number where that is `plainly` meant."""
    if gradient is None:
        alone = list(made.outputs.values())
        return [torch.ones_like(alone[0]).detach()] if plainly and len(alone) == 1 and alone[0].numel() == 1 else seeds_for(made.outputs)
    given = list(gradient) if isinstance(gradient, list | tuple) else [gradient]
    for seed in given:
        if not isinstance(seed, torch.Tensor):
            raise NotAGradient(seed, "check")
    for seed, (name, output) in zip(given, made.outputs.items(), strict=False):
        if seed.shape != output.shape:
            raise WrongShape(name, tuple(seed.shape), tuple(output.shape), verb="check")
    if len(given) != len(made.outputs):
        raise NoResult(
            target.name, f"{counted(len(made.outputs), 'tensor')}, and gradient= has {len(given)}", why="each needs one gradient"
        )
    return [copy_of(seed) for seed in given]


def _judged(attempts: Attempts, seeds: Mapping[str, torch.Tensor], values: Mapping[str, Any], *, order: int) -> Pass:
    try:
        passed = judged(attempts, seeds, order=order)
    except ByhandError:
        raise
    except Exception as problem:
        raise refused(problem, attempts.target.name, "backward", spelled=attempts.target.spelled) from problem
    return replace(passed, yours=weigh(values, places_of(values, known_places(passed)), {}, passed))


def _intended(found: Seal, nodes: Sequence[Any]) -> Seal:
    """A Function that is declared not to be the derivative is not meant to be sealed; forward mode counts where one has its own."""
    if found.forward is Verdict.DIFFERS and not has_own_jvp(nodes):
        said = f"{found.forward_said}; no Function here has a jvp of its own, so that it may be PyTorch's"
        found = replace(found, forward=Verdict.NOT_COMPARED, forward_said=said)
    if not any_intended(nodes):
        return found
    meant = {Verdict.DIFFERS: Verdict.INTENDED}
    return replace(found, verdict=meant.get(found.verdict, found.verdict), forward=meant.get(found.forward, found.forward))


def _meant(found: Seal, passed: Pass, attempts: Attempts) -> Seal:
    """Where every node is right and the whole is not the slope: values that the function itself holds constant explain it."""
    if found.verdict is not Verdict.DIFFERS or passed.coverage.differ:
        return found
    constant = cuts(attempts)
    if not constant:
        return found
    said = (
        f"not sealed: what goes through {', '.join(constant)} counts as constant in its gradient, and changes all the same ({found.said})"
    )
    return replace(found, verdict=Verdict.NOT_COMPARED, said=said, blamed=())


def _odd(made: Made, passed: Pass) -> tuple[str, ...]:
    """What is not finite among the results and the gradients, and where it began."""
    found = [f"{name}: {_count(each)}" for name, each in made.outputs.items() if not bool(torch.isfinite(each).all())]
    found += [f"the gradient of {leaf.name}" for leaf in passed.leaves if not finite(leaf.by_torch)]
    return (*found, *_born(passed)) if found else ()


def _born(passed: Pass) -> Iterator[str]:
    """The operation that the first value comes from which is not finite, and the one in whose backward the first gradient does."""
    forward = next((step for step in reversed(passed.steps) if not all(finite(output.value) for output in step.outputs)), None)
    if forward is not None:
        yield f"the first such value comes from {_place(forward)}"
    for step in passed.steps:
        if all(finite(output.by_torch) for output in step.outputs) and not all(finite(each.by_torch) for each in step.contributions):
            yield f"the first such gradient comes from {step.op}, the backward of {_place(step)}"
            return


def _place(step: Step) -> str:
    line = located(step.origin)
    return f"{plain(step.name or step.expression or step.op, 60)}{f' ({line})' if line else ''}"


def _count(tensor: torch.Tensor) -> str:
    wrong = int((~torch.isfinite(tensor)).sum())
    return f"{wrong:,} of {tensor.numel():,} elements"
