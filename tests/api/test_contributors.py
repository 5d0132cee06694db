"""Contributors as people: a bio, links and a picture, which are public while the contributor is."""

from typing import Any

import pytest
from httpx import AsyncClient

from infra.ids import new_id
from tests.newsroom import Clock, Json, Newsroom, png


def by(*slugs: str) -> Json:
    return {"credits": [{"role": "author", "contributor": slug} for slug in slugs]}


async def pictured(newsroom: Newsroom, slug: str, **fields: Any) -> Json:
    """A contributor with a picture of their own."""
    medium = await newsroom.medium(png(shade=len(slug)), alt=f"{slug} at work")
    return await newsroom.contributor(slug, media_id=medium["id"], **fields)


async def status(client: AsyncClient, media_id: str) -> int:
    return (await client.get(f"/media/{media_id}/original")).status_code


async def test_a_picture_is_public_while_its_contributor_is(client: AsyncClient, newsroom: Newsroom) -> None:
    media_id = (await pictured(newsroom, "ana"))["media_id"]
    assert await status(client, media_id) == 404
    draft = await newsroom.draft(**by("ana"), access={"requires": "subscriber"})
    assert await status(client, media_id) == 404
    live = await newsroom.act(draft, "publish")
    shown = (await client.get("/v1/contributors/ana")).json()
    picture = shown["picture"]
    assert (picture["id"], picture["alt"], picture["width"]) == (media_id, "ana at work", 8)
    assert (await client.get("/v1/contributors")).json()["items"] == [shown]
    assert picture["url"] == f"https://api.test/media/{media_id}/original"
    answer = await client.get(picture["url"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    await newsroom.act(live, "unpublish")
    assert await status(client, media_id) == 404


async def test_a_picture_that_a_contributor_has_no_more_is_secret_again(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    before = (await pictured(newsroom, "ana"))["media_id"]
    await newsroom.published(**by("ana"))
    other = (await newsroom.medium(png(shade=9)))["id"]
    await newsroom.send("PATCH", "/contributors/ana", version=1, json={"media_id": other})
    assert (await status(client, before), await status(client, other)) == (404, 200)
    await newsroom.contributor("target")
    await newsroom.send("POST", "/contributors/ana/merge", version=2, json={"into": "target"})
    assert (await client.get("/v1/contributors/target")).json()["picture"] is None
    assert await status(client, other) == 404


async def test_a_picture_is_not_kept_past_the_next_change_of_what_credits_its_contributor(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    media_id = (await pictured(newsroom, "ana"))["media_id"]
    soon = clock.time.replace(second=clock.time.second + 20).isoformat()
    await newsroom.published(**by("ana"), access={"requires": "subscriber", "from": soon})
    answer = await client.get(f"/media/{media_id}/original")
    seconds = int(answer.headers["Cache-Control"].partition("max-age=")[2].partition(",")[0])
    assert seconds < 20


async def test_a_contributor_of_the_newsroom_may_use_a_picture_that_everybody_sees(
    newsroom: Newsroom, people: Any
) -> None:
    media_id = (await pictured(newsroom, "ana"))["media_id"]
    writer = Newsroom(newsroom.client, await people.headers("contributor"))
    form = {"title": "T", "language": "en", "lead_image": {"media_id": media_id}}
    assert (await writer.send("POST", "/articles", json=form)).status_code == 422
    await newsroom.published(**by("ana"))
    assert (await writer.send("POST", "/articles", json=form)).status_code == 201


BAD: list[tuple[Json, str]] = [
    ({"media_id": new_id()}, "/media_id"),
    ({"media_id": "x"}, "/media_id"),
    ({"links": ["https://a.test/"]}, "/links/0"),
    ({"links": [{"url": "javascript:alert(1)"}]}, "/links/0/url"),
    ({"links": [{"url": "mailto:a@a.test"}]}, "/links/0/url"),
    ({"links": [{"label": "Site"}]}, "/links/0/url"),
    ({"links": [{"url": "https://a.test/", "label": ""}]}, "/links/0/label"),
    ({"links": [{"url": "https://a.test/", "rel": "me"}]}, "/links/0/rel"),
    ({"links": [{"url": "https://a.test/"}] * 21}, "/links"),
    ({"picture": {}}, "/picture"),
]


@pytest.mark.parametrize(("fields", "pointer"), BAD)
async def test_what_does_not_fit_is_told_and_nothing_is_changed(
    newsroom: Newsroom, fields: Json, pointer: str
) -> None:
    made = await newsroom.contributor("ana")
    created = await newsroom.send("POST", "/contributors", json={"name": "New", **fields})
    patched = await newsroom.send("PATCH", "/contributors/ana", version=1, json=fields)
    for refused in (created, patched):
        assert (refused.status_code, [flaw["pointer"] for flaw in refused.json()["errors"]]) == (422, [pointer])
    assert (await newsroom.send("GET", "/contributors")).json()["items"] == [made]
