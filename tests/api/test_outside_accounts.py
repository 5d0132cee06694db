"""What somebody from outside has like anybody else: a meter, gifts, drafts, kept answers."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from infra.settings import Settings
from tests.api.serving import serving
from tests.api.test_representations import asks_nothing
from tests.forging import own, token_of
from tests.newsroom import Clock, Json, Newsroom, Office, People, paragraph, words
from tests.oidc import AUDIENCE, Provider, provider_at, trusting


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_at("/realms/readers") as provider:
        yield provider


@pytest.fixture
def settings(settings: Settings, provider: Provider) -> Settings:
    return trusting(settings, provider.setting()).model_copy(update={"meter_articles": 1})


async def gated(newsroom: Newsroom, *slugs: str) -> None:
    for slug in slugs:
        body = [paragraph(words(20)), paragraph(f"{words(60)} qzbehind")]
        await newsroom.published(title=slug, slug=slug, body=body, access={"requires": "subscriber"})


async def reason(client: AsyncClient, slug: str, headers: dict[str, str]) -> str:
    return str((await client.get(f"/v1/articles/{slug}", headers=headers)).json()["access"]["reason"])


async def test_their_meter_is_one_whatever_token_they_come_with(
    client: AsyncClient, newsroom: Newsroom, clock: Clock, provider: Provider
) -> None:
    await gated(newsroom, "one", "two")
    assert await reason(client, "one", provider.bearer(clock)) == "metered"
    for turn in range(3):
        assert await reason(client, "two", provider.bearer(clock, jti=f"{turn}")) == "meter_exhausted"
    assert await reason(client, "one", provider.bearer(clock)) == "metered"
    assert await reason(client, "two", provider.bearer(clock, sub="another")) == "metered"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_first_visits_that_a_writer_holds_up_hold_up_nobody(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock, provider: Provider
) -> None:
    await gated(newsroom, "one")
    newcomers = [provider.bearer(clock, sub=f"newcomer-{at}") for at in range(40)]
    async with people.parts.database.write():
        asked = [client.get("/v1/articles/one", headers=one) for one in newcomers]
        asked += [client.get("/v1/articles/one") for _ in range(10)]
        statuses = [answer.status_code for answer in await asyncio.gather(*asked)]
        assert statuses == [503] * 40 + [200] * 10
    assert await reason(client, "one", newcomers[0]) == "metered"


async def test_fifty_first_visits_at_once_count_once(
    client: AsyncClient, newsroom: Newsroom, clock: Clock, provider: Provider
) -> None:
    slugs = [f"number-{at}" for at in range(6)]
    await gated(newsroom, *slugs)
    headers = [provider.bearer(clock, jti=f"{at}") for at in range(50)]
    found = await asyncio.gather(*(reason(client, slugs[at % 6], one) for at, one in enumerate(headers)))
    counted = {slugs[at % 6] for at, why in enumerate(found) if why == "metered"}
    assert len(counted) == 1
    assert set(found) == {"metered", "meter_exhausted"}


async def test_a_subscriber_from_outside_gives_articles_away(
    client: AsyncClient, newsroom: Newsroom, clock: Clock, provider: Provider
) -> None:
    await gated(newsroom, "one")
    refused = await client.post("/v1/articles/one/gifts", headers=provider.bearer(clock))
    assert refused.status_code in {403, 409}
    headers = provider.bearer(clock, "abonne")
    given = await client.post("/v1/articles/one/gifts", headers=headers)
    assert given.status_code == 201, given.text
    token = given.json()["url"].partition("gift=")[2]
    assert "qzbehind" in (await client.get("/v1/articles/one", params={"gift": token})).text
    assert len((await client.get("/v1/me/gifts", headers=headers)).json()["items"]) == 1


async def test_a_contributor_from_outside_has_drafts_that_end_with_the_role(
    client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    writer = Newsroom(client, provider.bearer(clock, "pigiste"))
    draft = await writer.draft(title="Mine")
    for headers, status in (
        (provider.bearer(clock, "pigiste", jti="another"), 200),
        (provider.bearer(clock, "pigiste", sub="a colleague"), 404),
        (provider.bearer(clock, "abonne"), 403),
        (provider.bearer(clock, "redaction", sub="an editor"), 200),
    ):
        read = await client.get(f"/v1/editorial/articles/{draft['id']}", headers=headers)
        assert read.status_code == status


async def test_a_preview_from_outside_lasts_a_day_at_most_and_ends_when_its_maker_is_blocked(
    client: AsyncClient, office: Office, clock: Clock, provider: Provider
) -> None:
    writer = Newsroom(client, provider.bearer(clock, "redaction"))
    draft = await writer.draft(title="Mine")
    path = f"/articles/{draft['id']}/previews"
    too_long = {"expires_at": (clock() + timedelta(days=1, minutes=1)).isoformat()}
    assert (await writer.send("POST", path, json=too_long)).status_code == 422
    day = (await writer.send("POST", path)).json()["url"]
    soon = {"expires_at": (clock() + timedelta(minutes=9)).isoformat()}
    short = (await writer.send("POST", path, json=soon)).json()["url"]
    assert (await client.get(day)).status_code == (await client.get(short)).status_code == 200
    clock.move(minutes=20)
    assert ((await client.get(day)).status_code, (await client.get(short)).status_code) == (200, 404)
    me = (await client.get("/v1/me", headers=provider.bearer(clock))).json()["id"]
    for is_blocked, status in ((True, 404), (False, 200)):
        version = (await office.account(me))["version"]
        await office.send("PATCH", f"/accounts/{me}", version=version, json={"is_blocked": is_blocked})
        assert (await client.get(day)).status_code == status
    clock.move(hours=24)
    assert (await client.get(day)).status_code == 404


async def test_a_request_is_sent_again_by_the_same_person_only(
    client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    key = {"Idempotency-Key": "the-same"}
    made = [
        await client.post(
            "/v1/editorial/articles",
            json={"title": "One", "language": "en"},
            headers={**provider.bearer(clock, "pigiste", sub=sub, jti=f"{turn}"), **key},
        )
        for turn, sub in enumerate(("ada", "ada", "bea"))
    ]
    ids = [answer.json()["id"] for answer in made]
    assert ids[0] == ids[1] != ids[2]


async def test_their_answers_are_kept_like_anybody_s(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock, provider: Provider
) -> None:
    await gated(newsroom, "one")
    headers = provider.bearer(clock, "abonne")
    await asks_nothing(app, client, "/v1/articles/one", headers)
    assert "qzbehind" in (await client.get("/v1/articles/one", headers=headers)).text
    assert await asks_nothing(app, client, "/v1/articles/one", headers)
    clock.move(seconds=601)
    assert (await client.get("/v1/articles/one", headers=headers)).status_code == 401


KEYCLOAK: Json = {
    "typ": "Bearer",
    "azp": "site",
    "aud": ["account", AUDIENCE],
    "sid": "f0f7ad1c-2f4e-4a4a-9a52-5f0e1c1d7f11",
    "acr": "1",
    "allowed-origins": ["https://www.example.org"],
    "realm_access": {"roles": ["offline_access", "uma_authorization", "abonne"]},
    "resource_access": {"account": {"roles": ["manage-account"]}},
    "scope": "openid email profile",
    "preferred_username": "ada",
}
AUTH0: Json = {
    "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
    "aud": [AUDIENCE, "https://example.eu.auth0.com/userinfo"],
    "azp": "site",
    "scope": "openid profile",
    "https://example.org/roles": ["abonne"],
}
OKTA: Json = {
    "ver": 1,
    "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
    "cid": "0oa1gjh63g214q0Hq0g4",
    "uid": "00u1gjh63g214q0Hq0g4",
    "scp": ["openid", "profile"],
    "auth_time": 1_700_000_000,
    "groups": ["Everyone", "abonne"],
    "sub": "ada@example.org",
    "email": None,
}
ENTRA: Json = {
    "aio": "ATQAy/8TAAAA",
    "azp": "6e74172b-be56-4843-9ff4-e66a39bb12e3",
    "azpacr": "0",
    "name": "Ada Moor",
    "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
    "tid": "aaaabbbb-0000-cccc-1111-dddd2222eeee",
    "rh": "I",
    "roles": ["abonne"],
    "scp": "access_as_user",
    "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
    "uti": "fqiBqXLPj0eQa82S-IYFAA",
    "ver": "2.0",
    "jti": None,
}


@pytest.mark.parametrize(
    ("said", "setting"),
    [
        pytest.param(KEYCLOAK, {"types": ["JWT"]}, id="Keycloak"),
        pytest.param(AUTH0, {"role_claim": "https://example.org/roles"}, id="Auth0"),
        pytest.param(OKTA, {"types": [None], "role_claim": "groups"}, id="Okta"),
        pytest.param(ENTRA, {"types": ["JWT"], "role_claim": "roles", "default_role": None}, id="Entra ID"),
    ],
)
async def test_tokens_as_providers_make_them_are_taken(
    settings: Settings, clock: Clock, provider: Provider, said: Json, setting: dict[str, Any]
) -> None:
    one = provider.setting(**setting)
    kind = one.get("types", ["at+jwt"])[0]
    async with serving(trusting(settings, one), clock) as client:
        token = token_of(provider.header(typ=kind), provider.claims(clock, **said), own(provider.keys[0]))
        me = await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert me.status_code == 200, me.text
        assert "subscriber" in me.json()["roles"]
