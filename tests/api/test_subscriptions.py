"""Subscriptions by the API: what they open at once, what is sent twice, and what takes them back."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from api.app import create_app
from infra.ids import Sources
from infra.settings import Settings
from tests.newsroom import NOBODY, Clock, Json, Newsroom, Office, People, paragraph, words

SECRET = "qzsubscribed"
BODY = [paragraph(words(20)), paragraph(f"{words(60)} {SECRET}")]
GATE = {"requires": "subscriber"}
SEA = {"tags": ["sea"]}


@pytest.fixture
async def article(newsroom: Newsroom) -> Json:
    for slug in ("sea", "land"):
        await newsroom.tag(slug)
    return await newsroom.published(title="Gated", body=BODY, access=GATE, tags=["sea"])


async def somebody(people: People, *roles: str) -> tuple[str, dict[str, str]]:
    account = await people.add(*(roles or ("reader",)))
    return account.id, {"Authorization": f"Bearer {people.token(account)}"}


async def reads(client: AsyncClient, headers: dict[str, str], slug: str = "gated") -> bool:
    """Whether the article comes whole; asked twice, so that the second may be what was kept of the first."""
    answers = [await client.get(f"/v1/articles/{slug}", headers=headers) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {200}
    told = {(SECRET in answer.text, answer.json()["access"]["granted"] == "full") for answer in answers}
    assert told in ({(True, True)}, {(False, False)})
    asked = {"ids": answers[0].json()["id"]}
    (card,) = (await client.get("/v1/articles", headers=headers, params=asked)).json()["items"]
    assert card["access"]["granted"] == answers[0].json()["access"]["granted"]
    found = (await client.get("/v1/search", headers=headers, params={"q": SECRET, **asked})).json()["items"]
    assert bool(found) is told.pop()[0]
    return SECRET in answers[1].text


async def test_a_reader_reads_at_once_what_they_have_paid_for(
    client: AsyncClient, people: People, office: Office, newsroom: Newsroom, article: Json
) -> None:
    await newsroom.published(title="Named", body=BODY, access={**GATE, "plans": ["coast"]}, slug="named")
    account_id, headers = await somebody(people)
    await office.plan("coast", opens=SEA)
    refused = (await client.get("/v1/articles/gated", headers=headers)).json()["access"]
    assert [offer["plan"] for offer in refused["offers"]] == ["coast"]
    assert not await reads(client, headers)
    made = await office.subscribe(account_id, "coast")
    assert (made["state"], made["source"], made["version"]) == ("active", "admin", 1)
    for slug in ("gated", "named"):
        assert SECRET in (await client.get(f"/v1/articles/{slug}", headers=headers)).text
    assert (await client.get("/v1/me", headers=headers)).json()["plans"] == ["coast"]


Change = Callable[[Office, Newsroom, Json, Json], Awaitable[object]]


async def end(office: Office, _: Newsroom, __: Json, held: Json) -> object:
    return await office.edit(
        "subscriptions", held, starts_at="2026-01-01T00:00:00Z", ends_at="2026-01-02T00:00:00Z"
    )


async def revoke(office: Office, _: Newsroom, __: Json, held: Json) -> object:
    return await office.revoke(held)


async def remove(office: Office, _: Newsroom, __: Json, held: Json) -> object:
    answer = await office.send("DELETE", f"/subscriptions/{held['id']}", version=held["version"])
    assert answer.status_code == 204
    return answer


async def narrow(office: Office, _: Newsroom, plan: Json, __: Json) -> object:
    return await office.edit("plans", plan, opens={"tags": ["land"]})


async def close(office: Office, _: Newsroom, plan: Json, __: Json) -> object:
    return await office.edit("plans", plan, opens=None)


async def change_plan(office: Office, _: Newsroom, __: Json, held: Json) -> object:
    await office.plan("other")
    return await office.edit("subscriptions", held, plan="other")


async def block(office: Office, _: Newsroom, __: Json, held: Json) -> object:
    return await office.edit("accounts", await office.account(held["account_id"]), is_blocked=True)


async def take_role(office: Office, _: Newsroom, __: Json, held: Json) -> object:
    return await office.edit("accounts", await office.account(held["account_id"]), roles=["partner"])


async def delete_account(office: Office, _: Newsroom, __: Json, held: Json) -> object:
    answer = await office.send("DELETE", f"/accounts/{held['account_id']}", version=1)
    assert answer.status_code == 204
    return answer


CHANGES: dict[str, Change] = {
    one.__name__: one
    for one in (end, revoke, remove, narrow, close, change_plan, block, take_role, delete_account)
}


@pytest.mark.parametrize("change", CHANGES)
async def test_what_is_taken_back_is_gone_on_every_worker_with_the_cache_warm(
    settings: Settings,
    client: AsyncClient,
    people: People,
    office: Office,
    newsroom: Newsroom,
    article: Json,
    clock: Clock,
    change: str,
) -> None:
    plan = await office.plan("coast", opens=SEA)
    account_id, headers = await somebody(people)
    held = await office.subscribe(account_id, "coast")
    other = create_app(settings, Sources(now=clock))
    async with (
        other.router.lifespan_context(other),
        AsyncClient(transport=ASGITransport(other), base_url="https://api.test") as there,
    ):
        for _ in range(3):
            await asyncio.sleep(0.12)  # the lease of each is read
            for one in (client, there):
                answer = await one.get("/v1/articles/gated", headers=headers)
                assert SECRET in answer.text
        await CHANGES[change](office, newsroom, plan, held)
        if not people.parts.database.is_sqlite:
            await asyncio.sleep(0.1)
        for one in (there, client):
            for more in ({}, {"If-None-Match": answer.headers["etag"]}):
                refused = await one.get("/v1/articles/gated", headers={**headers, **more})
                assert SECRET not in refused.text
                assert refused.status_code in ({401} if change in {"block", "delete_account"} else {200})


async def test_grace_runs_out_by_the_clock_with_the_cache_warm(
    client: AsyncClient, people: People, office: Office, article: Json, clock: Clock
) -> None:
    await office.plan("coast", opens="everything")
    account_id, headers = await somebody(people)
    starts, ends, grace = (clock.time + timedelta(hours=hours) for hours in (0.1, 0.2, 0.3))
    times = {"starts_at": starts, "ends_at": ends, "grace_until": grace}
    held = await office.subscribe(account_id, "coast", **{name: at.isoformat() for name, at in times.items()})
    tick = timedelta(milliseconds=20)  # each look moves the clock by one
    for moment, state, is_open in (
        (starts - 3 * tick, "upcoming", False),
        (starts, "active", True),
        (ends - 3 * tick, "active", True),
        (ends, "grace", True),
        (grace - 3 * tick, "grace", True),
        (grace, "ended", False),
    ):
        clock.time = moment
        assert await reads(client, headers) is is_open, state
        told = (await office.send("GET", f"/subscriptions/{held['id']}")).json()
        assert told["state"] == state
        listed = (await office.send("GET", f"/subscriptions?state={state}")).json()["items"]
        assert [one["id"] for one in listed] == [held["id"]]


async def test_a_tag_that_is_merged_goes_on_opening_what_it_opened(
    client: AsyncClient, people: People, office: Office, newsroom: Newsroom, article: Json
) -> None:
    other = await newsroom.published(title="Other", body=BODY, access=GATE, section="land", slug="other")
    plan = await office.plan("coast", opens=SEA)
    account_id, headers = await somebody(people)
    await office.subscribe(account_id, "coast")
    assert [await reads(client, headers, slug) for slug in ("gated", "other")] == [True, False]
    await newsroom.send("PATCH", "/tags/sea", version=1, json={"slug": "ocean"})
    assert await reads(client, headers)
    assert (
        await office.send("POST", "/plans", json={"slug": "x", **_form(plan), "opens": {"tags": ["sea"]}})
    ).json()["opens"] == {"tags": ["ocean"], "sections": []}
    merged = await newsroom.send("POST", "/tags/ocean/merge", version=2, json={"into": "land"})
    assert merged.status_code == 200
    assert [await reads(client, headers, slug) for slug in ("gated", "other")] == [True, True]
    assert (await office.send("GET", "/plans/coast")).json()["opens"] == {"tags": ["land"], "sections": []}
    await office.edit("plans", plan, opens={"tags": None, "sections": ["land"]})
    assert [await reads(client, headers, slug) for slug in ("gated", "other")] == [False, True]
    assert other["section"] == "land"


def _form(plan: Json) -> Json:
    return {name: plan[name] for name in ("names", "price", "period", "url")}


async def test_what_a_payment_system_sends_twice_is_made_once(office: Office, people: People) -> None:
    account_id, _ = await somebody(people)
    await office.plan("coast")
    form = {"account_id": account_id, "plan": "coast", "source": "till", "external_id": "sub_1"}
    first = await office.send("POST", "/subscriptions", json=form)
    again = await office.send("POST", "/subscriptions", json=dict(reversed(form.items())))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    changed = await office.edit("subscriptions", first.json(), ends_at="2030-01-01T00:00:00Z")
    late = await office.send("POST", "/subscriptions", json=form)
    assert (late.status_code, late.json()) == (200, changed)
    other = await office.send("POST", "/subscriptions", json={**form, "ends_at": "2030-01-01T00:00:00Z"})
    assert (other.status_code, other.json()["rule"]) == (409, "external-id")
    assert f"/v1/admin/subscriptions/{changed['id']}" in other.json()["detail"]
    elsewhere = await office.send("POST", "/subscriptions", json={**form, "source": "kiosk"})
    assert elsewhere.status_code == 201
    listed = (await office.send("GET", "/subscriptions?source=till&external_id=sub_1")).json()["items"]
    assert listed == [changed]
    found = (await office.send("GET", "/events?subject=subscription&action=create")).json()["items"]
    assert len(found) == 2


@pytest.mark.parametrize("term", ["ends_at", "trial_until"])
async def test_what_comes_again_after_its_end_is_still_known(
    office: Office, people: People, clock: Clock, term: str
) -> None:
    account_id, _ = await somebody(people)
    await office.plan("coast")
    until = (clock.time + timedelta(minutes=5)).isoformat()
    sent = {"account_id": account_id, "plan": "coast", "source": "till", "external_id": "s1", term: until}
    first = await office.send("POST", "/subscriptions", json=sent)
    clock.move(minutes=10)
    office.headers = await people.headers("admin")
    again = await office.send("POST", "/subscriptions", json=sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]


async def test_two_that_come_at_once_make_one_row(office: Office, people: People, app: FastAPI) -> None:
    account_id, _ = await somebody(people)
    await office.plan("coast")
    form = {"account_id": account_id, "plan": "coast", "source": "till", "external_id": "sub_1"}
    answers = await asyncio.gather(*(office.send("POST", "/subscriptions", json=form) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len((await office.send("GET", "/subscriptions")).json()["items"]) == 1


async def test_one_of_two_changes_at_once_wins(office: Office, people: People) -> None:
    account_id, _ = await somebody(people)
    await office.plan("coast")
    held = await office.subscribe(account_id, "coast")
    path, form = f"/subscriptions/{held['id']}", {"ends_at": "2030-01-01T00:00:00Z"}
    answers = await asyncio.gather(*(office.send("PATCH", path, version=1, json=form) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    tried: tuple[tuple[str, dict[str, Any]], ...] = (("PATCH", {"json": form}), ("DELETE", {}), ("POST", {}))
    for method, more in tried:
        where = f"{path}/revoke" if method == "POST" else path
        assert (await office.send(method, where, **more)).status_code == 428
        assert (await office.send(method, where, version=1, **more)).status_code == 412


@pytest.mark.parametrize(
    ("fields", "status", "pointers"),
    [
        ({"account_id": NOBODY}, 422, ["/account_id"]),
        ({"account_id": "x"}, 422, ["/account_id"]),
        ({"plan": "nowhere"}, 422, ["/plan"]),
        ({"plan": "No Slug"}, 422, ["/plan"]),
        ({"ends_at": "2020-01-01T00:00:00Z"}, 422, ["/ends_at"]),
        ({"grace_until": "2030-01-01T00:00:00Z"}, 422, ["/grace_until"]),
        ({"starts_at": "yesterday"}, 422, ["/starts_at"]),
        ({"source": "Till!"}, 422, ["/source"]),
        ({"external_id": ""}, 422, ["/external_id"]),
        ({"external_id": "a b"}, 422, ["/external_id"]),
        ({"id": NOBODY}, 422, ["/id"]),
        ({"state": "active"}, 422, ["/state"]),
        ({"version": 7}, 422, ["/version"]),
        ({"revoked_at": None}, 422, ["/revoked_at"]),
        ({"roles": ["admin"]}, 422, ["/roles"]),
    ],
)
async def test_what_does_not_fit_is_refused(
    office: Office, people: People, fields: Json, status: int, pointers: list[str]
) -> None:
    account_id, _ = await somebody(people)
    await office.plan("coast")
    answer = await office.send(
        "POST", "/subscriptions", json={"account_id": account_id, "plan": "coast", **fields}
    )
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (status, pointers)
    held = await office.subscribe(account_id, "coast")
    for name in ("id", "account_id", "source", "state", "version"):
        patched = await office.send("PATCH", f"/subscriptions/{held['id']}", version=1, json={name: held[name]})
        assert (patched.status_code, patched.json()["errors"][0]["pointer"]) == (422, f"/{name}")
    assert (await office.send("GET", f"/subscriptions/{held['id']}")).json()["version"] == 1


async def test_one_that_is_revoked_stays_so(office: Office, people: People) -> None:
    account_id, _ = await somebody(people)
    await office.plan("coast")
    held = await office.revoke(await office.subscribe(account_id, "coast", ends_at="2030-01-01T00:00:00Z"))
    assert held["state"] == "revoked"
    for method, path in (("PATCH", ""), ("POST", "/revoke")):
        more: dict[str, Any] = {"json": {"ends_at": None}} if method == "PATCH" else {}
        again = await office.send(method, f"/subscriptions/{held['id']}{path}", version=2, **more)
        assert (again.status_code, again.json()["rule"]) == (409, "revoked")


async def test_lists_filter_and_page(office: Office, people: People) -> None:
    mine, theirs = [(await somebody(people))[0] for _ in range(2)]
    for slug in ("coast", "inland"):
        await office.plan(slug)
    made = [await office.subscribe(one, plan) for one in (mine, theirs) for plan in ("coast", "inland")]
    expected = [one["id"] for one in reversed(made)]
    found, query = [], "limit=1"
    while query:
        page = (await office.send("GET", f"/subscriptions?{query}")).json()
        found += [one["id"] for one in page["items"]]
        query = f"limit=1&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert found == expected
    for asked, kept in (
        (f"account_id={mine}", made[:2]),
        ("plan=coast", made[::2]),
        (f"account_id={theirs}&plan=inland", made[3:]),
        ("state=ended", []),
        ("source=till", []),
    ):
        items = (await office.send("GET", f"/subscriptions?{asked}")).json()["items"]
        assert [one["id"] for one in items] == [one["id"] for one in reversed(kept)], asked
    for bad in ("state=gone", "account_id=x", "plan=No", "source=", "limit=0", "cursor=x", "of=1"):
        assert (await office.send("GET", f"/subscriptions?{bad}")).status_code == 400
