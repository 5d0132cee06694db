"""Reading for readers. Only `is_live` rows are followed, and only the body that the decision allows is read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import or_ as united
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, ColumnElement, Select, case, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Decision, Offer, Requires, decide, offers_for
from domain.articles import Publication
from domain.body import Body
from domain.credits import Contributor
from domain.delivery import Card, Delivery, Names, Picture, Wanted, wanted_by_article, wanted_by_card
from domain.editions import Edition, Front
from domain.errors import NotThere, Withdrawn
from domain.people import Person
from domain.tags import Tag, TagKind
from domain.workflow import PublicationState
from infra import documents, names
from infra.contributors import CONTRIBUTORS
from infra.naming import Kind, id_of
from infra.publications import HEADER, publication_of
from infra.tables import full_texts, publications, tags, teasers
from infra.tags import TAGS
from infra.visibility import is_live, requires_now, was_public

Named = TypeVar("Named")


@dataclass(frozen=True, slots=True)
class Found:
    """A live publication with its front: all that is known before the decision."""

    publication: Publication
    front: Front
    remaining_percent: int


def _found(row: Any) -> Found:  # noqa: ANN401 - a row of whatever columns hold these
    return Found(publication_of(row), documents.load_front(row.front), row.remaining_percent)


async def find(
    connection: AsyncConnection,
    slug_or_id: str,
    *,
    is_id: bool,
    language: str | None,
    default_language: str,
    now: datetime,
) -> Found:
    """Return what is live under a slug or id, or what has moved away from that slug since.

    Of articles that share a slug the one in the asked or default language comes first, then the oldest; they all
    come before one that had the slug once. What was withdrawn is refused with its reason, and all else as if it
    had never been.
    """
    named = publications.c.article_id if is_id else publications.c.slug
    rows = await connection.execute(_named_so(named == slug_or_id, language, now))
    found = [(_found(row), row.held_at) for row in rows]
    live = [
        one for one, _ in found if one.publication.is_live(now) and (is_id or one.publication.slug == slug_or_id)
    ]
    if live:
        return min(live, key=lambda one: _rank(one.publication, default_language))
    if not found:
        raise NotThere
    last, _ = max(found, key=lambda held: (held[1], held[0].publication.article_id))
    if not last.publication.is_live(now):
        raise Withdrawn(last.publication.public_note or "The article has been withdrawn.")
    return last


def _named_so(is_named: ColumnElement[bool], language: str | None, now: datetime) -> Select[Any]:
    """Return the query for what readers have, or had until it was withdrawn, of all that was public so named."""
    held = select(publications.c.article_id, func.max(publications.c.updated_at).label("held_at")).where(
        is_named, was_public(now)
    )
    shown = select(*HEADER, publications.c.front, publications.c.remaining_percent)
    if language is not None:
        held, shown = (query.where(publications.c.language == language) for query in (held, shown))
    names = held.group_by(publications.c.article_id).subquery("held")
    is_seen = or_(is_live(now), publications.c.state == PublicationState.WITHDRAWN)
    return (
        shown.add_columns(names.c.held_at)
        .join(names, names.c.article_id == publications.c.article_id)
        .where(is_seen)
    )


def _rank(publication: Publication, default_language: str) -> tuple[bool, datetime, str]:
    return publication.language != default_language, publication.published_at, publication.article_id


async def deliver(
    connection: AsyncConnection,
    found: Found,
    person: Person,
    *,
    offers: tuple[Offer, ...],
    now: datetime,
    read_at: datetime | None = None,
) -> Delivery:
    """Return the article as this person gets it: the decision comes first, and only then a body is read.

    With `read_at` it is as they would get it then, with links to other articles as they are now.
    """
    decision = decide(found.publication.gate, person, now=read_at or now)
    body = await _body(connection, found.publication, decision)
    return await _delivery(connection, found, body, decision, offers=offers, read_at=read_at or now, now=now)


async def as_some_reader(
    connection: AsyncConnection,
    article_id: str,
    person: Person,
    *,
    offers: tuple[Offer, ...],
    at: datetime,
    now: datetime,
) -> Delivery:
    """Return what a kind of person would get of an article at a time; who may edit it may ask.

    Other articles are those of now: what is planned with them is not for everybody who may edit this one.
    """
    found = await find(connection, article_id, is_id=True, language=None, default_language="", now=at)
    shown = await deliver(connection, found, person, offers=offers, now=now, read_at=at)
    return replace(shown, is_preview=True)


async def preview(
    connection: AsyncConnection, edition: Edition, person: Person, *, offers: tuple[Offer, ...], now: datetime
) -> Delivery:
    """Return an edition that was never shown as this kind of person would get it."""
    decision = decide(edition.publication.gate, person, now=now)
    body = edition.full if decision.opens_everything else edition.teaser.body
    found = Found(edition.publication, edition.front, edition.teaser.remaining_percent)
    shown = await _delivery(connection, found, body, decision, offers=offers, read_at=now, now=now)
    return replace(shown, is_preview=True)


async def _delivery(
    connection: AsyncConnection,
    found: Found,
    body: Body,
    decision: Decision,
    *,
    offers: tuple[Offer, ...],
    read_at: datetime,
    now: datetime,
) -> Delivery:
    publication, front = found.publication, found.front
    wanted = wanted_by_article(front, body, publication.group_id)
    return Delivery(
        publication=publication,
        front=front,
        body=body,
        decision=decision,
        remaining_percent=0 if decision.opens_everything else found.remaining_percent,
        offers=offers_for(decision, offers),
        names=await names.fetch(connection, wanted, now=now),
        read_at=read_at,
    )


async def _body(connection: AsyncConnection, publication: Publication, decision: Decision) -> Body:
    table = full_texts if decision.opens_everything else teasers
    text = await connection.scalar(select(table.c.body).where(table.c.publication_id == publication.id))
    return documents.load_body(text or "[]")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list of cards asks for. The fields are the only ways to filter."""

    tags: tuple[str, ...] = ()
    contributor: str | None = None
    language: str | None = None
    access: Requires | None = None
    before: tuple[datetime, str] | None = None


