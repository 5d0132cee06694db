"""Moments: what time changes for readers is announced by whoever looks first. No worker has to run.

Readers' SQL compares times with `now`, so nothing shown is ever late. This is for those who follow changes by
their numbers: a moment that has come gets one before they look.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from infra import changes
from infra.db import Database, DatabaseBusy
from infra.publications import HEADER, publication_of
from infra.tables import counters, publications

AT_ONCE = 500
TRIES = 20

_LAST = select(counters.c.at).where(counters.c.name == changes.PUBLIC).scalar_subquery()
_NEXT = select(func.min(publications.c.next_change)).scalar_subquery()
_LOOK = select(_LAST, _NEXT)


async def announced(snapshot: AsyncConnection, database: Database, *, now: datetime) -> datetime:
    """Return the moment to read from a snapshot at, once every moment up to it is announced in what it sees.

    It is not before any change that the snapshot holds, whichever machine's clock that one was made by. The
    snapshot may be a newer one after this, so ask first.
    """
    for _ in range(TRIES):
        last, coming = (await snapshot.execute(_LOOK)).one()
        at = max(now, last) if last else now
        if coming is None or coming > at:
            return at
        await snapshot.rollback()  # the next statement begins a new snapshot
        await announce(database, at)
    raise DatabaseBusy("moments")


async def announce(database: Database, now: datetime) -> None:
    """Announce the first of the moments that have come, as many as go at once."""
    due: Select[Any] = select(*HEADER).where(publications.c.next_change <= now)
    async with database.write() as connection:
        rows = await connection.execute(due.order_by(publications.c.id).limit(AT_ONCE).with_for_update())
        for publication in [publication_of(row) for row in rows]:
            changes.note(connection, "article", publication.article_id, at=now)
            await connection.execute(
                update(publications)
                .where(publications.c.id == publication.id)
                .values(next_change=publication.next_change(now))
            )
