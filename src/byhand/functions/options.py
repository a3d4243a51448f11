"""Words behind a function that are no options of byhand's: each is refused in words, with the one that was meant."""

from collections.abc import Collection
from difflib import get_close_matches

from byhand.errors import UnknownOption

OPTIONS = ("order", "gradient")

_GRADCHECK = frozenset(
    {
        "atol",
        "check_backward_ad",
        "check_batched_forward_grad",
        "check_batched_grad",
        "check_forward_ad",
        "check_grad_dtypes",
        "check_sparse_nnz",
        "check_undefined_grad",
        "eps",
        "fast_mode",
        "masked",
        "nondet_tol",
        "raise_exception",
        "rtol",
    }
)


def refuse_options(given: Collection[str], verb: str, *, values: Collection[str] | None = None) -> None:
    """Raise UnknownOption for the first name that is no option; where `values` may stand too, only for one that looks like an option."""
    for name in given:
        close = next(iter(get_close_matches(name.lower(), OPTIONS, n=1, cutoff=0.7)), "")
        if values is not None and (name in values or not (close or name in _GRADCHECK)):
            continue
        raise UnknownOption(name, verb, close=close, gradchecks=name in _GRADCHECK)
