"""A reader's life by the API: signing up, signing in, changing everything, forgetting the password, leaving."""

import asyncio
import threading

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from infra import accounts
from infra.tables import metadata
from tests.accounts import ACCOUNTS, ADA, ANOTHER, PASSWORD, bearer, form, sign_in, sign_up
from tests.everything import everything
from tests.letters import letters_to, text_of, token_in
from tests.newsroom import Clock, Newsroom, People
from tests.signing_in import PASSWORD as OTHERS_PASSWORD
from tests.signing_in import account_of, refresh
from tests.signing_in import sign_in as tokens_of


async def test_a_whole_life(client: AsyncClient, people: People, clock: Clock) -> None:
    parts = people.parts
    answer = await client.post(ACCOUNTS, json=form())
    assert (answer.status_code, answer.headers["cache-control"]) == (202, "no-store")
    assert await sign_in(client) == {"refused": "invalid_grant"}, "there is no account before it is confirmed"
    (letter,) = await letters_to(parts, ADA)
    assert letter["Subject"] == "Confirmez votre compte chez Standfirst"
    link = {"token": token_in(letter), "password": PASSWORD}
    confirmed = await client.post(f"{ACCOUNTS}/confirm", json=link)
    assert (confirmed.status_code, confirmed.json()) == (200, {"email": ADA})
    tokens = await sign_in(client)
    me = (await client.get("/v1/me", headers=bearer(tokens))).json()
    assert (me["email"], me["name"], me["language"], me["roles"]) == (ADA, "Ada Moor", "fr", ["reader"])

    changed = await client.patch("/v1/me", json={"name": "Ada M.", "language": None}, headers=bearer(tokens))
    assert changed.status_code == 200, changed.text
    assert changed.json() == {**me, "name": "Ada M.", "language": None, "email_to_confirm": None}

    new = "moor@example.org"
    wish = {"email": new, "current_password": PASSWORD}
    moving = await client.patch("/v1/me", json=wish, headers=bearer(tokens))
    assert (moving.json()["email"], moving.json()["email_to_confirm"]) == (ADA, new)
    old_one = (await letters_to(parts, ADA, count=2))[-1]
    assert old_one["Subject"] == "Another e-mail address for your account at Standfirst"
    assert new not in text_of(old_one)
    (letter,) = await letters_to(parts, new)
    assert (await client.get("/v1/me", headers=bearer(tokens))).json()["email"] == ADA
    assert (await client.post(f"{ACCOUNTS}/confirm", json={"token": token_in(letter)})).json() == {"email": new}
    assert (await client.get("/v1/me", headers=bearer(tokens))).json()["email"] == new
    assert await sign_in(client) == {"refused": "invalid_grant"}

    assert (await client.post(f"{ACCOUNTS}/reset", json={"email": new})).status_code == 202
    letter = (await letters_to(parts, new, count=2))[-1]
    reset = {"token": token_in(letter), "password": ANOTHER}
    assert (await client.post(f"{ACCOUNTS}/reset", json=reset)).status_code == 204
    assert (await letters_to(parts, new, count=3))[-1]["Subject"] == "Your password for Standfirst was changed"
    assert await sign_in(client, new) == {"refused": "invalid_grant"}
    assert (await refresh(client, tokens["refresh_token"])).status_code == 400
    assert (await client.get("/v1/me", headers=bearer(tokens))).status_code == 401
    tokens = await sign_in(client, new, ANOTHER)

    export = await client.get("/v1/me/export", headers=bearer(tokens))
    assert export.headers["content-disposition"] == 'attachment; filename="account.json"'
    assert export.headers["cache-control"] == "no-store"
    told = export.json()
    assert (told["account"]["email"], told["account"]["name"], len(told["sessions"])) == (new, "Ada M.", 1)
    assert [event["action"] for event in told["events"]] == ["sign-up", "edit", "change-email", "reset-password"]

    assert (await client.delete("/v1/me", headers=bearer(tokens))).status_code == 204
    assert (await client.get("/v1/me", headers=bearer(tokens))).status_code == 401
    assert (await refresh(client, tokens["refresh_token"])).status_code == 400
    assert await sign_in(client, new, ANOTHER) == {"refused": "invalid_grant"}


async def test_a_new_password_ends_all_sessions_and_is_told(client: AsyncClient, people: People) -> None:
    tokens, others = await sign_up(client, people), await sign_in(client)
    wish = {"password": ANOTHER, "current_password": PASSWORD}
    assert (await client.patch("/v1/me", json=wish, headers=bearer(tokens))).status_code == 200
    assert (await refresh(client, others["refresh_token"])).status_code == 400
    assert (await client.get("/v1/me", headers=bearer(others))).status_code == 401
    assert (await refresh(client, tokens["refresh_token"])).status_code == 200, "this one goes on"
    assert await sign_in(client) == {"refused": "invalid_grant"}
    assert "access_token" in await sign_in(client, password=ANOTHER)
    assert (await letters_to(people.parts, ADA, count=2))[-1]["Subject"].startswith("Votre mot de passe")


