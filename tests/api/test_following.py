"""Followers while a newsroom works: whatever happens, in whatever order, each ends with what a full read gives."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from api.app import create_app
from domain.people import Account, Role
from infra import accounts
from infra.db import DatabaseBusy
from infra.ids import Sources
from infra.settings import Settings
from tests.following import Follower, read_all
from tests.newsroom import Clock, Json, Newsroom, People, paragraph, words

BUSY = 503  # with eight writers at once SQLite may take no more for a while
ROLES = (Role.READER, Role.SUBSCRIBER, Role.EDITOR)
GATES: tuple[Json, ...] = (
    {"requires": "free"},
    {"requires": "registered"},
    {"requires": "subscriber"},
    {"requires": "subscriber", "plans": ["gold"]},
)


class Desk:
    """A newsroom that does anything at all, one thing at a time."""

    def __init__(self, newsroom: Newsroom, clock: Clock | None, random: Random) -> None:
        self.newsroom, self.clock, self.random = newsroom, clock, random
        self.articles: list[str] = []
        self.media: list[str] = []
        self.names = 0

    async def open(self) -> None:
        """Make what articles name."""
        for slug in ("sea", "salt", "sand"):
            await self.newsroom.tag(f"{slug}-{id(self)}")
        await self.newsroom.contributor(f"ada-{id(self)}")
        self.media = [(await self.newsroom.medium())["id"] for _ in range(2)]

    async def work(self) -> None:
        """Do one thing, at random; what the workflow refuses is not done."""
        does: list[Callable[[], Awaitable[object]]] = [
            self.write,
            self.act,
            self.act,
            self.edit,
            self.edit,
            self.name,
        ]
        await self.random.choice(does)()
        if self.clock is not None and self.random.random() < 0.3:
            self.clock.move(minutes=self.random.choice([1, 10, 50]))

    def fields(self) -> Json:
        links = self.random.sample(self.articles, min(2, len(self.articles)))
        image = {"_type": "image", "media_id": self.random.choice(self.media)}
        read_also = [{"_type": "related", "article_id": article_id} for article_id in links[:1]]
        gate: Json = {**self.random.choice(GATES)}
        if gate["requires"] != "free" and self.random.random() < 0.4 and self.clock is not None:
            gate[self.random.choice(["from", "until"])] = self.soon()
        body = [
            paragraph(words(20)),
            *read_also[: self.random.randint(0, 1)],
            paragraph(words(30)),
            image,
            *read_also,
        ]
        return {
            "title": f"Title {self.random.random()}",
            "tags": [f"{self.random.choice(['sea', 'salt'])}-{id(self)}"],
            "credits": [{"role": "author", "contributor": f"ada-{id(self)}"}],
            "body": body,
            "related": links[1:],
            "access": gate,
            "teaser": {"words": self.random.choice([5, 25])},
        }

    def soon(self) -> str:
        assert self.clock is not None
        return (self.clock.time + timedelta(minutes=self.random.randint(1, 90))).isoformat()

    async def write(self) -> None:
        form = {"language": "en", **self.fields()}
        made = await self.newsroom.send("POST", "/articles", json=form)
        if made.status_code == BUSY:
            return
        draft = made.json()
        self.articles.append(draft["id"])
        await self.send("POST", f"/articles/{draft['id']}/actions/publish", draft["version"], {})

    async def one(self) -> Json | None:
        if not self.articles:
            return None
        found: Json = (await self.newsroom.send("GET", f"/articles/{self.random.choice(self.articles)}")).json()
        return found

    async def edit(self) -> None:
        if one := await self.one():
            other = self.random.choice([None, *self.articles])
            fields = {**self.fields(), "translation_of": other, "language": self.random.choice(["en", "fr"])}
            edited = await self.send("PATCH", f"/articles/{one['id']}", one["version"], fields)
            if edited:
                await self.send("POST", f"/articles/{one['id']}/actions/publish", edited["version"], {})

    async def act(self) -> None:
        if one := await self.one():
            actions = ["unpublish", "publish", "correct", "withdraw"]
            timed = ["schedule", "unschedule", "until"] if self.clock is not None else []
            action = self.random.choice([*actions, *timed])
            form: Json = {"public_note": "Said."} if action in {"correct", "withdraw"} else {}
            if action == "schedule":
                form = {"at": self.soon()}
            if action == "until":
                action, form = "publish", {"until": self.soon()}
            await self.send("POST", f"/articles/{one['id']}/actions/{action}", one["version"], form)

    async def name(self) -> None:
        self.names += 1
        what = self.random.choice(
            [f"/tags/sea-{id(self)}", f"/contributors/ada-{id(self)}", f"/media/{self.media[0]}"]
        )
        found = await self.newsroom.send("GET", what)
        said = {"credit": f"Credit {self.names}"} if "/media/" in what else {"name": f"Name {self.names}"}
        await self.send("PATCH", what, found.json()["version"], said)

    async def send(self, method: str, path: str, version: int, form: Json) -> Json | None:
        response = await self.newsroom.send(method, path, version=version, json=form)
        assert response.status_code in {200, 409, 412, 422, BUSY}, response.text
        done: Json | None = response.json() if response.status_code == 200 else None
        return done


async def bearers(people: People, count: int) -> list[tuple[Account | None, dict[str, str]]]:
    """Readers of several sorts, whose tokens last and claim every role, so that the account's decide."""
    found: list[tuple[Account | None, dict[str, str]]] = [(None, {})]
    for at in range(count):
        account = await people.add(*ROLES, plans=("gold",) if at % 2 else ())
        token = people.token(account, seconds=10_000_000)
        await give(people, account, ROLES[at % len(ROLES)])
        found.append((account, {"Authorization": f"Bearer {token}"}))
    return found


