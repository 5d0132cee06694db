"""Requests that may be sent again: whose key is being worked on, and what was answered to it.

A key is claimed in a transaction of its own, so that everybody sees it; the answer is kept in the transaction of
what it tells. So after a crash there is both or neither, and a request that was too slow cannot act any more.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict, KeyReused
from infra.db import Database, savepoint
from infra.tables import idempotency_keys as keys

KEPT_FOR = timedelta(days=1)
LEASE = timedelta(seconds=60)  # no request takes that long between two signs of life: its process has died
SWEPT_AT_ONCE = 100
STILL_RUNNING = "idempotency-key-running"
SHOWN_ONCE = "idempotency-key-secret"


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody's work on a key. `id` is new with each attempt; `progress` is what earlier ones have done."""

    account_id: str
    key: str
    id: str
    progress: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. One that shows a secret is kept without headers and body."""

    status: int
    headers: tuple[tuple[str, str], ...] | None
    body: bytes | None


async def claim(
    connection: AsyncConnection, wanted: Claim, *, digest: str, now: datetime, or_digests: Collection[str] = ()
) -> Claim | Answer:
    """Return the claim, ours from here on, or the answer that was given; refuse what is neither.

    `digest` is the request's, `or_digests` what it would have been before: a key stands for one request only.
    """
    await connection.execute(delete(keys).where(_of(wanted), keys.c.created_at <= now - KEPT_FOR))
    await _sweep(connection, now)
    row = (await connection.execute(select(keys).where(_of(wanted)))).one_or_none()
    if row is None:
        return await _take(connection, wanted, digest, now)
    if row.request_digest not in {digest, *or_digests}:
        raise KeyReused
    if row.status is not None:
        return _answer(row)
    return await _take_over(connection, wanted, row, now)


async def _take(connection: AsyncConnection, wanted: Claim, digest: str, now: datetime) -> Claim:
    try:
        async with savepoint(connection):
            await connection.execute(
                insert(keys).values(
                    account_id=wanted.account_id,
                    key=wanted.key,
                    request_digest=digest,
                    claim=wanted.id,
                    claimed_at=now,
                    created_at=now,
                )
            )
    except Conflict:
        raise _running() from None  # somebody has come a moment earlier
    return wanted


async def _take_over(connection: AsyncConnection, wanted: Claim, row: Any, now: datetime) -> Claim:  # noqa: ANN401
    """Go on where a request has died; of several that try, one may."""
    if row.claimed_at + LEASE > now:
        raise _running()
    before = Claim(wanted.account_id, wanted.key, row.claim)
    await _change(connection, before, claim=wanted.id, claimed_at=now)
    return Claim(wanted.account_id, wanted.key, wanted.id, row.progress or "")


def _answer(row: Any) -> Answer:  # noqa: ANN401 - a row
    if row.body is None:
        raise Conflict("It was done, and its answer is shown only once.", rule=SHOWN_ONCE)
    return Answer(row.status, tuple((name, value) for name, value in json.loads(row.headers)), row.body)


async def proceed(connection: AsyncConnection, mine: Claim, done: str, *, now: datetime) -> None:
    """Add to what has been done, in the transaction that does it, and show that somebody is alive."""
    progress = func.coalesce(keys.c.progress, "") + done
    await _change(connection, mine, progress=progress, claimed_at=now)


async def keep(connection: AsyncConnection, mine: Claim, answer: Answer) -> None:
    """Keep the answer in the transaction of what it tells, unless somebody has taken over."""
    headers = None if answer.headers is None else json.dumps(answer.headers)
    await _change(connection, mine, status=answer.status, headers=headers, body=answer.body, progress=None)


async def release(connection: AsyncConnection, mine: Claim, *, now: datetime) -> None:
    """Give back a key whose request came to nothing; what was done in part is there to be gone on with."""
    running = and_(_of(mine), keys.c.claim == mine.id, keys.c.status.is_(None))
    gone = await connection.execute(delete(keys).where(running, keys.c.progress.is_(None)))
    if gone.rowcount == 0:
        await connection.execute(update(keys).where(running).values(claimed_at=now - LEASE))


async def _change(connection: AsyncConnection, mine: Claim, **values: Any) -> None:  # noqa: ANN401 - columns
    """Change what is ours and running, or refuse: then it is somebody else's by now."""
    running = and_(_of(mine), keys.c.claim == mine.id, keys.c.status.is_(None))
    if (await connection.execute(update(keys).where(running).values(**values))).rowcount != 1:
        raise _running()


async def sweep(database: Database, now: datetime) -> None:
    """Remove all that is void, where nobody may come with a key for a long time."""
    is_void = keys.c.created_at <= now - KEPT_FOR
    async with database.read() as connection:
        found = await connection.scalar(select(keys.c.key).where(is_void).limit(1))
    if found is not None:
        async with database.write() as connection:
            await connection.execute(delete(keys).where(is_void))


async def forget(connection: AsyncConnection, account_id: str) -> None:
    """Remove an account's own keys, and of answers to others that tell of it all but that they were given.

    Those keys stay used: the same request again would make what was just removed.
    """
    await connection.execute(delete(keys).where(keys.c.account_id == account_id))
    await connection.execute(update(keys).where(_tells_of(connection, account_id)).values(headers=None, body=None))


def _tells_of(connection: AsyncConnection, account_id: str) -> ColumnElement[bool]:
    """Whether an answer is an account, or something of its; who wrote an article is told by another member."""
    needle = f'id":"{account_id}"'.encode()  # "id" or "account_id"
    if connection.dialect.name == "sqlite":
        return func.instr(keys.c.body, needle) > 0
    return keys.c.body.bool_op("LIKE")(b"%" + needle + b"%")


async def _sweep(connection: AsyncConnection, now: datetime) -> None:
    """Remove some of what is void. Whoever comes does a little, and nobody waits for anybody."""
    void = (
        select(keys.c.account_id, keys.c.key)
        .where(keys.c.created_at <= now - KEPT_FOR)
        .limit(SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    # In two steps: PostgreSQL may ask the query within a `DELETE` again, and then removes more than it may.
    found = [tuple(row) for row in await connection.execute(void)]
    if found:
        await connection.execute(delete(keys).where(tuple_(keys.c.account_id, keys.c.key).in_(found)))


def _of(claimed: Claim) -> ColumnElement[bool]:
    return and_(keys.c.account_id == claimed.account_id, keys.c.key == claimed.key)


def _running() -> Conflict:
    return Conflict("A request with this key is running. Send it again in a moment.", rule=STILL_RUNNING)
