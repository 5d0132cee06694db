"""What the newsroom sees of its articles: lists by many things, what was done, who links where."""

from datetime import timedelta
from typing import Any

from httpx import AsyncClient

from infra import changes
from tests.newsroom import Clock, Json, Newsroom, People, paragraph


async def titles(desk: Newsroom, **asked: Any) -> set[str]:
    answer = await desk.send("GET", "/articles", params={"limit": 100, **asked})
    assert answer.status_code == 200, answer.text
    return {one["title"] for one in answer.json()["items"]}


async def test_articles_are_listed_by_what_readers_have_of_them(newsroom: Newsroom, clock: Clock) -> None:
    soon = (clock.time + timedelta(minutes=5)).isoformat()
    await newsroom.draft(title="none")
    await newsroom.act(await newsroom.draft(title="scheduled"), "schedule", at=soon)
    await newsroom.published(title="live")
    await newsroom.act(await newsroom.published(title="live and scheduled"), "schedule", at=soon)
    await newsroom.act(await newsroom.draft(title="short"), "publish", until=soon)
    await newsroom.act(await newsroom.published(title="unpublished"), "unpublish")
    back = await newsroom.act(await newsroom.published(title="back soon"), "unpublish")
    await newsroom.act(back, "schedule", at=soon)
    await newsroom.act(await newsroom.published(title="withdrawn"), "withdraw", public_note="Wrong.")
    stand = {
        "none": {"none"},
        "scheduled": {"scheduled", "back soon"},
        "live": {"live", "live and scheduled", "short"},
        "expired": set(),
        "unpublished": {"unpublished"},
        "withdrawn": {"withdrawn"},
    }

    async def check() -> None:
        for state, expected in stand.items():
            listed = (await newsroom.send("GET", "/articles", params={"publication": state})).json()["items"]
            assert {one["title"] for one in listed} == expected, state
            shown = {(one["publication"] or {"state": "none"})["state"] for one in listed}
            assert shown <= {state}

    await check()
    clock.move(minutes=5)
    stand |= {"scheduled": set(), "expired": {"short"}}
    stand["live"] = {"live", "live and scheduled", "scheduled", "back soon"}
    await check()


