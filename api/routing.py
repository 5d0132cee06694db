"""The route that every operation uses: it knows what the operation takes, who calls, and what they may.

The order is fixed: the limit of a network, unknown parameters, credentials and the limit of whoever has them,
permission, form of the body, the body, the key of a request that may be sent again. So nobody without a right
makes this server read a body or repeat an answer, and a typing error is never ignored.
"""

import json
import math
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from fastapi import Request, Response
from fastapi.params import Form
from fastapi.routing import APIRoute

from api.addresses import OwnAddress
from api.caching import NOW, kept_answer
from api.callers import who_calls
from api.credentials import address_of, is_basic
from api.idempotency import Attempt, Replayed, attempt_at
from api.limiting import count, works_of
from api.outsiders import await_key_of_outsider
from api.parts import Parts, Visit
from domain.errors import BadRequest, Flaw, NotAllowed, TooLarge, Unfit, Unidentified, WrongMedia
from domain.limits import Work
from domain.people import ANONYMOUS, Person
from domain.permissions import Permission, may
from infra.db import Connection

PERMISSION = "x-permission"
BODY_TYPES = "x-body-types"
MAX_DEPTH = 64
JSON_TYPES = ("application/json",)
FORM_TYPES = ("application/x-www-form-urlencoded",)
UPLOAD_TYPES = ("multipart/form-data",)
# Clients sign in here, by basic authentication; generated clients would ask everybody for it, were it `security`.
CREDENTIALS = "x-credentials"
OR_BASIC: dict[str, Any] = {CREDENTIALS: "basic"}
LINE_TYPES = ("application/x-ndjson", "application/jsonl")
MULTIPART_OVERHEAD = 64 * 1024
PATCH_TYPES = ("application/merge-patch+json", "application/json")
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_SAFE = frozenset({"GET", "HEAD"})


def needs(permission: Permission) -> dict[str, Any]:
    """Declare what an operation needs, in the contract and to the route at once: `openapi_extra=needs(…)`."""
    return {PERMISSION: permission.value, "security": [{"bearer": []}]}


class LimitedRequest(Request):
    """A request whose body ends at a limit, and whose JSON is refused where no text could keep it.

    FastAPI would turn these refusals into a bare `400`, so the route reads the body first, and FastAPI finds
    it here.
    """

    limit = 0

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Yield the body's bytes, up to the limit."""
        declared = self.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self.limit:
            raise TooLarge(f"The body may have {self.limit} bytes.")
        taken = 0
        async for chunk in super().stream():
            taken += len(chunk)
            if taken > self.limit:
                raise TooLarge(f"The body may have {self.limit} bytes.")
            yield chunk

    async def json(self) -> Any:  # noqa: ANN401
        """Return the body."""
        if not hasattr(self, "_json"):
            self._json = parsed(await self.body())
        return self._json


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
        work = works_of(next(iter(self.methods or ()), "GET"), extra)[0]
        permission = Permission(extra[PERMISSION]) if PERMISSION in extra else None

        async def guarded(request: Request) -> Response:
            request = LimitedRequest(request.scope, request.receive)
            request.scope["standfirst"]["template"] = self.path_format
            if is_nameless := self.is_nameless(request):
                await count(request, work)
            refuse_strange_parameters(request, known)
            parts: Parts = request.app.state.parts
            to_count = None if is_nameless else work
            async with refusals_counted(request, to_count):
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
            request.state.visit = replace(visit, snapshot=None, attempt=attempt)
            content = await take_body(request, parts, self)
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
        if _UNKEEPABLE.search(value):
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
    """Count credentials that are refused for the network that they come from, unless it is counted already."""
    try:
        yield
    except Unidentified:
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


async def take_body(request: LimitedRequest, parts: Parts, route: APIRoute) -> bytes | None:
    """Return the body, if the operation takes one: in a type that it takes, no larger than it may be.

    `None` stands for an upload, which the operation writes to its place while it comes.
    """
    taken = tuple((route.openapi_extra or {}).get(BODY_TYPES, ())) or _declared_types(request, route)
    if not taken or not _has_body(request):
        return b""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in taken:
        raise WrongMedia(f"Send the body as {' or '.join(taken)}.")
    if taken == UPLOAD_TYPES:
        request.limit = parts.settings.max_upload_bytes + MULTIPART_OVERHEAD
        return None
    request.limit = parts.settings.max_bulk_bytes if taken == LINE_TYPES else parts.settings.max_body_bytes
    content = await request.body()
    if taken != LINE_TYPES:  # each line is looked at by itself
        await (request.form() if taken == FORM_TYPES else _json_in(request))
    return content


async def _json_in(request: LimitedRequest) -> None:
    """Read the body. FastAPI would take `null` for no body where none is needed."""
    if await request.json() is None:
        raise Unfit(Flaw("", "It must be an object, not `null`."))


def _declared_types(request: Request, route: APIRoute) -> tuple[str, ...]:
    if route.body_field is None:
        return ()
    if isinstance(route.body_field.field_info, Form):
        return FORM_TYPES
    return PATCH_TYPES if request.method == "PATCH" else JSON_TYPES


def _has_body(request: Request) -> bool:
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"


def parsed(body: bytes) -> Any:  # noqa: ANN401
    """Return what a JSON text says, or refuse what is broken, endless, or holds what no text may hold."""
    try:
        value = json.loads(body.decode(), parse_constant=_no_constant, object_pairs_hook=_object)
    except RecursionError:
        raise BadRequest("The body is nested too deep.") from None
    except ValueError:
        raise BadRequest("The body is not valid JSON (RFC 8259).") from None
    refuse_unkeepable(value)
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise BadRequest("A name may stand only once in a JSON object.")
    return found


def refuse_unkeepable(body: object) -> None:
    """Refuse depth beyond reason, and characters and numbers that cannot be kept or sent on."""
    if not _is_keepable(body, 1):
        _refuse_unkeepable(body)


def _is_keepable(body: object, depth: int) -> bool:
    """Tell in a moment what nearly always is so; what is wrong where is found out only if something is."""
    if isinstance(body, str):
        return (body.isascii() and "\0" not in body) or _UNKEEPABLE.search(body) is None
    if depth > MAX_DEPTH:
        return False
    if isinstance(body, dict):
        return all(_is_keepable(one, depth + 1) for both in body.items() for one in both)
    if isinstance(body, list):
        return all(_is_keepable(one, depth + 1) for one in body)
    return not isinstance(body, float) or math.isfinite(body)


def _refuse_unkeepable(body: object) -> None:
    waiting: list[tuple[object, str, int]] = [(body, "", 1)]
    while waiting:
        value, pointer, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise BadRequest(f"The body is nested more than {MAX_DEPTH} deep.")
        match value:
            case str():
                _check_text(value, pointer)
            case float() if not math.isfinite(value):
                raise Unfit(Flaw(pointer, "The number is too large."))
            case dict():
                for name, inner in value.items():
                    _check_text(name, pointer)
                    waiting.append((inner, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", depth + 1))
            case list():
                waiting.extend((inner, f"{pointer}/{at}", depth + 1) for at, inner in enumerate(value))
            case _:
                pass


def _check_text(text: str, pointer: str) -> None:
    if _UNKEEPABLE.search(text):
        raise Unfit(Flaw(pointer, "Text may not hold U+0000 or half of a surrogate pair."))
