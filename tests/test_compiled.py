"""Compiled functions under a recording: left alone, and said not to be judged."""

import pytest
import torch

from byhand.results import Verdict
from byhand.run import record

# PyTorch's compiler looks at .grad of everything it traces, and warns about itself
pytestmark = pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")


@pytest.fixture
def compiler():
    """A compiler that only counts how often it is asked."""
    torch._dynamo.reset()

    def compile_graph(graph, examples):
        compile_graph.count += 1
        return graph.forward

    compile_graph.count = 0
    yield compile_graph
    torch._dynamo.reset()


def test_a_compiled_function_is_not_compiled_again(compiler):
    """Neither inside a recording nor after it: PyTorch's guards see nothing of us."""
    double = torch.compile(lambda value: value * 2, backend=compiler)
    weight = torch.ones(3, requires_grad=True)
    double(weight)

    with record():
        double(weight).sum().backward()
    double(weight)

    assert compiler.count == 1


def test_a_module_compiled_inside_a_recording_works(compiler):
    """A module that is compiled and called while recording gives the same gradients as without."""
    module = torch.nn.Linear(3, 2)
    value = torch.randn(4, 3)
    module(value).sum().backward()
    plain = module.weight.grad.clone()
    module.zero_grad()

    with record() as run:
        torch.compile(module, backend=compiler)(value).sum().backward()

    assert torch.equal(module.weight.grad, plain)
    assert run.passes[-1].coverage.differ == 0


def test_a_compiled_region_is_said_not_to_be_judged():
    """One node holds a whole compiled function: byhand says so, counts it, and calls no weight behind it compared."""
    torch._dynamo.reset()
    compiled = torch.compile(lambda value: torch.tanh(value).sum(), backend="aot_eager")
    weight = torch.ones(3, requires_grad=True)

    with record() as run:
        loss = compiled(weight * 2)
        loss.backward()

    made = run.passes[-1]
    assert made.coverage.not_compared == 1
    assert [step.contributions[0].comparison.verdict for step in made.steps if step.op == "CompiledFunctionBackward"] == [
        Verdict.NOT_COMPARED
    ]
    assert [leaf.comparison.verdict for leaf in made.leaves] == [Verdict.NOT_COMPARED]
    torch._dynamo.reset()


def test_nothing_of_the_compiler_stays_patched(compiler):
    """After the recording `torch.compile` and the entrance of compiled functions are PyTorch's own."""
    compiled = torch.compile(lambda value: value + 1, backend=compiler)
    compiled(torch.ones(2))
    before = torch.compile, torch._dynamo.eval_frame._maybe_set_eval_frame

    with record():
        compiled(torch.ones(2))

    assert (torch.compile, torch._dynamo.eval_frame._maybe_set_eval_frame) == before
