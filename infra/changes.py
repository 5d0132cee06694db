"""What changed for readers, in order: each change has a number, and the numbers rise as changes are committed.

A write notes what readers will see differently, and `Database.write` announces it as the last thing before the
commit. So whoever follows the numbers can never step over a change, and whoever keeps an answer knows by one
number whether it is still true. What a moment brings is announced by whoever looks first (`infra/moments.py`).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, bindparam, insert, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.search import index
from infra.tables import (
    Moment,
    changes,
    counters,
    publication_articles,
    publication_contributors,
    publication_media,
    publication_tags,
    publications,
)
from infra.visibility import gate_is_open, is_live, was_public

PUBLIC = "public"
AT_ONCE = 500
_NOTED = "standfirst.noted"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_COUNT = (
    text(
        "INSERT INTO counters (name, value, at) VALUES (:name, 1, :at) ON CONFLICT (name) DO UPDATE SET value = "
        "counters.value + 1, at = CASE WHEN counters.at < excluded.at THEN excluded.at ELSE counters.at END "
        "RETURNING value, at"
    )
    .bindparams(bindparam("at", type_=Moment))
    .columns(counters.c.value, counters.c.at)
)


@dataclass(slots=True)
class Noted:
    """What a transaction changes: by kind the ids of what readers see differently."""

    ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    at: datetime = _LONG_AGO


def note(connection: AsyncConnection, kind: str, *ids: str, at: datetime = _LONG_AGO) -> None:
    """Note that readers see an article, tag, contributor or medium differently, an article from `at` on."""
    noted: Noted = connection.info.setdefault(_NOTED, Noted())
    noted.ids[kind].update(ids)
    noted.at = max(noted.at, at)


def forget(connection: AsyncConnection) -> None:
    """Forget what was noted: the connection goes on to another transaction."""
    connection.info.pop(_NOTED, None)
    index.forget(connection.info)


async def announce(connection: AsyncConnection) -> None:
    """Give what was noted its number. Nobody else gets one until the commit, so that has to be the next thing."""
    noted: Noted | None = connection.info.pop(_NOTED, None)
    if noted is None:
        return
    seq, now = (await connection.execute(_COUNT, {"name": PUBLIC, "at": noted.at})).one()
    await _stamp(connection, noted, seq, now)
    for ids in _some_at_once(noted.ids["article"]):
        await connection.run_sync(index.follow, ids, now=now)


async def _stamp(connection: AsyncConnection, noted: Noted, seq: int, now: datetime) -> None:
    """Write the number to every article that shows what was noted: to everybody, or in its whole text alone."""
    both = {"public_seq": seq, "whole_seq": seq}
    for ids in _some_at_once(noted.ids["article"]):
        await connection.execute(update(changes).where(changes.c.article_id.in_(ids)).values(both))
        await connection.execute(insert(changes).from_select(["article_id", *both], _appearing(ids, seq, now)))
    live = select(publications.c.article_id).where(is_live(now))
    for editions in _seen_by_all(noted, now):
        showing = live.where(publications.c.id.in_(editions))
        await connection.execute(update(changes).where(changes.c.article_id.in_(showing)).values(both))
    for editions in _seen_behind_gates(noted):
        showing = live.where(publications.c.id.in_(editions))
        for some, stamps in ((showing, {"whole_seq": seq}), (showing.where(gate_is_open(now)), both)):
            await connection.execute(update(changes).where(changes.c.article_id.in_(some)).values(stamps))


def _appearing(ids: list[str], seq: int, now: datetime) -> Select[Any]:
    """Select those of these articles that readers can see for the first time."""
    known = select(changes.c.article_id)
    return select(publications.c.article_id, literal(seq), literal(seq)).where(
        publications.c.article_id.in_(ids), is_live(now), publications.c.article_id.not_in(known)
    )


def _seen_by_all(noted: Noted, now: datetime) -> Iterator[Select[Any]]:
    """Select the editions that show to everybody what was noted."""
    for table, column, ids in (
        (publication_tags, publication_tags.c.tag_id, noted.ids["tag"]),
        (publication_contributors, publication_contributors.c.contributor_id, noted.ids["contributor"]),
        (publication_media, publication_media.c.media_id, noted.ids["medium"]),
        (publication_articles, publication_articles.c.article_id, noted.ids["article"]),
    ):
        for some in _some_at_once(ids):
            yield select(table.c.publication_id).where(
                column.in_(some), *(flag for flag in table.c if flag.name == "in_teaser")
            )
    for some in _some_at_once(noted.ids["article"]):
        of = publications.alias()
        groups = select(of.c.group_id).where(of.c.article_id.in_(some), was_public(now, of))
        yield select(publications.c.id).where(publications.c.group_id.in_(groups))


def _seen_behind_gates(noted: Noted) -> Iterator[Select[Any]]:
    """Select the editions that show what was noted in their whole text alone."""
    for table, column, ids in (
        (publication_media, publication_media.c.media_id, noted.ids["medium"]),
        (publication_articles, publication_articles.c.article_id, noted.ids["article"]),
    ):
        for some in _some_at_once(ids):
            yield select(table.c.publication_id).where(column.in_(some), ~table.c.in_teaser)


def _some_at_once(ids: set[str]) -> Iterator[list[str]]:
    """Yield the ids in parts that a statement can name."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]
