"""Keys of outside issuers: asked for over HTTP, kept, renewed, and never believed more than they should be."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from infra.db import POOL_SIZE
from infra.settings import Settings
from tests.api.serving import serving as serving_app
from tests.certificates import certified
from tests.limiting import with_limits
from tests.newsroom import Clock, Json, Newsroom
from tests.oidc import KEYS, Provider, key_number, provider_at, serving, trusting


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_at() as provider:
        yield provider


@pytest.fixture
def settings(settings: Settings, provider: Provider) -> Settings:
    return trusting(settings, provider.setting())


@pytest.fixture
def database_kind() -> str:
    """Nothing here is about the database."""
    return "sqlite"


async def status(client: AsyncClient, headers: dict[str, str]) -> int:
    return (await client.get("/v1/me", headers=headers)).status_code


async def test_keys_are_asked_for_at_the_start_and_kept(
    app: FastAPI, client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    await app.state.parts.issuers.renew()
    assert provider.asked == ["/.well-known/openid-configuration", KEYS]
    for key in provider.keys * 3:
        assert await status(client, provider.bearer(clock, key=key)) == 200
    assert len(provider.asked) == 2


async def test_keys_come_from_where_the_setting_says_without_metadata(
    settings: Settings, clock: Clock, provider: Provider
) -> None:
    one = provider.setting(jwks_url=f"{provider.issuer}{KEYS}")
    async with serving_app(trusting(settings, one), clock) as client:
        assert await status(client, provider.bearer(clock)) == 200
    assert set(provider.asked) == {KEYS}


async def test_a_new_key_is_taken_when_it_is_first_named(
    client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    assert await status(client, provider.bearer(clock)) == 200
    provider.keys = [key_number(2), key_number(3)]
    assert await status(client, provider.bearer(clock)) == 200
    assert provider.asked_for_keys() == 2


async def test_unknown_keys_are_asked_for_once_a_minute_at_most(
    client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    assert await status(client, provider.bearer(clock)) == 200
    asked = provider.asked_for_keys()
    for at in range(20):
        assert await status(client, provider.bearer(clock, key=key_number(2 + at % 4))) == 401
    assert provider.asked_for_keys() == asked + 1
    provider.keys = [key_number(2)]
    assert await status(client, provider.bearer(clock)) == 401, "a minute has not gone by"
    clock.move(seconds=58)
    assert await status(client, provider.bearer(clock)) == 401
    clock.move(seconds=3)
    assert await status(client, provider.bearer(clock)) == 200
    assert provider.asked_for_keys() == asked + 2


async def test_of_many_who_wait_for_a_key_one_asks(client: AsyncClient, clock: Clock, provider: Provider) -> None:
    assert await status(client, provider.bearer(clock)) == 200
    provider.asked.clear()
    provider.keys, provider.seconds = [key_number(2)], 0.2
    tokens = [provider.bearer(clock, jti=f"{at}") for at in range(30)]
    assert set(await asyncio.gather(*(status(client, token) for token in tokens))) == {200}
    assert provider.asked_for_keys() == 1


async def test_whoever_goes_away_takes_the_keys_from_nobody(
    client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    assert await status(client, provider.bearer(clock)) == 200
    provider.keys, provider.seconds = [key_number(2)], 0.2
    first, *others = (asyncio.create_task(status(client, provider.bearer(clock, jti=f"{at}"))) for at in range(4))
    await asyncio.sleep(0.1)
    first.cancel()
    assert await asyncio.gather(*others) == [200] * 3


async def test_a_key_that_is_gone_is_worth_nothing_from_the_next_look_on(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, clock: Clock, provider: Provider
) -> None:
    await newsroom.published(title="One", slug="one", access={"requires": "registered"})
    gone = provider.bearer(clock)
    for _ in range(3):  # the last is given again
        assert (await client.get("/v1/articles/one", headers=gone)).json()["access"]["granted"] == "full"
    provider.keys = [provider.keys[1], key_number(2)]
    assert (await client.get("/v1/articles/one", headers=gone)).status_code == 200, "nobody has looked yet"
    clock.move(minutes=61)
    long = provider.bearer(clock, exp=int(clock().timestamp()) + 9000)
    await app.state.parts.issuers.renew()
    fresh = provider.token(clock, key=key_number(0))
    for token in (gone["Authorization"], f"Bearer {fresh}"):
        assert (await client.get("/v1/articles/one", headers={"Authorization": token})).status_code == 401
    assert (await client.get("/v1/articles/one", headers=long)).status_code == 200


async def test_kept_answers_end_with_the_key(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, clock: Clock, provider: Provider
) -> None:
    await newsroom.published(title="One", slug="one", access={"requires": "registered"})
    day = int(clock().timestamp()) + 80_000
    token = provider.bearer(clock, exp=day)
    clock.move(minutes=61)
    for _ in range(3):
        assert (await client.get("/v1/articles/one", headers=token)).status_code == 200
    provider.keys = [key_number(2)]
    await app.state.parts.issuers.renew()
    assert (await client.get("/v1/articles/one", headers=token)).status_code == 401


async def test_keys_are_renewed_by_themselves(
    settings: Settings, clock: Clock, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.issuers.LOOK_EVERY", 0.02)
    async with serving_app(settings, clock) as client:
        assert await status(client, provider.bearer(clock)) == 200
        provider.asked.clear()
        clock.move(minutes=59)
        await asyncio.sleep(0.2)
        assert provider.asked == []
        clock.move(minutes=2)
        for _ in range(100):
            await asyncio.sleep(0.02)
            if provider.asked_for_keys():
                break
        assert provider.asked_for_keys() == 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("max-age=600", 600), ("public, max-age=5", 60), ("max-age=99999999", 3600), ("no", 3600)],
)
async def test_keys_last_as_their_issuer_says_and_an_hour_at_most(
    app: FastAPI, clock: Clock, provider: Provider, said: str, seconds: int
) -> None:
    issuers = app.state.parts.issuers
    await issuers.renew()
    clock.move(hours=1)
    provider.headers = {"Cache-Control": said}
    await issuers.renew()
    provider.asked.clear()
    clock.move(seconds=seconds - 2)
    await issuers.renew()
    assert provider.asked == []
    clock.move(seconds=3)
    await issuers.renew()
    assert provider.asked_for_keys() == 1


async def test_a_clock_that_was_put_back_stops_nothing(
    client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    for at in range(2):
        assert await status(client, provider.bearer(clock, key=key_number(2 + at))) == 401
    clock.move(days=-3)
    provider.keys = [key_number(2)]
    assert await status(client, provider.bearer(clock)) == 200


OTHERS = json.dumps([key_number(2).public_jwk])  # would be taken, were it not for what is wrong
MANY = json.dumps([*({"kid": str(at)} for at in range(100)), key_number(2).public_jwk])
DOWN: dict[str, Json] = {
    "an error": {"status": 500},
    "not found": {"status": 404},
    "created": {"status": 201},
    "another place": {"status": 302, "headers": {"Location": "/elsewhere"}},
    "no JSON": {"content": b"<html>"},
    "half of it": {"content": f'{{"keys": {OTHERS}'.encode()},
    "a list": {"content": OTHERS.encode()},
    "two sets": {"content": f'{{"keys": [], "keys": {OTHERS}}}'.encode()},
    "nothing": {"content": b"{}"},
    "no list": {"content": f'{{"keys": {{"0": {OTHERS[1:-1]}}}}}'.encode()},
    "deep": {"content": f'{{"keys": {OTHERS}, "a": {"[" * 50_000}{"]" * 50_000}}}'.encode()},
    "not a number": {"content": f'{{"keys": {OTHERS}, "a": NaN}}'.encode()},
    "a page": {"content": f'{{"keys": {OTHERS}}}'.encode(), "headers": {"Content-Type": "text/html"}},
    "huge": {"content": f'{{"keys": {OTHERS}, "a": "{"a" * 300_000}"}}'.encode()},
    "compressed": {"content": f'{{"keys": {OTHERS}}}'.encode(), "headers": {"Content-Encoding": "gzip"}},
    "many": {"content": f'{{"keys": {MANY}}}'.encode()},
}


@pytest.mark.parametrize("how", DOWN)
async def test_the_last_good_keys_are_kept_when_the_issuer_is_down(
    app: FastAPI, client: AsyncClient, clock: Clock, provider: Provider, how: str
) -> None:
    good, other = key_number(0), key_number(2)
    assert await status(client, provider.bearer(clock, key=good)) == 200
    provider.keys = [other]
    for name, value in DOWN[how].items():
        setattr(provider, name, value)
    for _ in range(3):
        clock.move(hours=30)
        await app.state.parts.issuers.renew()
        assert await status(client, provider.bearer(clock, key=good)) == 200
        assert await status(client, provider.bearer(clock, key=other)) == 401
    assert "/elsewhere" not in provider.asked
    for name in DOWN[how]:
        setattr(provider, name, getattr(Provider(), name))
    clock.move(minutes=2)
    assert await status(client, provider.bearer(clock, key=other)) == 200, "it is up again"


UNUSABLE: dict[str, bytes] = {
    "no keys": b'{"keys": []}',
    "another algorithm": json.dumps({"keys": [{**key_number(2).public_jwk, "alg": "RS512"}]}).encode(),
    "for something else": json.dumps({"keys": [{**key_number(2).public_jwk, "use": "enc"}]}).encode(),
    "without names": b'{"keys": [{"kty": "RSA"}]}',
}


@pytest.mark.parametrize("how", UNUSABLE)
async def test_a_key_that_the_issuer_has_taken_back_is_good_for_nothing_whatever_came_instead(
    app: FastAPI, client: AsyncClient, clock: Clock, provider: Provider, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    good = key_number(0)
    assert await status(client, provider.bearer(clock, key=good)) == 200
    provider.content = UNUSABLE[how]
    clock.move(minutes=61)
    await app.state.parts.issuers.renew()
    assert await status(client, provider.bearer(clock, key=good)) == 401
    told = next(line for line in caplog.messages if "has no key that can be used" in line)
    assert provider.issuer in told
    assert "RS256" in told, "what the setting allows"
    assert "STANDFIRST_ISSUERS" in told, "where to allow others"
    provider.content, provider.keys = None, [good]
    assert await status(client, provider.bearer(clock, key=good)) == 401, "it was asked a moment ago"
    clock.move(seconds=61)
    assert await status(client, provider.bearer(clock, key=good)) == 200


async def test_the_last_good_keys_are_kept_when_nobody_listens(
    app: FastAPI, settings: Settings, clock: Clock
) -> None:
    provider = Provider()
    with serving(provider):
        pass
    async with serving_app(trusting(settings, provider.setting()), clock) as client:
        answer = await client.get("/v1/me", headers=provider.bearer(clock))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert answer.json()["type"] == "/problems/unavailable"
        with serving(provider):
            assert await status(client, provider.bearer(clock)) == 503, "it was asked a moment ago"
            clock.move(seconds=61)
            assert await status(client, provider.bearer(clock)) == 200
        clock.move(days=3)
        assert await status(client, provider.bearer(clock)) == 200
        assert await status(client, provider.bearer(clock, key=key_number(2))) == 401


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://login.test"},
        {"issuer": None},
        {"issuer": ["http://127.0.0.1"]},
        {"jwks_uri": None},
        {"jwks_uri": "/keys"},
        {"jwks_uri": "http://login.test/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "https://user:word@login.test/keys"},
        {"jwks_uri": "https://login.test/keys#fragment"},
        {"jwks_uri": ["https://login.test/keys"]},
    ],
)
async def test_metadata_that_are_not_this_issuer_s_lead_nowhere(
    settings: Settings, clock: Clock, provider: Provider, metadata: Json
) -> None:
    provider.metadata = metadata
    async with serving_app(settings, clock) as client:
        assert await status(client, provider.bearer(clock)) == 503
    assert provider.asked_for_keys() == 0


async def test_a_slow_issuer_holds_up_nobody_else(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, clock: Clock, provider: Provider
) -> None:
    assert await status(client, provider.bearer(clock)) == 200
    provider.seconds, provider.keys = 2.0, [key_number(2)]
    waiting = [
        asyncio.create_task(status(client, provider.bearer(clock, jti=f"{at}"))) for at in range(POOL_SIZE * 3)
    ]
    await asyncio.sleep(0.1)
    began = time.monotonic()
    assert (await client.get("/v1/me", headers=newsroom.headers)).status_code == 200
    assert await status(client, provider.bearer(clock, key=key_number(0))) == 200
    assert time.monotonic() - began < 1.0, "no connection is held by those who wait"
    assert not any(task.done() for task in waiting)
    await asyncio.gather(*waiting)


async def test_an_issuer_that_never_answers_is_given_up(
    settings: Settings, clock: Clock, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.key_sets.PATIENCE", 0.1)
    provider.seconds = 0.5
    async with serving_app(settings, clock) as client:
        assert await status(client, provider.bearer(clock)) == 503


async def test_keys_come_from_whom_the_certificate_is_for(
    settings: Settings, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, authorities = certified(tmp_path)
    with serving(Provider(tls=context)) as provider:
        trusted = trusting(settings, provider.setting())
        async with serving_app(trusted, clock) as client:
            assert await status(client, provider.bearer(clock)) == 503
        assert provider.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(authorities))
        async with serving_app(trusted, clock) as client:
            assert await status(client, provider.bearer(clock)) == 200


async def test_no_proxy_and_no_password_of_the_machine_comes_between(
    settings: Settings, clock: Clock, provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    async with serving_app(settings, clock) as client:
        assert await status(client, provider.bearer(clock)) == 200


async def test_stopping_waits_for_no_issuer(settings: Settings, clock: Clock, provider: Provider) -> None:
    provider.seconds = 3.0
    began = time.monotonic()
    async with serving_app(settings, clock):
        await asyncio.sleep(0.1)
    assert time.monotonic() - began < 2.0


async def test_tokens_that_no_key_is_known_of_count_for_their_network(
    settings: Settings, clock: Clock, provider: Provider
) -> None:
    async with serving_app(with_limits(settings, reads_a_minute=3), clock) as client:
        assert await status(client, provider.bearer(clock)) == 200
        unknown = provider.bearer(clock, key=key_number(2))
        assert [await status(client, unknown) for _ in range(4)] == [401, 401, 401, 429]
        assert await status(client, provider.bearer(clock)) == 200
