"""The bodies of requests: in a type that an operation takes, no larger than they may be, of what can be kept."""

import json
import math
import re
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import Request
from fastapi.params import Form
from fastapi.routing import APIRoute

from api.parts import Parts
from domain.errors import BadRequest, Flaw, TooLarge, Unfit, WrongMedia

BODY_TYPES = "x-body-types"
MAX_DEPTH = 64
JSON_TYPES = ("application/json",)
FORM_TYPES = ("application/x-www-form-urlencoded",)
UPLOAD_TYPES = ("multipart/form-data",)
LINE_TYPES = ("application/x-ndjson", "application/jsonl")
MULTIPART_OVERHEAD = 64 * 1024
PATCH_TYPES = ("application/merge-patch+json", "application/json")
UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


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
        return (body.isascii() and "\0" not in body) or UNKEEPABLE.search(body) is None
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
    if UNKEEPABLE.search(text):
        raise Unfit(Flaw(pointer, "Text may not hold U+0000 or half of a surrogate pair."))
