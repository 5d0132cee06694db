"""Where requests are counted, and what answers tell of it.

A key is made of a class of work and of whom the request counts for, and of nothing that a caller chooses. What is
answered from the representation cache is not counted: it costs less than counting would.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import Scope

from api.caching import CLAIM, Claim
from api.credentials import address_of
from api.parts import Parts
from domain.errors import TooMany
from domain.limits import Count, Limit, Work, counted_for, limit_field, policy_field
from domain.people import ANONYMOUS, Person
from infra.limits import Tally

log = logging.getLogger("standfirst.limits")

RATE_LIMIT = "x-rate-limit"
COUNTED = "counted"  # where a request notes what it was counted by
_READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Counted:
    """What a request was counted by. `count` is there once it was refused."""

    tally: Tally
    limit: Limit
    whom: str
    count: Count | None = None


def limited(*works: Work) -> dict[str, Any]:
    """Declare how an operation is counted, to the route and in the contract: `openapi_extra=limited(…)`.

    The route counts by the only one. Where there are several, the operation does once it knows what is asked for.
    """
    return {RATE_LIMIT: [work.value for work in works]}


def works_of(method: str, declared: Mapping[str, Any]) -> list[Work]:
    """Return the classes of an operation: what it declares, or else what its method says."""
    usual = Work.READING if method.upper() in _READS else Work.WRITING
    return [Work(name) for name in declared.get(RATE_LIMIT, [usual])]


def counted_at_the_door(method: str, declared: Mapping[str, Any]) -> Work | None:
    """Return what the route counts an operation by; nothing where the operation does so itself."""
    works = works_of(method, declared)
    return works[0] if len(works) == 1 else None


async def count(request: Request, work: Work, person: Person = ANONYMOUS) -> None:
    """Count a request for whoever sent it, or for the network that it came from; or refuse it.

    The answer tells of what was counted last.
    """
    parts: Parts = request.app.state.parts
    limit = parts.limits.of_work[work]
    if limit.is_none:
        return
    whom = counted_for(person, address_of(request))
    request.scope["standfirst"][COUNTED] = Counted(parts.tally, limit, whom)
    try:
        await take(request, parts.tally, limit, whom)
    except TooMany:
        if person == ANONYMOUS and _comes_from_an_unnamed_proxy(request):
            log.warning(
                "a near network that sends X-Forwarded-For has no requests left: if it is a proxy of yours, "
                "name it in STANDFIRST_TRUSTED_PROXIES, or all its readers share one limit"
            )
        raise


def _comes_from_an_unnamed_proxy(request: Request) -> bool:
    """Whether a request may have come through a proxy of the publisher's that nobody told us of."""
    address, client = address_of(request), request.client
    is_told = client is not None and client.port == 0  # so uvicorn marks an address that it was told
    near = address is not None and not ip_address(address).is_global
    return near and not is_told and "x-forwarded-for" in request.headers


async def take(request: Request, tally: Tally, limit: Limit, whom: str) -> None:
    """Count a request by a limit, or refuse it; the answer tells of a limit only once that refuses."""
    if await tally.take(limit, whom):
        return
    found = await tally.look(limit, whom)
    request.scope["standfirst"][COUNTED] = Counted(tally, limit, whom, found)
    raise TooMany(rule=limit.name, wait=max(1, found.wait(limit)))


async def tell_limit(scope: Scope, status: int, headers: MutableHeaders) -> None:
    """Tell in an answer what is left, unless somebody else may be given the same answer.

    Redirects say nothing of it: it would keep clients from following them.
    """
    counted: Counted | None = scope["standfirst"].get(COUNTED)
    if counted is None or 300 <= status < 400 or _is_shared(scope, headers):  # noqa: PLR2004
        return
    found = counted.count or await counted.tally.look(counted.limit, counted.whom)
    headers["RateLimit-Policy"] = policy_field(counted.limit)
    headers["RateLimit"] = limit_field(counted.limit, found)


def _is_shared(scope: Scope, headers: MutableHeaders) -> bool:
    """Whether an answer goes to others too: we give it again, or shared caches may."""
    claim: Claim | None = scope.get(CLAIM)
    said = headers.get("cache-control", "")
    return (claim is not None and claim.is_kept) or not ("private" in said or "no-store" in said)
