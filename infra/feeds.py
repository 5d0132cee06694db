"""What feeds and sitemaps read: the newest articles, and the addresses of all that is live."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra import documents
from infra.delivery import Found
from infra.naming import id_of
from infra.publications import HEADER, publication_of
from infra.tables import publications
from infra.tags import TAGS
from infra.visibility import is_live


async def newest(
    connection: AsyncConnection, *, tags: Sequence[str], language: str | None, now: datetime, limit: int
) -> list[Found]:
    """Return the newest articles, of a language and with all of these tags, by their slugs of now or before."""
    query = select(*HEADER, publications.c.front, publications.c.remaining_percent).where(is_live(now))
    for slug in tags:
        tagged = select(TAGS.publications.c.publication_id).where(TAGS.named == id_of(TAGS, slug))
        query = query.where(publications.c.id.in_(tagged))
    if language is not None:
        query = query.where(publications.c.language == language)
    rows = await connection.execute(_newest_first(query).limit(limit))
    return [Found(publication_of(row), documents.load_front(row.front), row.remaining_percent) for row in rows]


@dataclass(frozen=True, slots=True)
class Address:
    """What a sitemap tells of an article."""

    article_id: str
    slug: str
    language: str
    title: str
    published_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Month:
    """A month (`2026-01`) in which articles that are live were first published."""

    name: str
    articles: int
    updated_at: datetime


async def months(connection: AsyncConnection, *, now: datetime) -> list[Month]:
    """Return the months of all that is live, the oldest first."""
    month = _month_of(connection, publications.c.published_at).label("month")
    query = (
        select(month, func.count().label("articles"), func.max(publications.c.updated_at).label("updated_at"))
        .where(is_live(now))
        .group_by("month")
        .order_by("month")
    )
    return [Month(row.month, row.articles, row.updated_at) for row in await connection.execute(query)]


def _month_of(connection: AsyncConnection, moment: ColumnElement[datetime]) -> ColumnElement[str]:
    """Return the month of a time in UTC, as each of the databases says it."""
    if connection.dialect.name == "sqlite":
        return func.strftime("%Y-%m", moment)
    return func.to_char(func.timezone("UTC", moment), "YYYY-MM")


async def published_between(
    connection: AsyncConnection, since: datetime, until: datetime, *, now: datetime, offset: int, limit: int
) -> list[Address]:
    """Return addresses of what is live and was first published in a span of time, the oldest first."""
    query = (
        _addresses(now)
        .where(publications.c.published_at >= since, publications.c.published_at < until)
        .order_by(publications.c.published_at, publications.c.article_id)
    )
    return [_address(row) for row in await connection.execute(query.offset(offset).limit(limit))]


async def published_since(
    connection: AsyncConnection, since: datetime, *, now: datetime, limit: int
) -> list[Address]:
    """Return addresses of what is live and was first published since then, the newest first."""
    query = _newest_first(_addresses(now).where(publications.c.published_at > since))
    return [_address(row) for row in await connection.execute(query.limit(limit))]


def _addresses(now: datetime) -> Select[Any]:
    columns = (
        publications.c.article_id,
        publications.c.slug,
        publications.c.language,
        publications.c.title,
        publications.c.published_at,
        publications.c.updated_at,
    )
    return select(*columns).where(is_live(now))


def _address(row: Row[Any]) -> Address:
    return Address(**row._asdict())


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(publications.c.published_at.desc(), publications.c.article_id.desc())
