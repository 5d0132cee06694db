"""The composition root: settings and sources in, an application out."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import contract, problems, server
from api.accounts import exporting, gifts, me, resetting, signing_up, tokens
from api.accounts import sessions as own_sessions
from api.admin import accounts as admin_accounts
from api.admin import clients, ledgers, licences, plans, subscriptions
from api.admin import events as admin_events
from api.delivery import acknowledging, explaining, feeds, sitemaps
from api.delivery import articles as delivery_articles
from api.delivery import formats as delivery_formats
from api.delivery import lists as delivery_lists
from api.delivery import media as delivery_media
from api.delivery import names as delivery_names
from api.delivery import previews as delivery_previews
from api.delivery import search as delivery_search
from api.delivery import sync as delivery_sync
from api.editorial import actions, articles, bulk, contributors, events, media, previews, revisions, tags
from api.middleware import Cors, Envelope, HeadIsGet
from api.parts import Parts, assemble
from api.representations import Representations
from infra import idempotency, identities, meters, sessions
from infra.db import DatabaseBusy
from infra.ids import Sources
from infra.migrations import prepare
from infra.pictures import sweep
from infra.settings import Settings, load_settings

SWEPT_EVERY = 3600.0  # seconds
EXPOSED = ("ETag", "Link", "Location", "Retry-After", "RateLimit", "RateLimit-Policy")
ROUTERS = (
    delivery_articles.router,
    delivery_lists.router,
    delivery_formats.router,
    explaining.router,
    feeds.router,
    sitemaps.router,
    delivery_names.router,
    delivery_media.router,
    delivery_search.router,
    delivery_previews.router,
    delivery_sync.router,
    acknowledging.router,
    tokens.router,
    me.router,
    own_sessions.router,
    gifts.router,
    exporting.router,
    signing_up.router,
    resetting.router,
    articles.router,
    actions.router,
    revisions.router,
    previews.router,
    events.router,
    bulk.router,
    media.router,
    tags.router,
    contributors.router,
    admin_accounts.router,
    plans.router,
    subscriptions.router,
    clients.router,
    licences.router,
    ledgers.router,
    admin_events.router,
    server.router,
)


class Application(FastAPI):
    """FastAPI, with the kept answers in front of it: what is given again does not even come to its middleware."""

    kept: Representations | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or the start and end of the program."""
        await (self.kept or self.take_the_long_way)(scope, receive, send)

    async def take_the_long_way(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request with all that belongs to it."""
        await super().__call__(scope, receive, send)


def create_app(settings: Settings | None = None, sources: Sources | None = None) -> Application:
    """Return the application, ready to serve. Without arguments it is what the environment says."""
    settings = settings or load_settings()
    app = application(settings)
    app.state.parts = parts = assemble(settings, sources or Sources())
    if settings.cache_bytes:
        app.kept = Representations(app.take_the_long_way, parts)
        parts.keys.tell(app.kept.forget)
        parts.issuers.tell(app.kept.forget)
    return app


def application(settings: Settings) -> Application:
    """Return the application without its parts: enough to ask for the contract."""
    app = Application(
        title="Standfirst",
        version=contract.VERSION,
        description=contract.DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=True,
        lifespan=_lifespan,
    )
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app)
    contract.install(app, server=settings.base_url)
    _surround(app, settings)
    return app


@asynccontextmanager
async def _lifespan(app: Application) -> AsyncIterator[None]:
    parts: Parts = app.state.parts
    working: list[asyncio.Task[None]] = []
    try:
        await prepare(parts.database)
        await sweep(parts.database, parts.storage)
        await _sweep_rows(parts)
        await parts.database.lease.start()
        await parts.postman.start()
        working = [asyncio.create_task(one) for one in _works_of(parts)]
        yield
    finally:
        if app.kept:
            app.kept.tell()
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await parts.postman.stop()
        await parts.announcer.stop()
        await parts.tally.close()
        await parts.database.close()


def _works_of(parts: Parts) -> tuple[Coroutine[Any, Any, None], ...]:
    """Return what is done again and again, besides answering."""
    return parts.keys.follow(), parts.issuers.follow(), _sweep_hourly(parts)


async def _sweep_rows(parts: Parts) -> None:
    """Remove sessions that have run out, and readings, departures and answers that count no more."""
    with suppress(DatabaseBusy):  # the next hour will do
        await sessions.sweep(parts.database, parts.sources.now())
        await meters.sweep(parts.database, parts.sources.now())
        await identities.sweep(parts.database, parts.sources.now())
        await idempotency.sweep(parts.database, parts.sources.now())


async def _sweep_hourly(parts: Parts) -> None:
    """Do so hour by hour. It ends when it is cancelled."""
    while True:
        await asyncio.sleep(SWEPT_EVERY)
        await _sweep_rows(parts)


def _surround(app: FastAPI, settings: Settings) -> None:
    """Put the middleware around the application; the last that is added is the outermost."""
    app.add_middleware(HeadIsGet)
    if settings.cors_origins:
        app.add_middleware(
            Cors,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key"],
            expose_headers=EXPOSED,
            max_age=600,
        )
    app.add_middleware(Envelope)
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_peers)
