"""JSON from strangers, read so that it can only mean one thing (RFC 8259): tokens, keys, metadata."""

import json
from typing import Any


def strictly(text: bytes) -> dict[str, Any]:
    """Return the object that a text holds, or raise `ValueError`: for two members of a name too, or `NaN`."""
    try:
        found = json.loads(text.decode(), parse_constant=_no_constant, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("depth") from None
    if not isinstance(found, dict):
        raise ValueError("no object")  # noqa: TRY004 - what is wrong is the text
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("a name stands there twice")
    return found
