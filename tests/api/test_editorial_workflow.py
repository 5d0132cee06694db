"""The workflow by HTTP: who may do what and when, deleting, and trying without saving."""

import pytest
from httpx import AsyncClient, Response

from domain.workflow import Action
from tests.newsroom import Json, Newsroom, People, paragraph, words


async def act(newsroom: Newsroom, article: Json, action: str) -> Response:
    path = f"/articles/{article['id']}/actions/{action}"
    return await newsroom.send("POST", path, version=article["version"], json={"public_note": "Why."})


@pytest.fixture
async def writer(client: AsyncClient, people: People) -> Newsroom:
    return Newsroom(client, await people.headers("contributor"))


async def test_a_contributor_submits_and_an_editor_returns_or_publishes(
    client: AsyncClient, newsroom: Newsroom, writer: Newsroom
) -> None:
    draft = await writer.draft(slug="piece")
    assert draft["allowed_actions"] == ["submit"]
    submitted = await writer.act(draft, "submit")
    assert (submitted["state"], submitted["allowed_actions"]) == ("submitted", [])
    locked = await writer.send("PATCH", f"/articles/{draft['id']}", version=2, json={"title": "Late"})
    assert (locked.status_code, locked.json()["rule"]) == (409, "edit-submitted")
    assert (await writer.send("DELETE", f"/articles/{draft['id']}", version=2)).status_code == 409

    returned = await newsroom.act(submitted, "return", note="Shorter, please.")
    assert returned["state"] == "draft"
    better = await writer.edit(returned, title="Shorter")
    published = await newsroom.act(await writer.act(better, "submit"), "publish")
    assert (published["state"], published["publication"]["state"]) == ("draft", "live")
    assert (await client.get("/v1/articles/piece")).json()["title"] == "Shorter"


async def test_actions_a_contributor_may_not_take_are_forbidden(newsroom: Newsroom, writer: Newsroom) -> None:
    draft = await writer.draft()
    for action in ("publish",):
        assert (await act(writer, draft, action)).status_code == 403
    submitted = await writer.act(draft, "submit")
    for action in ("return", "publish"):
        assert (await act(writer, submitted, action)).status_code == 403
    live = await newsroom.act(submitted, "publish")
    for action in ("publish", "unpublish", "withdraw"):
        assert (await act(writer, live, action)).status_code == 403


TAKE_BACK = ["unpublish", "correct", "withdraw"]
ALLOWED: list[tuple[list[str], list[str], list[str]]] = [
    ([], ["submit", "publish", "schedule"], ["submit"]),
    (["submit"], ["return", "publish", "schedule"], []),
    (["publish"], ["submit", "publish", "schedule", *TAKE_BACK], ["submit"]),
    (["publish", "submit"], ["return", "publish", "schedule", *TAKE_BACK], []),
    (["publish", "unpublish"], ["submit", "publish", "schedule"], ["submit"]),
    (["publish", "unpublish", "submit"], ["return", "publish", "schedule"], []),
    (["publish", "withdraw"], [], []),
]


async def test_allowed_actions_are_those_that_work(newsroom: Newsroom, writer: Newsroom) -> None:
    for steps, editors, contributors in ALLOWED:
        article = await writer.draft(title=f"After {' '.join(steps)}")
        for step in steps:
            article = (await act(newsroom, article, step)).json()
        path = f"/articles/{article['id']}"
        assert (await newsroom.send("GET", path)).json()["allowed_actions"] == editors
        assert (await writer.send("GET", path)).json()["allowed_actions"] == contributors
        for action in set(Action) - set(editors):
            refused = await act(newsroom, article, action)
            assert refused.status_code == 409
            assert refused.json()["rule"].startswith(f"{action}-from-")
        assert (await newsroom.send("GET", path)).json()["version"] == article["version"]


async def test_an_action_that_is_none_is_not_there(newsroom: Newsroom) -> None:
    draft = await newsroom.draft()
    for action in ("delete", "PUBLISH", "publish%20", "edit"):
        assert (await act(newsroom, draft, action)).status_code == 404, action


async def test_an_action_needs_no_body(newsroom: Newsroom) -> None:
    draft = await newsroom.draft()
    bare = await newsroom.send("POST", f"/articles/{draft['id']}/actions/publish", version=1)
    assert (bare.status_code, bare.headers["ETag"]) == (200, '"2"')


