"""Requests as raw bytes, where a polite client would mend them; and what every refusal must look like."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from fastapi import FastAPI
from sqlalchemy import text

from infra.tables import metadata

MARKER = "zqx7marker"


@dataclass
class Answer:
    """What came back, and how much of the body was read for it."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    bytes_read: int = 0

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


async def send_raw(
    app: FastAPI,
    method: str,
    target: str | bytes,
    *,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    body: bytes | Iterable[bytes] | None = None,
) -> Answer:
    """Send these very bytes. A body in pieces is sent chunked, without a length."""
    raw = target.encode() if isinstance(target, str) else target
    path, _, query = raw.partition(b"?")
    given = list(headers.items() if isinstance(headers, Mapping) else headers)
    if isinstance(body, bytes):
        given.append(("content-length", str(len(body))))
    elif body is not None:
        given.append(("transfer-encoding", "chunked"))
    chunks = iter([body or b""] if body is None or isinstance(body, bytes) else body)
    answer = Answer()

    async def receive() -> dict[str, Any]:
        chunk = next(chunks, None)
        answer.bytes_read += len(chunk or b"")
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None and body is not None}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        answer.body += message.get("body", b"")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in given],
        "client": ("192.0.2.7", 4711),
        "server": ("api.test", 443),
        "state": {},
    }
    await app(scope, receive, send)
    return answer


def refused(answer: Answer, *statuses: int, note: object = None) -> Any:
    """Assert that the answer is a problem document with one of these statuses that quotes nothing; return it."""
    assert answer.status in statuses, (answer.status, note, answer.text[:500])
    assert answer.headers["content-type"] == "application/problem+json", note
    problem = answer.json()
    assert problem["status"] == answer.status
    assert problem["type"].startswith("/problems/")
    assert {"title", "detail", "request_id"} <= set(problem)
    if answer.status == 422:
        assert problem["errors"], note
        assert all("pointer" in flaw and flaw["detail"] for flaw in problem["errors"]), note
    for told in (MARKER, "Traceback", "SELECT ", "pydantic", ".py"):
        assert told not in answer.text, (note, told)
    return problem


async def everything_kept(app: FastAPI) -> tuple[Any, ...]:
    """Return all that the application keeps: rows of every table, and files of the data folder."""
    rows = {}
    async with app.state.parts.database.read() as connection:
        for table in metadata.sorted_tables:
            found = await connection.execute(text(f"SELECT * FROM {table.name}"))
            rows[table.name] = sorted(map(repr, found))
    return rows, files_under(app.state.parts.settings.data_dir)


def files_under(folder: Path) -> list[tuple[str, int]]:
    """Return the files of a folder, with their sizes, but for the database's own."""
    own = ("standfirst.db", "-wal", "-shm")
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(own))
    return sorted((str(path), path.stat().st_size) for path in files)
