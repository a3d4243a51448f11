"""What a notebook shows and keeps: the page in a frame over a picture, and for viewers that take frames out, the picture and text.

The frame needs no network, no server and no script outside of it, and has no name that another one could also have. Where a viewer
removes it, since it does not trust the notebook, the picture that lay under it is seen.
"""

import base64
from typing import Any, Final

from byhand.document import Document
from byhand.errors import ByhandError
from byhand.picture import Picture
from byhand.render.assets import policy, script, style
from byhand.render.data import packed_bytes, written
from byhand.render.geometry import MARGIN
from byhand.render.html import escaped, visible
from byhand.render.latex import render_latex
from byhand.render.page import head, main, title_of
from byhand.render.pixels import COLOURS, FEW
from byhand.render.text import render_text

BETWEEN: Final = "\0"  # script, style, page and data: no text of a page has this character
PAGE: Final = "application/octet-stream"
WIDTH: Final = 100  # of the text, in letters
LATEX: Final = 20_000  # letters; longer stories are not kept as LaTeX
PICTURE: Final = 100_000  # bytes; a larger PNG is drawn at half the size, or left out: it is kept twice
LIVE: Final = 570  # pixels of a frame with a live picture: as the viewer's style lays it out there
LOWEST: Final = 200  # pixels of a frame with a story alone
HIGHEST: Final = 760
LINE: Final = 26  # pixels that a line of the text takes as a page, about

LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%,()*+-;.=:?@^_`{|}~"
"""Five of these 85 letters are four bytes: those of Python's base85, with three others for the three that HTML would escape."""

GROUND: Final = "html{background:Canvas;color:CanvasText}"
"""The frame's own ground until it is unpacked: without it the picture that lies under the frame would be seen through the text."""

BOOTSTRAP: Final = """(async()=>{
const letters="LETTERS",text=document.getElementById("byhand-page").textContent,over=(5-text.length%5)%5,whole=text+"~".repeat(over);
const bytes=new DataView(new ArrayBuffer(whole.length/5*4));
for(let at=0;at<whole.length;at+=5){let number=0;for(let i=at;i<at+5;i++)number=number*85+letters.indexOf(whole[i]);
bytes.setUint32(at/5*4,number)}
const packed=new Blob([bytes.buffer.slice(0,bytes.byteLength-over)]).stream().pipeThrough(new DecompressionStream("gzip"));
const [script,style,main,data]=(await new Response(packed).text()).split("\\0");
const add=(name,text,more)=>document.body.append(Object.assign(document.createElement(name),{textContent:text},more));
add("style",style);
document.getElementById("byhand").innerHTML=main;
if(script){add("script",data,{type:"application/json",id:"byhand-data"});add("script",script)}
})().catch((problem)=>{const line=document.createElement("p");line.textContent="The page cannot be shown here, its text stays: "+problem;
document.getElementById("byhand").prepend(line)})""".replace("LETTERS", LETTERS)
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
    height = _height(picture, text)
    title = escaped(title_of(document))
    under = (
        f'<img alt="{title}" width="{_width(picture)}" src="data:image/png;base64,{image}" '
        f'style="grid-area:1/1;max-width:100%;max-height:{height}px;object-fit:contain;object-position:top left">'
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
    parts = BETWEEN.join((viewer, look, main(document, picture, note=note), written(picture) if picture else ""))
    allowed = policy(scripts=(BOOTSTRAP, viewer) if viewer else (BOOTSTRAP,), styles=(GROUND, look))
    return (
        f"{head(document, allowed)}<style>{GROUND}</style>\n</head>\n"
        f'<body class="frame">\n<main id="byhand"><pre>{escaped(text)}</pre></main>\n'
        f'<script type="{PAGE}" id="byhand-page">{_dense(parts)}</script>\n'
        f"<script>{BOOTSTRAP}</script>\n</body>\n</html>"
    )


def _dense(text: str) -> str:
    """The text packed, in fewer letters than base64 takes: most of a small notebook is the viewer."""
    return base64.b85encode(packed_bytes(text)).decode("ascii").translate(str.maketrans("&<>", ",.:"))


def _height(picture: Picture | None, text: str) -> int:
    """The frame's height, which cannot ask its page: a picture and its panels always take the same, a story what its lines take."""
    return LIVE if picture else min(max(text.count("\n") * LINE, LOWEST), HIGHEST)


def _width(picture: Picture | None) -> int:
    """The picture's width on a screen, where its PNG has more pixels than that."""
    return 0 if picture is None else round(picture.root.width + 2 * MARGIN)


def _png(picture: Picture | None) -> str:
    """The picture as PNG in base64; "" without one, without the package that draws it, or if it is too large."""
    if picture is None:
        return ""
    from byhand.render.png import render_png

    try:
        shades = COLOURS if any(row.sketch for box in picture.root.boxes for row in box.rows) else FEW
        drawn = (render_png(picture, zoom=zoom, shades=shades) for zoom in (1, 0.5))
        return next((base64.b64encode(image).decode("ascii") for image in drawn if len(image) <= PICTURE), "")
    except ByhandError:
        return ""
