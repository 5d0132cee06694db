"""What partners have taken under their licences: to look at, and to take away as lines."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from api import caching
from api.admin import licence_schemas as schemas
from api.admin.replies import READ
from api.deps import Cursor, Limit, VisitOf
from api.editorial.replies import plain
from api.pages import next_link, open_cursor, place_of, seal_cursor, time_and_id
from api.parts import Visit
from api.routing import Route, needs
from api.types import Id, Moment
from domain.errors import NotThere
from domain.permissions import Permission
from infra import ledger, licences
from infra.db import Connection
from infra.ledger import Entry, Listing

router = APIRouter(prefix="/v1/admin/licences", tags=["Partners"], route_class=Route)
ALLOWED = needs(Permission.EDIT_LICENCES)
AT_ONCE = 500


class Lines(JSONResponse):
    """An answer of JSON texts, one a line; the contract shows one."""

    media_type = "application/x-ndjson"


@router.get(
    "/{licence_id}/ledger",
    summary="See what was taken",
    operation_id="list_ledger",
    response_model=schemas.LedgerPage,
    responses=READ,
    openapi_extra=ALLOWED,
)
async def list_ledger(  # noqa: PLR0913 - one argument a parameter
    request: Request,
    visit: VisitOf,
    licence_id: Id,
    article_id: Annotated[Id | None, Query(description="Of this article")] = None,
    taken_after: Annotated[Moment | None, Query(description="From this time on")] = None,
    taken_before: Annotated[Moment | None, Query(description="Until before this time")] = None,
    unacknowledged: Annotated[  # noqa: FBT002
        bool, Query(description="Only what is gone, and the partner has not said that it has removed it")
    ] = False,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Answer what was taken under a licence, in the order in which it was: each edition of an article once."""
    await _check(visit.reading, licence_id)
    asked = {
        "article_id": article_id,
        "taken_after": taken_after,
        "taken_before": taken_before,
        "unacknowledged": unacknowledged,
    }
    after = time_and_id(open_cursor(request, visit, cursor, asked))
    listing = Listing(licence_id, article_id, taken_after, taken_before, unacknowledged, after)
    found = await ledger.page(visit.reading, listing, now=visit.now, limit=limit + 1)
    following = (
        seal_cursor(request, visit, place_of(*found[limit - 1].place), asked) if len(found) > limit else None
    )
    page = schemas.LedgerPage(items=[_shown(one) for one in found[:limit]], next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


@router.get(
    "/{licence_id}/ledger/export",
    summary="Export what was taken",
    operation_id="export_ledger",
    response_class=Lines,
    response_model=schemas.LedgerEntry,
    responses=READ,
    openapi_extra=ALLOWED,
)
async def export_ledger(
    visit: VisitOf,
    licence_id: Id,
    taken_after: Annotated[Moment | None, Query(description="From this time on")] = None,
    taken_before: Annotated[Moment | None, Query(description="Until before this time")] = None,
) -> Response:
    """Answer all that was taken under a licence as NDJSON: an entry a line, in the order in which it was taken."""
    await _check(visit.reading, licence_id)
    listing = Listing(licence_id, taken_after=taken_after, taken_before=taken_before)
    name = {"Content-Disposition": 'attachment; filename="ledger.ndjson"'}
    return StreamingResponse(_lines(visit, listing), 200, {**caching.NO_STORE, **name}, Lines.media_type)


async def _lines(visit: Visit, listing: Listing) -> AsyncIterator[str]:
    """Yield every entry as a line. No connection is held while the caller takes its time."""
    while True:
        async with visit.parts.database.read() as connection:
            found = await ledger.page(connection, listing, now=visit.now, limit=AT_ONCE)
        for one in found:
            yield _shown(one).model_dump_json() + "\n"
        if len(found) < AT_ONCE:
            return
        listing = replace(listing, after=found[-1].place)


async def _check(connection: Connection, licence_id: str) -> None:
    if await licences.get(connection, licence_id) is None:
        raise NotThere


def _shown(one: Entry) -> schemas.LedgerEntry:
    return schemas.LedgerEntry(
        article_id=one.article_id,
        revision=one.number,
        taken_at=one.taken_at,
        is_first=one.is_first,
        is_gone=one.is_gone,
        acknowledged_at=one.acknowledged_at,
    )
