"""`POST /v1/auth/token` with a password, and every way to send it wrongly (RFC 6749, section 5.2)."""

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from httpx import AsyncClient, Response

from infra import accounts
from infra.passwords import MAX_LENGTH, hash_password, is_outdated
from tests.newsroom import Clock, People
from tests.signing_in import PASSWORD, REVOKE, TOKEN, account_of, password_form, sign_in, without_id

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_a_password_gets_tokens_that_work(client: AsyncClient, people: People) -> None:
    account = await account_of(people, "subscriber", "contributor")
    response = await client.post(TOKEN, data=password_form(account))
    assert response.status_code == 200
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert set(answer) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 600)
    me = await client.get("/v1/me", headers={"Authorization": f"Bearer {answer['access_token']}"})
    assert (me.json()["id"], me.json()["roles"]) == (account.id, ["contributor", "subscriber"])


async def test_the_access_token_lives_as_long_as_it_says(
    client: AsyncClient, people: People, clock: Clock
) -> None:
    answer = await sign_in(client, await account_of(people))
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    clock.move(seconds=answer["expires_in"] - 2)
    assert (await client.get("/v1/me", headers=headers)).status_code == 200
    clock.move(seconds=2)
    assert (await client.get("/v1/me", headers=headers)).status_code == 401


async def test_no_two_answers_share_a_token(client: AsyncClient, people: People) -> None:
    account = await account_of(people)
    first, second = await sign_in(client, account), await sign_in(client, account)
    assert first["access_token"] != second["access_token"]
    assert first["refresh_token"] != second["refresh_token"]


async def test_the_address_is_found_in_any_case_and_with_spaces(client: AsyncClient, people: People) -> None:
    account = await account_of(people)
    form = password_form(account, username=f"  {account.email.upper()} ")
    assert (await client.post(TOKEN, data=form)).status_code == 200


async def test_the_password_is_taken_as_it_is(client: AsyncClient, people: People) -> None:
    account = await account_of(people)
    for password in (PASSWORD.upper(), f" {PASSWORD}", f"{PASSWORD} ", PASSWORD[:-1], PASSWORD + "\u00a0"):
        answer = await client.post(TOKEN, data=password_form(account, password=password))
        assert answer.json()["error"] == "invalid_grant", password


async def test_nothing_tells_a_wrong_password_from_an_unknown_address(client: AsyncClient, people: People) -> None:
    account = await account_of(people)
    locked = await people.add("editor", password_hash="!")
    wrong = await client.post(TOKEN, data=password_form(account, password="wrong password"))
    unknown = await client.post(TOKEN, data=password_form(account, username="nobody@example.org"))
    no_hash = await client.post(TOKEN, data=password_form(locked))
    assert without_id(wrong) == without_id(unknown) == without_id(no_hash)
    assert without_id(wrong)["error"] == "invalid_grant"
    for response in (wrong, unknown, no_hash):
        assert response.status_code == 400
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["cache-control"] == "no-store"
        assert "www-authenticate" not in response.headers


LONG = "a" * (MAX_LENGTH + 1)
WRONG_FORMS: list[tuple[dict[str, Any], str]] = [
    ({}, "invalid_request"),
    ({"grant_type": ""}, "invalid_request"),
    ({"grant_type": "password"}, "invalid_request"),
    ({"grant_type": "password", "username": "a@example.org"}, "invalid_request"),
    ({"grant_type": "password", "password": "long enough"}, "invalid_request"),
    ({"grant_type": "password", "username": "", "password": ""}, "invalid_request"),
    ({"grant_type": "refresh_token"}, "invalid_request"),
    ({"grant_type": "refresh_token", "refresh_token": ""}, "invalid_request"),
    ({"grant_type": "refresh_token", "refresh_token": "made-up"}, "invalid_grant"),
    ({"grant_type": "refresh_token", "refresh_token": "не наш"}, "invalid_grant"),
    ({"grant_type": "refresh_token", "refresh_token": "\x00"}, "invalid_request"),
    ({"grant_type": "refresh_token", "refresh_token": LONG}, "invalid_request"),
    ({"grant_type": "Password", "username": "a", "password": "b"}, "unsupported_grant_type"),
    ({"grant_type": "client-credentials"}, "unsupported_grant_type"),
    ({"grant_type": "authorization_code", "code": "a"}, "unsupported_grant_type"),
    ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}, "unsupported_grant_type"),
    ({"grant_type": LONG}, "invalid_request"),
    ({"grant_type": "pass\x00word"}, "invalid_request"),
    ({"grant_type": "password", "username": "a\x00@example.org", "password": "b"}, "invalid_request"),
    ({"grant_type": "password", "username": "a@example.org", "password": "b\x00"}, "invalid_request"),
    ({"grant_type": "password", "username": LONG, "password": "b"}, "invalid_request"),
    ({"grant_type": "password", "username": "a", "password": LONG}, "invalid_request"),
    ({"grant_type": ["password", "password"]}, "invalid_request"),
    ({"grant_type": "password", "username": ["a", "b"], "password": "c"}, "invalid_request"),
    ({"grant_type": "password", "username": "a", "password": ["b", "b"]}, "invalid_request"),
    ({"grant_type": "password", "username": "a", "password": "b", "scope": ["x", "x"]}, "invalid_request"),
]


