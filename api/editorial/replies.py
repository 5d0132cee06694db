"""Answers to the newsroom: never kept by anybody, and tagged with the version for the next write."""

from fastapi import Response

from api import caching
from api.types import Model


def plain(shown: Model, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return an answer."""
    fields = {**caching.NO_STORE, **(headers or {})}
    return Response(shown.model_dump_json(), status, fields, "application/json")


def versioned(shown: Model, version: int, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return an answer whose `ETag` is the version that a write has to name."""
    return plain(shown, status=status, headers={"ETag": f'"{version}"', **(headers or {})})
