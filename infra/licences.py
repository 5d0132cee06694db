"""Licences as rows. One that names a tag or a contributor is about all that was merged with it, too."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Table, bindparam, delete, func, insert, literal, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict, Stale
from domain.headings import EVERYTHING, from_source, under
from domain.licences import MINUTE, Field, Licence, Reach
from infra import ledger
from infra.tables import contributors, licence_contributors, licence_tags, licences, tags

TAG, CONTRIBUTOR = "tag", "contributor"


def _names(word: str, links: Table, table: Table) -> Select[Any]:
    """Select what licences name of a kind: all that counts as one of these, and whether it stands for itself."""
    named, same = table.alias(), table.alias()
    stands, link = func.coalesce(named.c.merged_into, named.c.id), links.c[f"{word}_id"]
    return (
        select(links.c.licence_id, literal(word).label("kind"), same.c.id, (same.c.id == stands).label("stands"))
        .join(named, named.c.id == link)
        .join(same, or_(same.c.id == stands, same.c.merged_into == stands))
        .where(links.c.licence_id.in_(bindparam("licence_ids", expanding=True)))
    )


_NAMED = union_all(_names(TAG, licence_tags, tags), _names(CONTRIBUTOR, licence_contributors, contributors))
_OF_CLIENT = select(licences).where(licences.c.client_id == bindparam("client_id"))


async def of_client(connection: AsyncConnection, client_id: str) -> Licence | None:
    """Return the licence that a client has, be it running or not."""
    return await _one(connection, _OF_CLIENT, client_id=client_id)


async def get(connection: AsyncConnection, licence_id: str) -> Licence | None:
    """Return a licence, be it running or not."""
    return await _one(connection, select(licences).where(licences.c.id == licence_id))


async def page(
    connection: AsyncConnection, *, client_id: str | None, before: str | None, limit: int
) -> list[Licence]:
    """Return the next licences, the newest first; those of a client only, if one is named."""
    query = select(licences).order_by(licences.c.id.desc()).limit(limit)
    if client_id is not None:
        query = query.where(licences.c.client_id == client_id)
    if before is not None:
        query = query.where(licences.c.id < before)
    return await _licences(connection, (await connection.execute(query)).all())


async def _one(connection: AsyncConnection, query: Select[Any], **given: str) -> Licence | None:
    found = await _licences(connection, (await connection.execute(query, given)).all())
    return found[0] if found else None


async def _licences(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Licence]:
    ids = [row.id for row in rows if not row.everything]
    named = (await connection.execute(_NAMED, {"licence_ids": ids})).all() if ids else []
    return [_licence(row, [name for name in named if name.licence_id == row.id]) for row in rows]


def _licence(row: Row[Any], named: Sequence[Row[Any]]) -> Licence:
    standing = {
        kind: tuple(sorted({name.id for name in named if name.kind == kind and name.stands}))
        for kind in (TAG, CONTRIBUTOR)
    }
    reach = Reach(
        row.everything,
        standing[TAG],
        standing[CONTRIBUTOR],
        tuple(json.loads(row.languages)),
        tuple(json.loads(row.sources)),
    )
    return Licence(
        id=row.id,
        client_id=row.client_id,
        reach=reach,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        fields=frozenset(Field(one) for one in json.loads(row.fields) if one in set(Field)),
        delay=row.delay_minutes * MINUTE,
        usage_terms=row.usage_terms,
        quota=row.quota,
        version=row.version,
        headings=headings_of(reach, (under(name.kind, name.id) for name in named)),
    )


def headings_of(reach: Reach, named: Iterable[str]) -> tuple[frozenset[str], ...]:
    """Return the headings that a licence is about, a set for each of its conditions; `named` are those of ids."""
    if reach.everything:
        return (frozenset({EVERYTHING}),)
    ids = frozenset(named)
    conditions = (
        (reach.tag_ids, {one for one in ids if one.startswith(under(TAG, ""))}),
        (reach.contributor_ids, {one for one in ids if one.startswith(under(CONTRIBUTOR, ""))}),
        (reach.languages, {under("language", language) for language in reach.languages}),
        (reach.sources, {from_source(name) for name in reach.sources}),
    )
    return tuple(frozenset(some) for is_named, some in conditions if is_named)


async def slugs_of(connection: AsyncConnection, some: Iterable[Licence]) -> dict[str, str]:
    """Return the slugs of the tags and contributors that licences name, by their ids."""
    reaches = [one.reach for one in some]
    ids = sorted({id_ for reach in reaches for id_ in (*reach.tag_ids, *reach.contributor_ids)})
    if not ids:
        return {}
    query = union_all(
        *(select(table.c.id, table.c.slug).where(table.c.id.in_(ids)) for table in (tags, contributors))
    )
    return {row.id: row.slug for row in await connection.execute(query)}


async def add(connection: AsyncConnection, one: Licence, *, now: datetime) -> None:
    """Add a licence."""
    if await connection.scalar(select(licences.c.id).where(licences.c.client_id == one.client_id)) is not None:
        raise Conflict("This client has a licence already. Change that.", rule="client-licence")
    await connection.execute(insert(licences).values(id=one.id, client_id=one.client_id, **_values(one, now)))
    await _name(connection, one)


async def save(connection: AsyncConnection, one: Licence, *, before: Licence, now: datetime) -> None:
    """Save a changed licence, unless somebody was faster."""
    same = (licences.c.id == one.id) & (licences.c.version == before.version)
    if (await connection.execute(update(licences).where(same).values(**_values(one, now)))).rowcount != 1:
        raise Stale(current=one.version)
    for table in (licence_tags, licence_contributors):
        await connection.execute(delete(table).where(table.c.licence_id == one.id))
    await _name(connection, one)


async def _name(connection: AsyncConnection, one: Licence) -> None:
    named = (
        (licence_tags, "tag_id", one.reach.tag_ids),
        (licence_contributors, "contributor_id", one.reach.contributor_ids),
    )
    for table, column, ids in named:
        if rows := [{"licence_id": one.id, column: id_} for id_ in sorted(set(ids))]:
            await connection.execute(insert(table), rows)


def _values(one: Licence, now: datetime) -> dict[str, Any]:
    return {
        "lifted_to": now - one.delay,  # who follows begins anew when a licence changes
        "everything": one.reach.everything,
        "languages": json.dumps(one.reach.languages),
        "sources": json.dumps(one.reach.sources),
        "fields": json.dumps(sorted(one.fields)),
        "delay_minutes": one.delay // MINUTE,
        "usage_terms": one.usage_terms,
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "quota": one.quota,
        "version": one.version,
    }


async def remove(connection: AsyncConnection, one: Licence) -> None:
    """Remove a licence under which nothing was taken: what was is never forgotten."""
    await connection.execute(select(licences.c.id).where(licences.c.id == one.id).with_for_update())
    if await ledger.knows(connection, one.id):
        raise Conflict("Articles were taken under this licence. End it instead.", rule="taken")
    same = (licences.c.id == one.id) & (licences.c.version == one.version)
    if (await connection.execute(delete(licences).where(same))).rowcount != 1:
        raise Stale(current=one.version + 1)
