"""Every failure is a problem document (RFC 9457). This file says which, and explains each on a page."""

import html
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from api.idempotency import HEADER
from api.problem_kinds import KINDS
from api.types import KnownId
from domain import errors
from infra.db import DatabaseBusy
from infra.idempotency import STILL_RUNNING
from infra.key_sets import SHORTEST, KeysUnavailable

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "1"
NEWSROOM_MEMBERS = ("used_by", "current_version", "changed", "rows")  # no answer to a reader has one

_OF_STATUS = {400: "bad-request", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}


class Flaw(BaseModel):
    """One thing wrong with the input: where, and what to do about it."""

    pointer: str | None = Field(default=None, description="JSON pointer (RFC 6901) into the body")
    parameter: str | None = Field(default=None, description="Name of a query parameter or header")
    detail: str


class ChangedBlock(BaseModel):
    """A block that somebody else added, removed, changed or moved."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    key: str = Field(alias="_key")
    change: str


class Changed(BaseModel):
    """What somebody else has changed since the version that a write was made on."""

    fields: list[str]
    blocks: list[ChangedBlock]


class Use(BaseModel):
    """Where a thing is used."""

    type: Literal["article", "contributor", "licence", "plan", "subscription"]
    id: KnownId
    title: str | None = Field(default=None, description="Its title or name, if you may edit it")


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    model_config = ConfigDict(json_schema_extra={"required": ["type", "title", "status", "detail", "request_id"]})

    type: str = Field(description="Address of a page that explains this type of problem")
    title: str
    status: int
    detail: str
    request_id: str = Field(description="Made here; finds the request in the server's log")
    errors: list[Flaw] | None = Field(default=None, description="What is wrong with the input")
    rule: str | None = Field(default=None, description="The rule that refused")
    used_by: list[Use] | None = Field(default=None, description="What uses it, up to 100 of them")
    current_version: int | None = Field(default=None, description="The version that there is now")
    changed: Changed | None = Field(default=None, description="What has changed since the version that was named")
    error: str | None = Field(default=None, description="Error code of RFC 6749, section 5.2")
    rows: list["RowResult"] | None = Field(default=None, description="The rows that were refused")


class RowResult(BaseModel):
    """What became of one row of a bulk."""

    model_config = ConfigDict(json_schema_extra={"required": ["row", "status"]})

    row: int = Field(description="Number of the line, from 1")
    status: int = Field(description="What the single request would have been answered with")
    id: KnownId | None = Field(default=None, description="The article, where the row was done")
    version: int | None = Field(default=None, description="Its version now; goes into the next `version`")
    problem: Problem | None = Field(default=None, description="Why the row was refused")


class RowsRefused(errors.Refusal):
    """Rows that were to be done all or none: some cannot be."""

    def __init__(self, rows: Sequence[RowResult]) -> None:
        super().__init__("Some rows do not fit, so none was done. `rows` tells which.")
        self.rows = rows


_OF_REFUSAL: Mapping[type[errors.Refusal], str] = {
    errors.BadRequest: "bad-request",
    errors.GrantRefused: "invalid-grant",
    errors.ClientRefused: "invalid-client",
    errors.Unidentified: "unauthorized",
    errors.NotAllowed: "forbidden",
    errors.NotThere: "not-found",
    errors.WrongState: "wrong-state",
    errors.Conflict: "conflict",
    errors.InUse: "conflict",
    errors.Withdrawn: "withdrawn",
    errors.SyncReset: "sync-reset",
    errors.Stale: "stale",
    errors.TooLarge: "too-large",
    errors.WrongMedia: "unsupported-media-type",
    errors.Unfit: "unprocessable",
    errors.KeyReused: "idempotency-key-reused",
    errors.LinkRefused: "link-refused",
    errors.VersionNeeded: "precondition-required",
    errors.TooMany: "too-many-requests",
    RowsRefused: "bulk-refused",
}


def problem(
    request_id: str,
    name: str,
    detail: str | None = None,
    **members: Any,  # noqa: ANN401 - members of the problem document
) -> Problem:
    """Return the document that tells of a problem."""
    kind = KINDS[name]
    return Problem(
        type=f"/problems/{name}",
        title=kind.title,
        status=kind.status,
        detail=detail or kind.explanation,
        request_id=request_id,
        **members,
    )


def of_refusal(request_id: str, refusal: errors.Refusal) -> Problem:
    """Return the document that tells of a refusal."""
    return problem(request_id, _OF_REFUSAL[type(refusal)], refusal.detail, **_members(refusal))


def answer(
    request_id: str,
    name: str,
    detail: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    **members: Any,  # noqa: ANN401 - members of the problem document
) -> Response:
    """Return the answer that tells of a problem."""
    return _sent(problem(request_id, name, detail, **members), headers or {})


def _sent(told: Problem, headers: Mapping[str, str]) -> Response:
    fields = {"Cache-Control": "no-store", **headers}
    return Response(told.model_dump_json(exclude_none=True), told.status, fields, MEDIA_TYPE)


def declared(*names: str) -> dict[int | str, dict[str, Any]]:
    """Return these problems as an operation declares them in the contract."""
    by_status: dict[int | str, list[str]] = {}
    for name in names:
        by_status.setdefault(KINDS[name].status, []).append(name)
    return {
        status: {"description": "; or: ".join(KINDS[name].title for name in of_it), "content": told_by(*of_it)}
        for status, of_it in by_status.items()
    }


def told_by(*names: str) -> dict[str, Any]:
    """Return these kinds of problem as the content of an answer."""
    examples = {name: {"$ref": f"#/components/examples/{name}"} for name in names}
    return {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}}


def install(app: FastAPI) -> None:
    """Make the application answer every failure with a problem document."""
    app.add_exception_handler(errors.Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DatabaseBusy, _busy)
    app.add_exception_handler(KeysUnavailable, _without_keys)
    app.add_api_route("/problems/{name}", _page, include_in_schema=False, response_class=HTMLResponse)


def request_id(request: Request) -> str:
    """Return the id that this request got here."""
    return str(request.scope["standfirst"]["request_id"])


async def _refused(request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, errors.Refusal):
        raise refusal
    return _sent(of_refusal(request_id(request), refusal), _headers(refusal))


def _headers(refusal: errors.Refusal) -> Mapping[str, str]:
    match refusal:
        case errors.Unidentified(presented=True):
            return {
                "WWW-Authenticate": 'Bearer realm="standfirst", error="invalid_token", '
                f'error_description="{refusal.detail}"'
            }
        case errors.ClientRefused():  # RFC 9110 wants it of every 401, RFC 6749 where it was tried
            return {"WWW-Authenticate": 'Basic realm="standfirst", charset="UTF-8"'}
        case errors.Unidentified():
            return {"WWW-Authenticate": 'Bearer realm="standfirst"'}
        case errors.Conflict(rule=rule) if rule == STILL_RUNNING:
            return {"Retry-After": RETRY_AFTER_SECONDS}
        case errors.TooMany(wait=wait):
            return {"Retry-After": str(wait)}
        case _:
            return {}


def _members(refusal: errors.Refusal) -> dict[str, Any]:  # noqa: PLR0911 - one a kind of refusal
    match refusal:
        case (
            errors.WrongState(rule=rule)
            | errors.Conflict(rule=rule)
            | errors.NotAllowed(rule=rule)
            | errors.TooMany(rule=rule)
        ):
            return {"rule": rule}
        case errors.InUse(used_by=used_by):
            return {
                "rule": "in-use",
                "used_by": [Use(type=use.type, id=use.id, title=use.title) for use in used_by],
            }
        case errors.Stale(current=current, fields=fields, blocks=blocks):
            changed = Changed(
                fields=list(fields), blocks=[ChangedBlock(key=key, change=fate) for key, fate in blocks]
            )
            return {"current_version": current, "changed": changed if fields or blocks else None}
        case errors.Unfit(flaws=flaws):
            return {"errors": [Flaw(pointer=flaw.pointer, detail=flaw.detail) for flaw in flaws]}
        case errors.BadRequest(parameter=str(parameter)):
            return {"errors": [Flaw(parameter=parameter, detail=refusal.detail)]}
        case RowsRefused(rows=rows):
            return {"rows": rows}
        case errors.KeyReused():
            return {"errors": [Flaw(parameter=HEADER, detail=refusal.detail)]}
        case errors.LinkRefused():
            return {"errors": [Flaw(pointer="/token", detail=refusal.detail)]}
        case errors.GrantRefused(error=error):
            return {"error": error}
        case _:
            return {}


async def _invalid(request: Request, invalid: Exception) -> Response:
    if not isinstance(invalid, RequestValidationError):
        raise invalid
    found = invalid.errors()
    if any(error["loc"][0] == "path" for error in found):
        return answer(request_id(request), "not-found", errors.NotThere().detail)
    outside = [error for error in found if error["loc"][0] != "body"]
    if outside:
        flaws = [Flaw(parameter=str(error["loc"][-1]), detail=told(error)) for error in outside]
        return answer(request_id(request), "bad-request", errors=flaws)
    return answer(
        request_id(request), "unprocessable", errors.Unfit().detail, errors=flaws_in(found, invalid.body, start=1)
    )


def flaws_in(found: Sequence[Any], body: object, *, start: int = 0) -> list[Flaw]:
    """Return what a validation found, as pointers into the body; `start` skips the name of the whole."""
    return [Flaw(pointer=_pointer(error["loc"][start:], body), detail=told(error)) for error in found]


def _pointer(loc: Sequence[int | str], body: object) -> str:
    """Return an RFC 6901 pointer; names of union members in `loc`, which are not in the body, are left out."""
    pointer, here = "", body
    for at, part in enumerate(loc):
        inside = isinstance(here, dict) and part in here
        in_list = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if not inside and not in_list and at < len(loc) - 1:
            continue
        pointer += "/" + str(part).replace("~", "~0").replace("/", "~1")
        here = here[part] if inside or in_list else None  # type: ignore[index]
    return pointer


# Messages of Pydantic that quote the input are replaced; nothing of what was sent is sent back.
_TOLD = {
    "union_tag_invalid": "This block type is not known here.",
    "union_tag_not_found": "A block needs a `_type`.",
    "uuid_parsing": "It must be a UUID.",
    "datetime_parsing": "It must be a time in RFC 3339, such as 2026-01-31T12:00:00Z.",
    "datetime_from_date_parsing": "It must be a time in RFC 3339, such as 2026-01-31T12:00:00Z.",
    "timezone_aware": "The time needs a zone, such as Z.",
    "extra_forbidden": "There is no such field.",
    "missing": "It is required.",
}


def told(error: Mapping[str, Any]) -> str:
    """Return what is wrong, in a sentence that quotes nothing."""
    message: str = _TOLD.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return message if message.endswith(".") else f"{message}."


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if request.method == "OPTIONS" and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return Response(status_code=204, headers={"Allow": _allow(request)})
    name = _OF_STATUS.get(error.status_code, "internal-error")
    headers = {"Allow": _allow(request)} if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else None
    detail = errors.NotThere().detail if name == "not-found" else None
    return answer(request_id(request), name, detail, headers=headers)


def _allow(request: Request) -> str:
    """Return the methods that some route takes at this address."""
    taken = ["OPTIONS"]
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0].name == "FULL" for route in request.app.router.routes):
            taken += ["GET", "HEAD"] if method == "GET" else [method]
    return ", ".join(sorted(taken))


async def _busy(request: Request, _: Exception) -> Response:
    return answer(request_id(request), "unavailable", headers={"Retry-After": RETRY_AFTER_SECONDS})


async def _without_keys(request: Request, _: Exception) -> Response:
    detail = "The keys of this token's issuer cannot be had at the moment. Send the request again later."
    headers = {"Retry-After": str(int(SHORTEST.total_seconds()))}
    return answer(request_id(request), "unavailable", detail, headers=headers)


async def _page(name: str) -> HTMLResponse:
    """Explain a type of problem to a person."""
    kind = KINDS.get(name)
    if kind is None:
        raise errors.NotThere
    parts = html.escape(kind.explanation).split("`")
    text = "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
    return HTMLResponse(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{kind.title}</title>"
        f"<h1>{kind.title}</h1><p>Status {kind.status} {HTTPStatus(kind.status).phrase}</p><p>{text}</p>",
        headers={"Cache-Control": "public, max-age=3600"},
    )
