"""Contributors: their own drafts until they hand them in, nobody else's, and no publishing."""

from typing import Any

import pytest
from httpx import AsyncClient, Response

from infra.ids import new_id
from tests.everything import everything
from tests.newsroom import Json, Newsroom, People


@pytest.fixture
async def writer(client: AsyncClient, people: People) -> Newsroom:
    return Newsroom(client, await people.headers("contributor"))


@pytest.fixture
async def colleague(client: AsyncClient, people: People) -> Newsroom:
    return Newsroom(client, await people.headers("contributor"))


async def _listed(who: Newsroom, **query: Any) -> list[str]:
    response = await who.send("GET", "/articles", params=query)
    assert response.status_code == 200
    return [article["id"] for article in response.json()["items"]]


async def test_each_contributor_lists_their_own_and_editors_list_all(
    newsroom: Newsroom, writer: Newsroom, colleague: Newsroom
) -> None:
    mine, theirs = await writer.draft(), await colleague.draft()
    published = await newsroom.published(title="Public")
    assert await _listed(writer) == [mine["id"]]
    assert await _listed(colleague) == [theirs["id"]]
    assert set(await _listed(newsroom)) == {mine["id"], theirs["id"], published["id"]}
    await writer.act(mine, "submit")
    assert await _listed(writer, state="submitted") == [mine["id"]]
    assert await _listed(colleague, state="submitted") == []


async def test_a_cursor_of_an_editor_shows_a_contributor_nothing_more(
    newsroom: Newsroom, writer: Newsroom, colleague: Newsroom
) -> None:
    for _ in range(3):
        await colleague.draft()
    await writer.draft()
    cursor = (await newsroom.send("GET", "/articles", params={"limit": 1})).json()["next_cursor"]
    response = await writer.send("GET", "/articles", params={"limit": 1, "cursor": cursor})
    assert response.status_code == 400


REQUESTS: list[tuple[str, str, Json]] = [
    ("GET", "", {}),
    ("HEAD", "", {}),
    ("PATCH", "", {"json": {"title": "Mine now"}}),
    ("PATCH", "", {"json": {"title": ""}}),
    ("PATCH", "", {"json": {"nothing": 1}}),
    ("PATCH", "", {"json": {"tags": ["no-such-tag"]}}),
    ("PATCH", "", {"content": b"{", "headers": {"Content-Type": "application/json"}}),
    ("DELETE", "", {}),
    ("POST", "/actions/submit", {}),
    ("POST", "/actions/publish", {"json": {"note": "Now"}}),
    ("POST", "/actions/withdraw", {"json": {"public_note": "Gone"}}),
    ("POST", "/actions/withdraw", {"json": {"public_note": 1}}),
    ("POST", "/actions/no-such-action", {}),
]


async def test_the_draft_of_somebody_else_looks_like_none_at_all(
    people: People, newsroom: Newsroom, writer: Newsroom, colleague: Newsroom
) -> None:
    theirs = await colleague.draft(title="Theirs")
    public = await newsroom.published(title="Public")
    before = await everything(people.parts)
    for method, rest, request in REQUESTS:
        for version in (1, 7, None):
            missing, *there = [
                _bytes(await writer.send(method, f"/articles/{article_id}{rest}", version=version, **request))
                for article_id in (new_id(), theirs["id"], public["id"])
            ]
            assert there == [missing, missing], (method, rest, version)
    assert await everything(people.parts) == before


def _bytes(response: Response) -> tuple[int, bytes, dict[str, str]]:
    content = response.content
    if content:
        content = content.replace(response.json()["request_id"].encode(), b"")
    assert response.status_code in {400, 404, 422, 428}
    return response.status_code, content, dict(response.headers)


async def test_the_missing_and_the_hidden_are_a_404(writer: Newsroom, colleague: Newsroom) -> None:
    theirs = await colleague.draft()
    for article_id in (theirs["id"], new_id()):
        assert (await writer.send("GET", f"/articles/{article_id}")).status_code == 404
        assert (await writer.send("DELETE", f"/articles/{article_id}", version=1)).status_code == 404


