"""Contributors as rows."""

from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.credits import Contributor, ContributorKind
from domain.errors import Conflict, Stale
from infra.tables import contributors


def contributor_of(row: Row[Any]) -> Contributor:
    """Return the contributor that a row of `contributors` says."""
    return Contributor(row.id, row.slug, row.name, ContributorKind(row.kind), row.bio, row.version)


def _values(contributor: Contributor) -> dict[str, Any]:
    return {
        "id": contributor.id,
        "slug": contributor.slug,
        "name": contributor.name,
        "kind": contributor.kind,
        "bio": contributor.bio,
        "version": contributor.version,
    }


async def find(connection: AsyncConnection, slug: str) -> Contributor | None:
    """Return the contributor with this slug."""
    row = (await connection.execute(select(contributors).where(contributors.c.slug == slug))).one_or_none()
    return contributor_of(row) if row else None


async def ids_by_slug(connection: AsyncConnection, slugs: frozenset[str]) -> dict[str, str]:
    """Return the ids of those of these slugs that exist."""
    rows = await connection.execute(
        select(contributors.c.slug, contributors.c.id).where(contributors.c.slug.in_(slugs))
    )
    return {row.slug: row.id for row in rows}


async def page(connection: AsyncConnection, *, after: str, limit: int) -> list[Contributor]:
    """Return the next contributors in the order of their slugs."""
    rows = await connection.execute(
        select(contributors).where(contributors.c.slug > after).order_by(contributors.c.slug).limit(limit)
    )
    return [contributor_of(row) for row in rows]


async def add(connection: AsyncConnection, contributor: Contributor) -> None:
    """Add a contributor; the slug must be free."""
    if await find(connection, contributor.slug):
        raise Conflict("There is a contributor with this slug already.", rule="contributor-slug")
    await connection.execute(contributors.insert().values(**_values(contributor)))


async def save(connection: AsyncConnection, contributor: Contributor, *, read_version: int) -> None:
    """Save a changed contributor, unless somebody was faster."""
    holder = await find(connection, contributor.slug)
    if holder and holder.id != contributor.id:
        raise Conflict("There is a contributor with this slug already.", rule="contributor-slug")
    result = await connection.execute(
        update(contributors)
        .where(contributors.c.id == contributor.id, contributors.c.version == read_version)
        .values(**_values(contributor))
    )
    if result.rowcount != 1:
        raise Stale(current=contributor.version)
