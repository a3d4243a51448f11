"""A document as HTML: real tables and headings, verdicts with shape and word, every text only text."""

import unicodedata
from collections import Counter

import made
import pytest
from parsed import Page
from test_render_text import EVERYTHING

from byhand.document import Cell, Document, Formula, Heading, Ledger, Prose, Role, Table
from byhand.explanation import explain
from byhand.render.html import escaped, render_html
from byhand.render.text import render_text

STORIES = {
    "seed": explain(made.seed()),
    "fan_out": explain(made.fan_out()),
    "batch": explain(made.batch()),
    "blocks": explain(made.blocks(12, differs=3)),
    "everything": EVERYTHING,
}


def html(*blocks):
    """The blocks as HTML."""
    return render_html(Document(blocks))


@pytest.mark.parametrize("name", STORIES)
def test_every_element_is_closed(name):
    """Start tags and end tags match, whatever the texts are."""
    page = Page(render_html(STORIES[name]))

    assert (page.unbalanced, page.unclosed) == ([], [])


@pytest.mark.parametrize("name", ["seed", "fan_out", "batch"])
def test_every_number_of_the_story_is_there(name):
    """What the terminal shows as numbers is in the HTML, with no script: each as often."""
    shown, told = Page(render_html(STORIES[name])).text, render_text(STORIES[name], width=400)

    assert Counter(filter(str.isdigit, unicodedata.normalize("NFKC", shown))) == Counter(
        filter(str.isdigit, unicodedata.normalize("NFKC", told))
    )


def test_a_table_has_a_header_for_columns_and_rows():
    """Titles say for how many pieces they stand, and the first piece of a row names it."""
    row = ((Cell("ŷ"), Cell("w · x"), Cell("1")), (Cell("agrees", Role.AGREES),))
    page = Page(html(Table(("forward", "verdict"), (row,), "all")))

    assert page.of("th") == [{"scope": "colgroup", "colspan": "3"}, {"scope": "col"}, {"scope": "row"}]
    assert page.of("caption") == [{}]
    assert "all" in page.text


def test_a_column_without_a_title_has_no_empty_header():
    """A header without a word would be read aloud as nothing."""
    page = Page(html(Table(("a", ""), (((Cell("1"),), (Cell("2"),)),))))

    assert page.of("th") == [{"scope": "col"}, {"scope": "row"}]


def test_a_table_without_titles_has_no_head():
    """Where all titles are empty there is no line for them."""
    assert "<thead>" not in html(Table(("", ""), (((Cell("1"),), (Cell("2"),)),)))


def test_equal_signs_line_up():
    """Each piece has a place of its own in the table, so that the = of a column stand below each other."""
    rows = (((Cell("a"), Cell("b"), Cell("1")),), ((Cell("c"), Cell("2")),))
    page = Page(html(Table(("",), rows)))

    assert page.of("td") == [{"class": "equal"}, {"class": "equal"}, {"class": "equal"}, {}]


def test_one_cell_in_a_row_goes_across():
    """A row with a single cell is a line over the whole table."""
    page = Page(html(Table(("a", "b"), (((Cell("across"),),), ((Cell("1"), Cell("2")), (Cell("3"),))))))

    assert {"class": "across", "colspan": "3"} in page.of("td")


def test_a_ledger_ends_in_its_sum():
    """The total stands in the table's foot, the title is its caption."""
    text = html(Ledger("twice", ((Cell("via a"), Cell("1")),), (Cell("sum"), Cell("1"))))

    assert '<table class="ledger"><caption>twice</caption>' in text
    assert '<tfoot><tr><th scope="row">sum</th>' in text


def test_a_formula_is_a_chain():
    """Equal expressions stand one behind the other, and may be broken at = only; what is remarked follows."""
    text = html(Formula((Cell("a", latex="a"), Cell("1")), (Cell("agrees", Role.AGREES),)))

    assert '<span class="part"><math><mi>a</mi></math></span> <span class="part"><span class="equals">=</span> ' in text
    assert '<div class="remark"><span class="role-agrees">' in text


@pytest.mark.parametrize(("role", "shape"), [(Role.AGREES, "✓"), (Role.DIFFERS, "✗"), (Role.NOT_COMPARED, "○")])
def test_a_verdict_has_shape_and_word(role, shape):
    """The shape is for the eye, the word for everybody: a screen reader is not read the shape."""
    assert html(Prose((Cell("said", role),))) == (
        f'<p><span class="role-{role.value.replace(" ", "-")}"><span class="shape" aria-hidden="true">{shape}</span> said</span></p>'
    )


@pytest.mark.parametrize("role", set(Role) - {Role.PLAIN})
def test_every_role_is_a_class(role):
    """The style sheet knows what a piece is."""
    assert f'class="role-{role.value.replace(" ", "-")}"' in html(Prose((Cell("said", role),)))


@pytest.mark.parametrize("level", [-1, 0, 1, 2, 6, 7])
def test_a_heading_has_a_level_that_exists(level):
    """HTML knows six levels."""
    assert html(Heading("title", level)) == f"<h{min(max(level, 1), 6)}>title</h{min(max(level, 1), 6)}>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert('1')</script>", "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;"),
        ('"><img onerror=x>', "&quot;&gt;&lt;img onerror=x&gt;"),
        ("</style>]]>-->", "&lt;/style&gt;]]&gt;--&gt;"),
        ("&lt;", "&amp;lt;"),
        ("a\0b\x1b[31m\x7f", "a␀b␛[31m\ufffd"),
        ("\ud800 \ufffe", "\ufffd \ufffd"),
        ("a\u202eb\u2066c", "a\ufffdb\ufffdc"),
        ("👩\u200d🔬 שלום \u200e", "👩\u200d🔬 שלום \u200e"),
        ("two\nlines\tand", "two\nlines\tand"),
    ],
)
def test_text_is_only_text(text, shown):
    """Markup is escaped, and what cannot be in a page is seen as a sign."""
    assert escaped(text) == shown


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "</table></p>", '" onload="x', "<!--", "<style>", "]]>", "<math><mtext>"])
def test_a_hostile_name_adds_no_element(name):
    """A name brings no element and no attribute of its own, and is seen as it is."""
    page = Page(render_html(explain(made.with_leaf(made.seed(), name=name))))
    known = "h1 h2 p div span code table thead tbody tr th td math mrow mfrac mi mn mo mtext mover msup".split()
    attributes = "class scope colspan aria-hidden mathvariant accent stretchy form lspace rspace".split()

    assert {tag for tag, _ in page.elements} <= set(known)
    assert {key for _, each in page.elements for key in each} <= set(attributes)
    assert name in page.text
