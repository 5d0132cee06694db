"""An article as a whole document for people: HTML, Markdown, plain text. The words in it are the article's own."""

from collections.abc import Iterator
from datetime import datetime
from html import escape

from api.delivery import rendering, schemas
from api.formats import blocks
from api.formats.writing import rfc3339
from api.links import Links
from domain.access import Granted, Requires
from domain.delivery import Delivery
from infra.markup import escaped

PAYWALLED = "paywalled"
"""The class of what stands behind a gate; JSON-LD names it in `hasPart`."""
TEASER_END = '<hr class="teaser-end">'


def html(delivery: Delivery, links: Links) -> bytes:
    """Return a small page: front, body, and what belongs under it."""
    article = rendering.article(delivery, links)
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(article.title)}</title>"
        f'<meta name="description" content="{escape(description(article))}">'
        f'<link rel="canonical" href="{escape(article.canonical_url)}">'
    )
    body = blocks.safe("\n".join(_page(article, links)))
    page = f'<html lang="{escape(article.language)}"><head>{head}</head><body>\n{body}\n</body></html>'
    return f"<!doctype html>\n{page}\n".encode()


def markdown(delivery: Delivery, links: Links) -> bytes:
    """Return the same as Markdown."""
    article = rendering.article(delivery, links)
    parts = [
        f"# {escaped(blocks.line(article.title))}",
        f"**{said}**" if (said := blocks.markdown_line(article.standfirst)) else "",
        *map(blocks.markdown_line, _lines_above(article)),
        blocks.markdown_figure(article.lead_image) if article.lead_image else "",
        blocks.as_markdown(article.blocks, links),
        "\n".join(f"- {blocks.markdown_link(one.title, blocks.address(one, links))}" for one in article.related),
        *map(blocks.markdown_line, _lines_below(article)),
        f"<{article.canonical_url}>",
    ]
    return ("\n\n".join(filter(None, parts)) + "\n").encode()


def text(delivery: Delivery, links: Links) -> bytes:
    """Return the same as plain text."""
    article = rendering.article(delivery, links)
    parts = [
        blocks.line(article.title),
        blocks.line(article.standfirst),
        *_lines_above(article),
        blocks.caption(article.lead_image) if article.lead_image else "",
        blocks.as_text(article.blocks, links),
        "\n".join(f"• {blocks.line(one.title)} {blocks.address(one, links)}" for one in article.related),
        *_lines_below(article),
        article.canonical_url,
    ]
    return ("\n\n".join(filter(None, parts)) + "\n").encode()


def description(article: schemas.Article) -> str:
    """Return what search engines and feeds are told an article is about."""
    return article.seo.description or article.standfirst


def is_gated(article: schemas.Article) -> bool:
    """Whether a gate stands before the article now, be it open to this caller or not."""
    return article.access.requires is not Requires.FREE


def signed(credit: schemas.Credit) -> str:
    """Return a credit as it is printed."""
    return f"{credit.name} ({credit.note})" if credit.note else credit.name


def _page(article: schemas.Article, links: Links) -> Iterator[str]:
    yield f'<article lang="{escape(article.language)}" dir="auto">'
    yield f"<header>\n<h1>{escape(article.title)}</h1>"
    if article.standfirst:
        yield f'<p class="standfirst">{escape(article.standfirst)}</p>'
    for credit in article.credits:
        yield f'<p class="credit {credit.role}">{escape(signed(credit))}</p>'
    moment = rfc3339(article.published_at)
    yield f'<p class="published"><time datetime="{moment}">{_day(article.published_at)}</time></p>'
    if article.lead_image:
        yield blocks.figure(article.lead_image, "lead-image")
    yield "</header>"
    yield f'<div class="body{f" {PAYWALLED}" if is_gated(article) else ""}">'
    yield blocks.as_html(article.blocks, links)
    if article.access.granted is Granted.TEASER:
        yield TEASER_END
    yield "</div>\n<footer>"
    yield from _footer(article, links)
    yield "</footer>\n</article>"


def _footer(article: schemas.Article, links: Links) -> Iterator[str]:
    if article.related:
        yield '<ul class="related">'
        for one in article.related:
            there = escape(blocks.address(one, links))
            yield f'<li><a href="{there}" hreflang="{escape(one.language)}">{escape(one.title)}</a></li>'
        yield "</ul>"
    for correction in article.corrections:
        yield f'<p class="correction">{escape(_corrected(correction))}</p>'
    if article.source:
        shown = escape(_source(article.source))
        yield f'<p class="source">{_linked(shown, article.source.url)}</p>'
    for said in _rights(article):
        yield f'<p class="rights">{escape(said)}</p>'


def _linked(shown: str, url: str | None) -> str:
    return f'<a href="{escape(url)}">{shown}</a>' if url else shown


def _lines_above(article: schemas.Article) -> list[str]:
    return [*(signed(credit) for credit in article.credits), _day(article.published_at)]


def _lines_below(article: schemas.Article) -> list[str]:
    source = article.source
    from_where = [" ".join(filter(None, (_source(source), source.url)))] if source else []
    return [*map(_corrected, article.corrections), *from_where, *_rights(article)]


def _day(moment: datetime) -> str:
    return rfc3339(moment)[:10]


def _corrected(correction: schemas.Correction) -> str:
    return f"{_day(correction.at)}: {correction.text}"


def _source(source: schemas.Source) -> str:
    return " – ".join(filter(None, (source.name, source.title, source.published_at)))


def _rights(article: schemas.Article) -> list[str]:
    rights = article.rights
    return [said for said in (rights.holder, rights.notice, rights.usage_terms) if said] if rights else []
