"""Tags and contributors that are merged or renamed: every slug that they had leads on, and none names a ghost."""

from collections.abc import Sequence
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select

from infra.tables import contributors, draft_links, tags
from tests.api.test_editorial_events import written
from tests.newsroom import Json, Newsroom, People

KINDS = ["tags", "contributors"]
TABLES = {"tags": tags, "contributors": contributors}


async def named(newsroom: Newsroom, kind: str, slug: str, **fields: Any) -> Json:
    return await (newsroom.tag(slug, **fields) if kind == "tags" else newsroom.contributor(slug, **fields))


def using(kind: str, *slugs: str) -> Json:
    if kind == "tags":
        return {"tags": list(slugs), "section": slugs[0]}
    return {"credits": [{"role": "author", "contributor": slug} for slug in slugs]}


def used(kind: str, article: Json) -> list[str]:
    """The slugs that an article shows, to readers or in the newsroom."""
    shown = article["tags"] if kind == "tags" else article["credits"]
    return [one if isinstance(one, str) else one.get("slug") or one["contributor"] for one in shown]


async def merge(newsroom: Newsroom, kind: str, slug: str, into: str, *, version: int = 1) -> Response:
    return await newsroom.send("POST", f"/{kind}/{slug}/merge", version=version, json={"into": into})


async def merged(newsroom: Newsroom, kind: str, slug: str, into: str, *, version: int = 1) -> Json:
    response = await merge(newsroom, kind, slug, into, version=version)
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return answer


async def renamed(newsroom: Newsroom, kind: str, slug: str, to: str, *, version: int = 1) -> Json:
    response = await newsroom.send("PATCH", f"/{kind}/{slug}", version=version, json={"slug": to})
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return answer


async def listed(client: AsyncClient, kind: str, slug: str) -> list[str]:
    """The articles of a public list under a name."""
    response = await client.get("/v1/articles", params={kind[:-1]: slug})
    return [one["slug"] for one in response.json()["items"]]


async def rows(people: People, query: Any) -> Sequence[Any]:
    async with people.parts.database.read() as connection:
        return (await connection.execute(query)).all()


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_merged_shows_as_the_other_everywhere(
    client: AsyncClient, newsroom: Newsroom, people: People, kind: str
) -> None:
    for slug in ("one", "other"):
        await named(newsroom, kind, slug)
    first = await newsroom.published(slug="first", **using(kind, "one"))
    both = await newsroom.published(slug="both", **using(kind, "other", "one"))
    before = await client.get("/v1/articles/first")
    target = await newsroom.send("GET", f"/{kind}/other")
    answer = await merge(newsroom, kind, "one", "other")
    assert (answer.json(), answer.headers["ETag"]) == (target.json(), '"1"')
    after = await client.get("/v1/articles/first", headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, used(kind, after.json())) == (200, ["other"])
    assert used(kind, (await client.get("/v1/articles/both")).json()) == ["other"]
    cards = (await client.get("/v1/articles")).json()["items"]
    assert [used(kind, one) for one in cards] == [["other"], ["other"]]
    if kind == "tags":
        assert after.json()["section"]["slug"] == "other"
    for slug in ("one", "other"):
        assert await listed(client, kind, slug) == ["both", "first"]
    (only,) = (await client.get(f"/v1/{kind}")).json()["items"]
    assert (only["slug"], only["articles"]) == ("other", 2)
    assert [one["slug"] for one in (await newsroom.send("GET", f"/{kind}")).json()["items"]] == ["other"]
    for article in (first, both):
        draft = (await newsroom.send("GET", f"/articles/{article['id']}")).json()
        assert (used(kind, draft), draft["version"]) == (["other"], 2)
        assert used(kind, await newsroom.edit(draft, title="Same names")) == ["other"]
    links = await rows(people, select(draft_links.c.target_id).where(draft_links.c.kind == kind[:-1]))
    assert [one.target_id for one in links] == [target.json()["id"]] * 2


