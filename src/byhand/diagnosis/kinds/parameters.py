"""The kinds of faults of parameters: those that are not trained although the program means to train them."""

from byhand.diagnosis.kind import Kind
from byhand.findings import Severity


class FrozenParameter(Kind):
    """A parameter that an optimizer is to train needs no gradient.

    Such a parameter gets no gradient, `.grad` stays None, and the optimizer passes over it without a word. The loss may still fall,
    because the rest of the model learns around it.

    byhand looks at `requires_grad` of all that an optimizer holds when it is made and when it steps. That alone is no fault: it is usual
    to freeze a part of a model and to give the optimizer all of it. It becomes one where the program says that it wants the parameter
    trained: it made a second optimizer whose additional parameters are all frozen; it gave the frozen parameters a group of their own,
    which is a warning; it wrote `module.requires_grad = True` or misspelled the attribute, which Python accepts and PyTorch never reads;
    it handed the optimizer a plain tensor that was never told to require a gradient; or nothing that the optimizer holds can be trained
    any more.

    Write `module.requires_grad_(True)` before the forward pass, with its underscore at the end; or leave the parameter out of the
    optimizer if it is meant to stay as it is.
    """

    code = "frozen-parameter"
    intended = "A frozen backbone or the frozen base of LoRA inside an optimizer that got `model.parameters()` is left alone."
    example = "review_stars.py"


class UnusedParameter(Kind):
    """A parameter of a model that is trained takes no part in its loss.

    It gets no gradient and keeps its first value. On one machine nothing else happens; under DistributedDataParallel the next forward
    pass stops with "Expected to have finished reduction in the prior iteration", which names no parameter.

    byhand compares the parameters of every model that ran with those that its backward passes reached, over the whole run, and looks in
    the recorded calls for what became of the rest. Either no call took the parameter: then the module that was not called is named, a
    sibling that was, and the line of `forward` that would have called it. Or calls took it and nothing came of their result: then the
    line where it was dropped is named. What leads to the loss by value, and was cut from its graph, is a `graph-cut` and not said here.

    Use the result, or call the module; remove the parameter if nothing needs it. Under DistributedDataParallel
    `find_unused_parameters=True` lets the rest train.
    """

    code = "unused-parameter"
    severity = Severity.WARNING
    intended = (
        "An expert that got no tokens, an exit that was not taken or a branch that is switched off is a note; it is a warning where no "
        "method of its class mentions the module at all, or where its result is computed and dropped."
    )
    example = "residue_contacts.py"


class UnregisteredParameter(Kind):
    """A layer or a tensor of a model gets a gradient, but the model does not know that it has it.

    Layers in a plain list, tuple or dict, in an object that is no `nn.Module`, and tensors with `requires_grad` that are plain
    attributes are in no `parameters()`: no optimizer that was made from those can train them. `state_dict()`, `.to(device)` and
    `.train()` leave them out too.

    byhand takes every leaf that a backward pass reached and that is a parameter of no model and in no optimizer, and looks whether an
    attribute of a module that ran holds it, several containers deep. Identity decides; a list that only repeats registered layers is
    none, nor one whose parameters were given to an optimizer by hand, nor a tensor that `forward` itself made.

    Write `nn.ModuleList(...)`, `nn.ModuleDict(...)`, `nn.ParameterList(...)` or `nn.Parameter(...)` where the attribute is set.
    """

    code = "unregistered-parameter"
    intended = "A frozen network that is kept in a list to stay out of `parameters()` gets no gradient, and is not mentioned."
    example = "soil_moisture.py"


class NotInOptimizer(Kind):
    """A parameter of a trained model gets gradients, and no optimizer holds it.

    An optimizer keeps the tensors it was given when it was made. A layer that was replaced or added afterwards is another tensor, and
    so is everything that a list or a filter left out: the gradient arrives and is never used.

    byhand compares, by identity, what the backward passes reached with what the optimizers hold that were made or stepped. It is an
    error where the parameter was made after the optimizer, seen in the recorded calls. It is a warning where both were there, unless
    the program looks as if it meant to train a small part only: the parameters left out are more than four times as many as those held
    (LoRA, a prompt, biases only), they are all those before the trained head, or their model is in eval mode. What the program
    updates itself, without an optimizer, changes its value and is left alone.

    Make the optimizer after the model is complete, or call `optimizer.add_param_group({"params": [...]})`.
    """

    code = "not-in-optimizer"
    intended = "Training only a head without freezing the rest is a note: `requires_grad_(False)` for the rest saves its gradients."
    example = "chord_sequences.py"


class EvalMode(Kind):
    """A model is trained while it is in eval mode.

    Dropout drops nothing then, and BatchNorm normalises by its running statistics and never updates them: the model overfits, or learns
    with statistics that are not those of its data.

    byhand looks at `training` of every model that ran when a backward pass begins, and counts the optimizer steps after such passes
    that hold its parameters. It only counts models in which a module ran that behaves differently: Dropout with p > 0, BatchNorm or
    InstanceNorm with running statistics, attention or a recurrent layer with dropout. It must be the whole model that is in eval mode,
    and in all of its latest steps. The line is that of `.eval()`, or that of the model's call where the mode came otherwise: models of
    `from_pretrained` are in eval mode.

    Call `model.train()` before training goes on, and after each evaluation.
    """

    code = "eval-mode"
    severity = Severity.WARNING
    intended = "Parts in eval mode inside a model in training mode, such as a BatchNorm that is kept frozen, are left alone."
    example = "leaf_disease.py"


class WeightsNotUpdated(Kind):
    """Gradients arrive, and the weights stay what they were.

    Four causes. The optimizer holds other tensors than those that run: the model was copied or made again after it, or its parameters
    were replaced by `load_state_dict(..., assign=True)`. The learning rate is 0 in every step. An optimizer was made and `step()` is
    never called. Or an update is written that only gives a name to a new tensor: `w = w - lr * w.grad`.

    byhand watches every step for a `.grad` among what the optimizer holds and for its learning rates, and compares the norms of the
    weights, worked in double precision, in the first passes and later ones. A rate of 0 counts only if no step had another; with a
    scheduler, at least three steps must have been seen, because warm-up begins at 0. A missing `step()` counts after two passes whose
    weights did not change at all.

    Make the optimizer from the model that runs; call `optimizer.step()`; write `w -= lr * w.grad` under `torch.no_grad()`.
    """

    code = "weights-not-updated"
    intended = "A warm-up whose rate is 0 at first is not mentioned, nor a single backward pass without a step."
    example = "harvest_copy.py"
