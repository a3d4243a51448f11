"""The files a command writes: each whole, in UTF-8, none lost for the sake of another or of the terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import lesson
import pytest

import byhand
from byhand.command import main

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "back_propagation.py"


def in_ascii(*words):
    """The finished command in a terminal that knows only ASCII."""
    settings = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    return subprocess.run([sys.executable, "-m", "byhand", "explain", *words], capture_output=True, env=settings, check=False)


@pytest.mark.parametrize("name", ["html", "svg", "json"])
def test_a_file_on_the_terminal_is_in_utf8(name):
    """What goes through a pipe has the bytes that the file would have, whatever the terminal's encoding."""
    answer = in_ascii(str(EXAMPLE), f"--{name}", "-")

    assert answer.returncode == 0, answer.stderr
    assert "ŷ" in answer.stdout.decode()


def test_a_narrow_terminal_costs_no_file(tmp_path):
    """The page is written, and the story shown as far as ASCII goes."""
    answer = in_ascii(str(EXAMPLE), "--html", str(tmp_path / "page.html"))

    assert answer.returncode == 0, answer.stderr
    assert "ŷ" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["html", "svg", "latex", "tikz", "json"])
def test_every_format_is_written(name, tmp_path, monkeypatch, capsys):
    """Each format goes to its file, and the story to the terminal all the same."""
    monkeypatch.chdir(tmp_path)

    code = main(["explain", str(EXAMPLE), f"--{name}", "story"])

    assert code == 0
    assert (tmp_path / "story").stat().st_size > 100
    assert "worked by hand" in capsys.readouterr().out


def test_one_file_takes_one_format(tmp_path, monkeypatch, capsys):
    """Two formats for the same file are refused before the program runs."""
    monkeypatch.chdir(tmp_path)

    code = main(["explain", str(EXAMPLE), "--html", "same", "--svg", "./same"])

    assert code == 2
    assert "two outputs would stand in the one file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_story_stands_without_its_picture(monkeypatch):
    """Whatever goes wrong with the picture, page and notebook have the story and say what is missing."""
    story = byhand.explain(lesson.loss_of(lesson.weight()))
    monkeypatch.setattr("byhand.drawing.draw", lambda *_, **__: {}["nowhere"])

    assert "KeyError" in story.to_html()
    assert "worked by hand" in story.to_html()
    assert "worked by hand" in story._repr_mimebundle_()["text/plain"]


def test_half_a_character_is_written_as_json(tmp_path):
    """A name from a file system of another encoding can be encoded, and comes back."""
    scope = {"byhand": byhand}
    exec(compile("import torch\nw = torch.ones((), requires_grad=True)\ns = byhand.explain(w * w)", "a\udc80.py", "exec"), scope)

    assert json.loads(scope["s"].to_json().encode())
