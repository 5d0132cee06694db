"""Reading a preview: one revision, as one kind of reader would get it, for whoever has the link."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.delivery import rendering, schemas
from api.deps import VisitOf
from api.links import Links
from api.parts import Visit
from api.problems import declared
from api.routing import Route
from domain.articles import Article
from domain.editions import make_edition
from domain.errors import NotThere
from domain.permissions import may_see_article
from domain.previews import Preview, some_reader
from domain.workflow import PublicationState
from infra import accounts, articles, delivery, plans, previews

router = APIRouter(prefix="/v1", tags=["Delivery"], route_class=Route)

HEADERS = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


@router.get(
    "/previews/{token}",
    summary="Read a preview",
    operation_id="read_preview",
    response_model=schemas.Article,
    responses=declared("bad-request", "unauthorized", "not-found", "unavailable"),
)
async def read_preview(
    visit: VisitOf, token: Annotated[str, Path(description="From the preview's link", max_length=200)]
) -> Response:
    """Answer the article as the preview shows it. Nobody may keep it, and the link ends or can be revoked."""
    preview = await _open(visit, token)
    settings = visit.parts.settings
    edition = make_edition(
        await _previewed(visit, preview),
        publication_id=preview.id,
        live_from=visit.now,
        live_until=None,
        style=settings.teaser,
    )
    opens = await plans.opened_by(visit.reading, preview.plans)
    reader = some_reader(preview.kind, preview.plans, opens)
    shown = await delivery.preview(visit.reading, edition, reader, shop=settings.shop, now=visit.now)
    article = rendering.article(shown, Links(visit))
    return Response(article.model_dump_json(), headers=HEADERS, media_type="application/json")


async def _open(visit: Visit, token: str) -> Preview:
    """Return the preview of a link that is good: signed here, not over, not revoked."""
    preview_id = visit.parts.seals.open_preview(token)
    preview = await previews.get(visit.reading, preview_id) if preview_id else None
    if preview is None or not preview.is_open(visit.now):
        raise NotThere
    return preview


async def _previewed(visit: Visit, preview: Preview) -> Article:
    """Return the article with the draft that the preview shows.

    It ends with its maker's right to see the article, and when the article is withdrawn. What an outsider may is
    not kept; their previews last a day at most, and end when they are blocked.
    """
    maker = await accounts.get(visit.reading, preview.created_by, now=visit.now)
    article = await articles.at_revision(visit.reading, preview.article_id, preview.revision, now=visit.now)
    if maker is None or article is None:
        raise NotThere
    if not maker.is_outside and not may_see_article(maker.as_person(maker.roles), article.created_by):
        raise NotThere
    if article.publication is not None and article.publication.state is PublicationState.WITHDRAWN:
        raise NotThere
    return article
