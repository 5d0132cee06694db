"""Callers from outside: the keys of their issuer are waited for first, and whoever comes first gets an account."""

from datetime import datetime

from fastapi import Request

from api.caching import CLAIM
from api.credentials import address_of, bearer_of
from api.parts import Parts
from domain.errors import Conflict, Unidentified
from domain.events import Event, Subject
from domain.issuers import NAME, Identity
from domain.people import Account, Person
from infra import accounts, events, identities
from infra.db import Connection


async def await_key_of_outsider(request: Request, parts: Parts) -> None:
    """Wait for the key that an outsider's token names, while no connection is held; refuse a token without one."""
    if not parts.issuers:
        return
    token = bearer_of(request)
    if token is not None and parts.issuers.issuer_of(token) is not None:
        await parts.issuers.await_key(token)


async def outsider_calling(request: Request, parts: Parts, token: str, snapshot: Connection) -> Person:
    """Return who an outsider is here. Who is blocked is refused, whatever their issuer says."""
    outsider = parts.issuers.verify(token, now=request.state.now)
    identity = Identity(outsider.issuer, outsider.subject)
    account = await accounts.get_identified(snapshot, identity, now=request.state.now)
    if account is None:
        await _welcome(request, parts, identity, snapshot, since=outsider.issued_at)
        account = await accounts.get_identified(snapshot, identity, now=request.state.now)
    if account is None or account.is_blocked:
        raise Unidentified("The access token is not one of ours.", presented=True)
    person = outsider.person(account)
    if claim := request.scope.get(CLAIM):
        claim.identify(person, min(outsider.expires_at, account.plans_until or outsider.expires_at))
    return person


async def outsider_known(parts: Parts, token: str, connection: Connection, *, now: datetime) -> Person:
    """Return who an outsider is here by now, if they have an account and are let in."""
    outsider = parts.issuers.verify(token, now=now)
    account = await accounts.get_identified(connection, Identity(outsider.issuer, outsider.subject), now=now)
    if account is None or account.is_blocked:
        raise Unidentified("The access token is not one of ours.", presented=True)
    return outsider.person(account)


async def _welcome(
    request: Request, parts: Parts, identity: Identity, snapshot: Connection, *, since: datetime
) -> None:
    """Make an account for somebody who comes first, in a transaction of its own. Of several at once one does.

    Who has deleted theirs comes back with a new token, and not with the one that did it.
    """
    sources, now = parts.sources, request.state.now
    account = Account(sources.new_id(), "", NAME, frozenset(), frozenset())
    event = Event(Subject.ACCOUNT, account.id, "sign-up-outside", by=account.id, at=now, version=account.version)
    try:
        async with parts.database.write_soon(snapshot):
            if await identities.is_known(snapshot, identity):
                return
            if await identities.has_left(snapshot, identity, parts.seals, since=since):
                raise Unidentified("The account of this access token has been deleted.", presented=True)
            await identities.add(snapshot, account, identity, now=now)
            await events.record(snapshot, event, event_id=sources.new_id(), from_address=address_of(request))
    except Conflict:  # they are there by now
        return
