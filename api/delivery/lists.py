"""Lists of articles: cards, by closed sets of filters, fields and orders."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import JsonValue

from api import caching
from api.delivery import rendering, schemas
from api.delivery.articles import named
from api.deps import Cursor, Limit, VisitOf
from api.links import Links
from api.pages import next_link, open_cursor, place_of, seal_cursor, time_and_id
from api.parts import Visit
from api.problems import declared
from api.routing import Route
from api.types import SLUG_PATTERN, UUID, ArticleKind, Language, Moment, Slug
from domain.access import Requires
from domain.delivery import article_key
from domain.errors import BadRequest, NotThere, Withdrawn
from infra import cards
from infra.cards import Listing, Place, Sort

router = APIRouter(prefix="/v1", tags=["Delivery"], route_class=Route)

MAX_TAGS, MAX_IDS = 10, 100
FIELDS = tuple(schemas.Card.model_fields)


def listed(pattern: str, most: int) -> dict[str, JsonValue]:
    """Return what the contract says of a parameter whose values are separated by commas."""
    one = pattern.removeprefix("^").removesuffix("$")
    return {"pattern": f"^(?:{one})(?:,(?:{one})){{0,{most - 1}}}$"}


Tags = Annotated[
    str | None,
    Query(
        description="Slugs of tags, separated by commas; an article must have all of them",
        max_length=2100,
        json_schema_extra=listed(SLUG_PATTERN, MAX_TAGS),
    ),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller filters by, as it came (cursors are bound to that) and as it is looked up."""

    given: Mapping[str, object]
    listing: Listing


async def _filters(
    tag: Tags = None,
    section: Annotated[Slug | None, Query(description="Slug of the primary tag")] = None,
    kind: Annotated[ArticleKind | None, Query(description="Kind of the article, such as `news`")] = None,
    contributor: Annotated[Slug | None, Query(description="Slug of a contributor")] = None,
    language: Annotated[Language | None, Query(description="Language of the article")] = None,
    access: Annotated[Requires | None, Query(description="What is required of a reader now")] = None,
    published_after: Annotated[Moment | None, Query(description="First published at this time or later")] = None,
    published_before: Annotated[Moment | None, Query(description="First published before this time")] = None,
) -> Asked:
    given = {name: value for name, value in locals().items() if value is not None}
    listing = Listing(
        tags=slugs_of(tag),
        section=section,
        kind=kind,
        contributor=contributor,
        language=language,
        access=access,
        published_after=published_after,
        published_before=published_before,
    )
    return Asked(given, listing)


Filters = Annotated[Asked, Depends(_filters)]
RelatedTo = Annotated[
    str | None,
    Query(
        description="Slug or id of an article: those that it lists as related",
        pattern=f"{SLUG_PATTERN}|^{UUID.pattern}$",
        max_length=200,
    ),
]
Ids = Annotated[
    str | None,
    Query(
        description="Ids of articles, separated by commas; those that are not there are left out",
        max_length=3700,
        json_schema_extra=listed(UUID.pattern, MAX_IDS),
    ),
]
Fields = Annotated[
    str | None,
    Query(
        description="The fields that cards shall have, separated by commas; without it, all",
        max_length=1000,
        json_schema_extra=listed(f"(?:{'|'.join(FIELDS)})", len(FIELDS)),
    ),
]


def slugs_of(tag: str | None) -> tuple[str, ...]:
    """Return the slugs that a filter by tags names, each once."""
    return several(tag, "tag", SLUG_PATTERN, MAX_TAGS)


def several(given: str | None, parameter: str, pattern: str, most: int) -> tuple[str, ...]:
    """Return what commas part, each once, or refuse what is too many or of another form."""
    parts = tuple(dict.fromkeys(given.split(","))) if given is not None else ()
    if len(parts) > most:
        raise BadRequest(f"It takes up to {most} of them, separated by commas.", parameter=parameter)
    if not all(re.fullmatch(pattern, part) for part in parts):
        raise BadRequest("One of those that commas part has another form.", parameter=parameter)
    return parts


@router.get(
    "/articles",
    summary="List articles",
    operation_id="list_articles",
    response_model=schemas.CardPage | schemas.PartialCardPage,
    responses=declared("bad-request", "unauthorized", "unavailable"),
)
async def list_articles(  # noqa: PLR0913 - one argument a parameter
    request: Request,
    visit: VisitOf,
    asked: Filters,
    related_to: RelatedTo = None,
    ids: Ids = None,
    sort: Annotated[
        Sort,
        Query(description="The order; the id decides between equals, in the same direction"),
    ] = Sort.NEWEST,
    fields: Fields = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Answer cards of the articles that are live now, newest first if nothing else is asked."""
    shown_fields = fields_of(fields, FIELDS)
    given = {**asked.given, "related_to": related_to, "ids": ids, "sort": sort, "fields": fields}
    limit_ = await limited_to(visit, related_to, ids)
    listing = replace(
        asked.listing,
        ids=limit_.ids,
        sort=sort,
        after=_place(open_cursor(request, visit, cursor, given), sort),
    )
    found = await cards.page(visit.reading, listing, visit.person, now=visit.now, limit=limit + 1)
    shown = found[:limit]
    following = seal_cursor(request, visit, place_of(*shown[-1].place), given) if len(found) > limit else None
    page = schemas.CardPage(items=[rendering.card(one.card, Links(visit)) for one in shown], next_cursor=following)
    changes = [limit_.until, *(one.card.publication.next_change(visit.now) for one in shown)]
    if listing.access is not None:  # what is not in the list yet may come in
        changes.append(await cards.next_change(visit.reading, now=visit.now))
    return caching.answer(
        request,
        page.model_dump_json(include=only(shown_fields)).encode(),
        caching.caching_for(request, *changes, now=visit.now),
        headers=next_link(request, visit, following),
        keys=(caching.ARTICLES, *(article_key(one.card.publication.article_id) for one in shown)),
    )


def fields_of(fields: str | None, known: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the fields that the items of a list shall have, if not all of them."""
    return several(fields, "fields", "|".join(known), len(known)) or None


def only(fields: tuple[str, ...] | None) -> Any:  # noqa: ANN401 - Pydantic's own notation
    """Return what of a page is shown when its items have these fields."""
    return None if fields is None else {"items": {"__all__": set(fields)}, "next_cursor": True}


@dataclass(frozen=True, slots=True)
class Limited:
    """The ids that a list is limited to, if it is, and until when that is so by itself."""

    ids: tuple[str, ...] | None
    until: datetime | None = None


async def limited_to(visit: Visit, related_to: str | None, ids: str | None) -> Limited:
    """Return the ids that a list is limited to, if it is."""
    some = several(ids, "ids", UUID.pattern, MAX_IDS) if ids is not None else None
    asked = tuple(map(str.lower, some)) if some is not None else None
    if related_to is None:
        return Limited(asked)
    try:
        found = await named(visit, related_to, None)
    except (NotThere, Withdrawn):
        return Limited(())
    related = found.front.related_ids
    shown = related if asked is None else tuple(id_ for id_ in related if id_ in asked)
    return Limited(shown, found.publication.next_change(visit.now))


def _place(cursor: str | None, sort: Sort) -> Place | None:
    """Return the place that a cursor of this order stands for."""
    if cursor is None:
        return None
    if sort is not Sort.TITLE:
        return time_and_id(cursor)
    title, _, id_ = cursor.rpartition(" ")
    return title, id_
