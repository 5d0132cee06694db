"""Counting in a store that several processes share, a real one: and what happens when it is not there."""

import asyncio
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from domain.limits import Limit
from infra import ids
from infra import limits as module
from infra.limits import AT_ONCE, LEFT_ALONE, Tally
from tests.stores import PASSWORD, Store, a_store, silence


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("store")) as store:
        yield store


@pytest.fixture
def whom(request: pytest.FixtureRequest) -> str:
    """Somebody whom no other test counts."""
    return f"network of {request.node.name}"


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is, the store is waited for."""
    monkeypatch.setattr(module, "PATIENCE", 30)


@asynccontextmanager
async def counting_in(url: str) -> AsyncIterator[Tally]:
    tally = Tally(url, ids.now)
    try:
        yield tally
    finally:
        await tally.close()


async def taken(tally: Tally, limit: Limit, whom: str, number: int) -> int:
    """How many of so many requests there was room for."""
    return sum([await tally.take(limit, whom) for _ in range(number)])


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("shared", [True, False])
async def test_there_is_room_for_so_many(running: Store, whom: str, shared: bool) -> None:
    async with counting_in(running.url if shared else "") as tally:
        assert await taken(tally, Limit("a", 5), whom, 9) == 5
        assert await taken(tally, Limit("b", 5), whom, 9) == 5
        assert await taken(tally, Limit("a", 5), f"{whom} 2", 9) == 5
        count = await tally.look(Limit("a", 5), whom)
        assert (count.before, count.now, count.left(Limit("a", 5))) == (0, 5, 0)
        assert 0 < count.now_ends <= 60
        assert 0 < count.wait(Limit("a", 5)) <= 61


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("shared", [True, False])
async def test_what_was_taken_can_be_given_back(running: Store, whom: str, shared: bool) -> None:
    limit = Limit("a", 3)
    async with counting_in(running.url if shared else "") as tally:
        await taken(tally, limit, whom, 3)
        await tally.take(limit, whom, -1)
        assert await taken(tally, limit, whom, 3) == 1


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("shared", [True, False])
async def test_of_many_at_once_none_gets_by(running: Store, whom: str, shared: bool) -> None:
    async with counting_in(running.url if shared else "") as tally:
        answers = await asyncio.gather(*(tally.take(Limit("a", 7), whom) for _ in range(100)))
        assert sum(answers) == 7


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("shared", [True, False])
async def test_the_wait_is_as_long_as_it_says(running: Store, whom: str, shared: bool) -> None:
    limit = Limit("a", 2, seconds=2)
    async with counting_in(running.url if shared else "") as tally:
        for _ in range(3):
            while await tally.take(limit, whom):
                pass
            await asyncio.sleep((await tally.look(limit, whom)).wait(limit))
            assert await tally.take(limit, whom)


PROGRAM = """
import asyncio, json, sys
from domain.limits import Limit
from infra import ids
from infra.limits import Tally
async def main():
    tally = Tally(sys.argv[1], ids.now)
    print(json.dumps([await tally.take(Limit("a", 50), sys.argv[2]) for _ in range(40)]))
    await tally.close()
