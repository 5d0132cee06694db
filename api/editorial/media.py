"""The picture library: upload, read, and say what a picture shows, who made it and how it may be used."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.deps import Cursor, IfMatch, Limit, VisitOf
from api.editorial import schemas
from api.editorial.patches import patched
from api.editorial.replies import plain, versioned
from api.editorial.uploads import read_upload
from api.links import THE_NEWSROOM, Links
from api.pages import next_link, open_cursor, seal_cursor
from api.parts import Visit
from api.problems import declared
from api.routing import BODY_TYPES, Route, needs
from api.types import Id
from domain.errors import NotThere, expect_version
from domain.events import Event, Subject
from domain.media import Medium
from domain.permissions import Permission
from infra import images, media
from infra.storage import Incoming

router = APIRouter(prefix="/v1/editorial/media", tags=["Media"], route_class=Route)

ALLOWED = needs(Permission.EDIT_MEDIA)
READ = declared("bad-request", "unauthorized", "forbidden", "not-found", "unavailable")
UPLOAD = {
    **ALLOWED,
    BODY_TYPES: ["multipart/form-data"],
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {
                            "type": "string",
                            "contentMediaType": "application/octet-stream",
                            "description": "A JPEG, PNG, WebP or GIF picture; its content decides",
                        },
                        "alt": {"type": "string", "maxLength": 2000},
                        "caption": {"type": "string", "maxLength": 2000},
                        "credit": {"type": "string", "maxLength": 2000},
                        "licence": {"type": "string", "maxLength": 2000},
                    },
                }
            }
        },
    },
}


@router.post(
    "",
    status_code=201,
    summary="Upload a picture",
    operation_id="upload_media",
    response_model=schemas.Media,
    responses=declared(
        "bad-request",
        "unauthorized",
        "forbidden",
        "too-large",
        "unsupported-media-type",
        "unprocessable",
        "unavailable",
    ),
    openapi_extra=UPLOAD,
)
async def upload_media(request: Request, visit: VisitOf) -> Response:
    """Add a picture to the library. It stays secret until a published article shows it."""
    parts = visit.parts
    media_id = parts.sources.new_id()
    incoming = parts.storage.receive(media_id)
    try:
        form = await read_upload(request, incoming)
        await visit.claim(incoming.digest.encode(), form.model_dump_json().encode())
        facts = await run_in_threadpool(
            images.examine,
            incoming.path,
            size=incoming.size,
            digest=incoming.digest,
            max_pixels=parts.settings.max_pixels,
        )
        medium = Medium(
            id=media_id,
            facts=facts,
            alt=form.alt,
            caption=form.caption,
            credit=form.credit,
            licence=form.licence,
            created_by=visit.person.account_id or "",
            created_at=visit.now,
        )
        return await _add(visit, medium, incoming)
    finally:
        await run_in_threadpool(incoming.discard)


async def _add(visit: Visit, medium: Medium, incoming: Incoming) -> Response:
    """Put the file in its place, then the row; if the row can't be written, the file goes again."""
    storage = visit.parts.storage
    await run_in_threadpool(storage.keep, incoming, medium.id)
    try:
        async with visit.writing() as connection:
            await media.add(connection, medium)
            await visit.record(connection, _event(visit, medium, "upload"))
            location = {"Location": Links(visit).to(f"/v1/editorial/media/{medium.id}")}
            shown = versioned(_shown(visit, medium), medium.version, status=201, headers=location)
            return await visit.answer(connection, shown)
    except BaseException:
        await storage.remove(medium.id)
        raise


@router.get(
    "",
    summary="List the picture library",
    operation_id="list_media",
    response_model=schemas.MediaPage,
    responses=READ,
    openapi_extra=ALLOWED,
)
async def list_media(request: Request, visit: VisitOf, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """Answer the pictures, newest first."""
    found = await media.page(visit.reading, before=open_cursor(request, visit, cursor, {}), limit=limit + 1)
    following = seal_cursor(request, visit, found[limit - 1].id, {}) if len(found) > limit else None
    page = schemas.MediaPage(items=[_shown(visit, one) for one in found[:limit]], next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


@router.get(
    "/{media_id}",
    summary="Read a picture's record",
    operation_id="read_medium",
    response_model=schemas.Media,
    responses=READ,
    openapi_extra=ALLOWED,
)
async def read_medium(visit: VisitOf, media_id: Id) -> Response:
    """Answer what is known of a picture, with a signed address of its bytes."""
    medium = await media.get(visit.reading, media_id)
    if medium is None:
        raise NotThere
    return versioned(_shown(visit, medium), medium.version)


@router.patch(
    "/{media_id}",
    summary="Edit a picture's record",
    operation_id="edit_medium",
    response_model=schemas.Media,
    responses={
        **READ,
        **declared("stale", "precondition-required", "too-large", "unsupported-media-type", "unprocessable"),
    },
    openapi_extra=ALLOWED,
)
async def edit_medium(patch: dict[str, Any], visit: VisitOf, media_id: Id, version: IfMatch) -> Response:
    """Change what is said of a picture by a merge patch (RFC 7396); it shows wherever the picture does."""
    async with visit.writing() as connection:
        before = await media.get(connection, media_id)
        if before is None:
            raise NotThere
        expect_version(version, current=before.version)
        form = patched(schemas.MediaForm, _form(before), patch)
        after = replace(before, **form.model_dump(), version=version + 1)
        await media.save(connection, after, read_version=version)
        await visit.record(connection, _event(visit, after, "edit"))
    return versioned(_shown(visit, after), after.version)


def _event(visit: Visit, medium: Medium, action: str) -> Event:
    return Event(Subject.MEDIUM, medium.id, action, visit.person.account_id, visit.now, medium.version)


def _form(medium: Medium) -> dict[str, Any]:
    return {
        "alt": medium.alt,
        "caption": medium.caption,
        "credit": medium.credit,
        "licence": medium.licence,
    }


def _shown(visit: Visit, medium: Medium) -> schemas.Media:
    return schemas.Media(
        **_form(medium),
        id=medium.id,
        url=Links(visit).picture(medium.id, signed_for=THE_NEWSROOM),
        content_type=medium.facts.content_type,
        width=medium.facts.width,
        height=medium.facts.height,
        size=medium.facts.size,
        digest=medium.facts.digest,
        version=medium.version,
        created_by=medium.created_by,
        created_at=medium.created_at,
    )
