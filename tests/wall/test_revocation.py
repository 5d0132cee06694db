"""A right that is gone is gone with the very next request, whatever was given before."""

from datetime import timedelta
from itertools import product

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from domain.people import Account, Role
from infra import accounts, tables
from tests.newsroom import Clock, Json, Newsroom, People, paragraph, words

SECRET = "qzrevocation"
BODY = [paragraph(words(20)), paragraph(f"{words(60)} {SECRET}")]
GOLD = {"requires": "subscriber", "plans": ["gold"]}


async def gated(newsroom: Newsroom, access: Json, **fields: object) -> Json:
    return await newsroom.published(title="Gated", body=BODY, access=access, **fields)


def bearer(people: People, account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {people.token(account)}"}


async def whole(client: httpx.AsyncClient, headers: dict[str, str]) -> str:
    """Read the article whole, and return its entity tag."""
    answer = await client.get("/v1/articles/gated", headers=headers)
    assert SECRET in answer.text
    assert (
        await client.get("/v1/articles/gated", headers={**headers, "If-None-Match": answer.headers["etag"]})
    ).status_code == 304
    return answer.headers["etag"]


async def denied(client: httpx.AsyncClient, headers: dict[str, str], tag: str, reason: str) -> None:
    """Nothing of it comes, not even that the caller's copy is the present one."""
    for variant in ({}, {"If-None-Match": tag}, {"If-None-Match": f"W/{tag}, {tag}"}, {"Range": "bytes=0-99999"}):
        answer = await client.get("/v1/articles/gated", headers={**headers, **variant})
        assert answer.status_code == 200
        assert answer.json()["access"]["reason"] == reason
        assert answer.json()["access"]["granted"] == "teaser"
        assert SECRET not in answer.text
        assert answer.headers["etag"] != tag


async def set_roles(people: People, account: Account, *roles: Role) -> None:
    async with people.parts.database.write() as connection:
        await accounts.set_roles(connection, account.id, roles)


@pytest.mark.parametrize(
    ("role", "access", "left", "reason"),
    [
        (Role.SUBSCRIBER, {"requires": "subscriber"}, (), "subscription_required"),
        (Role.SUBSCRIBER, {"requires": "subscriber"}, (Role.READER,), "subscription_required"),
        (Role.SUBSCRIBER, GOLD, (Role.READER,), "plan_required"),
        (Role.READER, {"requires": "registered"}, (), "registration_required"),
        (Role.READER, {"requires": "registered"}, (Role.PARTNER,), "registration_required"),
        (Role.EDITOR, GOLD, (Role.CONTRIBUTOR,), "plan_required"),
        (Role.ADMIN, GOLD, (), "plan_required"),
    ],
)
async def test_a_role_that_was_taken_away(
    newsroom: Newsroom, people: People, role: Role, access: Json, left: tuple[Role, ...], reason: str
) -> None:
    await gated(newsroom, access)
    account = await people.add(role, plans=("gold",))
    headers = bearer(people, account)
    tag = await whole(newsroom.client, headers)
    await set_roles(people, account, *left)
    await denied(newsroom.client, headers, tag, reason)


async def test_a_role_that_was_given_needs_a_new_token(newsroom: Newsroom, people: People) -> None:
    await gated(newsroom, {"requires": "subscriber"})
    account = await people.add("reader")
    old = bearer(people, account)
    await set_roles(people, account, Role.READER, Role.SUBSCRIBER)
    await denied(newsroom.client, old, '"none"', "subscription_required")


async def test_an_account_that_is_gone(app: FastAPI, newsroom: Newsroom, people: People) -> None:
    await gated(newsroom, {"requires": "subscriber"})
    account = await people.add("subscriber")
    headers = bearer(people, account)
    tag = await whole(newsroom.client, headers)
    async with people.parts.database.write() as connection:
        await connection.execute(tables.accounts.delete().where(tables.accounts.c.id == account.id))
    for variant in ({}, {"If-None-Match": tag}, {"If-None-Match": "*"}):
        answer = await newsroom.client.get("/v1/articles/gated", headers={**headers, **variant})
        assert answer.status_code == 401
        assert SECRET not in answer.text


async def test_a_subscription_that_ended(newsroom: Newsroom, people: People, clock: Clock) -> None:
    await gated(newsroom, GOLD)
    account = await people.add("subscriber", plans=("gold",))
    headers = bearer(people, account)
    tag = await whole(newsroom.client, headers)
    ends = clock.time + timedelta(minutes=5)
    async with people.parts.database.write() as connection:
        await connection.execute(
            update(tables.subscriptions)
            .where(tables.subscriptions.c.account_id == account.id)
            .values(ends_at=ends)
        )
    clock.time = ends - timedelta(milliseconds=2)  # the next look is a millisecond before the end
    assert (await newsroom.client.get("/v1/articles/gated", headers=headers)).json()["access"]["granted"] == "full"
    clock.time = ends - timedelta(milliseconds=1)
    await denied(newsroom.client, headers, tag, "plan_required")


async def test_a_token_that_expired(newsroom: Newsroom, people: People, clock: Clock) -> None:
    await gated(newsroom, {"requires": "subscriber"})
    headers = bearer(people, await people.add("subscriber"))
    tag = await whole(newsroom.client, headers)
    clock.move(hours=2)
    answer = await newsroom.client.get("/v1/articles/gated", headers={**headers, "If-None-Match": tag})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("before", "after", "roles", "reason"),
    [
        ({"requires": "free"}, {"requires": "registered"}, (), "registration_required"),
        ({"requires": "free"}, {"requires": "subscriber"}, (), "subscription_required"),
        ({"requires": "registered"}, {"requires": "subscriber"}, ("reader",), "subscription_required"),
        ({"requires": "subscriber"}, GOLD, ("subscriber",), "plan_required"),
    ],
)
async def test_a_gate_that_was_raised(
    newsroom: Newsroom, people: People, before: Json, after: Json, roles: tuple[str, ...], reason: str
) -> None:
    article = await gated(newsroom, before)
    headers = await people.headers(*roles)
    tag = await whole(newsroom.client, headers)
    edited = await newsroom.edit(article, access=after)
    assert await whole(newsroom.client, headers) == tag, "an edit alone changes nothing for readers"
    await newsroom.act(edited, "publish")
    await denied(newsroom.client, headers, tag, reason)
    (card,) = (await newsroom.client.get("/v1/articles", headers=headers)).json()["items"]
    assert card["access"]["granted"] == "teaser"


