"""The lease of kept answers where its connection is cut or goes silent: nothing that may be untrue is given."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from api.app import create_app
from infra.ids import Sources
from infra.lease import PostgresqlLease
from infra.settings import Settings
from tests.api.test_representations import BODY, GATED, SECRET, asks_nothing, leased
from tests.newsroom import Clock, Newsroom, People

SOCKET = ".s.PGSQL.5432"


class Wire:
    """What lies between a lease and its database: it can go silent, or be cut."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.writers: list[asyncio.StreamWriter] = []

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes both ways between a client and the database, while the wire is not silent."""
        with suppress(OSError):
            other_reader, other_writer = await asyncio.open_unix_connection(f"{self.server}/{SOCKET}")
            self.writers += [writer, other_writer]
            await asyncio.gather(self.one_way(reader, other_writer), self.one_way(other_reader, writer))

    async def one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while part := await reader.read(65_536):
                await self.is_open.wait()
                writer.write(part)
        writer.close()

    async def go_silent(self) -> None:
        """Let nothing through any more, without a word to either side."""
        self.is_open.clear()

    async def be_cut(self) -> None:
        """End every connection, and take none for the time being."""
        self.is_open.clear()
        for writer in self.writers:
            writer.close()

    def mend(self) -> None:
        self.is_open.set()


@asynccontextmanager
async def wired(
    settings: Settings, clock: Clock, server: str, folder: Path
) -> AsyncIterator[tuple[FastAPI, Wire]]:
    """A worker whose lease, and that alone, goes over a wire of ours."""
    wire = Wire(server)
    app = create_app(settings, Sources(now=clock))
    lease = app.state.parts.database.lease
    assert isinstance(lease, PostgresqlLease)
    lease._address["host"] = str(folder)  # noqa: SLF001 - the one thing that is not to be configured
    async with await asyncio.start_unix_server(wire.carry, folder / SOCKET), app.router.lifespan_context(app):
        yield app, wire
        wire.mend()


Breaks = Callable[[Wire], Awaitable[None]]


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("breaks", [Wire.go_silent, Wire.be_cut])
async def test_without_a_lease_everything_is_asked_anew(
    settings: Settings,
    clock: Clock,
    newsroom: Newsroom,
    people: People,
    postgresql_server: str,
    tmp_path_factory: pytest.TempPathFactory,
    breaks: Breaks,
) -> None:
    made = await newsroom.published(title="Kept", body=BODY, access=GATED, teaser={"words": 10})
    headers, path = await people.headers("subscriber"), f"/v1/articles/{made['id']}"
    folder = tmp_path_factory.mktemp("w")
    async with (
        wired(settings, clock, postgresql_server, folder) as (app, wire),
        AsyncClient(transport=ASGITransport(app), base_url="https://api.test") as client,
    ):
        await leased(app)
        assert SECRET in (await client.get(path, headers=headers)).text
        assert await asks_nothing(app, client, path, headers)
        await breaks(wire)
        await newsroom.act(made, "withdraw", public_note="Wrong.")
        await asyncio.sleep(0.1)
        for _ in range(5):
            assert app.state.parts.database.lease.look() is None
            assert (await client.get(path, headers=headers)).status_code == 410
            await asyncio.sleep(0.1)
        wire.mend()
        await leased(app)
        assert (await client.get(path, headers=headers)).status_code == 410
