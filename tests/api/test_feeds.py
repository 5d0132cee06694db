"""Feeds: they parse without a warning, and hold as much of each article as the caller may read."""

import json
from datetime import timedelta

import feedparser
import httpx
import pytest

from tests.api import rich
from tests.api.test_format_markup import NASTY
from tests.newsroom import Clock, Json, Newsroom, People, paragraph, words

TYPES = {
    "rss.xml": "application/rss+xml; charset=utf-8",
    "atom.xml": "application/atom+xml; charset=utf-8",
    "feed.json": "application/feed+json",
}
XML = ("rss.xml", "atom.xml")


async def read(client: httpx.AsyncClient, feed: str, query: str = "", **headers: str) -> httpx.Response:
    answer = await client.get(f"/v1/feeds/{feed}{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == TYPES[feed]
    return answer


async def parsed(client: httpx.AsyncClient, feed: str, query: str = "", **headers: str) -> Json:
    """An XML feed as a feed reader has it; anything wrong with it is a failure."""
    answer = await read(client, feed, query, **headers)
    found: Json = feedparser.parse(answer.content, response_headers={"content-type": TYPES[feed]})
    assert found["bozo"] == 0, found.get("bozo_exception")
    assert found["version"] == {"rss.xml": "rss20", "atom.xml": "atom10"}[feed]
    return found


async def titles(client: httpx.AsyncClient, feed: str, query: str = "") -> list[str]:
    if feed == "feed.json":
        return [item["title"] for item in (await read(client, feed, query)).json()["items"]]
    return [entry["title"] for entry in (await parsed(client, feed, query))["entries"]]


@pytest.mark.parametrize("feed", XML)
async def test_an_entry_tells_what_there_is_to_tell(
    client: httpx.AsyncClient, newsroom: Newsroom, feed: str
) -> None:
    written = await rich.write(newsroom)
    found = await parsed(client, feed)
    entry = found["entries"][0]
    assert entry["id"] == f"urn:uuid:{written.article['id']}"
    assert entry["title"] == "La marée"
    assert entry["link"] == "https://www.test/fr/la-maree"
    assert entry["summary"] == "Alpha beta gamma."
    assert entry["published_parsed"][:6] == (2026, 1, 31, 12, 0, 0)
    assert [author["name"] for author in entry["authors"]] == ["Ana Author"]
    assert {tag["label"] or tag["term"] for tag in entry["tags"]} == {"Kazakhstan (fr)", "Salt"}
    assert "Six …" in entry["content"][0]["value"]
    assert "seven" not in entry["content"][0]["value"]
    assert found["feed"]["title"] == "Standfirst"
    assert {link["rel"]: link["href"] for link in found["feed"]["links"]} == {
        "self": f"https://api.test/v1/feeds/{feed}",
        "alternate": "https://www.test/",
    }


async def test_an_item_of_rss_has_its_picture(client: httpx.AsyncClient, newsroom: Newsroom) -> None:
    written = await rich.write(newsroom)
    entry = (await parsed(client, "rss.xml"))["entries"][0]
    (picture,) = entry["media_content"]
    assert picture["url"] == f"https://api.test/media/{written.lead['id']}/original"
    assert entry["guidislink"] is False
    text = (await read(client, "rss.xml")).text
    assert "<pubDate>Sat, 31 Jan 2026 12:00:00 GMT</pubDate>" in text


async def test_json_feed_is_exactly_this(client: httpx.AsyncClient, newsroom: Newsroom) -> None:
    written = await rich.write(newsroom)
    shown = (await read(client, "feed.json", "?language=fr&tag=kaz,salt")).json()
    (item,) = shown.pop("items")
    assert shown == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Standfirst",
        "home_page_url": "https://www.test/",
        "feed_url": "https://api.test/v1/feeds/feed.json?tag=kaz,salt&language=fr",
        "language": "fr",
    }
    assert "Six …" in item.pop("content_html")
    assert item == {
        "id": f"urn:uuid:{written.article['id']}",
        "url": "https://www.test/fr/la-maree",
        "title": "La marée",
        "summary": "Alpha beta gamma.",
        "image": f"https://api.test/media/{written.lead['id']}/original",
        "date_published": "2026-01-31T12:00:00Z",
        "date_modified": "2026-01-31T12:00:00Z",
        "authors": [{"name": "Ana Author"}],
        "tags": ["Kazakhstan (fr)", "Salt"],
        "language": "fr",
    }


@pytest.mark.parametrize("feed", TYPES)
async def test_a_token_gets_what_it_may_read_and_nobody_may_keep_that(
    client: httpx.AsyncClient, newsroom: Newsroom, people: People, feed: str
) -> None:
    await rich.write(newsroom)
    public = await read(client, feed)
    assert public.headers["cache-control"].startswith("public, ")
    for role, opens in {"reader": False, "partner": False, "subscriber": True, "editor": True}.items():
        answer = await read(client, feed, "?tag=kaz", **await people.headers(role))
        assert answer.headers["cache-control"] == "private, no-cache"
        assert ("seven" in answer.text, "signature=" in answer.text) == (opens, opens)
        assert "tag=kaz" not in answer.text, "no answer with gated text repeats what was asked"
        assert answer.headers["etag"] != public.headers["etag"]
    assert "seven" not in public.text
    assert "signature=" not in public.text