@pytest.mark.parametrize(("action", "status"), [("unpublish", 404), ("withdraw", 410)])
async def test_an_article_that_was_taken_back(
    newsroom: Newsroom, people: People, action: str, status: int
) -> None:
    await newsroom.tag("sea")
    await newsroom.contributor("known")
    makers = [{"role": "author", "contributor": "known"}]
    article = await gated(newsroom, {"requires": "free"}, tags=["sea"], credits=makers)
    client = newsroom.client
    everybody = [await people.headers(role) for role in ("anonymous", "subscriber", "editor")]
    tags = [await whole(client, headers) for headers in everybody]
    linking = await newsroom.published(title="Linking", related=[article["id"]], translation_of=article["id"])
    await newsroom.act(article, action, public_note="It was wrong.")
    for headers, tag, reference in product(everybody, tags, ("gated", article["id"])):
        for variant in ({}, {"If-None-Match": tag}, {"If-None-Match": "*"}):
            answer = await client.get(f"/v1/articles/{reference}", headers={**headers, **variant})
            assert answer.status_code == status
            assert SECRET not in answer.text
            assert answer.headers["cache-control"] == "no-store"
    for headers in everybody:
        cards = (await client.get("/v1/articles", headers=headers)).json()["items"]
        assert [card["id"] for card in cards] == [linking["id"]]
        for gone in ("/v1/tags/sea", "/v1/contributors/known"):
            assert (await client.get(gone, headers=headers)).status_code == 404
        left = (await client.get("/v1/articles/linking", headers=headers)).json()
        assert left["related"] == left["translations"] == []


async def test_a_cursor_of_the_entitled_is_nobody_else_s(newsroom: Newsroom, people: People) -> None:
    for at in range(3):
        await newsroom.published(title=f"Article {at}")
    account = await people.add("subscriber", plans=("gold",))
    headers = bearer(people, account)
    page = (await newsroom.client.get("/v1/articles?limit=1", headers=headers)).json()
    following = f"/v1/articles?limit=1&cursor={page['next_cursor']}"
    assert (await newsroom.client.get(following, headers=headers)).status_code == 200
    assert (await newsroom.client.get(following)).status_code == 400
    await set_roles(people, account, Role.READER)
    assert (await newsroom.client.get(following, headers=headers)).status_code == 400
