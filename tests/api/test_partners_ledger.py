"""What the ledger says: all that a partner took whole, free or not, and nothing that it was not given."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from tests.api.test_partners import GATE, HIDDEN, rows, written
from tests.newsroom import Clock, Json, Newsroom, Office
from tests.partners import headers_of, program

TAKEN_BACK = {
    "licence deleted": "DELETE FROM licences",
    "licence edited": "UPDATE licences SET version = version + 1",
    "client blocked": "UPDATE clients SET is_blocked = true",
    "secret removed": "DELETE FROM client_secrets",
    "article withdrawn": "UPDATE publications SET state = 'withdrawn', public_note = 'Wrong.'",
    "licence over": "UPDATE licences SET quota = quota",  # by the clock
}


@pytest.mark.parametrize("how", TAKEN_BACK)
@pytest.mark.parametrize(
    "road", ["/v1/articles/covered", "/v1/articles/covered/ninjs", "/v1/sync", "/v1/feeds/rss.xml"]
)
async def test_what_is_taken_back_while_the_ledger_is_waited_for_is_not_given(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, office: Office, clock: Clock, how: str, road: str
) -> None:
    one = await program(office)
    await written(newsroom, "covered")
    await office.licence(one.id, ends_at=(clock.time + timedelta(minutes=5)).isoformat())
    headers = await headers_of(client, one)
    async with app.state.parts.database.write() as other:
        await other.exec_driver_sql("UPDATE licences SET quota = quota")
        asking = asyncio.create_task(client.get(road, headers=headers))
        await asyncio.sleep(0.2)
        assert not asking.done()
        await other.execute(text(TAKEN_BACK[how]))
        clock.move(minutes=6 if how == "licence over" else 0)
    answer = await asking
    assert (answer.status_code, "retry-after" in answer.headers, "covered" in answer.text) == (503, True, False)
    assert await rows(app) == []
    again = await client.get(road, headers=headers)
    assert (HIDDEN in again.text) is (how == "licence edited")
    assert again.status_code in {200, 401, 410}


async def entries(office: Office, licence: Json, **asked: Any) -> list[tuple[str, bool, bool]]:
    answer = await office.send("GET", f"/licences/{licence['id']}/ledger", params=asked)
    return [
        (one["article_id"], one["is_first"], one["acknowledged_at"] is not None) for one in answer.json()["items"]
    ]


@pytest.mark.parametrize(
    "road", ["/v1/articles/free", "/v1/articles/free/text", "/v1/sync", "/v1/feeds/feed.json"]
)
async def test_what_is_free_is_written_down_too_and_counts_for_no_quota(
    client: AsyncClient, newsroom: Newsroom, office: Office, road: str
) -> None:
    one = await program(office)
    free = await written(newsroom, "free", access={"requires": "free"})
    licence = await office.licence(one.id, quota=1)
    headers = await headers_of(client, one)
    await client.head(road, headers=headers)
    assert await entries(office, licence) == []
    for _ in range(2):
        assert HIDDEN in (await client.get(road, headers=headers)).text
    assert await entries(office, licence) == [(free["id"], False, False)]
    gated = await written(newsroom, "gated")
    assert (await client.get("/v1/articles/gated", headers=headers)).json()["access"]["reason"] == "licence"
    assert await entries(office, licence) == [(free["id"], False, False), (gated["id"], True, False)]


async def test_the_withdrawal_of_what_was_free_is_acknowledged_as_well(
    client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    one = await program(office)
    free = await written(newsroom, "free", access={"requires": "free"})
    licence = await office.licence(one.id)
    headers = await headers_of(client, one)
    cursor = (await client.get("/v1/sync", headers=headers)).json()["next_cursor"]
    await newsroom.act(free, "withdraw", public_note="Wrong.")
    page = (await client.get("/v1/sync", headers=headers, params={"cursor": cursor})).json()
    assert page["items"] == [{"type": "delete", "id": free["id"]}]
    assert await entries(office, licence, unacknowledged="true") == [(free["id"], False, False)]
    told = await client.post("/v1/sync/acknowledgements", headers=headers, json={"ids": [free["id"]]})
    assert told.json() == {"acknowledged": [free["id"]]}
    assert await entries(office, licence, unacknowledged="true") == []
    assert await entries(office, licence) == [(free["id"], False, True)]


async def test_what_was_taken_while_it_was_free_stays_with_the_partner_when_a_gate_closes(
    client: AsyncClient, newsroom: Newsroom, office: Office, clock: Clock
) -> None:
    one = await program(office)
    soon = (clock.time + timedelta(minutes=5)).isoformat()
    for slug in ("had", "missed"):
        await written(newsroom, slug, access={**GATE, "from": soon})
    await written(newsroom, "gated")
    licence = await office.licence(one.id, quota=1)
    headers = await headers_of(client, one)
    for slug in ("had", "gated"):
        assert HIDDEN in (await client.get(f"/v1/articles/{slug}", headers=headers)).text
    clock.move(minutes=6)
    told = {
        slug: (await client.get(f"/v1/articles/{slug}", headers=headers)).json()["access"]["reason"]
        for slug in ("had", "missed", "gated")
    }
    assert told == {"had": "licence", "missed": "meter_exhausted", "gated": "licence"}
    assert [is_first for _, is_first, _ in await entries(office, licence)] == [False, True]


async def test_nobody_else_s_free_reading_is_written_down(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    await newsroom.tag("wire")
    await written(newsroom, "free", access={"requires": "free"})
    bare, other = await program(office), await program(office)
    await office.licence(other.id, articles={"tags": ["wire"]})
    for headers in ({}, await headers_of(client, bare), await headers_of(client, other)):
        assert HIDDEN in (await client.get("/v1/articles/free", headers=headers)).text
    assert await rows(app) == []


async def test_a_follower_that_says_it_only_prefetches_loses_nothing(
    client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    one = await program(office)
    covered = await written(newsroom, "covered")
    licence = await office.licence(one.id)
    headers = await headers_of(client, one)
    early = await client.get("/v1/sync", headers={**headers, "Sec-Purpose": "prefetch"})
    assert early.text.count(HIDDEN) == 1
    assert await entries(office, licence) == [(covered["id"], True, False)]
