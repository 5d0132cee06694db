"""Clients: programs of partners and tills, where they may call from, and the secrets that they sign in with."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from api import caching
from api.admin import client_schemas as schemas
from api.admin.replies import BODY, CHANGE, LIST, READ, REMOVE, WRITE
from api.deps import Cursor, IfMatch, Limit, VisitOf
from api.editorial.patches import PatchOf, patched
from api.editorial.replies import plain, versioned
from api.links import Links
from api.pages import next_link, open_cursor, seal_cursor
from api.parts import Visit
from api.problems import declared
from api.routing import Route, needs
from api.types import Id
from domain.clients import MARK, Client, Secret, check_room, prefix_of
from domain.errors import NotThere, expect_version
from domain.events import Event, Subject
from domain.permissions import Permission
from infra import clients
from infra.db import Connection

router = APIRouter(prefix="/v1/admin/clients", tags=["Partners"], route_class=Route)
ALLOWED = needs(Permission.EDIT_CLIENTS)


@router.get(
    "",
    summary="List clients",
    operation_id="list_clients",
    response_model=schemas.ClientPage,
    responses=LIST,
    openapi_extra=ALLOWED,
)
async def list_clients(request: Request, visit: VisitOf, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """Answer clients, the newest first."""
    found = await clients.page(visit.reading, before=open_cursor(request, visit, cursor, {}), limit=limit + 1)
    shown = found[:limit]
    secrets = await clients.secrets_of(visit.reading, [one.id for one in shown])
    following = seal_cursor(request, visit, shown[-1].id, {}) if len(found) > limit else None
    items = [schemas.Client(**_fields(one, secrets[one.id])) for one in shown]
    page = schemas.ClientPage(items=items, next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


@router.post(
    "",
    status_code=201,
    summary="Create a client",
    operation_id="create_client",
    response_model=schemas.ClientWithSecret,
    responses=WRITE,
    openapi_extra=ALLOWED,
)
async def create_client(form: schemas.ClientForm, visit: VisitOf) -> Response:
    """Add a client with its first secret, which is told here and nowhere else."""
    client_id, networks = visit.parts.sources.new_id(), tuple(form.networks)
    client = Client(client_id, form.role, form.name, networks, form.is_blocked, 1, visit.now)
    async with visit.writing() as connection:
        await clients.add(connection, client)
        _, text = await _make_secret(visit, connection, client)
        await _record(visit, connection, client, "create")
        return await _tell_secret(visit, connection, client, text, at=f"/v1/admin/clients/{client.id}")


@router.get(
    "/{client_id}",
    summary="Read a client",
    operation_id="read_client",
    response_model=schemas.Client,
    responses=READ,
    openapi_extra=ALLOWED,
)
async def read_client(visit: VisitOf, client_id: Id) -> Response:
    """Answer a client, blocked or not, with what may be shown of its secrets."""
    return await _shown(visit.reading, _there(await clients.get(visit.reading, client_id)))


@router.patch(
    "/{client_id}",
    summary="Edit a client",
    operation_id="edit_client",
    response_model=schemas.Client,
    responses={**CHANGE, **BODY},
    openapi_extra=ALLOWED,
)
async def edit_client(
    patch: Annotated[dict[str, Any], PatchOf(schemas.ClientChangeForm)],
    visit: VisitOf,
    client_id: Id,
    version: IfMatch,
) -> Response:
    """Change a client by a merge patch (RFC 7396). Its tokens are good where and while it is let in now."""
    async with visit.writing() as connection:
        before = await _expected(connection, client_id, version)
        current = {"name": before.name, "networks": list(before.networks), "is_blocked": before.is_blocked}
        form = patched(schemas.ClientChangeForm, current, patch)
        after = replace(before, **{**dict(form), "networks": tuple(form.networks)}, version=version + 1)
        await clients.save(connection, after, before=before)
        await _record(visit, connection, after, _action(before, after))
        return await _shown(connection, after)


def _action(before: Client, after: Client) -> str:
    if after.is_blocked is not before.is_blocked:
        return "block" if after.is_blocked else "unblock"
    return "edit"


@router.delete(
    "/{client_id}",
    status_code=204,
    summary="Delete a client",
    operation_id="delete_client",
    responses=REMOVE,
    openapi_extra=ALLOWED,
)
async def delete_client(visit: VisitOf, client_id: Id, version: IfMatch) -> Response:
    """Remove a client with its secrets. Its tokens are refused from the next request on.

    One that has or had a licence is kept for its ledger (`409`): block it.
    """
    async with visit.writing() as connection:
        client = await _expected(connection, client_id, version)
        await clients.remove(connection, client)
        await _record(visit, connection, client, "delete")
    return Response(status_code=204, headers=caching.NO_STORE)


@router.post(
    "/{client_id}/secrets",
    status_code=201,
    summary="Make a client another secret",
    operation_id="create_client_secret",
    response_model=schemas.ClientWithSecret,
    responses={**LIST, **declared("not-found", "conflict")},
    openapi_extra=ALLOWED,
)
async def create_client_secret(visit: VisitOf, client_id: Id) -> Response:
    """Give a client a second secret, which is told here and nowhere else; both are good until one is removed."""
    async with visit.writing() as connection:
        before = _there(await clients.lock(connection, client_id))
        check_room((await clients.secrets_of(connection, [client_id]))[client_id])
        after = replace(before, version=before.version + 1)
        await clients.save(connection, after, before=before)
        secret, text = await _make_secret(visit, connection, after)
        await _record(visit, connection, after, "add-secret")
        place = f"/v1/admin/clients/{client_id}/secrets/{secret.id}"
        return await _tell_secret(visit, connection, after, text, at=place)


@router.delete(
    "/{client_id}/secrets/{secret_id}",
    status_code=204,
    summary="Remove a client's secret",
    operation_id="delete_client_secret",
    responses=CHANGE,
    openapi_extra=ALLOWED,
)
async def delete_client_secret(visit: VisitOf, client_id: Id, secret_id: Id, version: IfMatch) -> Response:
    """Remove a secret; `If-Match` is the client's. Tokens that it got are refused from the next request on."""
    async with visit.writing() as connection:
        before = await _expected(connection, client_id, version)
        if not await clients.remove_secret(connection, client_id, secret_id):
            raise NotThere
        after = replace(before, version=version + 1)
        await clients.save(connection, after, before=before)
        await _record(visit, connection, after, "remove-secret")
    return Response(status_code=204, headers=caching.NO_STORE)


