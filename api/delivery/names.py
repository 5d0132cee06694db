"""Tags and contributors as readers know them: those with an article that is live now."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import caching
from api.delivery import rendering, schemas
from api.deps import Cursor, Limit, SlugInPath, VisitOf
from api.links import Links
from api.pages import next_link, open_cursor, seal_cursor
from api.parts import Visit
from api.problems import declared
from api.routing import Route
from api.types import Model
from domain.credits import Contributor
from domain.errors import NotThere
from domain.tags import Tag, TagKind
from infra import cards, counted, delivery
from infra.counted import Counted

router = APIRouter(prefix="/v1", tags=["Delivery"], route_class=Route)


@router.get(
    "/tags",
    summary="List tags",
    operation_id="list_tags",
    response_model=schemas.TagPage,
    responses=declared("bad-request", "unauthorized", "unavailable"),
)
async def list_tags(
    request: Request,
    visit: VisitOf,
    kind: Annotated[TagKind | None, Query(description="What sort of thing the tag names")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Answer the tags with an article that is live now, by slug."""
    asked = {"kind": kind}
    found = await counted.live_tags(
        visit.reading,
        now=visit.now,
        kind=kind,
        after=open_cursor(request, visit, cursor, asked) or "",
        limit=limit + 1,
    )
    following = seal_cursor(request, visit, found[limit - 1].one.slug, asked) if len(found) > limit else None
    return await _page(request, visit, schemas.TagPage(items=_tags(found[:limit]), next_cursor=following))


@router.get(
    "/tags/{slug}",
    summary="Read a tag",
    operation_id="read_tag",
    response_model=schemas.Tag,
    responses={**caching.MOVED, **declared("bad-request", "unauthorized", "not-found", "unavailable")},
)
async def read_tag(request: Request, visit: VisitOf, slug: SlugInPath) -> Response:
    """Answer a tag that has an article that is live now; without one it does not exist, by any slug."""
    found = await counted.live_tags(visit.reading, now=visit.now, slug=slug)
    return await _one(request, visit, slug, _tags(found))


@router.get(
    "/contributors",
    summary="List contributors",
    operation_id="list_contributors",
    response_model=schemas.ContributorPage,
    responses=declared("bad-request", "unauthorized", "unavailable"),
)
async def list_contributors(
    request: Request, visit: VisitOf, limit: Limit = 20, cursor: Cursor = None
) -> Response:
    """Answer the people and agencies with an article that is live now, by slug."""
    found = await counted.live_contributors(
        visit.reading,
        now=visit.now,
        after=open_cursor(request, visit, cursor, {}) or "",
        limit=limit + 1,
    )
    following = seal_cursor(request, visit, found[limit - 1].one.slug, {}) if len(found) > limit else None
    page = schemas.ContributorPage(items=await _contributors(visit, found[:limit]), next_cursor=following)
    return await _page(request, visit, page)


@router.get(
    "/contributors/{slug}",
    summary="Read a contributor",
    operation_id="read_contributor",
    response_model=schemas.Contributor,
    responses={**caching.MOVED, **declared("bad-request", "unauthorized", "not-found", "unavailable")},
)
async def read_contributor(request: Request, visit: VisitOf, slug: SlugInPath) -> Response:
    """Answer a contributor who has an article that is live now; without one they do not exist, by any slug."""
    found = await counted.live_contributors(visit.reading, now=visit.now, slug=slug)
    return await _one(request, visit, slug, await _contributors(visit, found))


def _tags(found: Sequence[Counted[Tag]]) -> list[schemas.Tag]:
    return [
        schemas.Tag(
            slug=one.one.slug,
            name=one.one.name,
            kind=one.one.kind,
            names=dict(one.one.names),
            articles=one.articles,
        )
        for one in found
    ]


async def _contributors(visit: Visit, found: Sequence[Counted[Contributor]]) -> list[schemas.Contributor]:
    ids = frozenset(one.one.media_id for one in found if one.one.media_id)
    pictures = await delivery.pictures(visit.reading, ids, visit.person, now=visit.now)
    return [
        rendering.contributor(one.one, pictures.get(one.one.media_id or ""), one.articles, Links(visit))
        for one in found
    ]


async def _one(
    request: Request, visit: Visit, slug: str, found: Sequence[schemas.Tag | schemas.Contributor]
) -> Response:
    """Answer the one that was found, or the way to it from a slug that it had before."""
    if not found:
        raise NotThere
    one = found[0]
    if one.slug != slug:
        there = Links(visit).to(request.url.path.removesuffix(slug) + one.slug)
        return caching.moved(there, {"Cache-Control": (await _kept(request, visit)).header, "Vary": caching.VARY})
    return await _answer(request, visit, one)


async def _page(request: Request, visit: Visit, page: Any) -> Response:  # noqa: ANN401 - one of two pages
    return await _answer(request, visit, page, next_link(request, visit, page.next_cursor))


async def _answer(request: Request, visit: Visit, shown: Model, headers: Any = None) -> Response:  # noqa: ANN401
    is_of_people = request.url.path.startswith("/v1/contributors")
    keys = (caching.CONTRIBUTORS if is_of_people else caching.TAGS,)
    body = shown.model_dump_json().encode()
    return caching.answer(request, body, await _kept(request, visit), headers=headers, keys=keys)


async def _kept(request: Request, visit: Visit) -> caching.Caching:
    until = await cards.next_change(visit.reading, now=visit.now)
    return caching.caching_for(request, until, now=visit.now)
