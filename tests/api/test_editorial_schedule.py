"""Time: schedules, ends and hand-overs, to the second and with nothing running that could be late."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from tests.newsroom import Clock, Json, Newsroom, paragraph, png, words


def moment(clock: Clock, **after: float) -> str:
    """A whole second, so long after the clock's."""
    return (clock.time.replace(microsecond=0) + timedelta(**after)).isoformat().replace("+00:00", "Z")


def at(clock: Clock, when: str, *, offset: float = 0) -> None:
    """Let the next look at the clock show this moment, or so many seconds beside it."""
    clock.time = datetime.fromisoformat(when).astimezone(UTC) + timedelta(seconds=offset, milliseconds=-1)


async def title(client: AsyncClient, slug: str) -> str | int:
    answer = await client.get(f"/v1/articles/{slug}")
    return str(answer.json()["title"]) if answer.status_code == 200 else answer.status_code


async def listed(client: AsyncClient) -> list[str]:
    return [card["title"] for card in (await client.get("/v1/articles")).json()["items"]]


async def refused(newsroom: Newsroom, article: Json, action: str, **form: Any) -> Json:
    path = f"/articles/{article['id']}/actions/{action}"
    answer = await newsroom.send("POST", path, version=article["version"], json=form)
    assert answer.status_code in {409, 422}, answer.text
    assert (await newsroom.send("GET", f"/articles/{article['id']}")).json() == article
    problem: Json = answer.json()
    return problem


