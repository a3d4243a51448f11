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
HALVES = ("bfloat16", "float16")
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
        HALVES,
        "In half types the exponential of a matrix of norm 2 and more is infinite or NaN, and so is its gradient.",
        "test_matrix_exp_in_half_types_is_not_a_number",
    ),
    Defect(
        "GridSampler2DBackward0",
        ("bfloat16",),
        "In half types the gradient of a pixel is summed up in the half type, where a long sum stands still;"
        " the place of a sample is worked in it too, and may be another pixel's.",
        "test_a_pixel_s_long_sum_stands_still_in_half_types[2]",
    ),
    Defect(
        "GridSampler3DBackward0",
        HALVES,
        "The same, of solid pictures.",
        "test_a_pixel_s_long_sum_stands_still_in_half_types[3]",
    ),
    Defect(
        "SoftMarginLossBackward0",
        ("float16",),
        "It divides exp(-target * self) by itself and 1: NaN where that overflows, in float16 from 11.1 on, in float32 from 88.8.",
        "test_soft_margin_loss_of_a_large_margin_is_not_a_number",
    ),
    Defect(
        "LinalgVectorNormBackward0",
        ("float16",),
        "It works powers of the elements and of the norm before it divides them: in float16 they overflow.",
        "test_powers_of_a_norm_overflow_in_float16",
    ),
    Defect(
        "DistBackward0",
        ("float16",),
        "The same: of vectors 50 apart nothing is left of the gradient.",
        "test_powers_of_a_distance_overflow_in_float16",
    ),
    Defect(
        "ProdBackward1",
        ("float16",),
        "It divides the whole product: where that overflows, the gradient is infinite, and the slope is not.",
        "test_the_gradient_of_a_product_overflows_in_float16",
    ),
    Defect(
        "LogcumsumexpBackward0",
        ("float16",),
        "It works with logarithms as large as the elements: from 1e4 on no digit of the gradient is left in float16.",
        "test_logcumsumexp_of_a_large_element_is_lost_in_float16",
    ),
)


def expected(dtype):
    """The node classes that may differ in the dtype."""
    return {each.node for each in DEFECTS if dtype in each.dtypes}
