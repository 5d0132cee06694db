"""What changed for readers, in order: each change has a number, and the numbers rise as changes are committed.

A write notes what readers will see differently, and `Database.write` announces it as the last thing before the
commit. So whoever follows the numbers can never step over a change, and whoever keeps an answer knows by one
number whether it is still true. What a moment brings is announced by whoever looks first (`infra/moments.py`).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import randbits
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Insert,
    Integer,
    Select,
    Update,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    text,
    update,
)
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
from infra.visibility import NOW, gate_is_open, is_live, was_public

PUBLIC, DATABASE = "public", "database"  # counters: of changes; and the name of the database, which is none
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
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_SEQ = bindparam("seq", type_=Integer)
_FOR_THE_WHOLE = {"whole_seq": _SEQ}
_FOR_ALL = {"public_seq": _SEQ, **_FOR_THE_WHOLE}
_LIVE = select(publications.c.article_id).where(is_live(NOW))


def _stamp_where(articles: ColumnElement[Any] | Select[Any], seqs: dict[str, Any]) -> Update:
    return update(changes).where(changes.c.article_id.in_(articles)).values(seqs)


def _that_appear() -> Insert:
    """Give a number to those of these articles that readers can see for the first time."""
    first = publications.c.article_id.not_in(select(changes.c.article_id))
    shown = select(publications.c.article_id, _SEQ, _SEQ).where(
        publications.c.article_id.in_(_IDS), is_live(NOW), first
    )
    return insert(changes).from_select(["article_id", *_FOR_ALL], shown)


def _that_name(column: Column[Any]) -> Update:
    """Stamp what shows one of these to everybody."""
    return _stamp_where(_LIVE.where(publications.c.id.in_(_naming(column))), _FOR_ALL)


def _that_show(column: Column[Any]) -> tuple[Update, Update]:
    """Stamp what shows one of these: those who may read all see it, others where it stands before the gate."""
    named, shown = _naming(column), _naming(column).where(column.table.c.in_teaser)
    to_all = or_(publications.c.id.in_(shown), and_(publications.c.id.in_(named), gate_is_open(NOW)))
    return (
        _stamp_where(_LIVE.where(publications.c.id.in_(named)), _FOR_THE_WHOLE),
        _stamp_where(_LIVE.where(publications.c.id.in_(named), to_all), _FOR_ALL),
    )


def _naming(column: Column[Any]) -> Select[Any]:
    return select(column.table.c.publication_id).where(column.in_(_IDS))


def _that_translate() -> Update:
    of = publications.alias()
    groups = select(of.c.group_id).where(of.c.article_id.in_(_IDS), was_public(NOW, of))
    return _stamp_where(_LIVE.where(publications.c.group_id.in_(groups)), _FOR_ALL)


_STAMPS = {
    "article": (
        _stamp_where(_IDS, _FOR_ALL),
        _that_appear(),
        *_that_show(publication_articles.c.article_id),
        _that_translate(),
    ),
    "tag": (_that_name(publication_tags.c.tag_id),),
    "contributor": (_that_name(publication_contributors.c.contributor_id),),
    "medium": _that_show(publication_media.c.media_id),
    "plan": (),  # followers are told of no offers
    "delay": (_stamp_where(_IDS, _FOR_THE_WHOLE),),  # that has ended, of articles, for those who may take them now
}


@dataclass(slots=True)
class Noted:
    """What a transaction changes: by kind the ids of what readers see differently."""

    ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    at: datetime = _LONG_AGO


def note(connection: AsyncConnection, kind: str, *ids: str, at: datetime = _LONG_AGO) -> None:
    """Note that readers see an article, tag, contributor, medium, plan … differently, an article from `at` on."""
    noted: Noted = connection.info.setdefault(_NOTED, Noted())
    noted.ids[kind].update(ids)
    noted.at = max(noted.at, at)


async def rename(connection: AsyncConnection) -> None:
    """Give the database another name, so that nobody goes on from what they have of it."""
    await connection.execute(delete(counters).where(counters.c.name == DATABASE))
    await connection.execute(insert(counters).values(name=DATABASE, value=randbits(62), at=_LONG_AGO))


def forget(connection: AsyncConnection) -> None:
    """Forget what was noted: the connection goes on to another transaction."""
    connection.info.pop(_NOTED, None)
    index.forget(connection.info)


async def announce(connection: AsyncConnection) -> bool:
    """Give what was noted its number, and tell whether anything was.

    Nobody else gets one until the commit, so that has to be the next thing.
    """
    noted: Noted | None = connection.info.pop(_NOTED, None)
    if noted is None:
        return False
    seq, now = (await connection.execute(_COUNT, {"name": PUBLIC, "at": noted.at})).one()
    await _stamp(connection, noted, seq, now)
    for ids in _some_at_once(noted.ids["article"]):
        await connection.run_sync(index.follow, ids, now=now)
    return True


async def _stamp(connection: AsyncConnection, noted: Noted, seq: int, now: datetime) -> None:
    """Write the number to every article that shows what was noted: to everybody, or in its whole text alone."""
    for kind, ids in noted.ids.items():
        for some in _some_at_once(ids):
            for statement in _STAMPS[kind]:
                await connection.execute(statement, {"ids": some, "seq": seq, NOW.key: now})


def _some_at_once(ids: set[str]) -> Iterator[list[str]]:
    """Yield the ids in parts that a statement can name."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]
