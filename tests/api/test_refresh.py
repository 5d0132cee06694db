"""Refresh tokens: each is good once, a second use ends the sign-in, and of many at once one succeeds."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import func, select

from domain.people import Role
from infra import accounts, sessions
from infra.tables import accounts as accounts_table
from infra.tables import events, refresh_tokens
from tests.newsroom import Clock, Json, People
from tests.signing_in import REVOKE, account_of, refresh, sign_in, without_id

DAY = 24 * 3600


def _is_ended(response: Response) -> bool:
    return response.status_code == 400 and response.json()["error"] == "invalid_grant"


async def test_a_refresh_token_gets_new_tokens(client: AsyncClient, people: People) -> None:
    account = await account_of(people, "subscriber")
    first = await sign_in(client, account)
    response = await refresh(client, first["refresh_token"])
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    second = response.json()
    assert second["refresh_token"] != first["refresh_token"]
    me = await client.get("/v1/me", headers={"Authorization": f"Bearer {second['access_token']}"})
    assert me.json()["id"] == account.id
    assert (await refresh(client, second["refresh_token"])).status_code == 200


async def test_a_second_use_ends_all_that_came_of_the_sign_in(client: AsyncClient, people: People) -> None:
    account = await account_of(people)
    stolen = (await sign_in(client, account))["refresh_token"]
    elsewhere = (await sign_in(client, account))["refresh_token"]
    second = (await refresh(client, stolen)).json()["refresh_token"]
    third = (await refresh(client, second)).json()["refresh_token"]
    assert _is_ended(await refresh(client, stolen))
    for token in (third, second, stolen):
        assert _is_ended(await refresh(client, token))
    assert (await refresh(client, elsewhere)).status_code == 200


async def test_every_refusal_looks_alike(client: AsyncClient, people: People, clock: Clock) -> None:
    account = await account_of(people)
    used, expired = [(await sign_in(client, account))["refresh_token"] for _ in range(2)]
    await refresh(client, used)
    clock.move(seconds=31)
    refusals = [await refresh(client, "made-up"), await refresh(client, used)]
    clock.move(days=61)
    refusals.append(await refresh(client, expired))
    assert all(map(_is_ended, refusals))
    assert without_id(refusals[0]) == without_id(refusals[1]) == without_id(refusals[2])


async def test_a_refresh_token_runs_out(client: AsyncClient, people: People, clock: Clock) -> None:
    account = await account_of(people)
    kept, late = [(await sign_in(client, account))["refresh_token"] for _ in range(2)]
    clock.move(seconds=60 * DAY - 1)
    renewed = await refresh(client, kept)
    assert renewed.status_code == 200
    clock.move(seconds=1)
    assert _is_ended(await refresh(client, late))
    clock.move(seconds=59 * DAY)
    assert (await refresh(client, renewed.json()["refresh_token"])).status_code == 200


async def test_only_a_digest_of_a_refresh_token_is_kept(client: AsyncClient, people: People) -> None:
    token = (await sign_in(client, await account_of(people)))["refresh_token"]
    async with people.parts.database.read() as connection:
        rows = (await connection.execute(select(refresh_tokens))).all()
    assert [row.digest for row in rows] == [sessions.digest_of(token)]
    assert token not in str(rows)


async def test_new_roles_come_with_the_next_token(client: AsyncClient, people: People) -> None:
    account = await account_of(people, "reader")
    token = (await sign_in(client, account))["refresh_token"]
    async with people.parts.database.write() as connection:
        await accounts.set_roles(connection, account.id, [Role.SUBSCRIBER])
    answer = (await refresh(client, token)).json()
    me = await client.get("/v1/me", headers={"Authorization": f"Bearer {answer['access_token']}"})
    assert me.json()["roles"] == ["subscriber"]


async def test_a_deleted_account_refreshes_nothing(client: AsyncClient, people: People) -> None:
    account = await account_of(people)
    token = (await sign_in(client, account))["refresh_token"]
    async with people.parts.database.write() as connection:
        await connection.execute(accounts_table.delete().where(accounts_table.c.id == account.id))
    assert _is_ended(await refresh(client, token))


async def test_signing_out_ends_the_whole_family_and_nothing_else(client: AsyncClient, people: People) -> None:
    account = await account_of(people)
    first = (await sign_in(client, account))["refresh_token"]
    elsewhere = (await sign_in(client, account))["refresh_token"]
    second = (await refresh(client, first)).json()["refresh_token"]
    response = await client.post(REVOKE, data={"token": first, "token_type_hint": "refresh_token"})
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["cache-control"] == "no-store"
    assert _is_ended(await refresh(client, second))
    assert (await refresh(client, elsewhere)).status_code == 200


async def test_what_is_unknown_is_signed_out_without_a_word(client: AsyncClient, people: People) -> None:
    answer = await sign_in(client, await account_of(people))
    for token in ("made-up", "не наш", "a.b.c", answer["access_token"][:-9], f"{answer['refresh_token']}A"):
        response = await client.post(REVOKE, data={"token": token, "token_type_hint": "anything"})
        assert (response.status_code, response.content) == (200, b""), token
    assert (await refresh(client, answer["refresh_token"])).status_code == 200
    assert (await client.post(REVOKE, data={"token": answer["refresh_token"]})).status_code == 200
    assert (await client.post(REVOKE, data={"token": answer["refresh_token"]})).status_code == 200


async def test_signing_out_nothing_is_an_error(client: AsyncClient) -> None:
    forms: list[Json] = [
        {},
        {"token": ""},
        {"token": ["a", "b"]},
        {"token": "\x00"},
        {"token": "a" * 8193},
        {"token": "a", "token_type_hint": "a" * 1025},
    ]
    for form in forms:
        response = await client.post(REVOKE, data=form)
        assert (response.status_code, without_id(response)["error"]) == (400, "invalid_request"), str(form)[:50]


async def test_an_answer_that_was_lost_is_told_once_more(
    client: AsyncClient, people: People, clock: Clock
) -> None:
    first = (await sign_in(client, await account_of(people)))["refresh_token"]
    second = (await refresh(client, first)).json()
    clock.move(seconds=29)
    again = (await refresh(client, first)).json()
    assert again["refresh_token"] == second["refresh_token"]
    assert again["access_token"] != second["access_token"]
    assert (await refresh(client, again["refresh_token"])).status_code == 200


@pytest.mark.parametrize("why", ["too late", "for the third time", "after somebody went on"])
async def test_any_other_second_use_is_theft_and_is_written_down(
    client: AsyncClient, people: People, clock: Clock, why: str
) -> None:
    account = await account_of(people)
    stolen = (await sign_in(client, account))["refresh_token"]
    second = (await refresh(client, stolen)).json()
    if why == "too late":
        clock.move(seconds=31)
    elif why == "for the third time":
        assert (await refresh(client, stolen)).status_code == 200
    else:
        second = (await refresh(client, second["refresh_token"])).json()
    assert _is_ended(await refresh(client, stolen))
    assert _is_ended(await refresh(client, second["refresh_token"]))
    me = await client.get("/v1/me", headers={"Authorization": f"Bearer {second['access_token']}"})
    assert me.status_code == 401
    async with people.parts.database.read() as connection:
        written = (await connection.execute(select(events.c.subject_id, events.c.action))).all()
    assert written == [(account.id, "end-session-of-stolen-token")]


async def test_the_successor_is_kept_so_that_only_its_predecessor_opens_it(
    client: AsyncClient, people: People
) -> None:
    first = (await sign_in(client, await account_of(people)))["refresh_token"]
    second = (await refresh(client, first)).json()["refresh_token"]
    async with people.parts.database.read() as connection:
        rows = (await connection.execute(select(refresh_tokens))).mappings().all()
    (kept,) = [row["successor"] for row in rows if row["successor"]]
    assert second.encode() not in kept
    assert second not in str(rows)
    await refresh(client, second)
    async with people.parts.database.read() as connection:
        rows = (await connection.execute(select(refresh_tokens))).mappings().all()
    opened = [row["digest"] for row in rows if row["successor"]]
    assert opened == [sessions.digest_of(second)], "who has an old token and the database gets no further by them"


async def test_used_tokens_are_remembered_for_as_long_as_a_session_lasts_unused(
    client: AsyncClient, people: People, clock: Clock
) -> None:
    token = (await sign_in(client, await account_of(people)))["refresh_token"]
    for _ in range(10):
        clock.move(days=20)
        token = (await refresh(client, token)).json()["refresh_token"]
    async with people.parts.database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(refresh_tokens)) == 4


async def test_whoever_sends_slowly_is_judged_by_when_they_have_sent(
    client: AsyncClient, people: People, clock: Clock
) -> None:
    """The head of a request comes before the token was used, and its body long after."""
    token = (await sign_in(client, await account_of(people)))["refresh_token"]
    successor = ""

    async def slow() -> AsyncIterator[bytes]:
        nonlocal successor
        yield b"grant_type=refresh_token&"
        successor = (await refresh(client, token)).json()["refresh_token"]
        clock.move(seconds=31)
        yield f"refresh_token={token}".encode()

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert _is_ended(await client.post("/v1/auth/token", content=slow(), headers=headers))
    assert _is_ended(await refresh(client, successor))


async def _race(client: AsyncClient, people: People) -> None:
    """Use one refresh token ten times at once: two get the same successor, the third says that it was stolen."""
    token = (await sign_in(client, await account_of(people)))["refresh_token"]
    responses = await asyncio.gather(*(refresh(client, token) for _ in range(10)))
    told = [response.json()["refresh_token"] for response in responses if response.status_code == 200]
    assert len(told) == 2
    assert len(set(told)) == 1
    assert sum(map(_is_ended, responses)) == 8
    assert _is_ended(await refresh(client, told[0]))
    async with people.parts.database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(refresh_tokens)) == 0


async def test_of_ten_uses_at_once_two_get_the_same_and_the_session_ends(
    client: AsyncClient, people: People
) -> None:
    await _race(client, people)


async def test_two_uses_at_once_are_one_phone_on_a_bad_line(client: AsyncClient, people: People) -> None:
    token = (await sign_in(client, await account_of(people)))["refresh_token"]
    first, second = await asyncio.gather(refresh(client, token), refresh(client, token))
    assert first.json()["refresh_token"] == second.json()["refresh_token"]
    assert (await refresh(client, first.json()["refresh_token"])).status_code == 200


async def test_a_sign_out_during_refreshes_leaves_nothing(client: AsyncClient, people: People) -> None:
    account = await account_of(people)
    for _ in range(5):
        token = (await sign_in(client, account))["refresh_token"]
        _, signed_out = await asyncio.gather(refresh(client, token), client.post(REVOKE, data={"token": token}))
        assert signed_out.status_code == 200
    async with people.parts.database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(refresh_tokens)) == 0


@pytest.mark.deep
async def test_no_race_ever_leaves_a_token(client: AsyncClient, people: People) -> None:
    for _ in range(10):
        await _race(client, people)
