"""The named list of places where PyTorch's own backward is wrong, found by OpInfo's samples: a difference there is meant to show."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """One node class whose gradient in PyTorch is not the slope: in which dtypes, what PyTorch does, and the test that shows it."""

    node: str
    dtypes: tuple[str, ...]
    what: str
    shown: str


ALL = ("float64", "float32", "bfloat16", "float16", "complex128")
DEFECTS = (
    Defect(
        "AsStridedScatterBackward0",
        ALL,
        "It passes on the gradient of the part that was overwritten, and reads memory that was never written.",
        "test_pytorch_is_not[as_strided_scatter]",
    ),
    Defect(
        "HardsigmoidBackward0",
        ("float64",),
        "Its 1/6 is that of float32, in a float64 graph too: off by 1e-8.",
        "test_hardsigmoid_is_a_sixth_and_not_a_sixth_in_float32",
    ),
    Defect(
        "LinalgMatrixExpBackward0",
        ("bfloat16",),
        "In bfloat16 the exponential of a matrix of norm 10 and more is NaN, and so is its gradient.",
        "test_matrix_exp_in_bfloat16_is_not_a_number",
    ),
)


def expected(dtype):
    """The node classes that may differ in the dtype."""
    return {each.node for each in DEFECTS if dtype in each.dtypes}
