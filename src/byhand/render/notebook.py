"""What a notebook shows and keeps: the page in a frame over a picture, and for viewers that take frames out, the picture and text.

The frame needs no network, no server and no script outside of it, and has no name that another one could also have. Where a viewer
removes it, since it does not trust the notebook, the picture that lay under it is seen.
"""

import base64
import json
from typing import Any, Final

from byhand.document import Document
from byhand.errors import ByhandError
from byhand.picture import Picture
from byhand.render.assets import policy, script, style
from byhand.render.data import pack, packed
from byhand.render.html import escaped, visible
from byhand.render.latex import render_latex
from byhand.render.looks import STYLE
from byhand.render.page import DATA, head, main, title_of
from byhand.render.text import render_text

WIDTH: Final = 100  # of the text, in letters
LATEX: Final = 20_000  # letters; longer stories are not kept as LaTeX
PICTURE: Final = 300_000  # bytes; a larger PNG is not kept
CONTROLS: Final = 330  # pixels that the frame has for what is around the picture
LOWEST: Final = 480  # pixels of the frame
HIGHEST: Final = 760

BOOTSTRAP: Final = """(async()=>{
const unpack=async(id)=>{const bytes=Uint8Array.from(atob(document.getElementById(id).textContent),(c)=>c.charCodeAt(0));
return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text()};
const add=(name,text)=>{const made=document.createElement(name);made.textContent=text;document.body.append(made)};
const page=JSON.parse(await unpack("byhand-page"));
add("style",page.style);
document.getElementById("byhand").innerHTML=page.main;
if(page.script)add("script",page.script);
})().catch((problem)=>{const line=document.createElement("p");line.textContent="The page cannot be shown here, its text stays: "+problem;
document.getElementById("byhand").prepend(line)})"""
"""Unpacks the frame's page; until then, and where it cannot run, the text is there."""


def mime_bundle(document: Document, picture: Picture | None, *, note: str = "") -> dict[str, Any]:
    """The formats of one output, the best one for each viewer to choose."""
    text = render_text(document, width=WIDTH)
    image = _png(picture)
    bundle = {"text/plain": visible(text), "text/html": _html(document, picture, text, image, note)}
    if image:
        bundle["image/png"] = image
    latex = render_latex(document)
    if len(latex) <= LATEX:
        bundle["text/latex"] = latex
    return bundle


def _html(document: Document, picture: Picture | None, text: str, image: str, note: str) -> str:
    """The frame, and in the same place under it what is seen without it."""
    height = _height(picture)
    title = escaped(title_of(document))
    under = (
        f'<img alt="{title}" src="data:image/png;base64,{image}" style="grid-area:1/1;max-width:100%;max-height:{height}px">'
        if image
        else f'<pre style="grid-area:1/1;max-height:{height}px;overflow:auto;margin:0">{escaped(text)}</pre>'
    )
    frame = (
        f'<iframe title="{title}" sandbox="allow-scripts" srcdoc="{escaped(_page(document, picture, text, note))}" '
        f'style="grid-area:1/1;z-index:1;width:100%;height:{height}px;border:0"></iframe>'
    )
    return f'<div style="display:grid">{under}{frame}</div>'


def _page(document: Document, picture: Picture | None, text: str, note: str) -> str:
    """The page in the frame: the text, and the packed page that takes its place."""
    look = style()
    viewer = script() if picture else ""
    parts = {"style": look, "main": main(document, picture, note=note), "script": viewer}
    allowed = policy(scripts=(BOOTSTRAP, viewer) if viewer else (BOOTSTRAP,), styles=(look, STYLE))
    data = f'<script type="{DATA}" id="byhand-data">{packed(picture)}</script>' if picture else ""
    return (
        f'{head(document, allowed)}</head>\n<body>\n<main id="byhand"><pre>{escaped(text)}</pre></main>\n{data}\n'
        f'<script type="{DATA}" id="byhand-page">{pack(json.dumps(parts, ensure_ascii=False))}</script>\n'
        f"<script>{BOOTSTRAP}</script>\n</body>\n</html>"
    )


def _height(picture: Picture | None) -> int:
    """The frame's height: it cannot ask its page, so it follows the picture's."""
    return LOWEST if picture is None else round(min(max(picture.root.height + CONTROLS, LOWEST), HIGHEST))


def _png(picture: Picture | None) -> str:
    """The picture as PNG in base64; "" without one, without the package that draws it, or if it is too large."""
    if picture is None:
        return ""
    from byhand.render.png import render_png

    try:
        image = render_png(picture)
    except ByhandError:
        return ""
    return base64.b64encode(image).decode("ascii") if len(image) <= PICTURE else ""
