"""What is left of somebody who has left: no letter to them, and nothing of them in answers that were kept."""

import asyncio

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select

from infra.idempotency import KEPT_FOR
from infra.settings import Settings
from infra.tables import idempotency_keys, letters
from tests.accounts import ADA, PASSWORD, bearer, sign_in, sign_up
from tests.api.serving import serving
from tests.letters import in_folder, sent
from tests.newsroom import Clock, Json, Newsroom, Office, People

KEY = {"Idempotency-Key": "k"}
GONE: Json = {"email": "gone@example.org", "name": "Gone Person", "roles": ["reader"], "password": PASSWORD}


async def waiting(people: People) -> int:
    """How many letters wait, with what they say."""
    async with people.parts.database.read() as connection:
        held = letters.c.content.is_not(None) | letters.c.due_at.is_not(None) | letters.c.account_id.is_not(None)
        return await connection.scalar(select(func.count()).select_from(letters).where(held)) or 0


async def kept(people: People) -> list[bytes]:
    """What is kept of answers."""
    async with people.parts.database.read() as connection:
        found = await connection.execute(select(idempotency_keys.c.headers, idempotency_keys.c.body))
        return [(row.headers or "").encode() + (row.body or b"") for row in found]


async def leave(client: AsyncClient, tokens: Json) -> None:
    assert (await client.delete("/v1/me", headers=bearer(tokens))).status_code == 204


async def test_letters_that_wait_are_not_sent_once_their_reader_has_left(
    client: AsyncClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, other = await sign_up(client, people), await sign_up(client, people, "other@example.org")
    await sent(people.parts)
    before = len(in_folder(people.parts.settings.mail_dir))
    monkeypatch.setattr(people.parts.postman, "hurry", lambda: None)
    for whose, wished in ((tokens, "wished@example.org"), (other, "kept@example.org")):
        wish = {"email": wished, "current_password": PASSWORD}
        assert (await client.patch("/v1/me", headers=bearer(whose), json=wish)).is_success
    await client.post("/v1/accounts/reset", json={"email": ADA})
    assert await waiting(people) == 5, "two letters each, and one more to her"
    await leave(client, tokens)
    assert await waiting(people) == 2
    monkeypatch.undo()
    people.parts.postman.hurry()
    await sent(people.parts)
    new = in_folder(people.parts.settings.mail_dir)[before:]
    assert {letter["To"] for letter in new} == {"other@example.org", "kept@example.org"}


async def test_who_leaves_and_comes_back_cannot_have_one_address_written_to_all_the_time(
    client: AsyncClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn in range(5):
        tokens = await sign_up(client, people, f"ada{turn}@example.org")
        await sent(people.parts)
        monkeypatch.setattr(people.parts.postman, "hurry", lambda: None)
        wish = {"email": "victim@example.org", "current_password": PASSWORD}
        assert (await client.patch("/v1/me", headers=bearer(tokens), json=wish)).is_success
        assert await waiting(people) == (2 if turn < 3 else 1), "three an hour, whoever asks"
        await leave(client, tokens)
        monkeypatch.undo()


async def test_an_answer_about_somebody_who_has_left_is_not_given_again(
    client: AsyncClient, people: People, office: Office, newsroom: Newsroom
) -> None:
    await office.plan("gold")
    made = (await office.send("POST", "/accounts", json=GONE, headers=KEY)).json()
    assert (await office.send("POST", "/accounts", json=GONE, headers=KEY)).json() == made
    held = {"account_id": made["id"], "plan": "gold", "source": "till", "external_id": "customer-of-ours"}
    two = {"Idempotency-Key": "2"}
    assert (await office.send("POST", "/subscriptions", json=held, headers=two)).status_code == 201
    await newsroom.send("POST", "/tags", json={"name": "Sea"}, headers=KEY)
    tag = await newsroom.send("POST", "/tags", json={"name": "Sea"}, headers=KEY)
    await leave(client, await sign_in(client, GONE["email"]))
    text = b"".join(await kept(people))
    for theirs in (GONE["email"], GONE["name"], made["id"], "customer-of-ours"):
        assert theirs.encode() not in text
    for path, form, key in (("/accounts", GONE, KEY), ("/subscriptions", held, two)):
        again = await office.send("POST", path, json=form, headers=key)
        assert (again.status_code, again.json()["rule"]) == (409, "idempotency-key-secret")
    accounts = await office.send("GET", "/accounts", params={"email": GONE["email"]})
    assert accounts.json()["items"] == [], "they were not made again"
    replayed = await newsroom.send("POST", "/tags", json={"name": "Sea"}, headers=KEY)
    assert (replayed.status_code, replayed.content) == (tag.status_code, tag.content)


async def test_answers_end_after_a_day_though_nobody_comes_with_a_key(
    settings: Settings, people: People, office: Office, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.app.SWEPT_EVERY", 0.02)
    await office.send("POST", "/accounts", json=GONE, headers=KEY)
    async with serving(settings, clock):
        clock.time += KEPT_FOR / 2
        await asyncio.sleep(0.2)
        assert len(await kept(people)) == 1
        clock.time += KEPT_FOR / 2
        for _ in range(200):
            await asyncio.sleep(0.02)
            if not await kept(people):
                break
        assert await kept(people) == []
