"""Passwords are guessed slowly, from one network and from many, and no guesser keeps an account's owner out."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from httpx import AsyncClient

from infra import accounts
from infra.settings import Settings
from tests.accounts import ACCOUNTS, ADA, ANOTHER, bearer, sign_up
from tests.accounts import PASSWORD as ADAS
from tests.letters import letters_to, token_in
from tests.limiting import calling_from, is_refused, with_limits
from tests.newsroom import Clock, People
from tests.signing_in import PASSWORD, TOKEN, account_of, password_form, refresh, sign_in, without_id

TRIES = 4  # of which one network has two
FROM_ONE = 2
NOBODY = "nobody@example.org"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return with_limits(settings, wrong_passwords=TRIES)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were looked at: what is counted here is the work itself."""
    verify, seen = PasswordHasher.verify, list[str]()

    def noting(hasher: PasswordHasher, hashed: str, password: str) -> bool:
        seen.append(password)
        return verify(hasher, hashed, password)

    monkeypatch.setattr(PasswordHasher, "verify", noting)
    return seen


async def guess(
    app: FastAPI, address: str, username: str, *, number: int = 1, password: str = "wrong"
) -> list[int]:
    """Try a password so many times from an address."""
    form = {"grant_type": "password", "username": username, "password": password}
    async with calling_from(app, address) as client:
        answers = [await client.post(TOKEN, data=form) for _ in range(number)]
    assert all(is_refused(answer) for answer in answers if answer.status_code == 429)
    return [answer.status_code for answer in answers]


async def exhaust(app: FastAPI, username: str) -> None:
    """Guess from many networks until nothing is looked at any more."""
    found = [(await guess(app, f"198.51.100.{at}", username))[0] for at in range(TRIES + 2)]
    assert found == [400] * TRIES + [429] * 2


@pytest.mark.parametrize("is_known", [True, False])
async def test_one_network_guesses_slowly(
    client: AsyncClient, app: FastAPI, people: People, looked: list[str], is_known: bool
) -> None:
    email = (await account_of(people)).email if is_known else NOBODY
    assert await guess(app, "192.0.2.1", email, number=6) == [400] * FROM_ONE + [429] * 4
    assert len(looked) == FROM_ONE, "it costs nothing to refuse"
    assert await guess(app, "192.0.2.1", email, password=PASSWORD) == [429]


@pytest.mark.parametrize("is_known", [True, False])
async def test_many_networks_together_guess_slowly(
    app: FastAPI, people: People, looked: list[str], is_known: bool
) -> None:
    email = (await account_of(people)).email if is_known else NOBODY
    await exhaust(app, email)
    assert len(looked) == TRIES
    assert await guess(app, "192.0.2.77", email, password=PASSWORD) == [429]


async def test_nothing_tells_an_address_with_an_account_from_one_without(
    app: FastAPI, client: AsyncClient, people: People
) -> None:
    """From where its owner is, too: no try, refused or not, tells that somebody is at home here."""
    account = await account_of(people)
    async with calling_from(app, "192.0.2.50") as at_home:
        await sign_in(at_home, account)
    for address in ("192.0.2.50", "192.0.2.51"):
        async with calling_from(app, address) as here:
            told: dict[str, list[object]] = {account.email: [], NOBODY: []}
            for _ in range(FROM_ONE + 2):
                for email, answers in told.items():
                    form = {"grant_type": "password", "username": email, "password": "wrong"}
                    answer = await here.post(TOKEN, data=form)
                    fields = {name: value for name, value in answer.headers.items() if name != "content-length"}
                    answers.append((answer.status_code, _without_seconds(fields), without_id(answer)))
            assert told[account.email] == told[NOBODY]
            assert told[NOBODY][-1][0] == 429  # type: ignore[index]


def _without_seconds(fields: dict[str, str]) -> dict[str, str]:
    """Header fields without times, which may pass between two requests."""
    return {name: value.partition(";t=")[0] for name, value in fields.items() if name != "retry-after"}


