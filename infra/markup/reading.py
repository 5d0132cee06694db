"""HTML and Markdown read: parsed, cleaned, and only then made into blocks."""

import re
from collections.abc import Callable

import nh3
from markdown_it import MarkdownIt

from domain.body import Body, Text
from domain.errors import Flaw, Unfit
from infra.markup.building import EMPTY, INLINE, LISTS, STYLES, Builder

_BREAKS = frozenset(
    {"p", "div", "section", "article", "header", "footer", "aside", "main", "pre", "figure", "figcaption"}
    | {"table", "thead", "tbody", "tr", "td", "th", "dl", "dt", "dd", "li", "blockquote"}
)
_ATTRIBUTES = {
    "*": {"style"},
    "a": {"href"},
    "span": {"data-space", "data-link"},
    "li": {"aria-level"},
    "img": {"src", "alt", "title", "role", "data-credit"},
    "hr": {"class"},
    "figure": {"data-embed", "data-provider", "data-title"},
}
_CLEANER = nh3.Cleaner(
    tags={*INLINE, *STYLES, *LISTS, *_BREAKS, *EMPTY},
    clean_content_tags={"script", "style", "title"},
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto", "tel", "media", "article"},
    url_relative="deny",
    link_rel=None,
)
_MAX_NESTING = 60
_MARKDOWN = MarkdownIt("commonmark", {"html": True, "maxNesting": _MAX_NESTING + 10}).enable("strikethrough")
_MAX_DEPTH = 256
_PLAIN_ADDRESS = re.compile(r"[\w:/?=.%+,@&#~-]+", re.ASCII)
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
    builder = Builder(new_key, pointer)
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


def is_read_as_it_is(html: str, href: str) -> bool:
    """Whether the one link of this HTML comes out with just this address."""
    block, *_ = body_from_html(html, str, pointer="")
    return isinstance(block, Text) and [link.href for link in block.links] == [href]


def is_markdown_address(href: str) -> bool:
    """Whether Markdown can hold an address between parentheses, and leaves it as it is."""
    return (
        _PLAIN_ADDRESS.fullmatch(href) is not None
        and _MARKDOWN.validateLink(href)
        and _MARKDOWN.normalizeLink(href) == href
        and is_read_as_it_is(f'<a href="{href}">a</a>', href)
    )
