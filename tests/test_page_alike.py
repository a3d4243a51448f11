"""The live picture, drawn by JavaScript, is the static one, drawn by Python: every text, place and size."""

import pictures
import pytest
from browser import painted
from program_pages import ALL_NAN, APART, EXAMPLE, SHARED, page_of

from byhand.document import Document, Heading
from byhand.render.page import render_page

WIDE = (3200, 2000)
MEASURE = """(svg) => {
  const ground = svg.querySelector(".camera") ?? svg.querySelector(".page");
  const back = ground.getCTM().inverse();
  const place = (element, x, y) => {
    const { a, e, f } = back.multiply(element.getCTM());
    return [a * x + e, a * y + f];
  };
  const number = (element, name) => Number(element.getAttribute(name) ?? 0);
  const size = (element) => Number(element.closest("[font-size]").getAttribute("font-size"));
  const told = {};
  const note = (group, what) => {
    const kind = ["box", "arrow", "label"].find((name) => group.classList.contains(name));
    (told[`${kind} ${group.dataset.key}`] ??= []).push(what);
  };
  for (const group of svg.querySelectorAll("[data-key]")) {
    for (const each of group.querySelectorAll("text")) {
      note(group, [each.textContent, size(each), ...place(each, number(each, "x"), number(each, "y"))]);
    }
    for (const each of group.querySelectorAll("rect.ground, rect.plate")) {
      note(group, ["rect", ...place(each, number(each, "x"), number(each, "y")), number(each, "width"), number(each, "height")]);
    }
    for (const each of group.querySelectorAll("path.line, path.head")) {
      const path = each.getAttribute("d");
      note(group, [path.replace(/[\\d.-]+/g, "0"), ...path.match(/-?[\\d.]+/g).map(Number)]);
    }
  }
  return told;
}"""


def alike(static, live):
    """Whether both consist of the same texts and shapes, with places and sizes that differ by less than half a pixel."""
    assert sorted(static) == sorted(live)
    for key, parts in static.items():
        left, right = sorted(parts, key=str), sorted(live[key], key=str)
        assert [part[0] for part in left] == [part[0] for part in right], key
        for one, other in zip(left, right, strict=True):
            assert other[1:] == pytest.approx(one[1:], abs=0.5), (key, one[0])
    return bool(static)


def both(visit, html):
    """What the static and the live picture of a page consist of."""
    found = []
    for javascript in (False, True):
        page = visit(html, javascript=javascript, size=WIDE)
        if javascript:
            page.get_by_role("button", name="Show all (0)").click()
            painted(page)
        found.append(page.locator("#picture svg.byhand-picture").evaluate(MEASURE))
    return found


# in "hostile" an arrow ends beside its boxes, which the live picture mends, and control characters are named
@pytest.mark.parametrize("name", [name for name in pictures.PICTURES if name not in ("enormous", "hostile")])
def test_pictures_are_drawn_alike(visit, name):
    """Pictures placed by hand look the same in both."""
    static, live = both(visit, render_page(Document((Heading("A picture", 1),)), pictures.PICTURES[name]))

    assert alike(static, live) == (name != "empty")


@pytest.mark.parametrize("program", [EXAMPLE, SHARED, APART, ALL_NAN], ids=["example", "shared", "apart", "nan"])
def test_pictures_of_runs_are_drawn_alike(visit, program):
    """Pictures of real runs look the same in both."""
    assert alike(*both(visit, page_of(program)))