async def test_a_draft_can_be_deleted(newsroom: Newsroom, writer: Newsroom) -> None:
    for desk in (newsroom, writer):
        draft = await desk.draft()
        gone = await desk.send("DELETE", f"/articles/{draft['id']}", version=1)
        assert (gone.status_code, gone.content) == (204, b"")
        assert (await newsroom.send("GET", f"/articles/{draft['id']}")).status_code == 404
    assert (await newsroom.send("GET", "/articles")).json()["items"] == []


async def test_what_was_ever_public_cannot_be_deleted(newsroom: Newsroom) -> None:
    for steps in (["publish"], ["publish", "unpublish"], ["publish", "withdraw"]):
        article = await newsroom.draft(title=" ".join(steps))
        for step in steps:
            article = (await act(newsroom, article, step)).json()
        path = f"/articles/{article['id']}"
        refused = await newsroom.send("DELETE", path, version=article["version"])
        assert (refused.status_code, refused.json()["rule"]) == (409, "delete-published")
        assert (await newsroom.send("GET", path)).json() == article


async def test_somebody_elses_draft_does_not_exist_for_a_contributor(
    newsroom: Newsroom, writer: Newsroom, client: AsyncClient, people: People
) -> None:
    draft = await writer.draft()
    stranger = Newsroom(client, await people.headers("contributor"))
    assert (await stranger.send("GET", "/articles")).json()["items"] == []
    missing = (await stranger.send("GET", "/articles/01890000-0000-7000-8000-00000000dead")).json()
    path = f"/articles/{draft['id']}"
    for answer in (
        await stranger.send("GET", path),
        await stranger.send("PATCH", path, version=1, json={"title": "x"}),
        await stranger.send("PATCH", path, version=9, json={"title": "x"}),
        await stranger.send("DELETE", path, version=1),
        await act(stranger, draft, "submit"),
    ):
        assert answer.status_code == 404
        assert {**answer.json(), "request_id": ""} == {**missing, "request_id": ""}
    assert (await newsroom.send("GET", path)).json()["version"] == 1


async def test_a_dry_run_shows_the_cut_and_saves_nothing(client: AsyncClient, newsroom: Newsroom) -> None:
    form = {
        "title": "Trial",
        "language": "en",
        "standfirst": "Two words.",
        "body": [paragraph(words(40)), paragraph(words(58))],
        "access": {"requires": "subscriber"},
        "teaser": {"words": 22, "boundary": "word"},
    }
    answer = await newsroom.send("POST", "/articles", json=form, params={"dry_run": "true"})
    assert answer.status_code == 200
    assert "Location" not in answer.headers
    shown = answer.json()
    assert shown["article"]["title"] == "Trial"
    assert len(shown["article"]["body"]) == 2
    assert [block["children"][0]["text"] for block in shown["teaser"]["body"]] == [words(20) + " …"]
    assert shown["teaser"]["remaining_percent"] == 70
    assert (await newsroom.send("GET", "/articles")).json()["items"] == []

    live = await newsroom.published(**form)
    teaser = (await client.get(f"/v1/articles/{live['id']}")).json()
    assert teaser["body"][0]["children"][0]["text"] == words(20) + " …"
    assert teaser["access"]["remaining_percent"] == 70


async def test_a_dry_run_of_a_free_article_shows_all_of_it(newsroom: Newsroom) -> None:
    form = {"title": "Trial", "language": "en", "body_markdown": "One.\n\nTwo."}
    shown = (await newsroom.send("POST", "/articles", json=form, params={"dry_run": "true"})).json()
    assert (len(shown["teaser"]["body"]), shown["teaser"]["remaining_percent"]) == (2, 0)


async def test_a_dry_run_tells_flaws_too(newsroom: Newsroom) -> None:
    form = {"title": "Trial", "language": "en", "tags": ["nowhere"]}
    refused = await newsroom.send("POST", "/articles", json=form, params={"dry_run": "true"})
    assert refused.status_code == 422


async def test_a_dry_run_takes_the_longest_text_that_a_block_may_have(newsroom: Newsroom) -> None:
    body = [paragraph("x" * 100_000), paragraph(words(30))]
    form = {"title": "T", "language": "en", "body": body, "access": {"requires": "subscriber"}}
    form["teaser"] = {"words": 1, "boundary": "word"}
    shown = await newsroom.send("POST", "/articles", json=form, params={"dry_run": "true"})
    assert shown.status_code == 200
    assert shown.json()["teaser"]["body"][0]["children"][0]["text"].endswith("x …")
