"""A token's signature is verified once, and what is remembered of it outlives neither the token nor its rights."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from jose import jws
from pydantic import SecretStr

from infra.rotation import rotate
from infra.settings import Settings
from tests.newsroom import Clock, Json, Office, People
from tests.oidc import Provider, key_number, provider_at, trusting
from tests.signing_in import REVOKE, account_of, sign_in

MANY = 12
Headers = dict[str, str]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_at() as provider:
        yield provider


@pytest.fixture
def settings(settings: Settings, provider: Provider) -> Settings:
    """Our own keys are in the data folder, where they can be rotated."""
    kept = {"signing_keys": SecretStr(""), "token_algorithm": "ES256"}
    return trusting(settings, provider.setting()).model_copy(update=kept)


@pytest.fixture
def database_kind() -> str:
    """Nothing here is about the database."""
    return "sqlite"


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each token whose signature is verified, as often as that is really done."""
    found, verify = [], jws.verify

    def noted(token: str, *arguments: object, **more: object) -> bytes:
        found.append(token)
        payload: bytes = verify(token, *arguments, **more)
        return payload

    monkeypatch.setattr(jws, "verify", noted)
    return found


async def me(client: AsyncClient, headers: Headers) -> int:
    return (await client.get("/v1/me", headers=headers)).status_code


async def ours(people: People) -> tuple[str, Headers]:
    account = await people.add("reader")
    return account.id, {"Authorization": f"Bearer {people.token(account)}"}


async def theirs(client: AsyncClient, clock: Clock, provider: Provider) -> tuple[str, Headers]:
    headers = provider.bearer(clock, "abonne")
    answer: Json = (await client.get("/v1/me", headers=headers)).json()
    return answer["id"], headers


async def test_our_token_is_verified_once_however_often_it_comes(
    client: AsyncClient, people: People, verified: list[str]
) -> None:
    (_, one), (_, other) = [await ours(people) for _ in range(2)]
    for _ in range(MANY):
        for path in ("/v1/me", "/v1/articles", "/v1/me/sessions"):
            assert (await client.get(path, headers=one)).status_code == 200
    assert [f"Bearer {token}" for token in verified] == [one["Authorization"]]
    for _ in range(MANY):
        assert await me(client, other) == 200
    assert [f"Bearer {token}" for token in verified] == [one["Authorization"], other["Authorization"]]


async def test_an_outsider_s_token_is_verified_once_however_often_it_comes(
    client: AsyncClient, clock: Clock, provider: Provider, verified: list[str]
) -> None:
    tokens = [provider.token(clock, "abonne", jti=str(turn)) for turn in range(2)]
    for at, token in enumerate(tokens):
        for _ in range(MANY):
            assert await me(client, {"Authorization": f"Bearer {token}"}) == 200
        assert verified == tokens[: at + 1]


async def test_a_forgery_beside_a_remembered_token_is_verified_and_refused(
    client: AsyncClient, people: People, clock: Clock, provider: Provider, verified: list[str]
) -> None:
    for headers in ((await ours(people))[1], provider.bearer(clock, "abonne")):
        assert await me(client, headers) == 200
        whole, _, signature = headers["Authorization"].rpartition(".")
        changed = signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]
        verified.clear()
        for _ in range(2):
            assert await me(client, {"Authorization": f"{whole}.{changed}"}) == 401
        assert len(verified) == 2, "what was refused is not remembered as good"
        assert await me(client, headers) == 200


async def test_a_remembered_token_ends_when_it_says(
    client: AsyncClient, people: People, clock: Clock, provider: Provider, verified: list[str]
) -> None:
    for is_ours in (True, False):
        headers = (await ours(people))[1] if is_ours else provider.bearer(clock, "abonne")
        assert await me(client, headers) == 200
        verified.clear()
        clock.move(hours=1)
        assert await me(client, headers) == 401
        assert verified == [], "it is still remembered, and refused all the same"


async def test_a_remembered_token_ends_with_its_session(
    client: AsyncClient, people: People, verified: list[str]
) -> None:
    tokens = await sign_in(client, await account_of(people))
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert await me(client, headers) == 200
    assert (await client.post(REVOKE, data={"token": tokens["refresh_token"]})).status_code == 200
    assert await me(client, headers) == 401
    assert verified == [tokens["access_token"]]


async def test_a_remembered_token_ends_when_its_owner_is_blocked(
    client: AsyncClient,
    people: People,
    office: Office,
    clock: Clock,
    provider: Provider,
    verified: list[str],
) -> None:
    for account_id, headers in (await ours(people), await theirs(client, clock, provider)):
        assert await me(client, headers) == 200
        account = await office.account(account_id)
        verified.clear()
        blocked = {"version": account["version"], "json": {"is_blocked": True}}
        assert (await office.send("PATCH", f"/accounts/{account_id}", **blocked)).is_success
        assert await me(client, headers) == 401
        assert verified == [], "it is still remembered, and refused all the same"


async def test_a_remembered_token_ends_when_its_key_is_replaced_at_once(
    app: FastAPI, client: AsyncClient, people: People, settings: Settings, clock: Clock, verified: list[str]
) -> None:
    _, headers = await ours(people)
    for _ in range(2):
        assert await me(client, headers) == 200
    rotate(settings, clock(), at_once=True)
    app.state.parts.keys.look_again()
    assert await me(client, headers) == 401
    fresh = (await ours(people))[1]
    for _ in range(2):
        assert await me(client, fresh) == 200
    assert len(verified) == 2


async def test_a_remembered_token_of_an_outsider_ends_with_its_issuer_s_key(
    app: FastAPI, client: AsyncClient, clock: Clock, provider: Provider, verified: list[str]
) -> None:
    headers = provider.bearer(clock, "abonne", exp=int(clock().timestamp()) + 80_000)
    clock.move(minutes=61)
    for _ in range(2):
        assert await me(client, headers) == 200
    assert len(verified) == 1
    provider.keys = [key_number(2)]
    clock.move(minutes=61)
    await app.state.parts.issuers.renew()
    assert await me(client, headers) == 401
