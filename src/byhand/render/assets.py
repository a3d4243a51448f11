"""The files that are part of every page: the viewer, the style, the fonts."""

import base64
import re
from functools import cache
from hashlib import sha256
from importlib.resources import files


@cache
def text_of(name: str) -> str:
    """The text of a file of this package, without the empty line at its end."""
    return (files("byhand.render") / name).read_text(encoding="utf-8").strip()


@cache
def font_face(family: str, file: str, *, style: str = "normal") -> str:
    """The CSS that brings a font inside of the page."""
    font = base64.b64encode((files("byhand.render") / "fonts" / file).read_bytes()).decode("ascii")
    return f'@font-face{{font-family:"{family}";font-style:{style};src:url(data:font/woff2;base64,{font})format("woff2")}}'


def fonts() -> str:
    """The fonts of mathematics."""
    return font_face("byhand math", "byhand-math.woff2") + font_face("byhand italic", "byhand-italic.woff2", style="italic")


def style() -> str:
    """The look of page and live picture, without indents and remarks."""
    page = re.sub(r"/[*].*?[*]/|\s*\n\s*", "", text_of("page.css"))
    return text_of("viewer.css") + page


def script() -> str:
    """The viewer; nothing in it can end the element that it stands in."""
    return text_of("viewer.js").replace("</script", r"<\/script").replace("<!--", r"<\!--")


def policy(*, scripts: tuple[str, ...], styles: tuple[str, ...]) -> str:
    """What the page may do, as the content of its Content-Security-Policy: these texts may run and style, and nothing may be fetched."""
    directives = (
        "default-src 'none'",
        f"script-src {_listed(scripts)}",
        f"style-src {_listed(styles)}",
        "font-src data:",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(directives)


def source_hash(text: str) -> str:
    """The hash by which a policy allows an element with exactly this text."""
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode('ascii')}'"


def _listed(texts: tuple[str, ...]) -> str:
    return " ".join(map(source_hash, texts)) or "'none'"
