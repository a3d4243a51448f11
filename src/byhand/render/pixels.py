"""A PNG made small: read again, its colours brought down to a few, and written with a palette."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
COLOURS: Final = 64  # in the palette; letters need about a dozen shades of each colour
_LOW: Final = 0x7F7F7F7F
_HIGH: Final = 0x80808080
_HIGHEST: Final = 0xFF000000  # alpha of what is not transparent


def smaller(png: bytes, *, keep: Iterable[str] = ()) -> bytes:
    """The picture with at most 64 colours, one byte for a pixel; those to `keep`, as #1d5fa8, stay as they are however rare.

    It must have eight bits for each of red, green, blue and alpha.
    """
    width, height, rows = _read(png)
    counted: Counter[int] = Counter()
    for row in rows:
        counted.update(row)
    kept = {_HIGHEST | int.from_bytes(bytes.fromhex(colour[1:]), "little") for colour in keep}
    palette = sorted(counted, key=lambda pixel: (pixel not in kept, -counted[pixel], pixel))[:COLOURS]
    index = {pixel: _nearest(pixel, palette) for pixel in counted}
    lines = b"".join(b"\0" + bytes(map(index.__getitem__, row)) for row in rows)
    colours = b"".join(struct.pack("<I", pixel)[:3] for pixel in palette)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (b"IHDR", header), (b"PLTE", colours), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")
    return SIGNATURE + b"".join(_chunk(*chunk) for chunk in chunks)


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
        above = _unfiltered(raw[start], list(struct.unpack(f"<{width}I", raw[start + 1 : start + 4 * width + 1])), above)
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


def _unfiltered(kind: int, row: list[int], above: list[int]) -> list[int]:
    """One row of pixels, from what PNG keeps of it: its difference from the pixels before and above."""
    if kind == 0:
        return row
    if kind == 2:
        return [_sum(*pair) if pair[0] else pair[1] for pair in zip(row, above, strict=True)]
    found, left, corner = [], 0, 0
    for pixel, over in zip(row, above, strict=True):
        expected = left if kind == 1 else _mean(left, over) if kind == 3 else _paeth(left, over, corner)
        left = _sum(pixel, expected) if pixel else expected
        corner = over
        found.append(left)
    return found


def _sum(one: int, other: int) -> int:
    """The sums of four bytes at once, each by itself."""
    return ((one & _LOW) + (other & _LOW)) ^ ((one ^ other) & _HIGH)


def _mean(one: int, other: int) -> int:
    return sum((((one >> shift & 255) + (other >> shift & 255)) >> 1) << shift for shift in (0, 8, 16, 24))


def _paeth(left: int, over: int, corner: int) -> int:
    """Of three neighbours the one that is closest to left + over − corner; two that are the same decide it at once."""
    if left == corner:
        return over
    if over == corner:
        return left
    return sum(_closest(left >> shift & 255, over >> shift & 255, corner >> shift & 255) << shift for shift in (0, 8, 16, 24))


def _closest(left: int, over: int, corner: int) -> int:
    guess = left + over - corner
    return min((left, over, corner), key=lambda each: abs(guess - each))


def _nearest(pixel: int, palette: list[int]) -> int:
    return min(range(len(palette)), key=lambda at: sum(((pixel >> shift & 255) - (palette[at] >> shift & 255)) ** 2 for shift in (0, 8, 16)))
