"""Feeds: the newest articles, with as much of each as this caller may read."""

from collections.abc import Callable, Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from api import caching
from api.delivery.leave import is_read, take
from api.delivery.lists import Tags, slugs_of
from api.deps import VisitOf
from api.formats.feeds import Feed, atom, feed, json_feed, rss
from api.formats.schemas import JsonFeed
from api.links import Links
from api.parts import Visit
from api.problems import declared
from api.routing import Route
from api.types import Language
from domain.delivery import Delivery
from infra import cards
from infra.cards import Listing
from infra.deliveries import deliver_all

router = APIRouter(prefix="/v1/feeds", tags=["Delivery"], route_class=Route)

LENGTH = 50
OfLanguage = Annotated[Language | None, Query(description="Language of the articles")]
_REFUSALS = declared("bad-request", "unauthorized", "unavailable")


class Rss(Response):
    """An answer in RSS."""

    media_type = "application/rss+xml"


class Atom(Response):
    """An answer in Atom."""

    media_type = "application/atom+xml"


class FeedInJson(JSONResponse):
    """An answer in JSON Feed."""

    media_type = "application/feed+json"


@router.get(
    "/rss.xml",
    summary="Follow articles by RSS",
    operation_id="read_rss_feed",
    response_class=Rss,
    responses=_REFUSALS,
)
async def read_rss_feed(
    request: Request, visit: VisitOf, tag: Tags = None, language: OfLanguage = None
) -> Response:
    """Answer the newest articles as RSS 2.0.

    `content:encoded` is the body that this caller may read: without a token, teasers of what is gated.
    """
    return await _answer(request, visit, tag, language, rss, "application/rss+xml; charset=utf-8")


@router.get(
    "/atom.xml",
    summary="Follow articles by Atom",
    operation_id="read_atom_feed",
    response_class=Atom,
    responses=_REFUSALS,
)
async def read_atom_feed(
    request: Request, visit: VisitOf, tag: Tags = None, language: OfLanguage = None
) -> Response:
    """Answer the newest articles as Atom (RFC 4287).

    `content` is the body that this caller may read: without a token, teasers of what is gated.
    """
    return await _answer(request, visit, tag, language, atom, "application/atom+xml; charset=utf-8")


@router.get(
    "/feed.json",
    summary="Follow articles by JSON Feed",
    operation_id="read_json_feed",
    response_class=FeedInJson,
    response_model=JsonFeed,
    responses=_REFUSALS,
)
async def read_json_feed(
    request: Request, visit: VisitOf, tag: Tags = None, language: OfLanguage = None
) -> Response:
    """Answer the newest articles as JSON Feed 1.1.

    `content_html` is the body that this caller may read: without a token, teasers of what is gated.
    """
    return await _answer(request, visit, tag, language, json_feed, "application/feed+json")


async def _answer(
    request: Request,
    visit: Visit,
    tag: str | None,
    language: str | None,
    shown: Callable[[Feed], bytes],
    media_type: str,
) -> Response:
    links = Links(visit)
    listing = Listing(tags=slugs_of(tag), language=language)
    found = await cards.found(visit.reading, listing, now=visit.now, limit=LENGTH)
    taken = await take(visit, found, now=visit.now, is_read=is_read(request))
    delivered = await deliver_all(visit.reading, found, visit.person, taken=taken, now=visit.now)
    shown_language = found[0].publication.language if language and found else None
    query = _shown_query(visit, delivered, slugs_of(tag), shown_language)
    address = links.to(f"{request.url.path}{'?' if query else ''}{urlencode(query, safe=',')}")
    made = feed(delivered, links, address=address, language=shown_language)
    kept = caching.caching_for(request, *(one.next_change(visit.now) for one in delivered), now=visit.now)
    keys = (caching.ARTICLES, *(key for one in delivered for key in one.keys))
    return caching.answer(request, shown(made), kept, media_type=media_type, keys=keys)


def _shown_query(
    visit: Visit, delivered: Sequence[Delivery], tags: Sequence[str], language: str | None
) -> dict[str, str]:
    """Return the filters as the feed's own address names them: only what its articles say themselves.

    An answer never repeats what was asked: not beside text that is not for everybody, nor the slug of a tag that
    is not public or is called something else by now.
    """
    if not delivered or not visit.person.is_anonymous:
        return {}
    public = {tag.slug for tag in delivered[0].names.tags.values()}
    asked = {"tag": ",".join(slug for slug in tags if slug in public), "language": language}
    return {name: value for name, value in asked.items() if value}
