"""The token endpoint under limits: who guesses is slowed down, and keeps nobody out who has proof."""

import asyncio

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from api.app import create_app
from infra.ids import Sources
from infra.settings import Settings
from tests.limiting import calling_from, is_refused, with_limits
from tests.newsroom import Clock, Office, People
from tests.partners import posted, program
from tests.signing_in import TOKEN, account_of, password_form, refresh, sign_in
from tests.wall.statements import statements_of

SIGN_INS = 4


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return with_limits(settings, sign_ins_a_minute=SIGN_INS, wrong_passwords=20)


async def use_up(client: AsyncClient) -> None:
    """Guess until the network has none left."""
    for at in range(SIGN_INS):
        await client.post(TOKEN, data={"grant_type": "password", "username": f"{at}@example.org", "password": "x"})
    form = {"grant_type": "password", "username": "another@example.org", "password": "x"}
    assert is_refused(await client.post(TOKEN, data=form))


async def test_refresh_tokens_go_on_where_others_guess(
    app: FastAPI, client: AsyncClient, people: People, clock: Clock
) -> None:
    tokens = await sign_in(client, await account_of(people))
    clock.move(seconds=121)
    await use_up(client)
    for _ in range(SIGN_INS * 2):
        answer = await refresh(client, tokens["refresh_token"])
        assert answer.status_code == 200
        tokens = answer.json()
    assert is_refused(await refresh(client, "made-up"))
    assert (await client.post("/v1/auth/revoke", data={"token": tokens["refresh_token"]})).status_code == 200


async def test_however_much_others_guess_refresh_tokens_count_for_their_account(
    settings: Settings, clock: Clock
) -> None:
    app = create_app(with_limits(settings, writes_a_minute=3), Sources(now=clock))
    async with app.router.lifespan_context(app), calling_from(app, "192.0.2.7") as client:
        people = People(app.state.parts)
        tokens = await sign_in(client, await account_of(people))
        for _ in range(4):
            await client.post(TOKEN, data={"grant_type": "password", "username": "a@example.org", "password": "x"})
        for _ in range(3):
            answer = await refresh(client, tokens["refresh_token"])
            assert answer.status_code == 200
            tokens = answer.json()
        assert is_refused(await refresh(client, tokens["refresh_token"]))


async def test_what_is_no_form_counts_whatever_it_says_it_is(client: AsyncClient) -> None:
    for form in (
        {"grant_type": "refresh_token"},
        {"grant_type": "refresh_token", "refresh_token": "x" * 2_000},
        {"grant_type": "client_credentials", "client_id": "x" * 2_000},
        {"grant_type": "client_credentials"},
    ):
        assert (await client.post(TOKEN, data=form)).status_code in {400, 401}
    assert is_refused(await client.post(TOKEN, data={"grant_type": "refresh_token"}))


async def test_refresh_tokens_that_have_run_out_count_as_signing_in(
    client: AsyncClient, people: People, clock: Clock
) -> None:
    tokens = await sign_in(client, await account_of(people))
    clock.move(days=61)
    answers = [await refresh(client, tokens["refresh_token"]) for _ in range(SIGN_INS + 1)]
    assert [answer.status_code for answer in answers] == [400] * SIGN_INS + [429]


async def test_tokens_that_are_made_up_use_up_the_networks_sign_ins(app: FastAPI, client: AsyncClient) -> None:
    answers = [await refresh(client, f"made-up {at}") for at in range(SIGN_INS + 1)]
    assert [answer.status_code for answer in answers] == [400] * SIGN_INS + [429]
    assert is_refused(await client.post("/v1/accounts/reset", json={"email": "a@example.org"}))


async def test_clients_with_good_secrets_go_on_each_by_itself(
    client: AsyncClient, office: Office, people: People
) -> None:
    one, other = await program(office, name="One"), await program(office, name="Other")
    wrong = posted(one.id, "made-up")
    answers = [await client.post(TOKEN, data=wrong) for _ in range(SIGN_INS + 1)]
    assert [answer.status_code for answer in answers] == [401] * SIGN_INS + [429]
    answers = [await client.post(TOKEN, data=one.posted) for _ in range(SIGN_INS + 1)]
    assert [answer.status_code for answer in answers] == [200] * SIGN_INS + [429]
    assert is_refused(answers[-1])
    assert (await client.post(TOKEN, data=other.posted)).status_code == 200


async def test_a_guesser_of_secrets_takes_nothing_from_the_client(
    app: FastAPI, client: AsyncClient, office: Office
) -> None:
    one = await program(office)
    for at in range(SIGN_INS * 2):
        async with calling_from(app, f"198.51.100.{at}") as elsewhere:
            assert (await elsewhere.post(TOKEN, data=posted(one.id, "made-up"))).status_code == 401
    assert (await client.post(TOKEN, data=one.posted)).status_code == 200


async def test_the_right_password_at_the_end_of_a_guess_is_refused_too(
    client: AsyncClient, people: People
) -> None:
    account = await account_of(people)
    await use_up(client)
    assert is_refused(await client.post(TOKEN, data=password_form(account)))


async def test_a_password_is_asked_about_in_the_same_statements_whether_there_is_an_account(
    app: FastAPI, client: AsyncClient, people: People
) -> None:
    account = await account_of(people)
    asked = []
    for username in (account.email, "nobody@example.org"):
        with statements_of(app) as sent:
            answer = await client.post(TOKEN, data=password_form(account, username=username, password="wrong"))
        assert answer.status_code == 400
        asked.append(list(sent))
    assert asked[0] == asked[1]
    assert len(asked[0]) == 2


async def test_a_refusal_asks_nothing(app: FastAPI, client: AsyncClient, people: People) -> None:
    account = await account_of(people)
    await use_up(client)
    with statements_of(app) as sent:
        assert is_refused(await client.post(TOKEN, data=password_form(account)))
    assert list(sent) == []


async def test_pages_of_other_origins_may_read_a_refusal(settings: Settings, clock: Clock) -> None:
    origin = "https://www.test"
    app = create_app(settings.model_copy(update={"cors_origins": (origin,)}), Sources(now=clock))
    async with app.router.lifespan_context(app), calling_from(app, "192.0.2.7") as client:
        await use_up(client)
        answer = await client.post("/v1/accounts", json={}, headers={"Origin": origin})
        assert is_refused(answer)
        assert answer.headers["access-control-allow-origin"] == origin
        exposed = answer.headers["access-control-expose-headers"]
        assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= set(exposed.split(", "))
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        for _ in range(SIGN_INS * 2):
            assert (await client.options("/v1/accounts", headers=asked)).status_code == 204


async def test_many_who_ask_the_same_at_once_are_refused_each(settings: Settings, clock: Clock) -> None:
    """They would wait for one of them, and for what that one gets."""
    app = create_app(with_limits(settings, reads_a_minute=2), Sources(now=clock))
    async with app.router.lifespan_context(app), calling_from(app, "192.0.2.7") as client:
        for _ in range(2):
            await client.get("/v1/articles/never")
        answers = await asyncio.gather(*(client.get("/v1/articles/never") for _ in range(9)))
        assert all(is_refused(answer) for answer in answers)
        async with calling_from(app, "192.0.2.8") as other:
            assert (await other.get("/v1/articles/never")).status_code == 404
