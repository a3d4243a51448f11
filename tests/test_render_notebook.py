"""What a notebook keeps: a frame over a picture, and the formats for viewers that take the frame out."""

import base64
import builtins
import json
import re

import made
import pictures
import pytest
from parsed import Page, loads, source_hash
from test_render_text import EVERYTHING

from byhand.document import Cell, Document, Prose
from byhand.explanation import explain
from byhand.render.data import page_data
from byhand.render.html import visible
from byhand.render.latex import render_latex
from byhand.render.notebook import LATEX, mime_bundle
from byhand.render.pixels import size_of
from byhand.render.text import render_text

STORY = explain(made.seed())


@pytest.fixture
def without_resvg(monkeypatch):
    """A machine on which the package that draws PNG is not installed."""
    real = builtins.__import__

    def refused(name, *others, **more):
        if name == "resvg_py":
            raise ImportError(name)
        return real(name, *others, **more)

    monkeypatch.setattr(builtins, "__import__", refused)


def outer(bundle):
    """The HTML as the notebook has it."""
    return Page(bundle["text/html"])


def frame(bundle):
    """The page in the frame."""
    (inner,) = outer(bundle).of("iframe")
    return Page(inner["srcdoc"])


def test_the_bundle_has_a_format_for_every_viewer():
    """HTML for notebooks, PNG and LaTeX for what is made of them, text for all others."""
    assert set(mime_bundle(STORY, pictures.example())) == {"text/html", "image/png", "text/latex", "text/plain"}


def test_the_text_is_the_terminals():
    """What a viewer without HTML shows is the story as text; the LaTeX is that of the story."""
    bundle = mime_bundle(STORY, pictures.example())

    assert bundle["text/plain"] == render_text(STORY, width=100)
    assert bundle["text/latex"] == render_latex(STORY)


def test_a_long_story_is_not_kept_as_latex():
    """A notebook does not carry what nobody prints."""
    assert "text/latex" not in mime_bundle(Document((Prose((Cell("a" * (LATEX + 1)),)),)), None)


def test_the_frame_lies_over_the_picture():
    """Both are in the same place; where the frame is taken out, the picture is seen, as wide as it is drawn."""
    page = outer(mime_bundle(STORY, pictures.example()))
    (image,), (inner,) = page.of("img"), page.of("iframe")

    assert [tag for tag, _ in page.elements] == ["div", "img", "iframe"]
    assert "grid-area:1/1" in image["style"]
    assert "grid-area:1/1" in inner["style"]
    assert (image["alt"], image["width"]) == ("loss.backward(), worked by hand", "864")
    assert size_of(base64.b64decode(image["src"].removeprefix("data:image/png;base64,")))[0] == 864


def test_nothing_outside_the_frame_can_meet_another_output():
    """No id, no name, no class, no script: two outputs of one notebook do not know each other."""
    page = outer(mime_bundle(STORY, pictures.example()))

    assert page.raw == []
    assert not {"id", "name", "class"} & {key for _, attributes in page.elements for key in attributes}


def test_the_frame_may_run_scripts_and_nothing_else():
    """It has no origin, opens no window, sends no form."""
    (inner,) = outer(mime_bundle(STORY, pictures.example())).of("iframe")

    assert inner["sandbox"] == "allow-scripts"
    assert "src" not in inner


def test_the_frames_policy_names_what_is_unpacked():
    """The lines that unpack, the viewer and the style that they put in are allowed by their hashes, and no others."""
    page = frame(mime_bundle(STORY, pictures.example()))
    parts = page.parts

    assert page.policy["script-src"] == [source_hash(text) for text in (*page.running("script"), parts["script"])]
    assert page.policy["style-src"] == [source_hash(text) for text in (*page.running("style"), parts["style"])]
    assert page.policy["default-src"] == ["'none'"]


@pytest.mark.parametrize("picture", [pictures.example(), pictures.hostile(), None], ids=["example", "hostile", "none"])
def test_the_frame_fetches_nothing(picture):
    """Neither the frame nor the page that it unpacks leads outside."""
    page = frame(mime_bundle(EVERYTHING, picture))
    inside = Page(page.parts["main"])

    assert loads(page) == loads(inside) == []
    assert inside.of("script") == []


def test_the_frame_holds_picture_and_story():
    """Unpacked it is the page: title, picture, story, and the data of the viewer."""
    page = frame(mime_bundle(STORY, pictures.example()))
    inside = Page(page.parts["main"])

    assert (len(inside.of("h1")), len(inside.of("svg")), len(inside.of("article"))) == (1, 1, 1)
    assert json.loads(page.parts["data"]) == page_data(pictures.example())


def test_until_it_is_unpacked_the_frame_shows_the_text():
    """With JavaScript off, or in a browser that cannot unpack, the story is there."""
    assert render_text(STORY, width=100) in frame(mime_bundle(STORY, pictures.example())).text


def test_a_frame_has_a_ground_of_its_own():
    """Nothing of what lies under the frame is seen through it, not even before it is unpacked."""
    assert frame(mime_bundle(STORY, pictures.example())).running("style") == ["html{background:Canvas;color:CanvasText}"]


def test_a_frame_has_no_fonts():
    """Fonts would be most of a small notebook."""
    assert "@font-face" not in frame(mime_bundle(STORY, pictures.example())).parts["style"]


def test_the_example_is_small():
    """All formats together below 60 kB."""
    assert sum(len(text.encode()) for text in mime_bundle(STORY, pictures.example()).values()) < 60_000


def test_without_the_package_for_png_the_text_lies_under_the_frame(without_resvg):
    """What is seen where the frame is taken out is the story as text."""
    bundle = mime_bundle(STORY, pictures.example())

    assert "image/png" not in bundle
    assert [tag for tag, _ in outer(bundle).elements] == ["div", "pre", "iframe"]
    assert render_text(STORY, width=100) in outer(bundle).text


def test_without_a_picture_the_story_is_framed_with_the_note():
    """The note says why nothing is drawn, and no viewer is sent along."""
    page = frame(mime_bundle(explain(made.batch()), None, note="No picture: <none>."))
    parts = page.parts

    assert "No picture: <none>." in Page(parts["main"]).text
    assert (parts["script"], page.of("img")) == ("", [])


def test_hostile_texts_stay_inside():
    """A title full of markup ends neither the attribute nor the frame."""
    bundle = mime_bundle(EVERYTHING, pictures.hostile())

    assert [tag for tag, _ in outer(bundle).elements] == ["div", "img", "iframe"]
    assert (frame(bundle).unbalanced, frame(bundle).unclosed) == ([], [])
    assert outer(bundle).of("iframe")[0]["title"] == visible(EVERYTHING.blocks[0].text)


def test_the_same_run_gives_the_same_output():
    """A notebook that is run again does not change."""
    assert mime_bundle(STORY, pictures.example()) == mime_bundle(STORY, pictures.example())


@pytest.mark.parametrize(("lines", "pixels"), [(1, 200), (20, 520), (400, 760)])
def test_the_frame_of_a_story_alone_is_as_high_as_its_text(lines, pixels):
    """Never so low that nothing can be read, never higher than a screen."""
    story = Document((Prose((Cell("\n".join("a" * lines)),)),))
    (inner,) = outer(mime_bundle(story, None)).of("iframe")

    assert re.search(r"height:(\d+)px", inner["style"])[1] == str(pixels)