VARIANTS = (
    "ADA@EXAMPLE.ORG",
    "  ada@example.org  ",
    "Ada@Example.Org",
    "ada@EXAMPLE.org\t",
    "\uff41\uff44\uff41@example.org",
    "ada@ex\u00adample.org",
    "ada@\uff45xample.org",
)


async def test_each_way_to_write_an_address_that_finds_an_account_is_one_address(
    app: FastAPI, client: AsyncClient, people: People, looked: list[str]
) -> None:
    await sign_up(client, people)
    await exhaust(app, ADA)
    for at, username in enumerate(VARIANTS):
        async with people.parts.database.read() as connection:
            found = await accounts.find_to_sign_in(connection, username)
        before = len(looked)
        status = (await guess(app, f"203.0.113.{at}", username))[0]
        assert (status == 429) is (found is not None), username
        assert (len(looked) == before) is (found is not None), username


async def test_another_address_is_another_account(app: FastAPI, client: AsyncClient, people: People) -> None:
    await sign_up(client, people)
    await exhaust(app, ADA)
    assert await guess(app, "203.0.113.9", "ada+news@example.org") == [400]


async def test_its_owner_goes_on_where_they_have_signed_in(app: FastAPI, people: People) -> None:
    account = await account_of(people)
    async with calling_from(app, "192.0.2.50") as at_home:
        tokens = await sign_in(at_home, account)
        await exhaust(app, account.email)
        again = await sign_in(at_home, account)
        assert (await at_home.get("/v1/me", headers=bearer(again))).status_code == 200
        assert (await refresh(at_home, tokens["refresh_token"])).status_code == 200
    async with calling_from(app, "2001:db8:0:1::7") as elsewhere:
        renewed = await refresh(elsewhere, again["refresh_token"])
        assert renewed.status_code == 200, "a refresh token is no password"
    async with calling_from(app, "2001:db8:0:1::8") as same_house:
        await sign_in(same_house, account)
    assert await guess(app, "2001:db8:0:2::8", account.email, password=PASSWORD) == [429]


@pytest.mark.parametrize("how", ["revoked", "run out"])
async def test_a_session_that_has_ended_makes_no_place_known(
    app: FastAPI, people: People, clock: Clock, how: str
) -> None:
    account = await account_of(people)
    async with calling_from(app, "192.0.2.50") as at_home:
        tokens = await sign_in(at_home, account)
        if how == "revoked":
            await at_home.post("/v1/auth/revoke", data={"token": tokens["refresh_token"]})
        else:
            clock.move(days=61)
    await exhaust(app, account.email)
    assert await guess(app, "192.0.2.50", account.email, password=PASSWORD) == [429]


async def test_a_letter_lets_its_owner_in_from_anywhere_while_others_go_on_guessing(
    app: FastAPI, client: AsyncClient, people: People, clock: Clock
) -> None:
    await sign_up(client, people)
    clock.move(hours=2)  # where it was signed up from is not known for ever
    async with people.parts.database.write() as connection:
        await connection.exec_driver_sql("DELETE FROM sessions")
    await exhaust(app, ADA)
    async with calling_from(app, "203.0.113.1") as far_away:
        form = {"grant_type": "password", "username": ADA, "password": ADAS}
        assert is_refused(await far_away.post(TOKEN, data=form))
        assert (await far_away.post(f"{ACCOUNTS}/reset", json={"email": ADA})).status_code == 202
        link = token_in((await letters_to(people.parts, ADA, count=2))[-1])
        answer = await far_away.post(f"{ACCOUNTS}/reset", json={"token": link, "password": ANOTHER})
        assert answer.status_code == 204
        await exhaust(app, ADA)
        answer = await far_away.post(TOKEN, data={**form, "password": ANOTHER})
        assert answer.status_code == 200
    assert await guess(app, "203.0.113.200", ADA, password=ANOTHER) == [429]


