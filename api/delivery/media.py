"""The bytes of pictures: public while everybody may see them, otherwise only by a signed address."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from api import caching
from api.deps import VisitOf
from api.parts import Visit
from api.problems import declared
from api.routing import Route
from api.types import Id
from domain.errors import NotThere
from domain.media import ORIGINAL, Medium
from infra import media

router = APIRouter(tags=["Delivery"], route_class=Route)


@router.get(
    "/media/{media_id}/{rendition}",
    summary="Read a picture",
    operation_id="read_media",
    response_class=FileResponse,
    responses={
        200: {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}},
        **declared("bad-request", "unauthorized", "not-found", "unavailable"),
    },
)
async def read_media(
    request: Request,
    visit: VisitOf,
    media_id: Id,
    rendition: str,
    expires: Annotated[int | None, Query(description="From a signed address", ge=0, lt=2**40)] = None,
    signature: Annotated[str | None, Query(description="From a signed address", max_length=100)] = None,
) -> Response:
    """Answer the bytes of a picture that is in the visible part of a live article, or whose address is signed."""
    if rendition != ORIGINAL:
        raise NotThere
    path = f"/media/{media_id}/{rendition}"
    is_signed = (
        expires is not None
        and signature is not None
        and visit.parts.seals.is_signed_media(path, expires, signature, now=visit.now)
    )
    found = (
        await media.get(visit.reading, media_id)
        if is_signed
        else await media.find_public(visit.reading, media_id, now=visit.now)
    )
    if found is None or not visit.parts.storage.path(media_id).is_file():
        raise NotThere
    return _file(request, visit, found, is_signed=is_signed)


def _file(request: Request, visit: Visit, medium: Medium, *, is_signed: bool) -> Response:
    tag = f'"{medium.facts.digest[:24]}"'
    kept = caching.caching_for(request, seconds=visit.parts.settings.cache_seconds, now=visit.now)
    headers = {
        "ETag": tag,
        "Cache-Control": "private, max-age=60" if is_signed else kept.header,
        "Vary": "Authorization",
        "Content-Disposition": "inline",
    }
    if caching.matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return FileResponse(visit.parts.storage.path(medium.id), media_type=medium.facts.content_type, headers=headers)
