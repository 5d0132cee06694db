"""Lists of articles: their cards, their order, their filters."""

from datetime import timedelta

import pytest
from httpx import AsyncClient

from tests.api import rich
from tests.newsroom import Clock, Json, Newsroom, People

PATRON: Json = {"requires": "subscriber", "plans": ["patron"]}


async def listed(client: AsyncClient, headers: dict[str, str] | None = None, **query: object) -> list[Json]:
    response = await client.get("/v1/articles", params={**query}, headers=headers)  # type: ignore[dict-item]
    assert response.status_code == 200, response.text
    items: list[Json] = response.json()["items"]
    return items


async def slugs(client: AsyncClient, **query: object) -> list[str]:
    return [card["slug"] for card in await listed(client, None, **query)]


async def test_a_card_is_the_front_of_an_article_and_nothing_else(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    written = await rich.write(newsroom)
    (card,) = await listed(client, language="fr")
    decision = {"requires": "subscriber", "plans": [], "granted": "teaser", "reason": "subscription_required"}
    expected = {**written.front, "reading_minutes": 5, "access": {**decision, "remaining_percent": 40}}
    assert card == expected
    (card,) = await listed(client, await people.headers("subscriber"), language="fr")
    opened = {**decision, "granted": "full", "reason": "subscriber", "remaining_percent": 0}
    assert card == {**expected, "access": opened}


async def test_an_empty_list_is_a_list(client: AsyncClient) -> None:
    response = await client.get("/v1/articles")
    assert response.json() == {"items": [], "next_cursor": None}
    assert "link" not in response.headers


async def test_the_newest_first_publication_comes_first(client: AsyncClient, newsroom: Newsroom) -> None:
    first = await newsroom.published(title="First")
    await newsroom.published(title="Second")
    await newsroom.draft(title="Draft")
    await newsroom.act(await newsroom.published(title="Gone"), "unpublish")
    withdrawn = await newsroom.published(title="Withdrawn")
    await newsroom.act(withdrawn, "withdraw", public_note="No.")
    await newsroom.published(title="Third")
    await newsroom.act(await newsroom.edit(first, standfirst="Again."), "publish")
    assert await slugs(client) == ["third", "second", "first"]


async def test_equal_times_are_ordered_by_id(client: AsyncClient, newsroom: Newsroom, clock: Clock) -> None:
    drafts = [await newsroom.draft(title=f"Same {at}") for at in range(4)]
    moment = clock.time
    for draft in (drafts[2], drafts[0], drafts[3], drafts[1]):
        clock.time = moment  # a request looks once, so all four are published at the same time
        await newsroom.act(draft, "publish")
    cards = await listed(client)
    assert len({card["published_at"] for card in cards}) == 1
    assert [card["id"] for card in cards] == sorted((draft["id"] for draft in drafts), reverse=True)


async def test_several_tags_must_all_match(client: AsyncClient, newsroom: Newsroom) -> None:
    for slug in ("sea", "salt", "fog", "news"):
        await newsroom.tag(slug)
    await newsroom.published(title="Both", tags=["salt", "sea"])
    await newsroom.published(title="One", tags=["sea"], section="news")
    await newsroom.published(title="None")
    assert await slugs(client, tag="sea") == ["one", "both"]
    assert await slugs(client, tag="sea,salt") == await slugs(client, tag="salt,sea,salt") == ["both"]
    assert await slugs(client, tag="news") == ["one"]
    assert await slugs(client, tag="fog") == await slugs(client, tag="sea,no-such-tag") == []


async def test_lists_are_filtered_by_contributor_and_language_together(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    await newsroom.contributor("ana")
    await newsroom.contributor("teo")
    both = [{"role": "author", "contributor": "ana"}, {"role": "translator", "contributor": "teo"}]
    await newsroom.published(title="By both", credits=both, language="fr")
    await newsroom.published(title="By Ana", credits=both[:1])
    assert await slugs(client, contributor="ana") == ["by-ana", "by-both"]
    assert await slugs(client, contributor="teo") == ["by-both"]
    assert await slugs(client, contributor="ana", language="en") == ["by-ana"]
    assert await slugs(client, language="FR") == ["by-both"]
    assert await slugs(client, contributor="nobody") == await slugs(client, language="it") == []


async def test_the_access_filter_goes_by_what_is_required_now(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    start = clock.time
    in_days = {day: (start + timedelta(days=day)).isoformat() for day in (1, 2)}
    gates: dict[str, Json] = {
        "free": {"requires": "free"},
        "registered": {"requires": "registered"},
        "patron": PATRON,
        "later": {"requires": "subscriber", "from": in_days[1]},
        "launch": {"requires": "registered", "until": in_days[1]},
        "between": {"requires": "subscriber", "from": in_days[1], "until": in_days[2]},
    }
    for slug, access in gates.items():
        await newsroom.published(slug=slug, access=access)
    expected = [
        {"free": "free later between", "registered": "registered launch", "subscriber": "patron"},
        {"free": "free launch", "registered": "registered", "subscriber": "patron later between"},
        {"free": "free launch between", "registered": "registered", "subscriber": "patron later"},
    ]
    for day, by_access in enumerate(expected):
        clock.time = start + timedelta(days=day, minutes=5)
        for required, found in by_access.items():
            cards = await listed(client, access=required)
            assert {card["slug"] for card in cards} == set(found.split()), (day, required)
            assert {card["access"]["requires"] for card in cards} == {required}


async def test_a_card_says_what_this_caller_would_get(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await newsroom.published(access=PATRON)
    expected = {
        ("anonymous", ()): ("teaser", "plan_required"),
        ("subscriber", ()): ("teaser", "plan_required"),
        ("subscriber", ("patron",)): ("full", "subscriber"),
        ("editor", ()): ("full", "staff"),
    }
    for (role, plans), (granted, reason) in expected.items():
        (card,) = await listed(client, await people.headers(role, plans=plans))
        assert (card["access"]["granted"], card["access"]["reason"]) == (granted, reason)
        assert card["access"]["plans"] == ["patron"]
        assert (card["access"]["remaining_percent"] == 0) == (granted == "full")


async def test_a_list_has_twenty_items_unless_a_limit_says_so(client: AsyncClient, newsroom: Newsroom) -> None:
    for at in range(21):
        await newsroom.published(slug=f"a{at}")
    assert [len(await listed(client)), len(await listed(client, limit=3))] == [20, 3]
    assert len(await listed(client, limit=100)) == 21


BAD = [
    "limit=0",
    "limit=101",
    "limit=x",
    "limit=",
    "access=secret",
    "language=!",
    "tag=",
    "tag=Sea",
    "tag=a,,b",
    "tag=a,b,c,d,e,f,g,h,i,j,k",
    "contributor=A B",
    "sort=-title",
    "sort=published_at,title",
    "where=1",
    "section=A B",
    "kind=News",
    "published_after=2026",
    "published_before=1767225600",
    "related_to=A_B",
    "ids=",
    "ids=sea",
    f"ids={','.join(f'01890000-0000-7000-8000-{at:012}' for at in range(101))}",
    "fields=",
    "fields=secret",
    "fields=id,body",
    "tag=a&tag=b",
    "cursor=",
    "cursor=AAAA",
    "cursor=%C3%A9",
    f"cursor={'A' * 501}",
]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_bad_and_unknown_parameters_are_named_and_not_repeated(client: AsyncClient) -> None:
    for query in BAD:
        response = await client.get(f"/v1/articles?{query}")
        problem = response.json()
        assert (response.status_code, problem["type"]) == (400, "/problems/bad-request"), query
        assert problem["errors"][0]["parameter"] == query.partition("=")[0], query
        assert "secret" not in response.text
        assert "Sea" not in response.text
