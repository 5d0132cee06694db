"""Gifts: who gives what, how many, what its link opens, and when it opens nothing any more."""

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select

from infra.settings import Settings
from infra.tables import events, gifts
from tests.api.serving import serving
from tests.api.test_representations import leased
from tests.newsroom import NOBODY, Clock, Json, Newsroom, Office, People, paragraph, words

SECRET = "qzgiven"
BODY = [paragraph(words(20)), paragraph(f"{words(60)} {SECRET}")]
GATE = {"requires": "subscriber"}
FORMATS = ("", "/ninjs", "/jsonld", "/html", "/markdown", "/text")
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"gifts_a_month": 3, "meter_articles": 1})


async def gated(newsroom: Newsroom, title: str = "Gated", **fields: Any) -> Json:
    form = {"title": title, "body": BODY, "access": GATE, "teaser": {"words": 10}, **fields}
    return await newsroom.published(**form)


async def give(client: AsyncClient, slug: str, headers: Json, **more: Any) -> Response:
    return await client.post(f"/v1/articles/{slug}/gifts", headers=headers, **more)


async def given(client: AsyncClient, slug: str, headers: Json) -> tuple[str, str]:
    """A new gift: its token and its id."""
    answer = await give(client, slug, headers)
    assert answer.status_code == 201, answer.text
    (token,) = parse_qs(urlsplit(answer.json()["url"]).query)["gift"]
    return token, answer.json()["id"]


