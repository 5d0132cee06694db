"""What Schemathesis needs to be told to talk to this application (SCHEMATHESIS_HOOKS)."""

import json
from typing import Any
from uuid import uuid4

import schemathesis

LINES = ("application/x-ndjson", "application/jsonl")


@schemathesis.serializer(*LINES)
def write_lines(_: Any, value: Any) -> Any:
    """Send a row as the one line that it is; the contract's schema is that of a line."""
    return value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"


# An export may have no lines, and so none to check: this one, which fits, stands for it.
NO_ENTRY = {
    "article_id": "019c13a0-0000-7000-8000-0242ac120002",
    "revision": 1,
    "taken_at": "2026-01-31T12:00:00Z",
    "is_first": True,
    "is_gone": False,
    "acknowledged_at": None,
}


@schemathesis.deserializer(*LINES)
def read_line(_: Any, response: Any) -> Any:
    """Check the first line of an answer in lines."""
    lines = response.content.splitlines()
    return json.loads(lines[0]) if lines else NO_ENTRY


@schemathesis.hook
def before_call(_: Any, case: Any, **kwargs: Any) -> None:
    """Leave out what only this server can have made, and name each request anew, where a request is to be right.

    A cursor is sealed and a licence one of the database's, so that no made-up one is good. A key belongs to one
    request alone.
    """
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.query:
        for made_here in ("cursor", "licence"):
            case.query.pop(made_here, None)
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = uuid4().hex
