"""What operations ask for by type. FastAPI would send what is not `async` to another thread, and wait for it."""

import re
from typing import Annotated

from fastapi import Depends, Header, Path, Query, Request
from pydantic import BeforeValidator, Field

from api.parts import Parts, Visit
from domain.errors import BadRequest, VersionNeeded

_VERSION = re.compile(r'"([0-9]{1,9})"')
_ENTITY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')  # RFC 9110, section 8.8.3
NO_VERSION = -1  # a tag that never was one of ours, so that it is as stale as any


async def _visit(request: Request) -> Visit:
    visit: Visit = request.state.visit
    return visit


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


async def _version(
    if_match: Annotated[
        str | None,
        Header(description='The `ETag` of the version that you read, such as `"7"`; required'),
    ] = None,
) -> int:
    """Return the version that a write was made on. `*` names none, so it is as good as nothing."""
    if if_match is None or if_match.strip() == "*":
        raise VersionNeeded
    if named := _VERSION.fullmatch(if_match.strip()):
        return int(named.group(1))
    if _ENTITY_TAG.fullmatch(if_match.strip()):
        return NO_VERSION
    raise BadRequest('It must be one entity tag, such as "7".', parameter="If-Match")


def digits(value: object) -> object:
    """Refuse what Pydantic would take for a number besides digits: `1_0`, `+1`, `1.0`."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,9}", value):
        raise ValueError("It must be a whole number.")
    return value


VisitOf = Annotated[Visit, Depends(_visit)]
PartsOf = Annotated[Parts, Depends(_parts)]
IfMatch = Annotated[int, Depends(_version)]
Limit = Annotated[
    int, Field(ge=1, le=100), BeforeValidator(digits), Query(description="How many items a page has at most")
]
Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before")]
SlugInPath = Annotated[str, Path(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=200)]
