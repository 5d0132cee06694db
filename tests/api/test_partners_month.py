"""A partner's month: its licence is granted, delayed, reached, narrowed and ended, and the ledger adds up."""

import json
from datetime import timedelta

from httpx import AsyncClient

from tests.following import Follower, read_all
from tests.newsroom import Clock, Json, Newsroom, Office, People, paragraph, words
from tests.partners import Program, headers_of, program

GATE = {"requires": "subscriber"}
LONG = 400 * 24 * 3600  # seconds


class Month:
    """A newsroom, its office, and a partner that follows what it may take."""

    def __init__(
        self, client: AsyncClient, newsroom: Newsroom, office: Office, clock: Clock, partner: Program
    ) -> None:
        self.client, self.newsroom, self.office, self.clock = client, newsroom, office, clock
        self.partner, self.follower = partner, Follower(client, {})
        self.made: dict[str, Json] = {}
        self.licence: Json = {}

    async def publish(self, name: str, *tags: str) -> None:
        body = [paragraph(words(80, stem=f"{name}x"))]
        fields = {"title": name, "slug": name, "body": body, "access": GATE, "tags": tags or ("wire",)}
        self.made[name] = await self.newsroom.published(**fields)

    async def update(self, name: str, **fields: object) -> None:
        edited = await self.newsroom.edit(self.made[name], **fields)
        self.made[name] = await self.newsroom.act(edited, "publish")

    async def change(self, **fields: object) -> None:
        self.licence = await self.office.edit("licences", self.licence, **fields)

    def id(self, name: str) -> str:
        return str(self.made[name]["id"])

    def held(self, name: str) -> Json:
        return self.follower.held[self.id(name)]

    async def whole(self) -> set[str]:
        """What the follower holds whole, once it has caught up: as a new one does, and as a full read gives it."""
        headers = await headers_of(self.client, self.partner)
        self.follower.headers = headers
        await self.follower.catch_up()
        assert self.follower.held == await read_all(self.client, headers)
        anew = Follower(self.client, headers)
        await anew.catch_up()
        assert self.follower.held == anew.held
        full = [one for one in self.follower.held.values() if one["access"]["granted"] == "full"]
        assert {one["access"]["reason"] for one in full} <= {"licence"}
        return {one["slug"] for one in full}

    async def ledger(self, **query: object) -> list[Json]:
        found: list[Json] = []
        page: Json = {"next_cursor": None}
        while page["next_cursor"] or not found:
            cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
            path = f"/licences/{self.licence['id']}/ledger"
            page = (await self.office.send("GET", path, params={"limit": 2, **query, **cursor})).json()
            found += page["items"]
            if not page["items"]:
                break
        return found


async def begun(client: AsyncClient, people: People, clock: Clock) -> Month:
    headers = [
        {"Authorization": f"Bearer {people.token(await people.add(role), seconds=LONG)}"}
        for role in ("editor", "admin")
    ]
    newsroom, office = Newsroom(client, headers[0]), Office(client, headers[1])
    month = Month(client, newsroom, office, clock, await program(office))
    for slug in ("wire", "sports"):
        await newsroom.tag(slug)
    for name in ("one", "two", "three"):
        await month.publish(name)
    await month.publish("other", "sports")
    clock.move(hours=24)  # into February
    return month


async def test_a_partners_month(client: AsyncClient, people: People, clock: Clock) -> None:
    month = await begun(client, people, clock)
    assert await month.whole() == set()
    await a_licence_is_granted(month)
    await an_update_comes_at_once(month)
    await what_is_new_waits_for_its_delay(month)
    await one_is_withdrawn_and_acknowledged(month)
    await the_quota_is_reached(month)
    await the_next_month_begins(month)
    await the_licence_is_narrowed_and_ends(month)
    await the_ledger_adds_up(month)


async def a_licence_is_granted(month: Month) -> None:
    agreed = {"delay": "PT6H", "quota": 5, "usage_terms": "Web only."}
    month.licence = await month.office.licence(month.partner.id, articles={"tags": ["wire"]}, **agreed)
    assert (await month.whole(), month.follower.resets) == ({"one", "two", "three"}, 1)
    assert month.held("one")["rights"]["usage_terms"] == "Web only."
    assert month.held("other")["rights"] is None
    assert {one["article_id"] for one in await month.ledger()} == {month.id(n) for n in ("one", "two", "three")}