@pytest.mark.parametrize("kind", KINDS)
async def test_every_slug_that_there_was_leads_to_the_present_one_at_once(
    client: AsyncClient, newsroom: Newsroom, people: People, kind: str
) -> None:
    for slug in ("a1", "b1", "c1"):
        await named(newsroom, kind, slug)
    await renamed(newsroom, kind, "a1", "a2")
    await merged(newsroom, kind, "a2", "b1", version=2)
    await renamed(newsroom, kind, "b1", "b2")
    await merged(newsroom, kind, "b2", "c1", version=2)
    await renamed(newsroom, kind, "c1", "c2")
    await newsroom.published(slug="piece", **using(kind, "a1", "b1"))
    for slug in ("a1", "a2", "b1", "b2", "c1"):
        for root, client_headers in ((f"/v1/{kind}", {}), (f"/v1/editorial/{kind}", newsroom.headers)):
            old = await client.get(f"{root}/{slug}", headers=client_headers)
            assert (old.status_code, old.headers["Location"]) == (308, f"https://api.test{root}/c2")
            assert old.content == b""
        assert await listed(client, kind, slug) == ["piece"]
    table = TABLES[kind]
    target = (await newsroom.send("GET", f"/{kind}/c2")).json()["id"]
    pointers = await rows(people, select(table.c.merged_into).where(table.c.merged_into.is_not(None)))
    assert [one.merged_into for one in pointers] == [target, target]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_redirect_can_be_kept_as_other_answers_can(
    client: AsyncClient, newsroom: Newsroom, people: People, kind: str
) -> None:
    await named(newsroom, kind, "old")
    await renamed(newsroom, kind, "old", "new")
    await newsroom.published(**using(kind, "new"))
    for headers in ({}, await people.headers("reader")):
        old = await client.get(f"/v1/{kind}/old", headers=headers)
        new = await client.get(f"/v1/{kind}/new", headers=headers)
        for name in ("Cache-Control", "Vary"):
            assert old.headers[name] == new.headers[name]
        assert "ETag" not in old.headers
    head = await client.head(f"/v1/{kind}/old")
    assert (head.status_code, head.headers["Location"]) == (308, f"https://api.test/v1/{kind}/new")
    followed = await client.get(f"/v1/{kind}/old", follow_redirects=True)
    assert followed.json()["slug"] == "new"


@pytest.mark.parametrize("kind", KINDS)
async def test_old_slugs_of_what_is_not_public_are_nothing(
    client: AsyncClient, newsroom: Newsroom, kind: str
) -> None:
    for slug in ("old", "gone", "target"):
        await named(newsroom, kind, slug)
    await renamed(newsroom, kind, "old", "new")
    await merged(newsroom, kind, "gone", "target")
    await newsroom.draft(**using(kind, "new", "target"))
    live = await newsroom.published(slug="piece", **using(kind, "new", "target"))
    assert (await client.get(f"/v1/{kind}/gone")).status_code == 308
    await newsroom.act(live, "unpublish")

    async def answer(slug: str) -> tuple[int, Json, list[str]]:
        response = await client.get(f"/v1/{kind}/{slug}")
        headers = sorted(name for name in response.headers if name != "content-length")
        return response.status_code, {**response.json(), "request_id": ""}, headers

    never = await answer("never-was")
    assert never[0] == 404
    for slug in ("old", "new", "gone", "target"):
        assert await answer(slug) == never
        assert await listed(client, kind, slug) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_articles_take_old_slugs_for_the_present_ones(newsroom: Newsroom, kind: str) -> None:
    for slug in ("old", "gone", "target"):
        await named(newsroom, kind, slug)
    await renamed(newsroom, kind, "old", "new")
    await merged(newsroom, kind, "gone", "target")
    draft = await newsroom.draft(**using(kind, "old", "gone", "target", "new"))
    assert used(kind, draft) == ["new", "target"]
    assert used(kind, (await newsroom.send("GET", "/articles")).json()["items"][0]) == ["new", "target"]


