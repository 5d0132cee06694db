"""Sessions: a reader sees where they are signed in and ends it; with a session end all of its tokens."""

import asyncio
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlalchemy import func, select

from domain.sessions import MOST
from infra.settings import Settings
from infra.tables import counters, sessions
from tests.api.serving import serving
from tests.newsroom import NOBODY, Clock, Json, People
from tests.signing_in import REVOKE, TOKEN, account_of, password_form, refresh, sign_in

SESSIONS = "/v1/me/sessions"


def bearer(tokens: Json) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def listed(client: AsyncClient, tokens: Json) -> list[Json]:
    response = await client.get(SESSIONS, headers=bearer(tokens))
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    items: list[Json] = response.json()["items"]
    return items


async def is_dead(client: AsyncClient, tokens: Json) -> bool:
    """Whether nothing of a session is good any more; its refresh token may be used up by the question."""
    me = await client.get("/v1/me", headers=bearer(tokens))
    again = await refresh(client, tokens["refresh_token"])
    assert (me.status_code == 401) == (again.status_code == 400)
    return me.status_code == 401


async def test_a_reader_sees_where_they_are_signed_in(client: AsyncClient, people: People, clock: Clock) -> None:
    account = await account_of(people)
    phone = (
        await client.post(TOKEN, data=password_form(account), headers={"User-Agent": "Gazette/7 (Phone)"})
    ).json()
    clock.move(hours=1)
    laptop = (await client.post(TOKEN, data=password_form(account), headers={"User-Agent": "Fire\tfox"})).json()
    newest, oldest = await listed(client, laptop)
    assert (newest["client"], oldest["client"]) == ("Firefox", "Gazette/7 (Phone)")
    assert (newest["is_current"], oldest["is_current"]) == (True, False)
    assert newest["address"] == oldest["address"] == "192.0.2.7"
    assert set(newest) == {
        "id", "client", "address", "started_at", "last_used_at", "expires_at", "is_current",
    }  # fmt: skip
    clock.move(hours=1)
    phone = (await refresh(client, phone["refresh_token"])).json()
    first, second = await listed(client, phone)
    assert (first["id"], first["started_at"]) == (oldest["id"], oldest["started_at"])
    assert first["last_used_at"] > second["last_used_at"] > first["started_at"]
    assert first["expires_at"] > oldest["expires_at"]
    assert [one["is_current"] for one in (first, second)] == [True, False]


@pytest.mark.parametrize("agent", ["", " ", "a" * 5000, "Ünï\u00adcödé \x7f"])
async def test_a_client_may_call_itself_anything(client: AsyncClient, people: People, agent: str) -> None:
    account = await account_of(people)
    headers = [(b"User-Agent", agent.encode())]
    tokens = (await client.post(TOKEN, data=password_form(account), headers=headers)).json()
    (session,) = await listed(client, tokens)
    assert session["client"] is None or 0 < len(session["client"]) <= 200


async def test_ending_a_session_ends_its_tokens_and_no_others(client: AsyncClient, people: People) -> None:
    account = await account_of(people)
    here, there = await sign_in(client, account), await sign_in(client, account)
    there_id = next(one["id"] for one in await listed(client, here) if not one["is_current"])
    ended = await client.delete(f"{SESSIONS}/{there_id}", headers=bearer(here))
    assert (ended.status_code, ended.content, ended.headers["cache-control"]) == (204, b"", "no-store")
    assert await is_dead(client, there)
    assert (await client.delete(f"{SESSIONS}/{there_id}", headers=bearer(here))).status_code == 404
    assert len(await listed(client, here)) == 1
    assert not await is_dead(client, here)


async def test_nobody_ends_another_readers_session(client: AsyncClient, people: People) -> None:
    mine, theirs = [await sign_in(client, await account_of(people, "admin")) for _ in range(2)]
    (session,) = await listed(client, theirs)
    strange = await client.delete(f"{SESSIONS}/{session['id']}", headers=bearer(mine))
    unknown = await client.delete(f"{SESSIONS}/{NOBODY}", headers=bearer(mine))
    for response in (strange, unknown):
        assert response.status_code == 404
    assert {**strange.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}
    assert not await is_dead(client, theirs)


