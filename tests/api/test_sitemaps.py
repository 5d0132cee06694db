"""Sitemaps: in the form that sitemaps.org and Google News write down, and of live articles alone."""

from datetime import datetime, timedelta
from xml.etree.ElementTree import Element, fromstring

import httpx
import pytest

from api.formats import sitemaps
from tests.newsroom import Clock, Newsroom, People

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
PATHS = ("/sitemap.xml", "/sitemaps/2026-01-1.xml", "/news-sitemap.xml", "/robots.txt")


async def tree(client: httpx.AsyncClient, path: str) -> Element:
    """A sitemap, held against the rules of its schema: elements, their order, how often, and their values."""
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    assert len(answer.content) < 50 * 1024 * 1024
    root = fromstring(answer.content)  # noqa: S314 - our own
    kinds = {f"{SITEMAP}sitemapindex": f"{SITEMAP}sitemap", f"{SITEMAP}urlset": f"{SITEMAP}url"}
    assert root.tag in kinds
    assert len(root) <= 50_000
    for child in root:
        assert child.tag == kinds[root.tag]
        _check_url(child)
    return root


def _check_url(url: Element) -> None:
    tags = [one.tag for one in url]
    assert tags in ([f"{SITEMAP}loc", f"{SITEMAP}lastmod"], [f"{SITEMAP}loc", f"{NEWS}news"])
    address = url[0].text or ""
    assert address.startswith("https://")
    assert 12 <= len(address) <= 2048
    if tags[1] == f"{SITEMAP}lastmod":
        datetime.fromisoformat(url[1].text or "")
        return
    assert [one.tag for one in url[1]] == [
        f"{NEWS}{name}" for name in ("publication", "publication_date", "title")
    ]
    assert [one.tag for one in url[1][0]] == [f"{NEWS}name", f"{NEWS}language"]
    datetime.fromisoformat(url[1][1].text or "")


async def locations(client: httpx.AsyncClient, path: str) -> list[str]:
    return [one[0].text or "" for one in await tree(client, path)]


async def test_the_index_leads_to_every_live_article(
    client: httpx.AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    await newsroom.published(slug="january", language="fr")
    clock.move(days=1)
    newsroom = Newsroom(client, await people.headers("editor"))
    article = await newsroom.published(slug="february", access={"requires": "subscriber"})
    withdrawn = await newsroom.published(slug="withdrawn")
    await newsroom.act(withdrawn, "withdraw", public_note="Wrong.")
    await newsroom.draft(slug="draft")
    planned = await newsroom.draft(slug="planned")
    await newsroom.act(planned, "schedule", at=(clock.time + timedelta(days=60)).isoformat())
    index = await locations(client, "/sitemap.xml")
    assert index == [f"https://api.test/sitemaps/2026-0{month}-1.xml" for month in (1, 2)]
    pages = [await locations(client, one.removeprefix("https://api.test")) for one in index]
    assert pages == [["https://www.test/fr/january"], ["https://www.test/en/february"]]
    before = (await client.get("/sitemaps/2026-01-1.xml")).headers["etag"]
    clock.move(days=40)
    newsroom = Newsroom(client, await people.headers("editor"))
    await newsroom.act(await newsroom.edit(article, title="Anew"), "publish")
    assert (await client.get("/sitemaps/2026-01-1.xml")).headers["etag"] == before, "old pages stay as they are"
    (_, changed) = await tree(client, "/sitemap.xml")
    assert changed[1].text == "2026-03-13T12:00:00Z"
    for page in ("2026-03-1", "2026-01-2", "1999-12-1", "2026-13-1", "x", "2026-01-0", "0000-01-1"):
        assert (await client.get(f"/sitemaps/{page}.xml")).status_code == 404


async def test_a_month_is_parted_where_it_has_too_many(
    client: httpx.AsyncClient, newsroom: Newsroom, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemaps, "PART", 2)
    for at in range(5):
        await newsroom.published(slug=f"no-{at}")
        clock.move(seconds=1)
    index = await locations(client, "/sitemap.xml")
    assert index == [f"https://api.test/sitemaps/2026-01-{part}.xml" for part in (1, 2, 3)]
    pages = [await locations(client, one.removeprefix("https://api.test")) for one in index]
    assert pages == [[f"https://www.test/en/no-{at}" for at in part] for part in ((0, 1), (2, 3), (4,))]


async def test_news_is_of_two_days(
    client: httpx.AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    await newsroom.published(title="First & <last>", slug="first", language="fr-CH")
    clock.move(hours=47, minutes=59)
    newsroom = Newsroom(client, await people.headers("editor"))
    await newsroom.published(title="Second", slug="second", language="zh-TW")
    found = await tree(client, "/news-sitemap.xml")
    assert [one[0].text for one in found] == ["https://www.test/zh-TW/second", "https://www.test/fr-CH/first"]
    said = found[1][1]
    assert [said[0][0].text, said[0][1].text, said[1].text, said[2].text] == [
        "Standfirst",
        "fr",
        "2026-01-31T12:00:00Z",
        "First & <last>",
    ]
    assert found[0][1][0][1].text == "zh-tw"
    kept = (await client.get("/news-sitemap.xml")).headers["cache-control"]
    assert kept == "public, max-age=59, stale-while-revalidate=0"
    clock.move(minutes=1)
    assert await locations(client, "/news-sitemap.xml") == ["https://www.test/zh-TW/second"]


async def test_an_empty_site_has_empty_sitemaps(client: httpx.AsyncClient) -> None:
    assert await locations(client, "/sitemap.xml") == await locations(client, "/news-sitemap.xml") == []


async def test_crawlers_are_told_where_the_sitemaps_are(client: httpx.AsyncClient) -> None:
    answer = await client.get("/robots.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.splitlines() == [
        "User-agent: *",
        "Allow: /",
        "Sitemap: https://api.test/sitemap.xml",
        "Sitemap: https://api.test/news-sitemap.xml",
    ]


@pytest.mark.parametrize("path", PATHS)
async def test_they_are_kept_like_other_answers_for_readers(
    client: httpx.AsyncClient, newsroom: Newsroom, people: People, clock: Clock, path: str
) -> None:
    ending = await newsroom.draft(slug="ending")
    until = (clock.time + timedelta(seconds=20)).isoformat()
    await newsroom.act(ending, "publish", until=until)
    answer = await client.get(path)
    assert answer.headers["vary"] == "Authorization, Accept-Encoding"
    seconds = {True: "max-age=60, stale-while-revalidate=60", False: "max-age=19, stale-while-revalidate=0"}
    assert answer.headers["cache-control"] == f"public, {seconds[path == '/robots.txt']}"
    again = await client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    private = await client.get(path, headers=await people.headers("subscriber"))
    assert private.headers["cache-control"] == "private, no-cache"
    assert private.content == answer.content
    assert (await client.get(f"{path}?x=1")).status_code == 400
    assert (await client.head(path)).content == b""
