"""Following what changed: articles in the order of the numbers that their last changes have.

Somebody who gets an article's whole text follows the changes of that, anybody else those that everybody sees; so
nobody learns that something behind a gate has changed. Each article comes once, at its last change.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    and_,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.delivery import Delivery
from domain.people import Person
from infra.changes import DATABASE, PUBLIC
from infra.deliveries import deliver_all
from infra.delivery import FOUND, Found, found_in
from infra.ledger import Taken
from infra.naming import id_of
from infra.tables import changes, counters, publication_tags, publications
from infra.tags import TAGS
from infra.visibility import gate_is_open, is_covered, is_live, may_pass, passes, was_public

_SOURCE = select(counters.c.name, counters.c.value).where(counters.c.name.in_([DATABASE, PUBLIC]))
WALKED = 1_000  # changes that are looked at for a page of those that a follower wants


@dataclass(frozen=True, slots=True)
class Place:
    """How far a follower has come: behind an article's change. `began` is how far changes went at the start."""

    seq: int
    article_id: str
    began: int


@dataclass(frozen=True, slots=True)
class Following:
    """What a follower wants: articles in a language, with all of these tags (ids). Nothing says all."""

    language: str | None = None
    tag_ids: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether every article is wanted."""
        return self.language is None and not self.tag_ids


@dataclass(frozen=True, slots=True)
class Change:
    """An article as it is now, or nothing where it is gone or no longer wanted."""

    article_id: str
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class Page:
    """The next changes, how far they reach, and whether more are there already."""

    changes: Sequence[Change]
    reaches: Place
    has_more: bool


@dataclass(frozen=True, slots=True)
class Source:
    """Where changes come from: the database's own name, and how far its numbers go."""

    name: int
    reaches: int


async def source(connection: AsyncConnection) -> Source:
    """Return where changes come from."""
    found = {row.name: row.value for row in await connection.execute(_SOURCE)}
    return Source(found.get(DATABASE, 0), found.get(PUBLIC, 0))


async def begin(connection: AsyncConnection) -> Place:
    """Return the place of a follower who has nothing yet."""
    last = await connection.scalar(select(func.max(changes.c.public_seq)))  # what nobody sees must not show in it
    return Place(0, "", last or 0)


