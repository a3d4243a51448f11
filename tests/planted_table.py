"""Every fault that is planted, and the healthy loops beside them."""

import planted_faults as faults
import planted_loops as loops
import planted_tampers as tampers
from planted_faults import Fault, cut, in_the_middle, spoiling

NOT_MOODY = dict.fromkeys(("mlp", "unet", "vae", "gnn", "siamese"), "nothing in it behaves differently in eval mode")
TOGETHER = {
    "gnn": "its first size is nodes, which exchange messages",
    "siamese": "its loss compares the samples of the batch",
    **dict.fromkeys(("lstm", "gpt", "gpt2"), "each step of a sequence has its own target, and dimension 0 might be the steps"),
    "unet": "each pixel has its own target, and its samples are told apart in two sizes only",
}
RESIDUAL = {"gpt2": "it is planted into a branch, beside which the residual stream carries the gradient"}
HALVED = {"siamese": "its loss is half the sum of two parts, which looks like the scaling that is missing"}
CALM = {
    **dict.fromkeys(("gpt", "gpt2", "siamese"), "what follows divides by the size of the numbers, and so does the gradient"),
    "lstm": "its gates are wholly open or shut then, and the gradient is 0",
    "vae": "its numbers overflow at once",
}
NOT_FINITE = ("non-finite-gradient", "non-finite-dead-branch")
IN_VAIN = ("weights-not-updated", "not-in-optimizer", "gradient-accumulated", "unused-parameter")

CUTS = (
    cut("detach", tampers.detached, ".detach()", "detach"),
    cut("data", tampers.data, ".data", "data"),
    cut("no_grad", tampers.no_grad, "", "no-grad"),
    cut("numpy", tampers.by_numpy, "numpy()", "numpy"),
    cut("item", tampers.by_item, ".item()", "item"),
    cut("rewrap", tampers.rewrapped, "torch.tensor(", "rewrap"),
    cut("integer", tampers.by_integer, ".long()", "integer"),
    cut("argmax", tampers.by_argmax, "argmax", "non-differentiable", "integer"),
    cut("parameter in forward", tampers.by_parameter, "nn.Parameter(", "parameter-in-forward"),
    Fault("no_grad around all", "graph-cut", loop=loops.without_gradient, causes=("no-grad",), raises=True),
    in_the_middle("round", "zero-gradient-op", tampers.rounded, line="torch.round", symptom=faults.zero),
    in_the_middle("sign", "zero-gradient-op", tampers.signed, line="torch.sign", symptom=faults.zero),
    in_the_middle("comparison", "zero-gradient-op", tampers.compared, line="hidden > 0", symptom=faults.missing),
    Fault("frozen", "frozen-parameter", faults.freeze, symptom=faults.missing),
    Fault("never thawed", "frozen-parameter", loop=loops.thawed_too_late, symptom=faults.missing),
    Fault("unused", "unused-parameter", faults.spare, symptom=faults.missing),
    Fault("hidden in a list", "unregistered-parameter", faults.hide, also=("not-in-optimizer",)),
    Fault("non-leaf grad", "non-leaf-grad", loop=loops.looked_up, line="result", also=("unused-parameter",)),
    Fault("not in optimizer", "not-in-optimizer", faults.forget, also=("gradient-accumulated",)),
    Fault("eval mode", "eval-mode", loop=loops.resting, without=NOT_MOODY),
)

