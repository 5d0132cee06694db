"""Who calls by which network address, and the programs that are let in from some of them alone."""

from ipaddress import ip_address

from fastapi import Request

from domain.errors import Unidentified
from domain.people import Person, Role
from infra import clients, ledger, licences
from infra.db import Connection
from infra.tokens import Claims


def address_of(request: Request) -> str | None:
    """Return the caller's network address, if it is one: a proxy passes on what it was told, zone and all."""
    try:
        return str(ip_address(request.client.host.partition("%")[0])) if request.client else None
    except ValueError:
        return None


def is_basic(authorization: str) -> bool:
    """Tell whether a field `Authorization` holds basic authentication (RFC 7617)."""
    return authorization.partition(" ")[0].lower() == "basic"


async def client_calling(request: Request, claims: Claims, snapshot: Connection) -> Person:
    """Return the client that calls, if it is let in from where it calls now.

    The representation cache is not told of it: what is kept there is given again without a look at the address.
    """
    client = await clients.by_secret(snapshot, claims.subject, claims.session_id or "")
    if client is None or not client.may_call_from(address_of(request)):
        raise Unidentified("The access token is not one of ours.", presented=True)
    now, licence = request.state.now, await licences.of_client(snapshot, client.id)
    running = licence if licence and licence.is_running(now) else None
    return Person(
        client.id,
        claims.roles & {Role.PARTNER},
        session_id=claims.session_id,
        is_client=True,
        licence=running,
        quota=await ledger.quota(snapshot, running, now=now) if running else None,
    )
