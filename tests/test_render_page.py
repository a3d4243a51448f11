"""The page: one file that fetches nothing, runs only what is ours, and tells the whole story without JavaScript."""

import base64
import re

import made
import pictures
import pytest
from parsed import Page, loads, source_hash
from test_render_text import EVERYTHING, HOSTILE

from byhand.document import Cell, Document, Heading, Prose, Table
from byhand.explanation import explain
from byhand.picture import Picture
from byhand.render.assets import policy, script
from byhand.render.data import page_data
from byhand.render.html import visible
from byhand.render.page import render_page

STORY = explain(made.seed())
PAGES = {name: (EVERYTHING if name == "hostile" else STORY, picture) for name, picture in pictures.PICTURES.items()}
PAGES["without a picture"] = (explain(made.batch()), None)


@pytest.fixture(params=PAGES)
def page(request):
    """Each of the pages, read back."""
    return Page(render_page(*PAGES[request.param]))


def test_every_element_is_closed(page):
    """Start tags and end tags match."""
    assert (page.unbalanced, page.unclosed) == ([], [])


def test_nothing_is_fetched(page):
    """No address leads out of the page, no attribute is an event or a style."""
    assert loads(page) == []


def test_the_policy_names_what_is_ours_and_nothing_else(page):
    """The hashes of the policy are those of the scripts and styles that are there; all else is forbidden."""
    allowed = page.policy

    assert allowed["default-src"] == ["'none'"]
    assert allowed["script-src"] == ([source_hash(text) for text in page.running("script")] or ["'none'"])
    assert allowed["style-src"] == [source_hash(text) for text in page.running("style")]
    assert (allowed["font-src"], allowed["img-src"], allowed["base-uri"], allowed["form-action"]) == (
        ["data:"],
        ["data:"],
        ["'none'"],
        ["'none'"],
    )
    assert not any("unsafe" in source or "*" in source for sources in allowed.values() for source in sources)


def test_only_our_scripts_are_there(page):
    """The data do not run, the viewer does, and no text of a user's becomes a script."""
    assert [attributes.get("type", "") for attributes in page.of("script")] in ([], ["application/octet-stream;base64", ""])


def test_there_is_one_of_each_id(page):
    """No id is there twice."""
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]

    assert sorted(ids) == sorted(set(ids))


def test_a_page_says_its_language_and_fits_a_phone(page):
    """A screen reader knows how to speak, a phone does not shrink the page."""
    assert page.of("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.of("meta")
    assert len(page.of("h1")) == 1


@pytest.mark.parametrize("name", ["seed", "fan_out"])
def test_without_javascript_every_cell_of_the_story_is_there(name):
    """Each text of the document is in the page's own HTML, as text or as mathematics."""
    story = explain(getattr(made, name)())
    text = Page(render_page(story, pictures.example())).text
    proses = [cell.text for block in story.blocks if isinstance(block, Prose) for cell in block.cells]
    numbers = [piece.text for block in story.blocks if isinstance(block, Table) for row in block.rows for pieces in row for piece in pieces]

    assert [told for told in [*proses, *(each for each in numbers if each.strip("−").isdigit())] if told not in text] == []


def test_without_javascript_the_picture_is_there():
    """The section holds the drawing, its texts as text."""
    page = Page(render_page(STORY, pictures.example()))

    assert len(page.of("svg")) == 1
    assert "ŷ = w · x" in page.text


def test_the_viewer_gets_the_whole_picture():
    """The packed data are those of the picture."""
    assert Page(render_page(STORY, pictures.example())).data == page_data(pictures.example())


def test_the_same_run_gives_the_same_page():
    """No time, no chance."""
    assert render_page(STORY, pictures.example()) == render_page(STORY, pictures.example())


def test_the_page_of_the_example_is_small():
    """With fonts, viewer and data below 400 kB."""
    assert len(render_page(STORY, pictures.example()).encode()) < 400_000


def test_without_a_picture_the_story_stands_and_says_why():
    """The note is shown, nothing is drawn, and there is no script at all."""
    page = Page(render_page(explain(made.batch()), None, note="No picture: <graphlay> is not installed."))

    assert "No picture: <graphlay> is not installed." in page.text
    assert page.of("script") == page.of("svg") == []
    assert page.policy["script-src"] == ["'none'"]


def test_title_and_first_lines_are_the_header():
    """The document's title is the page's only h1, its first paragraph the summary, and neither is told twice."""
    page = Page(render_page(STORY, None))

    assert page.text.count("loss.backward(), worked by hand") == 2
    assert {"class": "summary"} in page.of("p")


def test_the_header_says_which_pass_and_what_is_given():
    """The first two paragraphs stand above the picture, a third one in the story."""
    blocks = (Heading("title", 1), *(Prose((Cell(text),)) for text in ("pass 2 of 2", "w = 1", "read on")))
    page = render_page(Document(blocks), None)
    header, story = page.split("</header>")

    assert [text in header for text in ("pass 2 of 2", "w = 1", "read on")] == [True, True, False]
    assert [text in story for text in ("pass 2 of 2", "w = 1", "read on")] == [False, False, True]


@pytest.mark.parametrize("blocks", [(), (Heading("alone", 1),), (Prose(()),)])
def test_a_document_of_almost_nothing_is_a_page(blocks):
    """A page has a title and a story whatever there is to tell."""
    page = Page(render_page(Document(blocks), Picture("t", pictures.empty().root)))

    assert len(page.of("h1")) == len(page.of("article")) == 1


def test_hostile_texts_are_seen_as_they_are():
    """Names full of markup are in the page's text, letter by letter."""
    page = Page(render_page(EVERYTHING, pictures.hostile()))

    assert visible(HOSTILE) in page.text
    assert [text for text in pictures.HOSTILE[:2] if text not in page.text] == []


def test_the_viewer_cannot_end_its_element(monkeypatch):
    """Neither the end of a script nor a comment stands in the script, whatever the viewer's text is."""
    monkeypatch.setattr("byhand.render.assets.text_of", lambda name: 'draw("</script><!--")')

    assert script() == r'draw("<\/script><\!--")'


def test_a_policy_without_scripts_allows_none():
    """Where nothing is to run, nothing may."""
    assert "script-src 'none'; style-src 'sha256-" in policy(scripts=(), styles=("a{}",))


def test_a_million_elements_are_a_small_page():
    """A tensor of a million elements is told in a line, in the page too."""
    run = made.with_leaf(made.batch(), value=made.large((1_000, 1_000)))

    assert len(render_page(explain(run), pictures.tensors()).encode()) < 400_000


def test_the_fonts_of_mathematics_are_inside():
    """Both fonts are whole WOFF2 files in the style, the mathematics and the italic letters."""
    (look, *_) = Page(render_page(STORY, None)).running("style")
    found = re.findall(r'@font-face\{font-family:"([^"]+)"[^}]*?base64,([^)]+)\)', look)

    assert [(name, base64.b64decode(font)[:4]) for name, font in found] == [("byhand math", b"wOF2"), ("byhand italic", b"wOF2")]