asyncio.run(main())
"""


def test_processes_count_together(running: Store, whom: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[1])}
    command = [sys.executable, "-c", PROGRAM, running.url, whom]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(3)]
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    assert [len(some) for some in answers] == [40] * 3
    assert sum(map(sum, answers)) == 50


@pytest.mark.usefixtures("patient")
async def test_without_its_store_a_process_counts_by_itself_and_comes_back(
    tmp_path: Path, whom: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEFT_ALONE", 0.3)
    limit = Limit("a", 4)
    with a_store(tmp_path) as store, caplog.at_level(logging.WARNING):
        async with counting_in(store.url) as tally, counting_in(store.url) as other:
            assert await taken(tally, limit, whom, 3) == 3
            store.kill()
            assert await taken(tally, limit, whom, 9) == 4, "not without limit"
            assert await taken(other, limit, whom, 9) == 4, "each by itself"
            assert [record.name for record in caplog.records] == ["standfirst.limits"] * 2
            store.start()
            await asyncio.sleep(0.4)
            assert await taken(tally, limit, whom, 2) == 2, "a new store has forgotten"
            assert await taken(other, limit, whom, 9) == 2, "they count together again"
    told = [record.getMessage() for record in caplog.records]
    assert [line for line in told if "again" in line] == ["The store of rate limits answers again."] * 2
    assert PASSWORD not in caplog.text
    assert str(store.port) not in caplog.text


async def test_a_store_that_is_not_there_from_the_start_keeps_nobody_waiting(whom: str) -> None:
    async with counting_in("redis://127.0.0.1:1") as tally:
        assert await taken(tally, Limit("a", 4), whom, 50) == 4


async def test_a_store_that_says_nothing_costs_a_moment_once_in_a_while(
    whom: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with silence() as store:
        async with counting_in(store.url) as tally:
            answers = await asyncio.gather(*(tally.take(Limit("a", 4), whom) for _ in range(30)))
            assert (sum(answers), store.callers()) == (4, AT_ONCE)
            assert await taken(tally, Limit("a", 4), whom, 50) == 0
            assert store.callers() == 0, "it is left alone after that"
            monkeypatch.setattr(module, "monotonic", lambda: time.monotonic() + LEFT_ALONE + 1)
            await asyncio.gather(*(tally.take(Limit("a", 4), whom) for _ in range(30)))
            assert store.callers() == 1, "one tries, for all"


async def test_a_store_that_hangs_in_the_middle_is_left_and_found_again(
    tmp_path: Path, whom: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEFT_ALONE", 0.3)
    limit = Limit("a", 10)
    with a_store(tmp_path) as store:
        async with counting_in(store.url) as tally:
            assert await taken(tally, limit, whom, 6) == 6
            with store.frozen():
                assert await taken(tally, limit, whom, 20) == 10
            await asyncio.sleep(0.4)
            left = await taken(tally, limit, whom, 20)
            assert left in {3, 4}, "what was asked while it hung may have been counted"


async def test_a_wrong_password_and_another_server_are_no_store(running: Store, whom: str) -> None:
    for url in (running.url.replace(PASSWORD, "wrong"), running.url.replace(f":{PASSWORD}@", "")):
        async with counting_in(url) as tally:
            assert await taken(tally, Limit("a", 4), whom, 9) == 4
            assert (await tally.look(Limit("a", 4), whom)).left(Limit("a", 4)) == 0


async def test_what_is_no_count_there_is_no_failure_here(running: Store, whom: str) -> None:
    async with counting_in(running.url) as tally:
        async with Redis.from_url(running.url) as store:
            await store.set(f"standfirst:{{a {whom}}}", "canary", px=100_000)
        assert await taken(tally, Limit("a", 4), whom, 9) == 4


def test_nothing_is_asked_of_a_store_before_it_is_needed() -> None:
    Tally("redis://127.0.0.1:1", ids.now)


async def test_a_service_that_is_no_store_keeps_nobody_from_being_answered(whom: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            writer.write(b"+OK\r\n" * 9)
            await writer.drain()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as service:
        port = service.sockets[0].getsockname()[1]
        async with counting_in(f"redis://127.0.0.1:{port}") as tally:
            for _ in range(9):
                await tally.take(Limit("a", 4), whom)
                await tally.look(Limit("a", 4), whom)
            assert await taken(tally, Limit("a", 4), whom, 9) == 0


@pytest.mark.usefixtures("patient")
async def test_however_many_ask_at_once_connections_are_few(running: Store, whom: str) -> None:
    async with counting_in(running.url) as tally:
        answers = await asyncio.gather(*(tally.take(Limit("a", 500), whom) for _ in range(400)))
        assert all(answers)
        asking = Redis.from_url(running.url)
        try:
            assert len(await asking.client_list()) <= AT_ONCE + 2
        finally:
            await asking.aclose()
