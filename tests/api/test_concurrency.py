"""Two writers at once: one wins, the other is told, and nothing is lost or doubled."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import func, select

from infra.tables import events, publications, revisions
from tests.newsroom import Json, Newsroom, People

ROUNDS = 3
DEEP_ROUNDS = 60


async def patch(newsroom: Newsroom, article: Json, title: str) -> Response:
    path = f"/articles/{article['id']}"
    return await newsroom.send("PATCH", path, version=article["version"], json={"title": title})


async def act(newsroom: Newsroom, article: Json, action: str) -> Response:
    path = f"/articles/{article['id']}/actions/{action}"
    return await newsroom.send("POST", path, version=article["version"], json={"public_note": "Why."})


async def count(people: People, query: object) -> int:
    async with people.parts.database.read() as connection:
        return int(await connection.scalar(query) or 0)  # type: ignore[call-overload]


async def test_of_two_writers_with_the_same_version_one_wins(newsroom: Newsroom) -> None:
    article = await newsroom.draft()
    first = await patch(newsroom, article, "First")
    second = await patch(newsroom, article, "Second")
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    assert (second.status_code, second.json()["current_version"]) == (412, 2)
    assert (second.json()["type"], second.headers["Content-Type"]) == (
        "/problems/stale",
        "application/problem+json",
    )
    assert "ETag" not in second.headers
    assert (await newsroom.send("GET", f"/articles/{article['id']}")).json() == first.json()


async def paths(newsroom: Newsroom) -> list[tuple[str, str, Json]]:
    draft, medium = await newsroom.draft(), await newsroom.medium()
    for slug in ("one", "other"):
        await newsroom.tag(slug)
        await newsroom.contributor(slug)
    return [
        ("PATCH", f"/articles/{draft['id']}", {"title": "New"}),
        ("PATCH", f"/media/{medium['id']}", {"alt": "New"}),
        ("PATCH", f"/media/{medium['id']}", {"focal_point": {"x": 0, "y": 0}}),
        ("DELETE", f"/media/{medium['id']}", {}),
        ("PATCH", "/tags/one", {"name": "New"}),
        ("PATCH", "/contributors/one", {"name": "New"}),
        ("POST", "/tags/one/merge", {"into": "other"}),
        ("POST", "/contributors/one/merge", {"into": "other"}),
        ("POST", f"/articles/{draft['id']}/actions/publish", {}),
        ("DELETE", "/tags/one", {}),
        ("DELETE", "/contributors/one", {}),
        ("DELETE", f"/articles/{draft['id']}", {}),
    ]


SENT: list[tuple[str | None, int]] = [
    (None, 428),
    ("*", 428),
    (" * ", 428),
    ('"2"', 412),
    ('"0"', 412),
    ('"999999999"', 412),
    ('"9999999999999999999999"', 412),
    ("1", 400),
    ('W/"1"', 412),
    ('"1", "2"', 400),
    ('"1"x', 400),
    ('"-1"', 412),
    ('"1.0"', 412),
    ('"٣"', 412),
    ('""', 412),
    ("", 400),
    ("'1'", 400),
]


async def test_every_write_of_what_is_there_names_its_version(newsroom: Newsroom) -> None:
    for method, path, form in await paths(newsroom):
        request: dict[str, Any] = {"json": form} if method != "DELETE" else {}
        there = path.partition("/actions")[0].removesuffix("/merge")
        before = (await newsroom.send("GET", there)).json()
        for sent, status in SENT:
            headers = {"If-Match": sent.encode()} if sent is not None else {}
            refused = await newsroom.send(method, path, headers=headers, **request)
            assert refused.status_code == status, (method, path, sent)
            assert refused.json().get("current_version") == (1 if status == 412 else None)
            if status == 400:
                assert [flaw["parameter"] for flaw in refused.json()["errors"]] == ["If-Match"]
        assert (await newsroom.send("GET", there)).json() == before


async def race_of_edits(newsroom: Newsroom, people: People, rounds: int) -> None:
    article = await newsroom.draft()
    for _ in range(rounds):
        answers = await asyncio.gather(*(patch(newsroom, article, f"Writer {at}") for at in range(8)))
        won = [answer.json() for answer in answers if answer.status_code == 200]
        lost = [answer for answer in answers if answer.status_code == 412]
        assert (len(won), len(lost)) == (1, 7)
        assert {answer.json()["current_version"] for answer in lost} == {article["version"] + 1}
        article = (await newsroom.send("GET", f"/articles/{article['id']}")).json()
        assert article == won[0]
    assert article["version"] == article["revision"] == rounds + 1
    assert await count(people, select(func.count()).select_from(revisions)) == rounds + 1
    assert await count(people, select(func.count()).select_from(events)) == rounds + 1


async def test_of_eight_writers_at_once_one_wins(newsroom: Newsroom, people: People) -> None:
    await race_of_edits(newsroom, people, ROUNDS)


@pytest.mark.deep
async def test_of_eight_writers_at_once_one_wins_every_time(newsroom: Newsroom, people: People) -> None:
    await race_of_edits(newsroom, people, DEEP_ROUNDS)


@pytest.mark.parametrize("kind", ["tags", "contributors", "media"])
async def test_of_eight_editors_of_a_name_or_a_picture_one_wins(newsroom: Newsroom, kind: str) -> None:
    path = f"/media/{(await newsroom.medium())['id']}" if kind == "media" else f"/{kind}/one"
    if kind != "media":
        await newsroom.send("POST", f"/{kind}", json={"name": "One"})
    field = "alt" if kind == "media" else "name"
    edits = (newsroom.send("PATCH", path, version=1, json={field: f"New {at}"}) for at in range(8))
    answers = await asyncio.gather(*edits)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 7}
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    assert (await newsroom.send("GET", path)).json() == won


async def race_of_actions(
    newsroom: Newsroom, people: People, client: AsyncClient, actions: tuple[str, ...], rounds: int
) -> None:
    for at in range(rounds):
        article = await newsroom.published(slug=f"piece-{at}", title=f"Round {at}")
        answers = await asyncio.gather(*(act(newsroom, article, action) for action in actions))
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses == {200: 1, 412: len(actions) - 1}
        won = next(answer.json() for answer in answers if answer.status_code == 200)
        now = (await newsroom.send("GET", f"/articles/{article['id']}")).json()
        assert (now["version"], now["publication"]) == (3, won["publication"])
        live = await count(
            people,
            select(func.count()).where(publications.c.article_id == article["id"], publications.c.state == "live"),
        )
        assert live == (won["publication"]["state"] == "live")
        shown = await client.get(f"/v1/articles/piece-{at}")
        assert (
            shown.status_code == {"live": 200, "withdrawn": 410, "unpublished": 404}[won["publication"]["state"]]
        )


ACTIONS = [("publish", "publish"), ("publish", "withdraw"), ("unpublish", "withdraw", "publish", "publish")]


@pytest.mark.parametrize("actions", ACTIONS, ids=" ".join)
async def test_of_actions_at_once_one_wins(
    newsroom: Newsroom, people: People, client: AsyncClient, actions: tuple[str, ...]
) -> None:
    await race_of_actions(newsroom, people, client, actions, ROUNDS)


@pytest.mark.deep
@pytest.mark.parametrize("actions", ACTIONS, ids=" ".join)
async def test_of_actions_at_once_one_wins_every_time(
    newsroom: Newsroom, people: People, client: AsyncClient, actions: tuple[str, ...]
) -> None:
    await race_of_actions(newsroom, people, client, actions, DEEP_ROUNDS)


async def race_for_a_slug(newsroom: Newsroom, people: People, client: AsyncClient, rounds: int) -> None:
    for at in range(rounds):
        drafts = [await newsroom.draft(slug=f"same-{at}", title=f"Draft {one}") for one in range(4)]
        answers = await asyncio.gather(*(act(newsroom, draft, "publish") for draft in drafts))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 3}
        assert all(answer.json()["rule"] for answer in answers if answer.status_code == 409)
        won = next(answer.json()["id"] for answer in answers if answer.status_code == 200)
        assert (await client.get(f"/v1/articles/same-{at}")).json()["id"] == won
        for draft in drafts:
            now = (await newsroom.send("GET", f"/articles/{draft['id']}")).json()
            assert now == draft or draft["id"] == won


async def test_of_articles_that_race_for_a_slug_one_wins(
    newsroom: Newsroom, people: People, client: AsyncClient
) -> None:
    await race_for_a_slug(newsroom, people, client, ROUNDS)


@pytest.mark.deep
async def test_of_articles_that_race_for_a_slug_one_wins_every_time(
    newsroom: Newsroom, people: People, client: AsyncClient
) -> None:
    await race_for_a_slug(newsroom, people, client, DEEP_ROUNDS)


@pytest.mark.parametrize("kind", ["tags", "contributors"])
async def test_of_names_that_race_for_a_slug_one_wins(newsroom: Newsroom, kind: str) -> None:
    answers = await asyncio.gather(*(newsroom.send("POST", f"/{kind}", json={"name": "Same"}) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    assert len((await newsroom.send("GET", f"/{kind}")).json()["items"]) == 1


async def test_a_draft_is_deleted_or_published_and_never_both(newsroom: Newsroom, client: AsyncClient) -> None:
    for at in range(ROUNDS):
        draft = await newsroom.draft(slug=f"piece-{at}")
        deleted, published = await asyncio.gather(
            newsroom.send("DELETE", f"/articles/{draft['id']}", version=1), act(newsroom, draft, "publish")
        )
        shown = (await client.get(f"/v1/articles/piece-{at}")).status_code
        outcome = (deleted.status_code, published.status_code, shown)
        assert outcome in {(204, 404, 404), (204, 412, 404), (412, 200, 200)}
