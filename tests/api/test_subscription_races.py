"""A subscription that is revoked while its owner reads, on two processes: what is asked for later is a teaser."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from infra.settings import Settings
from tests.api.serving import serving
from tests.newsroom import Clock, Json, Newsroom, Office, People, paragraph, words

SECRET = "qzrevoked"
READERS = 3  # at each of the two processes
BEFORE, AFTER = 4, 4  # readings that each has to have done
LEASE = 0.1  # seconds for which another process may give again what it keeps; on SQLite it asks the file
BODY = [paragraph(words(20)), paragraph(f"{words(60)} {SECRET}")]
End = Callable[[], Awaitable[object]]


@pytest.fixture(params=[1_000_000, 0], ids=["kept answers", "none kept"])
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """Answers are kept, which have to go with the right, or each is made anew."""
    return settings.model_copy(update={"cache_bytes": request.param})


@pytest.fixture
async def there(settings: Settings, clock: Clock) -> AsyncIterator[AsyncClient]:
    """Another process on the same database."""
    async with serving(settings, clock) as client:
        yield client


async def whole_before_and_after(clients: list[AsyncClient], headers: Json, end: End, *, lease: float) -> Json:
    """Read all the time, end the right in the middle, and return how many readings were whole.

    Of those that began before it was ended and were answered later nothing is asked.
    """
    is_over, read = asyncio.Event(), {"before": 0, "meanwhile": 0, "after": 0}
    is_ending, well_begun = False, asyncio.Semaphore(0)

    async def reading(client: AsyncClient) -> None:
        left = AFTER
        for turn in range(10_000):
            began_after = is_over.is_set()
            began_before = not is_ending
            answer = await client.get("/v1/articles/gated", headers=headers)
            assert answer.status_code == 200
            is_whole = SECRET in answer.text
            assert is_whole == (answer.json()["access"]["granted"] == "full")
            read["after" if began_after else "before" if began_before else "meanwhile"] += is_whole
            if turn == BEFORE:
                well_begun.release()
            left -= began_after
            if not left:
                return
            await asyncio.sleep(0)
        raise AssertionError("it was never over")

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(reading(client))
        for _ in clients:
            await well_begun.acquire()
        is_ending = True
        await end()
        await asyncio.sleep(lease)
        is_over.set()
    return read


@pytest.mark.parametrize("access", [{"requires": "subscriber"}, {"requires": "subscriber", "plans": ["gold"]}])
async def test_a_revoked_subscription_opens_nothing_to_whoever_asks_after_that(
    app: FastAPI,
    client: AsyncClient,
    there: AsyncClient,
    newsroom: Newsroom,
    office: Office,
    people: People,
    access: Json,
) -> None:
    await office.plan("gold", opens="everything")
    await newsroom.published(title="Gated", body=BODY, access=access, teaser={"words": 10})
    account = await people.add("reader")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    lease = 0.0 if app.state.parts.database.is_sqlite else LEASE
    for turn in range(3):
        held = await office.subscribe(account.id, "gold")
        await asyncio.sleep(lease)
        read = await whole_before_and_after(
            [client, there] * READERS, headers, partial(office.revoke, held), lease=lease
        )
        assert read["before"] >= 2 * READERS * BEFORE, turn
        assert read["after"] == 0, turn
