"""Moments: what time changes for readers is announced by whoever looks first. No worker has to run.

Readers' SQL compares times with `now`, so nothing shown is ever late. This is for those who follow changes by
their numbers: a moment that has come gets one before they look.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.people import Person
from infra import changes
from infra.db import Database, DatabaseBusy
from infra.publications import HEADER, publication_of
from infra.tables import counters, licences, publications
from infra.visibility import is_covered, is_live

AT_ONCE = 500
PATIENCE, PAUSE = 2.0, 0.01  # seconds

_LAST = select(counters.c.at).where(counters.c.name == changes.PUBLIC).scalar_subquery()
_NEXT = select(func.min(publications.c.next_change)).scalar_subquery()
_LOOK = select(_LAST, _NEXT)


async def announced(snapshot: AsyncConnection, database: Database, clock: Callable[[], datetime]) -> datetime:
    """Return the moment to read a snapshot at, once every moment up to it is announced in what it sees.

    It is not before any change that the snapshot holds. Where another machine's clock is ahead of ours, we wait
    for ours: to look ahead would show what is scheduled. The snapshot may be a newer one after this, so ask first.
    """
    waited = 0.0
    while waited < PATIENCE:
        now = clock()
        last, coming = (await snapshot.execute(_LOOK)).one()
        if last is not None and now < last:
            await asyncio.sleep(PAUSE)
            waited += PAUSE
        elif coming is None or now < coming:
            return now
        else:
            async with database.write_within(snapshot):  # the next statement begins a new snapshot
                await _note(snapshot, now)
    raise DatabaseBusy("clock")


async def announce(database: Database, now: datetime) -> None:
    """Announce the first of the moments that have come, as many as go at once."""
    async with database.write() as connection:
        await _note(connection, now)


async def _note(connection: AsyncConnection, now: datetime) -> None:
    due: Select[Any] = select(*HEADER).where(publications.c.next_change <= now)
    rows = await connection.execute(due.order_by(publications.c.id).limit(AT_ONCE).with_for_update())
    for publication in [publication_of(row) for row in rows]:
        changes.note(connection, "article", publication.article_id, at=now)
        await connection.execute(
            update(publications)
            .where(publications.c.id == publication.id)
            .values(next_change=publication.next_change(now))
        )


_LIFTED_TO = select(licences.c.lifted_to).where(licences.c.id == bindparam("licence_id")).scalar_subquery()


async def announced_to(
    person: Person, snapshot: AsyncConnection, database: Database, clock: Callable[[], datetime]
) -> datetime:
    """Return the moment to read a snapshot at, once the ends of a licence's delays are announced too."""
    while True:
        now, licence = await announced(snapshot, database, clock), person.licence
        if licence is None or not licence.delay:
            return now
        lifted = _lifted(person, now)
        if await snapshot.scalar(lifted.limit(1), {"licence_id": licence.id}) is None:
            return now
        async with database.write_within(snapshot):
            changes.note(snapshot, "delay", *await snapshot.scalars(lifted, {"licence_id": licence.id}))
            is_this = licences.c.id == licence.id
            await snapshot.execute(update(licences).where(is_this).values(lifted_to=now - licence.delay))


def _lifted(person: Person, now: datetime) -> Select[Any]:
    """Select what a licence gives since its delay has ended, and nobody has announced."""
    is_due = and_(is_covered(person, now=now), publications.c.published_at > _LIFTED_TO)
    return select(publications.c.article_id).where(is_live(now), is_due)


class Announcer:
    """Announces moments beside requests, one time after another; nobody waits for it but the program's end."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock
        self._task: asyncio.Task[None] | None = None

    def hurry(self) -> None:
        """See to it that the moments that have come are announced soon."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._announce())

    async def _announce(self) -> None:
        with suppress(DatabaseBusy):  # the next request tries again
            await announce(self._database, self._clock())

    async def stop(self) -> None:
        """Wait for what is being announced."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
