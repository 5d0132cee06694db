"""The meter: what registered readers get of it, what takes something out of it and what does not."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import func, select

from infra import meters
from infra.settings import Settings
from infra.tables import meter_readings
from tests.api.serving import serving
from tests.api.test_representations import asks_nothing, leased
from tests.newsroom import Clock, Json, Newsroom, Office, People, paragraph, words
from tests.wall.statements import naming_gated, statements_of

SECRET = "qzmetered"
BODY = [paragraph(words(20)), paragraph(f"{words(60)} {SECRET}")]
GATE = {"requires": "subscriber"}
FORMATS = ("", "/ninjs", "/jsonld", "/html", "/markdown", "/text")
FEBRUARY, MARCH = (datetime(2026, month, 1, tzinfo=UTC) for month in (2, 3))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"meter_articles": 2})


async def gated(newsroom: Newsroom, title: str, **access: Any) -> Json:
    return await newsroom.published(title=title, body=BODY, access={**GATE, **access}, teaser={"words": 10})


async def access_of(client: AsyncClient, slug: str, headers: Json | None = None) -> Json:
    """What the article says of access. It is whole as it says, and nobody may keep what a meter said."""
    answer = await client.get(f"/v1/articles/{slug}", headers=headers)
    assert answer.status_code == 200
    access: Json = answer.json()["access"]
    assert (SECRET in answer.text) is (access["granted"] == "full")
    if access["meter"] is not None:
        assert answer.headers["cache-control"] == "private, no-store"
        assert "surrogate-key" not in answer.headers
    return access


async def told(client: AsyncClient, slug: str, headers: Json | None = None) -> tuple[str, int | None]:
    access = await access_of(client, slug, headers)
    return access["reason"], access["meter"] and access["meter"]["used"]


async def readings(people: People) -> int:
    async with people.parts.database.read() as connection:
        return await connection.scalar(select(func.count()).select_from(meter_readings)) or 0


async def test_a_reader_has_so_many_articles_a_month(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    for title in ("One", "Two", "Three"):
        await gated(newsroom, title)
    account = await people.add("reader")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    for _ in range(2):  # to read again is free
        first = await access_of(client, "one", headers)
        assert (first["granted"], first["reason"], first["remaining_percent"]) == ("full", "metered", 0)
        assert first["meter"] == {"limit": 2, "used": 1, "resets_at": "2026-02-01T00:00:00Z"}
        assert first["offers"] == []
    assert await told(client, "two", headers) == ("metered", 2)
    over = await access_of(client, "three", headers)
    assert (over["granted"], over["reason"]) == ("teaser", "meter_exhausted")
    assert over["remaining_percent"] > 0
    assert [offer["plan"] for offer in over["offers"]] == ["monthly"]
    assert await told(client, "one", headers) == ("metered", 2)
    other = await people.headers("reader")
    assert await told(client, "three", other) == ("metered", 1)

    clock.time = FEBRUARY
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    assert await told(client, "three", headers) == ("metered", 1)
    assert await told(client, "one", headers) == ("metered", 2)
    assert await told(client, "two", headers) == ("meter_exhausted", 2)
    assert (await access_of(client, "one", headers))["meter"]["resets_at"] == "2026-03-01T00:00:00Z"
    async with people.parts.database.read() as connection:  # what is not counted any more is not kept
        kept = (await connection.scalars(select(meter_readings.c.read_at).order_by("read_at"))).all()
    assert [at >= FEBRUARY for at in kept] == [False, True, True]


async def test_what_needs_no_meter_has_none(client: AsyncClient, newsroom: Newsroom, people: People) -> None:
    await gated(newsroom, "Gated")
    await gated(newsroom, "Gold", plans=["gold"])
    await newsroom.published(title="Known", body=BODY, access={"requires": "registered"})
    await newsroom.published(title="Free", body=BODY)
    reader, subscriber = await people.headers("reader"), await people.headers("subscriber")
    for slug, headers, reason in (
        ("gated", {}, "subscription_required"),
        ("gold", {}, "plan_required"),
        ("gated", await people.headers("partner"), "subscription_required"),
        ("gated", subscriber, "subscriber"),
        ("gated", await people.headers("editor"), "staff"),
        ("known", reader, "registered"),
        ("free", reader, "free"),
    ):
        assert await told(client, slug, headers) == (reason, None), (slug, reason)
    assert await readings(people) == 0
    assert await told(client, "gold", subscriber) == ("metered", 1)  # of a plan that they have not
    assert await told(client, "gold", await people.headers("contributor")) == ("metered", 1)
    assert await told(client, "gated", subscriber) == ("subscriber", None)


async def test_what_costs_something_while_it_is_metered_is_free_once_it_is_bought(
    client: AsyncClient, newsroom: Newsroom, people: People, office: Office, app: FastAPI
) -> None:
    await gated(newsroom, "Gated")
    account = await people.add("reader")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    await office.plan("coast", opens="everything")
    assert await told(client, "gated", headers) == ("metered", 1)
    held = await office.subscribe(account.id, "coast")
    for _ in range(3):
        await leased(app)
        assert await told(client, "gated", headers) == ("subscriber", None)
    await office.revoke(held)
    assert await told(client, "gated", headers) == ("metered", 1)


@pytest.mark.parametrize("below", FORMATS)
async def test_each_format_takes_the_article_once(
    client: AsyncClient, newsroom: Newsroom, people: People, below: str
) -> None:
    await gated(newsroom, "One")
    headers = await people.headers("reader")
    answer = await client.get(f"/v1/articles/one{below}", headers=headers)
    assert SECRET in answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    for other in FORMATS:
        assert SECRET in (await client.get(f"/v1/articles/one{other}", headers=headers)).text
    assert await readings(people) == 1


IN_ADVANCE: list[tuple[str, str]] = [
    ("Sec-Purpose", "prefetch"),
    ("Sec-Purpose", "prefetch;prerender"),
    ("Sec-Purpose", "Prefetch; anonymous-client-ip"),
    ("Purpose", "prefetch"),
    ("X-Purpose", "preview"),
    ("X-Moz", "prefetch"),
]


@pytest.mark.parametrize("below", FORMATS)
async def test_nothing_is_taken_without_somebody_who_reads(
    client: AsyncClient, newsroom: Newsroom, people: People, below: str
) -> None:
    await gated(newsroom, "One")
    path, headers = f"/v1/articles/one{below}", await people.headers("reader")
    for name, value in IN_ADVANCE:
        answer = await client.get(path, headers={**headers, name: value})
        assert SECRET not in answer.text
        assert answer.headers["cache-control"] == "private, no-store"
    head = await client.head(path, headers=headers)
    assert (head.status_code, head.headers["cache-control"]) == (200, "private, no-store")
    assert head.headers["etag"] == answer.headers["etag"]
    assert (await client.options(path, headers=headers)).status_code == 204
    assert await readings(people) == 0
    if not below:
        assert (answer.json()["access"]["reason"], answer.json()["access"]["meter"]["used"]) == (
            "metered_available",
            0,
        )
    whole = await client.get(path, headers={**headers, "Sec-Purpose": "something-else"})
    assert SECRET in whole.text
    for name, value in IN_ADVANCE:  # they have it now
        assert SECRET in (await client.get(path, headers={**headers, name: value})).text
    assert (await client.head(path, headers=headers)).headers["etag"] == whole.headers["etag"]
    assert await readings(people) == 1


async def test_who_says_that_they_have_it_has_taken_it(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    await gated(newsroom, "One")
    account = await people.add("reader")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    first = await client.get("/v1/articles/one", headers=headers)
    clock.time = FEBRUARY
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    asked = await client.get("/v1/articles/one/text", headers={**headers, "If-None-Match": "*"})
    assert (asked.status_code, asked.headers["cache-control"]) == (304, "private, no-store")
    assert first.headers["cache-control"] == "private, no-store"
    async with people.parts.database.read() as connection:
        (read_at,) = await connection.scalars(select(meter_readings.c.read_at))
        assert read_at >= FEBRUARY
    assert (await access_of(client, "one", headers))["meter"]["used"] == 1


async def test_lists_search_sync_and_feeds_ignore_it(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    made = await gated(newsroom, "One")
    headers = await people.headers("reader")
    for turn in range(2):
        for path in ("/v1/articles", f"/v1/search?q={SECRET}", "/v1/search?q=w1", "/v1/sync", "/v1/feeds/rss.xml"):
            answer = await client.get(path, headers=headers)
            assert answer.status_code == 200
            assert SECRET not in answer.text.replace(f"q={SECRET}", "")
            assert "meter" not in answer.text
        found = (await client.get(f"/v1/search?q={SECRET}", headers=headers)).json()["items"]
        assert found == []
        (card,) = (await client.get(f"/v1/articles?ids={made['id']}", headers=headers)).json()["items"]
        assert card["access"]["reason"] == "subscription_required"
        assert await readings(people) == turn
        assert await told(client, "one", headers) == ("metered", 1)


async def test_an_article_can_be_left_out_when_it_is_published(
    client: AsyncClient, newsroom: Newsroom, people: People, app: FastAPI
) -> None:
    made = await gated(newsroom, "One", metered=False)
    assert made["access"]["metered"] is False
    headers = await people.headers("reader")
    for _ in range(2):
        await leased(app)
        assert await told(client, "one", headers) == ("subscription_required", None)
    assert await asks_nothing(app, client, "/v1/articles/one", headers)  # no meter has a say: it is kept
    made = await newsroom.edit(made, access={**GATE})
    assert made["access"]["metered"] is False  # as a merge patch says
    made = await newsroom.edit(made, access={"metered": True})
    assert await told(client, "one", headers) == ("subscription_required", None)
    made = await newsroom.act(made, "publish")
    assert await told(client, "one", headers) == ("metered", 1)
    made = await newsroom.edit(made, access={"metered": False})
    await newsroom.act(made, "publish")
    assert await told(client, "one", headers) == ("subscription_required", None)


@pytest.mark.parametrize("wrong", [None, 1, "yes", "true", []])
async def test_whether_it_is_metered_is_true_or_false(newsroom: Newsroom, wrong: Any) -> None:
    form = {"title": "One", "language": "en", "body": BODY, "access": {**GATE, "metered": wrong}}
    refused = await newsroom.send("POST", "/articles", json=form)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/access/metered")


async def test_with_a_meter_nothing_that_it_may_change_is_kept(
    client: AsyncClient, newsroom: Newsroom, people: People, app: FastAPI
) -> None:
    for title in ("One", "Two", "Three"):
        await gated(newsroom, title)
    spent, fresh = await people.headers("reader"), await people.headers("reader")
    for slug in ("one", "two"):
        await told(client, slug, spent)
    for _ in range(3):
        await leased(app)
        assert await told(client, "three", spent) == ("meter_exhausted", 2)
        assert not await asks_nothing(app, client, "/v1/articles/three", spent)
    await leased(app)
    assert await told(client, "three", fresh) == ("metered", 1)
    assert await told(client, "three", spent) == ("meter_exhausted", 2)


async def test_until_it_is_written_down_no_gated_text_is_read(
    client: AsyncClient, newsroom: Newsroom, people: People, app: FastAPI
) -> None:
    for title in ("One", "Two", "Three"):
        await gated(newsroom, title)
    headers = await people.headers("reader")
    for slug in ("one", "two"):
        with statements_of(app) as sent:
            await client.get(f"/v1/articles/{slug}", headers=headers)
        (written,) = [at for at, one in enumerate(sent) if one.startswith("INSERT INTO meter_readings")]
        assert naming_gated(sent)
        assert min(naming_gated(sent)) > written
    for more in ({}, {"Sec-Purpose": "prefetch"}):
        with statements_of(app) as sent:
            await client.get("/v1/articles/three", headers={**headers, **more})
        assert naming_gated(sent) == []
        assert not any("INSERT" in one for one in sent)


async def test_what_counts_no_more_is_forgotten(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    await gated(newsroom, "One")
    await gated(newsroom, "Two")
    account = await people.add("reader")
    for slug in ("one", "two"):
        await told(client, slug, {"Authorization": f"Bearer {people.token(account)}"})
        clock.move(days=20)
    await meters.sweep(people.parts.database, clock.time)  # forty days after the one, and twenty after the other
    assert await readings(people) == 1
    clock.move(days=30)
    await meters.sweep(people.parts.database, clock.time)
    assert await readings(people) == 0


async def test_readings_go_with_the_account_and_are_told_to_whose_they_are(
    client: AsyncClient, newsroom: Newsroom, people: People, office: Office
) -> None:
    made = await gated(newsroom, "One")
    account = await people.add("reader")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    await told(client, "one", headers)
    await told(client, "one", await people.headers("reader"))
    (kept,) = (await client.get("/v1/me/export", headers=headers)).json()["meter_readings"]
    assert kept["article_id"] == made["id"]
    assert (await client.delete("/v1/me", headers=headers)).status_code == 204
    assert await readings(people) == 1


class TestOfTheLastThirtyDays:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return Settings.model_validate({**settings.model_dump(), "meter_period": "30-days"})

    async def test_it_gives_back_article_by_article(
        self, client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock
    ) -> None:
        for title in ("One", "Two", "Three"):
            await gated(newsroom, title)
        account = await people.add("reader")

        async def reads(slug: str) -> tuple[str, int | None]:
            return await told(client, slug, {"Authorization": f"Bearer {people.token(account)}"})

        assert await reads("one") == ("metered", 1)
        clock.move(days=10)
        assert await reads("two") == ("metered", 2)
        access = await access_of(
            client, "three", {"Authorization": f"Bearer {people.token(account)}", "Sec-Purpose": "prefetch"}
        )
        resets_at = datetime.fromisoformat(access["meter"]["resets_at"])
        assert await reads("three") == ("meter_exhausted", 2)
        clock.time = resets_at
        clock.move(seconds=-1)
        assert await reads("three") == ("meter_exhausted", 2)
        assert await reads("one") == ("metered", 2)
        clock.time = resets_at
        assert await reads("three") == ("metered", 2)
        assert await reads("one") == ("meter_exhausted", 2)
        clock.move(days=10)
        assert await reads("one") == ("metered", 2)

    async def test_when_the_limit_is_lowered_it_tells_when_there_is_one_again(
        self, client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock, settings: Settings
    ) -> None:
        for title in ("One", "Two", "Three"):
            await gated(newsroom, title)
        account = await people.add("reader")

        def headers() -> Json:
            return {"Authorization": f"Bearer {people.token(account)}"}

        for slug in ("one", "two"):
            assert (await told(client, slug, headers()))[0] == "metered"
            last = clock.time
            clock.move(days=7)
        async with serving(settings.model_copy(update={"meter_articles": 1}), clock) as meaner:
            access = await access_of(meaner, "three", headers())
            assert access["reason"] == "meter_exhausted"
            clock.time = datetime.fromisoformat(access["meter"]["resets_at"])
            assert timedelta(days=29) < clock.time - last <= timedelta(days=30)
            assert await told(meaner, "three", headers()) == ("metered", 1)


@pytest.mark.usefixtures("patient")
async def test_the_last_one_is_given_once(
    settings: Settings, newsroom: Newsroom, people: People, client: AsyncClient, clock: Clock
) -> None:
    """Of first reads of fifty articles with one left, on two workers whose caches are warm, one is whole."""
    slugs = [(await gated(newsroom, f"Article {at}"))["publication"]["slug"] for at in range(50)]
    headers = await people.headers("reader")
    assert await told(client, (await gated(newsroom, "Before"))["publication"]["slug"], headers) == ("metered", 1)
    async with serving(settings, clock) as there:
        warm = [client.head(f"/v1/articles/{slug}", headers=headers) for slug in slugs]
        warm += [
            there.get(f"/v1/articles/{slug}", headers={**headers, "Sec-Purpose": "prefetch"}) for slug in slugs
        ]
        warm += [one.get(f"/v1/articles/{slug}") for one in (client, there) for slug in slugs[:10]]
        assert {answer.status_code for answer in await asyncio.gather(*warm)} == {200}
        sent = [
            (client, there)[at % 2].get(f"/v1/articles/{slug}", headers=headers) for at, slug in enumerate(slugs)
        ]
        answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} == {200}
    whole = [answer for answer in answers if SECRET in answer.text]
    assert len(whole) == 1
    assert {answer.json()["access"]["reason"] for answer in answers if answer not in whole} == {"meter_exhausted"}
    assert whole[0].json()["access"]["meter"]["used"] == 2
    assert await readings(people) == 2


@pytest.mark.usefixtures("patient")
async def test_the_same_article_is_taken_once_and_everybody_gets_it(
    settings: Settings, newsroom: Newsroom, people: People, client: AsyncClient, clock: Clock
) -> None:
    await gated(newsroom, "One")
    headers = await people.headers("reader")
    async with serving(settings, clock) as there:
        sent = [(client, there)[at % 2].get("/v1/articles/one", headers=headers) for at in range(50)]
        answers = await asyncio.gather(*sent)
    assert all(SECRET in answer.text for answer in answers)
    assert {answer.json()["access"]["meter"]["used"] for answer in answers} == {1}
    assert await readings(people) == 1
