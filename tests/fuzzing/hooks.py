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


@schemathesis.deserializer(*LINES)
def read_line(_: Any, response: Any) -> Any:
    """Check the first line of an answer in lines."""
    return json.loads(response.content.splitlines()[0])


@schemathesis.hook
def before_call(_: Any, case: Any, **kwargs: Any) -> None:
    """Leave out what only this server can have made, and name each request anew, where a request is to be right.

    A cursor is sealed, so that no made-up one is good, and a key belongs to one request alone.
    """
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.query:
        case.query.pop("cursor", None)
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = uuid4().hex
