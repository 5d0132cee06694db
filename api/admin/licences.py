"""Licences: what partners' clients may take whole, and the ledger of what they took."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter

from api import caching
from api.admin import licence_schemas as schemas
from api.admin.replies import BODY, CHANGE, LIST, READ, REMOVE, WRITE
from api.deps import Cursor, IfMatch, Limit, VisitOf
from api.editorial.patches import PatchOf, patched
from api.editorial.replies import plain, versioned
from api.links import Links
from api.pages import next_link, open_cursor, seal_cursor
from api.parts import Visit
from api.routing import Route, needs
from api.types import Id
from domain.access import MAY_BE_LICENSED
from domain.errors import Flaw, NotThere, Unfit, expect_version
from domain.events import Event, Subject
from domain.licences import MINUTE, Licence, Reach, check_licence
from domain.permissions import Permission
from infra import clients, ledger, licences, naming
from infra.contributors import CONTRIBUTORS
from infra.db import Connection
from infra.tags import TAGS

router = APIRouter(prefix="/v1/admin/licences", tags=["Partners"], route_class=Route)
ALLOWED = needs(Permission.EDIT_LICENCES)
_duration = TypeAdapter(timedelta)


@router.get(
    "",
    summary="List licences",
    operation_id="list_licences",
    response_model=schemas.LicencePage,
    responses=LIST,
    openapi_extra=ALLOWED,
)
async def list_licences(
    request: Request,
    visit: VisitOf,
    client_id: Annotated[Id | None, Query(description="Of this client")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Answer licences, the newest first, those that are over among them."""
    asked = {"client_id": client_id}
    before = open_cursor(request, visit, cursor, asked)
    found = await licences.page(visit.reading, client_id=client_id, before=before, limit=limit + 1)
    following = seal_cursor(request, visit, found[limit - 1].id, asked) if len(found) > limit else None
    shown = await _all_shown(visit, visit.reading, found[:limit])
    page = schemas.LicencePage(items=shown, next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


@router.post(
    "",
    status_code=201,
    summary="Create a licence",
    operation_id="create_licence",
    response_model=schemas.Licence,
    responses=WRITE,
    openapi_extra=ALLOWED,
)
async def create_licence(form: schemas.LicenceForm, visit: VisitOf) -> Response:
    """Give a client what it may take. Its next request reads that whole."""
    async with visit.writing() as connection:
        client = await clients.get(connection, form.client_id)
        if client is None:
            raise Unfit(Flaw("/client_id", "There is no such client."))
        if client.role not in MAY_BE_LICENSED:
            raise Unfit(
                Flaw("/client_id", "It is not a partner's: licences are for clients with the role `partner`.")
            )
        licence = await _agreed(visit, connection, form, visit.parts.sources.new_id(), form.client_id)
        await licences.add(connection, licence, now=visit.now)
        await _record(visit, connection, licence, "create")
        location = {"Location": Links(visit).to(f"/v1/admin/licences/{licence.id}")}
        shown = await _shown(visit, connection, licence)
        return await visit.answer(connection, versioned(shown, 1, status=201, headers=location))


@router.get(
    "/{licence_id}",
    summary="Read a licence",
    operation_id="read_licence",
    response_model=schemas.Licence,
    responses=READ,
    openapi_extra=ALLOWED,
)
async def read_licence(visit: VisitOf, licence_id: Id) -> Response:
    """Answer a licence, be it running or not."""
    one = await _found(visit.reading, licence_id)
    return versioned(await _shown(visit, visit.reading, one), one.version)


@router.patch(
    "/{licence_id}",
    summary="Edit a licence",
    operation_id="edit_licence",
    response_model=schemas.Licence,
    responses={**CHANGE, **BODY},
    openapi_extra=ALLOWED,
)
async def edit_licence(
    patch: Annotated[dict[str, Any], PatchOf(schemas.LicenceChangeForm)],
    visit: VisitOf,
    licence_id: Id,
    version: IfMatch,
) -> Response:
    """Change a licence by a merge patch (RFC 7396). It counts from the next request on.

    Whoever follows `/v1/sync` under it is sent to begin anew, and gets as much as the licence gives now.
    """
    async with visit.writing() as connection:
        before = await _expected(connection, licence_id, version)
        shown = (await _shown(visit, connection, before)).model_dump()
        current = {name: shown[name] for name in schemas.LicenceChangeForm.model_fields}
        form = patched(schemas.LicenceChangeForm, current, patch)
        agreed = await _agreed(visit, connection, form, before.id, before.client_id)
        after = replace(agreed, version=version + 1)
        await licences.save(connection, after, before=before, now=visit.now)
        await _record(visit, connection, after, "edit")
        shown_now = await _shown(visit, connection, await _found(connection, licence_id))
    return versioned(shown_now, after.version)


@router.delete(
    "/{licence_id}",
    status_code=204,
    summary="Delete a licence",
    operation_id="delete_licence",
    responses=REMOVE,
    openapi_extra=ALLOWED,
)
async def delete_licence(visit: VisitOf, licence_id: Id, version: IfMatch) -> Response:
    """Remove a licence that nothing was taken under. End any other: its ledger is kept."""
    async with visit.writing() as connection:
        one = await _expected(connection, licence_id, version)
        await licences.remove(connection, one)
        await _record(visit, connection, one, "delete")
    return Response(status_code=204, headers=caching.NO_STORE)


async def _found(connection: Connection, licence_id: str) -> Licence:
    one = await licences.get(connection, licence_id)
    if one is None:
        raise NotThere
    return one


async def _expected(connection: Connection, licence_id: str, version: int) -> Licence:
    one = await _found(connection, licence_id)
    expect_version(version, current=one.version)
    return one


async def _agreed(
    visit: Visit, connection: Connection, form: schemas.LicenceChangeForm, licence_id: str, client_id: str
) -> Licence:
    """Return what a form says, with the tags and contributors that it names, or refuse what contradicts itself."""
    licence = Licence(
        id=licence_id,
        client_id=client_id,
        reach=await _reach(connection, form.articles),
        starts_at=form.starts_at or visit.now,
        ends_at=form.ends_at,
        fields=frozenset(form.fields),
        delay=_duration.validate_python(form.delay),
        usage_terms=form.usage_terms or None,
        quota=form.quota,
    )
    check_licence(licence)
    return licence


async def _reach(connection: Connection, asked: schemas.Reach | str) -> Reach:
    if not isinstance(asked, schemas.Reach):
        return Reach(everything=True)
    tags = await naming.ids_by_slug(connection, TAGS, frozenset(asked.tags))
    makers = await naming.ids_by_slug(connection, CONTRIBUTORS, frozenset(asked.contributors))
    flaws = [
        Flaw(f"/articles/{field}/{at}", f"There is no such {field.removesuffix('s')}.")
        for field, slugs, ids in (("tags", asked.tags, tags), ("contributors", asked.contributors, makers))
        for at, slug in enumerate(slugs)
        if slug not in ids
    ]
    if flaws:
        raise Unfit(*flaws)
    return Reach(
        tag_ids=tuple(dict.fromkeys(tags[slug] for slug in asked.tags)),
        contributor_ids=tuple(dict.fromkeys(makers[slug] for slug in asked.contributors)),
        languages=tuple(dict.fromkeys(asked.languages)),
        sources=tuple(dict.fromkeys(asked.sources)),
    )


async def _shown(visit: Visit, connection: Connection, one: Licence) -> schemas.Licence:
    return (await _all_shown(visit, connection, [one]))[0]


async def _all_shown(visit: Visit, connection: Connection, some: Sequence[Licence]) -> list[schemas.Licence]:
    slugs = await licences.slugs_of(connection, some)
    used = await ledger.used(connection, [one.client_id for one in some], now=visit.now)
    return [
        schemas.Licence(
            id=one.id,
            client_id=one.client_id,
            articles=_articles(one.reach, slugs),
            fields=sorted(one.fields),
            delay=_written(one.delay),
            usage_terms=one.usage_terms,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            quota=one.quota,
            is_running=one.is_running(visit.now),
            used=used.get(one.client_id, 0),
            version=one.version,
        )
        for one in some
    ]


def _articles(reach: Reach, slugs: Mapping[str, str]) -> schemas.Reached:
    if reach.everything:
        return "everything"
    return schemas.Reach(
        tags=sorted(slugs[id_] for id_ in reach.tag_ids),
        contributors=sorted(slugs[id_] for id_ in reach.contributor_ids),
        languages=list(reach.languages),
        sources=list(reach.sources),
    )


def _written(delay: timedelta) -> str:
    """Return a delay as an ISO 8601 duration."""
    hours, minutes = divmod(delay // MINUTE, 60)
    return "PT" + (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes or not hours else "")


async def _record(visit: Visit, connection: Connection, one: Licence, action: str) -> None:
    event = Event(Subject.LICENCE, one.id, action, visit.person.account_id, visit.now, one.version)
    await visit.record(connection, event)