async def opens(client: AsyncClient, slug: str, token: str, headers: Json | None = None) -> bool:
    """Whether the article comes whole, in every form; no answer may be kept, nor tells of the token."""
    whole = set()
    for below in FORMATS:
        answer = await client.get(f"/v1/articles/{slug}{below}", params={"gift": token}, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "surrogate-key" not in answer.headers
        assert token not in answer.text + str(answer.headers)
        whole.add(SECRET in answer.text)
    assert len(whole) == 1
    return whole.pop()


async def test_a_gift_opens_its_article_for_anybody(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    made = await gated(newsroom)
    giver = await people.headers("subscriber")
    answer = await give(client, "gated", giver)
    gift = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    assert answer.headers["location"] == f"https://api.test/v1/me/gifts/{gift['id']}"
    address, _, token = gift["url"].partition("?gift=")
    assert address == "https://www.test/en/gated"
    assert len(token) == 43
    assert gift["article"] == {"id": made["id"], "slug": "gated", "title": "Gated", "language": "en"}
    lasts = datetime.fromisoformat(gift["expires_at"]) - datetime.fromisoformat(gift["created_at"])
    assert lasts == timedelta(days=30)
    teaser = await client.get("/v1/articles/gated")
    assert SECRET not in teaser.text
    for headers in ({}, await people.headers("reader"), await people.headers("partner")):
        assert await opens(client, "gated", token, headers)
        assert await opens(client, made["id"], token, headers)
        access = (await client.get("/v1/articles/gated", params={"gift": token}, headers=headers)).json()["access"]
        assert (access["granted"], access["reason"], access["remaining_percent"]) == ("full", "gift", 0)
        assert (access["meter"], access["offers"]) == (None, [])
    own = (await client.get("/v1/articles/gated", params={"gift": token}, headers=giver)).json()["access"]
    assert own["reason"] == "subscriber"
    again = await client.get("/v1/articles/gated")  # nothing of it was kept for others
    assert (again.content, again.headers["cache-control"]) == (teaser.content, teaser.headers["cache-control"])


async def test_a_gift_takes_nothing_out_of_a_meter(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await gated(newsroom)
    await gated(newsroom, "Other")
    token, _ = await given(client, "gated", await people.headers("subscriber"))
    headers = await people.headers("reader")
    assert await opens(client, "gated", token, headers)
    access = (await client.get("/v1/articles/other", headers=headers)).json()["access"]
    assert (access["reason"], access["meter"]["used"]) == ("metered", 1)
    assert await opens(client, "gated", token, headers)


async def test_only_the_token_s_digest_is_kept(client: AsyncClient, newsroom: Newsroom, people: People) -> None:
    await gated(newsroom)
    token, _ = await given(client, "gated", await people.headers("subscriber"))
    async with people.parts.database.read() as connection:
        (row,) = (await connection.execute(select(gifts))).all()
    assert row.digest == sha256(token.encode()).hexdigest()
    assert token not in str(row)


@pytest.mark.parametrize(
    ("roles", "access", "status", "rule"),
    [
        ("subscriber", GATE, 201, None),
        ("reader subscriber", GATE, 201, None),
        ("editor", GATE, 201, None),
        ("admin", {"requires": "registered"}, 201, None),
        ("editor", {**GATE, "plans": ["gold"]}, 201, None),
        ("subscriber", {**GATE, "plans": ["gold"]}, 403, "gift"),
        ("reader", GATE, 403, "gift"),
        ("contributor", GATE, 403, "gift"),
        ("reader", {"requires": "registered"}, 403, "gift"),
        ("partner", GATE, 403, "gifts"),
        ("", GATE, 401, None),
        ("subscriber", {"requires": "free"}, 409, "gift-free"),
        ("editor", {**GATE, "until": "2026-01-01T00:00:00Z"}, 409, "gift-free"),
    ],
)
async def test_who_reads_it_as_a_subscriber_or_as_staff_may_give_it(
    client: AsyncClient,
    newsroom: Newsroom,
    people: People,
    roles: str,
    access: Json,
    status: int,
    rule: str | None,
) -> None:
    await gated(newsroom, access=access)
    answer = await give(client, "gated", await people.headers(*roles.split()))
    assert (answer.status_code, answer.json().get("rule")) == (status, rule)


async def test_a_meter_or_a_gift_is_nothing_to_give(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await gated(newsroom)
    headers = await people.headers("reader")
    token, _ = await given(client, "gated", await people.headers("subscriber"))
    assert SECRET in (await client.get("/v1/articles/gated", headers=headers)).text
    assert (await give(client, "gated", headers)).json()["rule"] == "gift"
    assert (await give(client, "gated", headers, params={"gift": token})).status_code == 400


async def test_a_subscription_gives_while_it_lasts(
    client: AsyncClient, newsroom: Newsroom, people: People, office: Office
) -> None:
    await gated(newsroom)
    account = await people.add("reader")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    await office.plan("coast", opens="everything")
    held = await office.subscribe(account.id, "coast")
    token, _ = await given(client, "gated", headers)
    await office.revoke(held)
    assert (await give(client, "gated", headers)).status_code == 403
    assert await opens(client, "gated", token)  # what was given stays given


async def test_what_is_not_public_cannot_be_given(client: AsyncClient, newsroom: Newsroom, people: People) -> None:
    draft = await newsroom.draft(title="Draft", body=BODY, access=GATE)
    made = await gated(newsroom)
    headers = await people.headers("subscriber")
    missing = await give(client, NOBODY, headers)
    for slug in ("draft", draft["id"], "nothing-here"):
        answer = await give(client, slug, headers)
        assert (answer.status_code, answer.json()["detail"]) == (404, missing.json()["detail"])
    await newsroom.act(made, "withdraw", public_note="Wrong.")
    assert (await give(client, "gated", headers)).status_code == 410


async def test_a_month_has_so_many(client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock) -> None:
    await gated(newsroom)
    account = await people.add("subscriber")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    for at in range(3):
        _, gift_id = await given(client, "gated", headers)
        if at:  # what was revoked was given all the same
            assert (await client.delete(f"/v1/me/gifts/{gift_id}", headers=headers)).status_code == 204
    refused = await give(client, "gated", headers)
    assert (refused.status_code, refused.json()["rule"]) == (409, "gift-budget")
    await given(client, "gated", await people.headers("subscriber"))
    clock.time = FEBRUARY
    await given(client, "gated", {"Authorization": f"Bearer {people.token(account)}"})


class TestWhereNoneCanBeGiven:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"gifts_a_month": 0})

    async def test_nobody_gives_any(self, client: AsyncClient, newsroom: Newsroom, people: People) -> None:
        await gated(newsroom)
        for role in ("subscriber", "admin"):
            answer = await give(client, "gated", await people.headers(role))
            assert (answer.status_code, answer.json()["rule"]) == (409, "gift-budget")


class TestWhereTheSiteHasItsOwnAddresses:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"article_url": "https://www.test/read?id={id}&l={language}#text"})

    async def test_the_gift_is_a_parameter_of_theirs(
        self, client: AsyncClient, newsroom: Newsroom, people: People
    ) -> None:
        made = await gated(newsroom)
        url = (await give(client, "gated", await people.headers("subscriber"))).json()["url"]
        start = f"https://www.test/read?id={made['id']}&l=en&gift="
        assert url.startswith(start)
        assert url.endswith("#text")
        assert await opens(client, "gated", url.removeprefix(start).removesuffix("#text"))


async def test_the_link_is_told_once(client: AsyncClient, newsroom: Newsroom, people: People) -> None:
    await gated(newsroom)
    headers = {**await people.headers("subscriber"), "Idempotency-Key": "one"}
    assert (await give(client, "gated", headers)).status_code == 201
    again = await give(client, "gated", headers)
    assert (again.status_code, "url" in again.json()) == (409, False)
    listed = await client.get("/v1/me/gifts", headers=headers)
    assert len(listed.json()["items"]) == 1
    assert "url" not in listed.json()["items"][0]


