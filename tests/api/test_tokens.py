"""Access tokens that are really signed by us: what they must say, and what becomes of what they say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from pydantic import SecretStr

from domain.errors import Unidentified
from domain.people import Account, Role
from infra import accounts
from infra.ids import new_id
from infra.keys import Keyring, load_keyring
from infra.rotation import Keys
from infra.settings import Settings
from infra.tables import accounts as accounts_table
from infra.tokens import Tokens
from tests.forging import bearers, claims_of, header_of, not_refused, own, token_of
from tests.newsroom import Clock, Newsroom, People

WHEN = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.fixture
def keyring(settings: Settings) -> Keyring:
    return load_keyring(settings)


async def test_each_key_of_the_keyring_verifies(
    client: AsyncClient, people: People, keyring: Keyring, clock: Clock
) -> None:
    account = await people.add("subscriber")
    assert [key.algorithm for key in keyring] == ["RS256", "ES256"]
    for key in keyring:
        token = token_of(header_of(key), claims_of(account, clock()), own(key))
        answer = await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.json()["id"] == account.id


async def test_scheme_and_type_are_read_without_regard_to_case(
    client: AsyncClient, people: People, keyring: Keyring, clock: Clock
) -> None:
    claims = claims_of(await people.add("reader"), clock())
    for kind in ("at+jwt", "AT+JWT", "application/at+jwt"):
        token = token_of(header_of(keyring[0], typ=kind), claims, own(keyring[0]))
        for scheme in ("Bearer", "bearer", "BEARER "):
            answer = await client.get("/v1/me", headers={"Authorization": f"{scheme} {token}"})
            assert answer.status_code == 200, (kind, scheme)


def _changes() -> dict[str, dict[str, Any]]:
    """What makes good claims bad."""
    now = int(WHEN.timestamp())
    wrong_types: dict[str, list[Any]] = {
        "iss": [1, [], {}, True, "", ["https://api.test"]],
        "aud": [1, [], {}, True, "", [1], ["other"], ["other", "another"], {"standfirst": 1}],
        "sub": [1, [], {}, True, ""],
        "jti": [1, [], {}, True, ""],
        "exp": ["", str(now + 600), [], {}, True, float("nan"), float("inf"), -1, 0, 0.5],
        "iat": ["", str(now), [], {}, True, float("nan"), float("inf"), float("-inf")],
        "nbf": ["", str(now), [], {}, True, float("nan"), float("inf")],
        "roles": ["editor", 1, {}, {"editor": 1}, True, [1], [None], [["editor"]], "", 0],
    }
    bad = {f"{claim} is {value!r}": {claim: value} for claim, values in wrong_types.items() for value in values}
    bad |= {f"no {claim}": {claim: None} for claim in wrong_types if claim != "nbf"}
    bad |= {
        "expired": {"exp": now - 1},
        "expires now": {"exp": now},
        "expired long ago": {"exp": 1, "iat": 0},
        "not yet valid": {"nbf": now + 60},
        "issued in the future": {"iat": now + 60},
        "issued in the future, as a float": {"iat": now + 60.5},
        "never valid": {"nbf": 10**400},
        "another issuer": {"iss": "https://api.test.example"},
        "the issuer with a slash": {"iss": "https://api.test/"},
        "another audience": {"aud": "standfirst-admin"},
        "sub with a NUL": {"sub": "\x00"},
        "sub with half a surrogate pair": {"sub": "\ud800"},
        "sub of nobody": {"sub": "01970000-0000-7000-8000-000000000000"},
        "very long sub": {"sub": "a" * 3000},
        "an id token": {"at_hash": "x", "nonce": "y"},
    }
    return bad


async def test_every_flaw_in_the_claims_is_a_401(
    client: AsyncClient, people: People, keyring: Keyring, clock: Clock
) -> None:
    account = await people.add("editor")
    clock.time = WHEN
    given: dict[str, str] = {}
    for name, changes in _changes().items():
        key = keyring[len(given) % len(keyring)]
        given[name] = token_of(header_of(key), claims_of(account, WHEN, **changes), own(key))
    assert await not_refused(client, bearers(given)) == {}


async def test_claims_that_are_no_object_are_a_401(client: AsyncClient, keyring: Keyring) -> None:
    texts = [b"", b"null", b"[]", b"1", b'"text"', b"{", b"\xff\xfe", b"{}", b"[" * 4000]
    given = {repr(text)[:20]: token_of(header_of(keyring[0]), text, own(keyring[0])) for text in texts}
    assert await not_refused(client, bearers(given)) == {}


@pytest.fixture
def tokens(signing_keys: str) -> Tokens:
    keys = Keys(Settings(_env_file=None, signing_keys=SecretStr(signing_keys)))
    return Tokens(keys, issuer="https://api.test", audience="standfirst")


def test_a_token_is_good_until_just_before_it_expires(tokens: Tokens) -> None:
    token = tokens.issue("somebody", [Role.EDITOR], now=WHEN, seconds=60, token_id="t")
    assert tokens.verify(token, now=WHEN + timedelta(seconds=59.9)).roles == {Role.EDITOR}
    with pytest.raises(Unidentified, match="expired"):
        tokens.verify(token, now=WHEN + timedelta(seconds=60))


def test_a_clock_that_is_five_seconds_slow_is_forgiven_and_no_more(tokens: Tokens) -> None:
    token = tokens.issue("somebody", [], now=WHEN, seconds=60, token_id="t")
    assert tokens.verify(token, now=WHEN - timedelta(seconds=5)).subject == "somebody"
    with pytest.raises(Unidentified, match="not valid yet"):
        tokens.verify(token, now=WHEN - timedelta(seconds=5.1))


def test_roles_that_nobody_knows_here_are_left_out(tokens: Tokens, signing_keys: str) -> None:
    key = load_keyring(Settings(_env_file=None, signing_keys=SecretStr(signing_keys)))[0]
    account = Account("somebody", "", "", frozenset(), frozenset())
    claims = claims_of(account, WHEN, roles=["reader", "root", "EDITOR", "editor "], nbf=int(WHEN.timestamp()))
    assert tokens.verify(token_of(header_of(key), claims, own(key)), now=WHEN).roles == {Role.READER}


async def test_a_role_that_the_account_has_lost_does_not_count(client: AsyncClient, people: People) -> None:
    account = await people.add("editor", "subscriber")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    assert (await client.get("/v1/editorial/tags", headers=headers)).status_code == 200
    async with people.parts.database.write() as connection:
        await accounts.set_roles(connection, account.id, [Role.READER, Role.SUBSCRIBER])
    assert (await client.get("/v1/editorial/tags", headers=headers)).status_code == 403
    assert (await client.get("/v1/me", headers=headers)).json()["roles"] == ["subscriber"]


async def test_a_role_that_the_token_does_not_claim_does_not_count(
    client: AsyncClient, people: People, newsroom: Newsroom, clock: Clock
) -> None:
    await newsroom.published(slug="gated", access={"requires": "subscriber"})
    account = await people.add("reader", "editor")
    token = people.parts.tokens.issue(account.id, [Role.READER], now=clock(), seconds=60, token_id=new_id())
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/v1/editorial/tags", headers=headers)).status_code == 403
    answer = (await client.get("/v1/articles/gated", headers=headers)).json()
    assert answer["access"]["granted"] == "teaser"


async def test_a_token_of_a_deleted_account_is_a_401(client: AsyncClient, people: People) -> None:
    account = await people.add("subscriber")
    token = people.token(account)
    assert (await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code == 200
    async with people.parts.database.write() as connection:
        await connection.execute(accounts_table.delete().where(accounts_table.c.id == account.id))
    assert await not_refused(client, {"deleted": f"Bearer {token}"}) == {}


async def test_a_token_of_an_account_without_roles_opens_nothing(client: AsyncClient, people: People) -> None:
    headers = {"Authorization": f"Bearer {people.token(await people.add())}"}
    assert (await client.get("/v1/me", headers=headers)).status_code == 403
    assert (await client.get("/v1/articles", headers=headers)).status_code == 200


async def test_the_roles_of_a_token_are_no_more_than_the_account_has(
    app: FastAPI, client: AsyncClient, people: People, clock: Clock
) -> None:
    account = await people.add("reader")
    token = people.parts.tokens.issue(account.id, list(Role), now=clock(), seconds=60, token_id=new_id())
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/v1/me", headers=headers)).json()["roles"] == ["reader"]
    assert (await client.get("/v1/editorial/tags", headers=headers)).status_code == 403
