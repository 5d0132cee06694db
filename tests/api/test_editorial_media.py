"""The picture library: uploads, what is said of pictures, and where their bytes lie."""

import hashlib
from pathlib import Path

import pytest
from httpx import AsyncClient

from infra.settings import Settings
from tests.newsroom import Newsroom, People, kept_png, paragraph, png


def files_under(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def test_an_upload_tells_the_facts_of_what_is_kept(
    client: AsyncClient, newsroom: Newsroom, settings: Settings
) -> None:
    data = kept_png(9, 5)
    said = {"alt": "A boat", "caption": "At sea", "credit": "Ada", "licence": "CC0"}
    made = await newsroom.send("POST", "/media", data=said, files={"file": ("../../boat.svg", data, "text/html")})
    medium = made.json()
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    assert made.headers["Location"] == f"https://api.test/v1/editorial/media/{medium['id']}"
    assert {name: medium[name] for name in said} == said
    assert (medium["content_type"], medium["width"], medium["height"]) == ("image/png", 9, 5)
    assert (medium["size"], medium["digest"]) == (len(data), hashlib.sha256(data).hexdigest())
    original, *renditions = files_under(settings.media_dir)
    assert (original.name, original.read_bytes()) == (medium["id"], data)
    assert len(renditions) == len(medium["renditions"]) - 1
    read = (await newsroom.send("GET", f"/media/{medium['id']}")).json()
    assert read == medium
    assert (medium["focal_point"], medium["suggested_credit"], medium["used_by"]) == (None, None, [])
    assert (await client.get(medium["url"])).content == data
    assert (await client.get(medium["url"].partition("?")[0])).status_code == 404


async def test_everything_but_the_file_may_be_left_out(newsroom: Newsroom) -> None:
    made = (await newsroom.send("POST", "/media", files={"file": ("x", png())})).json()
    assert (made["alt"], made["caption"], made["credit"], made["licence"]) == ("", None, None, None)


async def test_an_edit_shows_wherever_the_picture_does(client: AsyncClient, newsroom: Newsroom) -> None:
    medium = await newsroom.medium(caption="Old", credit="Kept")
    own = {"_type": "image", "media_id": medium["id"], "caption": "Own words"}
    body = [{"_type": "image", "media_id": medium["id"]}, own, paragraph("x")]
    await newsroom.published(slug="piece", body=body, lead_image={"media_id": medium["id"]})
    before = await client.get("/v1/articles/piece")
    path = f"/media/{medium['id']}"
    edited = await newsroom.send(
        "PATCH", path, version=1, json={"caption": "New", "alt": "Seen", "licence": "CC0"}
    )
    assert (edited.status_code, edited.headers["ETag"]) == (200, '"2"')
    assert (edited.json()["caption"], edited.json()["credit"], edited.json()["licence"]) == ("New", "Kept", "CC0")
    after = await client.get("/v1/articles/piece", headers={"If-None-Match": before.headers["ETag"]})
    lead = after.json()["lead_image"]
    first, second, _ = after.json()["body"]
    assert (lead["caption"], first["caption"], second["caption"]) == ("New", "New", "Own words")
    assert (lead["media"]["alt"], lead["credit"], lead["media"]["licence"]) == ("Seen", "Kept", "CC0")


MADE = ("renditions", "placeholder", "suggested_credit", "used_by")


async def test_facts_of_the_file_cannot_be_edited(newsroom: Newsroom) -> None:
    medium = await newsroom.medium()
    for field in (
        "id",
        "url",
        "content_type",
        "width",
        "height",
        "size",
        "digest",
        "version",
        "created_by",
        *MADE,
    ):
        path = f"/media/{medium['id']}"
        refused = await newsroom.send("PATCH", path, version=1, json={field: medium[field] or "x"})
        assert refused.status_code == 422, field
        assert [flaw["pointer"] for flaw in refused.json()["errors"]] == [f"/{field}"]


async def test_the_library_lists_the_newest_first(newsroom: Newsroom) -> None:
    made = [(await newsroom.medium(png(shade=shade)))["id"] for shade in range(3)]
    first = (await newsroom.send("GET", "/media", params={"limit": "2"})).json()
    rest = (await newsroom.send("GET", "/media", params={"limit": "2", "cursor": first["next_cursor"]})).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("role", ["contributor", "subscriber"])
async def test_only_editors_see_the_library(
    client: AsyncClient, newsroom: Newsroom, people: People, settings: Settings, role: str
) -> None:
    medium = await newsroom.medium()
    other = Newsroom(client, await people.headers(role))
    answers = [
        await other.send("GET", "/media"),
        await other.send("GET", f"/media/{medium['id']}"),
        await other.send("PATCH", f"/media/{medium['id']}", version=1, json={"alt": "x"}),
        await other.send("DELETE", f"/media/{medium['id']}", version=1),
        await other.send("POST", "/media", files={"file": ("x", png())}),
    ]
    assert [answer.status_code for answer in answers] == [403] * 5
    assert len(files_under(settings.media_dir)) == len(medium["renditions"])
