"""Articles as feeds: RSS 2.0, Atom (RFC 4287), JSON Feed 1.1. Each holds what this caller may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from api.delivery import rendering, schemas
from api.formats import blocks
from api.formats.documents import description
from api.formats.markup import add, document, root
from api.formats.writing import compact, rfc822, rfc3339
from api.links import Links
from domain.credits import CreditRole
from domain.delivery import Delivery

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_SPACES = {
    "xmlns_atom": "http://www.w3.org/2005/Atom",
    "xmlns_content": "http://purl.org/rss/1.0/modules/content/",
    "xmlns_dc": "http://purl.org/dc/elements/1.1/",
    "xmlns_media": "http://search.yahoo.com/mrss/",
}


@dataclass(frozen=True, slots=True)
class Feed:
    """What all three are made from. `language` is that of all its articles, if one was asked for."""

    title: str
    site: str
    address: str
    language: str | None
    articles: tuple[schemas.Article, ...]
    links: Links

    @property
    def updated_at(self) -> datetime:
        """When the last of its articles was published anew."""
        return max((article.updated_at for article in self.articles), default=_EVER)


def feed(delivered: Sequence[Delivery], links: Links, *, address: str, language: str | None) -> Feed:
    """Return a feed of articles as this caller gets them."""
    settings = links.visit.parts.settings
    site = urlsplit(settings.article_url)
    return Feed(
        title=settings.publisher_name,
        site=f"{site.scheme}://{site.netloc}/",
        address=address,
        language=language,
        articles=tuple(rendering.article(one, links) for one in delivered),
        links=links,
    )


def rss(feed: Feed) -> bytes:
    """Return a feed as RSS 2.0, with whole bodies in `content:encoded`."""
    top = root("rss", version="2.0", **_SPACES)
    channel = add(top, "channel")
    add(channel, "title", feed.title)
    add(channel, "link", feed.site)
    add(channel, "description", feed.title)
    if feed.language:
        add(channel, "language", feed.language)
    add(channel, "lastBuildDate", rfc822(feed.updated_at))
    add(channel, "atom:link", href=feed.address, rel="self", type="application/rss+xml")
    for article in feed.articles:
        _item(add(channel, "item"), article, feed.links)
    return document(top)


def _item(item: Element, article: schemas.Article, links: Links) -> None:
    add(item, "title", article.title)
    add(item, "link", article.canonical_url)
    add(item, "guid", f"urn:uuid:{article.id}", isPermaLink="false")
    add(item, "pubDate", rfc822(article.published_at))
    for name in _authors(article):
        add(item, "dc:creator", name)
    add(item, "dc:language", article.language)
    for tag in article.tags:
        add(item, "category", tag.name)
    add(item, "description", escape(description(article), quote=False))
    add(item, "content:encoded", blocks.as_html(article.blocks, links))
    if article.lead_image:
        _medium(item, article.lead_image)


def _medium(item: Element, image: schemas.LeadImage) -> None:
    media = image.media
    size = {"width": str(media.width), "height": str(media.height)}
    content = add(item, "media:content", url=media.url, medium="image", type=media.content_type, **size)
    for tag, said in (("media:description", image.caption), ("media:credit", image.credit)):
        if said:
            add(content, tag, said)


def atom(feed: Feed) -> bytes:
    """Return a feed as Atom."""
    spaces = {"xmlns": _SPACES["xmlns_atom"]}
    top = root("feed", **spaces, **({"xml_lang": feed.language} if feed.language else {}))
    add(top, "id", feed.address)
    add(top, "title", feed.title)
    add(top, "updated", rfc3339(feed.updated_at))
    add(top, "link", rel="self", type="application/atom+xml", href=feed.address)
    add(top, "link", rel="alternate", type="text/html", href=feed.site)
    add(add(top, "author"), "name", feed.title)
    for article in feed.articles:
        _entry(add(top, "entry", xml_lang=article.language), article, feed.links)
    return document(top)


def _entry(entry: Element, article: schemas.Article, links: Links) -> None:
    add(entry, "id", f"urn:uuid:{article.id}")
    add(entry, "title", article.title)
    add(entry, "published", rfc3339(article.published_at))
    add(entry, "updated", rfc3339(article.updated_at))
    add(entry, "link", rel="alternate", type="text/html", hreflang=article.language, href=article.canonical_url)
    for credit in article.credits:
        add(add(entry, "author" if credit.role is CreditRole.AUTHOR else "contributor"), "name", credit.name)
    for about in article.tags:
        add(entry, "category", term=about.slug, label=about.name)
    if article.rights and article.rights.notice:
        add(entry, "rights", article.rights.notice)
    if description(article):
        add(entry, "summary", description(article))
    add(entry, "content", blocks.as_html(article.blocks, links), type="html")


def json_feed(feed: Feed) -> bytes:
    """Return a feed as JSON Feed."""
    shown = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.site,
        "feed_url": feed.address,
        **({"language": feed.language} if feed.language else {}),
        "items": [_json_item(article, feed.links) for article in feed.articles],
    }
    return compact(shown).encode()


def _json_item(article: schemas.Article, links: Links) -> dict[str, Any]:
    item = {
        "id": f"urn:uuid:{article.id}",
        "url": article.canonical_url,
        "title": article.title,
        "summary": description(article),
        "image": article.lead_image.media.url if article.lead_image else None,
        "date_published": rfc3339(article.published_at),
        "date_modified": rfc3339(article.updated_at),
        "authors": [{"name": name} for name in _authors(article)],
        "tags": [tag.name for tag in article.tags],
        "language": article.language,
    }
    said = {name: value for name, value in item.items() if value}
    return {**said, "content_html": blocks.as_html(article.blocks, links)}


def _authors(article: schemas.Article) -> list[str]:
    return [credit.name for credit in article.credits if credit.role is CreditRole.AUTHOR]
