"""Addresses for search engines: the sitemap index, its parts, the news sitemap (sitemaps.org, Google News)."""

from collections.abc import Iterable, Sequence

from api.formats.markup import add, document, root
from api.formats.writing import rfc3339
from api.links import Links
from infra.sitemaps import Address, Month

PART = 10_000
"""How many addresses a part has at most; the format allows 50,000."""
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
_TRADITIONAL = ("zh-TW", "zh-HK", "zh-MO", "zh-Hant")


def index(months: Iterable[Month], links: Links) -> bytes:
    """Return the sitemap of sitemaps: one a month, or more where a month has too many articles for one."""
    top = root("sitemapindex", xmlns=_SITEMAP)
    for month in months:
        for number in range(1, -(-month.articles // PART) + 1):
            part = add(top, "sitemap")
            add(part, "loc", links.to(f"/sitemaps/{month.name}-{number}.xml"))
            add(part, "lastmod", rfc3339(month.updated_at))
    return document(top)


def urls(addresses: Iterable[Address], links: Links) -> bytes:
    """Return a sitemap."""
    top = root("urlset", xmlns=_SITEMAP)
    for address in addresses:
        url = add(top, "url")
        add(url, "loc", _canonical(address, links))
        add(url, "lastmod", rfc3339(address.updated_at))
    return document(top)


def news(addresses: Sequence[Address], links: Links) -> bytes:
    """Return the news sitemap."""
    top = root("urlset", xmlns=_SITEMAP, xmlns_news=_NEWS)
    for address in addresses:
        url = add(top, "url")
        add(url, "loc", _canonical(address, links))
        said = add(url, "news:news")
        publication = add(said, "news:publication")
        add(publication, "news:name", links.visit.parts.settings.publisher_name)
        add(publication, "news:language", _news_language(address.language))
        add(said, "news:publication_date", rfc3339(address.published_at))
        add(said, "news:title", address.title)
    return document(top)


def robots(links: Links) -> bytes:
    """Return what crawlers may do, and where the sitemaps are."""
    sitemaps = (links.to("/sitemap.xml"), links.to("/news-sitemap.xml"))
    return "\n".join(["User-agent: *", "Allow: /", *(f"Sitemap: {one}" for one in sitemaps), ""]).encode()


def _canonical(address: Address, links: Links) -> str:
    return links.site(address.article_id, slug=address.slug, language=address.language)


def _news_language(language: str) -> str:
    """Return a language as Google News takes it: by its ISO 639 code, but for Chinese."""
    plain = language.partition("-")[0]
    if plain == "zh":
        return "zh-tw" if language.startswith(_TRADITIONAL) else "zh-cn"
    return plain
