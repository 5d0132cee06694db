"""Tags and contributors as readers know them: those with an article that is live now, and how many they have."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.credits import Contributor
from domain.headings import under
from domain.tags import Tag, TagKind
from infra.contributors import CONTRIBUTORS
from infra.listings import is_shown
from infra.naming import Kind, id_of
from infra.tables import listings, tags
from infra.tags import TAGS

Named = TypeVar("Named")


@dataclass(frozen=True, slots=True)
class Counted(Generic[Named]):
    """A tag or contributor, with the number of articles that are live now."""

    one: Named
    articles: int


async def live_tags(
    connection: AsyncConnection,
    *,
    now: datetime,
    slug: str | None = None,
    kind: TagKind | None = None,
    after: str = "",
    limit: int = 1,
) -> list[Counted[Tag]]:
    """Return tags that have a live article, in the order of their slugs; by `slug`, an old one too."""
    query = _counted(TAGS, now, after, limit, slug)
    if kind is not None:
        query = query.where(tags.c.kind == kind)
    return [Counted(TAGS.read(row), row.articles) for row in await connection.execute(query)]


async def live_contributors(
    connection: AsyncConnection, *, now: datetime, slug: str | None = None, after: str = "", limit: int = 1
) -> list[Counted[Contributor]]:
    """Return contributors that have a live article, in the order of their slugs; by `slug`, an old one too."""
    query = _counted(CONTRIBUTORS, now, after, limit, slug)
    return [Counted(CONTRIBUTORS.read(row), row.articles) for row in await connection.execute(query)]


def _counted(kind: Kind[Any], now: datetime, after: str, limit: int, slug: str | None) -> Select[Any]:
    table = kind.table
    shown = (listings.c.heading == literal(under(kind.word, "")) + table.c.id, is_shown(now))
    articles = select(func.count()).select_from(listings).where(*shown).correlate(table).scalar_subquery()
    has_any = select(literal(1)).select_from(listings).where(*shown).correlate(table).exists()
    query = select(table, articles.label("articles")).where(has_any)
    if slug is not None:
        return query.where(table.c.id == id_of(kind, slug))
    return query.where(table.c.slug > after).order_by(table.c.slug).limit(limit)
