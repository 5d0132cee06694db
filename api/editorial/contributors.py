"""Writing contributors: the names that articles are signed with. Nobody's account."""

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
from domain.credits import Contributor
from domain.errors import NotThere, expect_version
from domain.events import Event, Subject
from domain.permissions import Permission
from infra import contributors
from infra.ids import slug_of

router = APIRouter(prefix="/v1/editorial/contributors", tags=["Contributors"], route_class=Route)
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
    summary="List all contributors",
    operation_id="list_newsroom_contributors",
    response_model=schemas.ContributorPage,
    responses=READ,
    openapi_extra=needs(Permission.USE_NEWSROOM),
)
async def list_newsroom_contributors(
    request: Request, visit: VisitOf, limit: Limit = 20, cursor: Cursor = None
) -> Response:
    """Answer every contributor, used or not, by slug."""
    found = await contributors.page(
        visit.reading, after=open_cursor(request, visit, cursor, {}) or "", limit=limit + 1
    )
    following = seal_cursor(request, visit, found[limit - 1].slug, {}) if len(found) > limit else None
    page = schemas.ContributorPage(items=[_shown(one) for one in found[:limit]], next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


@router.post(
    "",
    status_code=201,
    summary="Create a contributor",
    operation_id="create_contributor",
    response_model=schemas.Contributor,
    responses=WRITE,
    openapi_extra=needs(Permission.EDIT_CONTRIBUTORS),
)
async def create_contributor(form: schemas.ContributorForm, visit: VisitOf) -> Response:
    """Add a contributor. Readers see them once a published article credits them."""
    contributor = Contributor(
        visit.parts.sources.new_id(), form.slug or slug_of(form.name), form.name, form.kind, form.bio
    )
    async with visit.writing() as connection:
        await contributors.add(connection, contributor)
        await visit.record(connection, _event(visit, contributor, "create"))
        location = {"Location": Links(visit).to(f"/v1/editorial/contributors/{contributor.slug}")}
        shown = versioned(_shown(contributor), contributor.version, status=201, headers=location)
        return await visit.answer(connection, shown)


@router.get(
    "/{slug}",
    summary="Read a contributor in the newsroom",
    operation_id="read_newsroom_contributor",
    response_model=schemas.Contributor,
    responses=READ,
    openapi_extra=needs(Permission.USE_NEWSROOM),
)
async def read_newsroom_contributor(visit: VisitOf, slug: SlugInPath) -> Response:
    """Answer a contributor, used or not."""
    contributor = await contributors.find(visit.reading, slug)
    if contributor is None:
        raise NotThere
    return versioned(_shown(contributor), contributor.version)


@router.patch(
    "/{slug}",
    summary="Edit a contributor",
    operation_id="edit_contributor",
    response_model=schemas.Contributor,
    responses=EDIT,
    openapi_extra=needs(Permission.EDIT_CONTRIBUTORS),
)
async def edit_contributor(patch: dict[str, Any], visit: VisitOf, slug: SlugInPath, version: IfMatch) -> Response:
    """Change a contributor by a merge patch (RFC 7396). Every article that credits them shows it."""
    async with visit.writing() as connection:
        before = await contributors.find(connection, slug)
        if before is None:
            raise NotThere
        expect_version(version, current=before.version)
        form = patched(schemas.ContributorForm, _form(before), patch)
        after = replace(
            before,
            slug=form.slug or before.slug,
            name=form.name,
            kind=form.kind,
            bio=form.bio,
            version=version + 1,
        )
        await contributors.save(connection, after, read_version=version)
        await visit.record(connection, _event(visit, after, "edit"))
    return versioned(_shown(after), after.version)


def _event(visit: Visit, contributor: Contributor, action: str) -> Event:
    return Event(
        Subject.CONTRIBUTOR, contributor.id, action, visit.person.account_id, visit.now, contributor.version
    )


def _form(contributor: Contributor) -> dict[str, Any]:
    return {"slug": contributor.slug, "name": contributor.name, "kind": contributor.kind, "bio": contributor.bio}


def _shown(contributor: Contributor) -> schemas.Contributor:
    return schemas.Contributor(**_form(contributor), id=contributor.id, version=contributor.version)
