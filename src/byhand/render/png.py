"""A picture as PNG, drawn from its SVG by resvg. The fonts come with byhand; those of the machine help out for other scripts only."""

from math import sqrt
from typing import Final

from byhand.errors import NoPng
from byhand.picture import Picture
from byhand.render.geometry import COLOURS, MARGIN
from byhand.render.measure import FONTS, known
from byhand.render.pixels import COLOURS as SHADES
from byhand.render.pixels import smaller
from byhand.render.svg import render_svg

ZOOM: Final = 2.0  # pixels of the PNG for one of the picture, for the screens of today
MOST: Final = 2_000_000  # pixels; a larger picture is drawn smaller
LONGEST: Final = 10_000  # pixels of one side


def render_png(picture: Picture, *, dark: bool = False, zoom: float = ZOOM, shades: int = SHADES) -> bytes:
    """The picture as a PNG with a palette, twice its size in pixels or `zoom` times, less if that is very large. Raises NoPng."""
    try:
        from resvg_py import svg_to_bytes
    except ImportError as problem:
        raise NoPng("resvg-py") from problem
    colours = COLOURS["dark" if dark else "light"]
    width, height = (side + 2 * MARGIN for side in (picture.root.width, picture.root.height))
    svg = render_svg(picture, dark=dark)
    drawn = svg_to_bytes(
        svg_string=svg,
        font_files=[str(FONTS / "DejaVuSans.ttf"), str(FONTS / "DejaVuSans-Bold.ttf")],
        background=colours["ground"],
        skip_system_fonts=known(svg),
        sans_serif_family="DejaVu Sans",
        zoom=min(zoom, sqrt(MOST / (width * height)), LONGEST / max(width, height)),
    )
    return smaller(bytes(drawn), keep=colours.values(), colours=shades)
