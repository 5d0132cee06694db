"""Previews as rows: a link to exactly one revision, for one kind of reader, until it ends or is revoked."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.previews import Preview, ReaderKind
from infra import documents
from infra.tables import previews


def _preview(row: Row[Any]) -> Preview:
    return Preview(
        id=row.id,
        article_id=row.article_id,
        revision=row.revision,
        kind=ReaderKind(row.kind),
        plans=documents.load_strings(row.plans),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


async def get(connection: AsyncConnection, preview_id: str) -> Preview | None:
    """Return a preview, be it over or not."""
    row = (await connection.execute(select(previews).where(previews.c.id == preview_id))).one_or_none()
    return _preview(row) if row and row.kind in set(ReaderKind) else None


async def open_ones(connection: AsyncConnection, article_id: str, *, now: datetime) -> list[Preview]:
    """Return the previews of an article that can still be read, newest first."""
    query = select(previews).where(
        previews.c.kind.in_(tuple(ReaderKind)),
        previews.c.article_id == article_id,
        previews.c.revoked_at.is_(None),
        previews.c.expires_at > now,
    )
    return [_preview(row) for row in await connection.execute(query.order_by(previews.c.id.desc()))]


async def add(connection: AsyncConnection, preview: Preview) -> None:
    """Add a preview."""
    await connection.execute(
        previews.insert().values(
            id=preview.id,
            article_id=preview.article_id,
            revision=preview.revision,
            kind=preview.kind,
            plans=documents.dump_strings(preview.plans),
            created_by=preview.created_by,
            created_at=preview.created_at,
            expires_at=preview.expires_at,
        )
    )


async def revoke(connection: AsyncConnection, preview: Preview, *, now: datetime) -> None:
    """End a preview; its link is good for nothing from now on."""
    await connection.execute(update(previews).where(previews.c.id == preview.id).values(revoked_at=now))
