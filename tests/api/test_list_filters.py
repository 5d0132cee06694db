"""Filters, orders and fields of readers' lists, alone and together, and that none of them walks everything."""

from datetime import datetime, timedelta
from random import Random

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from infra.cards import Sort
from tests.newsroom import Clock, Json, Newsroom, paragraph
from tests.wall.statements import statements_of

FIELDS = ["id", "title", "access"]


async def titles(client: AsyncClient, **query: object) -> list[str]:
    response = await client.get("/v1/articles", params={**query})  # type: ignore[dict-item]
    assert response.status_code == 200, response.text
    return [card["title"] for card in response.json()["items"]]


async def published(newsroom: Newsroom, clock: Clock, title: str, **fields: object) -> Json:
    clock.move(seconds=60)
    return await newsroom.published(title=title, **{"slug": f"a-{len(title)}-{clock.time:%H%M%S}", **fields})


async def test_lists_are_filtered_by_section_and_kind(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    for slug in ("world", "sea"):
        await newsroom.tag(slug)
    await published(newsroom, clock, "A", section="world", kind="news", tags=["sea"])
    await published(newsroom, clock, "B", section="world", kind="long-read")
    await published(newsroom, clock, "C", tags=["world"], kind="long-read")
    assert await titles(client, section="world") == ["B", "A"]
    assert await titles(client, kind="long-read") == ["C", "B"]
    assert await titles(client, kind="long-read", section="world") == ["B"]
    assert await titles(client, section="world", tag="sea") == ["A"]
    assert await titles(client, kind="none") == await titles(client, section="sea") == []


async def test_first_publication_bounds_a_list(client: AsyncClient, newsroom: Newsroom, clock: Clock) -> None:
    made = [await published(newsroom, clock, name) for name in "ABC"]
    times = [(await client.get(f"/v1/articles/{one['id']}")).json()["published_at"] for one in made]
    assert await titles(client, published_after=times[1]) == ["C", "B"]
    assert await titles(client, published_before=times[1]) == ["A"]
    assert await titles(client, published_after=times[1], published_before=times[2]) == ["B"]
    await newsroom.act(await newsroom.edit(made[0], title="A again"), "publish")
    assert await titles(client, published_before=times[1]) == ["A again"]  # the first publication counts


async def test_every_order_is_total(client: AsyncClient, newsroom: Newsroom, clock: Clock) -> None:
    made = [await published(newsroom, clock, title) for title in ("Émile", "zebra", "Apple", "éclair")]
    await newsroom.act(await newsroom.edit(made[1], standfirst="Again."), "publish")
    assert await titles(client, sort="published_at") == ["Émile", "zebra", "Apple", "éclair"]
    assert await titles(client, sort="-published_at") == ["éclair", "Apple", "zebra", "Émile"]
    assert await titles(client, sort="-updated_at") == ["zebra", "éclair", "Apple", "Émile"]
    assert await titles(client, sort="title") == ["Apple", "éclair", "Émile", "zebra"]


async def test_a_list_of_ids_leaves_out_what_is_not(client: AsyncClient, newsroom: Newsroom, clock: Clock) -> None:
    live = [await published(newsroom, clock, name) for name in "AB"]
    draft = await newsroom.draft(title="Draft")
    gone = await newsroom.act(await published(newsroom, clock, "Gone"), "unpublish")
    asked = [draft["id"], live[0]["id"], gone["id"], live[1]["id"].upper(), "01890000-0000-7000-8000-00000000dead"]
    assert await titles(client, ids=",".join(asked)) == ["B", "A"]
    assert await titles(client, ids=draft["id"]) == []


async def test_related_articles_are_those_that_one_lists(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    listed = [await published(newsroom, clock, name, slug=name.lower()) for name in "AB"]
    inline = await published(newsroom, clock, "Inline")
    draft = await newsroom.draft(title="Draft")
    body = [paragraph("One two three."), {"_type": "related", "article_id": inline["id"]}]
    ids = [listed[1]["id"], listed[0]["id"], draft["id"]]
    one = await published(newsroom, clock, "From", slug="from", body=body, related=ids)
    assert await titles(client, related_to=one["id"]) == await titles(client, related_to="from") == ["B", "A"]
    assert await titles(client, related_to="from", ids=listed[0]["id"]) == ["A"]
    assert await titles(client, related_to="a") == await titles(client, related_to="no-such-slug") == []
    withdrawn = await newsroom.act(one, "withdraw", public_note="Wrong.")
    assert await titles(client, related_to=withdrawn["id"]) == []


async def test_cards_have_the_fields_that_were_asked_for(client: AsyncClient, newsroom: Newsroom) -> None:
    one = await newsroom.published(title="A")
    whole = (await client.get("/v1/articles")).json()["items"][0]
    response = await client.get("/v1/articles", params={"fields": ",".join(FIELDS)})
    assert response.json() == {"items": [{name: whole[name] for name in FIELDS}], "next_cursor": None}
    for name in whole:
        shown = (await client.get("/v1/articles", params={"fields": name, "ids": one["id"]})).json()
        assert shown["items"] == [{name: whole[name]}]


async def test_what_is_required_now_is_filtered_as_time_goes(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    at = (clock.time + timedelta(hours=1)).isoformat()
    await published(newsroom, clock, "Window", access={"requires": "subscriber", "until": at})
    await published(newsroom, clock, "Archive", access={"requires": "registered", "from": at})
    await published(newsroom, clock, "Free")
    found = {access: await titles(client, access=access) for access in ("free", "registered", "subscriber")}
    assert found == {"free": ["Free", "Archive"], "registered": [], "subscriber": ["Window"]}
    clock.move(hours=1)
    found = {access: await titles(client, access=access) for access in ("free", "registered", "subscriber")}
    assert found == {"free": ["Free", "Window"], "registered": ["Archive"], "subscriber": []}


@pytest.mark.parametrize("sort", list(Sort))
async def test_pages_of_every_order_hold_everything_once_while_others_write(
    client: AsyncClient, newsroom: Newsroom, clock: Clock, sort: Sort
) -> None:
    random = Random(sort.value)
    stay = {(await published(newsroom, clock, random.choice(["Alpha", "Beta", "Été"])))["id"] for _ in range(9)}
    others = [await published(newsroom, clock, "Moved") for _ in range(3)]
    seen: list[Json] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"sort": sort.value, "limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/v1/articles", params=query)).json()
        seen += page["items"]
        cursor = page["next_cursor"]
        await published(newsroom, clock, random.choice(["Aaa", "Zzz"]))
        if others:
            await newsroom.act(await newsroom.edit(others.pop(), title="Other"), "publish")
    found = [card["id"] for card in seen]
    assert len([id_ for id_ in found if id_ in stay]) == len(stay)
    assert stay <= set(found)
    assert sort is Sort.LATEST or len(set(found)) == len(found)  # what is published again moves to the front
    keys = [card[sort.value.removeprefix("-")] for card in seen if card["id"] in stay]
    order = [key.lower().replace("é", "e") if sort is Sort.TITLE else datetime.fromisoformat(key) for key in keys]
    assert order == sorted(order, reverse=sort.descends)


WALKED = [
    "",
    "tag=sea",
    "tag=sea,salt&language=en",
    "section=sea&kind=news",
    "contributor=ada",
    "access=registered",
]


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("sort", list(Sort))
async def test_lists_walk_an_index_and_sort_nothing(app: FastAPI, client: AsyncClient, sort: Sort) -> None:
    for query in WALKED:
        with statements_of(app) as sent:
            await titles(client, sort=sort.value, **dict(part.split("=") for part in query.split("&") if part))
        (statement,) = [one for one in sent if "JOIN listings" in one]
        plan = await plan_of(app, statement)
        assert any(f"listings_{sort.column.name}_index" in step for step in plan), plan
        assert not [step for step in plan if step.startswith("SCAN") and "CONSTANT" not in step], plan
        assert not [step for step in plan if "B-TREE" in step], plan


async def plan_of(app: FastAPI, statement: str) -> list[str]:
    async with app.state.parts.database.read() as connection:
        found = await connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement}", tuple(None for _ in range(statement.count("?")))
        )
        return [row.detail for row in found]
