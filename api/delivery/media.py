"""The bytes of pictures: public while everybody may see them, otherwise only by a signed address."""

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from api import caching
from api.deps import VisitOf
from api.links import A_READER, THE_NEWSROOM
from api.parts import Visit
from api.problems import answer, declared, request_id
from api.routing import Route
from api.types import Id
from domain.errors import NotThere
from domain.media import Facts, Medium
from infra import media

router = APIRouter(tags=["Delivery"], route_class=Route)

_ONE_RANGE = re.compile(r"bytes=(?:(?P<first>\d{1,15})-(?P<last>\d{0,15})|-(?P<final>\d{1,15}))")


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
    signed_for = _signed_for(visit, f"/media/{media_id}/{rendition}", expires, signature)
    until = None if signed_for else await media.next_change(visit.reading, media_id, now=visit.now)
    found = await _found(visit, media_id, signed_for)
    shown = found.represented_as(rendition) if found else None
    if shown is None or not visit.parts.storage.holds(media_id, shown.key):
        raise NotThere
    path = visit.parts.storage.path(media_id, shown.key)
    return _file(request, visit, path, shown.facts, is_signed=signed_for is not None, until=until)


def _signed_for(visit: Visit, path: str, expires: int | None, signature: str | None) -> str | None:
    """Return whom this address was signed for, if it was and still is good."""
    if expires is None or signature is None:
        return None
    good = visit.parts.seals.is_signed_media
    audiences = (A_READER, THE_NEWSROOM)
    return next((who for who in audiences if good(f"{path} {who}", expires, signature, now=visit.now)), None)


async def _found(visit: Visit, media_id: str, signed_for: str | None) -> Medium | None:
    if signed_for == THE_NEWSROOM:
        return await media.get(visit.reading, media_id)
    found = await media.find_live(visit.reading, media_id, behind_gates=signed_for == A_READER, now=visit.now)
    return None if found and visit.person.is_client and not found.may_be_syndicated else found


def _file(
    request: Request, visit: Visit, path: Path, facts: Facts, *, is_signed: bool, until: datetime | None
) -> Response:
    tag = f'"{facts.digest[:24]}"'
    kept = caching.caching_for(request, until, now=visit.now)
    headers = {
        "ETag": tag,
        "Cache-Control": "private, max-age=60" if is_signed else kept.header,
        "Vary": caching.VARY,
        "Content-Disposition": "inline",
    }
    if caching.has_it(request, tag):
        return Response(status_code=304, headers=headers)
    if _asks_behind_the_end(request, facts.size, tag):
        size = {"Content-Range": f"bytes */{facts.size}"}
        return answer(request_id(request), "range-not-satisfiable", headers=size)
    return FileResponse(path, media_type=facts.content_type, headers=headers)


def _asks_behind_the_end(request: Request, size: int, tag: str) -> bool:
    """Tell whether the one range that is asked for holds no byte; a `Range` that is none is left unread.

    So is more than one range, and a range of another representation (RFC 9110, sections 13.1.5 and 14.2).
    """
    asked = _ONE_RANGE.fullmatch(request.headers.get("range", "").strip())
    is_other = request.headers.get("if-range", tag) != tag
    if asked is None or is_other or (asked["last"] and int(asked["last"]) < int(asked["first"])):
        request.scope["headers"] = [field for field in request.scope["headers"] if field[0] != b"range"]
        return False
    return int(asked["first"]) >= size if asked["first"] else int(asked["final"]) == 0
