"""The blocks that a reader gets, as HTML, Markdown or text: never more than those blocks say."""

import re
from collections.abc import Sequence
from functools import partial
from html import escape
from itertools import groupby
from typing import assert_never

import nh3

from api.delivery import schemas
from api.links import Links
from domain.body import Link, ListItem, Span, Text
from domain.media import CROPS, ORIGINAL
from infra.markup import escaped, html_with, markdown_with

Block = schemas.Block
_Other = schemas.ImageBlock | schemas.RelatedBlock | schemas.EmbedBlock | schemas.DividerBlock
_LINKS = ("http:", "https:", "mailto:", "tel:")
_INLINE = {"a", "br", "code", "em", "s", "small", "strong", "sub", "sup", "time", "u"}
_BLOCKS = {"article", "blockquote", "div", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "header"}
_TAGS = {*_INLINE, *_BLOCKS, "hr", "img", "li", "ol", "p", "ul"}
_ATTRIBUTES = {
    "*": {"class", "dir", "lang"},
    "a": {"href", "hreflang"},
    "img": {"alt", "height", "loading", "sizes", "src", "srcset", "width"},
    "time": {"datetime"},
}
_SPACE = re.compile(r"[ \t\r\f]+")


def as_html(blocks: Sequence[Block], links: Links) -> str:
    """Return a body as a piece of HTML."""
    return safe(html_with(map(_written, blocks), partial(_html, links=links)))


def as_markdown(blocks: Sequence[Block], links: Links) -> str:
    """Return a body as Markdown (CommonMark with strikethrough)."""
    return markdown_with(map(_written, blocks), partial(_markdown, links=links), exact=lambda _: " ")


def as_text(blocks: Sequence[Block], links: Links) -> str:
    """Return a body as plain text, a blank line between blocks."""
    runs = ((is_list, list(run)) for is_list, run in groupby(blocks, key=_is_item))
    parts = [_list(run) if is_list else "\n\n".join(_text(one, links) for one in run) for is_list, run in runs]
    return "\n\n".join(filter(None, parts))


def safe(html: str) -> str:
    """Return HTML with nothing in it but what we write ourselves: the second wall, after escaping."""
    schemes = {scheme.removesuffix(":") for scheme in _LINKS}
    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=schemes, link_rel="noopener")


def figure(image: schemas.ImageBlock | schemas.LeadImage, name: str) -> str:
    """Return a picture with what is printed under it."""
    media = image.media
    said = escape(image.caption or "")
    said += f" <small>{escape(image.credit)}</small>" if image.credit else ""
    caption = f"<figcaption>{said}</figcaption>" if said else ""
    widths = ", ".join(f"{one.url} {one.width}w" for one in media.renditions if one.name not in {ORIGINAL, *CROPS})
    sizes = f' srcset="{escape(widths)}" sizes="100vw"' if widths else ""
    shown = f'src="{escape(media.url)}"{sizes} alt="{escape(media.alt)}" width="{media.width}"'
    return f'<figure class="{name}"><img {shown} height="{media.height}" loading="lazy">{caption}</figure>'


def caption(image: schemas.ImageBlock | schemas.LeadImage) -> str:
    """Return what is printed under a picture, as one line."""
    return line(" ".join(filter(None, (image.caption, image.credit))))


def line(text: str) -> str:
    """Return a text with single spaces, so that it is one line."""
    return " ".join(text.split())


def address(article: schemas.ArticleLink, links: Links) -> str:
    """Return where another article is read."""
    return links.site(article.id, slug=article.slug, language=article.language)


def markdown_line(text: str) -> str:
    """Return a text as a paragraph of Markdown that is nothing else."""
    return markdown_with([Text("", (Span("", line(text)),))], str)


def markdown_link(text: str, url: str) -> str:
    """Return a link."""
    return f"[{escaped(line(text))}](<{url}>)"


def markdown_figure(image: schemas.ImageBlock | schemas.LeadImage) -> str:
    """Return a picture, and under it what is printed there."""
    shown = f"![{escaped(line(image.media.alt))}](<{image.media.url}>)"
    said = caption(image)
    return f"{shown}\n\n{markdown_line(said)}" if said else shown


def _written(block: Block) -> Text | _Other:
    """Return texts as the domain has them, which is what our markup is made from, and the rest as it is."""
    if not isinstance(block, schemas.TextBlock):
        return block
    return Text(
        block.key,
        tuple(Span(span.key, span.text, tuple(span.marks)) for span in block.children),
        tuple(Link(link.key, link.href) for link in block.mark_defs),
        block.style,
        block.list_item,
        block.level,
    )


def _html(block: _Other, links: Links) -> str:
    match block:
        case schemas.ImageBlock():
            return figure(block, "image")
        case schemas.RelatedBlock():
            there, article = address(block.article, links), block.article
            return (
                f'<p class="related"><a href="{escape(there)}" hreflang="{escape(article.language)}">'
                f"{escape(article.title)}</a></p>"
            )
        case schemas.EmbedBlock():
            return f'<p class="embed"><a href="{escape(block.url)}">{escape(_name(block))}</a></p>'
        case schemas.DividerBlock():
            return "<hr>"
        case _:
            assert_never(block)


def _markdown(block: _Other, links: Links) -> str:
    match block:
        case schemas.ImageBlock():
            return markdown_figure(block)
        case schemas.RelatedBlock():
            return markdown_link(block.article.title, address(block.article, links))
        case schemas.EmbedBlock():
            return markdown_link(_name(block), block.url)
        case schemas.DividerBlock():
            return "---"
        case _:
            assert_never(block)


def _text(block: Block, links: Links) -> str:
    match block:
        case schemas.TextBlock():
            return _said(block)
        case schemas.ImageBlock():
            return caption(block)
        case schemas.RelatedBlock():
            return f"{line(block.article.title)} {address(block.article, links)}"
        case schemas.EmbedBlock():
            return f"{line(_name(block))} {block.url}"
        case schemas.DividerBlock():
            return "* * *"
        case _:
            assert_never(block)


def _name(embed: schemas.EmbedBlock) -> str:
    return embed.title or embed.provider or embed.url


def _said(block: schemas.TextBlock) -> str:
    text = _SPACE.sub(" ", "".join(span.text for span in block.children))
    return "\n".join(part.strip() for part in text.splitlines())


def _is_item(block: Block) -> bool:
    return isinstance(block, schemas.TextBlock) and block.list_item is not None


def _list(items: Sequence[Block]) -> str:
    """Return consecutive items, each with its sign, a list in a list further in."""
    lines: list[str] = []
    numbers: dict[int, int] = {}
    for item in items:
        if isinstance(item, schemas.TextBlock):
            level = item.level or 1
            is_number = item.list_item is ListItem.NUMBER
            numbers = {at: number for at, number in numbers.items() if at <= level}
            numbers[level] = numbers.get(level, 0) + 1 if is_number else 0
            lines.append(f"{'  ' * (level - 1)}{f'{numbers[level]}.' if is_number else '•'} {_said(item)}")
    return "\n".join(lines)
