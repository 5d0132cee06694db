"""Pictures' rows: facts of the file, and what editors say of it. The bytes are in `storage.py`."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Stale, Use
from domain.media import Facts, Focus, ImageType, Medium
from domain.people import Person
from domain.permissions import may_see_article
from infra import changes, documents
from infra.publications import HEADER, publication_of
from infra.tables import (
    articles,
    contributors,
    draft_links,
    media,
    publication_contributors,
    publication_media,
    publications,
    revisions,
)
from infra.visibility import gate_is_open, holds, is_live, was_replaced

MAX_USES = 100


def _medium(row: Row[Any]) -> Medium:
    return Medium(
        id=row.id,
        facts=Facts(ImageType(row.content_type), row.width, row.height, row.size, row.digest),
        alt=row.alt,
        caption=row.caption,
        credit=row.credit,
        licence=row.licence,
        created_by=row.created_by,
        created_at=row.created_at,
        version=row.version,
        uploaded_digest=row.uploaded_digest,
        renditions=documents.load_renditions(row.renditions),
        placeholder=row.placeholder,
        focal_point=None if row.focal_x is None else Focus(row.focal_x, row.focal_y),
        suggested_credit=row.suggested_credit,
        may_be_syndicated=row.may_be_syndicated,
    )


async def get(connection: AsyncConnection, media_id: str) -> Medium | None:
    """Return a medium."""
    row = (await connection.execute(select(media).where(media.c.id == media_id))).one_or_none()
    return _medium(row) if row else None


async def find_uploaded(connection: AsyncConnection, digest: str) -> Medium | None:
    """Return the medium that was made of a file with this digest, or is that very file."""
    is_it = or_(media.c.uploaded_digest == digest, media.c.digest == digest)
    row = (await connection.execute(select(media).where(is_it).order_by(media.c.id).limit(1))).one_or_none()
    return _medium(row) if row else None


async def of(connection: AsyncConnection, ids: frozenset[str]) -> dict[str, Medium]:
    """Return those of these media that exist, by their ids."""
    rows = await connection.execute(select(media).where(media.c.id.in_(ids)))
    return {row.id: _medium(row) for row in rows}


async def versions(connection: AsyncConnection, ids: frozenset[str]) -> dict[str, int]:
    """Return the versions of those of these media that exist; they stay as they are until the transaction ends."""
    query = select(media.c.id, media.c.version).where(media.c.id.in_(ids)).with_for_update(read=True)
    return {row.id: row.version for row in await connection.execute(query)}


async def existing(
    connection: AsyncConnection, ids: frozenset[str], *, only_public_or: frozenset[str] | None, now: datetime
) -> frozenset[str]:
    """Return those of these ids that exist; if asked for, only the ones that everybody sees, or these.

    They stay until the caller's transaction ends, so that nobody removes what a draft is about to name.
    """
    query = select(media.c.id).where(media.c.id.in_(ids)).with_for_update(read=True, key_share=True)
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


async def in_order(connection: AsyncConnection, *, after: str, limit: int) -> list[Medium]:
    """Return the next media in the order of their ids."""
    query = select(media).where(media.c.id > after).order_by(media.c.id).limit(limit)
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
            uploaded_digest=medium.uploaded_digest,
            placeholder=medium.placeholder,
            suggested_credit=medium.suggested_credit,
            created_by=medium.created_by,
            created_at=medium.created_at,
            **_said(medium),
        )
    )


async def save(connection: AsyncConnection, medium: Medium, *, read_version: int) -> None:
    """Save what editors say of a medium, and its renditions, unless somebody was faster."""
    result = await connection.execute(
        update(media).where(media.c.id == medium.id, media.c.version == read_version).values(**_said(medium))
    )
    if result.rowcount != 1:
        raise Stale(current=medium.version)
    changes.note(connection, "medium", medium.id)


async def remove(connection: AsyncConnection, medium: Medium, *, now: datetime) -> None:
    """Remove a medium that nothing uses any more, unless somebody was faster."""
    replaced = select(publications.c.id).where(was_replaced(now))
    await connection.execute(
        delete(publication_media).where(
            publication_media.c.media_id == medium.id, publication_media.c.publication_id.in_(replaced)
        )
    )
    result = await connection.execute(
        delete(media).where(media.c.id == medium.id, media.c.version == medium.version)
    )
    if result.rowcount != 1:
        raise Stale(current=medium.version)


async def lock(connection: AsyncConnection, media_id: str) -> Medium | None:
    """Return a medium that nobody else can change or begin to use before the transaction ends."""
    query = select(media).where(media.c.id == media_id).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    return _medium(row) if row else None


async def is_shown(connection: AsyncConnection, media_id: str, *, now: datetime) -> bool:
    """Whether anything that is live, or will be, holds the medium."""
    query = (
        select(publication_media.c.media_id)
        .join(publications, publications.c.id == publication_media.c.publication_id)
        .where(publication_media.c.media_id == media_id, holds(), ~was_replaced(now))
        .limit(1)
    )
    return await connection.scalar(query) is not None


async def uses(connection: AsyncConnection, media_id: str, *, by: Person, now: datetime) -> tuple[Use, ...]:
    """Return where a medium is used, newest article first: working drafts, editions, contributors' pictures.

    Editions that others have taken the place of don't count. Titles are told where the person may see the draft.
    """
    drafts = select(draft_links.c.article_id).where(
        draft_links.c.kind == "medium", draft_links.c.target_id == media_id
    )
    editions = (
        select(publications.c.article_id)
        .join(publication_media, publication_media.c.publication_id == publications.c.id)
        .where(publication_media.c.media_id == media_id, ~was_replaced(now))
    )
    named = (
        select(articles.c.id, articles.c.created_by, revisions.c.draft)
        .join(revisions, (revisions.c.article_id == articles.c.id) & (revisions.c.number == articles.c.revision))
        .where(articles.c.id.in_(drafts.union(editions)))
        .order_by(articles.c.id.desc())
        .limit(MAX_USES)
    )
    makers = select(contributors.c.id, contributors.c.name).where(
        contributors.c.media_id == media_id, contributors.c.merged_into.is_(None)
    )
    return (
        *(_article_use(row, by) for row in await connection.execute(named)),
        *(
            Use("contributor", row.id, row.name)
            for row in await connection.execute(makers.order_by(contributors.c.slug).limit(MAX_USES))
        ),
    )


def _article_use(row: Any, by: Person) -> Use:  # noqa: ANN401 - a row
    is_told = may_see_article(by, row.created_by)
    return Use("article", row.id, documents.load_draft(row.draft).title if is_told else None)


def _said(medium: Medium) -> dict[str, Any]:
    return {
        "alt": medium.alt,
        "caption": medium.caption,
        "credit": medium.credit,
        "licence": medium.licence,
        "focal_x": medium.focal_point.x if medium.focal_point else None,
        "focal_y": medium.focal_point.y if medium.focal_point else None,
        "may_be_syndicated": medium.may_be_syndicated,
        "renditions": documents.dump_renditions(medium.renditions),
        "version": medium.version,
    }
