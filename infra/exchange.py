"""Articles with all that is kept of them, to be exported."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.articles import Draft, Publication
from domain.teaser import Teaser
from domain.workflow import DraftState, PublicationState
from infra import documents
from infra.publications import publication_of
from infra.revisions import Revision
from infra.tables import articles, contributors, media, publications, revisions, tags, teasers
from infra.visibility import SUPERSEDED


@dataclass(frozen=True, slots=True)
class KeptEdition:
    """An edition: its header, its state as it is written down, and what of it everybody may read."""

    header: Publication
    state: Any
    teaser: Teaser
    reading_minutes: int


@dataclass(frozen=True, slots=True)
class Kept:
    """An article with its revisions and editions, oldest first."""

    id: str
    group_id: str
    version: int
    draft_state: DraftState
    created_by: str
    created_at: datetime
    updated_at: datetime
    saves: Sequence[tuple[Revision, Draft]]
    editions: Sequence[KeptEdition]


async def count(connection: AsyncConnection) -> int:
    """Return how many things there are to export."""
    total = 0
    for table in (tags, contributors):
        total += await connection.scalar(select(func.count()).where(table.c.merged_into.is_(None))) or 0
    for table in (media, articles):
        total += await connection.scalar(select(func.count()).select_from(table)) or 0
    return total


async def articles_after(connection: AsyncConnection, after: str, *, limit: int, now: datetime) -> list[Kept]:
    """Return the next articles in the order of their ids. An edition whose time has come is what it is by now."""
    query = select(articles).where(articles.c.id > after).order_by(articles.c.id).limit(limit)
    found = (await connection.execute(query)).all()
    ids = [row.id for row in found]
    saves, editions = await _saves(connection, ids), await _editions(connection, ids, now)
    return [
        Kept(
            row.id,
            row.group_id,
            row.version,
            documents.known(DraftState, row.draft_state, DraftState.SUBMITTED),
            row.created_by,
            row.created_at,
            row.updated_at,
            saves[row.id],
            editions[row.id],
        )
        for row in found
    ]


async def _saves(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, list[tuple[Revision, Draft]]]:
    query = select(revisions).where(revisions.c.article_id.in_(ids)).order_by(revisions.c.number)
    saves = defaultdict[str, list[tuple[Revision, Draft]]](list)
    for row in await connection.execute(query):
        revision = Revision(row.number, row.version, row.note, row.created_by, row.created_at)
        saves[row.article_id].append((revision, documents.load_draft(row.draft)))
    return saves


async def _editions(
    connection: AsyncConnection, ids: Sequence[str], now: datetime
) -> dict[str, list[KeptEdition]]:
    query = (
        select(publications, teasers.c.body)
        .join(teasers, teasers.c.publication_id == publications.c.id)
        .where(publications.c.article_id.in_(ids))
        .order_by(publications.c.number)
    )
    editions = defaultdict[str, list[KeptEdition]](list)
    for row in await connection.execute(query):
        editions[row.article_id].append(_edition(row, now))
    return editions


def _edition(row: Row[Any], now: datetime) -> KeptEdition:
    teaser = Teaser(documents.load_body(row.body), row.remaining_percent)
    return KeptEdition(
        publication_of(row), _settled(row, now), teaser, documents.load_front(row.front).reading_minutes
    )


def _settled(row: Row[Any], now: datetime) -> str:
    """Return an edition's state, once what was scheduled has taken over."""
    if row.state == PublicationState.LIVE and row.replaced_at and row.replaced_at <= now:
        return SUPERSEDED
    if row.state == PublicationState.SCHEDULED and row.live_from <= now:
        return PublicationState.LIVE
    return str(row.state)
