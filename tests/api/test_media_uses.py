"""One record for a file that comes twice; and no picture goes while something uses it."""

import asyncio
from collections import Counter

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import update

from infra.settings import Settings
from infra.tables import contributors
from tests.newsroom import Json, Newsroom, People, paragraph, png
from tests.raw import everything_kept, files_under


async def test_the_same_file_is_taken_once(app: FastAPI, newsroom: Newsroom) -> None:
    first = await newsroom.medium(png(30, 30))
    await newsroom.send("PATCH", f"/media/{first['id']}", version=1, json={"alt": "Now"})
    before = await everything_kept(app)
    again = await newsroom.send("POST", "/media", data={"alt": "Other"}, files={"file": ("y", png(30, 30))})
    assert (again.status_code, again.headers["etag"]) == (200, '"2"')
    assert again.headers["location"] == f"https://api.test/v1/editorial/media/{first['id']}"
    assert again.json() == {**first, "alt": "Now", "version": 2}
    assert await everything_kept(app) == before
    assert (await newsroom.medium(png(30, 31)))["id"] != first["id"]


@pytest.mark.parametrize("rounds", [1, pytest.param(15, marks=pytest.mark.deep)])
async def test_of_many_uploads_of_one_file_at_once_one_makes_the_record(
    app: FastAPI, newsroom: Newsroom, settings: Settings, rounds: int
) -> None:
    for at in range(rounds):
        sent = [newsroom.send("POST", "/media", files={"file": ("x", png(20, 20, at))}) for _ in range(6)]
        answers = await asyncio.gather(*sent)
        assert Counter(one.status_code for one in answers) == {200: 5, 201: 1}
        assert len({one.json()["id"] for one in answers}) == 1
        listed = (await newsroom.send("GET", "/media", params={"limit": "100"})).json()["items"]
        assert len(listed) == at + 1
    ids = {one["id"] for one in listed}
    assert {path.rpartition("/")[2][:36] for path, _ in files_under(settings.media_dir)} == ids
    assert len(files_under(settings.media_dir)) == sum(len(one["renditions"]) for one in listed)


async def delete(newsroom: Newsroom, medium: Json, version: int = 1) -> list[Json]:
    refused = await newsroom.send("DELETE", f"/media/{medium['id']}", version=version)
    assert refused.status_code == 409, refused.text
    assert (refused.json()["type"], refused.json()["rule"]) == ("/problems/conflict", "in-use")
    used_by: list[Json] = refused.json()["used_by"]
    assert (await newsroom.send("GET", f"/media/{medium['id']}")).json()["used_by"] == [
        {"title": None, **use} for use in used_by
    ]
    return used_by


async def test_what_nothing_uses_goes_with_its_files(
    client: AsyncClient, newsroom: Newsroom, settings: Settings
) -> None:
    medium, other = await newsroom.medium(), await newsroom.medium()
    gone = await newsroom.send("DELETE", f"/media/{medium['id']}", version=1)
    assert (gone.status_code, gone.content) == (204, b"")
    for method in ("GET", "DELETE"):
        assert (await newsroom.send(method, f"/media/{medium['id']}", version=1)).status_code == 404
    assert (await client.get(medium["url"])).status_code == 404
    assert {path.rpartition("/")[2][:36] for path, _ in files_under(settings.media_dir)} == {other["id"]}


async def test_what_goes_can_be_uploaded_again(newsroom: Newsroom) -> None:
    first = await newsroom.medium(png(30, 30))
    await newsroom.send("DELETE", f"/media/{first['id']}", version=1)
    assert (await newsroom.medium(png(30, 30)))["id"] != first["id"]


async def test_a_picture_of_a_draft_stays(newsroom: Newsroom) -> None:
    medium = await newsroom.medium()
    image = {"_type": "image", "media_id": medium["id"]}
    first, second = await newsroom.draft(title="First", body=[image]), await newsroom.draft(title="Second")
    second = await newsroom.edit(second, lead_image={"media_id": medium["id"]})
    named = [{"type": "article", "id": one["id"], "title": one["title"]} for one in (second, first)]
    assert await delete(newsroom, medium) == named
    await newsroom.edit(first, body=[])
    assert await delete(newsroom, medium) == named[:1]
    await newsroom.edit(second, lead_image=None)
    assert (await newsroom.send("DELETE", f"/media/{medium['id']}", version=1)).status_code == 204