async def cards(
    connection: AsyncConnection, listing: Listing, person: Person, *, now: datetime, limit: int
) -> list[Card]:
    """Return the next cards of a list, newest first."""
    rows = await connection.execute(_listed(listing, now).limit(limit))
    found = [_found(row) for row in rows]
    wanted = reduce(united, (wanted_by_card(one.front) for one in found), Wanted())
    named = await names.fetch(connection, wanted, now=now)
    return [_card(one, person, named, now) for one in found]


async def next_gate_change(connection: AsyncConnection, *, now: datetime) -> datetime | None:
    """Return the next moment at which the gate of anything live opens or closes."""
    return await _next_of(connection, publications.c.holds_from, publications.c.holds_until, now=now)


async def next_end(connection: AsyncConnection, *, now: datetime) -> datetime | None:
    """Return the next moment at which anything live ends or is replaced."""
    return await _next_of(connection, publications.c.live_until, publications.c.replaced_at, now=now)


async def _next_of(connection: AsyncConnection, *moments: Column[datetime], now: datetime) -> datetime | None:
    coming = (func.min(case((moment > now, moment))) for moment in moments)
    row = (await connection.execute(select(*coming).where(is_live(now)))).one()
    return min((moment for moment in row if moment), default=None)


def _card(found: Found, person: Person, named: Names, now: datetime) -> Card:
    decision = decide(found.publication.gate, person, now=now)
    remaining = 0 if decision.opens_everything else found.remaining_percent
    return Card(found.publication, found.front, decision, remaining, named)


def _listed(listing: Listing, now: datetime) -> Select[Any]:
    query = (
        select(*HEADER, publications.c.front, publications.c.remaining_percent)
        .where(is_live(now))
        .order_by(publications.c.published_at.desc(), publications.c.article_id.desc())
    )
    for slug in listing.tags:
        query = query.where(_names(TAGS, slug))
    if listing.contributor is not None:
        query = query.where(_names(CONTRIBUTORS, listing.contributor))
    if listing.language is not None:
        query = query.where(publications.c.language == listing.language)
    if listing.access is not None:
        query = query.where(requires_now(listing.access, now))
    if listing.before is not None:
        query = query.where(tuple_(publications.c.published_at, publications.c.article_id) < listing.before)
    return query


def _names(kind: Kind[Any], slug: str) -> ColumnElement[bool]:
    """Whether a publication names what has this slug, or had it before."""
    naming = select(kind.publications.c.publication_id).where(kind.named == id_of(kind, slug))
    return publications.c.id.in_(naming)


async def pictures(connection: AsyncConnection, ids: frozenset[str], *, now: datetime) -> Mapping[str, Picture]:
    """Return the pictures of contributors who are public."""
    return (await names.fetch(connection, Wanted(media=ids), now=now)).media


@dataclass(frozen=True, slots=True)
class Counted(Generic[Named]):
    """A tag or contributor, with the number of articles that are live now."""

    one: Named
    articles: int


async def live_tags(
    connection: AsyncConnection,
    *,
    now: datetime,
    slug: str | None = None,
    kind: TagKind | None = None,
    after: str = "",
    limit: int = 1,
) -> list[Counted[Tag]]:
    """Return tags that have a live article, in the order of their slugs; by `slug`, an old one too."""
    query = _counted(TAGS, now, after, limit, slug)
    if kind is not None:
        query = query.where(tags.c.kind == kind)
    return [Counted(TAGS.read(row), row.articles) for row in await connection.execute(query)]


async def live_contributors(
    connection: AsyncConnection, *, now: datetime, slug: str | None = None, after: str = "", limit: int = 1
) -> list[Counted[Contributor]]:
    """Return contributors that have a live article, in the order of their slugs; by `slug`, an old one too."""
    query = _counted(CONTRIBUTORS, now, after, limit, slug)
    return [Counted(CONTRIBUTORS.read(row), row.articles) for row in await connection.execute(query)]


def _counted(kind: Kind[Any], now: datetime, after: str, limit: int, slug: str | None) -> Select[Any]:
    table = kind.table
    count = (
        select(kind.named.label("id"), func.count().label("articles"))
        .join(publications, publications.c.id == kind.publications.c.publication_id)
        .where(is_live(now))
        .group_by(kind.named)
        .subquery()
    )
    query = select(table, count.c.articles).join(count, count.c.id == table.c.id)
    if slug is not None:
        return query.where(table.c.id == id_of(kind, slug))
    return query.where(table.c.slug > after).order_by(table.c.slug).limit(limit)
