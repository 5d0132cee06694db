"""Taking over tags and contributors."""

from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from api.exchange.records import ContributorRecord, TagRecord
from domain.credits import Contributor, WebLink
from domain.errors import Flaw, Unfit
from domain.events import Event, Subject
from domain.tags import Tag
from infra import events, external_ids, media, naming
from infra.contributors import CONTRIBUTORS
from infra.db import Connection
from infra.external_ids import Known
from infra.ids import new_id
from infra.naming import Kind
from infra.tags import TAGS

Named = TypeVar("Named", Tag, Contributor)


async def take_tag(
    connection: Connection, record: TagRecord, known: Known | None, now: datetime
) -> tuple[str, str]:
    """Take a tag over; return what was done, and its id."""
    said = Tag(record.own_id, record.slug, record.name, record.kind, record.names, record.version)
    return await _take(connection, TAGS, said, record, known, now)


async def take_contributor(
    connection: Connection, record: ContributorRecord, known: Known | None, now: datetime
) -> tuple[str, str]:
    """Take a contributor over; return what was done, and its id."""
    if record.media_id and not await media.of(connection, frozenset({record.media_id})):
        raise Unfit(Flaw("/media_id", "There is no such picture. Upload it first."))
    links = tuple(WebLink(link.url, link.label) for link in record.links)
    said = Contributor(
        record.own_id, record.slug, record.name, record.kind, record.bio, record.media_id, links, record.version
    )
    return await _take(connection, CONTRIBUTORS, said, record, known, now)


async def _take(
    connection: Connection,
    kind: Kind[Named],
    said: Named,
    record: TagRecord | ContributorRecord,
    known: Known | None,
    now: datetime,
) -> tuple[str, str]:
    before = await _before(connection, kind, said, record, known)
    if before is None:
        await naming.add(connection, kind, said)
        await naming.leave_slugs(connection, kind, record.old_slugs, to=said.id)
        await _record(connection, kind, said, "import", now)
        return "made", said.id
    after = replace(said, id=before.id, version=before.version)
    if after == before:
        return "unchanged", before.id
    after = replace(after, version=before.version + 1)
    await naming.save(connection, kind, after, before=before)
    await _record(connection, kind, after, "import", now)
    return "changed", before.id


async def _before(
    connection: Connection,
    kind: Kind[Named],
    said: Named,
    record: TagRecord | ContributorRecord,
    known: Known | None,
) -> Named | None:
    """Return what a record is of, if it is here: by its external id, by its id, or by its slug."""
    if known or await naming.get(connection, kind, said.id):
        target_id = known.target_id if known else said.id
        if record.id and record.id != target_id:
            raise Unfit(Flaw("/id", f"This external id is another {kind.word}'s already."))
        before = await naming.get(connection, kind, target_id)
        if before is None:
            raise Unfit(Flaw("", f"The {kind.word} has been merged into another."))
        return before
    same = await naming.find(connection, kind, record.slug)
    if same is None or same.slug != record.slug:
        return None
    if record.id or await external_ids.of(connection, kind.word, [same.id]):
        raise Unfit(Flaw("/slug", f"There is another {kind.word} with this slug already."))
    return same


async def _record(
    connection: Connection, kind: Kind[Any], one: Tag | Contributor, action: str, now: datetime
) -> None:
    event = Event(Subject(kind.word), one.id, action, None, now, one.version)
    await events.record_all(connection, {new_id(): event})
