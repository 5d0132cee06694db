"""The picture library: upload, read, and say what a picture shows, who made it and how it may be used."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from api import caching, problems
from api.bodies import BODY_TYPES
from api.deps import Cursor, IfMatch, Limit, VisitOf
from api.editorial import media_schemas as schemas
from api.editorial.patches import PatchOf, patched
from api.editorial.replies import plain, versioned
from api.editorial.uploads import read_upload
from api.links import THE_NEWSROOM, Links
from api.pages import next_link, open_cursor, seal_cursor
from api.parts import Visit
from api.problems import declared
from api.routing import Route, needs
from api.types import Id
from domain.errors import Conflict, Flaw, InUse, NotThere, Unfit, Use, expect_version
from domain.events import Event, Subject
from domain.media import Focus, Medium, said_no_more
from domain.permissions import Permission
from infra import media
from infra.darkroom import Developed
from infra.db import Connection
from infra.pictures import Change, changing
from infra.storage import Incoming

router = APIRouter(prefix="/v1/editorial/media", tags=["Media"], route_class=Route)

ALLOWED = needs(Permission.EDIT_MEDIA)
READ = declared("bad-request", "unauthorized", "forbidden", "not-found", "unavailable")
KNOWN: dict[int | str, dict[str, Any]] = {
    200: {"model": schemas.UsedMedia, "description": "The same file was uploaded before; nothing is changed"}
}
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
                        "may_be_syndicated": {
                            "type": "boolean",
                            "description": "Whether partners may have it; they may, if it is left out",
                        },
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
    response_model=schemas.UsedMedia,
    responses=KNOWN
    | declared(
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
    """Add a picture to the library. It stays secret until a published article shows it.

    What is kept is upright and without the file's metadata. A file that has been uploaded before answers `200`
    with the picture that it became, as it is now; nothing that was sent with it is taken over.
    """
    parts = visit.parts
    media_id = parts.sources.new_id()
    async with changing(parts.database, parts.storage, media_id) as change:
        incoming = Incoming(change.folder / "incoming", parts.settings.max_upload_bytes)
        form = await read_upload(request, incoming)
        await visit.claim(incoming.digest.encode(), form.model_dump_json().encode())
        known = await _find_uploaded(visit, incoming.digest)
        if known is None:
            developed = await parts.darkroom.develop(incoming.path, change.folder)
            medium = _medium(visit, media_id, form, developed, incoming.digest)
            try:
                return await _add(visit, change, medium)
            except Conflict:
                known = await _find_uploaded(visit, incoming.digest)
                if known is None:
                    raise
    return await _uploaded(visit, known)


async def _find_uploaded(visit: Visit, digest: str) -> Medium | None:
    async with visit.parts.database.read() as connection:
        return await media.find_uploaded(connection, digest)


def _medium(
    visit: Visit, media_id: str, form: schemas.MediaForm, developed: Developed, uploaded_digest: str
) -> Medium:
    return Medium(
        id=media_id,
        facts=developed.kept.facts,
        alt=form.alt,
        caption=form.caption,
        credit=form.credit,
        licence=form.licence,
        may_be_syndicated=form.may_be_syndicated,
        created_by=visit.person.account_id or "",
        created_at=visit.now,
        uploaded_digest=uploaded_digest,
        renditions=developed.renditions,
        placeholder=developed.placeholder,
        suggested_credit=developed.kept.suggested_credit,
    )


async def _add(visit: Visit, change: Change, medium: Medium) -> Response:
    """Put the files in their places, then the row. It is a conflict if somebody was faster with the same file."""
    await change.put(medium.representations)
    async with visit.writing() as connection:
        await media.add(connection, medium)
        await visit.record(connection, _event(visit, medium, "upload"))
        return await visit.answer(connection, _answer_upload(visit, medium, (), status=201))


async def _uploaded(visit: Visit, medium: Medium) -> Response:
    """Answer with the picture that a file became when it was uploaded before."""
    async with visit.writing() as connection:
        used_by = await media.uses(connection, medium.id, by=visit.person, now=visit.now)
        return await visit.answer(connection, _answer_upload(visit, medium, used_by, status=200))


def _answer_upload(visit: Visit, medium: Medium, used_by: tuple[Use, ...], *, status: int) -> Response:
    location = {"Location": Links(visit).to(f"/v1/editorial/media/{medium.id}")}
    return versioned(_shown_with(visit, medium, used_by), medium.version, status=status, headers=location)


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
    response_model=schemas.UsedMedia,
    responses=READ,
    openapi_extra=ALLOWED,
)
async def read_medium(visit: VisitOf, media_id: Id) -> Response:
    """Answer what is known of a picture, with a signed address of its bytes, and where it is used."""
    medium = _there(await media.get(visit.reading, media_id))
    used_by = await media.uses(visit.reading, media_id, by=visit.person, now=visit.now)
    return versioned(_shown_with(visit, medium, used_by), medium.version)


@router.patch(
    "/{media_id}",
    summary="Edit a picture's record",
    operation_id="edit_medium",
    response_model=schemas.UsedMedia,
    responses={
        **READ,
        **declared("stale", "precondition-required", "too-large", "unsupported-media-type", "unprocessable"),
    },
    openapi_extra=ALLOWED,
)
async def edit_medium(
    patch: Annotated[dict[str, Any], PatchOf(schemas.MediaRecordForm)],
    visit: VisitOf,
    media_id: Id,
    version: IfMatch,
) -> Response:
    """Change what is said of a picture by a merge patch (RFC 7396); it shows wherever the picture does."""
    async with visit.looking() as connection:
        before = _there(await media.get(connection, media_id))
    expect_version(version, current=before.version)
    form = patched(schemas.MediaRecordForm, _form(before), patch)
    focus = Focus(form.focal_point.x, form.focal_point.y) if form.focal_point else None
    said: dict[str, Any] = form.model_dump(exclude={"focal_point"})
    after = replace(before, **said, focal_point=focus, version=version + 1)
    if focus == before.focal_point:
        used_by = await _save(visit, after)
    else:
        after, used_by = await _save_cropped(visit, after)
    return versioned(_shown_with(visit, after, used_by), after.version)


async def _save(visit: Visit, after: Medium) -> tuple[Use, ...]:
    """Save a picture's record if it still is at the version before, and return where the picture is used."""
    async with visit.writing() as connection:
        now = _there(await media.lock(connection, after.id))
        expect_version(after.version - 1, current=now.version)
        if lost := said_no_more(now, after):
            await _check_may_be_silent(visit, connection, after, lost)
        await media.save(connection, after, read_version=now.version)
        await visit.record(connection, _event(visit, after, "edit"))
        return await media.uses(connection, after.id, by=visit.person, now=visit.now)


