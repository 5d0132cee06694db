"""What sitemaps read: the addresses of all that is live."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.headings import EVERYTHING
from infra.listings import is_shown
from infra.tables import listings, publications
from infra.visibility import is_live


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
    month = _month_of(connection, listings.c.published_at).label("month")
    query = (
        select(month, func.count().label("articles"), func.max(listings.c.updated_at).label("updated_at"))
        .where(listings.c.heading == EVERYTHING, is_shown(now))
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
        .where(listings.c.published_at >= since, listings.c.published_at < until)
        .order_by(listings.c.published_at, listings.c.article_id)
    )
    return [_address(row) for row in await connection.execute(query.offset(offset).limit(limit))]


async def published_since(
    connection: AsyncConnection, since: datetime, *, now: datetime, limit: int
) -> list[Address]:
    """Return addresses of what is live and was first published since then, the newest first."""
    query = _addresses(now).where(listings.c.published_at > since)
    query = query.order_by(listings.c.published_at.desc(), listings.c.article_id.desc())
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
    listed = listings.c.publication_id == publications.c.id
    return select(*columns).join(listings, listed).where(listings.c.heading == EVERYTHING, is_live(now))


def _address(row: Row[Any]) -> Address:
    return Address(**row._asdict())