@pytest.mark.parametrize("kind", KINDS)
async def test_writes_follow_no_old_slug(newsroom: Newsroom, kind: str) -> None:
    for slug in ("old", "gone", "target"):
        await named(newsroom, kind, slug)
    await renamed(newsroom, kind, "old", "new")
    await merged(newsroom, kind, "gone", "target")
    for slug, version in (("old", 2), ("gone", 1), ("gone", 2)):
        patched = await newsroom.send("PATCH", f"/{kind}/{slug}", version=version, json={"name": "N"})
        deleted = await newsroom.send("DELETE", f"/{kind}/{slug}", version=version)
        again = await merge(newsroom, kind, slug, "target", version=version)
        assert {patched.status_code, deleted.status_code, again.status_code} == {404}


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_merged_is_not_there_by_its_id(client: AsyncClient, newsroom: Newsroom, kind: str) -> None:
    gone, _ = [await named(newsroom, kind, slug) for slug in ("gone", "target")]
    await newsroom.published(**using(kind, "gone"))
    await merged(newsroom, kind, "gone", "target")
    for method, path in (("GET", gone["id"]), ("PATCH", gone["id"]), ("DELETE", gone["id"])):
        body = {"json": {"name": "N"}} if method == "PATCH" else {}
        assert (await newsroom.send(method, f"/{kind}/{path}", version=2, **body)).status_code == 404
    assert (await merge(newsroom, kind, gone["id"], "target", version=2)).status_code == 404
    assert (await client.get(f"/v1/{kind}/{gone['id']}")).status_code == 404
    into_a_ghost = await merge(newsroom, kind, "target", gone["id"])
    assert [flaw["pointer"] for flaw in into_a_ghost.json()["errors"]] == ["/into"]


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_is_merged_into_itself_by_any_of_its_slugs(newsroom: Newsroom, kind: str) -> None:
    for slug in ("one", "gone"):
        await named(newsroom, kind, slug)
    await renamed(newsroom, kind, "one", "present")
    await merged(newsroom, kind, "gone", "present")
    before = (await newsroom.send("GET", f"/{kind}/present")).json()
    for into in ("present", "one", "gone"):
        refused = await merge(newsroom, kind, "present", into, version=2)
        assert (refused.status_code, refused.json()["rule"]) == (409, "merge-into-itself")
    assert (await newsroom.send("GET", f"/{kind}/present")).json() == before


@pytest.mark.parametrize("kind", KINDS)
async def test_a_merge_names_its_version_and_a_target_that_is_there(newsroom: Newsroom, kind: str) -> None:
    for slug in ("one", "other"):
        await named(newsroom, kind, slug)
    unnamed = await newsroom.send("POST", f"/{kind}/one/merge", json={"into": "other"})
    stale = await merge(newsroom, kind, "one", "other", version=7)
    assert (unnamed.status_code, stale.status_code, stale.json()["current_version"]) == (428, 412, 1)
    for body, pointer in (
        ({"into": "never"}, "/into"),
        ({}, "/into"),
        ({"into": None}, "/into"),
        ({"into": "A B"}, "/into"),
        ({"into": "other", "x": 1}, "/x"),
    ):
        refused = await newsroom.send("POST", f"/{kind}/one/merge", version=1, json=body)
        assert (refused.status_code, [flaw["pointer"] for flaw in refused.json()["errors"]]) == (422, [pointer])
    assert (await merge(newsroom, kind, "never", "other")).status_code == 404
    other_kind = next(one for one in KINDS if one != kind)
    await named(newsroom, other_kind, "elsewhere")
    assert (await merge(newsroom, kind, "one", "elsewhere")).status_code == 422
    assert (await newsroom.send("GET", f"/{kind}/one")).json()["version"] == 1


async def test_a_tag_can_be_merged_into_one_of_another_kind_which_stays_as_it_is(newsroom: Newsroom) -> None:
    await newsroom.tag("oslo", kind="place", names={"fr": "Oslo (fr)", "de": "Oslo (de)"})
    target = await newsroom.tag("city", kind="section", names={"fr": "Ville"})
    assert await merged(newsroom, "tags", "oslo", "city") == target


@pytest.mark.parametrize("kind", KINDS)
async def test_a_present_slug_wins_over_an_old_one(client: AsyncClient, newsroom: Newsroom, kind: str) -> None:
    for slug in ("sea", "gone"):
        await named(newsroom, kind, slug)
    await renamed(newsroom, kind, "sea", "ocean")
    await merged(newsroom, kind, "gone", "ocean")
    await newsroom.published(slug="first", **using(kind, "ocean"))
    for slug in ("sea", "gone"):
        await named(newsroom, kind, slug)
        await newsroom.published(slug=f"second-{slug}", **using(kind, slug))
        assert (await client.get(f"/v1/{kind}/{slug}")).json()["articles"] == 1
        assert await listed(client, kind, slug) == [f"second-{slug}"]
        assert (await newsroom.send("GET", f"/{kind}/{slug}")).json()["version"] == 1
    await renamed(newsroom, kind, "sea", "lake")
    assert (await client.get(f"/v1/{kind}/sea")).headers["Location"].endswith("/lake")
    assert await listed(client, kind, "sea") == ["second-sea"]
    taken = await newsroom.send("PATCH", f"/{kind}/lake", version=2, json={"slug": "ocean"})
    assert (taken.status_code, taken.json()["rule"]) == (409, f"{kind[:-1]}-slug")