NUMBERS = (
    spoiling("sqrt(0)", "non-finite-gradient", tampers.root_of_zero, "torch.sqrt"),
    spoiling("0 log(0)", "non-finite-gradient", tampers.logarithm_of_zero, "torch.log", also=NOT_FINITE),
    spoiling("0 ** 0.3", "non-finite-gradient", tampers.power_of_zero, "** 0.3"),
    spoiling("dead sqrt", "non-finite-dead-branch", tampers.dead_root, "torch.where", also=NOT_FINITE),
    spoiling("dead log", "non-finite-dead-branch", tampers.dead_logarithm, "torch.where", also=NOT_FINITE),
    spoiling("fp16 overflow", "fp16-overflow", tampers.overflowing, ".half()", also=NOT_FINITE),
    Fault("fp16 underflow", "fp16-underflow", faults.underflow, symptom=faults.zero, also=("vanishing-gradient", "weights-not-updated")),
    Fault("lost in rounding", "lost-in-rounding", faults.lose, also=("weights-not-updated",)),
    Fault(
        "vanishing",
        "vanishing-gradient",
        faults.deep(faults.shrinking),
        also=("saturated", *IN_VAIN, "lost-in-rounding"),
        without=RESIDUAL,
    ),
    Fault("exploding", "exploding-gradient", faults.deep(faults.chaotic), also=NOT_FINITE),
    Fault(
        "exploding numbers", "exploding-gradient", faults.deep(faults.growing), also=(*NOT_FINITE, "saturated", "dead-unit"), without=CALM
    ),
    Fault("dead relu", "dead-unit", faults.quiet, symptom=faults.zero, also=("zero-gradient-op",)),
    Fault("saturated sigmoid", "saturated", faults.steep(tampers.steep), symptom=faults.zero, also=("vanishing-gradient",)),
    Fault("saturated tanh", "saturated", faults.steep(tampers.steep_tanh), symptom=faults.zero, also=("vanishing-gradient",)),
)

LOOPS = (
    Fault("no zero_grad", "gradient-accumulated", loop=loops.accumulated),
    Fault("zero_grad before step", "gradient-cleared-before-step", loop=loops.cleared, also=("weights-not-updated", "step-skipped")),
    Fault("clip before unscale", "clip-before-unscale", loop=loops.clipped_while_scaled),
    Fault("accumulation not scaled", "accumulation-not-scaled", loop=loops.wholes, without=HALVED),
    Fault("broadcast", "loss-broadcast", loop=loops.broadcast, line="prediction - wanted"),
    Fault("broadcast by mse", "loss-broadcast", loop=loops.broadcast_by_mse, line="F.mse_loss"),
    Fault("double softmax", "double-softmax", loop=loops.two_softmaxes),
    in_the_middle("softmax over batch", "batch-leak", tampers.over_the_batch, line="softmax", without=TOGETHER),
    in_the_middle("hook on a result", "gradient-rewritten-by-hook", tampers.hooked, line="register_hook"),
    Fault("hook on a weight", "gradient-rewritten-by-hook", faults.hook, line="register_hook"),
    Fault("optimizer on a copy", "weights-not-updated", faults.train_a_copy, also=IN_VAIN),
    Fault("every step skipped", "step-skipped", loop=loops.too_far, also=("weights-not-updated", *NOT_FINITE)),
    Fault("rate stays 0", "step-skipped", loop=loops.rising, also=("weights-not-updated",)),
)

RULES_AND_ERRORS = (
    Fault("state kept", "freed-graph", faults.remember, raises=True),
    Fault("backward twice", "freed-graph", loop=loops.twice, raises=True),
    in_the_middle("written in place", "inplace-modified", tampers.overwritten, line="+= 1", raises=True),
    in_the_middle("written silently", "saved-tensor-overwritten", tampers.overwritten_silently, judge=True, also=("wrong-gradient",)),
    in_the_middle("wrong shape", "wrong-gradient-shape", tampers.squeezed_wrongly, judge=True, raises=True, also=("wrong-gradient",)),
    in_the_middle("wrong backward", "wrong-gradient", tampers.squared_wrongly, judge=True),
)

FAULTS = (*CUTS, *NUMBERS, *LOOPS, *RULES_AND_ERRORS)

HEALTHY = (
    Fault("plain", ""),
    Fault("thirds", "", loop=loops.thirds),
    Fault("scaled", "", loop=loops.scaled),
    Fault("validated", "", loop=loops.validated),
    Fault("searched", "", loop=loops.searched),
    Fault("mixed", "", loop=loops.mixed),
    Fault("adapter", "", faults.adapt),
    Fault("frozen backbone", "", faults.rely),
    Fault("checkpoint", "", faults.save_memory),
    Fault("columns", "", loop=loops.columns),
    in_the_middle("softmax over features", "", tampers.softmax),
    in_the_middle("safe root", "", tampers.safe_root),
    in_the_middle("safe mask", "", tampers.safe_mask),
    in_the_middle("straight through", "", tampers.straight_through),
    in_the_middle("logged", "", tampers.logged),
    in_the_middle("dropout and mask", "", tampers.dropped),
)
