"""What names things: tags and contributors. Each has a slug and a version, and can be merged into another.

A slug that a rename or a merge left behind goes on answering, while nothing has it for its own. What was merged
stays as a row, because drafts and fronts name it by id and are never rewritten; it has no slug any more, so its id
stands in that column. It points at what it was merged into, and that is never merged itself.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    Table,
    bindparam,
    delete,
    false,
    func,
    literal,
    or_,
    select,
    union,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.credits import Contributor
from domain.errors import Conflict, InUse, Stale, Use
from domain.tags import Tag
from infra import changes, listings
from infra.db import hold
from infra.tables import draft_links, publications, revisions

Named = TypeVar("Named", Tag, Contributor)
USES_TOLD = 20


@dataclass(frozen=True, slots=True)
class Kind(Generic[Named]):
    """What is peculiar to tags or to contributors: their tables, and how a row reads and is written."""

    word: str  # in rules, events and `draft_links`
    table: Table
    old_slugs: Table
    publications: Table  # those that name it
    read: Callable[[Row[Any]], Named]
    write: Callable[[Named], dict[str, Any]]
    opened_by: tuple[tuple[str, Column[Any]], ...]  # where plans and licences say that they open what it names

    def note(self, connection: AsyncConnection, id_: str) -> None:
        """Note that readers will see one differently."""
        changes.note(connection, self.word, id_)

    @property
    def had_by(self) -> Column[Any]:
        """Who had an old slug."""
        return self.old_slugs.c[f"{self.word}_id"]

    @property
    def named(self) -> Column[Any]:
        """Who is named by a publication."""
        return self.publications.c[f"{self.word}_id"]


def id_of(kind: Kind[Any], slug: str) -> ColumnElement[str]:
    """Return the id of what has this slug, or else of what had it before, as SQL."""
    has = select(kind.table.c.id).where(kind.table.c.slug == slug)
    had = select(kind.had_by).where(kind.old_slugs.c.slug == slug)
    return func.coalesce(*(query.correlate(None).scalar_subquery() for query in (has, had)))


async def find(connection: AsyncConnection, kind: Kind[Named], slug: str) -> Named | None:
    """Return what has this slug, or else what had it before: its own slug tells which."""
    query = select(kind.table).where(kind.table.c.id == id_of(kind, slug), kind.table.c.merged_into.is_(None))
    row = (await connection.execute(query)).one_or_none()
    return kind.read(row) if row else None


async def get(connection: AsyncConnection, kind: Kind[Named], id_: str) -> Named | None:
    """Return what has this id, unless it was merged into another."""
    query = select(kind.table).where(kind.table.c.id == id_, kind.table.c.merged_into.is_(None))
    row = (await connection.execute(query)).one_or_none()
    return kind.read(row) if row else None


@cache
def _ids_by_slug(kind: Kind[Any]) -> CompoundSelect[Any]:
    slugs: BindParameter[Any] = bindparam("slugs", expanding=True)
    had = select(kind.old_slugs.c.slug, kind.had_by.label("id"), literal(1).label("turn"))
    has = select(kind.table.c.slug, kind.table.c.id, literal(2))
    both = union_all(had.where(kind.old_slugs.c.slug.in_(slugs)), has.where(kind.table.c.slug.in_(slugs)))
    return both.order_by("turn")


async def ids_by_slug(connection: AsyncConnection, kind: Kind[Any], slugs: frozenset[str]) -> dict[str, str]:
    """Return the ids of what has these slugs or had them; it is there until this transaction ends."""
    if not slugs:
        return {}
    await hold(connection, kind.table)
    return {row.slug: row.id for row in await connection.execute(_ids_by_slug(kind), {"slugs": sorted(slugs)})}


@cache
def _standing(kind: Kind[Any]) -> Select[Any]:
    """Return the query for what ids stand for: it is made once, which takes longer than to ask it."""
    merged = func.coalesce(kind.table.c.merged_into, kind.table.c.id)
    return select(kind.table.c.id, merged).where(kind.table.c.id.in_(bindparam("ids", expanding=True)))


async def standing(connection: AsyncConnection, kind: Kind[Any], ids: Collection[str]) -> dict[str, str]:
    """Return what these ids stand for, and nothing for what was removed; it is there until the end."""
    if not ids:
        return {}
    await hold(connection, kind.table)
    found = await connection.execute(_standing(kind), {"ids": sorted(ids)})
    return {row[0]: row[1] for row in found}


def stood(ids: Collection[str], stands: Mapping[str, str]) -> list[str]:
    """Return what some ids stand for, each once."""
    return sorted({stands[one] for one in ids if one in stands})


async def page(connection: AsyncConnection, kind: Kind[Named], *, after: str, limit: int) -> list[Named]:
    """Return the next ones in the order of their slugs."""
    query = select(kind.table).where(kind.table.c.slug > after, kind.table.c.merged_into.is_(None))
    return [kind.read(row) for row in await connection.execute(query.order_by(kind.table.c.slug).limit(limit))]


async def old_slugs(connection: AsyncConnection, kind: Kind[Any], ids: Collection[str]) -> dict[str, list[str]]:
    """Return the slugs that these had before, by their ids."""
    query = select(kind.had_by.label("id"), kind.old_slugs.c.slug).where(kind.had_by.in_(ids))
    found = defaultdict[str, list[str]](list)
    for row in await connection.execute(query.order_by(kind.old_slugs.c.slug)):
        found[row.id].append(row.slug)
    return found


async def add(connection: AsyncConnection, kind: Kind[Named], one: Named) -> None:
    """Add one; its slug may be what another had before, and no other's present one."""
    await _check_slug(connection, kind, one)
    await connection.execute(kind.table.insert().values(**kind.write(one)))
    kind.note(connection, one.id)  # its slug may have led to another