async def test_articles_are_found_by_all_that_the_contract_says(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    for slug in ("sea", "culture"):
        await newsroom.tag(slug)
    await newsroom.contributor("ana")
    await newsroom.draft(title="Été à la mer", language="fr", tags=["sea"], section="culture")
    credit = {"role": "author", "contributor": "ana"}
    second = await newsroom.draft(title="100% sea_side", credits=[credit], tags=["sea"])
    await newsroom.act(second, "submit")
    clock.move(seconds=5)
    since = clock.time.isoformat()
    third = await newsroom.draft(title="Новости дня", language="ru")
    everyone = {"Été à la mer", "100% sea_side", "Новости дня"}
    cases: list[tuple[Json, set[str]]] = [
        ({}, everyone),
        ({"tag": "sea"}, {"Été à la mer", "100% sea_side"}),
        ({"tag": "culture"}, {"Été à la mer"}),
        ({"tag": "never"}, set()),
        ({"contributor": "ana"}, {"100% sea_side"}),
        ({"language": "fr"}, {"Été à la mer"}),
        ({"state": "submitted"}, {"100% sea_side"}),
        ({"q": "ete"}, {"Été à la mer"}),
        ({"q": "ÉTÉ"}, {"Été à la mer"}),
        ({"q": "новости"}, {"Новости дня"}),
        ({"q": "%"}, {"100% sea_side"}),
        ({"q": "_"}, {"100% sea_side"}),
        ({"q": "%sea"}, set()),
        ({"updated_after": since}, {"Новости дня"}),
        ({"updated_after": third["updated_at"]}, {"Новости дня"}),
        ({"tag": "sea", "language": "fr", "q": "mer", "state": "draft", "publication": "none"}, {"Été à la mer"}),
    ]
    for asked, expected in cases:
        assert await titles(newsroom, **asked) == expected, asked
    writer = Newsroom(client, await people.headers("contributor"))
    for asked, _ in cases:
        assert await titles(writer, **asked) == set()
    for asked in (
        {"publication": "superseded"},
        {"state": "live"},
        {"updated_after": "soon"},
        {"tag": "A B"},
        {"q": "x" * 201},
    ):
        assert (await newsroom.send("GET", "/articles", params=asked)).status_code == 400, asked


async def test_a_filtered_list_is_paged_by_its_own_cursor(newsroom: Newsroom) -> None:
    for at in range(5):
        await newsroom.draft(title=f"Sea {at}")
        await newsroom.draft(title=f"Land {at}")
    seen: list[str] = []
    asked: Json = {"q": "sea", "limit": 2}
    while True:
        page = (await newsroom.send("GET", "/articles", params=asked)).json()
        seen += [one["title"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        asked["cursor"] = page["next_cursor"]
        stolen = await newsroom.send("GET", "/articles", params={**asked, "q": "land"})
        assert stolen.status_code == 400
    assert seen == [f"Sea {at}" for at in (4, 3, 2, 1, 0)]


async def test_every_change_is_told_with_who_when_and_from_where(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    writer = Newsroom(client, await people.headers("contributor"))
    article = await writer.edit(await writer.draft(title="Secret title", note="Said at the save"), title="B")
    article = await writer.act(article, "submit", note="Please look.")
    article = await newsroom.act(article, "publish")
    article = await newsroom.act(article, "correct", public_note="A name.", note="Ana called.")
    path = f"/articles/{article['id']}/events"
    answer = await newsroom.send("GET", path)
    told = answer.json()["items"]
    assert [(one["action"], one["version"], one["revision"], one["note"]) for one in told] == [
        ("correct", 5, 2, "Ana called.\nA name."),
        ("publish", 4, 2, None),
        ("submit", 3, 2, "Please look."),
        ("edit", 2, 2, None),
        ("create", 1, 1, None),
    ]
    assert {one["by"] for one in told[2:]} == {article["created_by"]}
    assert {one["from_address"] for one in told} == {"192.0.2.7"}
    assert "Secret title" not in answer.text
    own = (await writer.send("GET", path)).json()["items"]
    assert {one["from_address"] for one in own} == {None}
    assert [one["id"] for one in own] == [one["id"] for one in told]
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await newsroom.send("GET", f"{path}?limit=2{cursor}")).json()
        seen += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [one["id"] for one in told]


async def test_who_links_here_is_known_by_draft_and_by_publication(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    writer = Newsroom(client, await people.headers("contributor"))
    target = await newsroom.published(title="Target", slug="target")
    also = {"_type": "related", "article_id": target["id"]}
    body = [paragraph("text"), also]
    listing = await newsroom.published(title="Lists it", related=[target["id"]])
    inline = await newsroom.published(title="Says it", body=body)
    await newsroom.edit(inline, body=[paragraph("text")])
    await newsroom.published(title="Translates it", translation_of=target["id"], language="fr")
    own = await writer.draft(title="Drafts it", body=body)
    gone = await newsroom.published(title="Said it once", body=body)
    await newsroom.act(await newsroom.edit(gone, body=[paragraph("text")]), "publish")
    path = f"/articles/{target['id']}/linked-from"

    async def told(desk: Newsroom) -> dict[str, tuple[bool, bool]]:
        items = (await desk.send("GET", path)).json()["items"]
        return {one["title"]: (one["in_draft"], one["in_publication"]) for one in items}

    assert await told(newsroom) == {
        "Lists it": (True, True),
        "Says it": (False, True),
        "Translates it": (True, False),
        "Drafts it": (True, False),
    }
    mine = await writer.draft(title="Mine", related=[own["id"]])
    linking = (await writer.send("GET", f"/articles/{own['id']}/linked-from")).json()["items"]
    assert [one["id"] for one in linking] == [mine["id"]]
    assert (await writer.send("GET", path)).status_code == 404
    first = (await newsroom.send("GET", f"{path}?limit=3")).json()
    rest = (await newsroom.send("GET", f"{path}?limit=3&cursor={first['next_cursor']}")).json()
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (3, 1, None)

    shown = (await client.get(f"/v1/articles/{listing['id']}")).json()
    assert [one["id"] for one in shown["related"]] == [target["id"]]
    target = await newsroom.act(target, "unpublish")
    (warning,) = target["warnings"]
    assert warning["rule"] == "linked-from"
    assert {one["title"] for one in warning["articles"]} == {"Lists it", "Says it", "Translates it", "Drafts it"}
    for reference in (listing["id"], inline["id"]):
        after = (await client.get(f"/v1/articles/{reference}")).json()
        assert (after["related"], [one["_type"] for one in after["body"]]) == ([], ["block"] * len(after["body"]))
    target = await newsroom.act(target, "publish")
    assert target["warnings"] == []
    assert [one["id"] for one in (await client.get(f"/v1/articles/{listing['id']}")).json()["related"]] == [
        target["id"]
    ]
    target = await newsroom.act(target, "withdraw", public_note="Wrong.")
    assert len(target["warnings"][0]["articles"]) == 4


async def test_no_query_holds_what_no_text_can(newsroom: Newsroom) -> None:
    for path in ("/articles?q=%00", "/articles?q=a%00b", "/articles?cursor=%00"):
        refused = await newsroom.send("GET", path)
        assert (refused.status_code, refused.json()["errors"][0]["parameter"]) == (400, path[10:].split("=")[0])


async def test_what_a_newer_program_has_written_breaks_no_list(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await newsroom.tag("sea")
    await newsroom.contributor("ana")
    credit = {"role": "author", "contributor": "ana"}
    article = await newsroom.published(slug="piece", tags=["sea"], credits=[credit])
    made = (await newsroom.send("POST", f"/articles/{article['id']}/previews")).json()
    async with people.parts.database.write() as connection:
        for change in (
            "UPDATE tags SET kind = 'mood'",
            "UPDATE contributors SET kind = 'robot'",
            "UPDATE articles SET draft_state = 'sleeping'",
            "UPDATE previews SET kind = 'robot'",
        ):
            await connection.exec_driver_sql(change)
    for path in ("/v1/articles/piece", "/v1/articles", "/v1/tags", "/v1/contributors", "/v1/contributors/ana"):
        assert (await client.get(path)).status_code == 200, path
    assert (await client.get(made["url"])).status_code == 404
    for path in ("/articles", f"/articles/{article['id']}", f"/articles/{article['id']}/previews", "/tags"):
        assert (await newsroom.send("GET", path)).status_code == 200, path
    async with people.parts.database.write() as connection:
        await connection.exec_driver_sql("UPDATE publications SET state = 'sold'")
        changes.note(connection, "article", article["id"])
    assert (await client.get("/v1/articles/piece")).status_code == 404
    shown = (await newsroom.send("GET", f"/articles/{article['id']}")).json()
    assert shown["allowed_actions"] == []
    assert (await newsroom.send("GET", "/articles")).status_code == 200
