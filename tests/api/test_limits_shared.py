"""Several servers count together in a store, and go on by themselves when it is gone."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.app import create_app
from infra import limits as module
from infra.ids import Sources
from infra.settings import Settings
from tests.limiting import calling_from, is_refused, with_limits
from tests.newsroom import Clock, People
from tests.signing_in import TOKEN, account_of, password_form
from tests.stores import Store, a_store, silence

MOST = 6


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path) as store:
        yield store


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is, the store is waited for."""
    monkeypatch.setattr(module, "PATIENCE", 30)


def sharing(settings: Settings, url: str) -> Settings:
    limited = with_limits(settings, cache_bytes=0, reads_a_minute=MOST, wrong_passwords=4)
    return limited.model_copy(update={"rate_limit_store": SecretStr(url)})


@pytest.mark.usefixtures("patient")
async def test_two_servers_count_together_and_apart(
    settings: Settings, clock: Clock, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEFT_ALONE", 0.3)
    one, other = (create_app(sharing(settings, store.url), Sources(now=clock)) for _ in range(2))
    async with (
        one.router.lifespan_context(one),
        other.router.lifespan_context(other),
        calling_from(one, "192.0.2.7") as here,
        calling_from(other, "192.0.2.7") as there,
    ):
        found = [await client.get("/v1/articles") for _ in range(MOST) for client in (here, there)]
        assert [is_refused(answer) for answer in found] == [False] * MOST + [True] * MOST
        missing = await there.get("/v1/articles/never")
        assert is_refused(missing)
        store.kill()
        found = [await client.get("/v1/articles") for _ in range(MOST + 2) for client in (here, there)]
        assert [is_refused(answer) for answer in found] == [False] * MOST * 2 + [True] * 4
        store.start()
        await asyncio.sleep(0.4)
        found = [await client.get("/v1/articles") for _ in range(MOST) for client in (here, there)]
        assert [is_refused(answer) for answer in found] == [False] * MOST + [True] * MOST


@pytest.mark.usefixtures("patient")
async def test_two_servers_look_at_as_many_passwords_as_one(
    settings: Settings, clock: Clock, store: Store
) -> None:
    one, other = (create_app(sharing(settings, store.url), Sources(now=clock)) for _ in range(2))
    async with one.router.lifespan_context(one), other.router.lifespan_context(other):
        account = await account_of(People(one.state.parts))

        async def guess(at: int) -> int:
            async with calling_from((one, other)[at % 2], f"198.51.100.{at}") as client:
                answer = await client.post(TOKEN, data=password_form(account, password="wrong"))
                return answer.status_code

        statuses = await asyncio.gather(*(guess(at) for at in range(20)))
        assert sorted(statuses) == [400] * 4 + [429] * 16


async def test_a_store_that_hangs_costs_a_moment_once(settings: Settings, clock: Clock) -> None:
    with silence() as store:
        app = create_app(sharing(settings, store.url), Sources(now=clock))
        async with app.router.lifespan_context(app), calling_from(app, "192.0.2.7") as client:
            for _ in range(MOST):
                assert (await client.get("/v1/articles")).status_code == 200
            assert is_refused(await client.get("/v1/articles"))
            assert store.callers() == 1
