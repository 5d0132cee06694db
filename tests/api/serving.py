"""An application with settings of a test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from api.app import create_app
from infra.ids import Sources
from infra.settings import Settings
from tests.newsroom import Clock


@asynccontextmanager
async def serving(
    settings: Settings, clock: Clock, *, caller: str = "192.0.2.7"
) -> AsyncIterator[httpx.AsyncClient]:
    """Start an application and call it from an address."""
    app = create_app(settings, Sources(now=clock))
    transport = httpx.ASGITransport(app, client=(caller, 4711))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="https://api.test") as client,
    ):
        yield client