async def test_what_was_handed_in_cannot_be_changed(people: People, writer: Newsroom) -> None:
    submitted = await writer.act(await writer.draft(), "submit")
    assert (submitted["state"], submitted["allowed_actions"]) == ("submitted", [])
    path, version = f"/articles/{submitted['id']}", submitted["version"]
    before = await everything(people.parts)
    for method, rest, rule in (
        ("PATCH", "", "edit-submitted"),
        ("DELETE", "", "edit-submitted"),
        ("POST", "/actions/submit", "submit-from-submitted-none"),
        ("POST", "/actions/withdraw", "withdraw-from-submitted-none"),
    ):
        request: Json = {"json": {"title": "Late"}} if method == "PATCH" else {}
        response = await writer.send(method, path + rest, version=version, **request)
        problem = response.json()
        assert (response.status_code, problem["type"], problem["rule"]) == (409, "/problems/wrong-state", rule)
    assert await everything(people.parts) == before


async def test_what_was_returned_can_be_changed_again(newsroom: Newsroom, writer: Newsroom) -> None:
    draft = await writer.act(await writer.draft(), "submit")
    returned = await newsroom.act(draft, "return", note="Shorter, please")
    assert (await writer.edit(returned, title="Shorter"))["title"] == "Shorter"


async def test_contributors_take_no_editors_action(
    client: AsyncClient, people: People, newsroom: Newsroom, writer: Newsroom
) -> None:
    draft = await writer.draft(slug="own-piece")
    assert draft["allowed_actions"] == ["submit"]
    await _refused(people, writer, draft, "publish")
    submitted = await writer.act(draft, "submit")
    await _refused(people, writer, submitted, "publish", "return")
    live = await newsroom.act(submitted, "publish")
    await _refused(people, writer, live, "publish", "unpublish", "withdraw")
    assert (await client.get("/v1/articles/own-piece")).status_code == 200


async def _refused(people: People, who: Newsroom, article: Json, *actions: str) -> None:
    before = await everything(people.parts)
    for action in actions:
        response = await who.send(
            "POST",
            f"/articles/{article['id']}/actions/{action}",
            version=article["version"],
            json={"public_note": "A reason"},
        )
        assert (response.status_code, response.json()["type"]) == (403, "/problems/forbidden"), action
    assert await everything(people.parts) == before


async def test_a_contributor_who_edits_a_live_article_changes_nothing_for_readers(
    client: AsyncClient, newsroom: Newsroom, writer: Newsroom
) -> None:
    live = await newsroom.act(await writer.act(await writer.draft(slug="own-piece"), "submit"), "publish")
    before = await client.get("/v1/articles/own-piece")
    await writer.edit(live, title="Another title")
    assert (await client.get("/v1/articles/own-piece")).content == before.content
    response = await writer.send("DELETE", f"/articles/{live['id']}", version=live["version"] + 1)
    assert (response.status_code, response.json()["rule"]) == (409, "delete-published")


async def test_a_contributor_who_is_none_any_more_loses_their_drafts(client: AsyncClient, people: People) -> None:
    account = await people.add("contributor", "reader")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    draft = await Newsroom(client, headers).draft()
    reduced = people.parts.tokens.issue(account.id, [], now=people.parts.sources.now(), seconds=60, token_id="t")
    for token in (reduced, people.token(await people.add("reader"))):
        headers = {"Authorization": f"Bearer {token}"}
        response = await client.get(f"/v1/editorial/articles/{draft['id']}", headers=headers)
        assert response.status_code == 403


async def test_a_link_does_not_tell_whether_somebody_elses_draft_exists(
    newsroom: Newsroom, writer: Newsroom
) -> None:
    hidden, public = await newsroom.draft(), await newsroom.published(slug="public")
    for name, value in (("related", [hidden["id"]]), ("translation_of", hidden["id"])):
        missing = [new_id()] if name == "related" else new_id()
        forms = ({"title": "Mine", "language": "fr", name: one} for one in (value, missing))
        real, made_up = [await writer.send("POST", "/articles", json=form) for form in forms]
        assert real.status_code == made_up.status_code == 422
        assert real.json()["errors"] == made_up.json()["errors"]
    assert (await writer.draft(related=[public["id"]]))["related"] == [public["id"]]
