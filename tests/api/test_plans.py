"""Plans by the API: how they are written, what a refusal offers of them, and what keeps one from going."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import update

from infra.tables import plans
from tests.newsroom import PLAN, Json, Newsroom, Office, People, paragraph, words

GATE = {"requires": "subscriber"}
OF_SETTINGS = ["monthly"]


async def offers(client: AsyncClient, path: str = "/v1/articles/gated", **headers: str) -> list[Json]:
    """What is offered, asked twice, so that the second may be what was kept of the first."""
    first, again = [await client.get(path, headers=headers) for _ in range(2)]
    assert first.content == again.content
    offered: list[Json] = first.json()["access"]["offers"]
    return offered


async def gated(newsroom: Newsroom, **fields: Any) -> Json:
    form = {"title": "Gated", "body": [paragraph(words(80))], "access": GATE, **fields}
    return await newsroom.published(**form)


async def test_refusals_offer_what_opens_the_article_as_plans_come_and_go(
    client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    await newsroom.tag("sea")
    await gated(newsroom, tags=["sea"])
    assert [one["plan"] for one in await offers(client)] == OF_SETTINGS
    tags = {(await client.get("/v1/articles/gated")).headers["etag"]}
    later = await office.plan("later", position=2, opens="everything", trial="P14D")
    coast = await office.plan("coast", position=1, opens={"tags": ["sea"]})
    await office.plan("inland", position=0)
    shown = await offers(client)
    assert [one["plan"] for one in shown] == ["coast", "later"]
    assert shown[1] == {
        "plan": "later",
        "name": "Monthly",
        "price": PLAN["price"],
        "period": "P1M",
        "url": PLAN["url"],
        "trial": "P14D",
    }
    assert "trial" not in shown[0]
    tags.add((await client.get("/v1/articles/gated")).headers["etag"])
    coast = await office.edit("plans", coast, names={"en": "Coast"})
    assert (await offers(client))[0]["name"] == "Coast"
    tags.add((await client.get("/v1/articles/gated")).headers["etag"])
    assert len(tags) == 3
    await office.edit("plans", coast, is_offered=False)
    assert [one["plan"] for one in await offers(client)] == ["later"]
    assert (await office.send("DELETE", "/plans/later", version=later["version"])).status_code == 204
    assert await offers(client) == [], "there are plans still, so the settings' offers don't come back"


async def test_an_article_that_names_plans_offers_those_alone(
    client: AsyncClient, newsroom: Newsroom, office: Office, people: People
) -> None:
    await gated(newsroom, access={**GATE, "plans": ["gold", "old"]}, language="fr-CH")
    await office.plan("whole", opens="everything")
    await office.plan("gold")
    await office.plan("old", is_offered=False)
    reader = await people.headers("reader")
    for headers in ({}, reader):
        assert [(one["plan"], one["name"]) for one in await offers(client, **headers)] == [("gold", "Au mois")]
    assert await offers(client, **await people.headers("editor")) == []
    cards = (await client.get("/v1/articles")).json()["items"]
    assert "offers" not in cards[0]["access"]


async def test_two_readers_with_the_same_rights_are_each_offered_it_in_their_own_language(
    client: AsyncClient, newsroom: Newsroom, office: Office, people: People
) -> None:
    await gated(newsroom, language="en")
    await office.plan("whole", opens="everything", names={"en": "Monthly", "fr": "Au mois"})
    readers = {}
    for language in ("fr", "en"):
        headers = await people.headers("reader")
        assert (await client.patch("/v1/me", headers=headers, json={"language": language})).is_success
        readers[language] = headers
    for _ in range(2):  # the second time from what was kept
        told = {language: (await offers(client, **headers))[0]["name"] for language, headers in readers.items()}
        assert told == {"fr": "Au mois", "en": "Monthly"}


async def test_previews_and_readable_as_offer_the_same_and_know_what_a_plan_opens(
    client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    await newsroom.tag("sea")
    article = await gated(newsroom, tags=["sea"])
    await office.plan("coast", opens={"sections": ["sea"], "tags": ["sea"]})
    await office.plan("inland")
    path = f"/articles/{article['id']}"
    for role, plan, granted in (
        ("anonymous", "coast", "teaser"),
        ("partner", "coast", "teaser"),
        ("reader", "coast", "full"),
        ("reader", "inland", "teaser"),
        ("reader", "nowhere", "teaser"),
        ("subscriber", "inland", "full"),
    ):
        form = {"role": role, "plan": plan}
        shown = (await newsroom.send("GET", f"{path}/readable-as", params=form)).json()["article"]
        made = (await newsroom.send("POST", f"{path}/previews", json=form)).json()
        previewed = (await client.get(made["url"])).json()
        for one in (shown, previewed):
            assert one["access"]["granted"] == granted, form
            assert [offer["plan"] for offer in one["access"]["offers"]] == (
                ["coast"] if granted == "teaser" else []
            )


async def test_a_plan_is_written_read_and_patched(office: Office, newsroom: Newsroom) -> None:
    for slug in ("sea", "land"):
        await newsroom.tag(slug)
    form = {**PLAN, "trial": "P2W", "opens": {"tags": ["land", "sea"], "sections": ["sea"]}, "position": 4}
    made = await office.send("POST", "/plans", json={"slug": "coast", **form})
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert made.headers["location"] == "https://api.test/v1/admin/plans/coast"
    plan = made.json()
    assert {name: plan[name] for name in form} == form
    assert (await office.send("GET", "/plans/coast")).json() == plan
    changed = await office.edit("plans", plan, names={"fr": None, "de": "Küste"}, trial=None, opens="everything")
    assert (changed["names"], changed["trial"], changed["opens"]) == (
        {"en": "Monthly", "de": "Küste"},
        None,
        "everything",
    )
    assert (changed["version"], changed["position"]) == (2, 4)
    narrowed = await office.edit("plans", changed, opens={"tags": ["sea"]})
    assert narrowed["opens"] == {"tags": ["sea"], "sections": []}
    for version, status in ((None, 428), (2, 412)):
        assert (await office.send("PATCH", "/plans/coast", version=version, json={})).status_code == status
    twice = await office.send("POST", "/plans", json={"slug": "coast", **PLAN})
    assert (twice.status_code, twice.json()["rule"]) == (409, "plan-slug")
    assert (await office.send("GET", "/plans/nowhere")).status_code == 404
    events = (await office.send("GET", f"/events?subject=plan&subject_id={plan['id']}")).json()["items"]
    assert [(one["action"], one["version"]) for one in events] == [("edit", 3), ("edit", 2), ("create", 1)]


@pytest.mark.parametrize("kept", ["P1D1Y", "P1M1M", "P01M", "P0D"])
async def test_a_plan_from_before_periods_were_strict_is_answered_and_can_be_mended(
    app: FastAPI, office: Office, kept: str
) -> None:
    plan = await office.plan("coast")
    async with app.state.parts.database.write() as connection:
        await connection.execute(update(plans).values(period=kept, trial=kept))
    assert (await office.send("GET", "/plans/coast")).json() == {**plan, "period": kept, "trial": kept}
    assert [one["period"] for one in (await office.send("GET", "/plans")).json()["items"]] == [kept]
    refused = await office.send("PATCH", "/plans/coast", version=1, json={"position": 2})
    assert refused.status_code == 422, "what cannot be is not written again"
    assert {one["pointer"] for one in refused.json()["errors"]} == {"/period", "/trial"}
    mended = await office.edit("plans", plan, period="P1M", trial=None)
    assert (mended["period"], mended["trial"]) == ("P1M", None)


async def test_plans_are_listed_in_the_order_of_offers(office: Office) -> None:
    for slug, position in (("b", 1), ("a", 1), ("c", 0), ("d", 2)):
        await office.plan(slug, position=position)
    found, query = [], "limit=1"
    while query:
        page = (await office.send("GET", f"/plans?{query}")).json()
        found += [one["slug"] for one in page["items"]]
        query = f"limit=1&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert found == ["c", "a", "b", "d"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"slug": "No"}, "/slug"),
        ({"slug": "01970000-0000-7000-8000-000000000000"}, "/slug"),
        ({"names": {}}, "/names"),
        ({"names": {"en": ""}}, "/names/en"),
        ({"price": {"amount": "3,00", "currency": "EUR"}}, "/price/amount"),
        ({"price": {"amount": "-1", "currency": "EUR"}}, "/price/amount"),
        ({"price": {"amount": "1", "currency": "eur"}}, "/price/currency"),
        ({"period": "monthly"}, "/period"),
        ({"period": "P"}, "/period"),
        ({"period": "P0D"}, "/period"),
        ({"period": "P1D1Y"}, "/period"),
        ({"period": "P1M1M"}, "/period"),
        ({"period": "P1Y1W"}, "/period"),
        ({"period": "P9999Y9999Y9999Y"}, "/period"),
        ({"trial": "P0M"}, "/trial"),
        ({"names": {"en": "Gold", "EN": "Silver"}}, "/names"),
        ({"period": "PT1H"}, "/period"),
        ({"trial": ""}, "/trial"),
        ({"url": "javascript:alert(1)"}, "/url"),
        ({"opens": "nothing"}, "/opens"),
        ({"opens": 17}, "/opens"),
        ({"opens": None}, "/opens"),
        ({"opens": {"tags": "sea"}}, "/opens/tags"),
        ({"opens": {"tags": ["nowhere"]}}, "/opens/tags/0"),
        ({"opens": {"sections": ["nowhere"]}}, "/opens/sections/0"),
        ({"opens": {"everything": True}}, "/opens/everything"),
        ({"position": -1}, "/position"),
        ({"id": "x"}, "/id"),
        ({"version": 3}, "/version"),
        ({"headings": ["all"]}, "/headings"),
        ({"opens_everything": True}, "/opens_everything"),
    ],
)
async def test_what_does_not_fit_is_refused(office: Office, fields: Json, pointer: str) -> None:
    answer = await office.send("POST", "/plans", json={"slug": "coast", **PLAN, **fields})
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, [pointer])
    plan = await office.plan("there")
    if next(iter(fields.values())):  # `null` and `{}` change nothing
        patched = await office.send("PATCH", "/plans/there", version=1, json=fields)
        assert patched.status_code == 422, "a plan's slug is never changed"
    assert (await office.send("GET", "/plans/there")).json() == plan


async def test_a_plan_that_something_names_cannot_be_deleted(
    office: Office, newsroom: Newsroom, people: People
) -> None:
    account = await people.add("reader")
    gate = {**GATE, "plans": ["gold"]}
    plan = await office.plan("gold")

    async def refused(kind: str, id_: str) -> None:
        answer = await office.send("DELETE", "/plans/gold", version=plan["version"])
        assert (answer.status_code, answer.json()["rule"]) == (409, "in-use")
        assert [(use["type"], use["id"]) for use in answer.json()["used_by"]] == [(kind, id_)]

    held = await office.subscribe(account.id, "gold")
    await refused("subscription", held["id"])
    await office.send("DELETE", f"/subscriptions/{held['id']}", version=1)
    draft = await newsroom.draft(access=gate, title="It says “gold”")
    await refused("article", draft["id"])
    live = await newsroom.act(draft, "publish")
    live = await newsroom.edit(live, access={**GATE, "plans": None})
    await refused("article", live["id"])
    await newsroom.act(live, "publish")
    await newsroom.draft(title='"gold"', seo={"title": '"gold"'})
    gone = await office.send("DELETE", "/plans/gold", version=plan["version"])
    assert gone.status_code == 204, gone.text
    assert (await office.send("GET", "/plans/gold")).status_code == 404


async def test_a_plan_cannot_go_while_somebody_is_given_it(office: Office, people: People) -> None:
    account = await people.add("reader")
    for turn in range(5):
        await office.plan(f"gold-{turn}")
        form = {"account_id": account.id, "plan": f"gold-{turn}"}
        given, gone = await asyncio.gather(
            office.send("POST", "/subscriptions", json=form),
            office.send("DELETE", f"/plans/gold-{turn}", version=1),
        )
        assert (given.status_code, gone.status_code) in {(201, 409), (422, 204)}


async def test_a_tag_that_a_plan_opens_cannot_be_deleted(office: Office, newsroom: Newsroom) -> None:
    await newsroom.tag("sea")
    plan = await office.plan("coast", opens={"tags": ["sea"]})
    answer = await newsroom.send("DELETE", "/tags/sea", version=1)
    assert (answer.status_code, answer.json()["rule"]) == (409, "in-use")
    assert [(use["type"], use["id"]) for use in answer.json()["used_by"]] == [("plan", plan["id"])]
    await newsroom.tag("ocean")
    await newsroom.send("POST", "/tags/sea/merge", version=1, json={"into": "ocean"})
    assert (await newsroom.send("DELETE", "/tags/ocean", version=1)).status_code == 409
    await office.edit("plans", plan, opens="everything")
    assert (await newsroom.send("DELETE", "/tags/ocean", version=1)).status_code == 204