async def test_who_has_forgotten_their_password_tries_the_new_one_at_once(
    app: FastAPI, client: AsyncClient, people: People
) -> None:
    await sign_up(client, people)
    async with calling_from(app, "203.0.113.1") as here:
        form = {"grant_type": "password", "username": ADA, "password": "what was it"}
        answers = [await here.post(TOKEN, data=form) for _ in range(FROM_ONE + 1)]
        assert is_refused(answers[-1])
        await here.post(f"{ACCOUNTS}/reset", json={"email": ADA})
        link = token_in((await letters_to(people.parts, ADA, count=2))[-1])
        await here.post(f"{ACCOUNTS}/reset", json={"token": link, "password": ANOTHER})
        assert (await here.post(TOKEN, data={**form, "password": ANOTHER})).status_code == 200


async def test_it_passes(app: FastAPI, people: People, clock: Clock) -> None:
    account = await account_of(people)
    await exhaust(app, account.email)
    async with calling_from(app, "203.0.113.1") as client:
        refused = await client.post(TOKEN, data=password_form(account))
        assert is_refused(refused)
        assert int(refused.headers["retry-after"]) <= 601
        clock.move(seconds=int(refused.headers["retry-after"]))
        await sign_in(client, account)


async def test_the_right_password_does_not_count_and_forgives_nobody(app: FastAPI, people: People) -> None:
    account = await account_of(people)
    assert await guess(app, "198.51.100.1", account.email) == [400]
    for at in range(TRIES * 2):
        assert await guess(app, f"203.0.113.{at}", account.email, password=PASSWORD) == [200]
    for at in range(2, TRIES + 1):
        assert await guess(app, f"198.51.100.{at}", account.email) == [400]
    assert await guess(app, "198.51.100.99", account.email) == [429]


@pytest.mark.parametrize("left", [1, 3])
async def test_of_many_guesses_at_once_as_many_are_looked_at_as_are_left(
    app: FastAPI, people: People, looked: list[str], left: int
) -> None:
    account = await account_of(people)
    for at in range(TRIES - left):
        await guess(app, f"198.51.100.{at}", account.email)
    looked.clear()
    found = await asyncio.gather(*(guess(app, f"203.0.113.{at}", account.email) for at in range(50)))
    assert sorted(status for (status,) in found) == [400] * left + [429] * (50 - left)
    assert len(looked) == left


async def test_a_stolen_token_guesses_its_owners_password_as_slowly(
    client: AsyncClient, app: FastAPI, people: People, looked: list[str]
) -> None:
    headers = bearer(await sign_up(client, people))
    wish = {"password": ANOTHER, "current_password": "wrong, and long"}
    looked.clear()
    async with AsyncExitStack() as stack:
        thieves = [
            await stack.enter_async_context(calling_from(app, f"198.51.100.{at}")) for at in range(TRIES + 2)
        ]
        answers = [await one.patch("/v1/me", json=wish, headers=headers) for one in thieves]
    assert [answer.status_code for answer in answers] == [422] * TRIES + [429] * 2
    assert len(looked) == TRIES
    name = await client.patch("/v1/me", json={"name": "Ada"}, headers=headers)
    assert name.status_code == 200, "what takes no password is not held up"
    mine = await client.patch("/v1/me", json={**wish, "current_password": ADAS}, headers=headers)
    assert is_refused(mine), "where the session is says nothing: a thief may have moved it"
    assert await guess(app, "192.0.2.7", ADA, password=ADAS) == [200], "its owner signs in at home"


async def test_a_stolen_session_makes_no_place_known_to_guess_from(
    client: AsyncClient, app: FastAPI, people: People, looked: list[str]
) -> None:
    account = await account_of(people)
    tokens = await sign_in(client, account)
    looked.clear()
    wish, statuses = {"password": ANOTHER, "current_password": "wrong, and long"}, []
    for at in range(TRIES + 2):
        async with calling_from(app, f"198.51.100.{at}") as thief:
            tokens = (await refresh(thief, tokens["refresh_token"])).json()
            answer = await thief.patch("/v1/me", json=wish, headers=bearer(tokens))
            statuses.append(answer.status_code)
    assert statuses == [422] * TRIES + [429] * 2
    assert len(looked) == TRIES
