"""The small heat map and the histogram of a value, beside ones worked element by element."""

import gc
import math

import pytest
import torch

import byhand
from byhand.recording import sketch
from byhand.recording.later import LARGEST, Later
from byhand.recording.summary import summarize
from byhand.value import PACKED, WHOLE

SHAPES = [
    (65,),
    (5, 13),
    (13, 25),
    (12, 24),
    (25, 49),
    (1, 100),
    (100, 1),
    (3, 4, 50, 7),
    (1025,),
    (64, 65),
    (40, 3, 11, 2),
    (200, 300),
    (7, 30_000),
    (30_000, 7),
    (270_001, 1),
    (5_001, 60),
    (1, 270_001),
    (700, 500),
    (3, 100_001),
    (4_500, 63),
]


def value_of(tensor, way="alone"):
    """The value of a tensor as a recording makes it, by itself or with others."""
    if way == "alone":
        return summarize(tensor)
    later = Later()
    value = later.summarize(tensor)
    later.summarize(torch.zeros_like(tensor))
    later.settle()
    return value


def cells_by_element(tensor):
    """The cells, from the elements one by one."""
    wide = tensor.shape[-1]
    rows = tensor.reshape(-1, wide).tolist()
    down, across = max(1, math.ceil(len(rows) / 12)), max(1, math.ceil(wide / 24))
    found = {}
    for i, row in enumerate(rows):
        for j, element in enumerate(row):
            found.setdefault((i // down, j // across), []).append(element)
    height, width = (max(place[axis] for place in found) + 1 for axis in (0, 1))
    return tuple(tuple(largest(found[i, j]) for j in range(width)) for i in range(height))


def largest(elements):
    """The elements of the largest size, None if one is not finite."""
    sizes = [abs(element) for element in elements]
    if not all(math.isfinite(size) for size in sizes):
        return None
    most = max(sizes)
    return {abs(element) if isinstance(element, complex) else element for element in elements if abs(element) == most}


def same(cells, wanted):
    """Whether each cell is one of the wanted elements."""
    assert [len(row) for row in cells] == [len(row) for row in wanted]
    pairs = [pair for got, row in zip(cells, wanted, strict=True) for pair in zip(got, row, strict=True)]
    return all(got is right if right is None else got in right for got, right in pairs)


def drawn(shape, dtype=torch.float32):
    """A tensor of this shape, with few elements of the same size."""
    torch.manual_seed(len(shape) + shape[-1])
    if dtype is torch.bool:
        return torch.rand(shape) < 0.02
    if not dtype.is_floating_point and not dtype.is_complex:
        return torch.randint(-100, 100, shape, dtype=dtype)
    return torch.randn(shape, dtype=dtype)


@pytest.mark.parametrize("way", ["alone", "together"])
@pytest.mark.parametrize("shape", SHAPES)
def test_each_cell_is_the_largest_of_its_block(shape, way):
    """The cells of tensors of many shapes, worked alone and together with others, are those found element by element."""
    tensor = drawn(shape)

    assert same(value_of(tensor, way).cells, cells_by_element(tensor))


@pytest.mark.parametrize("shape", [(65,), (90, 70), (3, 200, 200)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool, torch.complex64])
def test_cells_of_every_dtype(dtype, shape):
    """Half, double, whole numbers, truths and complex numbers (by their size) have cells too."""
    tensor = (
        drawn(shape, torch.uint8 if dtype is torch.uint8 else dtype) if dtype is not torch.uint8 else drawn(shape, torch.int64).to(dtype)
    )
    wanted = cells_by_element(tensor)
    cells = value_of(tensor).cells

    if dtype.is_complex:
        pairs = [pair for got, row in zip(cells, wanted, strict=True) for pair in zip(got, row, strict=True)]
        assert all(got == pytest.approx(max(right), rel=1e-6) for got, right in pairs)
    else:
        assert same(cells, wanted)


@pytest.mark.parametrize(
    "tensor",
    [
        drawn((700, 500)).t(),
        drawn((4, 30, 20, 10)).permute(0, 2, 3, 1),
        drawn((900, 900))[::3, 1::2],
        drawn((1, 70)).expand(600, 70),
        drawn((8, 12)).t(),
        drawn((70, 80), torch.complex64).conj().imag,
        torch._neg_view(drawn((10, 12))),
    ],
    ids=["transposed", "permuted", "strided", "expanded", "small", "negated", "negated and small"],
)
@pytest.mark.parametrize("way", ["alone", "together"])
def test_cells_of_views(tensor, way):
    """A tensor whose elements do not lie in a row has the cells of its elements as they are read, not as they lie."""
    assert same(value_of(tensor, way).cells, cells_by_element(tensor))


@pytest.mark.parametrize("spoiled", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("way", ["alone", "together"])
@pytest.mark.parametrize("shape", [(65,), (30, 40), (100, 100), (300, 300), (7, 10_000), (10_000, 7)])
def test_one_element_that_is_not_finite_is_seen(shape, way, spoiled):
    """One NaN or infinity makes its cell None, and no other cell."""
    tensor = drawn(shape)
    for place in (0, -1, tensor.numel() // 3):
        bad = tensor.clone()
        bad.view(-1)[place] = spoiled
        value = value_of(bad, way)

        assert same(value.cells, cells_by_element(bad))
        assert sum(cell is None for row in value.cells for cell in row) == 1
        assert value.nonfinite == 1


def test_one_nan_in_the_corner_of_a_million():
    """Of a million elements the last one is NaN: the last cell says so, and no other."""
    tensor = torch.zeros(1000, 1000)
    tensor[-1, -1] = math.nan
    cells = summarize(tensor).cells

    assert cells[-1][-1] is None
    assert [cell for row in cells for cell in row].count(None) == 1


def test_all_nan():
    """Where nothing is finite every cell is None, and no histogram is made."""
    for shape in ((70,), (40, 50), (400, 500)):
        value = value_of(torch.full(shape, math.nan))

        assert {cell for row in value.cells for cell in row} == {None}
        assert value.counts == ()


@pytest.mark.parametrize("way", ["alone", "together"])
@pytest.mark.parametrize("shape", [(65,), (20, 30), (40, 50)])
def test_counts_are_those_of_the_bins(shape, way):
    """Up to 2,048 elements every one is counted in its bin."""
    tensor = drawn(shape, torch.float64)
    low, high = tensor.min().item(), tensor.max().item()
    wanted = [0] * 16
    for element in tensor.flatten().tolist():
        wanted[min(15, math.floor((element - low) / (high - low) * 16))] += 1

    assert list(value_of(tensor, way).counts) == wanted


@pytest.mark.parametrize("way", ["alone", "together"])
def test_counts_of_many_come_from_all_over(way):
    """Of more elements some are counted, from every column: their histogram has the shape of the whole."""
    tensor = torch.arange(128).repeat(100, 1).float()
    counts = value_of(tensor, way).counts

    assert 1000 < sum(counts) <= 2048
    assert len(counts) == 16
    assert min(counts) > 0.8 * max(counts)


def test_counts_leave_out_what_is_not_finite():
    """NaN and infinities are in no bin; what is left lies between the smallest and the largest."""
    for size in (100, 2000):
        tensor = torch.linspace(-1, 1, size)
        tensor[3], tensor[5], tensor[7] = math.nan, math.inf, -math.inf
        value = value_of(tensor)

        assert sum(value.counts) == size - 3
        assert (value.minimum, value.maximum) == (-1.0, 1.0)


@pytest.mark.parametrize("way", ["alone", "together"])
@pytest.mark.parametrize("size", [100, 2000, 100_000])
def test_equal_elements_are_one_bin(size, way):
    """Where all elements are the same there is one bin."""
    tensor = torch.full((size,), 2.5)
    counts = value_of(tensor, way).counts
    tensor[0] = math.nan

    assert len(counts) == 1
    assert counts[0] == min(size, 2048) or 1000 < counts[0] < 2048
    assert value_of(tensor, way).counts == (counts[0] - 1,)


@pytest.mark.parametrize("way", ["alone", "together"])
@pytest.mark.parametrize("size", [100, 2000, 20_000])
def test_the_widest_range_and_the_narrowest(size, way):
    """Elements at both ends of what double precision can say, and ones that nearly vanish, are drawn as any others."""
    for end in (1.7e308, 1e-300, 5e-324):
        tensor = torch.full((size,), end, dtype=torch.float64)
        tensor[::2] = -end
        value = value_of(tensor, way)

        assert {abs(cell) for row in value.cells for cell in row} == {end}
        assert value.counts[0] + value.counts[-1] == sum(value.counts) > 0
        assert min(value.counts[0], value.counts[-1]) > 0.4 * sum(value.counts)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(0, 5),
        torch.tensor(1.0),
        torch.ones(WHOLE),
        torch.ones(100, 100, device="meta"),
        torch.ones(100, 100).to_sparse(),
    ],
    ids=["empty", "number", "whole", "meta", "sparse"],
)
def test_what_is_not_drawn(tensor):
    """Tensors that are told whole, that have no values, or whose elements are not all stored, have neither cells nor counts."""
    value = value_of(tensor)

    assert value.cells == ()
    assert value.counts == ()


def test_nothing_is_made_where_nobody_looks():
    """Inside of `no_drawing` values have their statistics alone."""
    for size in (PACKED, LARGEST, LARGEST + 1, 1 << 17):
        with sketch.no_drawing():
            bare = [value_of(torch.ones(size), way) for way in ("alone", "together")]

        assert {(value.cells, value.counts, value.maximum) for value in bare} == {((), (), 1.0)}
        assert value_of(torch.ones(size)).cells


def test_cells_of_a_recorded_run():
    """In a judged run values and gradients are drawn, and nothing of the tensors is left when the program has dropped them."""
    weight = torch.randn(30, 40, requires_grad=True)
    with byhand.record() as run:
        loss = (weight * weight).sum()
        loss.backward()
    leaf = run.passes[0].leaves[0]

    assert same(leaf.value.cells, cells_by_element(weight.detach()))
    assert same(leaf.by_torch.cells, cells_by_element(weight.grad))
    assert sum(leaf.by_torch.counts) == weight.numel()
    del loss, weight
    gc.collect()
    assert not [each for each in gc.get_objects() if type(each) is torch.Tensor and each.shape == (30, 40)]


def test_views_of_what_was_seen_have_their_own_cells():
    """A large gradient that goes from view to view is summed up once; each view has the cells of its own shape."""
    later = Later(remember=True)
    whole = drawn((300, 400))
    for view in (whole, whole.t(), whole.view(400, 300), whole.view(3, 100, 400), whole.view(-1), whole):
        assert same(later.summarize(view).cells, cells_by_element(view))
