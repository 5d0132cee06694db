"""A commit that fails reaches the client as an error, and nothing of the change is there."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlalchemy import text

from infra.settings import Settings
from infra.tables import metadata
from tests.newsroom import Newsroom, People, png

# Each lets every statement through and fails when the transaction is committed.
SQLITE = (
    "CREATE TABLE owed (debt TEXT REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED)",
    "CREATE TRIGGER owes AFTER INSERT ON events BEGIN INSERT INTO owed VALUES ('nobody'); END",
)
POSTGRESQL = (
    """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no commit of %', NEW.id USING ERRCODE = '{code}'; END $$""",
    """CREATE CONSTRAINT TRIGGER owes AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse()""",
)
UNDO = ("DROP TRIGGER owes ON events", "DROP FUNCTION refuse()")
PASSING, INTERNAL, TAKEN = "40001", "XX000", "23503"


class Saboteur:
    """Makes commits fail, for the rest of the test."""

    def __init__(self, app: FastAPI) -> None:
        self.database = app.state.parts.database
        self.undo: tuple[str, ...] = ()

    async def start(self, code: str = INTERNAL) -> None:
        statements = SQLITE if self.database.is_sqlite else POSTGRESQL
        await self.run(*(statement.replace("{code}", code) for statement in statements))
        self.undo = () if self.database.is_sqlite else UNDO

    async def stop(self) -> None:
        await self.run(*(("DROP TRIGGER owes",) if self.database.is_sqlite else UNDO))
        self.undo = ()

    async def run(self, *statements: str) -> None:
        async with self.database.write() as connection:
            for statement in statements:
                await connection.exec_driver_sql(statement)


@pytest.fixture
async def saboteur(app: FastAPI) -> AsyncIterator[Saboteur]:
    one = Saboteur(app)
    yield one
    await one.run(*one.undo)


async def rows(people: People) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    async with people.parts.database.read() as connection:
        for table in metadata.sorted_tables:
            result = await connection.execute(text(f"SELECT * FROM {table.name} ORDER BY 1"))
            found[table.name] = [tuple(row) for row in result]
    return found


def files_under(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def expect_failure(answer: Response, *statuses: int) -> None:
    assert answer.status_code in statuses, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not {"ETag", "Location"} & set(answer.headers)
    for told in ("nobody", "owed", "no commit", "INSERT", "COMMIT", "sqlite", "asyncpg"):
        assert told not in answer.text


async def test_a_failed_commit_is_an_error_and_changes_nothing(
    client: AsyncClient, newsroom: Newsroom, people: People, settings: Settings, saboteur: Saboteur
) -> None:
    for slug in ("one", "other"):
        await newsroom.tag(slug)
        await newsroom.contributor(slug)
    medium = await newsroom.medium()
    live, draft = await newsroom.published(slug="piece"), await newsroom.draft()
    before, files = await rows(people), files_under(settings.data_dir)
    seen = (await client.get("/v1/articles/piece")).content
    writes: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/articles", {"json": {"title": "New", "language": "en"}}),
        ("PATCH", f"/articles/{live['id']}", {"json": {"title": "New"}, "version": 2}),
        ("POST", f"/articles/{live['id']}/actions/publish", {"version": 2}),
        ("POST", f"/articles/{live['id']}/actions/unpublish", {"version": 2}),
        ("POST", f"/articles/{live['id']}/actions/withdraw", {"json": {"public_note": "x"}, "version": 2}),
        ("POST", f"/articles/{draft['id']}/actions/submit", {"version": 1}),
        ("DELETE", f"/articles/{draft['id']}", {"version": 1}),
        ("POST", "/tags", {"json": {"name": "New"}}),
        ("PATCH", "/tags/one", {"json": {"name": "New"}, "version": 1}),
        ("POST", "/tags/one/merge", {"json": {"into": "other"}, "version": 1}),
        ("DELETE", "/tags/one", {"version": 1}),
        ("POST", "/contributors", {"json": {"name": "New"}}),
        ("PATCH", "/contributors/one", {"json": {"name": "New"}, "version": 1}),
        ("POST", "/media", {"files": {"file": ("x", png(3, 3))}}),
        ("PATCH", f"/media/{medium['id']}", {"json": {"focal_point": {"x": 0, "y": 0}}, "version": 1}),
        ("DELETE", f"/media/{medium['id']}", {"version": 1}),
        ("PATCH", f"/media/{medium['id']}", {"json": {"alt": "New"}, "version": 1}),
    ]
    await saboteur.start()
    for method, path, request in writes:
        expect_failure(await newsroom.send(method, path, **request), 409, 500)
        assert await rows(people) == before, path
    assert files_under(settings.data_dir) == files
    assert (await client.get("/v1/articles/piece")).content == seen
    await saboteur.stop()
    for method, path, request in writes[:1] + writes[5:6] + writes[-1:]:
        assert (await newsroom.send(method, path, **request)).is_success


@pytest.mark.parametrize(("code", "status"), [(PASSING, 503), (TAKEN, 409), (INTERNAL, 500)])
async def test_the_client_is_told_whether_to_try_again(
    newsroom: Newsroom, saboteur: Saboteur, database_kind: str, code: str, status: int
) -> None:
    await saboteur.start(code)
    answer = await newsroom.send("POST", "/tags", json={"name": "New"})
    expected = status if database_kind == "postgresql" else 409
    expect_failure(answer, expected)
    assert answer.headers.get("Retry-After") == ("1" if expected == 503 else None)
    assert (await newsroom.send("GET", "/tags")).json()["items"] == []
