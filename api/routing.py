"""The route that every operation uses: it knows what the operation takes, who calls, and what they may.

The order is fixed: the limit of a network, unknown parameters, credentials and the limit of whoever has them,
permission, form of the body, the body, the key of a request that may be sent again. So nobody without a right
makes this server read a body or repeat an answer, and a typing error is never ignored.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.addresses import OwnAddress
from api.bodies import UNKEEPABLE, LimitedRequest, take_body
from api.caching import NOW, kept_answer
from api.callers import calls_still, who_calls
from api.credentials import address_of, is_basic
from api.idempotency import Attempt, Replayed, attempt_at
from api.limiting import count, counted_at_the_door
from api.outsiders import await_key_of_outsider
from api.parts import Parts, Visit
from domain.errors import BadRequest, NotAllowed, Unidentified
from domain.limits import Work
from domain.people import ANONYMOUS, Person
from domain.permissions import Permission, may
from infra.db import Connection

PERMISSION = "x-permission"
# Clients sign in here, by basic authentication; generated clients would ask everybody for it, were it `security`.
CREDENTIALS = "x-credentials"
OR_BASIC: dict[str, Any] = {CREDENTIALS: "basic"}
_SAFE = frozenset({"GET", "HEAD"})


def needs(permission: Permission) -> dict[str, Any]:
    """Declare what an operation needs, in the contract and to the route at once: `openapi_extra=needs(…)`."""
    return {PERMISSION: permission.value, "security": [{"bearer": []}]}


class Route(OwnAddress):
    """An operation that refuses what it does not know, and whoever may not use it."""

    async def get_ready(self, request: Request, parts: Parts) -> None:
        """Wait for what is not in the database. Nobody waits for others' servers while holding a connection."""
        await await_key_of_outsider(request, parts)

    async def caller(self, request: Request, parts: Parts, snapshot: Connection) -> Person:
        """Return who sent the request, or refuse credentials that are not good."""
        return await who_calls(request, parts, snapshot)

    def is_nameless(self, request: Request) -> bool:
        """Whether no credentials tell who sent the request: it counts for its network, before anything is read."""
        return "authorization" not in request.headers

    async def named(self, request: Request, parts: Parts, snapshot: Connection, work: Work | None) -> Person:
        """Return who sent the request, counted by a class of work if it has not been.

        Credentials that are not good count for the network: once it has none left they are not told from others,
        while those who have good ones go on.
        """
        async with refusals_counted(request, work):
            person = await self.caller(request, parts, snapshot)
        if work is not None:
            await count(request, work, person)
        return person

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Return the handler, with the checks in front."""
        handle = super().get_route_handler()
        known = _query_parameters(self.dependant)
        extra = self.openapi_extra or {}
        work = counted_at_the_door(next(iter(self.methods or ()), "GET"), extra)
        permission = Permission(extra[PERMISSION]) if PERMISSION in extra else None

        async def guarded(request: Request) -> Response:
            request = LimitedRequest(request.scope, request.receive)
            request.scope["standfirst"]["template"] = self.path_format
            parts: Parts = request.app.state.parts
            if work is not None and self.is_nameless(request):
                await count(request, work)
                to_count = None
            else:
                to_count = work
            async with refusals_counted(request, to_count):
                refuse_strange_parameters(request, known)
                await self.get_ready(request, parts)
            async with parts.database.read() as snapshot:
                request.state.now = request.scope.get(NOW) or parts.sources.now()
                person = await self.named(request, parts, snapshot, to_count)
                check_permission(person, permission)
                if request.method in _SAFE and (kept := kept_answer(request)):
                    return kept
                visit = Visit(
                    parts=parts,
                    person=person,
                    now=request.state.now,
                    address=address_of(request),
                    snapshot=snapshot,
                )
                if request.method in _SAFE:
                    request.state.visit = visit
                    return await handle(request)
            attempt = attempt_at(
                request,
                self.path_format,
                person,
                database=parts.database,
                sources=parts.sources,
                seals=parts.seals,
            )
            content = await take_body(request, parts, self)

            async def check(connection: Connection) -> None:
                check_permission(await calls_still(request, parts, connection, person), permission)

            now = parts.sources.now()  # for who sends slowly, too
            request.state.visit = replace(visit, now=now, snapshot=None, attempt=attempt, check=check)
            return await (handle(request) if attempt is None else once(attempt, content, request, handle))

        return guarded


class AnonymousRoute(Route):
    """An operation that looks at no bearer token: nobody is kept from a new one by a stale one."""

    async def get_ready(self, request: Request, parts: Parts) -> None:
        """Wait for nothing."""

    def is_nameless(self, request: Request) -> bool:  # noqa: ARG002 - whatever it has, it is not looked at
        """Return that it counts for its network."""
        return True

    async def caller(self, request: Request, parts: Parts, snapshot: Connection) -> Person:
        """Return nobody, and refuse credentials that the operation looks at no more than the route."""
        given = request.headers.get("authorization", "Bearer")
        if (self.openapi_extra or {}).get(CREDENTIALS) == "basic" and is_basic(given):
            return ANONYMOUS
        return ANONYMOUS if given.lower().startswith("bearer") else await super().caller(request, parts, snapshot)


class OpenRoute(APIRoute):
    """An operation that needs no caller and no database, and still refuses parameters that it does not know."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Return the handler, with the check in front."""
        handle = super().get_route_handler()
        known = _query_parameters(self.dependant)

        async def checked(request: Request) -> Response:
            request.scope["standfirst"]["template"] = self.path_format
            refuse_strange_parameters(request, known)
            return await handle(request)

        return checked


