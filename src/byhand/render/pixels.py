"""A PNG made small: read again, its colours brought down to a few, and written with a palette."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
COLOURS: Final = 48  # in the palette; letters need about a dozen shades of each colour
FEW: Final = 16  # colours that half a byte can tell apart
_LOW: Final = 0x7F7F7F7F
_HIGH: Final = 0x80808080
_HIGHEST: Final = 0xFF000000  # alpha of what is not transparent


def smaller(png: bytes, *, keep: Iterable[str] = (), colours: int = COLOURS) -> bytes:
    """The picture with at most so many colours, half a byte for a pixel if they are 16; those to `keep`, as #1d5fa8, stay as they are.

    It must have eight bits for each of red, green, blue and alpha.
    """
    width, height, rows = _read(png)
    counted: Counter[int] = Counter()
    different = [row for at, row in enumerate(rows) if not at or row is not rows[at - 1]]
    for row in different:
        counted.update(row)
    kept = {_HIGHEST | int.from_bytes(bytes.fromhex(colour[1:]), "little") for colour in keep}
    palette = _few(counted, kept, colours) if colours <= FEW else _frequent(counted, kept, colours)
    index = _nearest(counted, palette)
    depth = 4 if colours <= FEW else 8
    written = {id(row): b"\0" + _line([index[pixel] for pixel in row], depth) for row in different}
    lines = b"".join(written[id(row)] for row in rows)
    listed = b"".join(struct.pack("<I", pixel)[:3] for pixel in palette)
    header = struct.pack(">IIBBBBB", width, height, depth, 3, 0, 0, 0)
    chunks = (b"IHDR", header), (b"PLTE", listed), (b"IDAT", _compressed(lines)), (b"IEND", b"")
    return SIGNATURE + b"".join(_chunk(*chunk) for chunk in chunks)


def _frequent(counted: Counter[int], kept: set[int], most: int) -> list[int]:
    return sorted(counted, key=lambda pixel: (pixel not in kept, -counted[pixel], pixel))[:most]


def _few(counted: Counter[int], kept: set[int], most: int) -> list[int]:
    """The colours to keep, and those without which most would be lost: many pixels, far from every colour that is there."""
    palette = _frequent(counted, kept, max(1, min(most, len(kept & counted.keys()))))
    far = {pixel: min(_apart(pixel, one) for one in palette) for pixel in counted}
    while len(palette) < min(most, len(counted)):
        palette.append(max(counted, key=lambda pixel: (far[pixel] * counted[pixel], pixel not in palette, -pixel)))
        far = {pixel: min(distance, _apart(pixel, palette[-1])) for pixel, distance in far.items()}
    return palette


def _line(indices: list[int], depth: int) -> bytes:
    """A row of pixels as places in the palette, two in a byte where there is room."""
    if depth == 8:
        return bytes(indices)
    pairs = zip(indices[::2], [*indices[1::2], 0], strict=False)
    return bytes(left << 4 | right for left, right in pairs)


def _compressed(lines: bytes) -> bytes:
    """As small as zlib can make it: which of its strategies is the best differs from picture to picture."""
    return min((_deflated(lines, strategy) for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED)), key=len)


def _deflated(lines: bytes, strategy: int) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, strategy)
    return compressor.compress(lines) + compressor.flush()


def size_of(png: bytes) -> tuple[int, int]:
    """The width and the height of a PNG in pixels."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def _read(png: bytes) -> tuple[int, int, list[list[int]]]:
    width, height = size_of(png)
    if png[24:26] != b"\x08\x06":
        raise ValueError("this PNG has not eight bits for each of red, green, blue and alpha")
    raw = zlib.decompress(b"".join(body for kind, body in _chunks(png) if kind == b"IDAT"))
    rows: list[list[int]] = []
    above = [0] * width
    for start in range(0, len(raw), 4 * width + 1):
        above = _unfiltered(raw[start], raw[start + 1 : start + 4 * width + 1], above)
        rows.append(above)
    return width, height, rows


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (long,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + long]
        at += 12 + long


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _unfiltered(kind: int, kept: bytes, above: list[int]) -> list[int]:
    """One row of pixels, from what PNG keeps of it: its difference from the pixels before and above."""
    if kind in (2, 4):
        start = (len(kept) - len(kept.lstrip(b"\0"))) // 4  # up to there nothing differs from the row above
        if start == len(above):
            return above
        row = struct.unpack_from(f"<{len(above) - start}I", kept, 4 * start)
        found = above[:start]
        found += map(_added, row, above[start:]) if kind == 2 else _guessed(row, above[start:], above[start - 1] if start else 0)
        return found
    row, found, left = struct.unpack(f"<{len(above)}I", kept), [], 0
    if kind == 0:
        return list(row)
    for pixel, over in zip(row, above, strict=True):
        left = _sum(pixel, left if kind == 1 else _mean(left, over))
        found.append(left)
    return found


def _guessed(row: Iterable[int], above: Iterable[int], corner: int) -> Iterator[int]:
    """The pixels of a row kept by Paeth's filter: of three neighbours that one counts which is closest to left + over − corner."""
    left = corner
    for pixel, over in zip(row, above, strict=True):
        if over == corner:  # two that are the same decide it at once
            expected = left
        elif left == corner:
            expected = over
        else:
            expected = sum(_closest(left >> shift & 255, over >> shift & 255, corner >> shift & 255) << shift for shift in (0, 8, 16, 24))
        left = _sum(pixel, expected) if pixel else expected
        corner = over
        yield left


def _added(pixel: int, over: int) -> int:
    return _sum(pixel, over) if pixel else over


def _sum(one: int, other: int) -> int:
    """The sums of four bytes at once, each by itself."""
    return ((one & _LOW) + (other & _LOW)) ^ ((one ^ other) & _HIGH)


def _mean(one: int, other: int) -> int:
    return sum((((one >> shift & 255) + (other >> shift & 255)) >> 1) << shift for shift in (0, 8, 16, 24))


def _closest(left: int, over: int, corner: int) -> int:
    guess = left + over - corner
    return min((left, over, corner), key=lambda each: abs(guess - each))


def _apart(one: int, other: int) -> int:
    return sum(((one >> shift & 255) - (other >> shift & 255)) ** 2 for shift in (0, 8, 16))


def _nearest(pixels: Iterable[int], palette: Sequence[int]) -> dict[int, int]:
    """For every colour the place of the palette's that is closest to it."""
    found = {pixel: at for at, pixel in enumerate(palette)}
    parts = [(at, pixel & 255, pixel >> 8 & 255, pixel >> 16 & 255) for at, pixel in enumerate(palette)]
    for pixel in pixels:
        if pixel not in found:
            red, green, blue = pixel & 255, pixel >> 8 & 255, pixel >> 16 & 255
            found[pixel] = min(((r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2, at) for at, r, g, b in parts)[1]
    return found
