"""Readers' meters: which whole articles they have taken in a period. It is written before they get a text."""

from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import NO_LEAVE, Leave, Reason, decide
from domain.meters import Metering
from domain.people import Person
from infra.db import Database
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
    found: Found,
    *,
    now: datetime,
) -> Leave:
    """Write down that a reader takes an article, if their meter allows it, and return what it says then.

    Of several requests at once each waits for the one before. The snapshot is a newer one afterwards.
    """
    account_id, article_id = person.account_id or "", found.publication.article_id
    own = meter_readings.c.account_id == account_id
    async with database.write_within(snapshot):
        is_this = (accounts.c.id == account_id) & ~accounts.c.is_blocked
        held = select(accounts.c.id).where(is_this).with_for_update(key_share=True)
        if await snapshot.scalar(held) is None:
            return NO_LEAVE  # it was removed or blocked meanwhile
        leave = await _standing(snapshot, metering, account_id, article_id, now=now)
        if leave.is_taken or leave.meter is None or leave.meter.is_exhausted:
            return leave
        await snapshot.execute(delete(meter_readings).where(own, meter_readings.c.read_at < metering.since(now)))
        row = {"account_id": account_id, "article_id": article_id, "read_at": now}
        await snapshot.execute(insert(meter_readings).values(row))
        return await _standing(snapshot, metering, account_id, article_id, now=now)


async def _standing(
    connection: AsyncConnection, metering: Metering, account_id: str, article_id: str, *, now: datetime
) -> Leave:
    read = meter_readings.c
    query = select(
        func.count(),
        func.min(read.read_at),
        func.count().filter(read.article_id == article_id),
    ).where(read.account_id == account_id, read.read_at >= metering.since(now))
    used, oldest, here = (await connection.execute(query)).one()
    return Leave(is_taken=bool(here), meter=metering.meter(used, oldest, now=now))
