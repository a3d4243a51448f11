"""The live picture draws what the static one draws, and moves as hands expect."""

import made
import pictures
import pytest
from browser import DESK, PHONE, painted
from program_pages import EXAMPLE, GPT2, SHARED, page_of

from byhand.explanation import explain
from byhand.render.notebook import mime_bundle

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


def test_the_wheel_never_moves_the_picture_up_or_down(visit):
    """Nearer, with more to see below, the wheel still scrolls the page; sideways it moves the picture."""
    page = visit(page_of(EXAMPLE))
    page.mouse.move(*middle(page))
    for _ in range(4):
        page.get_by_role("button", name="Nearer (+)").click()
    before = place(page)
    page.mouse.move(*middle(page))
    page.mouse.wheel(0, 100)
    page.wait_for_timeout(300)

    assert page.evaluate("window.scrollY") > 0

    page.evaluate("window.scrollTo(0, 0)")
    assert place(page) == before
    page.mouse.wheel(80, 10)
    page.wait_for_timeout(100)
    assert place(page)[:2] == pytest.approx((before[0] - 80, before[1]), abs=2)


def test_far_away_every_box_of_some_width_has_a_readable_name(visit):
    """All of a large picture at once: a box 30 pixels wide and 8 high shows letters of 9 pixels or more."""
    page = visit(page_of(GPT2))
    page.get_by_role("button", name="Show all (0)").click()
    for _ in range(2):
        page.get_by_role("button", name="Further away").click()
    page.wait_for_timeout(300)
    seen = page.evaluate("""() => [...document.querySelectorAll("#picture .view .box")].map((box) => {
        const ground = box.querySelector(".ground:not(.behind)").getBoundingClientRect();
        const text = box.querySelector("text.row");
        const scale = text ? text.getScreenCTM().a : 0;
        return [ground.width, ground.height, text ? text.getAttribute("font-size") * scale : 0, text?.textContent ?? ""];
    }).filter(([wide, high]) => wide >= 30.5 && high >= 8.5)""")

    assert len(seen) > 3
    assert min(size for *_, size, _ in seen) > 8.9, seen


def test_in_a_notebook_the_whole_story_comes_into_the_frame(visit):
    """Opened, the story is scrolled to in the frame's own document, and the notebook around it stays where it is."""
    html = mime_bundle(explain(made.seed()), pictures.example())["text/html"]
    page = visit(f'<!doctype html><meta charset="utf-8"><body>{html}<p>next cell</p></body>', ready="iframe")
    inside = page.frame_locator("iframe")
    fold = inside.locator("summary", has_text="The whole story")
    fold.click()
    around = page.evaluate("window.scrollY")
    page.wait_for_timeout(300)

    assert page.frames[1].evaluate("window.scrollY") > 0
    assert page.frames[1].evaluate("document.querySelector('#story').getBoundingClientRect().top < innerHeight / 2")
    assert page.evaluate("window.scrollY") == around


def test_stepping_says_the_module_and_keeps_its_line_in_sight(visit):
    """In a low window, where the program goes on below it, the line of the moment is seen, and the module stands above the text."""
    page = visit(page_of(GPT2), size=(1000, 720))
    slider = page.locator("#stepper input")
    most = int(slider.get_attribute("max"))
    for moment in range(most // 3, most, most // 7):
        slider.fill(str(moment))
        painted(page)
        top, bottom = page.evaluate("""() => {
            const { top, bottom } = document.querySelector("#source [data-now]").getBoundingClientRect();
            return [top, bottom];
        }""")
        assert 0 <= top < bottom <= 720, moment
        assert page.locator(".where .layer").inner_text(), moment


def test_the_end_marks_the_weight(visit):
    """The page opens unmarked; the last step marks the operation and the weight that its gradient goes to."""
    page = visit(page_of(EXAMPLE))
    painted(page)
    assert page.locator("#picture .box.now").count() == 0
    page.keyboard.press(",")
    page.keyboard.press(".")
    painted(page)

    assert page.locator("#picture .box.now.weight").count() == 1
    assert page.locator("#picture .box.now.operation").count() == 1


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


def test_what_fails_later_brings_the_static_picture_back(visit):
    """After an error in a frame the picture and the story are there as without JavaScript, and a line says why."""
    page = visit(page_of(EXAMPLE))
    page.evaluate("requestAnimationFrame(() => { throw new Error('planted') })")
    painted(page)

    assert visit.problems == ["error: planted"]
    visit.problems.clear()
    assert page.locator(".static-note").inner_text() == "The live picture is not shown: planted."
    assert page.locator("#picture > svg.byhand-picture").count() == 1
    assert page.locator("#stepper, #side, .view").count() == 0
    assert page.locator("#story").is_visible()


@pytest.mark.parametrize("size", [DESK, (900, 600)])
def test_the_example_opens_whole(visit, size):
    """The first and the last box are in the window of the picture."""
    page = visit(page_of(EXAMPLE), size=size)
    painted(page)
    window = page.locator("#picture .view").bounding_box()
    for box in page.locator("#picture .view .box").all():
        found = box.bounding_box()
        assert window["x"] <= found["x"]
        assert found["x"] + found["width"] <= window["x"] + window["width"]
        assert window["y"] <= found["y"]
        assert found["y"] + found["height"] <= window["y"] + window["height"]


@pytest.mark.parametrize(("program", "size"), [(EXAMPLE, PHONE), (SHARED, DESK), (GPT2, DESK), (GPT2, PHONE)])
def test_what_is_told_is_never_cut_and_nothing_jumps(visit, program, size):
    """At every step all of a line is seen, and what stands below the told text stays where it is."""
    page = visit(page_of(program), size=size)
    page.evaluate("document.fonts.ready")
    painted(page)
    seen = page.evaluate("""() => {
        const area = document.querySelector(".moment");
        const slider = document.querySelector("#stepper input");
        return Array.from({ length: Math.min(40, Number(slider.max)) }, (_, step) => {
            slider.value = slider.max - step;
            slider.dispatchEvent(new Event("input"));
            return [area.scrollWidth <= area.clientWidth, area.offsetHeight];
        });
    }""")

    assert {fits for fits, _ in seen} == {True}
    assert len({height for _, height in seen}) == 1


def test_a_closed_part_shows_that_the_walk_is_inside_of_it(visit):
    """While the operations of a block are walked through, the closed box of the blocks is marked."""
    page = visit(page_of(GPT2))
    marked = page.evaluate("""async () => {
        const slider = document.querySelector("#stepper input");
        slider.value = Math.round(slider.max / 4);
        slider.dispatchEvent(new Event("input"));
        await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
        return [...document.querySelectorAll("#picture .box.now")].map((box) => box.dataset.key.slice(0, 2));
    }""")

    assert marked == ["r:"]


def test_the_tab_key_stops_at_a_box_and_at_named_controls_only(visit):
    """From the top: the first box, then buttons, slider and fields, each with a name and a ring that is seen."""
    page = visit(page_of(EXAMPLE))
    stops = []
    for _ in range(12):
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate("""() => {
                const at = document.activeElement;
                const named = at.ariaLabel || at.labels?.[0]?.textContent || at.textContent.trim();
                const ring = getComputedStyle(at).outlineStyle !== "none" || at.matches(".box:focus-visible");
                return [at.tagName, Boolean(named), ring];
            }""")
        )

    assert [stop[0] for stop in stops[:4]] == ["g", "BUTTON", "BUTTON", "BUTTON"]
    assert all(named and ring for _, named, ring in stops)
