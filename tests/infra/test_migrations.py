import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from domain.articles import Seo
from domain.body import Span, Text
from domain.editions import Front
from infra import documents
from infra.db import Database
from infra.migrations import OldSchema, is_current, migrate, newest, prepare
from infra.search.tables import FTS5
from infra.tables import metadata


@pytest.fixture
async def empty(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database without a table."""
    if database_kind == "sqlite":
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/data/standfirst.db")
        yield database
        await database.close()
        return
    server, name = request.getfixturevalue("postgresql_server"), "standfirst_" + tmp_path.name.replace("-", "_")
    admin = create_async_engine(
        f"postgresql+asyncpg://postgres@/postgres?host={server}", isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    async with admin.connect() as connection:
        await connection.execute(text(f'CREATE DATABASE "{name}"'))
    database = Database(f"postgresql+asyncpg://postgres@/{name}?host={server}")
    yield database
    await database.close()
    async with admin.connect() as connection:
        await connection.execute(text(f'DROP DATABASE "{name}"'))
    await admin.dispose()


VIRTUAL = {table.name for table in metadata.tables.values() if table.info.get(FTS5)}


def _is_shadow(name: str) -> bool:
    """Whether it is a table that FTS5 keeps for itself, beside a virtual one: that makes and drops it."""
    return any(name.startswith(f"{virtual}_") for virtual in VIRTUAL)


async def _tables(database: Database) -> set[str]:
    async with database.read() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    return {name for name in names if not (database.is_sqlite and _is_shadow(name))}


async def _differences(database: Database) -> list[Any]:
    """What Alembic finds that is otherwise than the code says; it knows no virtual tables (see `_shape`)."""

    def is_compared(name: str | None, kind: str, _: Any) -> bool:
        return kind != "table" or name is None or not (_is_shadow(name) or name in VIRTUAL)

    def compare(connection: Connection) -> list[Any]:
        options: dict[str, Any] = {"compare_type": True, "compare_server_default": True}
        if database.is_sqlite:
            options["include_object"] = lambda _, name, kind, *others: is_compared(name, kind, others)
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    async with database.read() as connection:
        return await connection.run_sync(compare)


async def _shape(database: Database) -> dict[str, Any]:
    """All that a database says of its tables."""

    def look(connection: Connection) -> dict[str, Any]:
        found = inspect(connection)
        virtual = "SELECT name, sql FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%' ORDER BY name"
        made = connection.execute(text(virtual)).all() if database.is_sqlite else []
        return {"virtual": [tuple(row) for row in made]} | {
            table: {
                "columns": sorted((c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)),
                "primary": found.get_pk_constraint(table),
                "foreign": sorted(map(repr, found.get_foreign_keys(table))),
                "unique": sorted(map(repr, found.get_unique_constraints(table))),
                "checks": sorted(map(repr, found.get_check_constraints(table))),
                "indexes": sorted(
                    (index["name"], index["column_names"], index["unique"]) for index in found.get_indexes(table)
                ),
            }
            for table in metadata.tables
        }

    async with database.read() as connection:
        return await connection.run_sync(look)


async def test_migrations_make_what_the_code_says(empty: Database) -> None:
    await migrate(empty)
    assert await _tables(empty) == {*metadata.tables, "alembic_version"}
    assert await _differences(empty) == []


async def test_the_comparison_would_find_a_difference(empty: Database) -> None:
    await migrate(empty)
    async with empty.write() as connection:
        await connection.execute(text("ALTER TABLE tags ADD COLUMN extra TEXT"))
        await connection.execute(text("DROP INDEX publications_slug_index"))
    assert len(await _differences(empty)) == 2


async def test_migrations_make_the_very_tables_of_the_code(empty: Database) -> None:
    await migrate(empty)
    migrated = await _shape(empty)
    await migrate(empty, "base")
    async with empty.write() as connection:
        await connection.run_sync(metadata.create_all)
    assert await _shape(empty) == migrated


async def test_the_way_back_and_up_again_loses_nothing_of_the_schema(empty: Database) -> None:
    await migrate(empty)
    before = await _shape(empty)
    await migrate(empty, "base")
    assert await _tables(empty) == {"alembic_version"}
    assert not await is_current(empty)
    await migrate(empty)
    assert await _shape(empty) == before
    assert await is_current(empty)


DRAFT = {
    "title": "Новости: Été",
    "language": "fr",
    "body": [{"type": "image", "media_id": "m1"}, {"type": "related", "article_id": "a9"}, {"type": "divider"}],
    "section_id": "t1",
    "tag_ids": ["t1", "t2"],
    "credits": [{"role": "author", "contributor_id": "c1"}],
    "lead_image": {"media_id": "m2"},
    "related_ids": ["a9"],
    "translation_of": "a8",
}
FRONT = Front("T", "", "", None, (), (), None, None, (), None, Seo(), {}, 1)
GIVEN = {
    ":draft": json.dumps(DRAFT),
    ":front": documents.dump_front(FRONT),
    ":body": documents.dump_body((Text("k", (Span("s", "Des élections"),)),)),
}
WRITTEN = """
INSERT INTO articles (id, group_id, version, revision, draft_state, created_by, created_at, updated_at)
    VALUES ('a1', 'a1', 5, 2, 'draft', 'me', '2026-01-01', '2026-01-02');
INSERT INTO revisions (article_id, number, draft, created_by, created_at)
    VALUES ('a1', 1, '', 'me', '2026-01-01'), ('a1', 2, :draft, 'me', '2026-01-02');
INSERT INTO events (id, subject, subject_id, action, version, "by", at)
    VALUES ('e1', 'article', 'a1', 'create', 1, 'me', '2026-01-01'),
    ('e2', 'article', 'a1', 'submit', 2, 'me', '2026-01-01'),
    ('e3', 'article', 'a1', 'edit', 4, 'me', '2026-01-02');
INSERT INTO publications (id, article_id, group_id, number, revision, state, slug, language, title, requires,
    plans, published_at, updated_at, live_from, remaining_percent, front)
    VALUES ('p1', 'a1', 'a1', 1, 1, 'superseded', 'one', 'fr', 'T', 'free', '', '2026-01-01', '2026-01-01',
    '2026-01-01', 0, :front),
    ('p2', 'a1', 'a1', 2, 1, 'live', 'two', 'fr', 'T', 'free', '', '2026-01-01', '2026-01-01', '2026-01-01', 0,
    :front);
INSERT INTO teasers (publication_id, body) VALUES ('p1', '[]'), ('p2', :body);
INSERT INTO full_texts (publication_id, body) VALUES ('p1', '[]'), ('p2', :body)
"""
COPIED = """
INSERT INTO publications (id, number, state, live_from, article_id, group_id, revision, slug, language, title,
    requires, plans, published_at, updated_at, remaining_percent, front)
SELECT '{id}', {number}, '{state}', '{live_from}', '{article}', group_id, revision, slug, language, title,
    requires, plans, published_at, updated_at, remaining_percent, front FROM publications WHERE id = 'p1'
"""


async def _all(database: Database, query: str) -> list[tuple[Any, ...]]:
    async with database.read() as connection:
        return [tuple(row) for row in (await connection.execute(text(query))).all()]


async def test_what_a_newsroom_has_written_is_found_by_the_newer_program(empty: Database) -> None:
    await migrate(empty, "0001")
    async with empty.write() as connection:
        for statement in WRITTEN.split(";"):
            given = {name[1:]: value for name, value in GIVEN.items() if name in statement}
            await connection.execute(text(statement), given)
    await migrate(empty)
    assert await _all(empty, "SELECT title_key, language FROM articles") == [("novosti: ete", "fr")]
    assert await _all(empty, "SELECT slug, language, article_id FROM slugs") == [("two", "fr", "a1")]
    assert await _all(empty, "SELECT number, version FROM revisions ORDER BY number") == [(1, 1), (2, 4)]
    assert await _all(empty, "SELECT kind, target_id FROM draft_links ORDER BY kind, target_id") == [
        ("article", "a8"),
        ("article", "a9"),
        ("contributor", "c1"),
        ("medium", "m1"),
        ("medium", "m2"),
        ("tag", "t1"),
        ("tag", "t2"),
    ]
    listed = {"all", "kind:", "language:fr", "may-be-free", "requires:free", "source:"}
    assert set(await _all(empty, "SELECT heading, publication_id FROM listings")) == {
        (one, "p2") for one in listed
    }
    assert await _all(empty, "SELECT article_id, publication_id FROM search_articles") == [("a1", "p2")]
    assert await _all(empty, "SELECT * FROM search_languages") == [("fr", 1)]
    ((tokens,),) = await _all(empty, "SELECT text FROM search_public")
    assert {"elections", "_frelect"} <= set(re.findall(r"\w+", tokens))
    assert await _all(empty, "SELECT COUNT(*) FROM search_whole") == [(0,)]
    assert await _all(empty, "SELECT article_id, public_seq, whole_seq FROM changes") == [("a1", 1, 1)]
    async with empty.write() as connection:
        await connection.execute(text("UPDATE publications SET replaced_at = '2026-01-05' WHERE id = 'p2'"))
        taking_over = {"id": "p3", "number": 3, "state": "scheduled", "live_from": "2026-01-05", "article": "a1"}
        await connection.execute(text(COPIED.format(**taking_over)))
    await migrate(empty, "0001")
    assert await _all(empty, "SELECT id, state FROM publications ORDER BY id") == [
        ("p1", "superseded"),
        ("p2", "superseded"),
        ("p3", "live"),
    ]
    assert await _all(empty, "SELECT COUNT(*) FROM revisions") == [(2,)]


SIGNED_IN = """
INSERT INTO accounts (id, email, name, password_hash, roles, created_at)
    VALUES ('me', 'me@example.org', 'Me', '!', 'reader', '2026-01-01');
INSERT INTO refresh_tokens (digest, family, account_id, expires_at, used_at)
    VALUES ('one', 'f1', 'me', '2026-03-01', '2026-01-02'), ('two', 'f1', 'me', '2026-03-02', NULL),
    ('three', 'f2', 'me', '2026-02-01', NULL)
"""


async def test_nobody_has_to_sign_in_again(empty: Database) -> None:
    await migrate(empty, "0006")
    async with empty.write() as connection:
        for statement in SIGNED_IN.split(";"):
            await connection.execute(text(statement))
    await migrate(empty)
    ends = "SELECT account_id, sessions.id, SUBSTR(CAST(expires_at AS TEXT), 1, 10) FROM sessions ORDER BY id"
    assert await _all(empty, ends) == [("me", "f1", "2026-03-02"), ("me", "f2", "2026-02-01")]
    tokens = "SELECT digest, session_id, used_at IS NULL FROM refresh_tokens ORDER BY digest"
    assert await _all(empty, tokens) == [("one", "f1", False), ("three", "f2", True), ("two", "f1", True)]
    await migrate(empty, "0006")
    back = "SELECT digest, family, account_id, SUBSTR(CAST(expires_at AS TEXT), 1, 10) FROM refresh_tokens"
    assert sorted(await _all(empty, back)) == [
        ("one", "f1", "me", "2026-03-02"),
        ("three", "f2", "me", "2026-02-01"),
        ("two", "f1", "me", "2026-03-02"),
    ]


TAKEN_BACK = """
INSERT INTO accounts (id, email, name, password_hash, roles, created_at, is_blocked)
    VALUES ('me', 'me@example.org', 'Me', 'hash', 'reader', '2026-01-01', FALSE),
    ('she', 'she@example.org', 'She', 'hash', 'reader', '2026-01-01', TRUE);
INSERT INTO sessions (id, account_id, started_at, last_used_at, expires_at)
    VALUES ('s1', 'me', '2026-01-01', '2026-01-01', '2026-03-01'),
    ('s2', 'she', '2026-01-01', '2026-01-01', '2026-03-01');
INSERT INTO subscriptions (id, account_id, plan, starts_at, revoked_at)
    VALUES ('held', 'me', 'coast', '2026-01-01', NULL), ('revoked', 'me', 'coast', '2026-01-01', '2026-01-02')
"""


async def test_the_way_back_opens_nothing_that_was_shut(empty: Database) -> None:
    await migrate(empty)
    async with empty.write() as connection:
        for statement in TAKEN_BACK.split(";"):
            await connection.execute(text(statement))
    await migrate(empty, "0008")
    assert await _all(empty, "SELECT id FROM subscriptions") == [("held",)]
    assert await _all(empty, "SELECT id FROM sessions") == [("s1",)]
    accounts = "SELECT id, password_hash, roles FROM accounts ORDER BY id"
    assert await _all(empty, accounts) == [("me", "hash", "reader"), ("she", "!", "")]


PICTURED = """
INSERT INTO media (id, content_type, width, height, size, digest, alt, created_by, created_at, version)
    VALUES ('m1', 'image/png', 1, 1, 1, 'd', 'Alt', 'me', '2026-01-01', 3)
"""
LET_IN = """
INSERT INTO clients (id, name, networks, is_blocked, version, created_at)
    VALUES ('c1', 'Wire', '192.0.2.0/24', FALSE, 1, '2026-01-01'), ('c2', 'Other', '', TRUE, 1, '2026-01-01');
INSERT INTO client_secrets (id, client_id, digest, prefix, created_at)
    VALUES ('s1', 'c1', 'one', 'sfc_', '2026-01-01'), ('s2', 'c1', 'two', 'sfc_', '2026-01-01'),
    ('s3', 'c2', 'three', 'sfc_', '2026-01-01');
UPDATE media SET may_be_syndicated = FALSE;
DELETE FROM clients WHERE id = 'c1'
"""


async def test_pictures_stay_and_may_be_syndicated_until_somebody_says_otherwise(empty: Database) -> None:
    await migrate(empty, "0009")
    async with empty.write() as connection:
        await connection.execute(text(PICTURED))
    await migrate(empty)
    assert await _all(empty, "SELECT id, version, may_be_syndicated FROM media") == [("m1", 3, True)]
    async with empty.write() as connection:
        for statement in LET_IN.split(";"):
            await connection.execute(text(statement))
    assert await _all(empty, "SELECT id FROM client_secrets") == [("s3",)], "with a client go its secrets"
    await migrate(empty, "0009")
    assert await _all(empty, "SELECT id, version FROM media") == [("m1", 3)]
    await migrate(empty)
    assert await _all(empty, "SELECT id FROM clients") == []


async def test_migrating_twice_changes_nothing(empty: Database) -> None:
    await migrate(empty)
    async with empty.write() as connection:
        await connection.execute(
            text(
                "INSERT INTO tags (id, slug, name, kind, names, version) "
                "VALUES ('1', 'kept', 'Kept', 'topic', '{}', 1)"
            )
        )
    await migrate(empty)
    await prepare(empty)
    async with empty.read() as connection:
        assert await connection.scalar(text("SELECT slug FROM tags")) == "kept"


async def test_a_migration_that_fails_leaves_nothing(empty: Database) -> None:
    async with empty.write() as connection:
        await connection.execute(text("CREATE TABLE teasers (mine INTEGER)"))
    with pytest.raises(Exception, match="teasers") as told:
        await migrate(empty)
    assert not isinstance(told.value, AssertionError)
    assert await _tables(empty) == {"teasers"}
    assert not await is_current(empty)


async def test_prepare_migrates_an_sqlite_file_and_refuses_an_old_postgresql(empty: Database) -> None:
    assert not await is_current(empty)
    if empty.is_sqlite:
        await prepare(empty)
        assert await is_current(empty)
        assert await _differences(empty) == []
        return
    with pytest.raises(OldSchema, match="standfirst migrate"):
        await prepare(empty)
    assert await _tables(empty) == set()
    await migrate(empty)
    await prepare(empty)
    assert await is_current(empty)


async def test_several_starters_migrate_once(empty: Database) -> None:
    async with asyncio.timeout(30):
        await asyncio.gather(*((prepare if empty.is_sqlite else migrate)(empty) for _ in range(3)))
    assert await is_current(empty)
    assert await _differences(empty) == []


async def test_a_database_of_a_newer_program_is_refused_and_left_alone(empty: Database) -> None:
    await migrate(empty)
    before = await _shape(empty)
    async with empty.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not await is_current(empty)
    for start in (prepare, migrate):
        with pytest.raises(OldSchema, match="newer"):
            await start(empty)
    assert await _shape(empty) == before


async def test_a_file_that_is_no_database_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "standfirst.db"
    path.write_bytes(b"a letter to somebody" * 100)
    database = Database(f"sqlite+aiosqlite:///{path}")
    with pytest.raises(DatabaseError, match="not a database"):
        await prepare(database)
    await database.close()
    assert path.read_bytes() == b"a letter to somebody" * 100


def test_the_newest_revision_is_named() -> None:
    assert newest() == "0015"
