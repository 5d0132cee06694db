"""Corrections are public and stay for ever; withdrawals say why; four eyes where the house wants them."""

import pytest
from httpx import AsyncClient

from infra.settings import Settings
from tests.newsroom import Clock, Newsroom, People


async def test_a_correction_is_told_to_readers_for_ever(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    article = await newsroom.published(title="Frist", slug="piece")
    before = (await client.get("/v1/articles/piece")).json()
    assert before["corrections"] == []
    article = await newsroom.edit(article, title="First")
    assert (await client.get("/v1/articles/piece")).json() == before
    article = await newsroom.act(article, "correct", public_note="The title was misspelt.", note="Sorry.")
    shown = (await client.get("/v1/articles/piece")).json()
    assert (shown["title"], shown["revision"]) == ("First", 2)
    (correction,) = shown["corrections"]
    assert (correction["text"], correction["at"]) == ("The title was misspelt.", shown["updated_at"])
    assert article["publication"]["corrections"] == shown["corrections"]
    clock.move(minutes=9)
    for action, form in (
        ("publish", {}),
        ("unpublish", {}),
        ("publish", {}),
        ("correct", {"public_note": "And the date."}),
    ):
        article = await newsroom.act(article, action, **form)
    after = (await client.get("/v1/articles/piece")).json()["corrections"]
    assert after[0] == correction
    assert [one["text"] for one in after] == ["The title was misspelt.", "And the date."]


async def test_a_correction_needs_a_public_note(newsroom: Newsroom) -> None:
    article = await newsroom.published()
    for form in ({}, {"public_note": " "}, {"note": "internal"}):
        path = f"/articles/{article['id']}/actions/correct"
        refused = await newsroom.send("POST", path, version=article["version"], json=form)
        assert refused.status_code == 422
        assert [flaw["pointer"] for flaw in refused.json()["errors"]] == ["/public_note"]


class TestFourEyes:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"four_eyes": True})

    async def test_nobody_releases_their_own_last_edit(
        self, client: AsyncClient, newsroom: Newsroom, people: People
    ) -> None:
        other = Newsroom(client, await people.headers("editor"))
        draft = await newsroom.draft()
        assert draft["allowed_actions"] == ["submit"]
        path = f"/articles/{draft['id']}"
        seen = (await other.send("GET", path)).json()
        assert seen["allowed_actions"] == ["submit", "publish", "schedule"]
        for action, form in (("publish", {}), ("schedule", {"at": "2027-01-01T00:00:00Z"})):
            refused = await newsroom.send("POST", f"{path}/actions/{action}", version=1, json=form)
            assert (refused.status_code, refused.json()["rule"]) == (403, "four-eyes")
        assert (await newsroom.send("GET", path)).json() == draft
        edited = await other.edit(draft, title="Touched")
        assert edited["edited_by"] != draft["edited_by"]
        published = await newsroom.act(edited, "publish")
        assert published["publication"]["state"] == "live"
        assert (await newsroom.act(published, "unpublish"))["publication"]["state"] == "unpublished"


async def test_every_refusal_says_which_rule_refused(
    newsroom: Newsroom, client: AsyncClient, people: People
) -> None:
    writer = Newsroom(client, await people.headers("contributor"))
    draft = await writer.draft()
    refused = await writer.send("POST", f"/articles/{draft['id']}/actions/publish", version=1)
    assert (refused.status_code, refused.json()["rule"]) == (403, "publish-roles")
    refused = await newsroom.send("POST", f"/articles/{draft['id']}/actions/withdraw", version=1)
    assert (refused.status_code, refused.json()["rule"]) == (409, "withdraw-from-draft-none")
    refused = await writer.send("POST", "/tags", json={"name": "Sea"})
    assert (refused.status_code, refused.json()["rule"]) == (403, "tags")
