"""Writing contributors: the names that articles are signed with. Nobody's account."""

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
from api.parts import Visit
from api.routing import Route, needs
from domain.credits import Contributor, WebLink
from domain.errors import Flaw, Unfit
from domain.permissions import Permission
from infra import media
from infra.contributors import CONTRIBUTORS
from infra.db import Connection
from infra.ids import slug_of

router = APIRouter(prefix="/v1/editorial/contributors", tags=["Contributors"], route_class=Route)


@router.get(
    "",
    summary="List all contributors",
    operation_id="list_newsroom_contributors",
    response_model=schemas.ContributorPage,
    responses=naming.LIST,
    openapi_extra=needs(Permission.USE_NEWSROOM),
)
async def list_newsroom_contributors(
    request: Request, visit: VisitOf, limit: Limit = 20, cursor: Cursor = None
) -> Response:
    """Answer every contributor, used or not, by slug; who was merged is none any more."""
    found, following = await naming.page(request, visit, CONTRIBUTORS, limit=limit, cursor=cursor)
    page = schemas.ContributorPage(items=[_shown(one) for one in found], next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


@router.post(
    "",
    status_code=201,
    summary="Create a contributor",
    operation_id="create_contributor",
    response_model=schemas.Contributor,
    responses=naming.WRITE,
    openapi_extra=needs(Permission.EDIT_CONTRIBUTORS),
)
async def create_contributor(form: schemas.ContributorForm, visit: VisitOf) -> Response:
    """Add a contributor. Readers see them, and their picture, once a published article credits them.

    The slug may be one that another contributor had before; it then means the new one alone.
    """
    contributor = Contributor(visit.parts.sources.new_id(), form.slug or slug_of(form.name), **_said(form))
    async with visit.writing() as connection:
        await _check_picture(connection, contributor, visit)
        await naming.create(visit, CONTRIBUTORS, contributor, connection)
        location = {"Location": Links(visit).to(f"/v1/editorial/contributors/{contributor.slug}")}
        shown = versioned(_shown(contributor), contributor.version, status=201, headers=location)
        return await visit.answer(connection, shown)


@router.get(
    "/{slug}",
    summary="Read a contributor in the newsroom",
    operation_id="read_newsroom_contributor",
    response_model=schemas.Contributor,
    responses=naming.READ,
    openapi_extra=needs(Permission.USE_NEWSROOM),
)
async def read_newsroom_contributor(request: Request, visit: VisitOf, slug: SlugInPath) -> Response:
    """Answer a contributor, used or not; from a slug that they had before, the way to them."""
    contributor = await naming.read(visit, CONTRIBUTORS, slug)
    if contributor.slug != slug:
        return naming.moved(request, visit, slug=slug, to=contributor.slug)
    return versioned(_shown(contributor), contributor.version)


@router.patch(
    "/{slug}",
    summary="Edit a contributor",
    operation_id="edit_contributor",
    response_model=schemas.Contributor,
    responses=naming.EDIT,
    openapi_extra=needs(Permission.EDIT_CONTRIBUTORS),
)
async def edit_contributor(
    patch: Annotated[dict[str, Any], PatchOf(schemas.ContributorForm)],
    visit: VisitOf,
    slug: SlugInPath,
    version: IfMatch,
) -> Response:
    """Change a contributor by a merge patch (RFC 7396). Every article that credits them shows it.

    A slug that they had goes on answering, while no other contributor takes it.
    """
    async with visit.writing() as connection:
        before = await naming.expected(connection, CONTRIBUTORS, slug, version)
        form = patched(schemas.ContributorForm, _form(before), patch)
        after = replace(before, slug=form.slug or before.slug, version=version + 1, **_said(form))
        await _check_picture(connection, after, visit)
        await naming.save(visit, CONTRIBUTORS, after, connection, before=before)
    return versioned(_shown(after), after.version)


@router.delete(
    "/{slug}",
    status_code=204,
    summary="Delete a contributor whom nothing credits",
    operation_id="delete_contributor",
    responses=naming.REMOVE,
    openapi_extra=needs(Permission.EDIT_CONTRIBUTORS),
)
async def delete_contributor(visit: VisitOf, slug: SlugInPath, version: IfMatch) -> Response:
    """Remove a contributor with all their slugs.

    Who is credited in a working draft, or in anything that was ever published, can only be merged.
    """
    return await naming.remove(visit, CONTRIBUTORS, slug, version)


@router.post(
    "/{slug}/merge",
    summary="Merge a contributor into another",
    operation_id="merge_contributor",
    response_model=schemas.Contributor,
    responses=naming.EDIT,
    openapi_extra=needs(Permission.EDIT_CONTRIBUTORS),
)
async def merge_contributor(
    form: schemas.MergeForm, visit: VisitOf, slug: SlugInPath, version: IfMatch
) -> Response:
    """Put another contributor in this one's place, and answer that one.

    Everything that credited this one shows the other from now on, and all their slugs lead there. Bio, picture and
    links are gone: the other one stays as it is.
    """
    async with visit.writing() as connection:
        target = await naming.merge(visit, CONTRIBUTORS, slug, version, connection, into=form.into)
        return await visit.answer(connection, versioned(_shown(target), target.version))


def _said(form: schemas.ContributorForm) -> dict[str, Any]:
    return {
        "name": form.name,
        "kind": form.kind,
        "bio": form.bio,
        "media_id": form.media_id,
        "links": tuple(WebLink(link.url, link.label) for link in form.links),
    }


async def _check_picture(connection: Connection, contributor: Contributor, visit: Visit) -> None:
    wanted = frozenset({contributor.media_id} if contributor.media_id else ())
    if not wanted <= await media.existing(connection, wanted, only_public_or=None, now=visit.now):
        raise Unfit(Flaw("/media_id", "There is no such picture. Upload it first."))


def _form(contributor: Contributor) -> dict[str, Any]:
    return {
        "slug": contributor.slug,
        "name": contributor.name,
        "kind": contributor.kind,
        "bio": contributor.bio,
        "media_id": contributor.media_id,
        "links": [{"url": link.url, "label": link.label} for link in contributor.links],
    }


def _shown(contributor: Contributor) -> schemas.Contributor:
    return schemas.Contributor(**_form(contributor), id=contributor.id, version=contributor.version)
