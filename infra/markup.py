"""HTML and Markdown that writers hand in, made into blocks. What is not in a body's vocabulary is left out.

Besides plain HTML: `<img src="media:ID" title="caption">` is a picture of the library, a paragraph of nothing
but `<a href="article:ID">` a "read also" link, `<hr class="paywall">` the end of the free part, and
`<figure data-embed="URL" data-provider="…" data-title="…">` an embed. Markdown is CommonMark with the same.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import nh3
from markdown_it import MarkdownIt

from domain.body import (
    Block,
    Body,
    Divider,
    Embed,
    Image,
    Link,
    ListItem,
    Paywall,
    ReadAlso,
    Span,
    Style,
    Text,
)
from domain.errors import Flaw, Unfit

_MARKS = {
    "strong": "strong",
    "b": "strong",
    "em": "em",
    "i": "em",
    "u": "underline",
    "s": "strike-through",
    "del": "strike-through",
    "strike": "strike-through",
    "code": "code",
    "sub": "sub",
    "sup": "sup",
}
_STYLES = {
    "h1": Style.H2,
    "h2": Style.H2,
    "h3": Style.H3,
    "h4": Style.H4,
    "h5": Style.H4,
    "h6": Style.H4,
}
_LISTS = {"ul": ListItem.BULLET, "ol": ListItem.NUMBER}
_BREAKS = frozenset(
    {"p", "div", "section", "article", "header", "footer", "aside", "main", "pre", "figure", "figcaption"}
    | {"table", "thead", "tbody", "tr", "td", "th", "dl", "dt", "dd", "li", "blockquote"}
)
_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt", "title"},
    "hr": {"class"},
    "figure": {"data-embed", "data-provider", "data-title"},
}
_CLEANER = nh3.Cleaner(
    tags={*_MARKS, *_STYLES, *_LISTS, *_BREAKS, "a", "img", "hr", "br"},
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto", "tel", "media", "article"},
    url_relative="deny",
    link_rel=None,
)
_MAX_NESTING = 60
_MARKDOWN = MarkdownIt("commonmark", {"html": True, "maxNesting": _MAX_NESTING + 10}).enable("strikethrough")
_WHITE = re.compile(r"[ \t\r\n\f]+")
_BREAK = "\n"
_MAX_LEVEL = 10
_MAX_DEPTH = 256
_TAG = re.compile(r"<(/?)([a-zA-Z][\w:-]*)")
_MAY_STAY_OPEN = frozenset(
    {"area", "base", "br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "option", "p"}
    | {"source", "tbody", "td", "tfoot", "th", "thead", "tr", "wbr"}
)


def body_from_markdown(markdown: str, new_key: Callable[[], str], *, pointer: str) -> Body:
    """Return the blocks that a Markdown text says."""
    tokens = _MARKDOWN.parse(markdown)
    if any(token.level > _MAX_NESTING for token in tokens):  # a little further, the parser leaves text out
        raise Unfit(Flaw(pointer, "Lists and quotes are nested too deep in one another."))
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return body_from_html(html, new_key, pointer=pointer)


def body_from_html(html: str, new_key: Callable[[], str], *, pointer: str) -> Body:
    """Return the blocks that an HTML text says; scripts, styles and unknown elements are left out."""
    if _depth(html) > _MAX_DEPTH:  # cleaning takes the square of the depth
        raise Unfit(Flaw(pointer, f"Elements may be {_MAX_DEPTH} deep in one another."))
    builder = _Builder(new_key, pointer)
    builder.feed(_CLEANER.clean(html))
    builder.close()
    return builder.finish()


def _depth(html: str) -> int:
    depth = deepest = 0
    for closing, name in _TAG.findall(html):
        if name.lower() not in _MAY_STAY_OPEN:
            depth = max(0, depth - 1) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest


@dataclass
class _Paragraph:
    """A text block while it is built."""

    spans: list[Span] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


class _Builder(HTMLParser):
    """Walks clean, well-nested HTML and collects blocks."""

    def __init__(self, new_key: Callable[[], str], pointer: str) -> None:
        super().__init__(convert_charrefs=True)
        self._new_key = new_key
        self._pointer = pointer
        self._blocks: list[Block] = []
        self._paragraph = _Paragraph()
        self._style = Style.NORMAL
        self._quotes = 0
        self._lists: list[ListItem] = []
        self._marks: list[str] = []
        self._links: list[Link | None] = []
        self._caption_from: int | None = None

    def finish(self) -> Body:
        """Return the blocks."""
        self._end_block()
        return tuple(self._blocks)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        if tag in _MARKS:
            self._marks.append(_MARKS[tag])
        elif tag == "a":
            self._start_link(given.get("href"))
        elif tag == "br":
            self._add(_BREAK)
        elif tag == "hr":
            self._end_block()
            is_paywall = given.get("class") == "paywall"
            self._blocks.append(Paywall(self._new_key()) if is_paywall else Divider(self._new_key()))
        elif tag == "img":
            self._add_image(given)
        else:
            self._start_block(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag in _MARKS:
            self._marks.pop()
        elif tag == "a":
            self._links.pop()
        elif tag == "figcaption":
            self._end_caption()
        else:
            self._end_block()
            if tag in _LISTS:
                self._lists.pop()
            elif tag == "blockquote":
                self._quotes -= 1
            elif tag in _STYLES:
                self._style = Style.NORMAL

    def handle_data(self, data: str) -> None:
        self._add(_WHITE.sub(" ", data))

    def _start_block(self, tag: str, given: dict[str, str]) -> None:
        self._end_block()
        if tag in _LISTS:
            self._lists.append(_LISTS[tag])
        elif tag == "blockquote":
            self._quotes += 1
        elif tag in _STYLES:
            self._style = _STYLES[tag]
        elif tag == "figcaption":
            self._caption_from = len(self._blocks)
        elif tag == "figure" and (url := given.get("data-embed")):
            self._blocks.append(Embed(self._new_key(), url, given.get("data-provider"), given.get("data-title")))

    def _start_link(self, href: str | None) -> None:
        scheme, colon, rest = (href or "").partition(":")
        link = Link(self._new_key(), scheme.lower() + colon + rest) if href else None
        self._links.append(link)
        if link:
            self._paragraph.links.append(link)

    def _add(self, text: str) -> None:
        spans = self._paragraph.spans
        before = spans[-1].text if spans else ""
        if text.startswith(" ") and (not before or before[-1] in (" ", _BREAK)):
            text = text[1:]
        if not text:
            return
        marks = tuple(dict.fromkeys([*self._marks, *(link.key for link in self._links if link)]))
        if spans and spans[-1].marks == marks:
            spans[-1] = replace(spans[-1], text=before + text)
        else:
            spans.append(Span("", text, marks))

    def _add_image(self, given: dict[str, str]) -> None:
        self._end_block()
        scheme, _, media_id = given.get("src", "").partition(":")
        if scheme.lower() != "media":
            raise Unfit(Flaw(self._pointer, 'Upload pictures first, and name them so: <img src="media:ID">.'))
        self._blocks.append(Image(self._new_key(), media_id, caption=given.get("title"), alt=given.get("alt")))

    def _end_caption(self) -> None:
        """Give the text of a figcaption to the picture above it."""
        self._end_block()
        start, self._caption_from = self._caption_from, None
        if not start or not isinstance(image := self._blocks[start - 1], Image):
            return
        said = " ".join(block.text for block in self._blocks[start:] if isinstance(block, Text))
        self._blocks[start - 1 :] = [replace(image, caption=said or image.caption)]

    def _end_block(self) -> None:
        paragraph, self._paragraph = self._paragraph, _Paragraph()
        self._paragraph.links.extend(link for link in self._links if link)
        spans = _trimmed(paragraph.spans)
        if not spans:
            return
        self._blocks.append(self._read_also(spans, paragraph.links) or self._text(spans, paragraph.links))

    def _text(self, spans: list[Span], links: list[Link]) -> Text:
        used = {mark for span in spans for mark in span.marks}
        kept = tuple(link for link in links if link.key in used)
        if any(link.href.startswith("article:") for link in kept):
            raise Unfit(Flaw(self._pointer, "A link to an article of ours stands alone in its paragraph."))
        style = Style.QUOTE if self._quotes and self._style is Style.NORMAL else self._style
        return Text(
            self._new_key(),
            tuple(replace(span, key=self._new_key()) for span in spans),
            kept,
            style,
            self._lists[-1] if self._lists else None,
            min(len(self._lists), _MAX_LEVEL) or None,
        )

    def _read_also(self, spans: list[Span], links: list[Link]) -> ReadAlso | None:
        linked = {link.key: link.href for link in links if link.href.startswith("article:")}
        targets = {linked.get(mark) for span in spans for mark in span.marks} - {None}
        if len(targets) != 1 or not all(linked.keys() & set(span.marks) for span in spans):
            return None
        return ReadAlso(self._new_key(), str(targets.pop()).removeprefix("article:"))


def _trimmed(spans: list[Span]) -> list[Span]:
    """Return the spans without white space (but no-break spaces) at their outer ends."""
    spans = list(spans)
    while spans and not spans[0].text.strip(" \n"):
        spans.pop(0)
    while spans and not spans[-1].text.strip(" \n"):
        spans.pop()
    if spans:
        spans[0] = replace(spans[0], text=spans[0].text.lstrip(" \n"))
        spans[-1] = replace(spans[-1], text=spans[-1].text.rstrip(" \n"))
    return spans
