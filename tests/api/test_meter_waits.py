"""While a debit waits: what the reader gets who is counted too late or not at all, and what the others get."""

import asyncio

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from domain.subscriptions import Subscription
from infra import subscriptions
from infra.db import Connection
from infra.settings import Settings
from tests.api.test_meter import access_of, gated, readings, told
from tests.api.test_representations import leased
from tests.newsroom import Newsroom, Office, People


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"meter_articles": 2})


async def locked(people: People, connection: Connection, account_id: str) -> None:
    """Keep a reader's debits waiting until this transaction ends."""
    query = "SELECT id FROM accounts WHERE id = :id"
    query = query if people.parts.database.is_sqlite else f"{query} FOR UPDATE"
    await connection.execute(text(query), {"id": account_id})


async def test_who_cannot_be_counted_soon_gets_the_teaser(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    for title in ("One", "Two"):
        await gated(newsroom, title)
    account = await people.add("reader")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    assert await told(client, "two", headers) == ("metered", 1)
    async with people.parts.database.write() as holding, asyncio.timeout(30):
        await locked(people, holding, account.id)
        assert await told(client, "one", headers) == ("metered_available", 1)
        assert await told(client, "two", headers) == ("metered", 1)
    assert await told(client, "one", headers) == ("metered", 2)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_while_a_writer_holds_up_all_debits_everybody_is_answered(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await gated(newsroom, "One")
    readers = [await people.headers("reader") for _ in range(40)]
    async with people.parts.database.write():
        asked = [told(client, "one", headers) for headers in readers]
        asked += [told(client, "one") for _ in range(10)]
        answers = await asyncio.gather(*asked)
        assert answers == [("metered_available", 0)] * 40 + [("subscription_required", None)] * 10
    assert await told(client, "one", readers[0]) == ("metered", 1)
    assert await told(client, "one", readers[1]) == ("metered", 1)


@pytest.mark.usefixtures("patient")
async def test_nobody_waits_for_somebody_else_who_is_counted(
    client: AsyncClient, newsroom: Newsroom, people: People, app: FastAPI
) -> None:
    await gated(newsroom, "One")
    account = await people.add("reader")
    new, has_it = {"Authorization": f"Bearer {people.token(account)}"}, await people.headers("reader")
    assert await told(client, "one", has_it) == ("metered", 1)
    await leased(app)
    await told(client, "one", {**new, "Sec-Purpose": "prefetch"})
    async with people.parts.database.write() as holding:
        await locked(people, holding, account.id)
        waiting = asyncio.create_task(told(client, "one", new))
        await asyncio.sleep(0.2)
        assert await told(client, "one", has_it) == ("metered", 1)
        assert not waiting.done()
    assert await waiting == ("metered", 1)


REFUSING = {
    True: (
        "CREATE TRIGGER refusing BEFORE INSERT ON meter_readings BEGIN SELECT RAISE(ABORT, 'no'); END",
        "DROP TRIGGER refusing",
    ),
    False: (
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE insufficient_privilege; END $$",
        "CREATE TRIGGER refusing BEFORE INSERT ON meter_readings EXECUTE FUNCTION no()",
        "DROP TRIGGER refusing ON meter_readings",
    ),
}


async def test_whom_the_database_refuses_to_count_gets_the_teaser(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await gated(newsroom, "One")
    headers = await people.headers("reader")
    *statements, undo = REFUSING[people.parts.database.is_sqlite]
    async with people.parts.database.write() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
    assert await told(client, "one", headers) == ("metered_available", 0)
    async with people.parts.database.write() as connection:
        await connection.exec_driver_sql(undo)
    assert await told(client, "one", headers) == ("metered", 1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE publications SET requires = 'free'", "free"),
        ("UPDATE publications SET requires = 'registered'", "registered"),
        ("UPDATE publications SET is_metered = false", "subscription_required"),
        ("UPDATE accounts SET roles = 'subscriber' WHERE id = :id", "subscription_required"),
        ("UPDATE accounts SET roles = '' WHERE id = :id", "subscription_required"),
        ("UPDATE accounts SET is_blocked = true WHERE id = :id", "subscription_required"),
    ],
)
@pytest.mark.usefixtures("patient")
async def test_nothing_is_taken_for_what_is_otherwise_decided_meanwhile(
    client: AsyncClient,
    newsroom: Newsroom,
    people: People,
    change: str,
    reason: str,
) -> None:
    await gated(newsroom, "One")
    account = await people.add("reader")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    async with people.parts.database.write() as holding:
        await locked(people, holding, account.id)
        waiting = asyncio.create_task(told(client, "one", headers))
        await asyncio.sleep(0.2)
        await holding.execute(text(change), {"id": account.id} if ":id" in change else {})
    assert await waiting == (reason, None)
    assert await readings(people) == 0


@pytest.mark.usefixtures("patient")
async def test_who_subscribes_while_they_are_counted_pays_once(
    client: AsyncClient, newsroom: Newsroom, people: People, office: Office
) -> None:
    await office.plan("gold", opens="everything")
    await gated(newsroom, "One")
    account = await people.add("reader")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    bought = Subscription(people.parts.sources.new_id(), account.id, "gold", starts_at=people.parts.sources.now())
    async with people.parts.database.write() as holding:
        await locked(people, holding, account.id)
        waiting = asyncio.create_task(told(client, "one", headers))
        await asyncio.sleep(0.2)
        await subscriptions.add(holding, bought)
    assert await waiting == ("subscriber", None)
    assert await readings(people) == 0


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_who_is_cut_off_while_being_counted_gets_the_teaser(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await gated(newsroom, "One")
    account = await people.add("reader")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    end = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FOR NO KEY UPDATE%'"
    )
    async with people.parts.database.write() as holding:
        await holding.execute(text("SELECT id FROM accounts WHERE id = :id FOR UPDATE"), {"id": account.id})
        waiting = asyncio.create_task(access_of(client, "one", headers))
        async with people.parts.database.engine.connect() as other, asyncio.timeout(10):
            while not (await other.execute(end)).all():
                await other.rollback()
                await asyncio.sleep(0.02)
        access = await waiting
    assert (access["reason"], access["meter"]["used"]) == ("metered_available", 0)
    assert await told(client, "one", headers) == ("metered", 1)


async def test_what_is_withdrawn_while_it_is_counted_does_not_come(
    newsroom: Newsroom, people: People, client: AsyncClient
) -> None:
    """A reader who waits for their turn gets what is there when it comes."""
    made = await gated(newsroom, "One")
    account = await people.add("reader")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    async with people.parts.database.write() as holding:
        await locked(people, holding, account.id)
        waiting = asyncio.create_task(client.get("/v1/articles/one", headers=headers))
        await asyncio.sleep(0.2)
        await holding.execute(
            text("UPDATE publications SET state = 'withdrawn', public_note = 'Wrong.' WHERE article_id = :id"),
            {"id": made["id"]},
        )
    answer = await waiting
    assert (answer.status_code, answer.json()["detail"]) == (410, "Wrong.")