async def give(people: People, account: Account, *roles: Role) -> None:
    async with people.parts.database.write() as connection:
        await accounts.set_roles(connection, account.id, roles)


async def check_following(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock, seed: int, steps: int
) -> None:
    random = Random(seed)
    desk = Desk(newsroom, clock, random)
    await desk.open()
    newsroom.headers = (await bearers(people, 3))[3][1]  # an editor whose token lasts
    readers = await bearers(people, 3)
    followers = [Follower(client, headers) for _, headers in readers]
    tagged = Follower(client, {}, tag=f"sea-{id(desk)}")
    for _ in range(steps):
        await desk.work()
        if random.random() < 0.1:
            account = random.choice([account for account, _ in readers if account])
            await give(people, account, random.choice(ROLES))
        if random.random() < 0.5:
            await random.choice([*followers, tagged]).page(random.randint(1, 4))
    for follower in followers:
        await follower.catch_up()
        assert follower.held == await read_all(client, follower.headers)
    await tagged.catch_up()
    assert tagged.held == await read_all(client, {}, tag=f"sea-{id(desk)}")


@pytest.mark.parametrize("seed", range(3))
async def test_followers_end_with_what_a_full_read_gives(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock, seed: int
) -> None:
    await check_following(client, newsroom, people, clock, seed, steps=25)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(10, 14))
async def test_followers_end_with_it_after_a_long_time(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock, seed: int
) -> None:
    await check_following(client, newsroom, people, clock, seed, steps=100)


async def check_under_fire(settings: Settings, app: FastAPI, people: People, clock: Clock, *, rounds: int) -> None:
    """Eight writers with real commits, rights that change, and four followers at another worker."""
    editor = await people.headers("editor")
    other = create_app(settings, Sources(now=clock))
    async with other.router.lifespan_context(other):
        writing = AsyncClient(transport=ASGITransport(app), base_url="https://api.test", timeout=60)
        reading = AsyncClient(transport=ASGITransport(other), base_url="https://api.test", timeout=60)
        desks = [Desk(Newsroom(writing, editor), None, Random(seed)) for seed in range(8)]
        for desk in desks:
            await desk.open()
        readers = await bearers(people, 3)
        followers = [Follower(reading, headers) for _, headers in readers]
        is_over = asyncio.Event()

        async def write(desk: Desk) -> None:
            for _ in range(rounds):
                await desk.work()

        async def follow(follower: Follower) -> None:
            while not is_over.is_set():
                await follower.page(5)
                await asyncio.sleep(0)

        async def change_rights() -> None:
            random = Random(1)
            while not is_over.is_set():
                account = random.choice([account for account, _ in readers if account])
                with suppress(DatabaseBusy):  # eight others write
                    await give(people, account, random.choice(ROLES))
                await asyncio.sleep(0.2)

        others = [asyncio.create_task(follow(follower)) for follower in followers]
        others.append(asyncio.create_task(change_rights()))
        try:
            await asyncio.gather(*(write(desk) for desk in desks))
        finally:
            is_over.set()
            await asyncio.gather(*others)
        await asyncio.sleep(0.15)  # what another process changed is known within a tenth of a second
        for follower in followers:
            await follower.catch_up(100)
            assert follower.held == await read_all(reading, follower.headers)
        assert any(follower.held for follower in followers)
        await writing.aclose()
        await reading.aclose()


async def test_followers_under_fire_miss_nothing(
    settings: Settings, people: People, app: FastAPI, clock: Clock
) -> None:
    await check_under_fire(settings, app, people, clock, rounds=4)


@pytest.mark.deep
async def test_followers_under_long_fire_miss_nothing(
    settings: Settings, people: People, app: FastAPI, clock: Clock
) -> None:
    await check_under_fire(settings, app, people, clock, rounds=20)
