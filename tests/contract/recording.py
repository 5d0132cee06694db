"""Records what a real application is asked and answers, as examples of the contract."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
from pydantic import SecretStr

from api.app import create_app
from infra.ids import Sources
from infra.keys import generate
from infra.settings import Settings
from tests.contract.checking import LINES, operation_at
from tests.newsroom import Json

# What comes of keys, chance or the version of a library is the same in every example.
_SETTLED = (
    (r"eyJ[\w-]+\.[\w-]+\.[\w-]+", "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2FwaSJ9.c2ln"),
    (r"(?<=/v1/previews/)[\w-]+", "cHJldmlldy1vZi1hLWRyYWZ0"),
    (r"(?<=signature=)[\w-]+", "c2lnbmVkLWZvci1zb21lLW1pbnV0ZXM"),
    (r"data:image/webp;base64,[\w+/=]+", "data:image/webp;base64,UklGRhoAAABXRUJQ"),
)
_SETTLED_MEMBERS = {
    "next_cursor": "bmV4dC1wYWdl",
    "token": "cHJldmlldy1vZi1hLWRyYWZ0",
    "request_id": "7d2f0c1b9a8e4f63a5d4c3b2a1908f7e",
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size": 184320,
    "n": "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri",
    "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
}


_SECRET = {"cursor", "token", "signature", "expires"}


def settled(value: Any, name: str = "") -> Any:
    """Return an answer with the same words for whatever is another one each time."""
    if isinstance(value, dict):
        return {key: settled(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [settled(inner) for inner in value]
    if isinstance(value, str | int) and name in _SETTLED_MEMBERS:
        return _SETTLED_MEMBERS[name]
    if isinstance(value, str):
        for pattern, word in _SETTLED:
            value = re.sub(pattern, word, value)
    return value


@dataclass
class Course:
    """Gives times and names by the number of the request, so that one more look at the clock changes no other."""

    requests: int = 0
    names: int = 0

    async def __call__(self, _: httpx.Request) -> None:
        self.requests += 1
        self.names = 0

    def now(self) -> datetime:
        return datetime(2026, 1, 31, 12, 0, tzinfo=UTC) + timedelta(seconds=3 * self.requests)

    def new_name(self) -> int:
        self.names += 1
        return self.requests * 256 + self.names

    @property
    def sources(self) -> Sources:
        return Sources(
            now=self.now,
            new_id=lambda: f"019c13a0-{self.new_name():04x}-7000-8000-0242ac120002",
            new_key=lambda: f"{self.new_name() * 7919:012x}",
            new_secret=lambda: f"cmVmcmVzaC10b2tlbi1vZi1zb21lYm9keQ-{self.new_name()}",
        )


@dataclass
class Recorder:
    """Keeps each request that has a name (`extensions={"example": …}`), and its answer, under its operation."""

    document: Json
    told: dict[str, Json] = field(default_factory=dict)

    async def __call__(self, response: httpx.Response) -> None:
        name = response.request.extensions.get("example")
        await response.aread()
        if name is None:
            return
        assert response.is_success, response.text
        path, operation = operation_at(self.document, response.request)
        told = self.told.setdefault(operation["operationId"], {})
        told.setdefault("parameters", {}).update(_parameters(path, operation, response.request))
        sent = response.request.extensions.get("sent") or _content(
            response.request.headers, response.request.content
        )
        if sent is not None:
            told.setdefault("request", {})[name] = settled(sent)
        answered = _content(response.headers, response.content)
        if answered is not None:
            kind = _kind(response.headers)
            by_status = told.setdefault("responses", {}).setdefault(str(response.status_code), {})
            by_status.setdefault(kind, {})[name] = settled(answered)


def _kind(headers: httpx.Headers) -> str:
    return str(headers.get("content-type", "")).partition(";")[0]


def _content(headers: httpx.Headers, content: bytes) -> Any:
    """Return what was sent, as an example can have it: of lines the first, of bytes nothing."""
    kind = _kind(headers)
    if kind in LINES:
        return json.loads(content.splitlines()[0])
    if kind.endswith("json"):
        return json.loads(content)
    if kind.endswith("urlencoded"):
        return dict(parse_qsl(content.decode()))
    return content.decode() if kind.startswith("text/") or kind.endswith("xml") else None


def _parameters(path: str, operation: Json, request: httpx.Request) -> Json:
    """Return what was given for the parameters that stand in the path and behind it."""
    names = re.findall(r"{(\w+)}", path)
    found = re.fullmatch(re.sub(r"\\{\w+\\}", "([^/]+)", re.escape(path)), request.url.path)
    given = {**dict(request.url.params), **dict(zip(names, found.groups() if found else (), strict=True))}
    kinds = {one["name"]: one["schema"].get("type") for one in operation.get("parameters", ())}
    return {
        name: json.loads(value) if kinds.get(name) in {"integer", "boolean"} else value
        for name, value in given.items()
        if name not in _SECRET
    }


@asynccontextmanager
async def recorded(folder: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Recorder, Any]]:
    """Start an application whose clock and names are the same each time, and record what it is asked."""
    course = Course()
    settings = Settings(
        _env_file=None,
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'standfirst.db'}",
        signing_keys=SecretStr(generate("RS256").private_pem),
        public_url="https://api.quay.test",
        article_url="https://www.quay.test/{language}/{slug}",
        offers=[
            {
                "plan": "monthly",
                "name": "Monthly",
                "price": {"amount": "6.00", "currency": "EUR"},
                "period": "P1M",
                "url": "https://www.quay.test/subscribe",
            }
        ],
    )
    app = create_app(settings, course.sources)
    recorder = Recorder(app.openapi())
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 4711))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=settings.base_url) as client,
    ):
        client.event_hooks = {"request": [course], "response": [recorder]}
        yield client, recorder, app.state.parts
