"""A real server over real HTTP: what it survives, and what its workers share."""

import asyncio
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from domain.people import Account, Role
from infra import accounts
from infra.db import Database
from infra.ids import new_id, now
from infra.migrations import prepare
from infra.passwords import hash_password
from infra.tables import tags
from tests.contract.program import PASSWORD, Server, sign_in, started
from tests.newsroom import Json, paragraph, png, words

EDITOR = "editor@example.org"


async def add_editor(folder: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{folder / 'data' / 'standfirst.db'}")
    await prepare(database)
    account = Account(new_id(), EDITOR, "Editor", frozenset({Role.EDITOR}), frozenset())
    async with database.write() as connection:
        await accounts.add(connection, account, password_hash=hash_password(PASSWORD), now=now())
    await database.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two workers on an empty folder, with no configuration."""
    folder = tmp_path_factory.mktemp("served")
    with started(folder, "serve", "--workers", "2") as server:
        asyncio.run(add_editor(folder))
        yield server
        assert server.stop() in {0, -signal.SIGTERM}


@pytest.fixture(scope="module")
def editor(server: Server) -> dict[str, str]:
    return sign_in(server, EDITOR)


def test_an_empty_folder_is_enough(server: Server) -> None:
    assert httpx.get(f"{server.url}/v1/articles").json() == {"items": [], "next_cursor": None}
    assert server.url in server.printed
    metadata = httpx.get(f"{server.url}/.well-known/oauth-authorization-server").json()
    assert metadata["issuer"] == server.url
    data = server.folder / "data"
    assert (data / "signing-keys.pem").stat().st_mode & 0o777 == 0o600
    assert "server" not in httpx.get(f"{server.url}/healthz").headers


def test_workers_share_keys_and_see_a_publication_at_once(server: Server, editor: dict[str, str]) -> None:
    jwks = {httpx.get(f"{server.url}/.well-known/jwks.json").text for _ in range(10)}
    assert len(jwks) == 1
    form = {
        "title": "News",
        "language": "en",
        "body": [paragraph(words(50))],
        "access": {"requires": "registered"},
    }
    path = f"{server.url}/v1/editorial/articles"
    draft = httpx.post(path, json=form, headers=editor).json()
    actions = f"{path}/{draft['id']}/actions"

    def act(action: str, version: int, **form: str) -> None:
        headers = {**editor, "If-Match": f'"{version}"'}
        assert httpx.post(f"{actions}/{action}", json=form, headers=headers).status_code == 200

    def seen() -> set[tuple[int, str | None]]:
        """Ask ten times, each on a new connection, so that both workers answer."""
        answers = [httpx.get(f"{server.url}/v1/articles/news", headers=editor) for _ in range(10)]
        bodies: list[Json] = [answer.json() for answer in answers]
        return {(body.get("status", 200), body.get("access", {}).get("reason")) for body in bodies}

    assert seen() == {(404, None)}
    act("publish", 1)
    assert seen() == {(200, "staff")}
    act("withdraw", 2, public_note="Wrong.")
    assert seen() == {(410, None)}


def test_a_megabyte_of_credentials_is_refused_and_the_server_lives(server: Server) -> None:
    for scheme in ("Bearer", "Basic"):
        answer = httpx.get(f"{server.url}/v1/me", headers={"Authorization": f"{scheme} {'x' * 1_000_000}"})
        assert 400 <= answer.status_code < 500
    assert httpx.get(f"{server.url}/healthz").status_code == 200


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("standfirst.db")}


def send_part(server: Server, headers: dict[str, str], body: bytes, *, reset: bool) -> None:
    """Begin an upload of a megabyte, slowly, and go away in the middle of it."""
    fields = {
        "Host": "a",
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": "1000000",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.sendall(f"POST /v1/editorial/media HTTP/1.1\r\n{head}\r\n".encode())
        for at in range(0, len(body), 20_000):
            connection.sendall(body[at : at + 20_000])
            time.sleep(0.01)


def test_uploads_that_are_broken_off_leave_nothing_behind(server: Server, editor: dict[str, str]) -> None:
    begins = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + png(400, 400)
    before = files(server.folder / "data")
    for body in (b"", b"--b", begins, begins + b"\0" * 300_000):
        for reset in (False, True):
            send_part(server, editor, body, reset=reset)
    broken = {"file": ("a.png", png(400, 400)[:200])}
    assert httpx.post(f"{server.url}/v1/editorial/media", files=broken, headers=editor).status_code == 415
    upload = {"file": ("a.png", png())}
    made = httpx.post(f"{server.url}/v1/editorial/media", files=upload, headers=editor)
    assert made.status_code == 201
    time.sleep(0.2)
    kept = files(server.folder / "data") - before
    assert len(kept) == len(made.json()["renditions"])
    assert {path.name.partition(".")[0] for path in kept} == {made.json()["id"]}
    listed = httpx.get(f"{server.url}/v1/editorial/media", headers=editor).json()["items"]
    assert [one["id"] for one in listed] == [made.json()["id"]]
    assert "Traceback" not in server.told


async def kept_tags(folder: Path) -> set[str]:
    database = Database(f"sqlite+aiosqlite:///{folder / 'data' / 'standfirst.db'}")
    async with database.read() as connection:
        assert await connection.scalar(tags.select().with_only_columns(tags.c.slug).limit(1))
        kept = set((await connection.scalars(tags.select().with_only_columns(tags.c.slug))).all())
        check = await connection.exec_driver_sql("PRAGMA integrity_check")
        assert check.scalar() == "ok"
    await database.close()
    return kept


def test_nothing_acknowledged_is_lost_when_it_is_killed(tmp_path: Path) -> None:
    asyncio.run(add_editor(tmp_path))
    acknowledged: set[str] = set()
    with started(tmp_path, "serve") as server:
        headers = sign_in(server, EDITOR)

        def write(writer: int) -> None:
            with httpx.Client(headers=headers) as client:
                for at in range(100_000):
                    try:
                        answer = client.post(
                            f"{server.url}/v1/editorial/tags", json={"name": f"Tag {writer} {at}"}
                        )
                    except httpx.TransportError:
                        return
                    if answer.status_code == 201:
                        acknowledged.add(answer.json()["slug"])

        writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for writer in writers:
            writer.start()
        deadline = time.monotonic() + 30
        while len(acknowledged) < 40 and time.monotonic() < deadline:
            time.sleep(0.01)
        server.stop(signal.SIGKILL)
        for writer in writers:
            writer.join()
    assert len(acknowledged) >= 40
    assert acknowledged - asyncio.run(kept_tags(tmp_path)) == set()


def test_a_server_that_is_told_to_stop_ends_what_it_has_begun(tmp_path: Path) -> None:
    asyncio.run(add_editor(tmp_path))
    form = f"grant_type=password&username={EDITOR}&password={PASSWORD}".encode()
    with started(tmp_path, "serve") as server, socket.create_connection(("127.0.0.1", server.port)) as begun:
        head = f"POST /v1/auth/token HTTP/1.1\r\nHost: a\r\nContent-Length: {len(form)}\r\n"
        begun.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + form[:10])
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{server.url}/healthz")
            except httpx.ConnectError:
                break
            except httpx.RemoteProtocolError:
                continue  # it was let in and shown out again
        else:
            pytest.fail("it goes on taking connections")
        begun.sendall(form[10:])
        answer = begun.makefile("rb").read()
        assert re.match(rb"HTTP/1.1 200 ", answer)
        assert b'"access_token"' in answer
        assert server.process.wait(15) in {0, -signal.SIGTERM}
        assert "Traceback" not in server.told
