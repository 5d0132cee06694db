"""The audit log: each change's event, written in the change's own transaction."""

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Event
from infra.tables import events, notes


async def record(
    connection: AsyncConnection, event: Event, *, event_id: str, from_address: str | None, note: str | None = None
) -> None:
    """Write down what happened, and from which network address; a note stands apart, so that no text is here."""
    await connection.execute(
        events.insert().values(
            id=event_id,
            subject=event.subject,
            subject_id=event.subject_id,
            action=event.action,
            version=event.version,
            revision=event.revision,
            by=event.by,
            from_address=from_address,
            at=event.at,
        )
    )
    if note:
        await connection.execute(notes.insert().values(event_id=event_id, text=note))
