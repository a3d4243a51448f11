"""Examples for the derivatives of derivatives."""


def twice(call: str, leaves: str = "t") -> str:
    """An example: the gradients of what the call makes of its leaves, themselves differentiable."""
    return f"torch.autograd.grad({call}.exp().sum(), ({leaves},), create_graph=True)"
