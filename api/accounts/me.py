"""Readers' own accounts: who the caller is and what they may read, and changing or leaving it."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Request, Response

from api.accounts.letters import address_of, post
from api.accounts.schemas import ChangedMe, MayRead, Me, ProfileForm
from api.accounts.trying import try_password
from api.caching import NO_STORE
from api.deps import VisitOf
from api.editorial.patches import PatchOf, patched
from api.editorial.replies import plain
from api.parts import Visit
from api.problems import declared
from api.routing import Route, needs
from domain.access import Gate, Item, Requires, decide
from domain.clients import Client
from domain.errors import Conflict, Flaw, Unfit, Unidentified
from domain.events import Event, Subject
from domain.headings import EVERYTHING
from domain.letters import CONFIRM_FOR, Kind
from domain.people import Account, Role
from domain.permissions import Permission
from infra import accounts, belongings, clients, sessions
from infra.account_links import NewEmail, standing
from infra.db import Connection

router = APIRouter(prefix="/v1", tags=["Accounts"], route_class=Route)

READ = declared("bad-request", "unauthorized", "forbidden", "unavailable")
Found = TypeVar("Found")
_NEVER_GONE = ("email", "password", "current_password")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to change of what takes a password, which was right for the hash `verified`."""

    email: str | None = None
    new_hash: str | None = None
    verified: str | None = None


@router.get(
    "/me",
    summary="Who you are",
    operation_id="read_me",
    response_model=Me,
    responses=READ,
    openapi_extra=needs(Permission.SEE_OWN_ACCOUNT),
)
async def read_me(visit: VisitOf) -> Response:
    """Answer who you are, the roles of your token, and how much you get behind each gate."""
    if visit.person.is_client:
        return plain(Me(**_shown_client(visit, _there(await clients.get(visit.reading, _own_id(visit))))))
    account = _there(await accounts.get(visit.reading, _own_id(visit), now=visit.now))
    return plain(Me(**_shown(visit, account)))


@router.patch(
    "/me",
    summary="Change your account",
    operation_id="edit_me",
    response_model=ChangedMe,
    responses=READ | declared("too-large", "unsupported-media-type", "unprocessable"),
    openapi_extra=needs(Permission.EDIT_OWN_ACCOUNT),
)
async def edit_me(
    request: Request, patch: Annotated[dict[str, Any], PatchOf(ProfileForm)], visit: VisitOf
) -> Response:
    """Change your name, language, e-mail address or password by a merge patch (RFC 7396); it needs no `If-Match`.

    A new address gets a letter with a link, and is yours when that is used; the old one is told. A new password
    ends all other sessions.
    """
    wish = await _wish(request, visit, patch)
    async with visit.writing() as connection:
        before, present_hash = _there(await accounts.hold(connection, _own_id(visit), now=visit.now))
        if wish.verified not in {None, present_hash}:
            raise Unfit(Flaw("/current_password", "It is not your password."))
        after = await _save_profile(visit, connection, before, patch)
        if wish.new_hash is not None:
            await accounts.change(connection, before.id, password_hash=wish.new_hash)
            await sessions.end_all(connection, before.id, but=visit.person.session_id)
            await _record(visit, connection, before, "change-password")
        await _write_letters(visit, connection, before, wish, present_hash)
    visit.parts.postman.hurry()
    return plain(ChangedMe(**_shown(visit, after), email_to_confirm=wish.email))


@router.delete(
    "/me",
    status_code=204,
    summary="Delete your account",
    operation_id="delete_me",
    responses=READ | declared("conflict"),
    openapi_extra=needs(Permission.EDIT_OWN_ACCOUNT),
)
async def delete_me(visit: VisitOf) -> Response:
    """Remove your account with its subscriptions and sessions, at once. Nobody can bring it back.

    What you did stays on record under an id that leads to nobody. The last admin has to name another one first.
    """
    if visit.person.issuer and not visit.person.roles <= {Role.READER, Role.SUBSCRIBER}:
        raise Conflict(
            "Whoever works in the newsroom is removed by an administrator, not to come back as somebody else.",
            rule="newsroom",
        )
    async with visit.writing() as connection:
        account = _there(await accounts.get(connection, _own_id(visit), now=visit.now))
        await accounts.keep_an_admin(connection, without=account)
        account, _ = _there(await accounts.hold(connection, account.id, now=visit.now))
        await _record(visit, connection, account, "delete")
        await belongings.forget(connection, visit.parts.seals, account, now=visit.now)
        await accounts.remove(connection, account)
    return Response(status_code=204, headers=NO_STORE)


