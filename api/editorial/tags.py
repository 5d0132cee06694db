"""Writing tags: what articles are filed under. A section is a tag too."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from api.deps import Cursor, IfMatch, Limit, SlugInPath, VisitOf
from api.editorial import name_schemas as schemas
from api.editorial import naming
from api.editorial.patches import PatchOf, patched
from api.editorial.replies import plain, versioned
from api.links import Links
from api.pages import next_link
from api.routing import Route, needs
from domain.permissions import Permission
from domain.tags import Tag
from infra.ids import slug_of
from infra.tags import TAGS

router = APIRouter(prefix="/v1/editorial/tags", tags=["Tags"], route_class=Route)


@router.get(
    "",
    summary="List all tags",
    operation_id="list_newsroom_tags",
    response_model=schemas.TagPage,
    responses=naming.LIST,
    openapi_extra=needs(Permission.USE_NEWSROOM),
)
async def list_newsroom_tags(
    request: Request, visit: VisitOf, limit: Limit = 20, cursor: Cursor = None
) -> Response:
    """Answer every tag, used or not, by slug; what was merged is none any more."""
    found, following = await naming.page(request, visit, TAGS, limit=limit, cursor=cursor)
    page = schemas.TagPage(items=[_shown(tag) for tag in found], next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


@router.post(
    "",
    status_code=201,
    summary="Create a tag",
    operation_id="create_tag",
    response_model=schemas.Tag,
    responses=naming.WRITE,
    openapi_extra=needs(Permission.EDIT_TAGS),
)
async def create_tag(form: schemas.TagForm, visit: VisitOf) -> Response:
    """Add a tag. Readers see it once a published article carries it.

    It may take a slug that another tag had before, which then means the new one alone.
    """
    tag = Tag(visit.parts.sources.new_id(), form.slug or slug_of(form.name), form.name, form.kind, form.names)
    async with visit.writing() as connection:
        await naming.create(visit, TAGS, tag, connection)
        location = {"Location": Links(visit).to(f"/v1/editorial/tags/{tag.slug}")}
        shown = versioned(_shown(tag), tag.version, status=201, headers=location)
        return await visit.answer(connection, shown)


@router.get(
    "/{slug}",
    summary="Read a tag in the newsroom",
    operation_id="read_newsroom_tag",
    response_model=schemas.Tag,
    responses=naming.READ,
    openapi_extra=needs(Permission.USE_NEWSROOM),
)
async def read_newsroom_tag(request: Request, visit: VisitOf, slug: SlugInPath) -> Response:
    """Answer a tag, used or not; from a slug that it had before, the way to it."""
    tag = await naming.read(visit, TAGS, slug)
    if tag.slug != slug:
        return naming.moved(request, visit, slug=slug, to=tag.slug)
    return versioned(_shown(tag), tag.version)


@router.patch(
    "/{slug}",
    summary="Edit a tag",
    operation_id="edit_tag",
    response_model=schemas.Tag,
    responses=naming.EDIT,
    openapi_extra=needs(Permission.EDIT_TAGS),
)
async def edit_tag(
    patch: Annotated[dict[str, Any], PatchOf(schemas.TagForm)], visit: VisitOf, slug: SlugInPath, version: IfMatch
) -> Response:
    """Change a tag by a merge patch (RFC 7396). Every article that carries it shows the change at once.

    A slug that it had goes on answering, while no other tag takes it.
    """
    async with visit.writing() as connection:
        before = await naming.expected(connection, TAGS, slug, version)
        form = patched(schemas.TagForm, _form(before), patch)
        after = replace(
            before,
            slug=form.slug or before.slug,
            name=form.name,
            kind=form.kind,
            names=form.names,
            version=version + 1,
        )
        await naming.save(visit, TAGS, after, connection, before=before)
    return versioned(_shown(after), after.version)


@router.delete(
    "/{slug}",
    status_code=204,
    summary="Delete a tag that nothing names",
    operation_id="delete_tag",
    responses=naming.REMOVE,
    openapi_extra=needs(Permission.EDIT_TAGS),
)
async def delete_tag(visit: VisitOf, slug: SlugInPath, version: IfMatch) -> Response:
    """Remove a tag with all its slugs.

    One that a working draft carries, or anything that was ever published, can only be merged.
    """
    return await naming.remove(visit, TAGS, slug, version)


@router.post(
    "/{slug}/merge",
    summary="Merge a tag into another",
    operation_id="merge_tag",
    response_model=schemas.Tag,
    responses=naming.EDIT,
    openapi_extra=needs(Permission.EDIT_TAGS),
)
async def merge_tag(form: schemas.MergeForm, visit: VisitOf, slug: SlugInPath, version: IfMatch) -> Response:
    """Put another tag in this one's place, whatever their kinds, and answer that one.

    Everything that named this tag shows the other from now on, and all its slugs lead there. Its names are gone:
    the other one stays as it is.
    """
    async with visit.writing() as connection:
        target = await naming.merge(visit, TAGS, slug, version, connection, into=form.into)
        return await visit.answer(connection, versioned(_shown(target), target.version))


def _form(tag: Tag) -> dict[str, Any]:
    return {"slug": tag.slug, "name": tag.name, "kind": tag.kind, "names": dict(tag.names)}


def _shown(tag: Tag) -> schemas.Tag:
    return schemas.Tag(**_form(tag), id=tag.id, version=tag.version)
