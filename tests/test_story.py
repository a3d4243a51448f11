"""What the verbs give back shows itself: in print, at the prompt, in a notebook, as LaTeX and as JSON."""

import json

import pytest
from lesson import loss_of, weight

import byhand


def test_a_story_prints_itself():
    """print() shows the story in plain text."""
    w = weight()
    loss = loss_of(w)
    story = byhand.explain(loss)

    assert str(story).startswith("loss.backward(), worked by hand\n")
    assert "\x1b" not in str(story)


def test_a_story_is_its_own_repr_where_nobody_looks():
    """Without a terminal the prompt's echo is the plain text too."""
    w = weight()
    loss = loss_of(w)
    story = byhand.explain(loss)

    assert repr(story) == str(story)


def test_a_story_follows_the_width_of_the_terminal(monkeypatch):
    """In 60 columns no line is longer than 60."""
    w = weight()
    loss = loss_of(w)
    monkeypatch.setenv("COLUMNS", "60")

    assert max(map(len, str(byhand.explain(loss)).splitlines())) <= 60


def test_a_notebook_keeps_readable_text(monkeypatch):
    """What a notebook stores of a story is the page, the picture, LaTeX, and the text, 100 characters wide."""
    monkeypatch.setenv("COLUMNS", "100")
    w = weight()
    loss = loss_of(w)
    story = byhand.explain(loss)

    kept = story._repr_mimebundle_(include=None, exclude=None)

    assert kept["text/plain"] == str(story)
    assert kept.keys() == {"text/html", "image/png", "text/latex", "text/plain"}


def test_a_story_as_latex():
    """to_latex() gives the mathematics for an article."""
    w = weight()
    loss = loss_of(w)

    assert r"\partial" in byhand.explain(loss).to_latex()


def test_a_story_as_json_has_the_readers_number():
    """to_json() is strict JSON of schema byhand/1, with the reader's value on its leaf."""
    w = weight()
    loss = loss_of(w)

    found = json.loads(byhand.check(loss, w=2.0).to_json(), parse_constant=pytest.fail)

    assert found["schema"] == "byhand/1"
    assert found["runs"][0]["leaves"][0]["yours"]["verdict"] == "differs"


def test_the_public_names_are_those_of_the_design():
    """Nothing else is offered, and all of it can be had."""
    assert byhand.__all__ == ["Finding", "Run", "Verdict", "__version__", "check", "diagnose", "errors", "explain", "record"]
    assert all(getattr(byhand, name) is not None for name in byhand.__all__)


def test_an_unknown_public_name_is_an_attribute_error():
    """The lazy module refuses like any other."""
    with pytest.raises(AttributeError, match="explian"):
        _ = byhand.explian