async def an_update_comes_at_once(month: Month) -> None:
    await month.update("one", title="one!")
    assert (await month.whole(), month.follower.resets) == ({"one", "two", "three"}, 1)
    assert month.held("one")["title"] == "one!"
    entries = await month.ledger(article_id=month.id("one"))
    assert [(one["revision"], one["is_first"]) for one in entries] == [(1, True), (2, False)]


async def what_is_new_waits_for_its_delay(month: Month) -> None:
    await month.publish("four")
    assert "four" not in await month.whole()
    assert month.held("four")["access"]["granted"] == "teaser"
    month.clock.move(hours=5, minutes=59)
    assert "four" not in await month.whole()
    month.clock.move(minutes=1)
    assert (await month.whole(), month.follower.resets) == ({"one", "two", "three", "four"}, 1)


async def one_is_withdrawn_and_acknowledged(month: Month) -> None:
    month.made["two"] = await month.newsroom.act(month.made["two"], "withdraw", public_note="It was wrong.")
    assert await month.whole() == {"one", "three", "four"}
    two = month.id("two")
    assert two not in month.follower.held
    assert [one["article_id"] for one in await month.ledger(unacknowledged=True)] == [two]
    form = {"ids": [two, month.id("one"), month.id("other")]}
    said = await month.client.post("/v1/sync/acknowledgements", json=form, headers=month.follower.headers)
    assert (said.status_code, said.json()) == (200, {"acknowledged": [two]}), said.text
    assert await month.ledger(unacknowledged=True) == []
    (gone,) = [one for one in await month.ledger() if one["is_gone"]]
    assert gone["article_id"] == two
    assert gone["acknowledged_at"] is not None


async def the_quota_is_reached(month: Month) -> None:
    await month.publish("five")
    await month.publish("six")
    month.clock.move(hours=6)
    assert await month.whole() == {"one", "three", "four", "five"}
    refused = month.held("six")["access"]
    assert (refused["granted"], refused["reason"]) == ("teaser", "meter_exhausted")
    await month.update("three", title="three!")
    assert await month.whole() == {"one", "three", "four", "five"}
    assert month.held("three")["title"] == "three!"
    read = await month.client.get("/v1/articles/six", headers=month.follower.headers)
    meter = read.json()["access"]["meter"]
    assert (meter["limit"], meter["used"], meter["resets_at"][8:]) == (5, 5, "01T00:00:00Z")
    shown = (await month.office.send("GET", f"/licences/{month.licence['id']}")).json()
    assert (shown["used"], shown["quota"], shown["is_running"]) == (5, 5, True)


async def the_next_month_begins(month: Month) -> None:
    resets, now = month.follower.resets, month.clock.time
    month.clock.time = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    assert await month.whole() == {"one", "three", "four", "five", "six"}
    assert month.follower.resets == resets + 1, "what is open again has to be told"
    shown = (await month.office.send("GET", f"/licences/{month.licence['id']}")).json()
    assert shown["used"] == 1, "what they had before costs nothing"


async def the_licence_is_narrowed_and_ends(month: Month) -> None:
    resets = month.follower.resets
    await month.update("one", tags=["wire", "sports"])
    await month.change(articles={"tags": ["sports"]})
    assert await month.whole() == {"one", "other"}
    assert month.follower.resets == resets + 1
    ends = month.clock.time + timedelta(hours=1)
    await month.change(ends_at=ends.isoformat())
    assert await month.whole() == {"one", "other"}
    month.clock.time = ends
    assert await month.whole() == set()


async def the_ledger_adds_up(month: Month) -> None:
    entries = await month.ledger()
    firsts = [one["article_id"] for one in entries if one["is_first"]]
    assert sorted(firsts) == sorted(month.id(name) for name in month.made)
    assert len({(one["article_id"], one["revision"]) for one in entries}) == len(entries)
    assert [one["taken_at"] for one in entries] == sorted(one["taken_at"] for one in entries)
    exported = await month.office.send("GET", f"/licences/{month.licence['id']}/ledger/export")
    assert exported.headers["content-type"].startswith("application/x-ndjson")
    assert [json.loads(line) for line in exported.text.splitlines()] == entries
