"""Writing tags: what articles are filed under. A section is a tag too."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from api.deps import Cursor, IfMatch, Limit, SlugInPath, VisitOf
from api.editorial import schemas
from api.editorial.patches import patched
from api.editorial.replies import plain, versioned
from api.links import Links
from api.pages import next_link, open_cursor, seal_cursor
from api.parts import Visit
from api.problems import declared
from api.routing import Route, needs
from domain.errors import NotThere, expect_version
from domain.events import Event, Subject
from domain.permissions import Permission
from domain.tags import Tag
from infra import tags
from infra.ids import slug_of

router = APIRouter(prefix="/v1/editorial/tags", tags=["Tags"], route_class=Route)
READ = declared("bad-request", "unauthorized", "forbidden", "not-found", "unavailable")
WRITE = declared(
    "bad-request",
    "unauthorized",
    "forbidden",
    "conflict",
    "too-large",
    "unsupported-media-type",
    "unprocessable",
    "unavailable",
)
EDIT = {**WRITE, **declared("not-found", "stale", "precondition-required")}


@router.get(
    "",
    summary="List all tags",
    operation_id="list_newsroom_tags",
    response_model=schemas.TagPage,
    responses=READ,
    openapi_extra=needs(Permission.USE_NEWSROOM),
)
async def list_newsroom_tags(
    request: Request, visit: VisitOf, limit: Limit = 20, cursor: Cursor = None
) -> Response:
    """Answer every tag, used or not, by slug."""
    found = await tags.page(visit.reading, after=open_cursor(request, visit, cursor, {}) or "", limit=limit + 1)
    following = seal_cursor(request, visit, found[limit - 1].slug, {}) if len(found) > limit else None
    page = schemas.TagPage(items=[_shown(tag) for tag in found[:limit]], next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


@router.post(
    "",
    status_code=201,
    summary="Create a tag",
    operation_id="create_tag",
    response_model=schemas.Tag,
    responses=WRITE,
    openapi_extra=needs(Permission.EDIT_TAGS),
)
async def create_tag(form: schemas.TagForm, visit: VisitOf) -> Response:
    """Add a tag. Readers see it once a published article carries it."""
    tag = Tag(visit.parts.sources.new_id(), form.slug or slug_of(form.name), form.name, form.kind, form.names)
    async with visit.writing() as connection:
        await tags.add(connection, tag)
        await visit.record(connection, _event(visit, tag, "create"))
        location = {"Location": Links(visit).to(f"/v1/editorial/tags/{tag.slug}")}
        shown = versioned(_shown(tag), tag.version, status=201, headers=location)
        return await visit.answer(connection, shown)


@router.get(
    "/{slug}",
    summary="Read a tag in the newsroom",
    operation_id="read_newsroom_tag",
    response_model=schemas.Tag,
    responses=READ,
    openapi_extra=needs(Permission.USE_NEWSROOM),
)
async def read_newsroom_tag(visit: VisitOf, slug: SlugInPath) -> Response:
    """Answer a tag, used or not."""
    tag = await tags.find(visit.reading, slug)
    if tag is None:
        raise NotThere
    return versioned(_shown(tag), tag.version)


@router.patch(
    "/{slug}",
    summary="Edit a tag",
    operation_id="edit_tag",
    response_model=schemas.Tag,
    responses=EDIT,
    openapi_extra=needs(Permission.EDIT_TAGS),
)
async def edit_tag(patch: dict[str, Any], visit: VisitOf, slug: SlugInPath, version: IfMatch) -> Response:
    """Change a tag by a merge patch (RFC 7396). Every article that carries it shows the change at once."""
    async with visit.writing() as connection:
        before = await tags.find(connection, slug)
        if before is None:
            raise NotThere
        expect_version(version, current=before.version)
        form = patched(schemas.TagForm, _form(before), patch)
        after = replace(
            before,
            slug=form.slug or before.slug,
            name=form.name,
            kind=form.kind,
            names=form.names,
            version=version + 1,
        )
        await tags.save(connection, after, read_version=version)
        await visit.record(connection, _event(visit, after, "edit"))
    return versioned(_shown(after), after.version)


def _event(visit: Visit, tag: Tag, action: str) -> Event:
    return Event(Subject.TAG, tag.id, action, visit.person.account_id, visit.now, tag.version)


def _form(tag: Tag) -> dict[str, Any]:
    return {"slug": tag.slug, "name": tag.name, "kind": tag.kind, "names": dict(tag.names)}


def _shown(tag: Tag) -> schemas.Tag:
    return schemas.Tag(**_form(tag), id=tag.id, version=tag.version)
