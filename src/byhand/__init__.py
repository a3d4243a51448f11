"""byhand works every gradient of a PyTorch run by hand, beside PyTorch's own."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Finding", "Run", "Verdict", "__version__", "check", "diagnose", "errors", "explain", "record"]

if TYPE_CHECKING:
    from byhand import errors
    from byhand.api import check, diagnose, explain
    from byhand.findings import Finding
    from byhand.results import Verdict
    from byhand.run import Run, record

_HOMES = {
    "Finding": "byhand.findings",
    "Run": "byhand.run",
    "Verdict": "byhand.results",
    "check": "byhand.api",
    "diagnose": "byhand.api",
    "explain": "byhand.api",
    "record": "byhand.run",
    "load_ipython_extension": "byhand.magic",
    "unload_ipython_extension": "byhand.magic",
}


def __getattr__(name: str) -> Any:
    """The public names, loaded when first used: the command must answer --help without waiting for PyTorch."""
    import importlib

    if name == "errors":
        return importlib.import_module("byhand.errors")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'byhand' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names."""
    return __all__
