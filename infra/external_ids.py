"""What imported things are called where they come from, and which line of a file they were taken from last."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Table, and_, bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.tables import articles, contributors, external_ids, media, tags

_OF: dict[str, Table] = {"article": articles, "contributor": contributors, "media": media, "tag": tags}
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_CALLED = and_(
    external_ids.c.kind == bindparam("of_kind"),
    external_ids.c.external_id.in_(bindparam("called", expanding=True)),
)
_BY_DIGEST = select(external_ids).where(external_ids.c.digest.in_(_IDS))
_BY_NAME = select(external_ids).where(_CALLED)
_FORGET = delete(external_ids).where(_CALLED)
_REMEMBER = insert(external_ids)
_THERE = {kind: select(table.c.id).where(table.c.id.in_(_IDS)) for kind, table in _OF.items()}


@dataclass(frozen=True, slots=True)
class Known:
    """A thing that was imported: its kind, its name elsewhere, its id here, the SHA-256 of its line."""

    kind: str
    external_id: str
    target_id: str
    digest: str


async def by_digest(connection: AsyncConnection, digests: Collection[str]) -> dict[str, Known]:
    """Return what was taken from these very lines, and is here still, by digest."""
    found = [Known(*row) for row in await connection.execute(_BY_DIGEST, {"ids": sorted(digests)})]
    there = await _there(connection, found)
    return {one.digest: one for one in found if (one.kind, one.target_id) in there}


async def by_name(connection: AsyncConnection, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], Known]:
    """Return what was taken under these names, each a kind and an external id, and is here still."""
    found = list[Known]()
    for kind in sorted({kind for kind, _ in names}):
        called = [external_id for of, external_id in names if of == kind]
        found += [Known(*row) for row in await connection.execute(_BY_NAME, {"of_kind": kind, "called": called})]
    there = await _there(connection, found)
    return {(one.kind, one.external_id): one for one in found if (one.kind, one.target_id) in there}


async def of(connection: AsyncConnection, kind: str, ids: Collection[str]) -> dict[str, str]:
    """Return what things are called elsewhere, by their ids; of several names the first."""
    query = select(external_ids.c.target_id, external_ids.c.external_id)
    mine = (external_ids.c.kind == kind) & external_ids.c.target_id.in_(ids)
    rows = await connection.execute(query.where(mine).order_by(external_ids.c.external_id.desc()))
    return {row.target_id: row.external_id for row in rows}


async def remember(connection: AsyncConnection, taken: Sequence[Known]) -> None:
    """Write down what was taken, in the transaction that takes it."""
    for kind in {one.kind for one in taken}:
        called = [one.external_id for one in taken if one.kind == kind]
        await connection.execute(_FORGET, {"of_kind": kind, "called": called})
    rows = [
        {"kind": one.kind, "external_id": one.external_id, "target_id": one.target_id, "digest": one.digest}
        for one in taken
    ]
    await connection.execute(_REMEMBER, rows)


async def _there(connection: AsyncConnection, found: Sequence[Known]) -> set[tuple[str, str]]:
    """Return which of these still exist."""
    there = set[tuple[str, str]]()
    for kind, query in _THERE.items():
        if ids := [one.target_id for one in found if one.kind == kind]:
            there |= {(kind, id_) for id_ in await connection.scalars(query, {"ids": ids})}
    return there
