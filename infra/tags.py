"""Tags as rows."""

from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict, Stale
from domain.tags import Tag, TagKind
from infra import documents
from infra.tables import tags


def tag_of(row: Row[Any]) -> Tag:
    """Return the tag that a row of `tags` says."""
    return Tag(row.id, row.slug, row.name, TagKind(row.kind), documents.load_names(row.names), row.version)


def _values(tag: Tag) -> dict[str, Any]:
    return {
        "id": tag.id,
        "slug": tag.slug,
        "name": tag.name,
        "kind": tag.kind,
        "names": documents.dump_names(tag.names),
        "version": tag.version,
    }


async def find(connection: AsyncConnection, slug: str) -> Tag | None:
    """Return the tag with this slug."""
    row = (await connection.execute(select(tags).where(tags.c.slug == slug))).one_or_none()
    return tag_of(row) if row else None


async def ids_by_slug(connection: AsyncConnection, slugs: frozenset[str]) -> dict[str, str]:
    """Return the ids of those of these slugs that exist."""
    rows = await connection.execute(select(tags.c.slug, tags.c.id).where(tags.c.slug.in_(slugs)))
    return {row.slug: row.id for row in rows}


async def page(connection: AsyncConnection, *, after: str, limit: int) -> list[Tag]:
    """Return the next tags in the order of their slugs."""
    rows = await connection.execute(select(tags).where(tags.c.slug > after).order_by(tags.c.slug).limit(limit))
    return [tag_of(row) for row in rows]


async def add(connection: AsyncConnection, tag: Tag) -> None:
    """Add a tag; its slug must be free."""
    if await find(connection, tag.slug):
        raise Conflict("There is a tag with this slug already.", rule="tag-slug")
    await connection.execute(tags.insert().values(**_values(tag)))


async def save(connection: AsyncConnection, tag: Tag, *, read_version: int) -> None:
    """Save a changed tag, unless somebody was faster."""
    holder = await find(connection, tag.slug)
    if holder and holder.id != tag.id:
        raise Conflict("There is a tag with this slug already.", rule="tag-slug")
    result = await connection.execute(
        update(tags).where(tags.c.id == tag.id, tags.c.version == read_version).values(**_values(tag))
    )
    if result.rowcount != 1:
        raise Stale(current=tag.version)
