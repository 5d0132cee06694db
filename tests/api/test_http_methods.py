"""Methods and addresses: HEAD, OPTIONS, what is not allowed, what is not there."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.newsroom import Json, Newsroom, somewhere

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SERVED = [
    "/openapi.json",
    "/openapi/delivery.json",
    "/docs",
    "/docs/start.js",
    "/docs/swagger-ui.css",
    "/problems/not-found",
]
ID = "018f0000-0000-7000-8000-000000000000"


def filled(path: str) -> str:
    return somewhere(path, slug_or_id="a", slug="sea", article_id=ID, media_id=ID)


def operations(app: FastAPI) -> dict[str, list[str]]:
    paths: Json = app.openapi()["paths"]
    found = {filled(path): [method.upper() for method in methods] for path, methods in paths.items()}
    return {**found, **{path: ["GET"] for path in SERVED}}


async def test_head_is_get_without_the_body(client: AsyncClient, newsroom: Newsroom, app: FastAPI) -> None:
    await newsroom.tag("sea")
    medium = await newsroom.medium()
    await newsroom.published(slug="a", tags=["sea"], lead_image={"media_id": medium["id"]})
    picture = f"/media/{medium['id']}/original"
    paths = [path for path, methods in operations(app).items() if "GET" in methods]
    assert len(paths) > 20
    for path in [*paths, picture, "/v1/articles/never", "/v1/articles?limit=0", "/nowhere"]:
        for headers in ({}, newsroom.headers, {"Accept-Encoding": "gzip"}):
            got = await client.get(path, headers=headers)
            head = await client.head(path, headers=headers)
            assert (head.status_code, head.content) == (got.status_code, b""), path
            assert head.headers == got.headers, path
            assert got.content


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_no_byte_of_a_body_follows_a_head(newsroom: Newsroom, app: FastAPI) -> None:
    medium = await newsroom.medium()
    await newsroom.published(slug="a", lead_image={"media_id": medium["id"]})
    for path in ("/v1/articles/a", f"/media/{medium['id']}/original", "/docs", "/nowhere"):
        sent: list[Any] = []

        async def send(message: Any, to: list[Any] = sent) -> None:
            to.append(message)

        async def receive() -> Any:
            await asyncio.Event().wait()  # the caller sends nothing and stays

        scope: Json = {
            "type": "http",
            "method": "HEAD",
            "path": path,
            "query_string": b"",
            "headers": [],
            "client": None,
        }
        await app({**scope, "raw_path": path.encode(), "scheme": "https", "server": ("a", 443)}, receive, send)
        assert dict(sent[0]["headers"])[b"content-length"] != b"0", path
        assert b"".join(message.get("body", b"") for message in sent[1:]) == b"", path


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_options_tells_the_methods_of_every_address(client: AsyncClient, app: FastAPI) -> None:
    for path, methods in operations(app).items():
        response = await client.options(path)
        expected = {"OPTIONS", *methods, *(["HEAD"] if "GET" in methods else [])}
        assert (response.status_code, response.content) == (204, b""), path
        assert set(response.headers["allow"].split(", ")) == expected, path
    assert (await client.options("/nowhere")).status_code == 404


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_wrong_method_is_told_which_are_right(client: AsyncClient, app: FastAPI) -> None:
    for path, methods in operations(app).items():
        for method in {*METHODS, "TRACE", "PROPFIND"} - set(methods):
            response = await client.request(method, path)
            assert response.status_code == 405, (method, path)
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["type"] == "/problems/method-not-allowed"
            assert set(methods) <= set(response.headers["allow"].split(", ")), (method, path)


UNKNOWN = [
    "/",
    "/v1",
    "/v2/articles",
    "/v1/articles/",
    "/v1/articles/a/",
    "/v1/articles/a/b",
    "/v1/articles/A",
    "/v1/articles/a%00",
    "/v1/articles/..%2f..%2fetc",
    "/v1/articles/%F0%9F%90%9F",
    "//v1/articles",
    "/v1/tags/",
    "/v1/tags/Sea",
    "/v1/me/",
    "/healthz/",
    "/docs/",
    "/docs/../pyproject.toml",
    "/docs/..%2f..%2fpyproject.toml",
    "/docs/redoc.standalone.js",
    "/problems/",
    "/problems/never",
    "/media/x/original",
    f"/media/{ID}/original",
    f"/media/{ID}/small",
    "/redoc",
    "/favicon.ico",
    "/.git/config",
]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_is_not_there_is_a_problem_and_no_redirect(client: AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.tag("sea")
    await newsroom.published(slug="a", tags=["sea"])
    for path in UNKNOWN:
        response = await client.get(path)
        problem: dict[str, Any] = response.json()
        assert response.status_code == 404, path
        assert response.headers["content-type"] == "application/problem+json"
        assert "location" not in response.headers
        assert problem == {
            "type": "/problems/not-found",
            "title": "There is nothing here",
            "status": 404,
            "detail": "There is nothing here.",
            "request_id": problem["request_id"],
        }


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_every_request_gets_an_id_of_its_own(client: AsyncClient) -> None:
    sent = {"X-Request-Id": "mine", "Traceparent": "00-mine-mine-01"}
    ids = [(await client.get("/nowhere", headers=sent)).json()["request_id"] for _ in range(3)]
    assert len(set(ids)) == 3
    assert "mine" not in ids