async def save(connection: AsyncConnection, kind: Kind[Named], one: Named, *, before: Named) -> None:
    """Save a changed one, unless somebody was faster. The slug that it had goes on answering."""
    await _check_slug(connection, kind, one)
    result = await connection.execute(
        update(kind.table)
        .where(kind.table.c.id == one.id, kind.table.c.version == before.version)
        .values(**kind.write(one))
    )
    if result.rowcount != 1:
        raise Stale(current=one.version)
    if one.slug != before.slug:
        await _leave_slug(connection, kind, before.slug, to=one.id)
    kind.note(connection, one.id)


async def _check_slug(connection: AsyncConnection, kind: Kind[Named], one: Named) -> None:
    taken = select(kind.table.c.id).where(kind.table.c.slug == one.slug, kind.table.c.id != one.id)
    if await connection.scalar(taken) is not None:
        raise Conflict(f"There is a {kind.word} with this slug already.", rule=f"{kind.word}-slug")


async def leave_slugs(connection: AsyncConnection, kind: Kind[Any], slugs: Collection[str], *, to: str) -> None:
    """Let slugs that one had elsewhere lead to it, unless they lead to another here."""
    taken = select(kind.old_slugs.c.slug).where(kind.old_slugs.c.slug.in_(slugs))
    free = set(slugs) - set(await connection.scalars(taken))
    for slug in sorted(free):
        await _leave_slug(connection, kind, slug, to=to)


async def _leave_slug(connection: AsyncConnection, kind: Kind[Any], slug: str, *, to: str) -> None:
    await connection.execute(delete(kind.old_slugs).where(kind.old_slugs.c.slug == slug))
    await connection.execute(kind.old_slugs.insert().values({"slug": slug, kind.had_by.name: to}))


