"""byhand works every gradient of a PyTorch run by hand, beside PyTorch's own."""

__version__ = "0.1.0"
