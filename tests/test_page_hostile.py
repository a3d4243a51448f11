"""Names, source lines and texts that would like to be markup or program are shown as they are, and never run."""

import pictures
import pytest
from browser import PHONE, painted
from program_pages import HOSTILE, LONG, page_of
from test_render_text import EVERYTHING

from byhand.render.notebook import mime_bundle
from byhand.render.page import render_page

HARMED = "typeof harmed !== 'undefined' || typeof window.harmed !== 'undefined'"


@pytest.fixture(params=[True, False], ids=["live", "static"])
def javascript(request):
    """Whether the browser runs JavaScript."""
    return request.param


def test_hostile_names_and_lines_are_shown(visit, javascript):
    """Tags, quotes and closing tags of a program's text stand in the page as text; nothing of it runs, and no element comes of it."""
    page = visit(page_of(HOSTILE), javascript=javascript)

    assert page.locator("img, b, link, object, embed, form").count() == 0
    if javascript:
        text = page.locator("#source").text_content()
        assert (
            'told = "<script>alert(1)</script><img src=x onerror=harmed=1>"; s = w * 3  # </style></script><script>harmed=1</script>'
            in text
        )
        assert "🤖👩\u200d🔬 שלום" in text
        assert not page.evaluate(HARMED)
    assert "<script>harm" in page.locator("#picture").text_content()


def test_hostile_names_go_through_every_panel(visit):
    """Searched for, selected, stepped to and coloured, they are still text."""
    page = visit(page_of(HOSTILE))
    page.get_by_role("combobox", name="Search").fill("<script>")
    found = page.locator("#search-results").get_by_role("option").first
    assert "layers.<script>harm" in found.inner_text()
    found.click()
    painted(page)
    assert "layers.<script>harmed=1</script>.weight" in page.locator("#detail").text_content()
    page.get_by_label("Colour by").select_option(index=1)
    for moment in range(int(page.get_by_label("Moment of the run").get_attribute("max")) + 1):
        page.get_by_label("Moment of the run").fill(str(moment))
    for box in page.locator("#picture .box").all():
        box.dispatch_event("focusin")

    assert not page.evaluate(HARMED)


def test_a_name_of_500_letters_is_cut_in_the_picture_and_whole_in_the_details(visit):
    """The box of a long name is no wider than others, and its whole name can be read."""
    page = visit(page_of(HOSTILE))
    widths = page.locator("#picture .box").evaluate_all("all => all.map((box) => box.getBBox().width)")
    page.get_by_role("combobox", name="Search").fill("xxxxx")
    page.locator("#search-results").get_by_role("option").first.click()
    painted(page)

    assert max(widths) < 600
    assert LONG in page.content()


def test_hostile_text_does_not_widen_a_phone(visit, javascript):
    """A name of 500 letters does not make a page of 390 pixels scroll sideways."""
    page = visit(page_of(HOSTILE), size=PHONE, javascript=javascript)

    assert page.locator("html").evaluate("e => e.scrollWidth") <= PHONE[0]


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_pictures_made_to_break_it(visit, name):
    """Every picture of the tests, with a story of every kind of block full of hostile text, opens without a complaint."""
    page = visit(render_page(EVERYTHING, pictures.PICTURES[name]))

    assert page.locator("main.live").count() == 1
    assert not page.evaluate(HARMED)


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_a_notebooks_frame_is_as_safe(visit, name):
    """The HTML that a notebook keeps shows its frame, live, and nothing in it runs but what is ours."""
    html = mime_bundle(EVERYTHING, pictures.PICTURES[name])["text/html"]
    page = visit(f'<!doctype html><meta charset="utf-8"><body>{html}</body>', ready="iframe")
    inside = page.frame_locator("iframe")
    inside.locator("main.live").wait_for()

    assert inside.locator("#picture .box").count() >= min(1, len(pictures.PICTURES[name].root.boxes))
    assert not page.frames[1].evaluate(HARMED)
