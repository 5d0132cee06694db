"""However a request is dressed up it counts for the same: each N+1st try is refused (CVE-2025-64526)."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from api.app import create_app
from infra.settings import Settings
from tests.limiting import calling_from, is_refused, with_limits
from tests.newsroom import Json, People
from tests.signing_in import PASSWORD, TOKEN, account_of, password_form

MOST = 3
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """So few that the next one is soon too many. Nothing is kept, so that each request is counted."""
    most = dict.fromkeys(("reads_a_minute", "searches_a_minute", "sign_ins_a_minute"), MOST)
    return with_limits(settings, cache_bytes=0, **most)


SAID_OF_OTHERS = ["203.0.113.9", "203.0.113.9, 192.0.2.200", "::1", "127.0.0.1", "unknown", "", "localhost"]
FIELDS: list[tuple[str, str]] = [
    *((name, value) for value in SAID_OF_OTHERS for name in ("X-Forwarded-For", "X-Real-IP", "True-Client-IP")),
    *((name, "203.0.113.9") for name in ("CF-Connecting-IP", "Client-IP", "X-Client-IP", "X-Cluster-Client-IP")),
    *((name, "203.0.113.9") for name in ("X-Originating-IP", "X-Remote-IP", "X-Remote-Addr", "X-ProxyUser-Ip")),
    ("Forwarded", "for=203.0.113.9;proto=https;by=203.0.113.43"),
    ("Forwarded", 'for="[2001:db8:cafe::17]:4711"'),
    ("Via", "1.1 vegur"),
    ("X-Forwarded-Host", "elsewhere.test"),
    ("X-Forwarded-Proto", "http"),
    ("Host", "elsewhere.test"),
    ("X-HTTP-Method-Override", "GET"),
    ("X-Method-Override", "OPTIONS"),
    ("X-Original-URL", "/healthz"),
    ("X-Rewrite-URL", "/healthz"),
    ("User-Agent", "another"),
    ("Cookie", "session=another"),
    ("Origin", "https://www.test"),
    ("Referer", "https://www.test/"),
    ("Accept", "text/html"),
    ("Accept-Language", "tlh"),
    ("Accept-Encoding", "identity"),
    ("Cache-Control", "no-cache"),
    ("Idempotency-Key", "another"),
    ("If-None-Match", "*"),
    ("Range", "bytes=0-1"),
    ("X-Request-ID", "another"),
    ("X-Api-Key", "another"),
    ("RateLimit", '"reading";r=1000;t=1'),
    ("RateLimit-Policy", '"reading";q=1000000;w=1'),
    ("Authorization", "Bearer another"),
    ("Authorization", "Basic YTpi"),
    ("Authorization", ""),
]


async def asked(client: AsyncClient, **request: Any) -> Response:
    return await client.request(**{"method": "GET", "url": "/v1/articles", **request})


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_no_header_makes_another_reader_of_the_same(client: AsyncClient) -> None:
    for _ in range(MOST):
        assert (await asked(client)).status_code == 200
    for name, value in FIELDS:
        assert is_refused(await asked(client, headers=[(name, value)])), (name, value)
        assert is_refused(await asked(client, headers=[(name, value), (name, value)])), (name, value)
        assert is_refused(await asked(client, headers=[(name.lower(), f" {value}")])), (name, value)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_no_header_counts_for_nobody(settings: Settings, app: FastAPI) -> None:
    """Not only is nobody let by: what comes dressed up is counted, too."""
    for at, (name, value) in enumerate(FIELDS):
        async with calling_from(app, f"198.51.{at}.1") as client:
            for _ in range(MOST):
                assert (await asked(client, headers=[(name, value)])).status_code in {200, 304, 401}
            assert is_refused(await asked(client)), (name, value)


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    "url",
    [
        "/v1/articles?language=en",
        "/v1/articles?limit=1",
        "/v1/articles?x=1",
        "/v1/articles?limit=0",
        "/v1/articles?ip=203.0.113.9&email=a@example.org",
        "/v1/tags",
        "/v1/articles/never",
        "/v1/%61rticles",
        "/v1/me",
        "/v1/editorial/articles",
    ],
)
async def test_no_address_is_out_of_the_count(client: AsyncClient, url: str) -> None:
    for _ in range(MOST):
        await asked(client)
    for method in ("GET", "HEAD"):
        assert (await asked(client, url=url, method=method)).status_code == 429


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_is_no_operation_gets_by_and_gets_nothing(client: AsyncClient) -> None:
    for _ in range(MOST):
        await asked(client)
    for url in ("/v1/articles/", "//v1/articles", "/v1/./articles", "/V1/articles", "/v1/articles;a=b"):
        answer = await asked(client, url=f"https://api.test{url}")
        assert answer.status_code in {404, 429}, url
    for method in ("OPTIONS", "TRACE", "get", "PROPFIND"):
        assert (await asked(client, method=method)).status_code in {204, 405, 429}, method


def tries(form: Json) -> list[dict[str, Any]]:
    """Ways to send the same try again."""
    pairs = [f"{name}={value}" for name, value in form.items()]
    typed = {"Content-Type": FORM}
    extra = ("email", "ip", "user_id", "account_id", "id", "scope", "client_id", "identifier", "X-Forwarded-For")
    escaped = "&".join(
        f"{name}={''.join(f'%{sign:02x}' for sign in value.encode())}" for name, value in form.items()
    )
    return [
        *({"data": {**form, name: "another@example.org"}} for name in extra),
        *({"data": {name: "another@example.org", **form}} for name in extra),
        *({"data": form, "headers": {name: value}} for name, value in FIELDS if name != "Authorization"),
        {"data": {**form, "password": PASSWORD}},
        {"data": {**form, "username": form["username"].upper()}},
        {"data": {**form, "username": f" {form['username']} "}},
        {"data": {**form, "username": form["username"].replace("@", "+a@")}},
        {"data": {**form, "username": "another@example.org"}},
        {"data": {**form, "username": "e\u0301@example.org"}},
        {"data": dict(reversed(form.items()))},
        {"content": "&".join([*pairs, pairs[1]]), "headers": typed},
        {"content": "&".join([*pairs, "username=another@example.org"]), "headers": typed},
        {"content": escaped, "headers": typed},
        {"content": ";".join(pairs), "headers": typed},
        {"content": "&".join(pairs), "headers": {"Content-Type": f"{FORM}; charset=utf-16"}},
        {"content": "&".join(pairs), "headers": {"Content-Type": FORM.upper()}},
        {"data": {**form, "grant_type": "PASSWORD"}},
        {"data": {**form, "grant_type": " password"}},
        {"data": {**form, "grant_type": ""}},
        {"data": form, "headers": {"Authorization": "Basic YTpi"}},
        {"data": {"grant_type": "refresh_token", "refresh_token": "made-up"}},
        {"data": {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}},
    ]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_no_trick_is_another_try_at_a_password(client: AsyncClient, app: FastAPI, people: People) -> None:
    form = password_form(await account_of(people), password="wrong")
    for _ in range(MOST):
        assert (await client.post(TOKEN, data=form)).status_code == 400
    for request in tries(form):
        answer = await client.post(TOKEN, **request)
        assert is_refused(answer), (str(request)[:200], answer.text)
    for path in (f"{TOKEN}/", f"{TOKEN}?a=b", f"/v1/auth/./token?{FORM}"):
        assert (await client.post(path, data=form)).status_code in {400, 404, 429}
    for request in ({"json": form}, {"data": form, "files": {"a": b"b"}}):
        assert (await client.post(TOKEN, **request)).status_code == 415  # type: ignore[arg-type]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_each_trick_is_counted(app: FastAPI, people: People) -> None:
    form = password_form(await account_of(people), password="wrong")
    for at, request in enumerate(tries(form)):
        async with calling_from(app, f"198.51.100.{at}") as client:
            for _ in range(MOST):
                answer = await client.post(TOKEN, **request)
                assert answer.status_code != 429
                if answer.status_code == 200:
                    break
            else:
                assert is_refused(await client.post(TOKEN, data={**form, "username": "a@example.org"})), request


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_.\-\[\]]{0,20}", fullmatch=True)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_no_field_of_a_body_makes_a_key(settings: Settings, app: FastAPI, people: People) -> None:
    account = await account_of(people)
    async with calling_from(app, "192.0.2.7") as client:
        form = password_form(account, password="wrong")
        for _ in range(MOST):
            await client.post(TOKEN, data=form)

        @hypothesis_settings(max_examples=60)
        @given(more=st.dictionaries(NAMES, TEXT, max_size=4), headers=st.dictionaries(NAMES, NAMES, max_size=3))
        def ask(more: dict[str, str], headers: dict[str, str]) -> None:
            made.append(({**more, **form}, headers))

        made: list[tuple[Json, dict[str, str]]] = []
        ask()
        for data, headers in made:
            fields = {name: value for name, value in headers.items() if name.lower() not in _OF_THE_BODY}
            answer = await client.post(TOKEN, data=data, headers=fields)
            assert is_refused(answer), (data, fields, answer.text)


_OF_THE_BODY = {"content-type", "content-length", "transfer-encoding", "te", "expect"}


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_links_and_letters_are_asked_for_as_seldom(app: FastAPI) -> None:
    bodies: dict[str, list[Json]] = {
        "/v1/accounts/reset": [
            {"email": "a@example.org"},
            {"token": "x", "password": "long enough"},
            {"x": 1},
            {},
        ],
        "/v1/accounts": [{"email": "a@example.org"}, {}, {"email": "b@example.org", "ip": "1.2.3.4"}],
        "/v1/accounts/confirm": [{"token": "x"}, {"token": "y", "password": "long enough"}, {}],
    }
    for at, (path, some) in enumerate(bodies.items()):
        async with calling_from(app, f"198.51.100.{at}") as client:
            for turn in range(MOST):
                await client.post(path, json=some[turn % len(some)])
            for body in some:
                assert is_refused(await client.post(path, json=body))
            for other in bodies:
                assert is_refused(await client.post(other, json={})), "they are one class"
            for kind in ("text/plain", FORM, "application/json; charset=utf-7"):
                content = json.dumps(some[0]).encode()
                assert is_refused(await client.post(path, content=content, headers={"Content-Type": kind}))


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_only_a_trusted_proxy_says_who_calls(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"trusted_proxies": ("10.0.0.0/8",)}))
    async with app.router.lifespan_context(app):
        async with calling_from(app, "10.0.0.1") as proxy:
            for at in range(MOST * 2):
                headers = {"X-Forwarded-For": f"203.0.113.{at}"}
                assert (await asked(proxy, headers=headers)).status_code == 200, "each by itself"
            for at in range(MOST * 2):
                headers = {"X-Forwarded-For": f"203.0.113.{at + 100}, 198.51.100.1"}  # the first is what they say
                assert is_refused(await asked(proxy, headers=headers)) is (at >= MOST)
        async with calling_from(app, "192.0.2.7") as other:
            for at in range(MOST * 2):
                headers = {"X-Forwarded-For": f"203.0.113.{at + 200}"}
                assert is_refused(await asked(other, headers=headers)) is (at >= MOST)
