"""What a partner gets by every road: what its licence covers, what is written down, and nothing else."""

import asyncio
import json
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import select

from infra.tables import ledger
from tests.newsroom import Clock, Json, Newsroom, Office, People, paragraph, words
from tests.partners import headers_of, program

GATE = {"requires": "subscriber", "plans": []}
FORMS = ("ninjs", "jsonld", "html", "markdown", "text")
HIDDEN = "behindthewall"


async def written(newsroom: Newsroom, slug: str, **fields: Any) -> Json:
    body = [paragraph(words(60)), paragraph(f"{words(60, stem='x')} {HIDDEN}")]
    form = {"title": slug, "slug": slug, "body": body, "access": GATE, "teaser": {"words": 20}, **fields}
    return await newsroom.published(**form)


@pytest.fixture
async def tags(newsroom: Newsroom) -> None:
    for slug in ("wire", "sports"):
        await newsroom.tag(slug)


async def rows(app: FastAPI) -> list[tuple[str, int]]:
    async with app.state.parts.database.read() as connection:
        found = await connection.execute(select(ledger.c.article_id, ledger.c.number))
        return [tuple(row) for row in found]


@pytest.mark.usefixtures("tags")
async def test_every_road_gives_what_the_licence_covers_and_writes_it_down(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    one = await program(office)
    covered = await written(newsroom, "covered", tags=["wire"])
    await written(newsroom, "other", tags=["sports"])
    await office.licence(one.id, articles={"tags": ["wire"]})
    headers = await headers_of(client, one)

    cards = (await client.get("/v1/articles", headers=headers)).json()["items"]
    told = {card["slug"]: (card["access"]["granted"], card["access"]["reason"]) for card in cards}
    assert told == {"covered": ("full", "licence"), "other": ("teaser", "subscription_required")}
    assert await found_by(client, headers) == [], "whoever looks for words would be given text"
    assert await rows(app) == [], "a list gives none"

    for form in FORMS:
        answer = await client.get(f"/v1/articles/covered/{form}", headers=headers)
        assert HIDDEN in answer.text
        assert HIDDEN not in (await client.get(f"/v1/articles/other/{form}", headers=headers)).text
        assert await rows(app) == [(covered["id"], 1)]
    read = await client.get("/v1/articles/covered", headers=headers)
    assert (read.json()["access"]["reason"], HIDDEN in read.text) == ("licence", True)
    assert read.headers["cache-control"] == "private, no-cache"
    for feed in ("rss.xml", "atom.xml", "feed.json"):
        text = (await client.get(f"/v1/feeds/{feed}", headers=headers)).text
        assert text.count(HIDDEN) == 1, feed
    synced = (await client.get("/v1/sync", headers=headers)).text
    assert synced.count(HIDDEN) == 1
    assert await rows(app) == [(covered["id"], 1)]
    assert await found_by(client, headers) == ["covered"]
    assert HIDDEN not in (await client.get("/v1/articles/covered")).text


async def found_by(client: AsyncClient, headers: dict[str, str]) -> list[str]:
    found = (await client.get(f"/v1/search?q={HIDDEN}", headers=headers)).json()["items"]
    return [hit["slug"] for hit in found]


async def test_search_tells_of_a_text_only_once_that_edition_is_taken(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    one = await program(office)
    covered = await written(newsroom, "covered")
    await office.licence(one.id)
    headers = await headers_of(client, one)
    by_title = (await client.get("/v1/search?q=covered", headers=headers)).json()["items"]
    assert [(hit["slug"], hit["access"]["reason"]) for hit in by_title] == [("covered", "licence")]
    assert [place["field"] for place in by_title[0]["highlights"]] == ["title"]
    assert await found_by(client, headers) == []
    await client.get("/v1/articles/covered", headers=headers)
    assert await found_by(client, headers) == ["covered"]
    await newsroom.act(await newsroom.edit(covered, title="covered again"), "publish")
    assert await found_by(client, headers) == [], "another edition may say something else"
    await client.get("/v1/articles/covered", headers=headers)
    assert await found_by(client, headers) == ["covered"]
    assert len(await rows(app)) == 2


async def test_what_is_asked_for_without_being_read_takes_nothing(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    one = await program(office)
    await written(newsroom, "covered")
    await office.licence(one.id, quota=1)
    headers = await headers_of(client, one)
    for road in ("articles/covered", "articles/covered/text", "sync", "feeds/rss.xml"):
        await client.head(f"/v1/{road}", headers=headers)
    for road in ("articles/covered", "articles/covered/text", "feeds/rss.xml"):
        early = await client.get(f"/v1/{road}", headers={**headers, "Sec-Purpose": "prefetch"})
        assert (early.status_code, HIDDEN in early.text) == (200, False)
    read = await client.get("/v1/articles/covered", headers={**headers, "Sec-Purpose": "prefetch"})
    assert read.json()["access"]["reason"] == "metered_available"
    assert await rows(app) == []


@pytest.mark.parametrize(
    "road", ["/v1/articles/covered", "/v1/sync", "/v1/feeds/rss.xml", "/v1/articles/covered/text"]
)
async def test_a_text_is_written_down_before_it_is_given_and_not_given_else(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, office: Office, road: str
) -> None:
    one = await program(office)
    await written(newsroom, "covered")
    await office.licence(one.id)
    headers = await headers_of(client, one)
    database = app.state.parts.database
    async with database.write() as other:  # holds the licence, and on SQLite the file
        await other.exec_driver_sql("UPDATE licences SET version = version")
        asking = asyncio.create_task(client.get(road, headers=headers))
        await asyncio.sleep(0.2)
        assert not asking.done(), "it has to wait for the ledger"
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    assert await rows(app) == []
    assert HIDDEN in (await client.get(road, headers=headers)).text
    assert len(await rows(app)) == 1


@pytest.mark.usefixtures("patient")
async def test_a_quota_of_one_gives_one_of_fifty_that_are_read_at_once(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    one = await program(office)
    slugs = [(await written(newsroom, f"a{at}"))["slug"] for at in range(50)]
    await office.licence(one.id, quota=1)
    headers = await headers_of(client, one)
    answers = await asyncio.gather(*(client.get(f"/v1/articles/{slug}", headers=headers) for slug in slugs))
    assert {answer.status_code for answer in answers} == {200}
    reasons = [answer.json()["access"]["reason"] for answer in answers]
    assert (reasons.count("licence"), reasons.count("meter_exhausted")) == (1, 49)
    assert sum(HIDDEN in answer.text for answer in answers) == 1
    assert len(await rows(app)) == 1
    again = await asyncio.gather(*(client.get(f"/v1/articles/{slug}", headers=headers) for slug in slugs))
    assert [answer.json()["access"]["granted"] for answer in again] == [
        answer.json()["access"]["granted"] for answer in answers
    ]


@pytest.mark.usefixtures("patient")
async def test_what_is_read_by_many_at_once_is_written_down_once(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    one = await program(office)
    await written(newsroom, "covered")
    await office.licence(one.id, quota=1)
    headers = await headers_of(client, one)
    roads = ["/v1/articles/covered", "/v1/sync", "/v1/feeds/atom.xml"] * 8
    answers = await asyncio.gather(*(client.get(road, headers=headers) for road in roads))
    assert all(answer.status_code == 200 and HIDDEN in answer.text for answer in answers)
    assert len(await rows(app)) == 1


async def test_an_exhausted_quota_hides_what_was_not_taken_from_lists_and_search(
    client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    one = await program(office)
    for slug in ("taken", "missed"):
        await written(newsroom, slug)
    await office.licence(one.id, quota=1)
    headers = await headers_of(client, one)
    await client.get("/v1/articles/taken", headers=headers)
    cards = (await client.get("/v1/articles", headers=headers)).json()["items"]
    assert {card["slug"]: card["access"]["reason"] for card in cards} == {
        "taken": "licence",
        "missed": "meter_exhausted",
    }
    assert await found_by(client, headers) == ["taken"]
    text = (await client.get("/v1/feeds/rss.xml", headers=headers)).text
    assert text.count(HIDDEN) == 1


LEFT_OUT: dict[str, tuple[str, Any]] = {
    "standfirst": ("standfirst", ""),
    "lead_image": ("lead_image", None),
    "tags": ("tags", []),
    "related": ("related", []),
    "extensions": ("extensions", {}),
}


@pytest.mark.usefixtures("tags")
async def test_what_the_licence_leaves_out_stands_in_no_form(
    client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    one, target = await program(office), await newsroom.published(title="Target", slug="target")
    lead, inner = [await newsroom.medium(alt=f"alt of {name}") for name in ("lead", "inner")]
    body = [
        paragraph(words(40)),
        {"_type": "image", "media_id": inner["id"]},
        {"_type": "embed", "url": "https://video.example/embedded"},
        {"_type": "related", "article_id": target["id"]},
        paragraph(HIDDEN),
    ]
    rest: Json = {"standfirst": "It stands first.", "tags": ["wire"], "section": "sports"}
    rest |= {"lead_image": {"media_id": lead["id"]}, "related": [target["id"]]}
    rest |= {"seo": {"title": "For engines"}, "extensions": {"own.x": "extended"}}
    await written(newsroom, "covered", body=body, **rest)
    licence = await office.licence(one.id)
    headers = await headers_of(client, one)
    whole = (await client.get("/v1/articles/covered", headers=headers)).json()
    assert [block["_type"] for block in whole["body"]] == ["block", "image", "embed", "related", "block"]

    await office.edit("licences", licence, fields=[])
    bare = (await client.get("/v1/articles/covered", headers=headers)).json()
    assert [block["_type"] for block in bare["body"]] == ["block", "block"]
    for name, nothing in LEFT_OUT.values():
        assert whole[name] != nothing
        assert bare[name] == nothing
    assert (bare["section"], bare["seo"]) == (None, {"title": None, "description": None})
    kept = {name for name in whole if name not in {"body", "section", "seo", "rights", *LEFT_OUT}}
    assert {name: bare[name] for name in kept} == {name: whole[name] for name in kept}
    absent = [
        "alt of",
        inner["id"],
        lead["id"],
        "video.example",
        "It stands first",
        "Target",
        "For engines",
        "extended",
    ]
    roads = [
        "/v1/articles",
        "/v1/search?q=covered",
        "/v1/sync?language=en",
        "/v1/feeds/feed.json",
        "/v1/feeds/rss.xml",
    ]
    for road in ("/v1/articles/covered", *(f"/v1/articles/covered/{form}" for form in FORMS), *roads):
        answer = await client.get(road, headers=headers)
        shown = _of_covered(answer.text, road)
        assert [text for text in absent if text in shown] == [], road


def _of_covered(text: str, road: str) -> str:
    """Of an answer with several articles, the part that is about the one."""
    if not text.startswith("{") or road.startswith("/v1/articles/"):
        return text if "rss" not in road else next(item for item in text.split("<item>") if HIDDEN in item)
    (one,) = [item for item in json.loads(text)["items"] if "covered" in json.dumps(item)]
    return json.dumps(one)


async def test_a_picture_that_may_not_be_syndicated_comes_to_no_client(
    client: AsyncClient, newsroom: Newsroom, office: Office, people: People
) -> None:
    one = await program(office)
    kept = await newsroom.medium(alt="kept from partners", may_be_syndicated="false")
    body = [paragraph(words(40)), {"_type": "image", "media_id": kept["id"]}, paragraph(HIDDEN)]
    await written(newsroom, "covered", body=body)
    await written(newsroom, "open", body=body, access={"requires": "free"})
    await office.licence(one.id)
    headers, reader = await headers_of(client, one), await people.headers("subscriber")
    paths = [
        f"/v1/articles/{slug}{form}" for slug in ("covered", "open") for form in ("", *(f"/{f}" for f in FORMS))
    ]
    for road in (*paths, "/v1/sync", "/v1/feeds/rss.xml", "/v1/feeds/feed.json"):
        text = (await client.get(road, headers=headers)).text
        assert HIDDEN in text, road
        assert (kept["id"] in text, "kept from partners" in text) == (False, False), road
    assert kept["id"] in (await client.get("/v1/articles/covered", headers=reader)).text


async def test_terms_of_use_stand_in_every_form_that_has_a_place_for_them(
    client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    one = await program(office)
    await written(newsroom, "covered", rights={"holder": "Quay", "notice": None, "usage_terms": "Ask us."})
    await office.licence(one.id, usage_terms="Web only.")
    headers = await headers_of(client, one)
    for form in ("", "/ninjs"):
        text = (await client.get(f"/v1/articles/covered{form}", headers=headers)).text
        assert ("Web only." in text, "Ask us." in text, "Quay" in text) == (True, False, True), form
    assert "Web only." not in (await client.get("/v1/articles/covered")).text


@pytest.mark.parametrize("how", ["ended", "narrowed", "blocked", "deleted secret"])
async def test_what_is_taken_back_is_denied_at_the_next_request(
    client: AsyncClient, newsroom: Newsroom, office: Office, clock: Clock, how: str
) -> None:
    one = await program(office)
    await newsroom.tag("sports")
    await written(newsroom, "covered")
    licence = await office.licence(one.id)
    headers = await headers_of(client, one)
    first = await client.get("/v1/articles/covered", headers=headers)
    assert HIDDEN in first.text
    match how:
        case "ended":
            clock.move(seconds=5)
            await office.edit("licences", licence, ends_at=clock.time.isoformat())
        case "narrowed":
            await office.edit("licences", licence, articles={"tags": ["sports"]})
        case "blocked":
            await office.edit("clients", one.made, is_blocked=True)
        case _:
            await office.send("DELETE", f"/clients/{one.id}/secrets/{one.made['secrets'][0]['id']}", version=1)
    for given in ({}, {"If-None-Match": first.headers["etag"]}):
        for road in ("/v1/articles/covered", "/v1/articles/covered/ninjs", "/v1/sync", "/v1/feeds/rss.xml"):
            answer = await client.get(road, headers={**headers, **given})
            assert HIDDEN not in answer.text, road
            assert answer.status_code == (401 if how in {"blocked", "deleted secret"} else 200)
