"""Signing in as a client: OAuth 2's `client_credentials`, with basic or post authentication (RFC 6749, 2.3.1)."""

from base64 import b64decode
from dataclasses import dataclass
from urllib.parse import unquote_plus

from fastapi import Request, Response

from api.accounts.granting import granted
from api.credentials import is_basic
from api.limiting import count
from api.parts import Visit
from domain.clients import Client, Secret
from domain.errors import ClientRefused, GrantRefused
from domain.limits import Work
from domain.people import Person
from infra import clients


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client says that it is, and its proof of it."""

    client_id: str
    secret: str


async def grant_to_client(request: Request, visit: Visit, *, client_id: str, client_secret: str) -> Response:
    """Give a client an access token, counted for the client. Whatever is wrong, the same is asked and answered."""
    try:
        client, secret = await _found(visit, _credentials(request, client_id, client_secret))
    except GrantRefused:
        await count(request, Work.SIGN_IN)
        raise
    await count(request, Work.SIGN_IN, Person(client.id, is_client=True))
    if not secret.was_used_lately(visit.now):
        async with visit.writing() as connection:
            await clients.note_use(connection, secret.id, now=visit.now)
    return granted(visit, client.id, (client.role,), session_id=secret.id, now=visit.now, is_client=True)


async def _found(visit: Visit, told: Credentials) -> tuple[Client, Secret]:
    """Return the client that has these credentials and may use them from where it calls."""
    async with visit.parts.database.read() as connection:
        found = await clients.find(connection, told.client_id, told.secret)
    if found is None or not found[0].may_call_from(visit.address):
        raise ClientRefused
    return found


def refuse_basic(request: Request) -> None:
    """Refuse a client's credentials where it is somebody else who signs in."""
    if any(is_basic(one) for one in request.headers.getlist("authorization")):
        raise ClientRefused


def _credentials(request: Request, client_id: str, client_secret: str) -> Credentials:
    """Return the one pair of credentials that was sent: in the header, or in the body."""
    given = request.headers.getlist("authorization")
    if not any(is_basic(one) for one in given):
        return Credentials(client_id, client_secret)
    if len(given) > 1 or client_secret:
        raise GrantRefused("invalid_request", "Send the client's credentials once: in the header or in the body.")
    told = _in_header(given[0])
    if client_id and client_id != told.client_id:
        raise GrantRefused("invalid_request", "`client_id` is another than the one in the header.")
    return told


def _in_header(given: str) -> Credentials:
    """Return what a header says, each part of it encoded as in a form before it was put together (RFC 6749)."""
    try:
        pair = b64decode(given.partition(" ")[2].strip(), validate=True).decode()
        client_id, colon, secret = pair.partition(":")
        told = Credentials(*(unquote_plus(part, errors="strict") for part in (client_id, secret)))
    except ValueError:
        raise ClientRefused from None
    if not colon:
        raise ClientRefused
    return told
