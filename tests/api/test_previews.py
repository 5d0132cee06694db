"""Previews show one revision, as one kind of reader, by the road that readers take; and end."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from tests.everything import everything
from tests.newsroom import Clock, Json, Newsroom, People, paragraph, png, words

HIDDEN = "behind-the-wall"


async def preview(desk: Newsroom, article: Json, **form: Any) -> Json:
    answer = await desk.send("POST", f"/articles/{article['id']}/previews", json=form)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def read(client: AsyncClient, made: Json) -> Json:
    answer = await client.get(made["url"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in answer.headers
    shown: Json = answer.json()
    return shown


def gated(**fields: Any) -> Json:
    body = [paragraph(words(90)), paragraph(HIDDEN)]
    return {"access": {"requires": "subscriber"}, "body": body, "teaser": {"words": 20}, **fields}


async def test_a_preview_shows_exactly_one_revision(client: AsyncClient, newsroom: Newsroom) -> None:
    article = await newsroom.draft(title="One", body=[paragraph("one")])
    made = await preview(newsroom, article)
    assert (made["revision"], made["role"], made["article_id"]) == (1, "anonymous", article["id"])
    article = await newsroom.edit(article, title="Two")
    assert (await read(client, made))["title"] == "One"
    assert (await read(client, await preview(newsroom, article)))["title"] == "Two"
    assert (await read(client, await preview(newsroom, article, revision=1)))["title"] == "One"
    assert (await client.get(f"/v1/articles/{article['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("role", "plan", "requires", "granted"),
    [
        ("anonymous", None, {"requires": "subscriber"}, "teaser"),
        ("reader", None, {"requires": "subscriber"}, "teaser"),
        ("partner", None, {"requires": "registered"}, "teaser"),
        ("reader", None, {"requires": "registered"}, "full"),
        ("subscriber", None, {"requires": "subscriber"}, "full"),
        ("subscriber", None, {"requires": "subscriber", "plans": ["gold"]}, "teaser"),
        ("subscriber", "gold", {"requires": "subscriber", "plans": ["gold"]}, "full"),
        ("subscriber", "tin", {"requires": "subscriber", "plans": ["gold"]}, "teaser"),
        ("anonymous", "gold", {"requires": "subscriber", "plans": ["gold"]}, "teaser"),
    ],
)
async def test_a_preview_is_as_such_a_reader_would_see_it(
    client: AsyncClient, newsroom: Newsroom, role: str, plan: str | None, requires: Json, granted: str
) -> None:
    article = await newsroom.draft(**gated(access=requires))
    made = await preview(newsroom, article, role=role, plan=plan)
    for headers in ({}, newsroom.headers):
        answer = await client.get(made["url"], headers=headers)
        assert answer.json()["access"]["granted"] == granted
        assert (HIDDEN in answer.text) is (granted == "full")


async def test_a_preview_has_all_that_a_reader_s_article_has(client: AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.tag("sea")
    fields = gated(title="Same", slug="same", tags=["sea"], standfirst="First.")
    article = await newsroom.draft(**fields)
    shown = await read(client, await preview(newsroom, article, role="subscriber"))
    article = await newsroom.act(article, "publish")
    live = (await client.get("/v1/articles/same")).json()
    assert shown.keys() == live.keys()
    differing = {name for name in live if live[name] != shown[name]}
    assert differing == {"published_at", "updated_at", "body", "access"}
    teaser = await read(client, await preview(newsroom, article))
    differing = {name for name in live if live[name] != teaser[name]}
    assert differing <= {"published_at", "updated_at", "revision"}


async def test_pictures_of_a_preview_can_be_seen_and_are_public_nowhere(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    lead, inner = await newsroom.medium(png(shade=1)), await newsroom.medium(png(shade=2))
    body = [paragraph("text"), {"_type": "image", "media_id": inner["id"]}]
    article = await newsroom.draft(lead_image={"media_id": lead["id"]}, body=body)
    shown = await read(client, await preview(newsroom, article))
    for media in (shown["lead_image"]["media"], shown["body"][1]["media"]):
        assert (await client.get(media["url"])).status_code == 200
        assert (await client.get(f"/media/{media['id']}/original")).status_code == 404


async def test_a_preview_ends_and_can_be_revoked(client: AsyncClient, newsroom: Newsroom, clock: Clock) -> None:
    article = await newsroom.draft()
    end = (clock.time + timedelta(minutes=10)).isoformat()
    short, long = await preview(newsroom, article, expires_at=end), await preview(newsroom, article)
    path = f"/articles/{article['id']}/previews"
    listed = (await newsroom.send("GET", path)).json()["items"]
    assert [one["id"] for one in listed] == [long["id"], short["id"]]
    assert all("token" not in one and "url" not in one for one in listed)
    clock.move(minutes=11)
    assert (await client.get(short["url"])).status_code == 404
    assert (await client.get(long["url"])).status_code == 200
    assert (await newsroom.send("DELETE", f"{path}/{long['id']}")).status_code == 428
    assert (await newsroom.send("DELETE", f"{path}/{long['id']}", version=2)).status_code == 412
    assert (await client.get(long["url"])).status_code == 200
    assert (await newsroom.send("DELETE", f"{path}/{long['id']}", version=1)).status_code == 204
    assert (await client.get(long["url"])).status_code == 404
    for one in (short, long):
        assert (await newsroom.send("DELETE", f"{path}/{one['id']}", version=1)).status_code == 404
    assert (await newsroom.send("GET", path)).json()["items"] == []


async def test_what_is_no_token_of_ours_is_not_there_and_all_refusals_look_alike(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    article = await newsroom.draft()
    made = await preview(newsroom, article)
    revoked = await preview(newsroom, article)
    await newsroom.send("DELETE", f"/articles/{article['id']}/previews/{revoked['id']}", version=1)
    token = made["token"]
    other = ("A" if token[9] != "A" else "B").join((token[:9], token[10:]))
    cursor = (await newsroom.send("GET", "/articles?limit=1")).json()["next_cursor"] or "x"
    bodies = set()
    for wrong in (other, token[:-1], f"{token}A", "x", revoked["token"], made["id"], cursor, "a" * 201, "%FF"):
        answer = await client.get(f"/v1/previews/{wrong}")
        assert answer.status_code == 404, wrong
        bodies.add(str({**answer.json(), "request_id": ""}))
    assert len(bodies) == 1
    deleted = await newsroom.send("DELETE", f"/articles/{article['id']}", version=1)
    assert deleted.status_code == 204
    assert (await client.get(made["url"])).status_code == 404


async def test_a_preview_ends_with_its_maker_s_right(client: AsyncClient, people: People) -> None:
    writer = Newsroom(client, await people.headers("contributor"))
    made = await preview(writer, await writer.draft())
    assert (await client.get(made["url"])).status_code == 200
    async with people.parts.database.write() as connection:
        await connection.exec_driver_sql("UPDATE accounts SET roles = 'reader'")
    assert (await client.get(made["url"])).status_code == 404


async def test_what_does_not_fit_is_refused(newsroom: Newsroom, clock: Clock, people: People) -> None:
    article = await newsroom.draft()
    before = await everything(people.parts)

    def after(**by: float) -> str:
        return (clock.time + timedelta(**by)).isoformat()

    flaws: list[tuple[Json, str]] = [
        ({"revision": 2}, "/revision"),
        ({"revision": 0}, "/revision"),
        ({"role": "editor"}, "/role"),
        ({"plan": "Not a slug"}, "/plan"),
        ({"expires_at": after(seconds=30)}, "/expires_at"),
        ({"expires_at": after(days=-1)}, "/expires_at"),
        ({"expires_at": after(days=31)}, "/expires_at"),
        ({"minutes": 5}, "/minutes"),
    ]
    for form, pointer in flaws:
        refused = await newsroom.send("POST", f"/articles/{article['id']}/previews", json=form)
        assert refused.status_code == 422, form
        assert [flaw["pointer"] for flaw in refused.json()["errors"]] == [pointer]
    assert await everything(people.parts) == before


async def test_previews_are_for_those_who_may_edit_the_article(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    writer, other = [Newsroom(client, await people.headers("contributor")) for _ in range(2)]
    article, own = await writer.draft(), await other.draft()
    made = await preview(writer, article)
    for path in ("/previews", "/readable-as"):
        assert (await other.send("GET", f"/articles/{article['id']}{path}")).status_code == 404
        assert (await newsroom.send("GET", f"/articles/{article['id']}{path}")).status_code == 200
    assert (await other.send("POST", f"/articles/{article['id']}/previews", json={})).status_code == 404
    stolen = f"/articles/{own['id']}/previews/{made['id']}"
    assert (await other.send("DELETE", stolen, version=1)).status_code == 404
    assert (await client.get(made["url"])).status_code == 200


async def as_(desk: Newsroom, article: Json, **asked: str) -> Json:
    answer = await desk.send("GET", f"/articles/{article['id']}/readable-as", params=asked)
    assert answer.status_code == 200, answer.text
    shown: Json = answer.json()
    return shown


async def test_readable_as_tells_what_such_a_reader_gets_at_a_time(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    opens, start = (clock.time + timedelta(days=9)).isoformat(), (clock.time + timedelta(days=3)).isoformat()
    article = await newsroom.draft(**gated(slug="piece", access={"requires": "subscriber", "until": opens}))
    assert (await as_(newsroom, article))["status"] == 404
    article = await newsroom.act(article, "schedule", at=start)
    assert (await as_(newsroom, article))["status"] == 404
    later = {"at": (clock.time + timedelta(days=4)).isoformat()}
    for role, granted in (
        ("anonymous", "teaser"),
        ("reader", "teaser"),
        ("subscriber", "full"),
        ("partner", "teaser"),
    ):
        shown = await as_(newsroom, article, role=role, **later)
        assert (shown["status"], shown["article"]["access"]["granted"]) == (200, granted)
    much_later = {"at": (clock.time + timedelta(days=10)).isoformat()}
    assert (await as_(newsroom, article, **much_later))["article"]["access"]["granted"] == "full"
    article = await newsroom.act(article, "publish")
    for role in ("reader", "subscriber", "partner"):
        there = (await client.get("/v1/articles/piece", headers=await people.headers(role))).json()
        assert (await as_(newsroom, article, role=role))["article"] == there
    article = await newsroom.act(article, "withdraw", public_note="It was wrong.")
    shown = await as_(newsroom, article)
    assert (shown["status"], shown["detail"], shown["article"]) == (410, "It was wrong.", None)
    for query in ({"role": "editor"}, {"at": "soon"}, {"plan": "Not a slug"}, {"who": "me"}):
        refused = await newsroom.send("GET", f"/articles/{article['id']}/readable-as", params=query)
        assert refused.status_code == 400


async def test_a_preview_ends_when_the_article_is_withdrawn(client: AsyncClient, newsroom: Newsroom) -> None:
    article = await newsroom.published()
    made = await preview(newsroom, article)
    assert (await client.get(made["url"])).status_code == 200
    await newsroom.act(article, "withdraw", public_note="Wrong.")
    assert (await client.get(made["url"])).status_code == 404


async def test_readable_as_tells_nothing_of_what_is_planned_with_other_articles(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    writer = Newsroom(client, await people.headers("contributor"))
    live = await newsroom.published(title="Open", slug="open")
    later = (clock.time + timedelta(days=1)).isoformat()
    own = await writer.draft(title="Own", related=[live["id"]], translation_of=live["id"], language="fr")
    await newsroom.act(own, "publish")
    live = await newsroom.edit(live, title="SECRET", slug="secret")
    await newsroom.act(live, "schedule", at=later)
    sibling = await newsroom.draft(title="SECRET too", language="de", translation_of=live["id"])
    await newsroom.act(sibling, "schedule", at=later)
    asked = {"at": (clock.time + timedelta(days=2)).isoformat()}
    answer = await writer.send("GET", f"/articles/{own['id']}/readable-as", params=asked)
    assert answer.json()["status"] == 200
    assert "secret" not in answer.text.lower()
    assert [one["title"] for one in answer.json()["article"]["related"]] == ["Open"]
