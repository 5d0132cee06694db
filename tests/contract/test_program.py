"""The `standfirst` command: its settings, accounts, migrations, contract and example newsroom."""

import asyncio
import os
import socket
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from api import contract
from api.app import application, create_app
from domain.people import Role
from infra.settings import Settings
from tests.contract.program import COMMAND, PASSWORD, UNLIMITED, environment, run

WRONG = {
    "DATABASE_URL": "mysql://somebody:secret@db/x",
    "OFFERS": "[secret",
    "SIGNING_KEYS": "secret",
    "CORS_ORIGINS": "https://secret.test/path",
    "TEASER_AMOUNT": "200",
    "PUBLIC_URL": "secret",
    "ARTICLE_URL": "https://www.test/{secret}",
}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("STANDFIRST_"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(("name", "value"), WRONG.items())
def test_a_wrong_setting_stops_the_start_with_a_sentence_that_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(f"STANDFIRST_{name}", value)
    assert run(monkeypatch, "serve") == 2
    printed, told = capsys.readouterr()
    assert printed == ""
    assert told.startswith(f"standfirst: STANDFIRST_{name}")
    assert told.count("\n") == 1
    assert told.endswith(".\n")
    assert "secret" not in told


def test_a_wrong_setting_ends_the_process_without_a_traceback(tmp_path: Path) -> None:
    ended = subprocess.run(
        [COMMAND, "serve"], env=environment(CACHE_SECONDS="x"), cwd=tmp_path, capture_output=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.startswith(b"standfirst: STANDFIRST_CACHE_SECONDS: ")
    assert ended.stderr.count(b"\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("workers", "settings", "is_told"),
    [
        ("2", {}, True),
        ("1", {}, False),
        ("2", {"RATE_LIMIT_STORE": "redis://127.0.0.1:1"}, False),
        ("2", dict.fromkeys(UNLIMITED, "0"), False),
        ("2", {**dict.fromkeys(UNLIMITED, "0"), "WRONG_PASSWORDS": "1"}, True),
    ],
)
def test_workers_that_count_each_by_itself_are_told_of(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    workers: str,
    settings: dict[str, str],
    is_told: bool,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"STANDFIRST_{name}", value)
    with socket.socket() as taken:  # so that it stops after that
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert run(monkeypatch, "serve", "--workers", workers, "--port", port) == 2
    assert ("STANDFIRST_RATE_LIMIT_STORE" in capsys.readouterr().err) is is_told


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_in_use_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run(monkeypatch, command, "--port", str(port)) == 2
    printed, told = capsys.readouterr()
    assert printed == ""
    sentence = f"Cannot listen on 127.0.0.1, port {port}: Address already in use. Choose another with --port."
    assert told == f"standfirst: {sentence}\n"


async def sign_in(*emails: str, password: str = PASSWORD) -> list[Any]:
    """Return what `/v1/me` says to each, or why they are not let in."""
    app = create_app()
    transport = httpx.ASGITransport(app)
    found = []
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client,
    ):
        for email in emails:
            form = {"grant_type": "password", "username": email, "password": password}
            answer = await client.post("/v1/auth/token", data=form)
            if answer.is_success:
                headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
                answer = await client.get("/v1/me", headers=headers)
            found.append(answer.json())
    return found


def test_an_account_of_each_role_is_added_and_signs_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add = ("accounts", "add")
    for role in Role:
        args = (f"{role}@example.org", "--role", role, "--name", f"A {role}", "--password-stdin")
        assert run(monkeypatch, *add, *args, typed=f"{PASSWORD}\n") == 0
        assert capsys.readouterr().out == f"Added {role}@example.org as {role}.\n"
    several = ("--role", "subscriber", "--role", "contributor", "--plan", "monthly", "--password-stdin")
    assert run(monkeypatch, *add, "two@example.org", *several, typed=PASSWORD) == 0
    *each, two = asyncio.run(sign_in(*(f"{role}@example.org" for role in Role), "two@example.org"))
    for role, me in zip(Role, each, strict=True):
        assert (me["name"], me["roles"], me["plans"]) == (f"A {role}", [role], [])
    assert (two["name"], two["roles"], two["plans"]) == (
        "two@example.org",
        ["contributor", "subscriber"],
        ["monthly"],
    )
    (refused,) = asyncio.run(sign_in("two@example.org", password=PASSWORD.upper()))
    assert refused["error"] == "invalid_grant"


REFUSED = [
    (("a@example.org", "--role", "reader", "--password-stdin"), "short\n", "The password must have"),
    (("a@example.org", "--role", "reader", "--password-stdin"), "", "The password must have"),
    (("a@example.org", "--role", "reader"), f"{PASSWORD}\n", "Pass the password on standard input"),
    (("nobody", "--role", "reader", "--password-stdin"), f"{PASSWORD}\n", "That is no e-mail address"),
    (("a@example.org", "--role", "king", "--password-stdin"), f"{PASSWORD}\n", "'king' is not one of"),
    (("a@example.org", "--password-stdin"), f"{PASSWORD}\n", "Missing option '--role'"),
    (("TAKEN@example.org", "--role", "admin", "--password-stdin"), f"{PASSWORD}\n", "There is an account"),
]


def test_a_bad_account_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = ("accounts", "add", "taken@example.org", "--role", "reader", "--password-stdin")
    assert run(monkeypatch, *taken, typed=PASSWORD) == 0
    capsys.readouterr()
    for args, typed, sentence in REFUSED:
        assert run(monkeypatch, "accounts", "add", *args, typed=typed) == 2, args
        printed, told = capsys.readouterr()
        assert printed == ""
        assert sentence in told, args
        assert "Traceback" not in told
        assert PASSWORD not in told


async def _create(server: str, name: str) -> None:
    url = f"postgresql+asyncpg://postgres@/postgres?host={server}"
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()


def test_an_older_postgresql_is_not_served_until_it_is_migrated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], postgresql_server: str, worker_id: str
) -> None:
    name = f"old_{worker_id}"
    asyncio.run(_create(postgresql_server, name))
    monkeypatch.setenv("STANDFIRST_DATABASE_URL", f"postgresql://postgres@/{name}?host={postgresql_server}")
    add = ("accounts", "add", "a@example.org", "--role", "reader", "--password-stdin")
    for args in (("serve", "--port", "0"), add):
        assert run(monkeypatch, *args, typed=PASSWORD) == 2
        assert "Run: standfirst migrate" in capsys.readouterr().err
    for _ in range(2):
        assert run(monkeypatch, "migrate") == 0
        assert capsys.readouterr().out == "The database is up to date.\n"
    assert run(monkeypatch, *add, typed=PASSWORD) == 0


