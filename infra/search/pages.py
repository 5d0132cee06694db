"""Pages of what was found: cards, with pieces of the texts that this caller may read."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Reason, Requires
from domain.delivery import Card
from domain.people import Person
from infra import documents, ledger
from infra.cards import Listing, cards, headings_of
from infra.delivery import FOUND, found_in
from infra.search.finding import Hit, Place, find, library
from infra.search.highlights import Highlight, Highlighter
from infra.search.query import Query, Term
from infra.search.tables import search_articles
from infra.search.words import stemmer_of
from infra.tables import full_texts, listings, publications, teasers
from infra.visibility import is_live


@dataclass(frozen=True, slots=True)
class Match:
    """An article that was found, where in its text, and its place among all."""

    card: Card
    highlights: tuple[Highlight, ...]
    place: Place


async def page(
    connection: AsyncConnection,
    query: Query,
    listing: Listing,
    person: Person,
    *,
    after: Place | None,
    now: datetime,
    limit: int,
) -> tuple[list[Match], Place | None]:
    """Return the next articles in which all that is asked for stands, and the place to go on from, if any is left.

    Read at a moment that has been announced (`infra.moments`), for what it changes is changed in the index.
    """
    there = await library(connection)
    stemmers = there.stemmers if listing.language is None else (stemmer_of(listing.language),)
    terms = query.terms(stemmers)
    hits = await find(
        connection,
        terms,
        person,
        conditions=list(_conditions(listing)),
        articles=there.articles,
        after=after,
        now=now,
        limit=limit + 1,
    )
    shown = await _shown(connection, hits, terms, person, now)  # and only what was confirmed tells of a next page
    return shown[:limit], shown[limit - 1].place if len(shown) > limit else None


def _conditions(listing: Listing) -> Iterator[ColumnElement[bool]]:
    """Yield the filters of a list, on what can be found."""
    if listing.access is not None:
        yield search_articles.c.requires == listing.access
    if listing.published_after is not None:
        yield search_articles.c.published_at >= listing.published_after
    if listing.published_before is not None:
        yield search_articles.c.published_at < listing.published_before
    if listing.ids is not None:
        yield search_articles.c.article_id.in_(listing.ids)
    if any((listing.tags, listing.section, listing.kind, listing.contributor, listing.language)):
        for heading in headings_of(replace(listing, access=None)):
            under = (listings.c.heading == heading) & (
                listings.c.publication_id == search_articles.c.publication_id
            )
            yield select(literal(1)).select_from(listings).where(under).correlate(search_articles).exists()


async def _shown(
    connection: AsyncConnection, hits: Sequence[Hit], terms: Sequence[Term], person: Person, now: datetime
) -> list[Match]:
    """Return what was found as the caller may see it. What the wall does not confirm is not shown."""
    ids = [hit.publication_id for hit in hits]
    rows = await connection.execute(select(*FOUND).where(publications.c.id.in_(ids), is_live(now)))
    by_id = {
        card.publication.id: card for card in await cards(connection, list(map(found_in, rows)), person, now=now)
    }
    taken = await ledger.editions(connection, person, by_id)
    confirmed = [
        (hit, by_id[hit.publication_id])
        for hit in hits
        if hit.publication_id in by_id and _is_confirmed(hit, by_id[hit.publication_id], taken)
    ]
    bodies = await _bodies(connection, [card for _, card in confirmed], taken)
    languages = {stemmer_of(card.publication.language) for _, card in confirmed}
    marking = {stemmer: Highlighter(terms, stemmer) for stemmer in languages}
    return [
        Match(card, _highlights(card, bodies.get(card.publication.id, "[]"), marking), hit.place)
        for hit, card in confirmed
    ]


def _is_open(card: Card, taken: Collection[str]) -> bool:
    """Whether the whole text may be looked at: a partner's, once that edition is written down as taken."""
    is_licensed = card.decision.reason is Reason.LICENCE
    return card.decision.opens_everything and (not is_licensed or card.publication.id in taken)


def _is_confirmed(hit: Hit, card: Card, taken: Collection[str]) -> bool:
    """Whether the document that it was found by holds no more than the decision opens."""
    return _is_open(card, taken) or not (hit.is_whole or hit.is_open)


async def _bodies(connection: AsyncConnection, shown: Sequence[Card], taken: Collection[str]) -> dict[str, str]:
    """Read the bodies that the decisions allow; of what never had a gate, the one that everybody gets."""
    gated = [
        card.publication.id
        for card in shown
        if _is_open(card, taken) and card.publication.gate.requires is not Requires.FREE
    ]
    public = [card.publication.id for card in shown if card.publication.id not in gated]
    bodies: dict[str, str] = {}
    for table, ids in ((teasers, public), (full_texts, gated)):
        if ids:
            rows = await connection.execute(select(table).where(table.c.publication_id.in_(ids)))
            bodies |= {row.publication_id: row.body for row in rows}
    return bodies


def _highlights(card: Card, body: str, marking: Mapping[str, Highlighter]) -> tuple[Highlight, ...]:
    highlighter = marking[stemmer_of(card.publication.language)]
    return highlighter.highlights(card.front.title, card.front.standfirst, documents.load_paragraphs(body))
