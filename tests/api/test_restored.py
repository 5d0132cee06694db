"""A backup that is put back: nothing of what it lacks is given again, and followers start anew."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import update

from infra import changes
from infra.db import Database
from infra.tables import counters
from tests.api.test_representations import BODY, GATED, SECRET, asks_nothing, read
from tests.following import Follower, read_all
from tests.newsroom import Newsroom, People

sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])


def copy(source: Path, target: Path) -> None:
    """Copy a database into another file, which may be open."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


async def renamed(app: FastAPI) -> None:
    """Do what `standfirst restored` does."""
    database: Database = app.state.parts.database
    async with database.write() as connection:
        await changes.rename(connection)


async def rewound(app: FastAPI, *, to: int) -> None:
    database: Database = app.state.parts.database
    async with database.write() as connection:
        await connection.execute(update(counters).where(counters.c.name == "public").values(value=to))


@sqlite
async def test_what_a_backup_lacks_is_not_given_again(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, tmp_path: Path
) -> None:
    live, backup = tmp_path / "standfirst.db", tmp_path / "backup.db"
    await newsroom.published(title="Kept")
    copy(live, backup)
    await newsroom.published(title="Wrong")
    paths = ("/v1/articles/wrong", "/v1/articles", "/v1/sync")
    for path in paths:
        assert "wrong" in (await read(app, client, path)).text.lower()
        assert await asks_nothing(app, client, path)
    copy(backup, live)
    await newsroom.published(title="New")  # so that the numbers are the same again
    for path in paths:
        assert "wrong" not in (await read(app, client, path)).text.lower(), path
    assert (await client.get("/v1/articles/wrong")).status_code == 404


@sqlite
async def test_an_account_that_a_backup_lacks_gets_nothing(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, people: People, tmp_path: Path
) -> None:
    live, backup = tmp_path / "standfirst.db", tmp_path / "backup.db"
    await newsroom.published(title="Gated", access=GATED, body=BODY)
    copy(live, backup)
    headers = await people.headers("subscriber")
    assert SECRET in (await read(app, client, "/v1/articles/gated", headers)).text
    assert await asks_nothing(app, client, "/v1/articles/gated", headers)
    copy(backup, live)
    assert (await read(app, client, "/v1/articles/gated", headers)).status_code == 401


async def test_whoever_is_told_of_a_restored_backup_starts_anew(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await newsroom.published(title="Gated", access=GATED, body=BODY)
    headers = await people.headers("subscriber")
    follower = Follower(client, headers)
    await follower.catch_up()
    await read(app, client, "/v1/articles/gated", headers)
    assert await asks_nothing(app, client, "/v1/articles/gated", headers)
    await renamed(app)
    assert not await asks_nothing(app, client, "/v1/articles/gated", headers)
    answer = await client.get("/v1/sync", params={"cursor": follower.cursor}, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/sync-reset")
    await follower.catch_up()
    assert follower.held == await read_all(client, headers)


async def test_a_cursor_ahead_of_the_database_is_refused(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom
) -> None:
    for title in ("One", "Two", "Three"):
        await newsroom.published(title=title)
    follower = Follower(client, {})
    await follower.catch_up()
    await rewound(app, to=2)
    answer = await client.get("/v1/sync", params={"cursor": follower.cursor})
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/sync-reset")
