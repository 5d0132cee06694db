"""What tags and contributors have in common for the newsroom: old slugs, merging, removing, and their events."""

from typing import Any, TypeVar

from fastapi import Request, Response

from api import caching
from api.links import Links
from api.pages import open_cursor, seal_cursor
from api.parts import Visit
from api.problems import declared
from domain.credits import Contributor
from domain.errors import Conflict, Flaw, NotThere, Unfit, expect_version
from domain.events import Event, Subject
from domain.tags import Tag
from infra import naming
from infra.db import Connection, be_alone
from infra.naming import Kind

Named = TypeVar("Named", Tag, Contributor)

LIST = declared("bad-request", "unauthorized", "forbidden", "unavailable")
READ = {**LIST, **caching.MOVED, **declared("not-found")}
WRITE = {**LIST, **declared("conflict", "too-large", "unsupported-media-type", "unprocessable")}
REMOVE = {**LIST, **declared("conflict", "not-found", "stale", "precondition-required")}
EDIT = {**WRITE, **REMOVE}


async def page(
    request: Request, visit: Visit, kind: Kind[Named], *, limit: int, cursor: str | None
) -> tuple[list[Named], str | None]:
    """Return a page by slug, and the cursor of the next one."""
    after = open_cursor(request, visit, cursor, {}) or ""
    found = await naming.page(visit.reading, kind, after=after, limit=limit + 1)
    following = seal_cursor(request, visit, found[limit - 1].slug, {}) if len(found) > limit else None
    return found[:limit], following


async def read(visit: Visit, kind: Kind[Named], slug: str) -> Named:
    """Return what has this slug, or had it before."""
    one = await naming.find(visit.reading, kind, slug)
    if one is None:
        raise NotThere
    return one


def moved(request: Request, visit: Visit, *, slug: str, to: str) -> Response:
    """Answer the way from an old slug to the present one."""
    return caching.moved(Links(visit).to(request.url.path.removesuffix(slug) + to), caching.NO_STORE)


async def expected(connection: Connection, kind: Kind[Named], slug: str, version: int) -> Named:
    """Return what has this slug now, at the version that a write was made on. Writes follow no old slug."""
    one = await naming.find(connection, kind, slug)
    if one is None or one.slug != slug:
        raise NotThere
    expect_version(version, current=one.version)
    return one


async def create(visit: Visit, kind: Kind[Named], one: Named, connection: Connection) -> None:
    """Add one."""
    await naming.add(connection, kind, one)
    await _record(visit, connection, kind, one.id, "create", one.version)


async def save(visit: Visit, kind: Kind[Named], one: Named, connection: Connection, *, before: Named) -> None:
    """Save a changed one."""
    await naming.save(connection, kind, one, before=before)
    await _record(visit, connection, kind, one.id, "edit", one.version)


async def remove(visit: Visit, kind: Kind[Named], slug: str, version: int) -> Response:
    """Remove one that nothing names, and no revision ever did: what was saved can always be read and restored."""
    async with visit.looking() as snapshot:
        in_revisions = await naming.in_revisions(snapshot, kind, slug)
    async with visit.writing() as connection:
        await be_alone(connection, kind.table)
        one = await expected(connection, kind, slug, version)
        await naming.remove(connection, kind, one, in_revisions=in_revisions)
        await _record(visit, connection, kind, one.id, "delete", one.version)
    return Response(status_code=204, headers=caching.NO_STORE)


async def merge(
    visit: Visit, kind: Kind[Named], slug: str, version: int, connection: Connection, *, into: str
) -> Named:
    """Merge one into another, and return that as it was before: what stays is not changed by it."""
    await be_alone(connection, kind.table)  # so that of merges across one another the later sees the earlier
    one = await expected(connection, kind, slug, version)
    target = await naming.find(connection, kind, into)
    if target is None:
        raise Unfit(Flaw("/into", f"There is no such {kind.word}."))
    if target.id == one.id:
        raise Conflict(f"A {kind.word} cannot be merged into itself.", rule="merge-into-itself")
    await naming.merge(connection, kind, one, into=target)
    await _record(visit, connection, kind, one.id, "merge", one.version + 1)
    return target


async def _record(
    visit: Visit, connection: Connection, kind: Kind[Any], subject_id: str, action: str, version: int
) -> None:
    by = visit.person.account_id
    await visit.record(connection, Event(Subject(kind.word), subject_id, action, by, visit.now, version))