@pytest.mark.parametrize("kind", KINDS)
async def test_an_old_slug_answers_again_when_its_taker_is_deleted(newsroom: Newsroom, kind: str) -> None:
    await named(newsroom, kind, "sea")
    await renamed(newsroom, kind, "sea", "ocean")
    await named(newsroom, kind, "sea")
    assert (await newsroom.send("GET", f"/{kind}/sea")).status_code == 200
    draft = await newsroom.draft(**using(kind, "sea"))
    assert used(kind, draft) == ["sea"]
    await newsroom.send("DELETE", f"/articles/{draft['id']}", version=1)
    assert (await newsroom.send("DELETE", f"/{kind}/sea", version=1)).status_code == 204
    assert (await newsroom.send("GET", f"/{kind}/sea")).headers["Location"].endswith("/ocean")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_gets_its_own_old_slug_back(client: AsyncClient, newsroom: Newsroom, kind: str) -> None:
    await named(newsroom, kind, "sea")
    await newsroom.published(**using(kind, "sea"))
    await renamed(newsroom, kind, "sea", "ocean")
    await renamed(newsroom, kind, "ocean", "sea", version=2)
    assert (await client.get(f"/v1/{kind}/sea")).status_code == 200
    assert (await client.get(f"/v1/{kind}/ocean")).headers["Location"].endswith("/sea")
    await named(newsroom, kind, "ocean")
    assert (await merged(newsroom, kind, "sea", "ocean", version=3))["slug"] == "ocean"
    assert (await client.get(f"/v1/{kind}/ocean")).json()["articles"] == 1
    assert (await client.get(f"/v1/{kind}/sea")).headers["Location"].endswith("/ocean")


@pytest.mark.parametrize("kind", KINDS)
async def test_what_an_older_revision_names_is_published_under_the_target(
    client: AsyncClient, newsroom: Newsroom, kind: str
) -> None:
    for slug in ("one", "other"):
        await named(newsroom, kind, slug)
    draft = await newsroom.draft(slug="piece", **using(kind, "one"))
    await merged(newsroom, kind, "one", "other")
    live = await newsroom.act(draft, "publish")
    assert (await client.get(f"/v1/{kind}/other")).json()["articles"] == 1
    assert await listed(client, kind, "one") == await listed(client, kind, "other") == ["piece"]
    assert used(kind, (await client.get("/v1/articles/piece")).json()) == ["other"]
    await newsroom.act(live, "publish")
    assert (await client.get(f"/v1/{kind}/other")).json()["articles"] == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_that_nothing_uses_is_deleted_with_all_its_slugs(
    newsroom: Newsroom, people: People, kind: str
) -> None:
    for slug in ("old", "gone"):
        await named(newsroom, kind, slug)
    await renamed(newsroom, kind, "old", "new")
    await merged(newsroom, kind, "gone", "new")
    draft = await newsroom.draft(**using(kind, "gone"))
    draft = await newsroom.edit(draft, tags=[], section=None, credits=[])
    once = await newsroom.send("DELETE", f"/{kind}/new", version=2)
    assert (once.status_code, once.json()["rule"]) == (409, "in-use"), "a revision names what was merged into it"
    await newsroom.send("DELETE", f"/articles/{draft['id']}", version=2)
    deleted = await newsroom.send("DELETE", f"/{kind}/new", version=2)
    assert (deleted.status_code, deleted.content, deleted.headers["Cache-Control"]) == (204, b"", "no-store")
    for slug in ("old", "new", "gone"):
        assert (await newsroom.send("GET", f"/{kind}/{slug}")).status_code == 404
        await named(newsroom, kind, slug)
    assert len(await rows(people, select(TABLES[kind]))) == 3


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_in_use_is_not_deleted_and_it_is_told_where(
    newsroom: Newsroom, people: People, kind: str
) -> None:
    await named(newsroom, kind, "one")
    drafts = [await newsroom.draft(**using(kind, "one")) for _ in range(2)]
    once = await newsroom.published(**using(kind, "one"))
    once = await newsroom.edit(once, slug="other", tags=[], section=None, credits=[])
    await newsroom.act(once, "publish")
    told = [{"type": "article", "id": article["id"]} for article in [*drafts, once]]

    async def refused() -> Json:
        response = await newsroom.send("DELETE", f"/{kind}/one", version=1)
        assert (response.status_code, response.json()["rule"]) == (409, "in-use")
        assert response.json()["type"] == "/problems/conflict"
        problem: Json = response.json()
        return problem

    assert (await refused())["used_by"] == sorted(told, key=lambda use: use["id"])
    for draft in drafts:
        await newsroom.send("DELETE", f"/articles/{draft['id']}", version=1)
    assert (await refused())["used_by"] == told[-1:]
    for _ in range(21):
        await newsroom.draft(**using(kind, "one"))
    assert len((await refused())["used_by"]) == 20
    assert (await newsroom.send("GET", f"/{kind}/one")).json()["version"] == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_deletion_names_its_version(newsroom: Newsroom, kind: str) -> None:
    await named(newsroom, kind, "one")
    assert (await newsroom.send("DELETE", f"/{kind}/one")).status_code == 428
    assert (await newsroom.send("DELETE", f"/{kind}/one", version=2)).status_code == 412
    assert (await newsroom.send("DELETE", f"/{kind}/never", version=1)).status_code == 404
    assert (await newsroom.send("DELETE", f"/{kind}/one", version=1)).status_code == 204