@pytest.mark.parametrize("feed", TYPES)
async def test_feeds_are_filtered_newest_first(
    client: httpx.AsyncClient, newsroom: Newsroom, clock: Clock, feed: str
) -> None:
    for slug in ("sea", "land", "old"):
        await newsroom.tag(slug)
    await newsroom.send("POST", "/tags/old/merge", version=1, json={"into": "land"})
    for title, tags, language in (("One", ["sea"], "en"), ("Two", ["sea", "land"], "fr"), ("Three", [], "en")):
        await newsroom.published(title=title, tags=tags, language=language)
        clock.move(minutes=1)
    for query, shown in {
        "": ["Three", "Two", "One"],
        "?tag=sea": ["Two", "One"],
        "?tag=sea,land": ["Two"],
        "?tag=old": ["Two"],
        "?language=en": ["Three", "One"],
        "?tag=land&language=en": [],
        "?tag=never": [],
    }.items():
        assert await titles(client, feed, query) == shown
    for query in ("?tag=A", "?language=!", "?x=1", "?tag=a&tag=b"):
        assert (await client.get(f"/v1/feeds/{feed}{query}")).status_code == 400
    assert "old" not in (await read(client, feed, "?tag=old")).text


@pytest.mark.parametrize("feed", TYPES)
async def test_a_feed_ends_after_fifty_and_is_kept_as_long_as_it_is_true(
    client: httpx.AsyncClient, newsroom: Newsroom, clock: Clock, feed: str
) -> None:
    until = (clock.time + timedelta(minutes=10)).isoformat()
    for at in range(51):
        await newsroom.published(title=f"No {at}", body=[paragraph("x")])
        clock.move(seconds=1)
    assert len(await titles(client, feed)) == 50
    await newsroom.published(title="Gated", access={"requires": "subscriber", "until": until})
    answer = await read(client, feed)
    again = await client.get(f"/v1/feeds/{feed}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert (await client.head(f"/v1/feeds/{feed}")).status_code == 200
    clock.time = clock.time.fromisoformat(until) - timedelta(seconds=20)
    kept = (await read(client, feed)).headers["cache-control"]
    assert kept == "public, max-age=19, stale-while-revalidate=0"
    draft = await newsroom.draft()
    soon = (clock.time + timedelta(seconds=5)).isoformat()
    await newsroom.act(draft, "schedule", at=soon)
    assert (await read(client, feed)).headers["cache-control"] == kept, "what is scheduled is not told"


@pytest.mark.parametrize("feed", TYPES)
async def test_an_empty_feed_is_one(client: httpx.AsyncClient, feed: str) -> None:
    assert await titles(client, feed) == []


@pytest.mark.parametrize("feed", XML)
async def test_no_text_breaks_a_feed(client: httpx.AsyncClient, newsroom: Newsroom, feed: str) -> None:
    nasty = f"{NASTY}\x01\x0b\x1f\ufffe \u0600"
    await newsroom.tag("nasty", name=nasty[:300])
    await newsroom.contributor("nasty", name=nasty[:300])
    medium = await newsroom.medium(caption=nasty, credit=nasty, alt=nasty)
    await newsroom.published(
        title=nasty,
        standfirst=nasty,
        tags=["nasty"],
        credits=[{"role": "author", "contributor": "nasty"}],
        lead_image={"media_id": medium["id"]},
        rights={"notice": nasty},
        body=[paragraph(nasty), {"_type": "image", "media_id": medium["id"]}],
    )
    text = (await read(client, feed)).text
    assert "<script" not in text
    assert "\x0b" not in text
    (entry,) = (await parsed(client, feed))["entries"]
    assert "<script" not in entry["content"][0]["value"]
    assert "alert(1)" in entry["content"][0]["value"]


async def test_no_text_breaks_a_json_feed(client: httpx.AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.published(title=NASTY, standfirst=NASTY, body=[paragraph(NASTY + "\x01")])
    (item,) = json.loads((await read(client, "feed.json")).text)["items"]
    assert item["title"] == item["summary"] == NASTY
    assert "<script" not in item["content_html"]


async def test_right_to_left_text_comes_as_it_was_written(client: httpx.AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.published(title="أخبار", language="ar", body=[paragraph(f"خبر {words(3)}")])
    for feed in XML:
        (entry,) = (await parsed(client, feed, "?language=ar"))["entries"]
        assert entry["title"] == "أخبار"
        assert "خبر" in entry["content"][0]["value"]