async def test_a_picture_of_an_edition_stays_until_another_takes_its_place(newsroom: Newsroom) -> None:
    medium = await newsroom.medium()
    body = [paragraph("Words."), {"_type": "image", "media_id": medium["id"]}]
    article = await newsroom.published(title="Shown", body=body)
    article = await newsroom.edit(article, title="Newer", body=[paragraph("Words.")])
    assert await delete(newsroom, medium) == [{"type": "article", "id": article["id"], "title": "Newer"}]
    article = await newsroom.act(article, "publish")
    assert (await newsroom.send("GET", f"/media/{medium['id']}")).json()["used_by"] == []
    assert (await newsroom.send("DELETE", f"/media/{medium['id']}", version=1)).status_code == 204
    assert (await newsroom.client.get(f"/v1/articles/{article['slug']}")).json()["title"] == "Newer"


@pytest.mark.parametrize("action", ["unpublish", "withdraw"])
async def test_a_picture_of_what_was_taken_back_stays(newsroom: Newsroom, action: str) -> None:
    medium = await newsroom.medium()
    article = await newsroom.published(title="Shown", lead_image={"media_id": medium["id"]})
    article = await newsroom.act(article, action, public_note="Why.")
    assert [use["id"] for use in await delete(newsroom, medium)] == [article["id"]]


async def test_a_contributors_picture_stays(newsroom: Newsroom, people: People) -> None:
    medium, maker = await newsroom.medium(), await newsroom.contributor("ada")
    async with people.parts.database.write() as connection:
        await connection.execute(update(contributors).values(media_id=medium["id"]))
    named = [{"type": "contributor", "id": maker["id"], "title": "Ada"}]
    assert await delete(newsroom, medium) == named


async def test_a_refused_deletion_changes_nothing(app: FastAPI, newsroom: Newsroom) -> None:
    medium = await newsroom.medium()
    await newsroom.draft(lead_image={"media_id": medium["id"]})
    before = await everything_kept(app)
    await delete(newsroom, medium)
    for version, status in ((None, 428), (2, 412)):
        answer = await newsroom.send("DELETE", f"/media/{medium['id']}", version=version)
        assert answer.status_code == status
    assert await everything_kept(app) == before


@pytest.mark.parametrize("rounds", [3, pytest.param(30, marks=pytest.mark.deep)])
async def test_a_picture_is_never_removed_under_a_draft_that_begins_to_use_it(
    newsroom: Newsroom, rounds: int
) -> None:
    for _ in range(rounds):
        medium = await newsroom.medium()
        form = {"title": "T", "language": "en", "lead_image": {"media_id": medium["id"]}}
        made, gone = await asyncio.gather(
            newsroom.send("POST", "/articles", json=form),
            newsroom.send("DELETE", f"/media/{medium['id']}", version=1),
        )
        assert (made.status_code, gone.status_code) in {(201, 409), (422, 204)}


async def test_what_a_picture_needs_is_not_taken_away_while_it_is_shown(newsroom: Newsroom) -> None:
    medium = await newsroom.medium()
    path = f"/media/{medium['id']}"
    article = await newsroom.published(lead_image={"media_id": medium["id"]})
    for name, nothing in (("alt", ""), ("caption", None), ("credit", " "), ("licence", None)):
        refused = await newsroom.send("PATCH", path, version=1, json={name: nothing})
        assert (refused.status_code, [flaw["pointer"] for flaw in refused.json()["errors"]]) == (422, [f"/{name}"])
    assert (await newsroom.send("PATCH", path, version=1, json={"alt": "Another"})).status_code == 200
    await newsroom.act(article, "unpublish")
    assert (await newsroom.send("PATCH", path, version=2, json={"alt": "", "licence": None})).status_code == 200


async def test_a_kept_picture_that_is_uploaded_again_is_the_same(newsroom: Newsroom) -> None:
    medium = await newsroom.medium()
    kept = (await newsroom.client.get(medium["url"])).content
    again = await newsroom.send("POST", "/media", files={"file": ("again.png", kept)})
    assert (again.status_code, again.json()["id"]) == (200, medium["id"])


async def test_publishing_needs_all_texts_of_all_pictures(newsroom: Newsroom) -> None:
    bare = await newsroom.medium(alt="", caption="", credit="", licence="")
    image = {"_type": "image", "media_id": bare["id"]}
    article = await newsroom.draft(
        body=[{"_type": "divider"}, image], lead_image={"media_id": bare["id"], "alt": "A"}
    )
    path = f"/articles/{article['id']}/actions"
    for action, form in (("publish", {}), ("schedule", {"at": "2027-01-01T00:00:00Z"})):
        refused = await newsroom.send("POST", f"{path}/{action}", version=1, json=form)
        assert refused.status_code == 422
        assert [flaw["pointer"] for flaw in refused.json()["errors"]] == [
            *("/lead_image/caption", "/lead_image/credit", "/lead_image/media_id"),
            *("/body/1/alt", "/body/1/caption", "/body/1/credit", "/body/1/media_id"),
        ]
    assert (await newsroom.act(article, "submit"))["state"] == "submitted"