@pytest.mark.parametrize("field", [{"email": "new@example.org"}, {"password": ANOTHER}])
async def test_who_holds_a_token_alone_changes_neither_address_nor_password(
    client: AsyncClient, people: People, field: dict[str, str]
) -> None:
    tokens = await sign_up(client, people)
    before = await everything(people.parts)
    for given in ({}, {"current_password": "wrong"}, {"current_password": ""}, {"current_password": None}):
        answer = await client.patch("/v1/me", json={**field, **given, "name": "New"}, headers=bearer(tokens))
        assert answer.status_code == 422
        assert [flaw["pointer"] for flaw in answer.json()["errors"]] == ["/current_password"]
    assert await everything(people.parts) == before


async def test_a_password_that_is_changed_while_it_is_looked_at_changes_nothing(
    client: AsyncClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a thief could have the account just after its owner's new password was to end that."""
    tokens = await sign_up(client, people)
    account_id = (await client.get("/v1/me", headers=bearer(tokens))).json()["id"]
    verify, looked, changed = PasswordHasher.verify, threading.Event(), threading.Event()

    def slowly(hasher: PasswordHasher, hashed: str, password: str) -> bool:
        result = verify(hasher, hashed, password)
        looked.set()
        changed.wait(10)
        return result

    monkeypatch.setattr(PasswordHasher, "verify", slowly)
    wish = {"password": ANOTHER, "current_password": PASSWORD, "email": "thief@example.org"}
    changing = asyncio.create_task(client.patch("/v1/me", json=wish, headers=bearer(tokens)))
    assert await asyncio.to_thread(looked.wait, 10)
    async with people.parts.database.write() as connection:
        await accounts.change(connection, account_id, password_hash="!")
    before = await everything(people.parts)
    changed.set()
    answer = await changing
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/current_password")
    assert await everything(people.parts) == before


async def test_what_an_account_must_have_cannot_be_taken_away(client: AsyncClient, people: People) -> None:
    tokens = await sign_up(client, people)
    before = await everything(people.parts)
    for name in ("name", "email", "password", "current_password"):
        answer = await client.patch("/v1/me", json={name: None}, headers=bearer(tokens))
        assert answer.status_code == 422
        assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [f"/{name}"]
    assert await everything(people.parts) == before


async def test_the_same_address_again_is_no_change(client: AsyncClient, people: People) -> None:
    tokens = await sign_up(client, people)
    wish = {"email": ADA.upper(), "current_password": PASSWORD}
    answer = await client.patch("/v1/me", json=wish, headers=bearer(tokens))
    assert (answer.status_code, answer.json()["email_to_confirm"]) == (200, None)
    await letters_to(people.parts, ADA)


async def test_whether_an_address_is_somebodys_is_not_told_to_who_wants_it(
    client: AsyncClient, people: People
) -> None:
    tokens = await sign_up(client, people)
    taken = (await people.add("reader")).email
    answers = []
    for email in (taken, "free@example.org"):
        wish = {"email": email, "current_password": PASSWORD}
        answer = (await client.patch("/v1/me", json=wish, headers=bearer(tokens))).json()
        assert answer["email_to_confirm"] == email
        answers.append({**answer, "email_to_confirm": None})
    assert answers[0] == answers[1]
    (letter,) = await letters_to(people.parts, taken)
    assert "http" not in text_of(letter), "nobody takes an address from its owner"


async def test_leaving_takes_all_with_it_and_leaves_ids(client: AsyncClient, people: People, app: FastAPI) -> None:
    tokens = await sign_up(client, people)
    elsewhere = await sign_in(client)
    account_id = (await client.get("/v1/me", headers=bearer(tokens))).json()["id"]
    await client.post(f"{ACCOUNTS}/reset", json={"email": ADA})
    (*_, letter) = await letters_to(people.parts, ADA, count=2)
    assert (await client.delete("/v1/me", headers=bearer(tokens))).status_code == 204
    for method, path in (("GET", "/v1/me"), ("GET", "/v1/me/export"), ("PATCH", "/v1/me"), ("DELETE", "/v1/me")):
        answer = await client.request(method, path, headers=bearer(elsewhere))
        assert answer.status_code == 401, path
    assert (await refresh(client, elsewhere["refresh_token"])).status_code == 400
    reset = {"token": token_in(letter), "password": ANOTHER}
    assert (await client.post(f"{ACCOUNTS}/reset", json=reset)).status_code == 422
    kept = {table: rows for table, rows in (await everything(people.parts)).items() if account_id in str(rows)}
    assert kept.keys() == {"events"}
    assert "192.0.2.7" not in str(kept), "from where somebody came is gone too"
    assert ADA not in str({**await everything(people.parts), "files": []})
    assert (await client.post(ACCOUNTS, json=form())).status_code == 202, "the address is free again"


async def test_who_reads_with_a_token_of_a_deleted_account_is_refused_at_once(
    client: AsyncClient, people: People, newsroom: Newsroom, app: FastAPI
) -> None:
    article = await newsroom.published(access={"requires": "registered"})
    tokens = await sign_up(client, people)
    for _ in range(3):  # kept by now, where answers are
        read = await client.get(f"/v1/articles/{article['slug']}", headers=bearer(tokens))
        assert read.json()["access"]["granted"] == "full"
    assert (await client.delete("/v1/me", headers=bearer(tokens))).status_code == 204
    assert (await client.get(f"/v1/articles/{article['slug']}", headers=bearer(tokens))).status_code == 401


async def test_staff_can_leave_what_they_wrote(client: AsyncClient, people: People, newsroom: Newsroom) -> None:
    article = await newsroom.published(slug="written")
    await newsroom.medium()
    assert (await client.delete("/v1/me", headers=newsroom.headers)).status_code == 204
    assert (await client.get("/v1/articles/written")).json()["id"] == article["id"]
    other = Newsroom(client, await people.headers("editor"))
    assert (await other.edit(article, title="Another"))["version"] == article["version"] + 1


async def test_the_last_admin_stays(client: AsyncClient, people: People) -> None:
    admin = await people.add("admin", "editor")
    headers = {"Authorization": f"Bearer {people.token(admin)}"}
    await people.add("editor")
    answer = await client.delete("/v1/me", headers=headers)
    assert (answer.status_code, answer.json()["rule"]) == (409, "last-admin")
    await people.add("admin")
    assert (await client.delete("/v1/me", headers=headers)).status_code == 204


async def test_of_two_last_admins_who_leave_at_once_one_stays(client: AsyncClient, people: People) -> None:
    for _ in range(3):
        headers = [await people.headers("admin") for _ in range(2)]
        answers = await asyncio.gather(*(client.delete("/v1/me", headers=one) for one in headers))
        assert sorted(answer.status_code for answer in answers) == [204, 409]
        await client.delete("/v1/me", headers=headers[0])
        async with people.parts.database.write() as connection:
            await connection.execute(text("DELETE FROM accounts"))


async def test_an_export_tells_all_that_is_kept_and_nothing_of_others(
    client: AsyncClient, people: People, newsroom: Newsroom
) -> None:
    account = await account_of(people, "editor", "subscriber", plans=("monthly",))
    await tokens_of(client, account)
    writer = Newsroom(client, {"Authorization": f"Bearer {people.token(account)}"})
    draft = await writer.draft(title="Written by me")
    await writer.send("POST", "/tags", json={"name": "Mine"}, headers={"Idempotency-Key": "mine"})
    await newsroom.draft(title="Of somebody else")
    told = (await client.get("/v1/me/export", headers=writer.headers)).json()
    assert told["account"]["roles"] == ["editor", "subscriber"]
    assert [one["plan"] for one in told["subscriptions"]] == ["monthly"]
    assert len(told["sessions"]) == 1
    assert [(one["subject"], one["action"]) for one in told["events"]] == [
        ("article", "create"),
        ("tag", "create"),
    ]
    assert told["events"][0]["subject_id"] == draft["id"]
    assert [one["key"] for one in told["requests"]] == ["mine"]
    said = str(told)
    for secret in ("argon2", "digest", "hash", OTHERS_PASSWORD, "Of somebody else"):
        assert secret not in said


KNOW_PEOPLE = {
    "accounts": "told, and removed",
    "identities": "told, and removed with the account",
    "subscriptions": "told, and removed with the account",
    "sessions": "told, and removed with the account, and their refresh tokens with them",
    "gifts": "told without their digests, and removed with the account",
    "meter_readings": "told, and removed with the account",
    "idempotency_keys": "told as requests, and removed; answers about them to others are emptied",
    "letters": "sealed and gone when sent; those that wait are put away",
    "events": "told, and kept by ids",
    "articles": "the newsroom's; who made them is told by events",
    "revisions": "the newsroom's; who made them is told by events",
    "media": "the newsroom's; who made them is told by events",
    "previews": "the newsroom's; who made them is told by events",
}


def test_every_table_that_knows_people_is_thought_of() -> None:
    names = {"account_id", "by", "created_by", "email"}
    found = {table.name for table in metadata.sorted_tables if names & set(table.columns.keys())}
    assert found == KNOW_PEOPLE.keys(), "tell and forget it in infra/belongings.py, or give a reason here"