def test_whoever_puts_a_backup_back_gives_the_database_another_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("STANDFIRST_DATA_DIR", str(tmp_path))
    names = set()
    for _ in range(2):
        assert run(monkeypatch, "restored") == 0
        assert capsys.readouterr().out == "Whoever follows what changes starts anew.\n"
        with closing(sqlite3.connect(tmp_path / "standfirst.db")) as connection:
            names.add(connection.execute("SELECT value FROM counters WHERE name = 'database'").fetchone())
    assert len(names) == 2


UNREACHABLE = {
    "postgresql://nobody@127.0.0.1:1/x": "STANDFIRST_DATABASE_URL",
    "sqlite:////proc": "/proc cannot be used: Is a directory.",
    "sqlite:////proc/never/standfirst.db": "/proc/never cannot be used",
    "": "/proc/never cannot be used",
}


@pytest.mark.parametrize(("url", "sentence"), UNREACHABLE.items())
def test_a_database_or_folder_that_cannot_be_had_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, sentence: str
) -> None:
    monkeypatch.setenv("STANDFIRST_DATABASE_URL" if url else "STANDFIRST_DATA_DIR", url or "/proc/never")
    assert run(monkeypatch, "serve", "--port", "0") == 2
    printed, told = capsys.readouterr()
    assert (printed, told.count("\n")) == ("", 1)
    assert sentence in told


def test_the_contract_is_written_and_its_drift_noticed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "openapi", "--check") == 2
    assert "Run: standfirst openapi" in capsys.readouterr().err
    assert run(monkeypatch, "openapi") == 0
    written = tmp_path / "openapi" / "openapi.json"
    made = contract.texts(application(Settings(_env_file=None)))
    assert {file.name: file.read_text() for file in written.parent.iterdir()} == made
    assert run(monkeypatch, "openapi", "--check") == 0
    written.write_text(written.read_text().replace("Read an article", "Read an Article"))
    assert run(monkeypatch, "openapi", "--check") == 2
