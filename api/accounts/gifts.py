"""Gifts: a subscriber's links, by which whoever has one reads one article whole."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.caching import NO_STORE
from api.delivery.articles import OfLanguage, Reference, is_id
from api.deps import Cursor, Limit, VisitOf
from api.editorial.replies import plain
from api.links import Links
from api.pages import next_link, open_cursor, place_of, seal_cursor, time_and_id
from api.parts import Visit
from api.problems import declared
from api.routing import Route, needs
from api.types import Id, KnownId, Model, Time
from domain import gifts as domain
from domain.access import decide
from domain.delivery import ArticleName, Wanted
from domain.errors import NotThere
from domain.events import Event, Subject
from domain.permissions import Permission
from infra import delivery, gifts, names
from infra.db import Connection

router = APIRouter(prefix="/v1", tags=["Accounts"], route_class=Route)


class GivenArticle(Model):
    """The article that a gift opens."""

    id: KnownId
    slug: str
    title: str
    language: str


class NewGift(Model):
    """A new gift, with its link: it is told this once."""

    id: KnownId
    url: str
    """Where the article is read on the site; the site reads it from here with the same `gift`."""
    article: GivenArticle
    created_at: Time
    expires_at: Time


class Gift(Model):
    """A gift that you gave; its link is not told again, and who opened it is not known."""

    id: KnownId
    article: GivenArticle | None
    """None where it is not public at the moment."""
    created_at: Time
    expires_at: Time
    revoked_at: Time | None
    state: domain.GiftState


class GiftPage(Model):
    """A page of what you gave, newest first."""

    items: list[Gift]
    next_cursor: str | None


@router.post(
    "/articles/{slug_or_id}/gifts",
    status_code=201,
    summary="Give an article away",
    operation_id="give_article",
    response_model=NewGift,
    responses=declared(
        "bad-request", "unauthorized", "forbidden", "not-found", "wrong-state", "withdrawn", "unavailable"
    ),
    openapi_extra=needs(Permission.GIVE_ARTICLES),
)
async def give_article(visit: VisitOf, slug_or_id: Reference, language: OfLanguage = None) -> Response:
    """Make a link by which anybody reads this one article whole, until it expires or you revoke it.

    You may give what you read as a subscriber or as staff, and so many articles a month; what needs no gift, and
    one more than your month has, is refused with `409` and a `rule`.
    """
    parts = visit.parts
    async with visit.writing() as connection:
        found = await delivery.find(
            connection,
            slug_or_id.lower(),
            is_id=is_id(slug_or_id),
            language=language,
            default_language=parts.settings.default_language,
            now=visit.now,
        )
        domain.check_may_give(decide(found.item, visit.person, now=visit.now))
        publication, giving = found.publication, parts.settings.giving
        gift = domain.Gift(
            parts.sources.new_id(),
            visit.person.account_id or "",
            publication.article_id,
            visit.now,
            visit.now + giving.lasts,
        )
        token = parts.sources.new_secret()
        await gifts.give(connection, gift, token, giving)
        await _record(visit, connection, "give")
        made = NewGift(
            id=gift.id,
            url=Links(visit).gift(publication, token),
            article=GivenArticle(
                id=publication.article_id,
                slug=publication.slug,
                title=found.front.title,
                language=publication.language,
            ),
            created_at=gift.created_at,
            expires_at=gift.expires_at,
        )
        shown = plain(made, status=201, headers={"Location": Links(visit).to(f"/v1/me/gifts/{gift.id}")})
        return await visit.answer(connection, shown, keep=False)  # the link is told once


@router.get(
    "/me/gifts",
    summary="List your gifts",
    operation_id="list_gifts",
    response_model=GiftPage,
    responses=declared("bad-request", "unauthorized", "forbidden", "unavailable"),
    openapi_extra=needs(Permission.USE_OWN_ACCOUNT),
)
async def list_gifts(request: Request, visit: VisitOf, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """Answer what you gave away, the latest first."""
    account_id = visit.person.account_id or ""
    before = time_and_id(open_cursor(request, visit, cursor, {"of": account_id}))
    found = await gifts.page(visit.reading, account_id, before, limit=limit + 1)
    shown, following = found[:limit], None
    if len(found) > limit:
        place = place_of(shown[-1].created_at, shown[-1].id)
        following = seal_cursor(request, visit, place, {"of": account_id})
    wanted = Wanted(articles=frozenset(one.article_id for one in shown))
    named = (await names.fetch(visit.reading, wanted, now=visit.now)).articles
    page = GiftPage(items=[_shown(visit, one, named) for one in shown], next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


@router.delete(
    "/me/gifts/{gift_id}",
    status_code=204,
    summary="Revoke a gift",
    operation_id="revoke_gift",
    responses=declared("bad-request", "unauthorized", "forbidden", "not-found", "unavailable"),
    openapi_extra=needs(Permission.USE_OWN_ACCOUNT),
)
async def revoke_gift(visit: VisitOf, gift_id: Annotated[Id, Path(description="Id of the gift")]) -> Response:
    """Let a gift's link open nothing any more, from the next request on. To say so twice does no harm."""
    async with visit.writing() as connection:
        gift = await gifts.get(connection, gift_id, of=visit.person.account_id or "")
        if gift is None:
            raise NotThere
        if await gifts.revoke(connection, gift, now=visit.now):
            await _record(visit, connection, "revoke-gift")
    return Response(status_code=204, headers=NO_STORE)


async def _record(visit: Visit, connection: Connection, action: str) -> None:
    account_id = visit.person.account_id or ""
    event = Event(Subject.ACCOUNT, account_id, action, by=account_id, at=visit.now, version=0)
    await visit.record(connection, event)


def _shown(visit: Visit, gift: domain.Gift, named: Mapping[str, ArticleName]) -> Gift:
    name = named.get(gift.article_id)
    return Gift(
        id=gift.id,
        article=GivenArticle(id=name.id, slug=name.slug, title=name.title, language=name.language)
        if name
        else None,
        created_at=gift.created_at,
        expires_at=gift.expires_at,
        revoked_at=gift.revoked_at,
        state=gift.state(visit.now),
    )
