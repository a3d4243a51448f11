"""For people's own tests: one assertion where they called torch.autograd.gradcheck, at any dtype and size."""

from collections.abc import Callable
from typing import Any

from byhand.api import check
from byhand.functions.options import refuse_options
from byhand.functions.story import FunctionStory


def assert_gradients(function: Callable[..., Any], /, *inputs: Any, gradient: Any = None, order: int = 1, **options: Any) -> bool:
    """True if every gradient of the function at these inputs is right; else an AssertionError with the whole report.

    `function` is a plain function, a module, a custom autograd.Function or an operator; float32 and bfloat16 inputs are judged as they
    are. A single tuple of inputs is taken apart, as torch.autograd.gradcheck does; `order=2` judges second derivatives of custom
    Functions too. It fails where a gradient differs from the one by hand, where the backward fails under stress, where the function does
    not change as its gradient says, where a result or a gradient is not finite, and where nothing could be compared. What a function
    cannot be checked for at all is raised as byhand.check() does; an option of gradcheck's is raised as UnknownOption: delete it.
    """
    refuse_options(options, "assert_gradients")
    given = inputs[0] if len(inputs) == 1 and isinstance(inputs[0], tuple) else inputs
    story = check(function, *given, gradient=gradient, order=order)
    if isinstance(story, FunctionStory) and story.checked.interrupted:
        raise KeyboardInterrupt
    if story.agrees:
        return True
    fault = "a gradient is wrong" if story.differs else "nothing could be compared, or not all of it is finite"
    raise AssertionError(f"{fault}\n\n{story}")