async def test_a_scheduled_article_appears_and_ends_to_the_second(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    medium = await newsroom.medium(png(shade=77))
    await newsroom.tag("sea")
    draft = await newsroom.draft(title="Soon", slug="soon", tags=["sea"], lead_image={"media_id": medium["id"]})
    start, end = moment(clock, minutes=10), moment(clock, minutes=15)
    article = await newsroom.act(draft, "schedule", at=start, until=end)
    publication = article["publication"]
    assert (publication["state"], publication["live_from"], publication["live_until"]) == ("scheduled", start, end)
    assert (publication["revision"], publication["has_newer_draft"], publication["scheduled"]) == (1, False, None)
    picture = f"/media/{medium['id']}/original"
    for offset, seen in ((-1.0, False), (-0.001, False), (0.0, True), (299.999, True), (300.0, False)):
        for path in ("/v1/articles/soon", f"/v1/articles/{draft['id']}", "/v1/tags/sea", picture):
            at(clock, start, offset=offset)
            assert (await client.get(path)).status_code == (200 if seen else 404), (offset, path)
        at(clock, start, offset=offset)
        assert await listed(client) == (["Soon"] if seen else [])
    states = [(start, -1, "scheduled"), (start, 0, "live"), (end, -1, "live"), (end, 0, "expired")]
    for when, offset, state in states:
        at(clock, when, offset=offset)
        shown = (await newsroom.send("GET", f"/articles/{draft['id']}")).json()
        assert shown["publication"]["state"] == state
    at(clock, start)
    shown = (await client.get("/v1/articles/soon")).json()
    assert (shown["published_at"], shown["updated_at"], shown["revision"]) == (start, start, 1)


async def test_later_edits_do_not_slip_in(client: AsyncClient, newsroom: Newsroom, clock: Clock) -> None:
    start = moment(clock, minutes=10)
    article = await newsroom.act(await newsroom.draft(title="Fixed", slug="piece"), "schedule", at=start)
    edited = await newsroom.edit(article, title="Later", slug="later", body=[paragraph("later")])
    assert edited["publication"]["has_newer_draft"] is True
    at(clock, start)
    assert await title(client, "piece") == "Fixed"
    assert await title(client, "later") == 404
    assert words(1) in (await client.get("/v1/articles/piece")).text
    again = await newsroom.act(edited, "publish")
    assert again["publication"]["revision"] == 2
    assert await title(client, "later") == "Later"


async def test_the_next_edition_takes_over_without_a_gap(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    article = await newsroom.published(title="First", slug="first")
    article = await newsroom.edit(article, title="Second", slug="second")
    start = moment(clock, minutes=5)
    article = await newsroom.act(article, "schedule", at=start)
    publication = article["publication"]
    assert (publication["state"], publication["revision"]) == ("live", 1)
    assert (publication["scheduled"]["revision"], publication["scheduled"]["slug"]) == (2, "second")
    assert publication["scheduled"]["live_from"] == start
    for offset, reading in ((-0.001, ["First", 404]), (0.0, ["moved", "Second"])):
        for slug, expected in zip(("first", "second"), reading, strict=True):
            at(clock, start, offset=offset)
            shown = await client.get(f"/v1/articles/{slug}")
            if expected == "moved":
                assert (shown.status_code, shown.headers["Location"]) == (
                    308,
                    "https://api.test/v1/articles/second",
                )
            else:
                at(clock, start, offset=offset)
                assert await title(client, slug) == expected
        at(clock, start, offset=offset)
        assert len(await listed(client)) == 1
    shown_in_newsroom = (await newsroom.send("GET", f"/articles/{article['id']}")).json()
    assert shown_in_newsroom["publication"]["revision"] == 2
    assert shown_in_newsroom["version"] == article["version"]
    third = await newsroom.act(await newsroom.edit(shown_in_newsroom, title="Third"), "publish")
    assert third["publication"]["revision"] == 3
    assert await title(client, "second") == "Third"


async def test_a_shared_cache_never_reaches_past_the_hand_over(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    article = await newsroom.published(slug="piece")
    await newsroom.act(article, "schedule", at=moment(clock, seconds=10))
    answer = await client.get("/v1/articles/piece")
    ages = [int(part.partition("=")[2]) for part in answer.headers["Cache-Control"].split(", ")[1:]]
    assert sum(ages) <= 10


async def test_a_schedule_can_be_moved_and_taken_back(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    first, second = moment(clock, minutes=5), moment(clock, minutes=10)
    article = await newsroom.act(await newsroom.draft(title="Fixed", slug="piece"), "schedule", at=first)
    article = await newsroom.edit(article, title="Newer")
    moved = await newsroom.act(article, "schedule", at=second)
    assert (moved["publication"]["live_from"], moved["publication"]["draft_revision"]) == (second, 1)
    at(clock, first)
    assert await title(client, "piece") == 404
    at(clock, second)
    assert await title(client, "piece") == "Fixed"
    clock.time = datetime.fromisoformat(second).astimezone(UTC) - timedelta(minutes=1)
    back = await newsroom.act(moved, "unschedule")
    assert (back["publication"], back["state"]) == (None, "draft")
    at(clock, second)
    assert await title(client, "piece") == 404
    gone = await newsroom.send("DELETE", f"/articles/{back['id']}", version=back["version"])
    assert gone.status_code == 204


async def test_taking_back_a_schedule_lets_the_live_edition_live_on(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    article = await newsroom.edit(await newsroom.published(title="First", slug="piece"), title="Second")
    start = moment(clock, minutes=5)
    article = await newsroom.act(article, "schedule", at=start)
    article = await newsroom.act(article, "unschedule")
    assert (article["publication"]["state"], article["publication"]["scheduled"]) == ("live", None)
    at(clock, start, offset=9)
    assert await title(client, "piece") == "First"


@pytest.mark.parametrize("action", ["unpublish", "withdraw"])
async def test_taking_an_article_back_takes_its_schedule_back(
    client: AsyncClient, newsroom: Newsroom, clock: Clock, action: str
) -> None:
    start = moment(clock, minutes=5)
    article = await newsroom.act(await newsroom.published(slug="piece"), "schedule", at=start)
    await newsroom.act(article, action, public_note="Wrong.")
    at(clock, start, offset=9)
    assert await title(client, "piece") == (404 if action == "unpublish" else 410)
    assert await listed(client) == []


async def test_publishing_now_puts_the_schedule_aside(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    start = moment(clock, minutes=5)
    article = await newsroom.act(await newsroom.draft(title="Old", slug="piece"), "schedule", at=start)
    article = await newsroom.act(await newsroom.edit(article, title="New"), "publish")
    assert (article["publication"]["state"], article["publication"]["revision"]) == ("live", 1)
    at(clock, start, offset=9)
    assert await title(client, "piece") == "New"


async def test_the_end_holds_until_it_is_taken_away(client: AsyncClient, newsroom: Newsroom, clock: Clock) -> None:
    end = moment(clock, minutes=25)
    article = await newsroom.act(await newsroom.draft(slug="piece"), "publish", until=end)
    article = await newsroom.act(article, "correct", public_note="A name.")
    assert article["publication"]["live_until"] == end
    article = await newsroom.act(article, "publish", until=None)
    assert article["publication"]["live_until"] is None
    article = await newsroom.act(article, "publish", until=end)
    at(clock, end)
    assert await title(client, "piece") == 404
    expired = (await newsroom.send("GET", f"/articles/{article['id']}")).json()
    assert (expired["publication"]["state"], expired["allowed_actions"]) == (
        "expired",
        ["submit", "publish", "schedule", "unpublish", "withdraw"],
    )
    again = await newsroom.act(expired, "publish")
    assert (again["publication"]["state"], again["publication"]["live_until"]) == ("live", None)


async def test_what_does_not_fit_is_refused_and_changes_nothing(newsroom: Newsroom, clock: Clock) -> None:
    draft = await newsroom.draft()
    past, future, later = (moment(clock, minutes=minutes) for minutes in (-5, 5, 10))
    flaws: list[tuple[str, Json, list[str]]] = [
        ("schedule", {}, ["/at"]),
        ("schedule", {"at": past}, ["/at"]),
        ("schedule", {"at": later, "until": future}, ["/until"]),
        ("schedule", {"at": "tomorrow"}, ["/at"]),
        ("schedule", {"at": future.removesuffix("Z")}, ["/at"]),
        ("publish", {"at": future}, ["/at"]),
        ("publish", {"until": past}, ["/until"]),
        ("submit", {"until": future}, ["/until"]),
    ]
    for action, form, pointers in flaws:
        problem = await refused(newsroom, draft, action, **form)
        assert [flaw["pointer"] for flaw in problem["errors"]] == pointers, (action, form)
    assert (await refused(newsroom, draft, "unschedule"))["rule"] == "unschedule-from-draft-none"
    assert (await refused(newsroom, draft, "correct", public_note="x"))["rule"] == "correct-from-draft-none"
    scheduled = await newsroom.act(draft, "schedule", at=future)
    assert (await refused(newsroom, scheduled, "withdraw"))["rule"] == "withdraw-from-draft-scheduled"


async def test_a_scheduled_article_holds_its_slug(client: AsyncClient, newsroom: Newsroom, clock: Clock) -> None:
    first = await newsroom.draft(title="First", slug="piece")
    first = await newsroom.act(first, "schedule", at=moment(clock, minutes=5))
    second = await newsroom.draft(title="Second", slug="piece")
    assert (await refused(newsroom, second, "publish"))["rule"] == "slug"
    assert (await refused(newsroom, second, "schedule", at=moment(clock, minutes=45)))["rule"] == "slug"
    await newsroom.act(first, "unschedule")
    await newsroom.act(second, "publish")
    assert await title(client, "piece") == "Second"


async def test_a_slug_that_a_schedule_moved_away_from_is_free(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    article = await newsroom.edit(await newsroom.published(title="First", slug="old"), slug="new")
    start = moment(clock, minutes=5)
    await newsroom.act(article, "schedule", at=start)
    other = await newsroom.draft(title="Other", slug="old")
    assert (await refused(newsroom, other, "publish"))["rule"] == "slug"
    at(clock, start)
    await newsroom.act(other, "publish")
    assert (await title(client, "old"), await title(client, "new")) == ("Other", "First")


async def test_a_gate_that_comes_with_the_edition_comes_with_it(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    article = await newsroom.published(slug="piece", body=[paragraph(words(100))])
    article = await newsroom.edit(article, access={"requires": "subscriber"})
    start = moment(clock, minutes=5)
    await newsroom.act(article, "schedule", at=start)
    for offset, granted in ((-1, "full"), (0, "teaser")):
        at(clock, start, offset=offset)
        assert (await client.get("/v1/articles/piece")).json()["access"]["granted"] == granted


async def test_an_action_that_comes_too_late_finds_what_readers_have_seen(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    start = moment(clock, minutes=5)
    article = await newsroom.act(await newsroom.draft(title="Seen", slug="piece"), "schedule", at=start)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        at(clock, start)
        assert await title(client, "piece") == "Seen"
        yield b"}"

    headers = {**newsroom.headers, "If-Match": '"2"', "Content-Type": "application/json"}
    path = f"/v1/editorial/articles/{article['id']}/actions/unschedule"
    late = await client.post(path, content=slowly(), headers=headers)
    assert (late.status_code, late.json()["rule"]) == (409, "unschedule-from-draft-live")
    assert await title(client, "piece") == "Seen"


async def test_a_schedule_that_is_put_aside_is_told(newsroom: Newsroom, clock: Clock) -> None:
    later = moment(clock, minutes=5)
    for action in ("publish", "correct", "unpublish", "withdraw"):
        article = await newsroom.published(title=action, slug=action)
        article = await newsroom.act(article, "schedule", at=later)
        assert article["warnings"] == []
        article = await newsroom.act(article, action, public_note="Said.")
        assert [one["rule"] for one in article["warnings"]] == ["schedule-ended"]


async def test_moving_a_schedule_leaves_the_draft_in_review(newsroom: Newsroom, clock: Clock) -> None:
    article = await newsroom.act(await newsroom.draft(), "schedule", at=moment(clock, minutes=5))
    article = await newsroom.act(await newsroom.edit(article, title="Newer"), "submit")
    article = await newsroom.act(article, "schedule", at=moment(clock, minutes=9))
    assert (article["state"], article["publication"]["draft_revision"], article["revision"]) == ("submitted", 1, 2)


async def test_what_was_handed_over_uses_nothing_any_more(newsroom: Newsroom, clock: Clock) -> None:
    medium, target = await newsroom.medium(), await newsroom.published(title="Target")
    also = {"_type": "related", "article_id": target["id"]}
    article = await newsroom.published(lead_image={"media_id": medium["id"]}, body=[paragraph("a"), also])
    article = await newsroom.edit(article, lead_image=None, body=[paragraph("a")])
    start = moment(clock, minutes=5)
    await newsroom.act(article, "schedule", at=start)

    async def seen() -> tuple[int, int]:
        record = (await newsroom.send("GET", f"/media/{medium['id']}")).json()
        linking = (await newsroom.send("GET", f"/articles/{target['id']}/linked-from")).json()
        return len(record["used_by"]), len(linking["items"])

    assert await seen() == (1, 1)
    at(clock, start)
    assert await seen() == (0, 0)
    assert (await newsroom.send("DELETE", f"/media/{medium['id']}", version=1)).status_code == 204


async def test_a_shared_cache_never_reaches_past_the_end_of_what_is_linked(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    await newsroom.tag("sea")
    soon = moment(clock, seconds=20)
    short = await newsroom.act(await newsroom.draft(title="Short", tags=["sea"]), "publish", until=soon)
    closing = await newsroom.published(title="Closing", access={"requires": "registered", "from": soon})
    for target in (short, closing):
        await newsroom.published(slug=f"lists-{target['title'].lower()}", related=[target["id"]])
    await newsroom.published(slug="translates", language="fr", translation_of=short["id"])
    for path in ("/articles/lists-short", "/articles/lists-closing", "/articles/translates", "/tags", "/tags/sea"):
        answer = await client.get(f"/v1{path}")
        ages = [int(part.partition("=")[2]) for part in answer.headers["Cache-Control"].split(", ")[1:]]
        assert sum(ages) <= 20, path
