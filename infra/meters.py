"""Readers' meters: which whole articles they have taken in a period. It is written before they get a text."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import NO_LEAVE, Leave, Reason, decide
from domain.errors import Conflict
from domain.meters import Metering, counted_from
from domain.people import ANONYMOUS, Person
from infra import accounts as account_rows
from infra import delivery
from infra.db import Database, DatabaseBusy
from infra.delivery import Found
from infra.tables import accounts, meter_readings


async def look(
    snapshot: AsyncConnection, metering: Metering, person: Person, found: Found, leave: Leave, *, now: datetime
) -> Leave | None:
    """Return what a reader's meter says of an article, or nothing where it has no say: it is asked last."""
    if not metering.articles or not _is_metered(found, person, leave, metering, now):
        return None
    return await _standing(snapshot, metering, person.account_id or "", found.publication.article_id, now=now)


def _is_metered(found: Found, person: Person, leave: Leave, metering: Metering, now: datetime) -> bool:
    """Whether it is the meter that would open the article."""
    as_if_taken = Leave(is_taken=True, meter=metering.meter(0, None, now=now), is_gift=leave.is_gift)
    return decide(found.item, person, as_if_taken, now=now).reason is Reason.METERED


async def debit(
    snapshot: AsyncConnection,
    database: Database,
    metering: Metering,
    person: Person,
    article_id: str,
    *,
    clock: Callable[[], datetime],
) -> tuple[Person, Leave]:
    """Write down that a reader takes an article, if their meter opens it, and return who reads with what leave.

    Of several requests at once each waits for the one before, and what changed meanwhile decides. The snapshot is
    a newer one afterwards. Whatever keeps it from being written is `DatabaseBusy`.
    """
    try:
        async with database.write_soon(snapshot):
            held = select(accounts.c.id).where(accounts.c.id == person.account_id)
            await snapshot.execute(held.with_for_update(key_share=True))
            return await _debit(snapshot, metering, person, article_id, now=clock())
    except (DBAPIError, Conflict) as error:
        raise DatabaseBusy("debit") from error


async def _debit(
    connection: AsyncConnection, metering: Metering, person: Person, article_id: str, *, now: datetime
) -> tuple[Person, Leave]:
    account_id = person.account_id or ""
    account = await account_rows.get(connection, account_id, now=now)
    if account is None:
        return ANONYMOUS, NO_LEAVE
    person = account.still(person)
    found = await delivery.find(connection, article_id, is_id=True, language=None, default_language="", now=now)
    leave = await look(connection, metering, person, found, NO_LEAVE, now=now)
    if leave is None or leave.is_taken or leave.meter is None or leave.meter.is_exhausted:
        return person, leave or NO_LEAVE
    own = meter_readings.c.account_id == account_id
    await connection.execute(delete(meter_readings).where(own, meter_readings.c.read_at < metering.since(now)))
    row = {"account_id": account_id, "article_id": article_id, "read_at": now}
    await connection.execute(insert(meter_readings).values(row))
    return person, await _standing(connection, metering, account_id, article_id, now=now)


async def _standing(
    connection: AsyncConnection, metering: Metering, account_id: str, article_id: str, *, now: datetime
) -> Leave:
    read = meter_readings.c
    counted = (read.account_id == account_id, read.read_at >= metering.since(now))
    last_too_many = select(read.read_at).where(*counted).order_by(read.read_at.desc())
    query = select(
        func.count(),
        func.coalesce(
            last_too_many.offset(metering.articles - 1).limit(1).scalar_subquery(), func.min(read.read_at)
        ),
        func.count().filter(read.article_id == article_id),
    ).where(*counted)
    used, first, here = (await connection.execute(query)).one()
    return Leave(is_taken=bool(here), meter=metering.meter(used, first, now=now))


async def sweep(database: Database, now: datetime) -> None:
    """Forget what was read so long ago that it counts for nothing."""
    is_over = meter_readings.c.read_at < counted_from(now)
    async with database.read() as connection:
        found = await connection.scalar(select(meter_readings.c.account_id).where(is_over).limit(1))
    if found is not None:
        async with database.write() as connection:
            await connection.execute(delete(meter_readings).where(is_over))
