"""Bodies as HTML and Markdown, out and in again, and tries that save nothing."""

from typing import Any

import pytest
from fastapi import FastAPI

from tests.api.forms import full_form
from tests.newsroom import Json, Newsroom, paragraph, words
from tests.raw import everything_kept

FORMATS = ["html", "markdown"]


async def shown(newsroom: Newsroom, article: Json, body_format: str) -> Json:
    path = f"/articles/{article['id']}"
    answer = await newsroom.send("GET", path, params={"body_format": body_format})
    assert (answer.status_code, answer.headers["ETag"]) == (200, f'"{article["version"]}"')
    told: Json = answer.json()
    return told


async def test_a_draft_is_read_with_its_body_in_any_form(newsroom: Newsroom) -> None:
    draft = await newsroom.draft(body=[paragraph("Salt & water"), {"_type": "paywall"}])
    assert await shown(newsroom, draft, "blocks") == draft
    rest = {name: value for name, value in draft.items() if name != "body"}
    assert await shown(newsroom, draft, "html") == {
        **rest,
        "body_html": '<p>Salt &amp; water</p>\n<hr class="paywall">',
    }
    assert await shown(newsroom, draft, "markdown") == {
        **rest,
        "body_markdown": 'Salt & water\n\n<hr class="paywall">',
    }


@pytest.mark.parametrize("body_format", FORMATS)
async def test_what_comes_out_can_be_sent_back_and_changes_nothing(newsroom: Newsroom, body_format: str) -> None:
    form = await full_form(newsroom)
    draft = await newsroom.draft(**form)
    written = (await shown(newsroom, draft, body_format))[f"body_{body_format}"]
    after = await newsroom.edit(draft, **{f"body_{body_format}": written})
    assert after["body"] == draft["body"] == form["body"]


@pytest.mark.parametrize("body_format", FORMATS)
async def test_an_edit_in_markup_keeps_the_keys_of_what_it_does_not_change(
    newsroom: Newsroom, body_format: str
) -> None:
    draft = await newsroom.draft(body=[paragraph("One"), paragraph("Two"), paragraph("Three")])
    name = f"body_{body_format}"
    written = (await shown(newsroom, draft, body_format))[name]
    after = await newsroom.edit(draft, **{name: written.replace("Two", "Too") + "\n\nFour"})
    keys = [block["_key"] for block in draft["body"]]
    assert [block["_key"] for block in after["body"]][:3] == keys
    assert [block["children"][0]["text"] for block in after["body"]] == ["One", "Too", "Three", "Four"]
    assert len({block["_key"] for block in after["body"]}) == 4


@pytest.mark.parametrize("body_format", ["", "text", "HTML", "html,markdown"])
async def test_an_unknown_form_is_refused(newsroom: Newsroom, body_format: str) -> None:
    draft = await newsroom.draft()
    path = f"/articles/{draft['id']}"
    refused = await newsroom.send("GET", path, params={"body_format": body_format})
    assert refused.status_code == 400
    assert [flaw["parameter"] for flaw in refused.json()["errors"]] == ["body_format"]


async def tried(newsroom: Newsroom, article: Json, changes: Json, **request: Any) -> Any:
    path = f"/articles/{article['id']}"
    version = request.pop("version", article["version"])
    return await newsroom.send("PATCH", path, version=version, json=changes, params={"dry_run": "true"})


async def test_a_dry_run_of_an_edit_shows_what_saving_would_give_and_saves_nothing(
    app: FastAPI, newsroom: Newsroom
) -> None:
    draft = await newsroom.draft(body=[paragraph(words(100))], access={"requires": "subscriber"})
    before = await everything_kept(app)
    changes = {"title": "After", "body_html": f"<p>{words(10)}</p><p>{words(30)}", "teaser": {"blocks": 1}}
    answer = await tried(newsroom, draft, changes)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    assert await everything_kept(app) == before
    told = answer.json()
    assert told["article"]["title"] == "After"
    assert [block["children"][0]["text"] for block in told["article"]["body"]] == [words(10), words(30)]
    assert [block["children"][0]["text"] for block in told["teaser"]["body"]] == [f"{words(10)} …"]
    assert told["teaser"]["remaining_percent"] == 70
    after = await newsroom.edit(draft, **changes)
    assert {name: after[name] for name in told["article"] if name != "body"} == {
        name: value for name, value in told["article"].items() if name != "body"
    }


async def test_a_dry_run_of_an_edit_is_refused_as_the_edit_would_be(app: FastAPI, newsroom: Newsroom) -> None:
    draft = await newsroom.draft()
    before = await everything_kept(app)
    unfit = await tried(newsroom, draft, {"section": "nowhere", "title": "x"})
    assert [flaw["pointer"] for flaw in unfit.json()["errors"]] == ["/section"]
    stale = await tried(newsroom, draft, {"title": "x"}, version=2)
    without = await newsroom.send(
        "PATCH", f"/articles/{draft['id']}", json={"title": "x"}, params={"dry_run": "true"}
    )
    assert [one.status_code for one in (unfit, stale, without)] == [422, 412, 428]
    assert await everything_kept(app) == before


async def test_a_contributor_cannot_try_what_it_cannot_edit(newsroom: Newsroom, people: Any) -> None:
    own = Newsroom(newsroom.client, await people.headers("contributor"))
    mine, other = await own.draft(), await newsroom.draft()
    submitted = await own.act(mine, "submit")
    assert (await tried(own, submitted, {"title": "x"})).status_code in {403, 409}
    assert (await tried(own, other, {"title": "x"})).status_code == 404
    for body_format in FORMATS:
        path = f"/articles/{other['id']}"
        assert (await own.send("GET", path, params={"body_format": body_format})).status_code == 404
