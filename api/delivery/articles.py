"""Reading an article by slug or id."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api import caching
from api.delivery import rendering, schemas
from api.delivery.leave import admit
from api.deps import VisitOf
from api.formats import blocks
from api.links import Links
from api.parts import Visit
from api.problems import declared
from api.routing import Route
from api.types import SLUG_PATTERN, UUID, Language
from domain.delivery import Delivery
from infra import delivery
from infra.delivery import Found

router = APIRouter(prefix="/v1", tags=["Delivery"], route_class=Route)


Reference = Annotated[
    str,
    Path(description="The article's slug, or its id", pattern=f"{SLUG_PATTERN}|^{UUID.pattern}$", max_length=200),
]
OfLanguage = Annotated[Language | None, Query(description="Of articles that share a slug, the one in this")]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an article is asked for with, besides its name: a language, and what the link of a gift held."""

    language: str | None
    gift: str | None


async def _asked(
    language: OfLanguage = None,
    gift: Annotated[
        str | None, Query(description="What the link of a gift holds; one that is not good counts as none")
    ] = None,
) -> Asked:
    return Asked(language, gift)


AskedOf = Annotated[Asked, Depends(_asked)]


class BodyFormat(StrEnum):
    """The forms that a body comes in."""

    BLOCKS = "blocks"
    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"


WRITTEN = {
    BodyFormat.HTML: blocks.as_html,
    BodyFormat.MARKDOWN: blocks.as_markdown,
    BodyFormat.TEXT: blocks.as_text,
}


@router.get(
    "/articles/{slug_or_id}",
    summary="Read an article",
    operation_id="read_article",
    response_model=schemas.Article,
    responses={
        **caching.MOVED,
        **declared("bad-request", "unauthorized", "not-found", "withdrawn", "unavailable"),
    },
)
async def read_article(
    request: Request,
    visit: VisitOf,
    slug_or_id: Reference,
    asked: AskedOf,
    body_format: Annotated[
        BodyFormat, Query(description="What `body` comes as: a list of blocks, or one text in this form")
    ] = BodyFormat.BLOCKS,
) -> Response:
    """Answer the whole article to whoever may read it, and its teaser to everybody else, with the reason.

    A gated article is no error: the status is `200` and `access.granted` says how much of it came. In whatever
    form, `body` ends at the same place. A registered reader's meter is debited here, once an article and period,
    but not by `HEAD`, nor by what a browser asks for in advance.
    """

    def shown(delivered: Delivery, links: Links) -> bytes:
        article = rendering.article(delivered, links)
        if body_format in WRITTEN:
            article = article.model_copy(update={"body": WRITTEN[body_format](article.blocks, links)})
        return article.model_dump_json().encode()

    return await deliver_article(request, visit, slug_or_id, asked, shown)


async def deliver_article(
    request: Request,
    visit: Visit,
    slug_or_id: str,
    asked: Asked,
    shown: Callable[[Delivery, Links], bytes],
    *,
    below: str = "",
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer an article as this caller gets it, in some form; `below` is that form's path under the article's."""
    found = await named(visit, slug_or_id, asked.language)
    if is_old(slug_or_id, found):
        return await moved(request, visit, found, asked.language, below)
    admitted = await admit(request, visit, found, asked.gift)
    visit, shop = admitted.visit, visit.parts.settings.shop
    delivered = await delivery.deliver(
        visit.reading, admitted.found, visit.person, admitted.leave, shop=shop, now=visit.now
    )
    moment, is_stored = delivered.next_change(visit.now), not admitted.is_metered
    return caching.answer(
        request,
        shown(delivered, Links(visit)),
        caching.caching_for(request, moment, now=visit.now, is_stored=is_stored),
        media_type=media_type,
        headers=headers,
        keys=delivered.keys,
    )


async def named(visit: Visit, slug_or_id: str, language: str | None) -> Found:
    """Return what this caller names, live now."""
    return await delivery.find(
        visit.reading,
        slug_or_id.lower(),
        is_id=is_id(slug_or_id),
        language=language,
        default_language=visit.parts.settings.default_language,
        now=visit.now,
    )


def is_id(slug_or_id: str) -> bool:
    """Tell whether an article is named by its id."""
    return UUID.fullmatch(slug_or_id) is not None


def is_old(slug_or_id: str, found: Found) -> bool:
    """Tell whether an article is named by a slug that it had once."""
    return not is_id(slug_or_id) and found.publication.slug != slug_or_id.lower()


async def moved(request: Request, visit: Visit, found: Found, language: str | None, below: str) -> Response:
    """Send the reader from an old slug to the present one; they get there even if another language has it too."""
    publication = found.publication
    there = await named(visit, publication.slug, language)
    asked = request.url.query
    if there.publication.article_id != publication.article_id:
        asked = urlencode({**request.query_params, "language": publication.language})
    path = f"/v1/articles/{publication.slug}{below}{'?' if asked else ''}{asked}"
    kept = caching.caching_for(request, publication.next_change(visit.now), now=visit.now)
    return caching.moved(Links(visit).to(path), {"Cache-Control": kept.header, "Vary": caching.VARY})