async def tag_ids(connection: AsyncConnection, slugs: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of the tags with these slugs, or an empty id for one that nothing has."""
    if not slugs:
        return ()
    row = (await connection.execute(select(*(id_of(TAGS, slug) for slug in slugs)))).one()
    return tuple(id_ or "" for id_ in row)


async def page(
    connection: AsyncConnection,
    place: Place,
    following: Following,
    person: Person,
    *,
    take: Callable[[Sequence[Found]], Awaitable[Taken]],
    now: datetime,
    limit: int,
) -> Page:
    """Return the next changes. `now` is the moment that all changes in this snapshot were announced for.

    What a partner is given whole has to be taken first: `take` tells which articles are.
    """
    walked = 4 * (limit + 1) if following.is_everything else WALKED
    rows = (await connection.execute(_walk(place, following, person, now, walked))).all()
    known, end = _known(rows, walked)
    kept, reaches, has_more = _first(known, place, limit)
    if end is not None and not has_more:
        reaches, has_more = Place(*end, place.began), True
    shown = [row.publication_id for row in kept if row.publication_id and row.is_wanted]
    found = select(*FOUND).where(publications.c.id.in_(shown))
    live = [found_in(row) for row in (await connection.execute(found)).all()] if shown else []
    live.sort(key=lambda one: shown.index(one.publication.id))
    delivered = await deliver_all(connection, live, person, taken=await take(live), now=now)
    by_id = {one.publication.article_id: one for one in delivered}
    return Page([Change(row.article_id, by_id.get(row.article_id)) for row in kept], reaches, has_more)


def _known(rows: Sequence[Row[Any]], walked: int) -> tuple[list[Row[Any]], tuple[int, str] | None]:
    """Return the follower's changes that are known to be the next ones, and how far that is known, if not of all.

    Each side was walked so far; behind the end of the shorter walk the other side may have what was not seen.
    """
    ends = [
        (side[-1].seq, side[-1].article_id)
        for side in ([row for row in rows if row.is_whole], [row for row in rows if not row.is_whole])
        if len(side) == walked
    ]
    end = min(ends, default=None)
    theirs = [row for row in rows if row.is_theirs]
    return [row for row in theirs if end is None or (row.seq, row.article_id) <= end], end


def _first(rows: Sequence[Row[Any]], place: Place, limit: int) -> tuple[list[Row[Any]], Place, bool]:
    """Return the rows that a page holds, how far they reach, and whether some are left."""
    kept: list[Row[Any]] = []
    for row in rows:
        if row.is_wanted or row.is_missed:
            if len(kept) == limit:
                return kept, place, True
            kept.append(row)
        place = Place(row.seq, row.article_id, place.began)
    return kept, place, False


def _walk(place: Place, following: Following, person: Person, now: datetime, walked: int) -> Select[Any]:
    """Select changes behind a place: of whole texts where this person gets them, and else of what all see.

    What a licence is about is followed by whole texts, free or not, and whatever its quota: so the end of a delay
    is told, and nothing changes sides when a quota is reached. Of each side so many are looked at, whosever they
    are, so that no page walks everything.
    """
    behind = and_(not_(gate_is_open(now)), passes(person, now=now))
    opened = and_(publications.c.id.is_not(None), or_(behind, is_covered(person, now=now)))
    sides = [_side("public_seq", place, following, now, walked).add_columns(not_(opened).label("is_theirs"))]
    if may_pass(person):  # for others, what changes behind gates is not even looked at
        sides.append(_side("whole_seq", place, following, now, walked).add_columns(opened.label("is_theirs")))
    both = union_all(*sides).subquery()
    return select(both).order_by(both.c.seq, both.c.article_id)


def _side(name: str, place: Place, following: Following, now: datetime, walked: int) -> Select[Any]:
    column = changes.c[name]
    behind = tuple_(column, changes.c.article_id) > (place.seq, place.article_id)
    window = select(changes.c.article_id, column.label("seq")).where(behind)
    walk = window.order_by(column, changes.c.article_id).limit(walked).subquery()
    seq = walk.c.seq
    was_there = seq > place.began  # what was gone before the follower began was never theirs
    wanted = and_(publications.c.id.is_not(None), *_fits(following))
    return (
        select(
            walk.c.article_id,
            seq,
            literal(name == "whole_seq").label("is_whole"),
            publications.c.id.label("publication_id"),
            func.coalesce(wanted, literal(value=False)).label("is_wanted"),
            and_(was_there, _fitted_once(following, walk, now)).label("is_missed"),
        )
        .select_from(walk)
        .outerjoin(publications, and_(publications.c.article_id == walk.c.article_id, is_live(now)))
    )


def _fits(following: Following, editions: Any = publications) -> list[ColumnElement[bool]]:  # noqa: ANN401
    language = [editions.c.language == following.language] if following.language is not None else []
    return [*language, *(_has_tag(tag_id, editions) for tag_id in following.tag_ids)]


def _has_tag(tag_id: str, editions: Any) -> ColumnElement[bool]:  # noqa: ANN401
    of = publication_tags.alias()
    same = and_(of.c.publication_id == editions.c.id, of.c.tag_id == tag_id)
    return select(literal(1)).select_from(of).where(same).correlate(editions).exists()


def _fitted_once(following: Following, walk: FromClause, now: datetime) -> ColumnElement[bool]:
    """Whether a follower who wanted this may have got the article at some time."""
    if following.is_everything:
        return true()
    once = publications.alias("once")
    same = and_(once.c.article_id == walk.c.article_id, was_public(now, once), *_fits(following, once))
    return select(literal(1)).select_from(once).where(same).correlate(walk).exists()
