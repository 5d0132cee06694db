"""The audit log: each change's event, written in the change's own transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Event, Subject
from infra.tables import events, notes

_RECORD = insert(events)


async def record(
    connection: AsyncConnection, event: Event, *, event_id: str, from_address: str | None, note: str | None = None
) -> None:
    """Write down what happened, and from which network address; a note stands apart, so that no text is here."""
    await record_all(connection, {event_id: event}, from_address=from_address)
    if note:
        await connection.execute(notes.insert().values(event_id=event_id, text=note))


async def record_all(
    connection: AsyncConnection, happened: Mapping[str, Event], *, from_address: str | None = None
) -> None:
    """Write down what happened, each by the id of its event."""
    rows = [
        {
            "id": event_id,
            "subject": event.subject,
            "subject_id": event.subject_id,
            "action": event.action,
            "version": event.version,
            "revision": event.revision,
            "by": event.by,
            "from_address": from_address,
            "at": event.at,
        }
        for event_id, event in happened.items()
    ]
    await connection.execute(_RECORD, rows)


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked of the audit log. The fields are the only ways to filter."""

    subject: Subject | None = None
    subject_id: str | None = None
    by: str | None = None
    action: str | None = None
    at_after: datetime | None = None
    at_before: datetime | None = None
    before: tuple[datetime, str] | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it was written down, with what was said beside it."""

    id: str
    event: Event
    from_address: str | None
    note: str | None


async def page(
    connection: AsyncConnection,
    subject: Subject,
    subject_id: str,
    *,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Recorded]:
    """Return the next events of a thing, newest first."""
    query = (
        select(events, notes.c.text)
        .outerjoin(notes, notes.c.event_id == events.c.id)
        .where(events.c.subject == subject, events.c.subject_id == subject_id)
        .order_by(events.c.at.desc(), events.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(tuple_(events.c.at, events.c.id) < before)
    return [
        Recorded(
            row.id,
            _event(row),
            row.from_address,
            row.text,
        )
        for row in await connection.execute(query)
    ]


async def log(connection: AsyncConnection, listing: Listing, *, limit: int) -> list[Recorded]:
    """Return the next events of whatever it was, the latest first, without what was said beside them."""
    query = select(events).order_by(events.c.at.desc(), events.c.id.desc()).limit(limit)
    for name in ("subject", "subject_id", "by", "action"):
        if (value := getattr(listing, name)) is not None:
            query = query.where(events.c[name] == value)
    if listing.at_after is not None:
        query = query.where(events.c.at >= listing.at_after)
    if listing.at_before is not None:
        query = query.where(events.c.at < listing.at_before)
    if listing.before is not None:
        query = query.where(tuple_(events.c.at, events.c.id) < listing.before)
    rows = await connection.execute(query)
    return [Recorded(row.id, _event(row), row.from_address, None) for row in rows]


def _event(row: Row[Any]) -> Event:
    return Event(row.subject, row.subject_id, row.action, row.by, row.at, row.version, row.revision)
