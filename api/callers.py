"""Who calls: by which token, and from which network address."""

from datetime import datetime

from fastapi import Request

from api.caching import CLAIM
from api.credentials import address_of, bearer_of
from api.outsiders import outsider_calling, outsider_known
from api.parts import Parts
from domain.clients import ROLES
from domain.errors import NotAllowed, Unidentified
from domain.people import ANONYMOUS, Person
from infra import accounts, clients, ledger, licences
from infra.db import Connection
from infra.tokens import Claims


async def who_calls(request: Request, parts: Parts, snapshot: Connection) -> Person:
    """Return who sent the request, or refuse credentials that are not good."""
    token = bearer_of(request)
    if token is None:
        return ANONYMOUS
    if parts.issuers.issuer_of(token) is not None:
        return await outsider_calling(request, parts, token, snapshot)
    return await _ours_calling(request, parts, token, snapshot, now=request.state.now)


async def calls_still(request: Request, parts: Parts, connection: Connection, person: Person) -> Person:
    """Return who sent the request as they are by now, or refuse who has lost what they had when it began.

    A body may take its time, and so may many rows: what a token and an account are good for ends meanwhile, too.
    """
    if person.is_anonymous:
        return person
    token, now = bearer_of(request) or "", parts.sources.now()
    if parts.issuers.issuer_of(token) is not None:
        again = await outsider_known(parts, token, connection, now=now)
    else:
        again = await _ours_calling(request, parts, token, connection, now=now)
    if again.account_id != person.account_id or not person.roles <= again.roles:
        raise NotAllowed("Your account's roles do not allow this any more.", rule="roles")
    return again


async def _ours_calling(
    request: Request, parts: Parts, token: str, connection: Connection, *, now: datetime
) -> Person:
    claims = parts.tokens.verify(token, now=now)
    if claims.is_client:
        return await _client_calling(request, claims, connection, now=now)
    account = await accounts.get(connection, claims.subject, now=now, session_id=claims.session_id)
    if account is None:
        raise Unidentified("The access token is not one of ours.", presented=True)
    person = account.as_person(claims.roles, claims.session_id)
    if claim := request.scope.get(CLAIM):
        claim.identify(person, min(claims.expires_at, account.plans_until or claims.expires_at))
    return person


async def _client_calling(request: Request, claims: Claims, connection: Connection, *, now: datetime) -> Person:
    """Return the client that calls, if it is let in from where it calls now.

    The representation cache is not told of it: what is kept there is given again without a look at the address.
    """
    client = await clients.by_secret(connection, claims.subject, claims.session_id or "")
    if client is None or not client.may_call_from(address_of(request)):
        raise Unidentified("The access token is not one of ours.", presented=True)
    licence = await licences.of_client(connection, client.id)
    running = licence if licence and licence.is_running(now) else None
    return Person(
        client.id,
        claims.roles & {client.role} & ROLES,
        session_id=claims.session_id,
        is_client=True,
        licence=running,
        quota=await ledger.quota(connection, running, now=now) if running else None,
    )
