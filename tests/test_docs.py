"""The documents say what is printed: every block is run, every output compared."""

import shutil
from pathlib import Path

import pytest
from documents import PICTURE, DocumentFailed, difference, documents, executed, picture_differs

ROOT = Path(__file__).resolve().parent.parent


def write(folder, *lines):
    """A document of these lines in the folder."""
    path = folder / "page.md"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("path", documents(ROOT), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_document_shows_what_is_printed(path):
    """Each output in README.md, CONTRIBUTING.md and docs/ is what its block prints now; `python3 dev.py readme` writes them."""
    assert difference(path, folder=ROOT) == ""


def test_the_picture_is_the_one_that_is_drawn():
    """README shows the example as this version draws it; `python3 dev.py readme` draws it again."""
    assert not picture_differs(ROOT)


def test_a_false_picture_is_seen(tmp_path):
    """A picture with another number in it is reported."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / PICTURE).parent.mkdir(parents=True)
    (tmp_path / PICTURE).write_text((ROOT / PICTURE).read_text(encoding="utf-8").replace("−2", "−3"), encoding="utf-8")

    assert picture_differs(tmp_path)


def test_a_false_output_is_seen(tmp_path):
    """A document that shows 3 for 1 + 1 is reported with both numbers."""
    path = write(tmp_path, "```python", "print(1 + 1)", "```", "", "```text", "3", "```")

    report = difference(path, folder=tmp_path)

    assert "-3" in report
    assert "+2" in report


def test_a_missing_output_is_seen(tmp_path):
    """A block that prints and shows nothing is reported."""
    path = write(tmp_path, "```python", "print('unseen')", "```", "", "More text.")

    assert "+unseen" in difference(path, folder=tmp_path)


def test_the_blocks_of_a_document_share_their_names(tmp_path):
    """A later block uses what an earlier one defined."""
    path = write(tmp_path, "```python", "number = 4", "```", "Then:", "```python", "print(number)", "```", "```text", "4", "```")

    assert difference(path, folder=tmp_path) == ""


def test_a_block_that_fails_is_seen_with_its_line(tmp_path):
    """The traceback names the line of the document."""
    path = write(tmp_path, "A page.", "", "```python", "1 / 0", "```")

    with pytest.raises(DocumentFailed, match="line 4"):
        executed(path, folder=tmp_path)


def test_an_unclosed_block_is_seen(tmp_path):
    """A fence without its partner is an error, since what follows it would silently not run."""
    path = write(tmp_path, "```python", "print(1)")

    with pytest.raises(DocumentFailed, match="fence"):
        executed(path, folder=tmp_path)


def test_only_byhand_runs_in_a_console_block(tmp_path):
    """A console block with another program is refused: it would be shown without being run."""
    path = write(tmp_path, "```console", "$ ls", "```")

    with pytest.raises(DocumentFailed, match="byhand alone"):
        executed(path, folder=tmp_path)
