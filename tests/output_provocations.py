"""Every error of drawing a picture and writing it down, provoked as its reader would."""

import sys
from dataclasses import replace
from unittest.mock import patch

import made
import pictures
import pytest
from provocations import raised

from byhand.drawing import draw, layout
from byhand.render.png import render_png
from byhand.render.tikz import render_tikz


def no_png(capsys):
    """A PNG without the package that draws it."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setitem(sys.modules, "resvg_py", None)
        return raised(lambda: render_png(pictures.single()))


def too_large(capsys):
    """A picture of a hundred boxes for a paper."""
    drawn = pictures.single()
    return raised(lambda: render_tikz(replace(drawn, root=replace(drawn.root, boxes=drawn.root.boxes * 100))))


def no_picture(capsys):
    """A picture without the package that places its boxes."""
    with patch.dict(sys.modules, {"graphlay": None}):
        return raised(lambda: draw(made.seed()))


def no_picture_so_large(capsys):
    """A picture that the layout engine refuses, here for a limit of its own."""
    limits = {**layout.OPTIONS, "limits": {"max_nodes": 2}}
    with patch.object(layout, "OPTIONS", limits):
        return raised(lambda: draw(made.seed()))
