"""What byhand must say of the programs in tests/faults, and small programs with a fault or without one."""

FAULTY = {
    "f021_heat_equation.py": ("second-derivative-lost", "place", 19),
    "f022_potential_energy.py": ("wrong-gradient", "field.2.weight", 22),
    "f023_word_vectors.py": ("wrong-gradient", "table", 29),
    "f047_visit_counts.py": ("wrong-gradient", "weight", 23),
    "f052_equaliser.py": ("wrong-gradient-shape", "gain", 25),
    "f064_swiglu_block.py": ("wrong-gradient", "gate.weight", 30),
    "f081_attention_pooling.py": ("wrong-gradient", "score.weight", 26),
    "f086_spring_simulation.py": ("saved-tensor-overwritten", "stiffness", 26),
    "f098_causal_char_model.py": ("wrong-gradient", "query.weight", 34),
    "f113_heteroscedastic.py": ("wrong-gradient", "spread.weight", 30),
    "f115_small_convnet.py": ("wrong-gradient", "gamma", 30),
    "f122_tiled_sine.py": ("wrong-gradient", "first.weight", 32),
    "f139_patch_mixer.py": ("wrong-gradient", "embed.weight", 28),
    "f161_siamese_scorer.py": ("wrong-gradient", "embed.weight", 25),
    "f174_bilinear_rating.py": ("wrong-gradient", "user.weight", 26),
}

PATTERNS = {
    "f022_potential_energy.py": "Every element is 0.5 × the one by hand.",
    "f023_word_vectors.py": "All wrong elements lie at index 0 of dimension 0 (of 2,000), where PyTorch's are 0.",
    "f047_visit_counts.py": "the upstream gradient is not multiplied in.",
    "f052_equaliser.py": "Backward returned the shape (24, 4096), the input has (4096,); every element is 24 × the one by hand.",
    "f081_attention_pooling.py": "the output times one number for each row of dimension 1: a term with a sum over it is wrong or missing.",
    "f086_spring_simulation.py": "It is the gradient at what `position` holds now: that was changed in place between forward and backward.",
    "f098_causal_char_model.py": "a mask or a condition of the forward is not in it.",
    "f113_heteroscedastic.py": "What output 1 sends back is missing from it.",
    "f115_small_convnet.py": "It is the gradient of `beta`.",
    "f122_tiled_sine.py": "The last 52 elements of 16,500 in memory order are 0, those before are right.",
    "f139_patch_mixer.py": "It comes of reading the upstream gradient's storage in order, though its strides are (3072, 1, 48).",
    "f161_siamese_scorer.py": "It is worked with what Squash.kept holds now, in place of `value`: another call has written there.",
    "f174_bilinear_rating.py": "It is the gradient of `item`.",
}

BACKWARD = {"f022_potential_energy.py": 13, "f174_bilinear_rating.py": 13, "f122_tiled_sine.py": 15}

HEALTHY = {
    "two outputs": """
        class Both(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                ctx.save_for_backward(x, y)
                return x * y, x.sin()
            @staticmethod
            def backward(ctx, grad_product, grad_sine):
                x, y = ctx.saved_tensors
                return grad_product * y + grad_sine * x.cos(), grad_product * x
        product, sine = Both.apply(w, x)
        loss = (product * sine).sum()
    """,
    "an unused output": """
        class Both(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x.exp(), x.sin()
            @staticmethod
            def backward(ctx, grad_exp, grad_sine):
                (x,) = ctx.saved_tensors
                return grad_exp * x.exp() + grad_sine * x.cos()
        loss = Both.apply(w)[1].sum()
    """,
    "a separate context": """
        class Scale(torch.autograd.Function):
            @staticmethod
            def forward(x, factor):
                return x * factor
            @staticmethod
            def setup_context(ctx, inputs, output):
                ctx.factor = inputs[1]
            @staticmethod
            def backward(ctx, grad):
                return grad * ctx.factor, None
        loss = Scale.apply(w, 3.0).square().sum()
    """,
    "gradient reversal": """
        class Reverse(
            torch.autograd.Function,  # byhand: intended
        ):
            @staticmethod
            def forward(ctx, x):
                return x.view_as(x)
            @staticmethod
            def backward(ctx, grad):
                return -grad
        loss = Reverse.apply(w).square().sum()
    """,
}

SINE = """
    import torch
    class Sine(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.sin()
        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            grad_x = grad * x.cos()
            FAULT
            return grad_x
    w = torch.randn(6, 10, requires_grad=True)
    loss = Sine.apply(w).square().sum()
    loss.backward()
"""

PLANTED = {
    "one element": "grad_x.view(-1)[7] *= 3",
    "the last tile": "grad_x.view(-1)[-5:] = 0",
    "permuted": "grad_x = grad_x.flip(0)",
    "half": "grad_x = grad_x / 2",
    "zeros": "grad_x = torch.zeros_like(grad_x)",
    "negated": "grad_x = -grad_x",
    "not finite": "grad_x[1, 1] = float('nan')",
}

SAID = {
    "one element": "Only the element at [0, 7] is wrong.",
    "the last tile": "The last 5 elements of 60 in memory order are 0, those before are right.",
    "permuted": "It is the one by hand in reverse order along dimension 0.",
    "half": "Every element is 0.5 × the one by hand.",
    "zeros": "Every element is 0.",
    "negated": "Every element has the wrong sign.",
    "not finite": "1 element of PyTorch's is NaN, first at [1, 1].",
}
