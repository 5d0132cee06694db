"""What crawlers ask for first: sitemaps of the site's addresses, and where they are."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import PlainTextResponse

from api import caching
from api.deps import VisitOf
from api.formats import sitemaps
from api.links import Links
from api.parts import Visit
from api.problems import declared
from api.routing import Route
from domain.errors import NotThere
from infra import cards
from infra import sitemaps as addresses

router = APIRouter(tags=["Delivery"], route_class=Route)

NEWS_AGE = timedelta(hours=48)
NEWS_LENGTH = 1000
_PAGE = r"^[12][0-9]{3}-(0[1-9]|1[0-2])-[1-9][0-9]{0,3}$"
_REFUSALS = declared("bad-request", "unauthorized", "unavailable")


class Xml(Response):
    """An answer in XML."""

    media_type = "application/xml"


@router.get(
    "/sitemap.xml",
    summary="Read the sitemap index",
    operation_id="read_sitemap_index",
    response_class=Xml,
    responses=_REFUSALS,
)
async def read_sitemap_index(request: Request, visit: VisitOf) -> Response:
    """Answer the addresses of the sitemaps: one for each month in which articles were first published."""
    months = await addresses.months(visit.reading, now=visit.now)
    return await _answer(request, visit, sitemaps.index(months, Links(visit)))


@router.get(
    "/sitemaps/{page}.xml",
    summary="Read a sitemap",
    operation_id="read_sitemap",
    response_class=Xml,
    responses={**_REFUSALS, **declared("not-found")},
)
async def read_sitemap(
    request: Request,
    visit: VisitOf,
    page: Annotated[str, Path(description="The month, and the number of the part", pattern=_PAGE)],
) -> Response:
    """Answer the addresses of live articles that were first published in a month, the oldest first."""
    year, month, number = map(int, page.split("-"))
    since = datetime(year, month, 1, tzinfo=UTC)
    found = await addresses.published_between(
        visit.reading,
        since,
        (since + timedelta(days=31)).replace(day=1),
        now=visit.now,
        offset=(number - 1) * sitemaps.PART,
        limit=sitemaps.PART,
    )
    if not found:
        raise NotThere
    return await _answer(request, visit, sitemaps.urls(found, Links(visit)))


@router.get(
    "/news-sitemap.xml",
    summary="Read the news sitemap",
    operation_id="read_news_sitemap",
    response_class=Xml,
    responses=_REFUSALS,
)
async def read_news_sitemap(request: Request, visit: VisitOf) -> Response:
    """Answer the articles of the last 48 hours for Google News, the newest first, a thousand at most."""
    found = await addresses.published_since(visit.reading, visit.now - NEWS_AGE, now=visit.now, limit=NEWS_LENGTH)
    leaves = min((one.published_at + NEWS_AGE for one in found), default=None)
    return await _answer(request, visit, sitemaps.news(found, Links(visit)), leaves=leaves)


@router.get(
    "/robots.txt",
    summary="Read what crawlers may do",
    operation_id="read_robots",
    response_class=PlainTextResponse,
    responses=_REFUSALS,
)
async def read_robots(request: Request, visit: VisitOf) -> Response:
    """Answer that crawlers may read everything that is public, and where the sitemaps are."""
    kept = caching.caching_for(request, now=visit.now)
    body = sitemaps.robots(Links(visit))
    return caching.answer(request, body, kept, media_type="text/plain; charset=utf-8", keys=(caching.SERVER,))


async def _answer(request: Request, visit: Visit, body: bytes, *, leaves: datetime | None = None) -> Response:
    """Answer a sitemap, kept no longer than until something in it ends or is replaced."""
    ends = await cards.next_change(visit.reading, now=visit.now)
    kept = caching.caching_for(request, ends, leaves, now=visit.now)
    return caching.answer(
        request, body, kept, media_type=f"{Xml.media_type}; charset=utf-8", keys=(caching.ARTICLES,)
    )
