"""A bulk that is sent again, dies on the way or cannot be committed: no row is lost, and none is done twice."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI

from api.editorial import bulk
from api.idempotency import Attempt
from api.problems import RowResult
from infra.db import DatabaseBusy
from infra.tables import events, idempotency_keys
from tests.api.test_bulk import BROKEN, CREATE, count, many, read, results, send, titled
from tests.api.test_failing_commits import Saboteur
from tests.everything import everything
from tests.newsroom import Clock, Newsroom, People


@pytest.fixture
async def saboteur(app: FastAPI) -> AsyncIterator[Saboteur]:
    one = Saboteur(app)
    yield one
    await one.run(*one.undo)


async def test_sent_twice_it_is_done_once(newsroom: Newsroom, people: People) -> None:
    for atomic in (False, True):
        rows = [titled(at) for at in range(5)] + ([] if atomic else [BROKEN])
        first = await send(newsroom, *rows, atomic=atomic, key=f"k {atomic}")
        before = await everything(people.parts)
        again = await send(newsroom, *rows, atomic=atomic, key=f"k {atomic}")
        assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
        assert await everything(people.parts) == before
        other = await send(newsroom, *rows[1:], atomic=atomic, key=f"k {atomic}")
        assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert await count(people) == 10


async def test_twenty_at_once_with_one_key_make_each_article_once(newsroom: Newsroom, people: People) -> None:
    for atomic in (False, True):
        rows = [titled(at) for at in range(6)]
        sent = (send(newsroom, *rows, atomic=atomic, key=f"k {atomic}") for _ in range(20))
        answers = await asyncio.gather(*sent)
        assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
        assert {answer.status_code for answer in answers} <= {200, 409}
    assert await count(people) == await count(people, events) == 12


async def test_a_bulk_that_was_refused_whole_keeps_no_key(newsroom: Newsroom, people: People) -> None:
    assert (await send(newsroom, CREATE, BROKEN, atomic=True, key="k")).status_code == 422
    assert await count(people, idempotency_keys) == 0
    assert (await send(newsroom, CREATE, CREATE, atomic=True, key="k")).status_code == 200


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("rows_before", [1, 7, 29])
async def test_a_killed_bulk_is_gone_on_with_and_no_row_is_done_twice(
    newsroom: Newsroom, people: People, clock: Clock, monkeypatch: pytest.MonkeyPatch, rows_before: int
) -> None:
    rows = [titled(at) if at % 3 else BROKEN for at in range(30)]
    proceed = bulk.Bulk._some  # noqa: SLF001
    committed: list[RowResult] = []

    async def some(self: bulk.Bulk, *args: Any, **kwargs: Any) -> Any:
        if len(committed) >= rows_before:
            raise Killed
        found = await proceed(self, *args, **kwargs)
        committed.extend(found)
        return found

    async def nothing(_: Attempt) -> None:
        return

    monkeypatch.setattr(bulk, "WRITER_SECONDS", 0)
    with monkeypatch.context() as patch:
        patch.setattr(bulk.Bulk, "_some", some)
        patch.setattr(Attempt, "release", nothing)
        with pytest.raises(Killed):
            await send(newsroom, *rows, key="k")
    done = await count(people)
    assert 0 <= done < 20
    assert (await send(newsroom, *rows, key="k")).json()["rule"] == "idempotency-key-running"
    clock.move(seconds=61)
    found = await send(newsroom, *rows, key="k")
    assert [(one["row"], one["status"]) for one in results(found)] == [
        (at + 1, 201 if at % 3 else 422) for at in range(30)
    ]
    assert found.text.startswith("".join(f"{one.model_dump_json(exclude_none=True)}\n" for one in committed))
    assert await count(people) == await count(people, events) == 20
    made = [one["id"] for one in results(found) if "id" in one]
    assert [(await read(newsroom, one))["title"] for one in made] == [f"Title {at}" for at in range(30) if at % 3]
    assert (await send(newsroom, *rows, key="k")).content == found.content


@pytest.mark.parametrize("done", [2, 4])
@pytest.mark.parametrize(("error", "status"), [(DatabaseBusy("x"), 503), (RuntimeError("secret"), 500)])
async def test_a_commit_that_fails_is_told_for_its_rows_and_can_be_made_up_for(
    newsroom: Newsroom, people: People, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, done: int
) -> None:
    rows, chunks = [titled(at) for at in range(5)], []

    def breaking(write: Any) -> Any:
        async def written(*args: Any, **kwargs: Any) -> None:
            await write(*args, **kwargs)
            chunks.append(1)
            if len(chunks) > done:
                raise error

        return written

    monkeypatch.setattr(bulk, "WRITER_SECONDS", 0)
    with monkeypatch.context() as patch:
        for name in ("proceed", "keep"):  # the last thing in each transaction
            patch.setattr(Attempt, name, breaking(getattr(Attempt, name)))
        first = await send(newsroom, *rows, key="k")
    found = results(first)
    assert [one["status"] for one in found] == [201] * done + [status] * (5 - done)
    assert "secret" not in first.text
    again = await send(newsroom, *rows, key="k")
    assert [one["status"] for one in results(again)] == [201] * 5
    assert results(again)[:done] == found[:done]
    assert "Idempotency-Replayed" not in again.headers
    assert await count(people) == await count(people, events) == 5


async def test_a_commit_that_fails_leaves_nothing_of_its_rows(
    newsroom: Newsroom, people: People, saboteur: Saboteur
) -> None:
    before = await everything(people.parts)
    await saboteur.start()
    for key in (None, "k"):
        for atomic in (False, True):
            answer = await send(newsroom, CREATE, CREATE, atomic=atomic, key=key and f"k {atomic}")
            assert answer.status_code in {409, 500}
            assert answer.headers["Content-Type"] == "application/problem+json"
        assert await everything(people.parts) == before
    await saboteur.stop()
    for atomic in (False, True):
        found = await many(newsroom, CREATE, CREATE, atomic=atomic, key=f"k {atomic}")
        assert [one["status"] for one in found] == [201, 201]


async def test_a_bulk_that_was_given_up_cannot_act_any_more(
    newsroom: Newsroom, people: People, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, some, reached, go_on = [titled(at) for at in range(4)], bulk.Bulk._some, asyncio.Event(), asyncio.Event()  # noqa: SLF001

    async def slow(self: bulk.Bulk, *args: Any, **kwargs: Any) -> Any:
        if "\n" in args[1] and not reached.is_set():
            reached.set()
            await go_on.wait()
        return await some(self, *args, **kwargs)

    monkeypatch.setattr(bulk, "WRITER_SECONDS", 0)
    monkeypatch.setattr(bulk.Bulk, "_some", slow)
    first = asyncio.create_task(send(newsroom, *rows, key="k"))
    await reached.wait()
    clock.move(seconds=61)
    second = await send(newsroom, *rows, key="k")
    go_on.set()
    assert [one["status"] for one in results(second)] == [201] * 4
    assert (await first).json()["rule"] == "idempotency-key-running"
    assert await count(people) == await count(people, events) == 4
