"""The example's page in a real browser: stepped through, clicked, driven by keys, on a phone, in the dark, and without JavaScript."""

import re

import pytest
from browser import PHONE, painted, selected
from program_pages import ALONE, APART, EXAMPLE, SHARED, page_of

HASTE = (
    "for (const name of ['setTimeout', 'setInterval']) { const wait = window[name]; window[name] = (call, time) => wait(call, time / 50) }"
)


def box(page, name):
    """The box of this name in the picture."""
    return page.locator(f'#picture .box[aria-label^="{name}"]').first


def shown(page):
    """What the picture shows, once it is painted."""
    painted(page)
    return flat(page.locator("#picture").inner_text())


def told(page):
    """What is told of the moment."""
    return flat(page.locator("#stepper .moment > [aria-live] .told").inner_text())


def detail(page):
    """What is told of the selected box."""
    return flat(page.locator("#detail").inner_text())


def flat(text):
    """Text without the spaces and line breaks that mathematics is set with."""
    return re.sub(r"\s+", "", text)


def test_step_through_the_example_and_read_minus_two(visit):
    """Before the first step the boxes are blank; forward shows each value, backward each gradient, the last one w.grad = −2."""
    page = visit(page_of(EXAMPLE))
    page.get_by_role("group", name="Steps").get_by_role("button").first.click()
    assert "=−2" not in shown(page)
    assert page.locator("#picture .box.operation text.row.forward:visible").count() == 0
    last = int(page.get_by_label("Moment of the run").get_attribute("max"))
    seen = []
    for _ in range(last):
        page.keyboard.press(".")
        seen.append(shown(page))

    assert any("∂loss/∂w=−2" not in moment for moment in seen[:-1])
    assert "∂loss/∂w=−2" in seen[-1]
    assert all("∂loss/∂w" not in moment for moment in seen[: last // 2])
    assert "w.grad=−2" in told(page)


def test_a_step_back_takes_it_away_again(visit):
    """One step back, and the last gradient is blank again; a step on brings it back."""
    page = visit(page_of(EXAMPLE))
    page.keyboard.press(",")
    before = shown(page)
    page.keyboard.press(".")

    assert "∂loss/∂w=−2" not in before
    assert "∂loss/∂w=−2" in shown(page)


def test_the_slider_goes_to_any_moment(visit):
    """The slider moved to the middle shows all values and no gradient of w."""
    page = visit(page_of(EXAMPLE))
    slider = page.get_by_label("Moment of the run")
    slider.fill("3")
    painted(page)

    assert box(page, "loss").locator("text.row.forward:visible").count() == 1
    assert page.locator("#picture text.row.backward:visible").count() == 0
    assert slider.get_attribute("aria-valuetext")


def test_play_walks_to_the_end(visit):
    """Play steps by itself until the last moment."""
    page = visit(page_of(EXAMPLE), before=HASTE)
    page.get_by_label("Moment of the run").fill("0")
    page.get_by_role("button", name="Play").click()
    page.locator("#stepper .where", has_text="backward 4 of 4").wait_for()

    assert "w.grad=−2" in told(page)


def test_click_a_weight_and_read_its_chain_rule(visit):
    """The weight's own part of the story: its chain rule in typeset mathematics, ending in PyTorch's number."""
    page = visit(page_of(EXAMPLE))
    box(page, "w;").click()

    assert page.locator("#detail math mfrac").count() >= 3
    assert "=−2" in detail(page)
    assert re.search(r"PyTorch:w\.grad=−2✓agrees", detail(page))


def test_click_a_box_and_its_line_is_marked(visit):
    """A click on ŷ marks the line that made it, and shows upstream times local."""
    page = visit(page_of(EXAMPLE))
    box(page, "ŷ").click()

    assert page.locator("#source [aria-current]").inner_text().strip().endswith("y_hat = w * x")
    assert "∂loss" in detail(page)


def test_click_a_line_and_its_box_is_selected(visit):
    """A click on a line of the program selects what it made."""
    page = visit(page_of(EXAMPLE))
    page.locator("#source button", has_text="s = y_hat - y").click()

    assert selected(page).startswith("s = ŷ − y")


def test_search_finds_a_name_and_goes_there(visit):
    """Typing part of a name lists its boxes; Enter selects the first one."""
    page = visit(page_of(EXAMPLE))
    page.keyboard.press("/")
    page.keyboard.type("los")
    assert page.locator("#search-results").get_by_role("option").count() >= 1
    page.keyboard.press("Enter")

    assert selected(page).startswith("loss")


def test_a_value_used_twice_shows_its_sum(visit):
    """Of a value with two uses the contributions are listed and added up."""
    page = visit(page_of(SHARED))
    box(page, "b").click()

    assert "6+6+1=13" in detail(page) or re.search(r"6.*6.*1.*=?13", detail(page))


def test_keyboard_alone(visit):
    """Tab leads into the picture, arrow keys along the arrows to the loss, the details follow, and nothing is a trap."""
    page = visit(page_of(EXAMPLE))
    seen = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.closest('#picture .box') ? 'picture' : document.activeElement.id"))
        if "picture" in seen:
            break
    page.keyboard.press("Home")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")

    assert focused.startswith("loss")
    assert "loss" in detail(page)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
    else:
        pytest.fail("the Tab key never leaves the page")


def test_every_control_has_a_name(visit):
    """Every button, field and choice says what it does."""
    page = visit(page_of(EXAMPLE))
    nameless = page.locator("button, input, select").evaluate_all(
        "all => all.filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length)).map(e => e.outerHTML)"
    )

    assert nameless == []


def test_dark(visit):
    """In the dark the ground is dark, the text light, and forward and backward have their own colours."""
    colours = "e => [getComputedStyle(e).backgroundColor, getComputedStyle(document.querySelector('#story')).color]"
    light, dark = (visit(page_of(EXAMPLE), dark=dark).locator("html").evaluate(colours) for dark in (False, True))

    assert [brightness(each) > 128 for each in light] == [True, False]
    assert [brightness(each) > 128 for each in dark] == [False, True]


def brightness(colour):
    """How bright a colour is, 0 to 255."""
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(visit, dark):
    """The colours of names, values and gradients have a contrast of 4.5 or more with the ground."""
    page = visit(page_of(EXAMPLE), dark=dark)
    ground = page.locator("html").evaluate("e => getComputedStyle(e).backgroundColor")
    colours = page.locator("#picture tspan").evaluate_all("all => [...new Set(all.map(e => getComputedStyle(e).fill))]")

    assert len(colours) >= 3
    assert min(contrast(each, ground) for each in colours) >= 4.5


def contrast(one, other):
    """The contrast of two colours as WCAG has it."""

    def light(colour):
        parts = [float(each) / 255 for each in re.findall(r"[\d.]+", colour)[:3]]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("program", [EXAMPLE, SHARED, ALONE, APART], ids=["example", "shared", "alone", "apart"])
def test_a_phone_shows_it_without_scrolling_sideways(visit, program):
    """At 390 pixels the page is no wider than the window, and its picture and buttons are there."""
    page = visit(page_of(program), size=PHONE)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert page.locator("#picture .box").first.is_visible()
    assert page.get_by_label("Moment of the run").is_visible()


def test_without_javascript_the_static_picture_and_story_are_there(visit):
    """JavaScript off: the picture stands whole, the story with its numbers below it."""
    page = visit(page_of(EXAMPLE), javascript=False)

    assert page.locator("#picture svg").is_visible()
    assert "∂loss/∂w=−2" in flat(page.locator("#picture").text_content())
    assert "−2" in page.locator("#story").inner_text()


def test_without_decompression_the_static_page_says_why(visit):
    """A browser without DecompressionStream shows the static picture and a line that says what is missing."""
    page = visit(page_of(EXAMPLE), before="delete window.DecompressionStream")
    page.wait_for_selector(".static-note")

    assert "DecompressionStream" in page.locator(".static-note").inner_text()
    assert page.locator("#picture svg").is_visible()
    assert "∂loss/∂w=−2" in flat(page.locator("#picture").text_content())


def test_paper_gets_the_whole_picture(visit):
    """Printed, the page shows the static picture and the story, no buttons."""
    page = visit(page_of(EXAMPLE))
    page.emulate_media(media="print")

    assert not page.locator("#stepper").is_visible()
    assert page.locator("#story").is_visible()
    assert page.locator("#picture svg:visible").count() >= 1


def test_one_node_is_a_picture_too(visit):
    """A graph of one operation can be stepped through like any other."""
    page = visit(page_of(ALONE))
    page.get_by_label("Moment of the run").fill("0")
    page.keyboard.press("End")

    assert box(page, "loss").is_visible()
    assert "∂loss/∂w=3" in flat(page.locator("#picture").text_content())


def test_disconnected_parts_stand_apart(visit):
    """Two graphs without a common node are both drawn, and their boxes do not overlap."""
    page = visit(page_of(APART))
    places = [each.bounding_box() for each in page.locator("#picture .box").all()]

    assert len(places) >= 4
    for number, one in enumerate(places):
        for other in places[number + 1 :]:
            apart = (
                one["x"] + one["width"] <= other["x"] + 1
                or other["x"] + other["width"] <= one["x"] + 1
                or one["y"] + one["height"] <= other["y"] + 1
                or other["y"] + other["height"] <= one["y"] + 1
            )
            assert apart
