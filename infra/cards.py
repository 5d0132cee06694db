"""Lists of cards for readers. Each walks one heading in one order; whatever else is asked is looked up by key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce
from operator import or_ as united
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Select, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Decision, Leave, Requires, decide
from domain.delivery import Card, Names, Wanted, wanted_by_card
from domain.headings import EVERYTHING, under
from domain.people import Person
from domain.syndication import front_under
from infra import ledger, names
from infra.contributors import CONTRIBUTORS
from infra.delivery import FOUND, Found, found_in
from infra.listings import requiring
from infra.naming import Kind, id_of
from infra.tables import listings, publications
from infra.tags import TAGS
from infra.visibility import holds, is_live, requires_now

COUNTED = 1000


class Sort(StrEnum):
    """The orders that a list can have; the id breaks ties."""

    NEWEST = "-published_at"
    OLDEST = "published_at"
    LATEST = "-updated_at"
    TITLE = "title"

    @property
    def descends(self) -> bool:
        """Whether the greatest comes first."""
        return self.value.startswith("-")

    @property
    def column(self) -> Column[Any]:
        """What it orders by."""
        return listings.c["title_key" if self is Sort.TITLE else self.value.removeprefix("-")]


Place = tuple[datetime | str, str]


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list of cards asks for. The fields are the only ways to filter and to sort."""

    tags: tuple[str, ...] = ()
    section: str | None = None
    kind: str | None = None
    contributor: str | None = None
    language: str | None = None
    access: Requires | None = None
    published_after: datetime | None = None
    published_before: datetime | None = None
    ids: tuple[str, ...] | None = None
    sort: Sort = Sort.NEWEST
    after: Place | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A card and where it stands in its list."""

    card: Card
    place: Place


async def page(
    connection: AsyncConnection, listing: Listing, person: Person, *, now: datetime, limit: int
) -> list[Listed]:
    """Return the next cards of a list."""
    rows = await _rows(connection, listing, now, limit)
    shown = await cards(connection, [found_in(row) for row in rows], person, now=now)
    return [Listed(card, (row.place, row.article_id)) for card, row in zip(shown, rows, strict=True)]


async def found(connection: AsyncConnection, listing: Listing, *, now: datetime, limit: int) -> list[Found]:
    """Return what the next cards of a list are made of."""
    return [found_in(row) for row in await _rows(connection, listing, now, limit)]


async def _rows(connection: AsyncConnection, listing: Listing, now: datetime, limit: int) -> Sequence[Row[Any]]:
    headings = list(headings_of(listing))
    if len(headings) > 1:
        headings = await _shortest_first(connection, headings)
    rows: Sequence[Row[Any]] = (await connection.execute(_query(listing, headings, now).limit(limit))).all()
    return rows


async def cards(connection: AsyncConnection, some: list[Found], person: Person, *, now: datetime) -> list[Card]:
    """Return what was found as this person sees it in a list, with all names in one statement.

    No text follows, so nothing has to be taken for it; but who may take no more is told so.
    """
    open_to = await ledger.open_to(connection, person, [one.publication.article_id for one in some])
    decided = [
        (one, decide(one.item, person, Leave(one.publication.article_id in open_to, person.quota), now=now))
        for one in some
    ]
    shown = [(replace(one, front=front_under(decision, one.front)), decision) for one, decision in decided]
    wanted = reduce(united, (wanted_by_card(one.front) for one, _ in shown), Wanted())
    named = await names.fetch(connection, wanted, now=now, is_syndicated=person.is_client)
    return [_card(one, decision, named) for one, decision in shown]


def _card(found: Found, decision: Decision, named: Names) -> Card:
    remaining = 0 if decision.opens_everything else found.remaining_percent
    return Card(found.publication, found.front, decision, remaining, named)


async def next_change(connection: AsyncConnection, *, now: datetime) -> datetime | None:
    """Return the next moment at which anything live changes by itself, be it one that nobody has announced yet.

    What is scheduled does not count: nobody may know of it.
    """
    changing = select(publications.c.next_change).where(publications.c.next_change.is_not(None), is_live(now))
    moment: datetime | None = await connection.scalar(changing.order_by(publications.c.next_change).limit(1))
    return moment


Heading = ColumnElement[str]


def headings_of(listing: Listing) -> Iterator[Heading]:
    """Yield the headings that a listed edition must have, all of them."""
    named: list[tuple[str, Kind[Any], str]] = [
        *(("tag", TAGS, slug) for slug in listing.tags),
        *([("section", TAGS, listing.section)] if listing.section is not None else []),
        *([("contributor", CONTRIBUTORS, listing.contributor)] if listing.contributor is not None else []),
    ]
    plain = [
        *([under("language", listing.language)] if listing.language is not None else []),
        *([under("kind", listing.kind)] if listing.kind is not None else []),
        *([requiring(listing.access)] if listing.access is not None else []),
    ]
    yield from (heading_of(word, kind, slug) for word, kind, slug in named)
    yield from map(literal, plain if plain or named else [EVERYTHING])


def heading_of(word: str, kind: Kind[Any], slug: str) -> Heading:
    """Return the heading of what has this slug, or had it before."""
    return literal(under(word, "")) + id_of(kind, slug)


async def _shortest_first(connection: AsyncConnection, headings: list[Heading]) -> list[Heading]:
    """Return the headings with the one first that the fewest are listed under, as far as counting is cheap."""
    counts = [
        select(func.count())
        .select_from(select(literal(1)).where(listings.c.heading == heading).limit(COUNTED).subquery())
        .scalar_subquery()
        for heading in headings
    ]
    listed = (await connection.execute(select(*counts))).one()
    return [heading for _, heading in sorted(zip(listed, headings, strict=True), key=lambda one: one[0])]


def _query(listing: Listing, headings: list[Heading], now: datetime) -> Select[Any]:
    first, *others = headings
    column, id_ = listing.sort.column, listings.c.article_id
    query = (
        select(*FOUND, column.label("place"))
        .join(listings, listings.c.publication_id == publications.c.id)
        .where(listings.c.heading == first, is_live(now), *_conditions(listing, now))
        .where(*(_is_also_under(heading) for heading in others))
    )
    if listing.sort.descends:
        return query.order_by(column.desc(), id_.desc())
    return query.order_by(column, id_)


def _is_also_under(heading: Heading) -> ColumnElement[bool]:
    other = listings.alias()
    same = (other.c.heading == heading) & (other.c.publication_id == listings.c.publication_id)
    return select(literal(1)).select_from(other).where(same).correlate(listings).exists()


def _conditions(listing: Listing, now: datetime) -> Iterator[ColumnElement[bool]]:
    if listing.access is not None:
        yield requires_now(listing.access, now)
    if listing.published_after is not None:
        yield listings.c.published_at >= listing.published_after
    if listing.published_before is not None:
        yield listings.c.published_at < listing.published_before
    if listing.ids is not None:
        of = publications.alias()
        shown = holds(of)
        yield listings.c.publication_id.in_(select(of.c.id).where(of.c.article_id.in_(listing.ids), shown))
    if listing.after is not None:
        place = tuple_(listing.sort.column, listings.c.article_id)
        yield place < listing.after if listing.sort.descends else place > listing.after
