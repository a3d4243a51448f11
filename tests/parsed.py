"""Pages read back the way a browser reads them: elements, attributes, texts, and what its policy allows."""

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "hr", "input", "link"}
RAW = {"script", "style"}
PARTS = ("script", "style", "main", "data")


class Page(HTMLParser):
    """A page as a list of (tag, attributes) and the text of each element."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self.raw = []
        self.text = ""
        self._open = []
        self.unbalanced = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag in RAW:
            self.raw.append([tag, dict(attrs), ""])

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data):
        if self._open and self._open[-1] in RAW:
            self.raw[-1][2] += data
        else:
            self.text += data

    @property
    def unclosed(self):
        """The elements that were left open."""
        return self._open

    def of(self, tag):
        """The attributes of every element with this name."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def policy(self):
        """What the Content-Security-Policy allows, by directive."""
        (content,) = [each["content"] for each in self.of("meta") if each.get("http-equiv") == "Content-Security-Policy"]
        return {name: sources for name, *sources in (part.split() for part in content.split(";"))}

    def running(self, tag):
        """The texts of the scripts that would run, or of the styles."""
        return [text for name, attributes, text in self.raw if name == tag and "type" not in attributes]

    def packed(self, name):
        """The text of the element with this id."""
        (text,) = [text for _, attributes, text in self.raw if attributes.get("id") == name]
        return text

    @property
    def data(self):
        """The data of the live picture."""
        return json.loads(gzip.decompress(base64.b64decode(self.packed("byhand-data"))))

    @property
    def parts(self):
        """The script, the style, the page and the data that a notebook's frame unpacks."""
        letters = self.packed("byhand-page").translate(str.maketrans(",.:", "&<>"))
        return dict(zip(PARTS, gzip.decompress(base64.b85decode(letters)).decode().split("\0"), strict=True))


def source_hash(text):
    """The hash by which a policy allows a text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def loads(page):
    """What a page would fetch or run by an attribute: addresses that are not inside the page, events, styles."""
    found = []
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            outside = name in ("src", "href", "srcset", "data", "action", "xlink:href", "poster") and not (value or "").startswith(
                ("data:", "#")
            )
            if outside or name.startswith("on") or name == "style":
                found.append((tag, name, value))
    texts = [text for name, _, text in page.raw if name == "style"]
    return found + [each for text in texts for each in re.findall(r"url\((?!data:)[^)]*\)|@import[^;]*", text)]
