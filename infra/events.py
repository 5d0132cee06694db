"""The audit log: each change's event, written in the change's own transaction."""

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Event
from infra.tables import events


async def record(connection: AsyncConnection, event: Event, *, event_id: str, from_address: str | None) -> None:
    """Write down what happened, and from which network address."""
    await connection.execute(
        events.insert().values(
            id=event_id,
            subject=event.subject,
            subject_id=event.subject_id,
            action=event.action,
            version=event.version,
            by=event.by,
            from_address=from_address,
            at=event.at,
        )
    )
