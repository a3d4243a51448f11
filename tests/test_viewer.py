"""The live picture draws what the static one draws, and moves as hands expect."""

import pytest
from browser import painted
from program_pages import EXAMPLE, SHARED, page_of

DRAWN = """() => {
    const kept = ["class", "x", "y", "width", "height", "rx", "d", "font-size", "font-weight", "stroke-dasharray", "text-anchor"];
    const told = (node) => [node.tagName, node.childElementCount ? "" : node.textContent, ...kept.map((name) => node.getAttribute(name))];
    const groups = [...document.querySelectorAll("#picture svg g:is(.box, .arrow)[data-key]")];
    const drawn = groups.map((group) => [
        group.dataset.key,
        group.getAttribute("class"),
        group.classList.contains("box") ? group.getAttribute("transform") : "",
        [...group.querySelectorAll("*")].filter((node) => !node.classList.contains("hit")).map(told),
    ]);
    return drawn.sort((one, other) => (one[0] < other[0] ? -1 : 1));
}"""


def place(page):
    """Where the first box is on the screen, and how wide: (left, top, width)."""
    painted(page)
    found = page.locator("#picture .view .box").first.bounding_box()
    return tuple(round(found[name], 1) for name in ("x", "y", "width"))


def middle(page):
    """The middle of the picture, for the mouse."""
    found = page.locator("#picture .view").bounding_box()
    return found["x"] + found["width"] / 2, found["y"] + found["height"] / 2


@pytest.mark.parametrize("program", [EXAMPLE, SHARED], ids=["example", "shared"])
def test_the_live_picture_is_the_static_one(visit, program):
    """Both have the same boxes and arrows, made of the same elements in the same places with the same classes."""
    static = visit(page_of(program), javascript=False).evaluate(DRAWN)
    page = visit(page_of(program))
    painted(page)

    assert len(static) > 4
    assert page.evaluate(DRAWN) == static


def test_a_drag_moves_the_picture(visit):
    """The picture follows the mouse, and no box is selected by it."""
    page = visit(page_of(EXAMPLE))
    left, top, wide = place(page)
    page.mouse.move(*middle(page))
    page.mouse.down()
    x, y = middle(page)
    page.mouse.move(x - 50, y - 20, steps=5)
    page.mouse.up()

    assert place(page) == pytest.approx((left - 50, top - 20, wide), abs=5)
    assert page.locator("#picture .view .selected").count() == 0


def test_ctrl_and_the_wheel_bring_the_picture_nearer(visit):
    """A pinch on a touchpad comes as a wheel with Ctrl; the box under the pointer stays under it."""
    page = visit(page_of(EXAMPLE))
    found = page.locator("#picture .view .box").first.bounding_box()
    page.mouse.move(found["x"], found["y"])
    page.keyboard.down("Control")
    page.mouse.wheel(0, -60)
    page.keyboard.up("Control")
    left, top, wide = place(page)

    assert wide > found["width"] * 1.2
    assert (left, top) == pytest.approx((found["x"], found["y"]), abs=2)


def test_a_wheel_over_a_picture_that_is_all_seen_is_the_pages(visit):
    """Where nothing of the picture is out of sight the wheel scrolls the page."""
    page = visit(page_of(EXAMPLE))
    before = place(page)
    page.mouse.move(*middle(page))
    page.mouse.wheel(0, 100)
    page.wait_for_timeout(300)

    assert page.evaluate("window.scrollY") > 0

    page.evaluate("window.scrollTo(0, 0)")
    assert place(page) == before


def test_the_keys_that_show_all_undo_the_keys_that_bring_nearer(visit):
    """+ makes the boxes wider, 0 shows all of them again."""
    page = visit(page_of(EXAMPLE))
    page.locator("#picture .view [tabindex='0']").focus()
    page.keyboard.press("0")
    page.wait_for_timeout(50)
    before = place(page)
    page.keyboard.press("+")
    nearer = place(page)
    page.keyboard.press("0")

    assert nearer[2] > before[2] * 1.2
    assert place(page) == before
