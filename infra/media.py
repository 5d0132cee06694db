"""Pictures' rows: facts of the file, and what editors say of it. The bytes are in `storage.py`."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Stale
from domain.media import Facts, ImageType, Medium
from infra.publications import HEADER, publication_of
from infra.tables import contributors, media, publication_contributors, publication_media, publications
from infra.visibility import gate_is_open, is_live


def _medium(row: Row[Any]) -> Medium:
    facts = Facts(ImageType(row.content_type), row.width, row.height, row.size, row.digest)
    return Medium(
        row.id,
        facts,
        row.alt,
        row.caption,
        row.credit,
        row.licence,
        row.created_by,
        row.created_at,
        row.version,
    )


async def get(connection: AsyncConnection, media_id: str) -> Medium | None:
    """Return a medium."""
    row = (await connection.execute(select(media).where(media.c.id == media_id))).one_or_none()
    return _medium(row) if row else None


async def existing(
    connection: AsyncConnection, ids: frozenset[str], *, only_public_or: frozenset[str] | None, now: datetime
) -> frozenset[str]:
    """Return those of these ids that exist; if asked for, only the ones that everybody sees, or these."""
    query = select(media.c.id).where(media.c.id.in_(ids))
    if only_public_or is not None:
        query = query.where(or_(media.c.id.in_(only_public_or), _shown(behind_gates=False, now=now)))
    return frozenset((await connection.scalars(query)).all())


def _shown(*, behind_gates: bool, now: datetime) -> ColumnElement[bool]:
    shown = (
        select(publication_media.c.media_id)
        .join(publications, publications.c.id == publication_media.c.publication_id)
        .where(publication_media.c.media_id == media.c.id, is_live(now))
    )
    if not behind_gates:
        shown = shown.where(publication_media.c.in_teaser | gate_is_open(now))
    return or_(shown.exists(), _crediting(media.c.id).join(publications).where(is_live(now)).exists())


def _crediting(media_id: str | ColumnElement[str]) -> Select[Any]:
    """Select the publications that credit a contributor with this picture: it is as public as its contributor."""
    credited = select(publication_contributors.c.publication_id).join(contributors)
    return credited.where(contributors.c.media_id == media_id)


async def page(connection: AsyncConnection, *, before: str | None, limit: int) -> list[Medium]:
    """Return the next media, newest first."""
    query = select(media).order_by(media.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(media.c.id < before)
    return [_medium(row) for row in await connection.execute(query)]


async def find_live(
    connection: AsyncConnection, media_id: str, *, behind_gates: bool, now: datetime
) -> Medium | None:
    """Return a medium that a live publication shows to everybody, or, if asked for, behind its gate."""
    shown = _shown(behind_gates=behind_gates, now=now)
    row = (await connection.execute(select(media).where(media.c.id == media_id, shown))).one_or_none()
    return _medium(row) if row else None


async def next_change(connection: AsyncConnection, media_id: str, *, now: datetime) -> datetime | None:
    """Return the next moment at which a publication that shows the medium changes by itself."""
    holding = select(publication_media.c.publication_id).where(publication_media.c.media_id == media_id)
    moments = (publications.c[name] for name in ("live_until", "replaced_at", "holds_from", "holds_until"))
    query: Select[Any] = select(*HEADER).where(
        publications.c.id.in_(union(holding, _crediting(media_id))),
        is_live(now),
        or_(*(moment > now for moment in moments)),  # of the thousands that a contributor may have, few change
    )
    changes = [publication_of(row).next_change(now) for row in await connection.execute(query)]
    return min((change for change in changes if change), default=None)


async def add(connection: AsyncConnection, medium: Medium) -> None:
    """Add a medium."""
    await connection.execute(
        media.insert().values(
            id=medium.id,
            content_type=medium.facts.content_type,
            width=medium.facts.width,
            height=medium.facts.height,
            size=medium.facts.size,
            digest=medium.facts.digest,
            created_by=medium.created_by,
            created_at=medium.created_at,
            **_said(medium),
        )
    )


async def save(connection: AsyncConnection, medium: Medium, *, read_version: int) -> None:
    """Save what editors say of a medium, unless somebody was faster."""
    result = await connection.execute(
        update(media).where(media.c.id == medium.id, media.c.version == read_version).values(**_said(medium))
    )
    if result.rowcount != 1:
        raise Stale(current=medium.version)


def _said(medium: Medium) -> dict[str, Any]:
    return {
        "alt": medium.alt,
        "caption": medium.caption,
        "credit": medium.credit,
        "licence": medium.licence,
        "version": medium.version,
    }