async def remove(
    connection: AsyncConnection, kind: Kind[Named], one: Named, *, in_revisions: tuple[Use, ...]
) -> None:
    """Remove one that nothing ever named, and what was merged into it. `be_alone` with the table first."""
    if opened_by := await _opened_by(connection, kind, one):
        detail = f"Plans or licences open what has this {kind.word}: change them, or merge it."
        raise InUse(detail, used_by=opened_by)
    used_by = await _used_by(connection, kind, one) or in_revisions
    if used_by:
        raise InUse(f"Articles name this {kind.word}, or did in an old revision: merge it.", used_by=used_by)
    gone = (kind.table.c.id == one.id) | (kind.table.c.merged_into == one.id)
    await connection.execute(delete(kind.table).where(gone))
    kind.note(connection, one.id)  # a slug that it had may lead to another again


async def _opened_by(connection: AsyncConnection, kind: Kind[Named], one: Named) -> tuple[Use, ...]:
    """Return the first plans or licences that open what it names, or what was merged into it."""
    its = select(kind.table.c.id).where(or_(kind.table.c.id == one.id, kind.table.c.merged_into == one.id))
    found: list[Use] = []
    for word, named in kind.opened_by:
        opening = select(named.table.c[f"{word}_id"]).where(named.in_(its)).distinct().limit(USES_TOLD)
        found += (Use(word, id_) for id_ in sorted(await connection.scalars(opening)))
    return tuple(found[:USES_TOLD])


async def _used_by(connection: AsyncConnection, kind: Kind[Named], one: Named) -> tuple[Use, ...]:
    """Return the first articles that name it: in their working draft, or in anything that they ever published."""
    drafts = select(draft_links.c.article_id).where(
        draft_links.c.target_id == one.id, draft_links.c.kind == kind.word
    )
    published = select(publications.c.article_id).join(kind.publications).where(kind.named == one.id)
    found = await connection.scalars(union(drafts, published).order_by("article_id").limit(USES_TOLD))
    return tuple(Use("article", article_id) for article_id in found)


async def in_revisions(connection: AsyncConnection, kind: Kind[Any], slug: str) -> tuple[Use, ...]:
    """Return the first articles of which some revision, however old, names what has this slug.

    It reads all revisions, so ask it before the transaction that removes.
    """
    of = id_of(kind, slug)
    merged = or_(kind.table.c.id == of, kind.table.c.merged_into == of)
    ids = await connection.scalars(select(kind.table.c.id).where(merged))
    names = or_(false(), *(revisions.c.draft.contains(id_, autoescape=True) for id_ in ids))
    query = select(revisions.c.article_id).where(names).distinct().order_by(revisions.c.article_id)
    return tuple(Use("article", article_id) for article_id in await connection.scalars(query.limit(USES_TOLD)))


async def merge(connection: AsyncConnection, kind: Kind[Named], one: Named, *, into: Named) -> None:
    """Make one a name of another, with its slugs and whatever names it. `be_alone` with the table first."""
    table = kind.table
    gone = {"slug": one.id, "merged_into": into.id, "version": one.version + 1}
    await connection.execute(update(table).where(table.c.merged_into == one.id).values(merged_into=into.id))
    await connection.execute(update(table).where(table.c.id == one.id).values(gone))
    await connection.execute(
        update(kind.old_slugs).where(kind.had_by == one.id).values({kind.had_by.name: into.id})
    )
    await _leave_slug(connection, kind, one.slug, to=into.id)
    await _lead(connection, kind.publications.c.publication_id, kind.named, one.id, to=into.id)
    await listings.merge(connection, kind.word, one.id, into=into.id)
    kind.note(connection, into.id)  # all of them: a follower of either has to get the other's
    await _lead(connection, draft_links.c.article_id, draft_links.c.target_id, one.id, to=into.id)


async def _lead(
    connection: AsyncConnection, holder: Column[Any], target: Column[Any], from_id: str, *, to: str
) -> None:
    """Let what names one thing name another, unless it does already."""
    links = holder.table
    already = select(holder).where(target == to).correlate(None)
    await connection.execute(delete(links).where(target == from_id, holder.in_(already)))
    await connection.execute(update(links).where(target == from_id).values({target.name: to}))