def _there(client: Client | None) -> Client:
    if client is None:
        raise NotThere
    return client


async def _expected(connection: Connection, client_id: str, version: int) -> Client:
    client = _there(await clients.lock(connection, client_id))
    expect_version(version, current=client.version)
    return client


async def _make_secret(visit: Visit, connection: Connection, client: Client) -> tuple[Secret, str]:
    """Return a new secret of a client's, and its text, which nobody can find out afterwards."""
    sources = visit.parts.sources
    text = MARK + sources.new_secret()
    secret = Secret(sources.new_id(), client.id, prefix_of(text), visit.now)
    await clients.add_secret(connection, secret, text)
    return secret, text


async def _tell_secret(visit: Visit, connection: Connection, client: Client, text: str, *, at: str) -> Response:
    secrets = await clients.secrets_of(connection, [client.id])
    made = schemas.ClientWithSecret(**_fields(client, secrets[client.id]), secret=text)
    location = {"Location": Links(visit).to(at)}
    return await visit.answer(connection, versioned(made, made.version, status=201, headers=location), keep=False)


async def _shown(connection: Connection, client: Client) -> Response:
    secrets = await clients.secrets_of(connection, [client.id])
    return versioned(schemas.Client(**_fields(client, secrets[client.id])), client.version)


def _fields(client: Client, secrets: tuple[Secret, ...]) -> dict[str, Any]:
    return {
        "id": client.id,
        "role": client.role,
        "name": client.name,
        "networks": list(client.networks),
        "is_blocked": client.is_blocked,
        "secrets": [_shown_secret(one) for one in secrets],
        "created_at": client.created_at,
        "version": client.version,
    }


def _shown_secret(secret: Secret) -> schemas.ClientSecret:
    return schemas.ClientSecret(
        id=secret.id, prefix=secret.prefix, created_at=secret.created_at, last_used_at=secret.last_used_at
    )


async def _record(visit: Visit, connection: Connection, client: Client, action: str) -> None:
    event = Event(Subject.CLIENT, client.id, action, visit.person.account_id, visit.now, client.version)
    await visit.record(connection, event)
