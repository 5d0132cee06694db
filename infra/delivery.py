"""Reading for readers. Only `is_live` rows are followed, and only the body that the decision allows is read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import NO_LEAVE, Decision, Item, Leave, Offer, Step, decide, offers_for, tried
from domain.articles import Publication
from domain.body import Body
from domain.delivery import Delivery, Explanation, Picture, Wanted, wanted_by_article
from domain.editions import Edition, Front
from domain.errors import NotThere, Withdrawn
from domain.headings import under
from domain.people import Person
from domain.plans import Shop, plans_offered
from domain.syndication import body_under, front_under
from domain.workflow import PublicationState
from infra import documents, names, plans
from infra.publications import HEADER, publication_of
from infra.tables import full_texts, publications, teasers
from infra.visibility import NOW, is_live, was_public

FOUND = (*HEADER, publications.c.front, publications.c.remaining_percent)
_FULL_TEXT = select(full_texts.c.body).where(full_texts.c.publication_id == bindparam("id"))
_TEASER = select(teasers.c.body).where(teasers.c.publication_id == bindparam("id"))


@dataclass(frozen=True, slots=True)
class Found:
    """A live publication with its front: all that is known before the decision."""

    publication: Publication
    front: Front
    remaining_percent: int

    @property
    def item(self) -> Item:
        """The article as the decision knows it."""
        publication = self.publication
        headings = self.front.headings | {under("language", publication.language)}
        return Item(publication.gate, headings, publication.published_at)


def found_in(row: Any) -> Found:  # noqa: ANN401 - a row of whatever columns hold these
    """Return the publication and front that a row of `FOUND` says."""
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
    query = _named_so("article_id" if is_id else "slug", in_language=language is not None)
    rows = await connection.execute(query, {"name": slug_or_id, "language": language, NOW.key: now})
    found = [(found_in(row), row.held_at) for row in rows]
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


@cache
def _named_so(by: str, *, in_language: bool) -> Select[Any]:
    """Return the query for what readers have, or had until it was withdrawn, of all that was public so named.

    It is made once: to put it together takes longer than to ask it.
    """
    held = select(publications.c.article_id, func.max(publications.c.updated_at).label("held_at")).where(
        publications.c[by] == bindparam("name"), was_public(NOW)
    )
    shown = select(*FOUND)
    if in_language:
        same = publications.c.language == bindparam("language")
        held, shown = held.where(same), shown.where(same)
    names = held.group_by(publications.c.article_id).subquery("held")
    is_seen = or_(is_live(NOW), publications.c.state == PublicationState.WITHDRAWN)
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
    leave: Leave = NO_LEAVE,
    *,
    shop: Shop,
    now: datetime,
    read_at: datetime | None = None,
) -> Delivery:
    """Return the article as this person gets it: the decision comes first, and only then a body is read.

    With `read_at` it is as they would get it then, with links to other articles as they are now.
    """
    decision = decide(found.item, person, leave, now=read_at or now)
    body = await _body(connection, found.publication, decision)
    return await _delivery(connection, found, body, decision, person, shop=shop, read_at=read_at or now, now=now)


async def explain(
    connection: AsyncConnection,
    found: Found,
    person: Person,
    leave: Leave = NO_LEAVE,
    *,
    shop: Shop,
    now: datetime,
) -> Explanation:
    """Return why this person gets the article whole or not, by the code that decides. No body is read."""
    decision = decide(found.item, person, leave, now=now)
    return Explanation(
        decision,
        tuple(tried(found.item, person, leave, now=now)),
        0 if decision.opens_everything else found.remaining_percent,
        await _offers(connection, found, decision, shop, person.language),
    )


async def as_some_reader(
    connection: AsyncConnection,
    article_id: str,
    person: Person,
    leave: Leave = NO_LEAVE,
    *,
    shop: Shop,
    at: datetime,
    now: datetime,
) -> tuple[Delivery, tuple[Step, ...]]:
    """Return what a kind of person would get of an article at a time, and why; who may edit it may ask.

    Other articles are those of now: what is planned with them is not for everybody who may edit this one.
    """
    found = await find(connection, article_id, is_id=True, language=None, default_language="", now=at)
    shown = await deliver(connection, found, person, leave, shop=shop, now=now, read_at=at)
    return replace(shown, is_preview=True), tuple(tried(found.item, person, leave, now=at))


async def preview(
    connection: AsyncConnection, edition: Edition, person: Person, *, shop: Shop, now: datetime
) -> Delivery:
    """Return an edition that was never shown as this kind of person would get it."""
    found = Found(edition.publication, edition.front, edition.teaser.remaining_percent)
    decision = decide(found.item, person, now=now)
    body = edition.full if decision.opens_everything else edition.teaser.body
    shown = await _delivery(connection, found, body, decision, person, shop=shop, read_at=now, now=now)
    return replace(shown, is_preview=True)


async def _delivery(
    connection: AsyncConnection,
    found: Found,
    body: Body,
    decision: Decision,
    person: Person,
    *,
    shop: Shop,
    read_at: datetime,
    now: datetime,
) -> Delivery:
    publication, front = found.publication, front_under(decision, found.front)
    body = body_under(decision, body)
    wanted = wanted_by_article(front, body, publication.group_id)
    return Delivery(
        publication=publication,
        front=front,
        body=body,
        decision=decision,
        remaining_percent=0 if decision.opens_everything else found.remaining_percent,
        offers=await _offers(connection, found, decision, shop, person.language),
        names=await names.fetch(connection, wanted, now=now, is_syndicated=person.is_client),
        read_at=read_at,
    )


async def _offers(
    connection: AsyncConnection, found: Found, decision: Decision, shop: Shop, chosen: str | None
) -> tuple[Offer, ...]:
    """Return what would open what was refused. Plans are read only then."""
    if decision.opens_everything:
        return ()
    every = await plans.every(connection)
    languages = tuple(one for one in (chosen, found.publication.language, shop.language) if one)
    return (
        plans_offered(decision, every, found.front.headings, languages)
        if every
        else offers_for(decision, shop.offers)
    )


async def _body(connection: AsyncConnection, publication: Publication, decision: Decision) -> Body:
    query = _FULL_TEXT if decision.opens_everything else _TEASER
    text = await connection.scalar(query, {"id": publication.id})
    return documents.load_body(text or "[]")


async def pictures(
    connection: AsyncConnection, ids: frozenset[str], person: Person, *, now: datetime
) -> Mapping[str, Picture]:
    """Return the pictures of contributors who are public, as far as this person may have them."""
    return (await names.fetch(connection, Wanted(media=ids), now=now, is_syndicated=person.is_client)).media