async def test_each_wrong_form_has_its_error(client: AsyncClient) -> None:
    for form, error in WRONG_FORMS:
        response = await client.post(TOKEN, data=form)
        problem = without_id(response)
        assert (response.status_code, problem["error"]) == (400, error), str(form)[:100]
        assert problem["type"] == "/problems/invalid-grant"
        assert response.headers["cache-control"] == "no-store"
        assert LONG not in response.text


async def test_parameters_that_are_not_known_are_ignored_as_oauth_wants(
    client: AsyncClient, people: People
) -> None:
    form = password_form(await account_of(people), scope="all", client_id="app", client_assertion="a" * 3000)
    assert (await client.post(TOKEN, data=form)).status_code == 200


async def test_a_body_that_is_no_form_is_told_apart(client: AsyncClient, people: People) -> None:
    form = password_form(await account_of(people))

    async def sent(path: str = TOKEN, **request: Any) -> Response:
        return await client.post(path, **request)

    refused = {
        "json": (await sent(json=form), 415),
        "multipart": (await sent(data=form, files={"file": b"x"}), 415),
        "text": (await sent(content=b"grant_type=password", headers={"Content-Type": "text/plain"}), 415),
        "no type": (await sent(content=b"grant_type=password"), 415),
        "too large": (await sent(content=b"a" * 3_000_000, headers=FORM), 413),
        "too many fields": (await sent(content=b"a=1&" * 2000, headers=FORM), 400),
        "a huge field": (await sent(content=b"a=" + b"x" * 1_500_000, headers=FORM), 400),
        "in the address": (await sent(f"{TOKEN}?grant_type=password"), 400),
        "no UTF-8": (await sent(content=b"grant_type=password&username=%ff%fe&password=%zz", headers=FORM), 400),
        "only signs": (await sent(content=b"&&&==&%00=%00;", headers=FORM), 400),
        "empty": (await sent(), 400),
    }
    for name, (response, status) in refused.items():
        assert response.status_code == status, name
        assert response.headers["content-type"] == "application/problem+json", name
        assert response.headers["cache-control"] == "no-store", name


@pytest.mark.parametrize("path", [TOKEN, REVOKE])
async def test_a_stale_bearer_token_keeps_nobody_from_getting_a_good_one(
    client: AsyncClient, people: People, path: str
) -> None:
    form = password_form(await account_of(people), token="a")
    for value in ("Bearer a.b.c", "Bearer", "bearer x"):
        assert (await client.post(path, data=form, headers={"Authorization": value})).status_code == 200
    assert (await client.post(path, data=form, headers={"Authorization": "Basic YTpi"})).status_code == 401
    assert (await client.get(path)).status_code == 405


async def test_a_plan_that_has_ended_is_not_told(client: AsyncClient, people: People, clock: Clock) -> None:
    account = await account_of(people, "subscriber", plans=("monthly",))
    token = (await sign_in(client, account))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/v1/me", headers=headers)).json()["plans"] == ["monthly"]
    clock.time -= timedelta(minutes=1)
    token = people.token(account)
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/v1/me", headers=headers)).json()["plans"] == []


WEAK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


async def _hash_of(people: People, account_id: str) -> str:
    async with people.parts.database.read() as connection:
        found = await accounts.with_hash(connection, account_id, now=people.parts.sources.now())
    assert found is not None
    return found[1]


async def test_an_old_hash_is_made_anew_by_signing_in(client: AsyncClient, people: People) -> None:
    account = await people.add("reader", password_hash=WEAK.hash(PASSWORD))
    weak = await _hash_of(people, account.id)
    assert is_outdated(weak)
    assert (await client.post(TOKEN, data=password_form(account, password="wrong"))).status_code == 400
    assert await _hash_of(people, account.id) == weak
    answers = await asyncio.gather(*(client.post(TOKEN, data=password_form(account)) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    strong = await _hash_of(people, account.id)
    assert not is_outdated(strong)
    await sign_in(client, account)
    assert await _hash_of(people, account.id) == strong, "once is enough"


@pytest.mark.parametrize("old", [WEAK.hash(PASSWORD), hash_password(PASSWORD)], ids=["old hash", "new hash"])
async def test_a_password_that_is_changed_while_it_is_looked_at_signs_nobody_in(
    client: AsyncClient, people: People, monkeypatch: pytest.MonkeyPatch, old: str
) -> None:
    """Or whoever has a stolen password could be in just before its owner's new one ends all sessions."""
    account = await people.add("reader", password_hash=old)
    verify, looked, changed = PasswordHasher.verify, threading.Event(), threading.Event()

    def slowly(hasher: PasswordHasher, hashed: str, password: str) -> bool:
        result = verify(hasher, hashed, password)
        looked.set()
        changed.wait(10)
        return result

    monkeypatch.setattr(PasswordHasher, "verify", slowly)
    signing_in = asyncio.create_task(client.post(TOKEN, data=password_form(account)))
    assert await asyncio.to_thread(looked.wait, 10)
    new = hash_password("another long password")
    async with people.parts.database.write() as connection:
        await accounts.change(connection, account.id, password_hash=new)
    changed.set()
    answer = await signing_in
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert await _hash_of(people, account.id) == new