async def _check_may_be_silent(
    visit: Visit, connection: Connection, medium: Medium, lost: tuple[str, ...]
) -> None:
    """Refuse to take away what a picture needed to be published, while something shows it or is about to."""
    if await media.is_shown(connection, medium.id, now=visit.now):
        reason = "An article that is live or scheduled shows the picture: say something else here, not nothing."
        raise Unfit(*(Flaw(f"/{name}", reason) for name in lost))


async def _save_cropped(visit: Visit, after: Medium) -> tuple[Medium, tuple[Use, ...]]:
    """Make the crops anew before the transaction; the old files go after it, the new ones if it fails."""
    parts = visit.parts
    async with changing(parts.database, parts.storage, after.id) as change:
        original = parts.storage.path(after.id)
        if not original.is_file():  # it was removed a moment ago
            raise NotThere
        cropped = await parts.darkroom.crop_anew(after, original, change.folder)
        change.touched.update(one.key for one in after.renditions)
        await change.put(one for one in cropped.renditions if one not in after.renditions)
        return cropped, await _save(visit, cropped)


@router.delete(
    "/{media_id}",
    status_code=204,
    summary="Delete a picture",
    operation_id="delete_medium",
    response_class=Response,
    responses={**READ, **declared("conflict", "stale", "precondition-required")},
    openapi_extra=ALLOWED,
)
async def delete_medium(visit: VisitOf, media_id: Id, version: IfMatch) -> Response:
    """Remove a picture that nothing uses; otherwise the problem's `used_by` tells where it is used."""
    parts = visit.parts
    async with changing(parts.database, parts.storage, media_id) as change:
        async with visit.writing() as connection:
            medium = _there(await media.lock(connection, media_id))
            expect_version(version, current=medium.version)
            if used_by := await media.uses(connection, media_id, by=visit.person, now=visit.now):
                raise InUse("The picture is used; take it out there first.", used_by=used_by)
            await media.remove(connection, medium, now=visit.now)
            await visit.record(connection, _event(visit, medium, "delete"))
        change.touched.update(one.key for one in medium.representations)
    return Response(status_code=204, headers=caching.NO_STORE)


def _there(medium: Medium | None) -> Medium:
    if medium is None:
        raise NotThere
    return medium


def _event(visit: Visit, medium: Medium, action: str) -> Event:
    return Event(Subject.MEDIUM, medium.id, action, visit.person.account_id, visit.now, medium.version)


def _form(medium: Medium) -> dict[str, Any]:
    focus = medium.focal_point
    return {
        "alt": medium.alt,
        "caption": medium.caption,
        "credit": medium.credit,
        "licence": medium.licence,
        "may_be_syndicated": medium.may_be_syndicated,
        "focal_point": {"x": focus.x, "y": focus.y} if focus else None,
    }


def _shown(visit: Visit, medium: Medium) -> schemas.Media:
    return schemas.Media(**_fields(visit, medium))


def _shown_with(visit: Visit, medium: Medium, used_by: tuple[Use, ...]) -> schemas.UsedMedia:
    uses = [problems.Use(type=use.type, id=use.id, title=use.title) for use in used_by]
    return schemas.UsedMedia(**_fields(visit, medium), used_by=uses)


def _fields(visit: Visit, medium: Medium) -> dict[str, Any]:
    links, facts = Links(visit), medium.facts
    return {
        **_form(medium),
        "id": medium.id,
        "url": links.picture(medium.id, signed_for=THE_NEWSROOM),
        "content_type": facts.content_type,
        "width": facts.width,
        "height": facts.height,
        "size": facts.size,
        "digest": facts.digest,
        "renditions": [
            schemas.MediaRendition(
                name=one.name,
                url=links.picture(medium.id, one.name, signed_for=THE_NEWSROOM),
                width=one.facts.width,
                height=one.facts.height,
                content_type=one.facts.content_type,
            )
            for one in medium.representations
        ],
        "placeholder": medium.placeholder,
        "suggested_credit": medium.suggested_credit,
        "version": medium.version,
        "created_by": medium.created_by,
        "created_at": medium.created_at,
    }
