"""Whose an address is, where the paths of two operations match it."""

from typing import Any, ClassVar

from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope


class OwnAddress(APIRoute):
    """A route that leaves an address to the operation that has it for its own: `bulk` is no article's id."""

    _whole: ClassVar[set[str]] = set()

    def __init__(self, path: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - FastAPI's own
        super().__init__(path, *args, **kwargs)
        if "{" not in path:
            self._whole.add(path)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for this operation, so that an address has the methods of one alone."""
        if "{" in self.path and scope["path"] in self._whole:
            return Match.NONE, {}
        return super().matches(scope)
