"""Browsers, proxies and hosts: CORS, safe headers, no cookies, and nobody's word believed."""

from collections.abc import Sequence

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlalchemy import select

from infra.settings import Settings
from infra.tables import events
from tests.api.serving import serving
from tests.newsroom import Clock, Newsroom, People

SITE = "https://www.test"
EXPOSED = {"ETag", "Link", "Location", "Retry-After", "RateLimit", "RateLimit-Policy"}
ASKED = "authorization, content-type, if-match, if-none-match, idempotency-key"
PATHS = ["/v1/articles", "/v1/articles/never", "/v1/me", "/openapi.json", "/docs", "/healthz", "/problems/stale"]

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


def preflight(origin: str, method: str = "PATCH", headers: str = ASKED) -> dict[str, str]:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return {"Origin": origin, **asked}


def cors(response: Response) -> set[str]:
    return {name for name in response.headers if name.startswith("access-control-")}


async def test_no_other_site_may_read_by_default(client: AsyncClient) -> None:
    for path in PATHS:
        assert cors(await client.get(path, headers={"Origin": SITE})) == set()
        assert cors(await client.options(path, headers=preflight(SITE))) == set()


async def test_a_configured_site_may_read_and_see_what_it_needs(settings: Settings, clock: Clock) -> None:
    origins = (SITE, "http://localhost:3000")
    async with serving(settings.model_copy(update={"cors_origins": origins}), clock) as client:
        for origin in origins:
            for path in PATHS:
                response = await client.get(path, headers={"Origin": origin})
                assert response.headers["access-control-allow-origin"] == origin, path
                assert set(response.headers["access-control-expose-headers"].split(", ")) == EXPOSED
                assert "access-control-allow-credentials" not in response.headers
                assert "Origin" in response.headers["vary"]
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
                response = await client.options("/v1/editorial/tags/a", headers=preflight(origin, method))
                assert (response.status_code, response.content) == (204, b"")
                assert response.headers["access-control-allow-origin"] == origin
                assert method in response.headers["access-control-allow-methods"]
                allowed = response.headers["access-control-allow-headers"].lower()
                assert set(ASKED.split(", ")) <= set(allowed.split(", "))
        plain = await client.get("/v1/articles")
        assert plain.headers["vary"] == "Authorization, Accept-Encoding, Origin"


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "null", "http://www.test", f"{SITE}.evil.test", f"{SITE}:8443"]
)
async def test_a_site_that_is_not_configured_may_not(settings: Settings, clock: Clock, origin: str) -> None:
    async with serving(settings.model_copy(update={"cors_origins": (SITE,)}), clock) as client:
        for response in (
            await client.get("/v1/articles", headers={"Origin": origin}),
            await client.options("/v1/articles", headers=preflight(origin)),
        ):
            assert response.is_success
            assert "access-control-allow-origin" not in response.headers
            assert origin not in str(response.headers)


async def test_every_answer_is_safe_in_a_browser_and_sets_no_cookie(
    client: AsyncClient, newsroom: Newsroom, app: FastAPI
) -> None:
    medium = await newsroom.medium()
    await newsroom.published(slug="a", lead_image={"media_id": medium["id"]})
    paths = [
        *PATHS,
        f"/media/{medium['id']}/original",
        "/v1/articles/a",
        "/docs/start.js",
        "/nowhere",
        "/v1/articles/",
    ]
    for path in paths:
        for method in ("GET", "HEAD", "OPTIONS", "DELETE"):
            response = await client.request(method, path, headers={"Cookie": "session=1"})
            assert "set-cookie" not in response.headers
            assert response.headers["x-content-type-options"] == "nosniff", path
            assert response.headers["referrer-policy"] == "no-referrer"
            assert response.headers["content-security-policy"].startswith("default-src 'none'")
            assert "cookie" not in response.headers.get("vary", "").lower()
            assert "server" not in response.headers
    form = {"grant_type": "password", "username": "a@b.test", "password": "x"}
    assert "set-cookie" not in (await client.post("/v1/auth/token", data=form)).headers


async def test_no_answer_repeats_the_host_that_was_called(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    medium = await newsroom.medium()
    for slug in ("a", "b"):
        await newsroom.published(slug=slug, lead_image={"media_id": medium["id"]})
    evil = {
        "Host": "evil.test",
        "X-Forwarded-Host": "evil.test",
        "X-Forwarded-Proto": "evil",
        "Forwarded": "host=evil",
    }
    paths = [
        *PATHS,
        "/v1/articles/a",
        "/v1/articles?limit=1",
        "/.well-known/oauth-authorization-server",
        "/nowhere/",
    ]
    for path in paths:
        response = await client.get(path, headers={**evil, **newsroom.headers})
        assert "evil" not in response.text + str(response.headers), path
    made = await newsroom.send("POST", "/tags", json={"name": "T"}, headers=evil)
    assert made.headers["location"] == "https://api.test/v1/editorial/tags/t"
    listed = await client.get("/v1/articles?limit=1", headers=evil)
    assert listed.headers["link"].startswith("<https://api.test/v1/articles?limit=1&cursor=")


FORWARDED = {
    (): "192.0.2.7",
    ("198.51.100.1",): "192.0.2.7",
    ("192.0.2.7",): "203.0.113.9",
    ("198.51.100.0/24", "192.0.2.0/24"): "203.0.113.9",
}


@pytest.mark.parametrize(("proxies", "address"), FORWARDED.items())
async def test_a_forwarded_address_is_believed_from_trusted_proxies_only(
    settings: Settings, clock: Clock, app: FastAPI, people: People, proxies: Sequence[str], address: str
) -> None:
    headers = await people.headers("editor")
    async with serving(settings.model_copy(update={"trusted_proxies": tuple(proxies)}), clock) as client:
        forwarded = {"X-Forwarded-For": "10.6.6.6, 203.0.113.9", **headers}
        assert (await client.post("/v1/editorial/tags", json={"name": "T"}, headers=forwarded)).status_code == 201
    async with app.state.parts.database.read() as connection:
        assert (await connection.scalars(select(events.c.from_address))).all() == [address]
