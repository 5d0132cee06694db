"""An article in other forms, each at its own path: no negotiation, so that a cache keeps them apart."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from api import caching
from api.delivery.articles import Asked, AskedOf, Reference, deliver_article
from api.deps import VisitOf
from api.formats.documents import html, markdown, text
from api.formats.json_ld import json_ld
from api.formats.ninjs import ninjs
from api.formats.schemas import LinkedArticle, NinjsItem
from api.links import Links
from api.parts import Visit
from api.problems import declared
from api.routing import Route
from domain.delivery import Delivery

router = APIRouter(prefix="/v1", tags=["Delivery"], route_class=Route)

_ANSWERS: dict[int | str, dict[str, Any]] = {
    **caching.MOVED,
    **declared("bad-request", "unauthorized", "not-found", "withdrawn", "unavailable"),
}


class LinkedData(JSONResponse):
    """An answer in JSON-LD."""

    media_type = "application/ld+json"


class Markdown(PlainTextResponse):
    """An answer in Markdown."""

    media_type = "text/markdown"


@router.get(
    "/articles/{slug_or_id}/ninjs",
    summary="Read an article as ninjs",
    operation_id="read_article_as_ninjs",
    response_model=NinjsItem,
    responses=_ANSWERS,
)
async def read_article_as_ninjs(
    request: Request, visit: VisitOf, slug_or_id: Reference, asked: AskedOf
) -> Response:
    """Answer the article as ninjs 3.1, the JSON of news agencies, with what this caller may read of it.

    `representationType` is `full`, or `partial` where `bodies` holds a teaser. Pictures, "read also" links,
    related articles and translations are `associations`.
    """
    return await _answer(request, visit, slug_or_id, asked, ninjs, "ninjs", "application/json")


@router.get(
    "/articles/{slug_or_id}/jsonld",
    summary="Read an article as JSON-LD",
    operation_id="read_article_as_json_ld",
    response_class=LinkedData,
    response_model=LinkedArticle,
    responses=_ANSWERS,
)
async def read_article_as_json_ld(
    request: Request, visit: VisitOf, slug_or_id: Reference, asked: AskedOf
) -> Response:
    """Answer the article as schema.org's `NewsArticle`, to stand in a script element of the page that shows it.

    While a gate stands before the article, `hasPart` says so to search engines and names the class `paywalled`:
    give it to the element that holds the body, as the HTML form does.
    """
    return await _answer(request, visit, slug_or_id, asked, json_ld, "jsonld", "application/ld+json")


@router.get(
    "/articles/{slug_or_id}/html",
    summary="Read an article as HTML",
    operation_id="read_article_as_html",
    response_class=HTMLResponse,
    responses=_ANSWERS,
)
async def read_article_as_html(
    request: Request, visit: VisitOf, slug_or_id: Reference, asked: AskedOf
) -> Response:
    """Answer the article as a small page without scripts or styles; `body_format=html` gives the body alone.

    Behind a gate, the body's element has the class `paywalled`, and a teaser ends in `<hr class="teaser-end">`.
    """
    return await _answer(request, visit, slug_or_id, asked, html, "html", "text/html; charset=utf-8")


@router.get(
    "/articles/{slug_or_id}/markdown",
    summary="Read an article as Markdown",
    operation_id="read_article_as_markdown",
    response_class=Markdown,
    responses=_ANSWERS,
)
async def read_article_as_markdown(
    request: Request, visit: VisitOf, slug_or_id: Reference, asked: AskedOf
) -> Response:
    """Answer the article as Markdown (CommonMark, with strikethrough).

    `body_format=markdown` gives the body alone.
    """
    return await _answer(request, visit, slug_or_id, asked, markdown, "markdown", "text/markdown; charset=utf-8")


@router.get(
    "/articles/{slug_or_id}/text",
    summary="Read an article as plain text",
    operation_id="read_article_as_text",
    response_class=PlainTextResponse,
    responses=_ANSWERS,
)
async def read_article_as_text(
    request: Request, visit: VisitOf, slug_or_id: Reference, asked: AskedOf
) -> Response:
    """Answer the article as plain text, a blank line between paragraphs.

    `body_format=text` gives the body alone.
    """
    return await _answer(request, visit, slug_or_id, asked, text, "text", "text/plain; charset=utf-8")


async def _answer(
    request: Request,
    visit: Visit,
    slug_or_id: str,
    asked: Asked,
    shown: Callable[[Delivery, Links], bytes],
    name: str,
    media_type: str,
) -> Response:
    return await deliver_article(
        request,
        visit,
        slug_or_id,
        asked,
        shown,
        below=f"/{name}",
        media_type=media_type,
        headers=_policy(visit) if name == "html" else None,
    )


def _policy(visit: Visit) -> dict[str, str]:
    """Let the page show our own pictures, and nothing else."""
    here = urlsplit(visit.parts.settings.base_url)
    pictures = f"img-src {here.scheme}://{here.netloc}"
    return {"Content-Security-Policy": f"default-src 'none'; {pictures}; base-uri 'none'; frame-ancestors 'none'"}
