"""A partner that follows ends with what a full read gives, whatever its quota, its delay and the time do."""

import asyncio
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.api.test_partners import HIDDEN, written
from tests.following import Follower, read_all
from tests.newsroom import Clock, Json, Newsroom, Office, People, paragraph, words
from tests.partners import Program, headers_of, program
from tests.wall.statements import statements_of


async def caught_up(client: AsyncClient, follower: Follower, one: Program) -> dict[str, Json]:
    """Let a follower catch up, and return what it holds by slug: what a full read gives."""
    follower.headers = await headers_of(client, one)
    await follower.catch_up(limit=1)
    assert follower.held == await read_all(client, follower.headers)
    return {article["slug"]: article for article in follower.held.values()}


async def test_a_quota_that_is_reached_on_the_way_loses_nothing(
    client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    one, picture = await program(office), await newsroom.medium()
    hidden = {"_type": "image", "media_id": picture["id"]}
    await written(newsroom, "first", body=[paragraph(words(60)), hidden, paragraph(HIDDEN)])
    await written(newsroom, "second")
    # What only those see who read the first whole changes, so that for them it comes after the second.
    await newsroom.send("PATCH", f"/media/{picture['id']}", version=1, json={"alt": "Another"})
    await office.licence(one.id, quota=1)
    held = await caught_up(client, Follower(client, {}), one)
    assert {slug: article["access"]["reason"] for slug, article in held.items()} == {
        "second": "licence",
        "first": "meter_exhausted",
    }


async def test_a_quota_that_is_reached_in_two_months_is_told_between(
    client: AsyncClient, newsroom: Newsroom, office: Office, clock: Clock
) -> None:
    one = await program(office)
    for slug in ("x", "y", "z"):
        await written(newsroom, slug)
    await office.licence(one.id, quota=1)
    follower = Follower(client, {})
    await caught_up(client, follower, one)
    clock.move(days=1)  # into February
    headers = await headers_of(client, one)
    read = await client.get("/v1/articles/y", headers=headers)
    assert read.json()["access"]["reason"] == "licence"
    held = await caught_up(client, follower, one)
    assert (held["y"]["access"]["reason"], held["z"]["access"]["reason"]) == ("licence", "meter_exhausted")
    assert follower.resets == 1


@pytest.mark.parametrize("gate", ["free", "subscriber"])
@pytest.mark.parametrize("quota", [None, 1])
async def test_the_end_of_a_delay_is_told_with_the_terms(
    client: AsyncClient, newsroom: Newsroom, office: Office, clock: Clock, gate: str, quota: int | None
) -> None:
    one = await program(office)
    await written(newsroom, "old")
    clock.move(minutes=13)
    await written(newsroom, "new", standfirst="It stands first.", access={"requires": gate})
    await office.licence(one.id, delay="PT10M", usage_terms="Web only.", fields=["tags"], quota=quota)
    follower = Follower(client, {})
    held = await caught_up(client, follower, one)
    assert (held["new"]["standfirst"], held["new"]["rights"]) == ("It stands first.", None)
    clock.move(minutes=11)
    held = await caught_up(client, follower, one)
    assert (held["new"]["standfirst"], held["new"]["rights"]["usage_terms"]) == ("", "Web only.")
    assert follower.resets == 0


async def test_what_is_not_the_partners_is_told_to_nobody_when_a_delay_ends(
    client: AsyncClient, newsroom: Newsroom, office: Office, people: People, clock: Clock
) -> None:
    one = await program(office)
    await written(newsroom, "english")
    await office.licence(one.id, delay="PT10M", articles={"languages": ["fr"]})
    subscriber = Follower(client, await people.headers("subscriber"))
    await subscriber.catch_up()
    clock.move(minutes=11)
    await caught_up(client, Follower(client, {}), one)
    page = await subscriber.page()
    assert page is not None
    assert page["items"] == []


@pytest.mark.parametrize("who", ["partner", "anonymous"])
async def test_many_who_look_when_a_moment_has_come_do_not_wait_for_each_others_connections(
    client: AsyncClient, newsroom: Newsroom, office: Office, clock: Clock, who: str
) -> None:
    one = await program(office)
    await written(newsroom, "covered")
    draft = await newsroom.draft(title="To come")
    await newsroom.act(draft, "schedule", at=(clock.time + timedelta(minutes=5)).isoformat())
    await office.licence(one.id, delay="PT5M")
    clock.move(minutes=6)
    headers = await headers_of(client, one) if who == "partner" else {}
    paths = [f"/v1/sync?limit={limit}" for limit in range(1, 31)]
    answers = await asyncio.gather(*(client.get(path, headers=headers) for path in paths))
    assert [answer.status_code for answer in answers] == [200] * 30


async def test_what_has_run_out_is_acknowledged_for_good(
    client: AsyncClient, newsroom: Newsroom, office: Office, clock: Clock
) -> None:
    one = await program(office)
    draft = await newsroom.draft(title="Passing", access={"requires": "subscriber"})
    until = (clock.time + timedelta(minutes=5)).isoformat()
    article = await newsroom.act(draft, "publish", until=until)
    licence = await office.licence(one.id)
    headers = await headers_of(client, one)
    await client.get(f"/v1/articles/{article['id']}", headers=headers)
    clock.move(minutes=6)
    form = {"ids": [article["id"]]}
    said = await client.post("/v1/sync/acknowledgements", json=form, headers=headers)
    assert said.json() == {"acknowledged": [article["id"]]}
    await client.get("/v1/sync")
    left = await office.send("GET", f"/licences/{licence['id']}/ledger?unacknowledged=true")
    assert left.json()["items"] == []


async def test_what_comes_back_and_goes_again_is_acknowledged_again_and_many_may_say_it_at_once(
    client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    one, article = await program(office), await written(newsroom, "covered")
    licence = await office.licence(one.id)
    headers = await headers_of(client, one)
    await client.get("/v1/articles/covered", headers=headers)
    form, path = {"ids": [article["id"]]}, f"/licences/{licence['id']}/ledger?unacknowledged=true"
    for _ in range(2):
        article = await newsroom.act(article, "unpublish")
        assert len((await office.send("GET", path)).json()["items"]) == 1
        answers = await asyncio.gather(
            *(client.post("/v1/sync/acknowledgements", json=form, headers=headers) for _ in range(8))
        )
        assert [answer.status_code for answer in answers] == [200] * 8, [answer.text for answer in answers]
        assert (await office.send("GET", path)).json()["items"] == []
        article = await newsroom.act(article, "publish")


async def test_a_contributors_picture_that_may_not_be_syndicated_comes_to_no_client(
    client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    one = await program(office)
    portrait = await newsroom.medium(alt="A portrait", may_be_syndicated="false")
    await newsroom.contributor("ann", media_id=portrait["id"])
    await newsroom.published(title="Hers", credits=[{"role": "author", "contributor": "ann"}])
    headers = await headers_of(client, one)
    for path in ("/v1/contributors", "/v1/contributors/ann"):
        assert portrait["id"] in (await client.get(path)).text
        assert portrait["id"] not in (await client.get(path, headers=headers)).text


async def test_a_list_of_licences_takes_as_many_statements_however_long_it_is(
    app: FastAPI, newsroom: Newsroom, office: Office
) -> None:
    await newsroom.tag("wire")
    for _ in range(3):
        await office.licence((await program(office)).id, articles={"tags": ["wire"]})
    counts = []
    for limit in (1, 3):
        with statements_of(app) as sent:
            await office.send("GET", f"/licences?limit={limit}")
        counts.append(len(sent))
    assert counts[0] == counts[1]
