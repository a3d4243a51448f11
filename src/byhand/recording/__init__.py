"""The only reader of PyTorch's internals: graphs, calls, hooks, names and values, as they are."""
