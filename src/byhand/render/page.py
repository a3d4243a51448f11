"""The page: picture, steps and story in one file that opens from a disk, fetches nothing, and is readable without JavaScript."""

from itertools import takewhile
from typing import Final

from byhand.document import Document, Heading, Prose
from byhand.picture import Picture
from byhand.render.assets import fonts, policy, script, style
from byhand.render.data import packed
from byhand.render.html import cells_html, escaped, render_html
from byhand.render.svg import render_svg

TITLE: Final = "byhand"
SUMMARY: Final = 2  # paragraphs above the picture: which of several backward passes this is, and what is given
DATA: Final = "application/octet-stream;base64"


def render_page(document: Document, picture: Picture | None, *, note: str = "") -> str:
    """The whole page as HTML; `note` is said above the story, as where the picture is missing."""
    look = fonts() + style()
    scripts = (script(),) if picture else ()
    live = f'<script type="{DATA}" id="byhand-data">{packed(picture)}</script>\n<script>{script()}</script>\n' if picture else ""
    return (
        f"{head(document, policy(scripts=scripts, styles=(look,)))}<style>{look}</style>\n</head>\n"
        f'<body>\n<main id="byhand">\n{main(document, picture, note=note)}\n</main>\n{live}</body>\n</html>\n'
    )


def head(document: Document, allowed: str) -> str:
    """The page's beginning, up to its style."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escaped(allowed)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escaped(title_of(document))}</title>\n"
    )


def main(document: Document, picture: Picture | None, *, note: str = "") -> str:
    """What the page shows before any script has run: title, picture and story."""
    blocks = list(document.blocks)
    title = title_of(document)
    if blocks and isinstance(blocks[0], Heading):
        blocks.pop(0)
    summary = list(takewhile(lambda block: isinstance(block, Prose), blocks[:SUMMARY]))
    blocks = blocks[len(summary) :]
    said = f'<p class="static-note" role="status">{escaped(note)}</p>\n' if note else ""
    first = "".join(f'<p class="summary">{cells_html(block.cells)}</p>\n' for block in summary if isinstance(block, Prose))
    section = f'<section id="picture" aria-label="Picture of the run">{render_svg(picture, dark=False)}</section>\n' if picture else ""
    story = render_html(Document(tuple(blocks)))
    return f'<header><h1>{escaped(title)}</h1>\n{first}{said}</header>\n{section}<article id="story">\n{story}\n</article>'


def title_of(document: Document) -> str:
    """The document's own title."""
    first = document.blocks[0] if document.blocks else None
    return first.text if isinstance(first, Heading) else TITLE
