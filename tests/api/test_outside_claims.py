"""Tokens that an outside issuer has signed, and that say what no access token for us says."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from infra.settings import Settings
from infra.tables import accounts, identities
from tests.forging import bearers, not_refused, own, token_of
from tests.newsroom import Clock, Json
from tests.oidc import Provider, provider_at, trusting


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_at() as provider:
        yield provider


@pytest.fixture
def settings(settings: Settings, provider: Provider) -> Settings:
    return trusting(settings, provider.setting())


@pytest.fixture(autouse=True)
async def _nobody_came_of_it(app: FastAPI, client: AsyncClient, clock: Clock, provider: Provider) -> Any:
    """A good token is good before and after; what was refused has left no row."""
    good = provider.bearer(clock, "chef", sub="good")
    assert (await client.get("/v1/me", headers=good)).json()["roles"] == ["admin", "reader"]
    yield
    assert (await client.get("/v1/me", headers=good)).status_code == 200
    async with app.state.parts.database.read() as connection:
        subjects = {row.subject for row in await connection.execute(identities.select())}
        names = {row.name for row in await connection.execute(accounts.select())}
    assert subjects <= {"good"}
    assert names <= {"Reader", "Somebody"}


TWICE = {
    "iss": '"iss": "{}", "iss": "{}"',
    "iss first": '"iss": "https://api.test", "iss": "{}"',
    "sub": '"sub": "a", "sub": "b"',
    "aud": '"aud": "somebody", "aud": "https://api.test"',
    "exp": '"exp": 1, "exp": 99999999999',
}


async def test_nothing_stands_twice(client: AsyncClient, clock: Clock, provider: Provider) -> None:
    given: dict[str, str] = {}
    key = provider.keys[0]
    for name, twice in TWICE.items():
        said = json.dumps(provider.claims(clock, "chef"))[1:]
        for content in (f"{{{twice}, {said}", f"{{{said[:-1]}, {twice}}}"):
            text = content.replace('"{}"', f'"{provider.issuer}"')
            given[f"{name} {len(given)}"] = token_of(provider.header(), text.encode(), own(key))
    header = json.dumps(provider.header())[1:]
    for name, value in provider.header().items():
        content = f'{{"{name}": "{value}", {header}'
        given[f"header {name}"] = token_of(content.encode(), provider.claims(clock, "chef"), own(key))
    roles = '{"realm_access": {"roles": [], "roles": ["chef"]}, ' + json.dumps(provider.claims(clock))[1:]
    given["deeper"] = token_of(provider.header(), roles.encode(), own(key))
    assert await not_refused(client, bearers(given)) == {}


async def test_only_access_tokens_for_us_are_taken(client: AsyncClient, clock: Clock, provider: Provider) -> None:
    key, claims = provider.keys[0], provider.claims(clock, "chef")
    kinds = ["JWT", "jwt", "", "at-jwt", "rt+jwt", "logout+jwt", "secevent+jwt", "dpop+jwt", "at+jwt ", 1, [], {}]
    given = {f"typ {kind!r}": token_of(provider.header(typ=kind), claims, own(key)) for kind in kinds}
    given["no typ"] = token_of(provider.header(typ=None), claims, own(key))
    critical: list[Any] = [["b64"], ["exp"], [], "exp", {}, 1]
    for names in critical:
        given[f"crit {names!r}"] = token_of(provider.header(crit=names), claims, own(key))
    given["b64"] = token_of({**provider.header(), "b64": False}, claims, own(key))
    said: dict[str, Json] = {
        "of an ID token": {"nonce": "n"},
        "of an ID token, too": {"at_hash": "h"},
        "of a logout token": {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        "bound to a key": {"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}},
        "that says ID": {"typ": "ID"},
        "that says Refresh": {"typ": "Refresh"},
        "that says a list": {"typ": ["Bearer"]},
        "for another use": {"token_use": "id"},
    }
    given |= {name: token_of(provider.header(), {**claims, **more}, own(key)) for name, more in said.items()}
    audiences: list[Any] = [
        "",
        "standfirst",
        "https://api.test/",
        "https://API.test",
        "https://api.test ",
        [],
        {},
        1,
    ]
    audiences += [None, ["a"], [["https://api.test"]], ["https://api.test", 1], {"https://api.test": 1}, True]
    for audience in audiences:
        given[f"aud {audience!r}"] = token_of(provider.header(), {**claims, "aud": audience}, own(key))
    assert await not_refused(client, bearers(given)) == {}


WRONG_TIMES: tuple[Any, ...] = (None, "", "0", True, [], {}, -1, 1e400, 10**400, 10**4000)


async def test_times_are_times_and_lives_are_short(client: AsyncClient, clock: Clock, provider: Provider) -> None:
    key, given = provider.keys[0], dict[str, str]()
    now = int(clock().timestamp())
    for name in ("exp", "iat", "nbf"):
        for value in WRONG_TIMES:
            claims = {**provider.claims(clock, "chef"), name: value}
            given[f"{name} {str(value)[:9]}"] = token_of(provider.header(), claims, own(key))
        for text in ("NaN", "Infinity", "-Infinity"):
            content = json.dumps({**provider.claims(clock, "chef"), name: "here"}).replace('"here"', text)
            given[f"{name} {text}"] = token_of(provider.header(), content.encode(), own(key))
    lives: dict[str, Json] = {
        "over": {"exp": now, "iat": now - 60},
        "over long ago": {"exp": 1, "iat": 0},
        "to come": {"iat": now + 60, "exp": now + 600},
        "not before": {"nbf": now + 60},
        "longer than a day": {"exp": now + 86_401, "iat": now},
        "for ever": {"exp": 253_402_300_799},
        "ends before it begins": {"iat": now, "exp": now - 1},
        "no exp": {"exp": None},
        "no iat": {"iat": None},
    }
    given |= {name: provider.token(clock, "chef", **claims) for name, claims in lives.items()}
    del given["nbf None"]
    given["nbf null"] = token_of(provider.header(), {**provider.claims(clock, "chef"), "nbf": None}, own(key))
    assert await not_refused(client, bearers(given)) == {}


async def test_clocks_may_be_seconds_apart_and_a_life_a_day(
    client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    now = int(clock().timestamp())
    for claims in (
        {"iat": now + 4, "nbf": now + 4},
        {"exp": now + 86_400, "iat": now},
        {"exp": now + 1.9, "iat": now - 0.5},
    ):
        headers = provider.bearer(clock, sub="good", **claims)
        assert (await client.get("/v1/me", headers=headers)).status_code == 200, claims


async def test_a_subject_is_a_short_plain_text(client: AsyncClient, clock: Clock, provider: Provider) -> None:
    key, given = provider.keys[0], dict[str, str]()
    subjects: list[Any] = [None, "", 1, True, ["a"], {}, "a\x00", "a\n", "\ud800", "a" * 256, "ä", "\u202ea", "а"]
    for subject in subjects:
        claims = {**provider.claims(clock, "chef"), "sub": subject}
        given[f"sub {subject!r}"[:40]] = token_of(provider.header(), claims, own(key))
    given["no sub"] = provider.token(clock, "chef", sub=None)
    assert await not_refused(client, bearers(given)) == {}
