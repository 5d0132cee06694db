"""Revisions: every save of a draft, for ever. They are added by `articles.py` and never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.articles import Draft
from infra import documents
from infra.tables import revisions

_FACTS = (
    revisions.c.number,
    revisions.c.version,
    revisions.c.note,
    revisions.c.created_by,
    revisions.c.created_at,
)


@dataclass(frozen=True, slots=True)
class Revision:
    """A save: who, when, and what they said of it. `version` is what the article's became."""

    number: int
    version: int
    note: str | None
    created_by: str
    created_at: datetime


def _revision(row: Row[Any]) -> Revision:
    return Revision(row.number, row.version, row.note, row.created_by, row.created_at)


def _of(article_id: str) -> Select[Any]:
    return select(*_FACTS).where(revisions.c.article_id == article_id)


async def page(connection: AsyncConnection, article_id: str, *, before: int | None, limit: int) -> list[Revision]:
    """Return the next revisions of an article, newest first, without their texts."""
    query = _of(article_id).order_by(revisions.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(revisions.c.number < before)
    return [_revision(row) for row in await connection.execute(query)]


async def get(connection: AsyncConnection, article_id: str, number: int) -> tuple[Revision, Draft] | None:
    """Return a revision with its draft."""
    query = _of(article_id).add_columns(revisions.c.draft).where(revisions.c.number == number)
    row = (await connection.execute(query)).one_or_none()
    return (_revision(row), documents.load_draft(row.draft)) if row else None


async def draft_at(connection: AsyncConnection, article_id: str, *, version: int) -> Draft | None:
    """Return the draft that an article had at one of its versions."""
    query = (
        select(revisions.c.draft)
        .where(revisions.c.article_id == article_id, revisions.c.version <= version)
        .order_by(revisions.c.number.desc())
        .limit(1)
    )
    text = await connection.scalar(query)
    return documents.load_draft(text) if text else None