async def test_signing_out_everywhere(client: AsyncClient, people: People) -> None:
    account, other = await account_of(people), await account_of(people)
    everywhere = [await sign_in(client, account) for _ in range(3)]
    elsewhere = await sign_in(client, other)
    assert (await client.delete(SESSIONS, headers=bearer(everywhere[1]))).status_code == 204
    assert [await is_dead(client, tokens) for tokens in everywhere] == [True] * 3
    assert not await is_dead(client, elsewhere)


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_either_token_is_revoked_with_its_session(client: AsyncClient, people: People, which: str) -> None:
    account = await account_of(people)
    tokens, elsewhere = await sign_in(client, account), await sign_in(client, account)
    response = await client.post(REVOKE, data={"token": tokens[which]})
    assert (response.status_code, response.content) == (200, b"")
    assert await is_dead(client, tokens)
    assert not await is_dead(client, elsewhere)


async def test_an_expired_access_token_still_signs_out(client: AsyncClient, people: People, clock: Clock) -> None:
    tokens = await sign_in(client, await account_of(people))
    clock.move(hours=1)
    assert (await client.post(REVOKE, data={"token": tokens["access_token"]})).status_code == 200
    assert (await refresh(client, tokens["refresh_token"])).status_code == 400


async def test_a_token_of_no_session_cannot_be_revoked_and_says_so(client: AsyncClient, people: People) -> None:
    token = people.token(await account_of(people))
    response = await client.post(REVOKE, data={"token": token})
    assert (response.status_code, response.json()["error"]) == (400, "unsupported_token_type")


async def test_sessions_of_a_token_without_one_are_all_elsewhere(client: AsyncClient, people: People) -> None:
    account = await account_of(people)
    await sign_in(client, account)
    (session,) = await listed(client, {"access_token": people.token(account)})
    assert not session["is_current"]


async def test_what_has_run_out_is_not_listed_and_is_swept_away(
    settings: Settings, app: FastAPI, client: AsyncClient, people: People, clock: Clock
) -> None:
    account = await account_of(people)
    await sign_in(client, account)
    clock.move(days=61)
    last = await sign_in(client, account)
    assert len(await listed(client, last)) == 1
    assert await count(people) == 2
    async with serving(settings, clock):
        while await count(people) == 2:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    assert len(await listed(client, last)) == 1


async def count(people: People) -> int | None:
    async with people.parts.database.read() as connection:
        return await connection.scalar(select(func.count()).select_from(sessions))


async def test_of_too_many_sessions_the_half_used_longest_ago_ends(
    client: AsyncClient, people: People, clock: Clock
) -> None:
    account = await account_of(people)
    first, second = await sign_in(client, account), await sign_in(client, account)
    now = clock()
    others = [f"{NOBODY[:-3]}{at:03}" for at in range(MOST - 2)]
    times = {"started_at": now, "last_used_at": now, "expires_at": now + timedelta(days=1)}
    async with people.parts.database.write() as connection:
        await connection.execute(
            sessions.insert(), [{"id": one, "account_id": account.id, **times} for one in others]
        )
    first = (await refresh(client, first["refresh_token"])).json()
    third = await sign_in(client, account)
    assert len(await listed(client, third)) == MOST // 2
    assert await is_dead(client, second)
    assert not await is_dead(client, first)


async def test_signing_in_often_ends_nothing_that_is_kept_for_others(
    app: FastAPI, client: AsyncClient, people: People
) -> None:
    """Otherwise each sign-in of anybody would make everybody's next answer a slow one."""
    account = await account_of(people)
    await sign_in(client, account)
    before = (await read_rights(people),)
    for _ in range(3):
        await sign_in(client, account)
    assert (await read_rights(people),) == before


async def read_rights(people: People) -> int | None:
    async with people.parts.database.read() as connection:
        value: int | None = await connection.scalar(select(counters.c.value).where(counters.c.name == "rights"))
        return value


async def test_a_session_that_is_ended_in_one_worker_is_ended_in_all(
    settings: Settings, clock: Clock, app: FastAPI, client: AsyncClient, people: People
) -> None:
    account = await account_of(people, "subscriber")
    tokens, other = await sign_in(client, account), await sign_in(client, account)
    there_id = next(one["id"] for one in await listed(client, other) if not one["is_current"])
    async with serving(settings, clock) as elsewhere:

        async def asks() -> Response:
            return await elsewhere.get("/v1/articles", headers=bearer(tokens))

        for _ in range(3):  # so that the caller is known and the answer kept
            assert (await asks()).status_code == 200
            await asyncio.sleep(0.06)
        assert (await client.delete(f"{SESSIONS}/{there_id}", headers=bearer(other))).status_code == 204
        if settings.database_url.startswith("postgresql"):
            await asyncio.sleep(0.1)
        assert (await asks()).status_code == 401