@pytest.mark.parametrize("kind", KINDS)
async def test_a_merged_name_is_held_by_what_uses_its_target(newsroom: Newsroom, kind: str) -> None:
    for slug in ("gone", "target"):
        await named(newsroom, kind, slug)
    draft = await newsroom.draft(**using(kind, "gone"))
    await merged(newsroom, kind, "gone", "target")
    refused = await newsroom.send("DELETE", f"/{kind}/target", version=1)
    assert refused.json()["used_by"] == [{"type": "article", "id": draft["id"]}]


@pytest.mark.parametrize("kind", KINDS)
async def test_merging_and_deleting_are_written_down(newsroom: Newsroom, people: People, kind: str) -> None:
    ids = [(await named(newsroom, kind, slug))["id"] for slug in ("one", "other")]
    await merged(newsroom, kind, "one", "other")
    await newsroom.send("DELETE", f"/{kind}/other", version=1)
    found = [(one["subject"], one["subject_id"], one["action"], one["version"]) for one in await written(people)]
    assert found[2:] == [(kind[:-1], ids[0], "merge", 2), (kind[:-1], ids[1], "delete", 1)]


async def test_a_list_goes_on_past_what_is_merged_meanwhile(newsroom: Newsroom) -> None:
    for at in range(6):
        await newsroom.tag(f"tag-{at}")
    first = (await newsroom.send("GET", "/tags", params={"limit": "2"})).json()
    await merged(newsroom, "tags", "tag-1", "tag-5")
    await merged(newsroom, "tags", "tag-2", "tag-5")
    rest = await newsroom.send("GET", "/tags", params={"limit": "2", "cursor": first["next_cursor"]})
    assert [one["slug"] for one in rest.json()["items"]] == ["tag-3", "tag-4"]
    rest = await newsroom.send("GET", "/tags", params={"limit": "2", "cursor": rest.json()["next_cursor"]})
    assert [one["slug"] for one in rest.json()["items"]] == ["tag-5"]


async def test_a_credit_is_shown_once_unless_it_says_something_else(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    for slug in ("ada", "ada-l"):
        await newsroom.contributor(slug)
    said = [
        ("author", "ada", None),
        ("author", "ada-l", None),
        ("author", "ada-l", "verse"),
        ("editor", "ada", None),
    ]
    makers = [{"role": role, "contributor": slug, "note": note} for role, slug, note in said]
    await newsroom.published(slug="piece", credits=makers)
    await merged(newsroom, "contributors", "ada", "ada-l")
    shown = (await client.get("/v1/articles/piece")).json()["credits"]
    assert [(one["role"], one["slug"], one["note"]) for one in shown] == [
        ("author", "ada-l", None),
        ("author", "ada-l", "verse"),
        ("editor", "ada-l", None),
    ]