async def _wish(request: Request, visit: Visit, patch: dict[str, Any]) -> Wish:
    """Return what takes a password, once the patch fits and the password is right."""
    if gone := [
        Flaw(f"/{name}", "It can be another, but not none.") for name in _NEVER_GONE if _is_null(patch, name)
    ]:
        raise Unfit(*gone)
    async with visit.looking() as snapshot:
        account, verified = _there(await accounts.with_hash(snapshot, _own_id(visit), now=visit.now))
    form = patched(ProfileForm, _profile(account), patch)
    if form.email is None and form.password is None:
        return Wish()
    if account.is_outside:
        wished = ("email",) * bool(form.email) + ("password",) * bool(form.password)
        raise Unfit(*(Flaw(f"/{name}", "You sign in elsewhere. It is yours to change there.") for name in wished))
    if form.current_password is None:
        raise Unfit(Flaw("/current_password", "It is required to change the e-mail address or the password."))
    tried = await try_password(request, visit, account.email, verified)
    if not await visit.parts.passwords.verify(form.current_password, verified):
        raise Unfit(Flaw("/current_password", "It is not your password."))
    await tried.was_right()
    new_hash = await visit.parts.passwords.hash(form.password) if form.password is not None else None
    return Wish(form.email if form.email != account.email else None, new_hash, verified)


def _is_null(patch: dict[str, Any], name: str) -> bool:
    return name in patch and patch[name] is None


def _profile(account: Account) -> dict[str, Any]:
    return {"name": account.name, "language": account.language}


async def _save_profile(visit: Visit, connection: Connection, before: Account, patch: dict[str, Any]) -> Account:
    form = patched(ProfileForm, _profile(before), patch)
    after = replace(before, name=form.name, language=form.language)
    if after != before:
        await accounts.change(connection, before.id, name=after.name, language=after.language)
        await _record(visit, connection, before, "edit")
    return after


async def _write_letters(
    visit: Visit, connection: Connection, account: Account, wish: Wish, present_hash: str
) -> None:
    """Tell the address of a new password, and both addresses of a new address: in that order."""
    if wish.new_hash is not None:
        await post(visit, connection, Kind.PASSWORD_CHANGED, account.email, language=account.language)
    if wish.email is None:
        return
    taken = await accounts.find_to_sign_in(connection, wish.email)
    stands = standing(account.email, wish.new_hash or present_hash)
    new_id, until = visit.parts.sources.new_id(), visit.now + CONFIRM_FOR
    address = address_of(visit, NewEmail(new_id, account.id, stands, wish.email, until))
    await post(visit, connection, Kind.EMAIL_WANTED, account.email, language=account.language)
    kind = Kind.HAS_ACCOUNT if taken else Kind.CONFIRM_EMAIL
    language = taken[0].language if taken else account.language
    await post(
        visit,
        connection,
        kind,
        wish.email,
        language=language,
        link=address,
        lasts=CONFIRM_FOR,
        wished_by=account.id,
    )


async def _record(visit: Visit, connection: Connection, account: Account, action: str) -> None:
    event = Event(Subject.ACCOUNT, account.id, action, by=account.id, at=visit.now, version=0)
    await visit.record(connection, event)


def _own_id(visit: Visit) -> str:
    return visit.person.account_id or ""


def _there(found: Found | None) -> Found:
    """Return an account that was there when the request began, or refuse a token whose account is gone by now."""
    if found is None:
        raise Unidentified("The access token is not one of ours.", presented=True)
    return found


def _shown(visit: Visit, account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "email": account.email or None,
        "name": account.name,
        "language": account.language,
        "issuer": visit.person.issuer,
        **_rights(visit),
    }


def _shown_client(visit: Visit, client: Client) -> dict[str, Any]:
    return {
        "id": client.id,
        "email": None,
        "name": client.name,
        "language": None,
        "issuer": None,
        **_rights(visit),
    }


def _rights(visit: Visit) -> dict[str, Any]:
    granted = {
        one: decide(Item(Gate(one), frozenset({EVERYTHING})), visit.person, now=visit.now).granted
        for one in Requires
    }
    return {
        "roles": sorted(visit.person.roles),
        "plans": sorted(visit.person.plans),
        "may_read": MayRead(**granted),
    }
