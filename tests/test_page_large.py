"""The page of a GPT-2 of twelve layers in a real browser: it opens at its modules, parts open in place, and everything can be found."""

import base64
import gzip
import json
import re

import pytest
from browser import PHONE, painted, selected
from program_pages import ALL_NAN, GPT2, MILLION, page_of


@pytest.fixture
def page(visit):
    """The page of the GPT-2, all of the picture in view."""
    page = visit(page_of(GPT2))
    page.get_by_role("button", name="Show all (0)").click()
    painted(page)
    return page


def keys(page):
    """The keys of the boxes that are painted."""
    return set(page.locator("#picture .box").evaluate_all("all => all.map((box) => box.dataset.key)"))


def hottest(name):
    """The first of the operations and weights with the largest number, as the page's data have it."""
    (packed,) = re.findall(r'id="byhand-data">([^<]*)<', page_of(GPT2))
    (heat,) = (each for each in json.loads(gzip.decompress(base64.b64decode(packed)))["heats"] if each["name"] == name)
    innermost = sorted(key for key in heat["values"] if key[0] in "sw")
    return max(innermost, key=lambda key: heat["values"][key])


def test_it_opens_outside_in(page):
    """Not its operations are seen first, but its modules, the twelve blocks in one."""
    names = page.locator("#picture .box").evaluate_all("all => all.map((box) => box.getAttribute('aria-label'))")

    assert len(names) < 60
    assert any("× 12" in name for name in names)


def test_a_block_opens_in_place_and_closes(page):
    """The folded blocks open to show what is in them, around them everything stays; the bar of the open one closes it again."""
    before = keys(page)
    folded = page.locator('#picture .box[data-key^="r:"]').first
    folded.click()
    painted(page)
    page.get_by_role("button", name="Show all (0)").click()
    painted(page)
    opened = keys(page)

    assert len(opened - before) >= 2
    assert before <= opened
    page.locator("#detail").get_by_role("button", name="Close").click()
    painted(page)
    page.get_by_role("button", name="Show all (0)").click()
    painted(page)
    assert keys(page) == before


def test_search_opens_what_is_around_a_box(page):
    """A weight deep inside is found by its path; choosing it opens the parts around it and selects it."""
    page.keyboard.press("/")
    page.keyboard.type("h.7.attn.c_attn.weight")
    page.locator("#search-results").get_by_role("option").first.click()

    assert "h.7.attn.c_attn.weight" in selected(page)


def test_search_knows_lines_and_verdicts(page):
    """`verdict:agrees` finds boxes, `verdict:differs` none."""
    field = page.get_by_role("combobox", name="Search")
    field.fill("verdict:agrees")
    many = page.locator("#search-results").get_by_role("option").count()
    field.fill("verdict:differs")

    assert many > 5
    assert page.locator("#search-results").get_by_role("option").count() == 0


def test_a_line_of_the_program_leads_to_its_box(page):
    """A click on a line that made something selects what it made."""
    page.locator("#source li:not(.fold) > button").first.click()

    assert selected(page)


def test_the_worst_is_one_click_away(page):
    """Coloured by the size of the gradients, the picture has a legend and a way to the largest."""
    choice = page.get_by_label("Colour by")
    choice.select_option("norm of the gradient")
    page.get_by_role("button", name="Jump to the worst").click()

    assert "transformer.wte.weight" in selected(page)
    assert page.locator('#picture .box[aria-selected="true"]').get_attribute("data-key") == hottest("norm of the gradient")
    assert page.locator("#heat .legend").is_visible()


def test_the_last_moment_can_be_reached_from_the_first(page):
    """With hundreds of moments the slider still goes from end to end."""
    slider = page.get_by_label("Moment of the run")
    slider.fill("0")
    painted(page)
    assert page.locator("#picture .box.operation:not(.no-value)").count() == 0
    slider.fill(slider.get_attribute("max"))
    painted(page)

    assert page.locator("#picture .box.operation").count() > 0
    assert page.locator("#picture .box:is(.no-value, .no-gradient)[aria-label*='∂loss']").count() == 0


def test_it_fits_a_phone(visit):
    """At 390 pixels the page is no wider than the window."""
    page = visit(page_of(GPT2), size=PHONE)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_its_page_is_smaller_than_a_megabyte():
    """Picture, details and story of seven hundred operations, fonts included."""
    assert len(page_of(GPT2).encode()) < 1_000_000


def test_a_million_elements_are_a_small_picture(visit):
    """A tensor of a million elements is a heat map and a histogram, and its one NaN is told in words."""
    page = visit(page_of(MILLION))
    weights = page.locator('#picture .box[aria-label^="weights;"]')

    assert weights.locator(".sketch").count() == 2
    assert "1 of 1,000,000 NOT FINITE" in weights.text_content()
    assert len(page_of(MILLION)) < 300_000


def test_all_nan_is_loud(visit):
    """Where nothing is finite the box says so."""
    page = visit(page_of(ALL_NAN))

    assert "2,000 of 2,000 NOT FINITE" in page.locator('#picture .box[aria-label^="weights;"]').text_content()
