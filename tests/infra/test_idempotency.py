"""Claims on keys: one at a time, taken over when their holder is dead, and good for nothing afterwards."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from domain.errors import Conflict, KeyReused
from infra import idempotency
from infra.db import Database
from infra.idempotency import KEPT_FOR, LEASE, SWEPT_AT_ONCE, Answer, Claim
from infra.tables import idempotency_keys

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
LATER = NOW + LEASE
ANSWER = Answer(201, (("ETag", '"1"'), ("X", "ü")), b"\x00made")


@pytest.fixture
def database(app: FastAPI) -> Database:
    found: Database = app.state.parts.database
    return found


async def claim(
    database: Database, by: str, *, key: str = "k", digest: str = "d", now: datetime = NOW
) -> Claim | Answer:
    async with database.write() as connection:
        return await idempotency.claim(connection, Claim("account", key, by), digest=digest, now=now)


async def keep(database: Database, by: str, answer: Answer = ANSWER) -> None:
    async with database.write() as connection:
        await idempotency.keep(connection, Claim("account", "k", by), answer)


async def proceed(database: Database, by: str, done: str, *, now: datetime = NOW) -> None:
    async with database.write() as connection:
        await idempotency.proceed(connection, Claim("account", "k", by), done, now=now)


async def release(database: Database, by: str, *, now: datetime = NOW) -> None:
    async with database.write() as connection:
        await idempotency.release(connection, Claim("account", "k", by), now=now)


async def count(database: Database) -> int:
    async with database.read() as connection:
        return int(await connection.scalar(select(func.count()).select_from(idempotency_keys)) or 0)


async def test_whoever_has_been_overtaken_can_neither_keep_nor_release_nor_proceed(database: Database) -> None:
    await claim(database, "first")
    assert await claim(database, "second", now=LATER) == Claim("account", "k", "second")
    for late in (keep(database, "first"), proceed(database, "first", "x")):
        with pytest.raises(Conflict, match="is running"):
            await late
    await release(database, "first", now=LATER)
    with pytest.raises(Conflict, match="is running"):
        await claim(database, "third", now=LATER)
    await keep(database, "second")
    assert await claim(database, "third", now=LATER) == ANSWER
    with pytest.raises(Conflict, match="is running"):
        await keep(database, "second", Answer(200, (), b"another"))
    await release(database, "second", now=LATER)
    assert await claim(database, "third", now=LATER) == ANSWER


async def test_of_many_that_claim_or_take_over_one_may(database: Database) -> None:
    for now in (NOW, LATER):
        claims = (claim(database, f"{at} {now.minute}", now=now) for at in range(10))
        found = await asyncio.gather(*claims, return_exceptions=True)
        assert sum(isinstance(one, Claim) for one in found) == 1
        assert {one.rule for one in found if isinstance(one, Conflict)} == {"idempotency-key-running"}


async def test_what_has_been_done_is_gone_on_with(database: Database) -> None:
    await claim(database, "first")
    await proceed(database, "first", "one\n")
    await proceed(database, "first", "two\n", now=NOW + LEASE / 2)
    with pytest.raises(Conflict):
        await claim(database, "second", now=LATER)  # each step is a sign of life
    assert await claim(database, "second", now=LATER + LEASE / 2) == Claim("account", "k", "second", "one\ntwo\n")
    await release(database, "second", now=LATER + LEASE / 2)
    with pytest.raises(KeyReused):
        await claim(database, "third", digest="other", now=LATER + LEASE / 2)
    assert await claim(database, "third", now=LATER + LEASE / 2) == Claim("account", "k", "third", "one\ntwo\n")


async def test_a_secret_is_not_kept(database: Database) -> None:
    await claim(database, "first")
    await keep(database, "first", Answer(201, None, None))
    with pytest.raises(Conflict) as refused:
        await claim(database, "second")
    assert refused.value.rule == "idempotency-key-secret"


async def test_an_answer_without_a_body_is_kept_too(database: Database) -> None:
    await claim(database, "first")
    await keep(database, "first", Answer(204, (), b""))
    assert await claim(database, "second") == Answer(204, (), b"")


async def test_what_is_a_day_old_is_void_however_much_there_is(database: Database) -> None:
    for at in range(SWEPT_AT_ONCE + 5):
        await claim(database, "x", key=f"old {at:03}")
    tomorrow = NOW + KEPT_FOR
    async with database.write() as connection:
        newest = Claim("account", f"old {SWEPT_AT_ONCE + 4:03}", "y")
        assert await idempotency.claim(connection, newest, digest="other", now=tomorrow) == newest
    assert await count(database) == 5  # what was asked for, and what was too much for once
    await claim(database, "z", now=tomorrow)
    assert await count(database) == 2


async def test_what_is_younger_is_not(database: Database) -> None:
    await claim(database, "first")
    await keep(database, "first")
    assert await claim(database, "second", now=NOW + KEPT_FOR - timedelta(seconds=1)) == ANSWER
