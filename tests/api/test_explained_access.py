"""Explained access: it agrees with what the article does, takes nothing, and tells no more than one may know."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from infra.settings import Settings
from tests.api.test_gifts import GATE, SECRET, gated, given
from tests.api.test_meter import readings
from tests.newsroom import NOBODY, Clock, Json, Newsroom, Office, People
from tests.partners import headers_of, program
from tests.wall.statements import naming_gated, statements_of

WAYS = ["gate", "staff", "registration", "subscription", "licence", "gift", "meter"]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"meter_articles": 1})


async def explained(client: AsyncClient, slug: str, headers: Json | None = None, **asked: str) -> Json:
    answer = await client.get(f"/v1/articles/{slug}/access", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    told: Json = answer.json()
    steps = told["steps"]
    assert [one["way"] for one in steps] == WAYS[: len(steps)]
    assert [one["opens"] for one in steps[:-1]] == [False] * (len(steps) - 1)
    assert steps[-1]["opens"] is (told["access"]["granted"] == "full")
    assert [one["reason"] for one in steps if one["reason"]][-1] == told["access"]["reason"]
    assert len(steps) == len(WAYS) or steps[-1]["opens"]
    assert all(one["detail"] for one in steps)
    return told


async def test_it_says_what_the_article_says(
    client: AsyncClient, newsroom: Newsroom, people: People, office: Office, clock: Clock
) -> None:
    soon = (clock.time + timedelta(days=1)).isoformat()
    gates: dict[str, Json] = {
        "open": {"requires": "free"},
        "known": {"requires": "registered"},
        "paid": {**GATE, "metered": False},
        "gold": {**GATE, "plans": ["gold"], "metered": False},
        "later": {**GATE, "from": soon},
        "archive": {**GATE, "until": soon, "metered": False},
    }
    for slug, gate in gates.items():
        await gated(newsroom, slug=slug, access=gate)
    for name in ("gold", "coast"):
        await office.plan(name, opens="everything")
    callers = [{}, *[await people.headers(role) for role in ("reader", "subscriber", "contributor", "editor")]]
    callers += [await people.headers("partner"), await people.headers("reader", plans=("gold",))]
    reasons = set()
    for slug in gates:
        for headers in callers:
            told = await explained(client, slug, headers)
            article = (await client.get(f"/v1/articles/{slug}", headers=headers)).json()
            assert told["access"] == article["access"]
            reasons.add(told["access"]["reason"])
    assert reasons == {
        *("free", "registered", "registration_required", "subscriber", "subscription_required", "plan_required"),
        "staff",
    }


async def test_it_tells_of_the_meter_and_takes_nothing_out_of_it(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await gated(newsroom)
    await gated(newsroom, "Other")
    headers = await people.headers("reader")
    for _ in range(2):
        told = await explained(client, "gated", headers)
        assert (told["access"]["reason"], told["access"]["meter"]["used"]) == ("metered_available", 0)
        assert [one["reason"] for one in told["steps"]] == [
            *(None, None, None, "subscription_required", None, None, "metered_available")
        ]
    assert await readings(people) == 0
    read = (await client.get("/v1/articles/gated", headers=headers)).json()["access"]
    assert (await explained(client, "gated", headers))["access"] == read
    assert (await explained(client, "other", headers))["access"]["reason"] == "meter_exhausted"
    assert await readings(people) == 1


async def test_it_tells_of_a_gift_and_not_of_a_bad_one(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await gated(newsroom)
    await gated(newsroom, "Other")
    giver = await people.headers("subscriber")
    token, gift_id = await given(client, "gated", giver)
    told = await explained(client, "gated", gift=token)
    assert [one["way"] for one in told["steps"] if one["opens"]] == ["gift"]
    assert told["access"] == (await client.get("/v1/articles/gated", params={"gift": token})).json()["access"]
    assert token not in str(told)
    without = (await explained(client, "gated"))["steps"]
    await client.delete(f"/v1/me/gifts/{gift_id}", headers=giver)
    for slug, gift in (("gated", token), ("other", token), ("gated", "made-up")):
        assert (await explained(client, slug, gift=gift))["steps"] == without


async def test_it_tells_a_partner_of_its_licence_and_writes_nothing_down(
    client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    await gated(newsroom)
    await gated(newsroom, "Other", language="fr")
    one = await program(office)
    await office.licence(one.id, articles={"languages": ["en"]}, quota=5)
    headers = await headers_of(client, one)
    told = await explained(client, "gated", headers)
    assert (told["steps"][-1]["way"], told["steps"][-1]["reason"]) == ("licence", "licence")
    assert told["access"]["meter"]["used"] == 0
    refused = await explained(client, "other", headers)
    assert [step["reason"] for step in refused["steps"] if step["way"] in {"licence", "meter"}] == [None, None]
    assert (await client.get("/v1/articles/gated", headers=headers)).json()["access"]["meter"]["used"] == 1
    assert (await explained(client, "gated", headers))["access"]["meter"]["used"] == 1


async def test_no_text_is_read_for_it(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await gated(newsroom)
    token, _ = await given(client, "gated", await people.headers("subscriber"))
    for role in ("anonymous", "reader", "subscriber", "editor"):
        with statements_of(app) as sent:
            for asked in ({}, {"gift": token}):
                answer = await client.get(
                    "/v1/articles/gated/access", params=asked, headers=await people.headers(role)
                )
                assert SECRET not in answer.text
        assert naming_gated([one for one in sent if not one.startswith("INSERT")]) == []
        assert not any("teasers" in one for one in sent)


async def test_what_is_not_there_is_as_it_is_for_the_article(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    draft = await newsroom.draft(slug="draft")
    live = await gated(newsroom, slug="first")
    scheduled = await newsroom.draft(slug="scheduled")
    await newsroom.act(scheduled, "schedule", at="2027-01-01T00:00:00Z")
    gone = await gated(newsroom, "Gone")
    await newsroom.act(gone, "withdraw", public_note="Wrong.")
    live = await newsroom.act(await newsroom.edit(live, slug="second"), "publish")
    for headers in ({}, await people.headers("reader"), await people.headers("editor")):
        for slug in ("draft", draft["id"], "scheduled", "nothing-here", NOBODY, "gone", gone["id"], "first"):
            article = await client.get(f"/v1/articles/{slug}", headers=headers)
            answer = await client.get(f"/v1/articles/{slug}/access", headers=headers)
            assert answer.status_code == article.status_code
            if answer.status_code != 308:
                assert answer.json()["detail"] == article.json()["detail"]
    assert (await client.get("/v1/articles/first/access")).headers["location"].endswith("/articles/second/access")
    assert (await client.get(f"/v1/articles/{live['id']}/access?x=1")).status_code == 400


async def test_a_newer_edition_that_waits_is_not_told_of(client: AsyncClient, newsroom: Newsroom) -> None:
    live = await newsroom.published(slug="gated", access={"requires": "free"})
    before = await explained(client, "gated")
    live = await newsroom.edit(live, access={**GATE, "plans": ["gold"]})
    await newsroom.act(live, "schedule", at="2027-01-01T00:00:00Z")
    after = await explained(client, "gated")
    assert {**after, "at": None} == {**before, "at": None}


@pytest.mark.parametrize(
    ("asked", "way"),
    [
        ({}, None),
        ({"role": "reader"}, None),
        ({"role": "subscriber"}, None),
        ({"role": "subscriber", "plan": "gold"}, "subscription"),
        ({"at": "2026-03-01T00:00:00Z"}, "gate"),
    ],
)
async def test_staff_asks_it_for_any_reader_plan_and_time(
    newsroom: Newsroom, asked: dict[str, str], way: str | None, office: Office
) -> None:
    await office.plan("gold")
    made = await gated(newsroom, access={**GATE, "plans": ["gold"], "until": "2026-02-20T00:00:00Z"})
    answer = (await newsroom.send("GET", f"/articles/{made['id']}/readable-as", params=asked)).json()
    steps: list[Any] = answer["steps"]
    assert [one["way"] for one in steps if one["opens"]] == ([way] if way else [])
    assert [one["reason"] for one in steps if one["reason"]][-1] == answer["article"]["access"]["reason"]
    nothing = await newsroom.send(
        "GET", f"/articles/{made['id']}/readable-as", params={"at": "2020-01-01T00:00:00Z"}
    )
    assert (nothing.json()["status"], nothing.json()["steps"]) == (404, [])


@pytest.mark.parametrize(
    ("used", "role", "reason"),
    [
        (0, "reader", "metered_available"),
        (1, "reader", "meter_exhausted"),
        (2, "reader", "meter_exhausted"),
        (0, "anonymous", "subscription_required"),
        (0, "partner", "subscription_required"),
    ],
)
async def test_staff_asks_it_for_readers_with_a_meter(
    newsroom: Newsroom, used: int, role: str, reason: str
) -> None:
    made = await gated(newsroom)
    asked = {"role": role, "meter_used": used}
    answer = (await newsroom.send("GET", f"/articles/{made['id']}/readable-as", params=asked)).json()
    access = answer["article"]["access"]
    assert (access["granted"], access["reason"], answer["meter_used"]) == ("teaser", reason, used)
    assert [one["reason"] for one in answer["steps"] if one["reason"]][-1] == reason
    assert (access["meter"] or {}).get("used") == (used if role == "reader" else None)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
@pytest.mark.parametrize("period", ["month", "30-days"])
async def test_it_can_be_asked_for_the_first_and_the_last_moment(
    app: FastAPI, newsroom: Newsroom, office: Office, at: str, period: str
) -> None:
    object.__setattr__(
        app.state.parts, "settings", app.state.parts.settings.model_copy(update={"meter_period": period})
    )
    made, licence = await gated(newsroom), await office.licence((await program(office)).id, quota=1)
    for role in ("reader", "partner"):
        asked = {"role": role, "at": at, **({"licence": licence["id"]} if role == "partner" else {})}
        answer = await newsroom.send("GET", f"/articles/{made['id']}/readable-as", params=asked)
        assert answer.status_code == 200, answer.text


async def test_a_delay_that_ends_after_the_last_moment_lets_no_partner_in(
    newsroom: Newsroom, office: Office
) -> None:
    made = await newsroom.draft(title="Late", slug="late", access=GATE)
    await newsroom.act(made, "schedule", at="9999-06-01T00:00:00Z")
    licence = await office.licence((await program(office)).id, delay="P366D")
    asked = {"role": "partner", "licence": licence["id"], "at": "9999-12-31T23:59:59Z"}
    answer = await newsroom.send("GET", f"/articles/{made['id']}/readable-as", params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.json()["article"]["access"]["reason"] == "subscription_required"


@pytest.mark.parametrize("wrong", ["-1", "1.0", "x", "10001", ""])
async def test_of_a_meter_is_asked_with_a_number(newsroom: Newsroom, wrong: str) -> None:
    made = await gated(newsroom)
    answer = await newsroom.send("GET", f"/articles/{made['id']}/readable-as", params={"meter_used": wrong})
    assert answer.status_code == 400


async def test_staff_asks_it_for_a_licensed_partner(
    client: AsyncClient, newsroom: Newsroom, office: Office, clock: Clock
) -> None:
    await newsroom.tag("sea")
    made, other = await gated(newsroom, tags=["sea"]), await gated(newsroom, "other")
    one = await program(office)
    ends = clock.time + timedelta(days=2)
    terms = {"usage_terms": "Web only.", "fields": [], "quota": 3, "delay": "PT1H", "ends_at": ends.isoformat()}
    licence = await office.licence(one.id, articles={"tags": ["sea"]}, **terms)

    async def asked(article: Json, **more: Any) -> tuple[str, str | None]:
        params = {"role": "partner", "licence": licence["id"], **more}
        answer = (await newsroom.send("GET", f"/articles/{article['id']}/readable-as", params=params)).json()
        assert answer["licence"] == licence["id"]
        assert (SECRET in str(answer["article"]["body"])) is (answer["article"]["access"]["granted"] == "full")
        rights = answer["article"]["rights"]
        return answer["article"]["access"]["reason"], rights and rights["usage_terms"]

    later = (clock.time + timedelta(hours=2)).isoformat()
    assert await asked(made) == ("subscription_required", None), "there is a delay"
    assert await asked(made, at=later) == ("licence", "Web only.")
    assert await asked(made, at=later, meter_used=2) == ("licence", "Web only.")
    assert (await asked(made, at=later, meter_used=3))[0] == "meter_exhausted"
    assert await asked(other, at=later) == ("subscription_required", None)
    assert await asked(made, at=ends.isoformat()) == ("subscription_required", None)
    assert (await office.send("GET", f"/licences/{licence['id']}/ledger")).json()["items"] == []


async def test_only_those_who_may_read_everything_ask_for_a_licence_and_only_for_one_that_there_is(
    newsroom: Newsroom, office: Office, people: People, client: AsyncClient
) -> None:
    licence = await office.licence((await program(office)).id)
    writer = Newsroom(client, await people.headers("contributor"))
    own, made = await writer.draft(), await gated(newsroom)
    asked = {"role": "partner", "licence": licence["id"]}
    refused = await writer.send("GET", f"/articles/{own['id']}/readable-as", params=asked)
    assert refused.status_code == 403
    for wrong in ({"licence": NOBODY}, {"licence": "x"}, {"role": "reader"}, {"role": "anonymous"}):
        answer = await newsroom.send("GET", f"/articles/{made['id']}/readable-as", params={**asked, **wrong})
        assert answer.status_code == 400, wrong
