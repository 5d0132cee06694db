"""Blocks as HTML in the newsroom's form: what `reading` makes the same blocks of."""

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from itertools import groupby
from typing import Any

from domain.body import Block, Body, Divider, Embed, Image, ListItem, Paywall, ReadAlso, Span, Style, Text
from infra.markup.inline import WHITE, Piece, is_link, nested, pieces_of
from infra.markup.reading import is_read_as_it_is

TAGS = {
    "strong": "strong",
    "em": "em",
    "underline": "u",
    "strike-through": "s",
    "code": "code",
    "sub": "sub",
    "sup": "sup",
}
_LISTS = {ListItem.BULLET: "ul", ListItem.NUMBER: "ol"}


def html_of(body: Body) -> str:
    """Return a body as HTML, a block or a whole list a line."""
    return html_with(body, block_html)


def html_with(body: Iterable[object], other: Callable[[Any], str]) -> str:
    """Return texts, and what stands between them in some other form, as HTML."""
    runs = ((is_list, tuple(run)) for is_list, run in groupby(body, key=is_item))
    return "\n".join(
        list_html(run)
        if is_list
        else "\n".join(_text(block) if isinstance(block, Text) else other(block) for block in run)
        for is_list, run in runs
    )


def is_item(block: object) -> bool:
    """Whether a block is an item of a list."""
    return isinstance(block, Text) and block.list_item is not None


def list_html(items: Sequence[object]) -> str:
    """Return consecutive items as lists in lists."""
    parts: list[str] = []
    lists: list[ListItem] = []
    for block in items:
        if not isinstance(block, Text) or block.list_item is None:
            continue
        level = block.level or 1
        while len(lists) > level or (len(lists) == level and lists[-1] is not block.list_item):
            parts.append(f"</li></{_LISTS[lists.pop()]}>")
        if len(lists) == level:
            parts.append("</li><li>")
        while len(lists) < level:
            lists.append(block.list_item)
            parts.append(f"<{_LISTS[block.list_item]}><li>")
        parts.append(_text(block))
    parts.extend(f"</li></{_LISTS[one]}>" for one in reversed(lists))
    return "".join(parts)


def block_html(block: Block) -> str:
    """Return a block that is no item of a list."""
    match block:
        case Text():
            return _text(block)
        case Image():
            return _image(block)
        case ReadAlso():
            return f'<p><a href="article:{block.article_id}">{block.article_id}</a></p>'
        case Embed():
            told = _attributes(**{"data-provider": block.provider, "data-title": block.title})
            return f'<figure data-embed="{_attribute(block.url)}"{told}></figure>'
        case Divider():
            return "<hr>"
        case Paywall():
            return '<hr class="paywall">'


def _text(block: Text) -> str:
    inner = _inline(block)
    if block.style is Style.QUOTE:
        return f"<blockquote>{inner if block.list_item else f'<p>{inner}</p>'}</blockquote>"
    if block.style is Style.NORMAL:
        return inner if block.list_item else f"<p>{inner}</p>"
    return f"<{block.style}>{inner}</{block.style}>"


def _image(image: Image) -> str:
    told = _attributes(
        alt=image.alt,
        role="presentation" if image.alt == "" else None,
        title="" if image.caption == "" else None,
        **{"data-credit": image.credit},
    )
    shown = f'<img src="media:{image.media_id}"{told}>'
    if image.caption:
        shown += f"<figcaption>{_inline(Text('', (Span('', image.caption),)))}</figcaption>"
    return f"<figure>{shown}</figure>"


def _inline(block: Text) -> str:
    return nested(pieces_of(block), text=_piece, wrapped=lambda marks, inner, _: marked_html(marks, inner))


def _piece(piece: Piece) -> str:
    if piece.is_exact:
        return exact_html(piece.text)
    return escape(piece.text, quote=False).replace("\n", "<br>")


def exact_html(space: str) -> str:
    """Return white space that is meant; an editor shows a space where one is seen."""
    seen = " " if space and space[-1] in WHITE else ""
    return f'<span data-space="{_attribute(space)}">{seen}</span>'


def marked_html(marks: tuple[str, ...], inner: str) -> str:
    """Return what is inside the last of nested marks, with that mark."""
    *outer, mark = marks
    if not is_link(mark):
        return f"<{TAGS[mark]}>{inner}</{TAGS[mark]}>"
    if any(map(is_link, outer)) or not is_read_as_it_is(f'<a href="{_attribute(mark)}">a</a>', mark):
        return f'<span data-link="{_attribute(mark)}">{inner}</span>'
    return f'<a href="{_attribute(mark)}">{inner}</a>'


def _attributes(**values: str | None) -> str:
    return "".join(f' {name}="{_attribute(value)}"' for name, value in values.items() if value is not None)


def _attribute(value: str) -> str:
    return re.sub(r"[\t\r\n]", lambda char: f"&#{ord(char[0])};", escape(value))
