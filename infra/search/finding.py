"""Finding and ranking. A score is made of an article's own words, as far as the caller may read them.

Nobody's score depends on other articles, so that no hidden text can move what is seen. Who may read nothing
behind a gate is answered from the public documents alone, by the same statement as everybody else who may not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add
from types import ModuleType
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, Table, case, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Requires
from domain.people import Person
from infra.search.index import engine_of
from infra.search.query import Term
from infra.search.tables import search_articles, search_languages, search_public, search_whole
from infra.visibility import may_pass, passes

COMMON_SHARE = 50  # what more than one in fifty articles say is common,
NEWEST = 1000  # and ranked within so many of the newest that say it
POINTS = {"title": 8, "standfirst": 4, "prominent": 2}
_EARLIEST = -(2**62)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article stands in what was found. Nothing older than `since` is ranked, on any page."""

    score: int
    published_at: datetime
    article_id: str
    since: int


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that was found: by its whole text behind a gate, or by what everybody may read."""

    publication_id: str
    is_whole: bool
    is_open: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Library:
    """How many articles can be found, and the languages that their words are stemmed in."""

    articles: int
    stemmers: tuple[str, ...]


async def library(connection: AsyncConnection) -> Library:
    """Return what there is to search in."""
    rows = (await connection.execute(select(search_languages).where(search_languages.c.articles > 0))).all()
    return Library(sum(row.articles for row in rows), tuple(row.stemmer for row in rows))


async def find(
    connection: AsyncConnection,
    terms: Sequence[Term],
    person: Person,
    *,
    conditions: Sequence[ColumnElement[bool]],
    articles: int,
    after: Place | None,
    now: datetime,
    limit: int,
) -> list[Hit]:
    """Return the next articles in which all of the terms stand, the best first."""
    engine = engine_of(connection.dialect.name)
    await connection.run_sync(engine.prepare)
    sought = _Sought(engine, tuple(terms), person, tuple(conditions), articles // COMMON_SHARE, after, now)
    rows = await connection.execute(_ranked(sought).limit(limit))
    return [
        Hit(
            row.publication_id,
            bool(row.is_whole),
            row.requires == Requires.FREE,
            Place(row.score, row.published_at, row.article_id, row.since),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class _Sought:
    """A search: on which database, for what, for whom, and more matches than this many are common."""

    engine: ModuleType
    terms: tuple[Term, ...]
    person: Person
    conditions: tuple[ColumnElement[bool], ...]
    common: int
    after: Place | None
    now: datetime

    @property
    def most(self) -> int:
        """How many matches are looked at: some may have come in since the first page."""
        return max(NEWEST, self.common + 1) * (2 if self.after else 1)


def _ranked(sought: _Sought) -> Select[Any]:
    tables = (search_public, search_whole) if may_pass(sought.person) else (search_public,)
    opened = (search_articles.c.requires != Requires.FREE) & passes(
        sought.person, search_articles, now=sought.now, is_searched=True
    )
    if len(tables) > 1:
        parts = [_found(sought, search_public, ~opened), _found(sought, search_whole, opened)]
    else:
        parts = [_found(sought, search_public)]
    found = _newest(parts, sought.most)
    after = sought.after
    scored = _scored(
        sought, found, tables, literal(after.since) if after else _since(found, sought.common)
    ).subquery()
    query = select(scored)
    if after is not None:
        place = tuple_(scored.c.score, scored.c.published_at, scored.c.article_id)
        query = query.where(place < (after.score, after.published_at, after.article_id))
    return query.order_by(scored.c.score.desc(), scored.c.published_at.desc(), scored.c.article_id.desc())


def _found(sought: _Sought, table: Table, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Select the newest in which everything stands, of one kind of document."""
    engine, all_of = sought.engine, [*sought.conditions, *conditions]
    if sought.after is not None:
        all_of.append(search_articles.c.place >= sought.after.since)
    is_whole = literal(table is search_whole).label("is_whole")
    query = select(table.c.rowid.label("place"), is_whole, *engine.carried(table))
    query = query.where(engine.finds(table, sought.terms))
    if all_of:
        query = query.join(search_articles, search_articles.c.place == table.c.rowid).where(*all_of)
    return query.order_by(engine.newest_first(table)).limit(sought.most)


def _newest(parts: Sequence[Select[Any]], most: int) -> CTE:
    """Return the newest of both kinds together."""
    first, *others = (select(part.subquery()) for part in parts)
    both = first.union_all(*others).subquery() if others else first.subquery()
    return select(both).order_by(both.c.place.desc()).limit(most).cte("found")


def _since(found: CTE, common: int) -> ColumnElement[int]:
    """Return the place that ranking begins at: that of the last of the newest, if what is asked for is common."""
    count = select(func.count()).select_from(found).scalar_subquery()
    last = select(found.c.place).order_by(found.c.place.desc()).limit(1).offset(NEWEST - 1).scalar_subquery()
    return case((count > common, func.coalesce(last, _EARLIEST)), else_=_EARLIEST)


def _scored(sought: _Sought, found: CTE, tables: Sequence[Table], since: ColumnElement[int]) -> Select[Any]:
    points = [
        case((sought.engine.says(found, tables, column, term), worth), else_=0)
        for term in sought.terms
        for column, worth in POINTS.items()
    ]
    return (
        select(
            search_articles.c.article_id,
            search_articles.c.publication_id,
            search_articles.c.published_at,
            search_articles.c.requires,
            found.c.is_whole,
            reduce(add, points).label("score"),
            since.label("since"),
        )
        .join_from(found, search_articles, search_articles.c.place == found.c.place)
        .where(found.c.place >= since)
    )
