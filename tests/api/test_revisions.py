"""History: every save is a revision that never changes; the way back is a new one."""

import asyncio

import pytest
from httpx import AsyncClient

from tests.everything import everything
from tests.newsroom import Json, Newsroom, People, paragraph


def keyed(**texts: str) -> list[Json]:
    return [paragraph(text, _key=key) for key, text in texts.items()]


async def history(desk: Newsroom, article: Json, **asked: int | str) -> list[Json]:
    answer = await desk.send("GET", f"/articles/{article['id']}/revisions", params=asked)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def test_each_save_is_a_revision_with_who_when_and_note(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    writer = Newsroom(client, await people.headers("contributor"))
    article = await writer.draft(title="One", note="A first go.")
    article = await newsroom.edit(article, title="Two", note="Checked.")
    article = await newsroom.edit(article, title="Three")
    article = await newsroom.act(article, "publish")
    found = await history(newsroom, article)
    assert [(one["number"], one["note"]) for one in found] == [(3, None), (2, "Checked."), (1, "A first go.")]
    assert found[0]["created_by"] == found[1]["created_by"] != found[2]["created_by"] == article["created_by"]
    assert found[2]["created_at"] == article["created_at"]
    assert "note" not in article


async def test_a_revision_reads_as_it_was_saved(newsroom: Newsroom) -> None:
    await newsroom.tag("sea")
    first = await newsroom.draft(title="One", body=keyed(a="text"), tags=["sea"], section="sea")
    article = await newsroom.act(
        await newsroom.edit(first, title="Two", body=[paragraph("b")], tags=[]), "publish"
    )
    for _ in range(2):
        old = (await newsroom.send("GET", f"/articles/{first['id']}/revisions/1")).json()
        assert {name: first[name] for name in ("title", "body", "tags", "section", "slug")} == {
            name: old[name] for name in ("title", "body", "tags", "section", "slug")
        }
        article = await newsroom.edit(article, title="Three")
    missing = await newsroom.send("GET", f"/articles/{first['id']}/revisions/9")
    assert missing.status_code == 404


async def test_the_list_is_paged(newsroom: Newsroom) -> None:
    article = await newsroom.draft()
    for at in range(4):
        article = await newsroom.edit(article, title=f"Title {at}")
    seen: list[int] = []
    path = f"/articles/{article['id']}/revisions?limit=2"
    cursor = ""
    while True:
        page = (await newsroom.send("GET", path + cursor)).json()
        seen += [one["number"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [5, 4, 3, 2, 1]


async def test_a_diff_tells_fields_and_blocks(newsroom: Newsroom) -> None:
    await newsroom.tag("sea")
    article = await newsroom.draft(title="One", body=keyed(a="same", b="old", c="gone", d="moved"))
    article = await newsroom.edit(
        article,
        title="Two",
        tags=["sea"],
        access={"requires": "registered"},
        body=keyed(d="moved", a="same", b="new", e="fresh"),
    )
    path = f"/articles/{article['id']}/revisions/1/diff"
    told = (await newsroom.send("GET", path)).json()
    assert (told["before"], told["after"]) == (1, 2)
    assert {one["name"]: (one["before"], one["after"]) for one in told["fields"]} == {
        "title": ("One", "Two"),
        "tags": ([], ["sea"]),
        "access": (
            {"requires": "free", "plans": [], "from": None, "until": None, "metered": True},
            {"requires": "registered", "plans": [], "from": None, "until": None, "metered": True},
        ),
    }
    assert {one["_key"]: one["change"] for one in told["blocks"]} == {
        "a": "same",
        "b": "changed",
        "c": "removed",
        "d": "moved",
        "e": "added",
    }
    changed = next(one for one in told["blocks"] if one["_key"] == "b")
    assert changed["before"]["children"][0]["text"] == "old"
    assert changed["after"]["children"][0]["text"] == "new"
    back = (await newsroom.send("GET", f"/articles/{article['id']}/revisions/2/diff", params={"to": 1})).json()
    assert {one["_key"]: one["change"] for one in back["blocks"]}["c"] == "added"
    same = (await newsroom.send("GET", path, params={"to": 1})).json()
    assert (same["fields"], {one["change"] for one in same["blocks"]}) == ([], {"same"})
    for query in ({"to": 3}, {"to": 0}, {"to": "x"}):
        answer = await newsroom.send("GET", path, params=query)
        assert answer.status_code == (404 if query == {"to": 3} else 400)


async def test_restoring_makes_a_new_draft_and_shows_readers_nothing(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    first = await newsroom.draft(title="One", slug="piece", body=keyed(a="one"))
    article = await newsroom.act(await newsroom.edit(first, title="Two", body=keyed(b="two")), "publish")
    seen = (await client.get("/v1/articles/piece")).json()
    path = f"/articles/{first['id']}/revisions/1/restore"
    restored = await newsroom.send("POST", path, version=article["version"])
    assert restored.status_code == 200, restored.text
    shown = restored.json()
    assert (shown["title"], shown["body"], shown["revision"]) == ("One", first["body"], 3)
    assert restored.headers["ETag"] == f'"{article["version"] + 1}"'
    assert shown["publication"]["has_newer_draft"] is True
    assert (await client.get("/v1/articles/piece")).json() == seen
    assert [one["number"] for one in await history(newsroom, shown)] == [3, 2, 1]
    assert (await history(newsroom, shown))[0]["note"] == "Restored revision 1"


async def test_restoring_is_a_write_like_any_other(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    writer = Newsroom(client, await people.headers("contributor"))
    article = await writer.edit(await writer.draft(title="One"), title="Two")
    path = f"/articles/{article['id']}/revisions/1/restore"
    before = await everything(people.parts)
    assert (await writer.send("POST", path)).status_code == 428
    assert (await writer.send("POST", path, version=1)).status_code == 412
    assert (
        await writer.send("POST", f"/articles/{article['id']}/revisions/7/restore", version=2)
    ).status_code == 404
    assert await everything(people.parts) == before
    submitted = await writer.act(article, "submit")
    refused = await writer.send("POST", path, version=submitted["version"])
    assert (refused.status_code, refused.json()["rule"]) == (409, "edit-submitted")
    assert (await newsroom.send("POST", path, version=submitted["version"])).status_code == 200


async def test_what_is_gone_since_is_left_out_of_a_restored_draft_and_told(newsroom: Newsroom) -> None:
    gone, medium = await newsroom.draft(title="Gone"), await newsroom.medium()
    body = [
        paragraph("kept", _key="a"),
        {"_type": "image", "_key": "b", "media_id": medium["id"]},
        {"_type": "related", "_key": "c", "article_id": gone["id"]},
    ]
    image = {"media_id": medium["id"]}
    article = await newsroom.draft(
        related=[gone["id"]], translation_of=gone["id"], lead_image=image, body=body, title="One"
    )
    bare: Json = {"related": [], "translation_of": None, "lead_image": None, "body": [], "title": "Two"}
    article = await newsroom.edit(article, **bare)
    for path in (f"/articles/{gone['id']}", f"/media/{medium['id']}"):
        assert (await newsroom.send("DELETE", path, version=1)).status_code == 204
    old = (await newsroom.send("GET", f"/articles/{article['id']}/revisions/1")).json()
    assert (old["related"], old["lead_image"]["media_id"], len(old["body"])) == ([gone["id"]], medium["id"], 3)
    answer = await newsroom.send("POST", f"/articles/{article['id']}/revisions/1/restore", version=2)
    restored = answer.json()
    assert (restored["title"], [block["_key"] for block in restored["body"]]) == ("One", ["a"])
    assert (restored["related"], restored["translation_of"], restored["lead_image"]) == ([], None, None)
    (warning,) = restored["warnings"]
    assert warning["rule"] == "gone"
    for pointer in (
        "/lead_image/media_id",
        "/body/1/media_id",
        "/body/2/article_id",
        "/related/0",
        "/translation_of",
    ):
        assert pointer in warning["detail"]
    assert (await newsroom.send("GET", f"/articles/{article['id']}/revisions/1")).json() == old


async def test_a_draft_whose_links_are_gone_can_still_be_edited(newsroom: Newsroom) -> None:
    gone = await newsroom.draft(title="Gone")
    also = {"_type": "related", "article_id": gone["id"]}
    article = await newsroom.draft(related=[gone["id"]], translation_of=gone["id"], body=[paragraph("a"), also])
    await newsroom.send("DELETE", f"/articles/{gone['id']}", version=1)
    refused = await newsroom.send(
        "POST", "/articles", json={"title": "T", "language": "en", "related": [gone["id"]]}
    )
    assert refused.status_code == 422
    assert (await newsroom.edit(article, title="Other"))["related"] == [gone["id"]]


async def test_what_a_revision_names_by_slug_is_there_for_ever(newsroom: Newsroom) -> None:
    await newsroom.tag("sea")
    await newsroom.contributor("ana")
    article = await newsroom.draft(tags=["sea"], credits=[{"role": "author", "contributor": "ana"}])
    article = await newsroom.edit(article, tags=[], credits=[])
    old = (await newsroom.send("GET", f"/articles/{article['id']}/revisions/1")).json()
    for path in ("/tags/sea", "/contributors/ana"):
        refused = await newsroom.send("DELETE", path, version=1)
        assert (refused.status_code, refused.json()["rule"]) == (409, "in-use")
        assert refused.json()["used_by"] == [{"type": "article", "id": article["id"]}]
    assert (await newsroom.send("GET", f"/articles/{article['id']}/revisions/1")).json() == old
    assert (old["tags"], old["credits"][0]["contributor"]) == (["sea"], "ana")


async def test_a_patch_on_a_version_to_come_is_stale_even_if_it_comes_true(newsroom: Newsroom) -> None:
    for at in range(6):
        article = await newsroom.draft(title="One", standfirst="One", slug=f"piece-{at}")
        path = f"/articles/{article['id']}"
        first, second = await asyncio.gather(
            newsroom.send("PATCH", path, version=1, json={"title": "Two"}),
            newsroom.send("PATCH", path, version=2, json={"standfirst": "Two"}),
        )
        assert first.status_code == 200
        now = (await newsroom.send("GET", path)).json()
        assert now["title"] == "Two"
        assert now["standfirst"] == ("Two" if second.status_code == 200 else "One")


async def test_history_is_for_those_who_may_edit_the_article(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    writer, other = [Newsroom(client, await people.headers("contributor")) for _ in range(2)]
    article = await writer.edit(await writer.draft(), title="Two")
    base = f"/articles/{article['id']}/revisions"
    for path in (base, f"{base}/1", f"{base}/1/diff"):
        assert (await writer.send("GET", path)).status_code == 200
        assert (await newsroom.send("GET", path)).status_code == 200
        assert (await other.send("GET", path)).status_code == 404
    assert (await other.send("POST", f"{base}/1/restore", version=2)).status_code == 404


async def test_whoever_comes_late_is_told_what_changed(newsroom: Newsroom) -> None:
    article = await newsroom.draft(title="One", body=keyed(a="one", b="two"))
    article = await newsroom.act(article, "submit")
    article = await newsroom.edit(article, title="Two", tags=[], body=keyed(a="one", c="three"))
    article = await newsroom.act(article, "return")
    path = f"/articles/{article['id']}"
    for version in (1, 2):
        late = await newsroom.send("PATCH", path, version=version, json={"title": "Mine"})
        assert (late.status_code, late.json()["current_version"]) == (412, 4)
        assert late.json()["changed"]["fields"] == ["title"]
        assert {one["_key"]: one["change"] for one in late.json()["changed"]["blocks"]} == {
            "b": "removed",
            "c": "added",
        }
    late = await newsroom.send("PATCH", path, version=3, json={"title": "Mine"})
    assert "changed" not in late.json()
    for version in (0, 99):
        strange = await newsroom.send("PATCH", path, version=version, json={"title": "Mine"})
        assert (strange.status_code, strange.json()["current_version"]) == (412, 4)
        assert "changed" not in strange.json()


@pytest.mark.parametrize("note", ["x" * 2001, 7, ["a"]])
async def test_a_note_must_fit(newsroom: Newsroom, note: object) -> None:
    form: Json = {"title": "T", "language": "en", "note": note}
    refused = await newsroom.send("POST", "/articles", json=form)
    assert refused.status_code == 422
    assert [flaw["pointer"] for flaw in refused.json()["errors"]] == ["/note"]
