"""Search: cards in the order of how well they fit, with the places where the words stand."""

import json
import re
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import caching
from api.delivery import rendering, schemas
from api.delivery.lists import Filters, Ids, RelatedTo, fields_of, limited_to, listed, only
from api.deps import Limit, VisitOf
from api.limiting import limited
from api.links import Links
from api.pages import next_link, open_cursor, seal_cursor
from api.problems import declared
from api.routing import Route
from domain.errors import BadRequest
from domain.limits import Work
from infra import cards, moments
from infra.search import pages
from infra.search.finding import Place
from infra.search.query import MAX_TEXT, parse

router = APIRouter(prefix="/v1", tags=["Delivery"], route_class=Route)

FIELDS = tuple(schemas.Hit.model_fields)
Asked = Annotated[
    str | None,
    Query(
        description='Words that must all be there, `"phrases"` and beginnings of words (`kazakh*`). '
        "With a cursor it may be left out",
        min_length=1,
        max_length=MAX_TEXT,
    ),
]
Fields = Annotated[
    str | None,
    Query(
        description="The fields that hits shall have, separated by commas; without it, all",
        max_length=1000,
        json_schema_extra=listed(f"(?:{'|'.join(FIELDS)})", len(FIELDS)),
    ),
]
Cursor = Annotated[str | None, Query(max_length=1500, description="`next_cursor` of the page before")]


@router.get(
    "/search",
    summary="Search articles",
    operation_id="search_articles",
    openapi_extra=limited(Work.SEARCH),
    response_model=schemas.HitPage | schemas.PartialHitPage,
    responses=declared("bad-request", "unauthorized", "unavailable"),
)
async def search_articles(  # noqa: PLR0913 - one argument a parameter
    request: Request,
    visit: VisitOf,
    asked: Filters,
    q: Asked = None,
    related_to: RelatedTo = None,
    ids: Ids = None,
    fields: Fields = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Answer cards of the live articles that say all that is looked for, those that say it most prominently first.

    Words are found by their stem, in the language of each article, and without their accents; Cyrillic is found in
    Latin letters too. Whatever else stands in `q` is no operator. Only text that the caller may read is searched:
    the whole of an article, or its teaser.
    """
    shown_fields = fields_of(fields, FIELDS)
    given = {**asked.given, "related_to": related_to, "ids": ids, "fields": fields}
    text, after = _resumed(q, open_cursor(request, visit, cursor, given))
    now = await moments.announced(visit.reading, visit.parts.database, visit.parts.sources.now)
    listing = replace(asked.listing, ids=(await limited_to(visit, related_to, ids)).ids)
    found, last = await pages.page(
        visit.reading, parse(text), listing, visit.person, after=after, now=now, limit=limit
    )
    following = seal_cursor(request, visit, _position(text, last), given) if last else None
    page = schemas.HitPage(items=[rendering.hit(one, Links(visit)) for one in found], next_cursor=following)
    return caching.answer(
        request,
        page.model_dump_json(include=only(shown_fields)).encode(),
        caching.caching_for(request, await cards.next_change(visit.reading, now=now), now=now),
        headers=next_link(request, visit, following, but="q"),
        keys=(caching.ARTICLES,),
    )


def _position(text: str, place: Place) -> str:
    """Return what a cursor says: what was asked for stands in no address after the first."""
    return json.dumps(
        [text, place.score, place.published_at.isoformat(), place.article_id, place.since], ensure_ascii=False
    )


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # nobody means one, and each takes six characters in a cursor


def _resumed(q: str | None, cursor: str | None) -> tuple[str, Place | None]:
    """Return what is looked for, and the place to go on from."""
    if cursor is None:
        if q is None:
            raise BadRequest("Say what to look for.", parameter="q")
        return _CONTROL.sub(" ", q), None
    text, score, published_at, article_id, since = json.loads(cursor)
    if q is not None and _CONTROL.sub(" ", q) != text:
        raise BadRequest("This cursor belongs to no such list. Start without one.", parameter="cursor")
    return text, Place(score, datetime.fromisoformat(published_at), article_id, since)