async def test_gifts_are_listed_to_who_gave_them(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    first, second = await gated(newsroom, "First"), await gated(newsroom, "Second")
    headers, other = await people.headers("subscriber"), await people.headers("subscriber")
    ids = [(await given(client, slug, headers))[1] for slug in ("first", "second", "first")]
    _, foreign = await given(client, "first", other)
    listed = await client.get("/v1/me/gifts", headers=headers)
    assert listed.headers["cache-control"] == "no-store"
    items = listed.json()["items"]
    assert [one["id"] for one in items] == ids[::-1]
    assert [one["article"]["id"] for one in items] == [first["id"], second["id"], first["id"]]
    assert {one["state"] for one in items} == {"open"}
    found, path = [], "/v1/me/gifts?limit=2"
    while path:
        page = await client.get(path, headers=headers)
        found += [one["id"] for one in page.json()["items"]]
        path = page.links.get("next", {}).get("url", "").removeprefix("https://api.test")
    assert found == ids[::-1]
    cursor = (await client.get("/v1/me/gifts?limit=2", headers=headers)).json()["next_cursor"]
    assert (await client.get("/v1/me/gifts", params={"cursor": cursor}, headers=other)).status_code == 400

    for gift_id, status in ((ids[0], 204), (ids[0], 204), (foreign, 404), (NOBODY, 404)):
        assert (await client.delete(f"/v1/me/gifts/{gift_id}", headers=headers)).status_code == status
    await newsroom.act(second, "unpublish")
    items = (await client.get("/v1/me/gifts", headers=headers)).json()["items"]
    assert [one["state"] for one in items] == ["open", "open", "revoked"]
    assert [one["revoked_at"] is None for one in items] == [True, True, False]
    assert items[1]["article"] is None
    clock.move(minutes=50)
    assert (await client.get("/v1/me/gifts", headers=other)).json()["items"][0]["state"] == "open"


async def test_an_account_takes_its_gifts_along(
    client: AsyncClient, newsroom: Newsroom, people: People, office: Office
) -> None:
    made = await gated(newsroom)
    account = await people.add("subscriber")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    token, gift_id = await given(client, "gated", headers)
    exported = (await client.get("/v1/me/export", headers=headers)).json()
    (kept,) = exported["gifts"]
    assert (kept["id"], kept["article_id"]) == (gift_id, made["id"])
    assert set(kept) == {"id", "article_id", "created_at", "expires_at", "revoked_at"}
    assert token not in str(exported)
    assert sha256(token.encode()).hexdigest() not in str(exported)
    assert [one["action"] for one in exported["events"]] == ["give"]

    blocked = await office.edit("accounts", await office.account(account.id), is_blocked=True)
    assert not await opens(client, "gated", token)
    await office.edit("accounts", blocked, is_blocked=False)
    assert await opens(client, "gated", token)
    assert (await client.delete("/v1/me", headers=headers)).status_code == 204
    assert not await opens(client, "gated", token)
    async with people.parts.database.read() as connection:
        assert (await connection.execute(select(gifts))).all() == []


async def test_what_happened_to_gifts_is_on_record_without_what_opens_them(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await gated(newsroom)
    account = await people.add("subscriber")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    token, gift_id = await given(client, "gated", headers)
    for _ in range(2):
        await client.delete(f"/v1/me/gifts/{gift_id}", headers=headers)
    async with people.parts.database.read() as connection:
        query = select(events).where(events.c.by == account.id).order_by(events.c.at)
        rows = (await connection.execute(query)).all()
    assert [(row.subject, row.subject_id, row.action) for row in rows] == [
        ("account", account.id, "give"),
        ("account", account.id, "revoke-gift"),
    ]
    assert token not in str(rows)


async def test_a_gift_ends_by_the_clock_and_at_once_when_it_is_revoked(
    client: AsyncClient, newsroom: Newsroom, people: People, settings: Settings, clock: Clock
) -> None:
    """With the caches of two workers warm, and for whoever says that they have the whole article."""
    await gated(newsroom)
    headers = await people.headers("subscriber")
    token, gift_id = await given(client, "gated", headers)
    lasting, _ = await given(client, "gated", headers)
    async with serving(settings, clock) as there:
        for _ in range(3):
            for one in (client, there):
                assert await opens(one, "gated", token)
        tag = (await client.get("/v1/articles/gated", params={"gift": token})).headers["etag"]
        assert (await client.delete(f"/v1/me/gifts/{gift_id}", headers=headers)).status_code == 204
        for one in (there, client):
            for more in ({}, {"If-None-Match": tag}):
                refused = await one.get("/v1/articles/gated", params={"gift": token}, headers=more)
                assert (refused.status_code, SECRET in refused.text) == (200, False)
        assert await opens(there, "gated", lasting)
        clock.move(days=30, seconds=-5)
        assert await opens(there, "gated", lasting)
        clock.move(seconds=10)
        assert not await opens(there, "gated", lasting)


async def test_it_is_revoked_while_many_open_it(
    client: AsyncClient, newsroom: Newsroom, people: People, settings: Settings, clock: Clock
) -> None:
    await gated(newsroom)
    headers = await people.headers("subscriber")
    token, gift_id = await given(client, "gated", headers)
    done = asyncio.Event()

    async def reads(one: AsyncClient) -> int:
        after = 0
        while after < 3:
            was_done = done.is_set()
            answer = await one.get("/v1/articles/gated", params={"gift": token})
            assert answer.status_code == 200
            assert not (was_done and SECRET in answer.text)
            after += was_done
        return after

    async with serving(settings, clock) as there:
        readers = [asyncio.create_task(reads(one)) for one in (client, there) * 4]
        await asyncio.sleep(0.1)
        assert (await client.delete(f"/v1/me/gifts/{gift_id}", headers=headers)).status_code == 204
        done.set()
        assert await asyncio.gather(*readers) == [3] * 8


async def test_the_last_of_a_month_is_given_once(
    client: AsyncClient, newsroom: Newsroom, people: People, settings: Settings, clock: Clock
) -> None:
    await gated(newsroom)
    async with serving(settings, clock) as there:
        for _ in range(3):
            headers = await people.headers("subscriber")
            for _ in range(2):
                await given(client, "gated", headers)
            sent = (give((client, there)[at % 2], "gated", headers) for at in range(20))
            answers = await asyncio.gather(*sent)
            assert sorted(answer.status_code for answer in answers) == [201, *[409] * 19]
    async with people.parts.database.read() as connection:
        assert len((await connection.execute(select(gifts))).all()) == 9


async def test_a_gift_opens_what_registration_opens_and_no_draft_of_it(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    made = await gated(newsroom, access={"requires": "registered"})
    token, _ = await given(client, "gated", await people.headers("editor"))
    assert await opens(client, "gated", token)
    made = await newsroom.edit(made, standfirst="qzdraft")
    assert "qzdraft" not in (await client.get("/v1/articles/gated", params={"gift": token})).text
    await newsroom.act(made, "unpublish")
    answer = await client.get("/v1/articles/gated", params={"gift": token})
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "private, no-store")


async def test_pictures_behind_the_gate_come_signed(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    medium = await newsroom.medium()
    image = {"_type": "image", "media_id": medium["id"]}
    await gated(newsroom, body=[*BODY, image, paragraph("End.")])
    token, _ = await given(client, "gated", await people.headers("subscriber"))
    article = (await client.get("/v1/articles/gated", params={"gift": token})).json()
    (shown,) = [block for block in article["body"] if block["_type"] == "image"]
    url = shown["media"]["url"].removeprefix("https://api.test")
    assert (await client.get(url)).status_code == 200
    assert (await client.get(url.partition("?")[0])).status_code == 404
    assert (await client.get(url.partition("?")[0], params={"gift": token})).status_code == 400


async def test_an_old_slug_leads_on_with_the_gift(client: AsyncClient, newsroom: Newsroom, people: People) -> None:
    made = await gated(newsroom, slug="first")
    token, _ = await given(client, "first", await people.headers("subscriber"))
    await newsroom.act(await newsroom.edit(made, slug="second"), "publish")
    for below in (*FORMATS, "/access"):
        moved = await client.get(f"/v1/articles/first{below}", params={"gift": token})
        assert moved.status_code == 308
        assert moved.headers["location"] == f"https://api.test/v1/articles/second{below}?gift={token}"
        assert moved.headers["cache-control"] == "private, no-store"
    assert await opens(client, "second", token)
    assert (await give(client, "first", await people.headers("subscriber"))).status_code == 201
    other = await gated(newsroom, "Other", slug="first")  # the slug is another article's now
    assert not await opens(client, "first", token)
    assert not await opens(client, other["id"], token)


async def test_a_withdrawn_article_is_gone_for_everybody(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    made = await gated(newsroom)
    token, _ = await given(client, "gated", await people.headers("subscriber"))
    await newsroom.act(made, "withdraw", public_note="Wrong.")
    answer = await client.get("/v1/articles/gated", params={"gift": token})
    assert (answer.status_code, answer.headers["cache-control"]) == (410, "private, no-store")
    assert token not in answer.text


async def test_nothing_that_a_gift_opened_is_kept(
    client: AsyncClient, newsroom: Newsroom, people: People, app: Any
) -> None:
    await gated(newsroom)
    token, _ = await given(client, "gated", await people.headers("subscriber"))
    reader = await people.headers("reader")
    for _ in range(3):
        await leased(app)
        assert SECRET in (await client.get("/v1/articles/gated", params={"gift": token}, headers=reader)).text
        plain = await client.get("/v1/articles/gated")
        assert (SECRET in plain.text, plain.headers["cache-control"][:6]) == (False, "public")
