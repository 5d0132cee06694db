"""Accounts as administrators see and change them: who can sign in, with which roles, and who is shut out."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import caching
from api.admin import account_schemas as schemas
from api.admin.replies import EDIT, LIST, READ, REMOVE, WRITE
from api.deps import Cursor, IfMatch, Limit, VisitOf
from api.editorial.patches import PatchOf, patched
from api.editorial.replies import plain, versioned
from api.links import Links
from api.pages import next_link, open_cursor, seal_cursor
from api.parts import Visit
from api.routing import Route, needs
from api.types import Id
from domain.errors import Conflict, Flaw, NotThere, Unfit, expect_version
from domain.events import Event, Subject
from domain.issuers import Identity
from domain.people import Account, Role
from domain.permissions import Permission
from infra import accounts, belongings, identities, sessions
from infra.accounts import Listing
from infra.db import Connection
from infra.passwords import NOBODYS

router = APIRouter(prefix="/v1/admin/accounts", tags=["Administration"], route_class=Route)
ALLOWED = needs(Permission.EDIT_ACCOUNTS)


@router.get(
    "",
    summary="List accounts",
    operation_id="list_accounts",
    response_model=schemas.AccountPage,
    responses=LIST,
    openapi_extra=ALLOWED,
)
async def list_accounts(
    request: Request,
    visit: VisitOf,
    email: Annotated[schemas.Email | None, Query(description="With this e-mail address")] = None,
    role: Annotated[Role | None, Query(description="With this role")] = None,
    issuer: Annotated[str | None, Query(max_length=255, description="Of this outside issuer")] = None,
    subject: Annotated[str | None, Query(max_length=255, description="Whom an outside issuer calls so")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Answer accounts, the newest first."""
    asked = {"email": email, "role": role, "issuer": issuer, "subject": subject}
    before = open_cursor(request, visit, cursor, asked)
    listing = Listing(email=email, role=role, issuer=issuer, subject=subject, before=before)
    found = await accounts.page(visit.reading, listing, now=visit.now, limit=limit + 1)
    following = seal_cursor(request, visit, found[limit - 1].id, asked) if len(found) > limit else None
    known = await identities.of(visit.reading, (one.id for one in found[:limit] if one.is_outside))
    shown = [_shown(one, known.get(one.id)) for one in found[:limit]]
    page = schemas.AccountPage(items=shown, next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


@router.post(
    "",
    status_code=201,
    summary="Create an account",
    operation_id="create_account",
    response_model=schemas.Account,
    responses=WRITE,
    openapi_extra=ALLOWED,
)
async def create_account(form: schemas.AccountForm, visit: VisitOf) -> Response:
    """Add an account with these roles. What it may read besides is for subscriptions to say."""
    account_id = visit.parts.sources.new_id()
    account = Account(account_id, form.email, form.name, frozenset(form.roles), frozenset())
    hashed = await visit.parts.passwords.hash(form.password) if form.password is not None else NOBODYS
    async with visit.writing() as connection:
        await accounts.add(connection, account, password_hash=hashed, now=visit.now)
        made = await _found(visit, connection, account_id)
        await _record(visit, connection, made, "create")
        location = {"Location": Links(visit).to(f"/v1/admin/accounts/{made.id}")}
        shown = versioned(_shown(made), made.version, status=201, headers=location)
        return await visit.answer(connection, shown)


@router.get(
    "/{account_id}",
    summary="Read an account",
    operation_id="read_account",
    response_model=schemas.Account,
    responses=READ,
    openapi_extra=ALLOWED,
)
async def read_account(visit: VisitOf, account_id: Id) -> Response:
    """Answer an account, blocked or not."""
    account = await _found(visit, visit.reading, account_id)
    return versioned(await _told(visit.reading, account), account.version)


@router.patch(
    "/{account_id}",
    summary="Edit an account",
    operation_id="edit_account",
    response_model=schemas.Account,
    responses=EDIT,
    openapi_extra=ALLOWED,
)
async def edit_account(
    patch: Annotated[dict[str, Any], PatchOf(schemas.AccountChangeForm)],
    visit: VisitOf,
    account_id: Id,
    version: IfMatch,
) -> Response:
    """Change an account by a merge patch (RFC 7396). What is taken away is gone with its next request.

    A role that is added needs a new token. The last account that can administer stays so.
    """
    async with visit.writing() as connection:
        before = await _expected(visit, connection, account_id, version)
        form = patched(schemas.AccountChangeForm, _form(before), patch)
        _check_whose(before, form)
        told = {**dict(form), "email": form.email or "", "roles": frozenset(form.roles)}
        changed = replace(before, **told, version=version + 1)
        await accounts.save(connection, changed, before=before)
        if changed.is_blocked:
            await sessions.end_all(connection, account_id)
        after = await _found(visit, connection, account_id)
        await _record(visit, connection, after, _action(before, after))
        shown = await _told(connection, after)
    return versioned(shown, after.version)


def _check_whose(account: Account, form: schemas.AccountChangeForm) -> None:
    """Refuse to take an account's address away, and to give an outsider what their issuer is there for."""
    flaws = []
    if account.is_outside is not (form.email is None):
        flaws.append(Flaw("/email", "Whoever signs in here has one, and nobody else."))
    if account.is_outside and form.roles:
        flaws.append(
            Flaw("/roles", "The issuer's tokens say them. Change the mapping there, or block the account.")
        )
    if flaws:
        raise Unfit(*flaws)


def _action(before: Account, after: Account) -> str:
    if after.is_blocked is not before.is_blocked:
        return "block" if after.is_blocked else "unblock"
    return "edit"


@router.delete(
    "/{account_id}",
    status_code=204,
    summary="Delete an account",
    operation_id="delete_account",
    responses=REMOVE,
    openapi_extra=ALLOWED,
)
async def delete_account(visit: VisitOf, account_id: Id, version: IfMatch) -> Response:
    """Remove an account with its subscriptions. What it wrote stays; the last that can administer does too."""
    async with visit.writing() as connection:
        account = await _expected(visit, connection, account_id, version)
        if account.is_outside and account.is_blocked:
            raise Conflict(
                "Their issuer still vouches for them: without the block they would come back.", rule="blocked"
            )
        # In the order of owners who leave by themselves, or each would wait for the other.
        await accounts.keep_an_admin(connection, without=account)
        await accounts.hold(connection, account.id, now=visit.now)
        await belongings.forget(connection, visit.parts.seals, account, now=visit.now)
        await accounts.remove(connection, account)
        await _record(visit, connection, account, "delete")
    return Response(status_code=204, headers=caching.NO_STORE)


async def _found(visit: Visit, connection: Connection, account_id: str) -> Account:
    account = await accounts.get_any(connection, account_id, now=visit.now)
    if account is None:
        raise NotThere
    return account


async def _expected(visit: Visit, connection: Connection, account_id: str, version: int) -> Account:
    account = await _found(visit, connection, account_id)
    expect_version(version, current=account.version)
    return account


def _form(account: Account) -> dict[str, Any]:
    named = {name: getattr(account, name) for name in schemas.AccountChangeForm.model_fields}
    return {**named, "email": account.email or None, "roles": sorted(account.roles)}


async def _told(connection: Connection, account: Account) -> schemas.Account:
    known = await identities.of(connection, [account.id]) if account.is_outside else {}
    return _shown(account, known.get(account.id))


def _shown(account: Account, identity: Identity | None = None) -> schemas.Account:
    return schemas.Account(
        **_form(account),
        id=account.id,
        identity=schemas.Identity(issuer=identity.issuer, subject=identity.subject) if identity else None,
        plans=sorted(account.plans),
        created_at=account.created_at,
        version=account.version,
    )


async def _record(visit: Visit, connection: Connection, account: Account, action: str) -> None:
    event = Event(Subject.ACCOUNT, account.id, action, visit.person.account_id, visit.now, account.version)
    await visit.record(connection, event)