def _query_parameters(dependant: Any) -> frozenset[str]:  # noqa: ANN401 - FastAPI's own type is not public
    own = {parameter.alias for parameter in dependant.query_params}
    return frozenset(own.union(*(_query_parameters(one) for one in dependant.dependencies)))


def refuse_strange_parameters(request: Request, known: frozenset[str]) -> None:
    """Refuse a query parameter that the operation does not know, or one that stands there twice."""
    seen: set[str] = set()
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise BadRequest(
                "There is a query parameter that this operation does not know.", parameter=_safe(name)
            )
        if name in seen:
            raise BadRequest("A query parameter may stand there only once.", parameter=name)
        if UNKEEPABLE.search(value):
            raise BadRequest("It may not hold U+0000.", parameter=name)
        seen.add(name)


def _safe(name: str) -> str:
    """Return a parameter's name if it looks like one; nothing else of a query is sent back."""
    return name if len(name) <= 40 and name.replace("_", "a").isalnum() and name.isascii() else "?"  # noqa: PLR2004


def check_permission(person: Person, permission: Permission | None) -> None:
    """Refuse a person who may not use an operation."""
    if permission is None or may(person, permission):
        return
    if person.is_anonymous:
        raise Unidentified("This needs an access token.", presented=False)
    raise NotAllowed("Your account's roles do not allow this.", rule=permission.value)


@asynccontextmanager
async def refusals_counted(request: Request, work: Work | None) -> AsyncIterator[None]:
    """Count what is refused before it is known whose it is for its network, unless it is counted already."""
    try:
        yield
    except (Unidentified, BadRequest):
        if work is not None:
            await count(request, work)
        raise


async def once(
    attempt: Attempt, content: bytes | None, request: Request, handle: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Handle a request whose key is ours by then, or return what was answered to it before.

    An operation that reads its own body (no `content`) claims the key itself. Only what was done is kept.
    """
    try:
        if content is not None:
            await attempt.claim(content)
        response = await handle(request)
    except Replayed as before:
        return before.response
    except BaseException:
        await attempt.release()
        raise
    if not attempt.is_kept:
        await attempt.release()
    return response
