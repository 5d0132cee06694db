"""The forms of a picture: bare, upright, in named widths, cropped around what matters."""

import base64
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import pyvips
from httpx import AsyncClient
from sqlalchemy import update

from infra.settings import Settings
from infra.tables import media
from tests.newsroom import Json, Newsroom, People, paragraph, words
from tests.raw import files_under

SECRETS = (b"GPS", b"Exif", b"http://ns.adobe.com", b"8BIM", b"zq-secret", b"Ada Artist", b"IPTC", b"ICC_PROFILE")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"renditions": {"small": 20, "large": 60}})


def halves(width: int = 80, height: int = 60, **fields: Any) -> pyvips.Image:
    """A picture that is red on its left and blue on its right, with these metadata."""
    left = pyvips.Image.black(width // 2, height, bands=3).linear(1, [250, 10, 10])
    right = pyvips.Image.black(width - width // 2, height, bands=3).linear(1, [10, 10, 250])
    image = left.join(right, "horizontal").cast("uchar").copy(interpretation="srgb")
    for name, value in fields.items():
        kind = pyvips.GValue.gint_type if isinstance(value, int) else pyvips.GValue.gstr_type
        image.set_type(
            pyvips.GValue.blob_type if isinstance(value, bytes) else kind, name.replace("_", "-"), value
        )
    return image


def photograph() -> bytes:
    """A JPEG as a telephone makes it: turned, with its place, its maker and a comment."""
    fields: Json = {
        "orientation": 6,
        "exif-ifd0-Artist": "Ada Artist (zq-secret)",
        "exif-ifd3-GPSLatitudeRef": "N",
        "exif-ifd3-GPSLatitude": "47/1 30/1 0/1",
        "exif-ifd2-UserComment": "zq-secret",
        "xmp-data": b"<x xmlns='http://ns.adobe.com/x/'>zq-secret</x>",
        "iptc-data": b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x1c\x02\x6e\x00\x09zq-secret",
    }
    data: bytes = halves(**fields).jpegsave_buffer(Q=90, profile="srgb")
    assert all(secret in data for secret in SECRETS[1:5])
    found = pyvips.Image.new_from_buffer(data, "")
    assert "47" in found.get("exif-ifd3-GPSLatitude")
    return data


async def upload(newsroom: Newsroom, data: bytes) -> Json:
    return await newsroom.medium(data)


def opened(data: bytes) -> pyvips.Image:
    return pyvips.Image.new_from_buffer(data, "")


async def forms(client: AsyncClient, medium: Json) -> dict[str, bytes]:
    """Every form of a picture, by its name."""
    found = {}
    for one in medium["renditions"]:
        response = await client.get(one["url"])
        assert (response.status_code, response.headers["content-type"]) == (200, one["content_type"])
        assert response.headers["etag"] == f'"{sha256(response.content).hexdigest()[:24]}"'
        image = opened(response.content)
        assert (image.width, image.height) == (one["width"], one["height"]), one["name"]
        found[one["name"]] = response.content
    return found


async def test_nothing_that_the_camera_wrote_is_kept_or_served(
    client: AsyncClient, newsroom: Newsroom, settings: Settings
) -> None:
    medium = await upload(newsroom, photograph())
    assert medium["suggested_credit"] == "zq-secret"
    assert (medium["credit"], medium["width"], medium["height"]) == ("Credit", 60, 80)
    shown = await forms(client, medium)
    assert set(shown) == {"original", "small", "large", "square", "wide"}
    placeholder = base64.b64decode(medium["placeholder"].partition(",")[2])
    for path, _ in files_under(settings.media_dir):
        shown[path] = Path(path).read_bytes()  # noqa: ASYNC240
    for name, data in (*shown.items(), ("placeholder", placeholder)):
        assert not [secret for secret in SECRETS if secret in data], name
        fields = opened(data).get_fields()
        assert not [one for one in fields if one.startswith(("exif", "xmp", "iptc", "icc", "orientation"))], name
    top, bottom = opened(shown["original"])(30, 5), opened(shown["original"])(30, 75)
    assert top[0] > 200 > bottom[0], "red was left, and is above when the picture is turned upright"
    assert bottom[2] > 200 > top[2]


async def test_the_suggested_credit_is_for_editors_alone(client: AsyncClient, newsroom: Newsroom) -> None:
    medium = await upload(newsroom, photograph())
    await newsroom.published(slug="a", lead_image={"media_id": medium["id"]})
    assert "zq-secret" not in (await client.get("/v1/articles/a")).text
    refused = await newsroom.send("PATCH", f"/media/{medium['id']}", version=1, json={"suggested_credit": "X"})
    assert refused.status_code == 422


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
async def test_colours_are_brought_into_srgb(client: AsyncClient, newsroom: Newsroom, suffix: str) -> None:
    other = halves().icc_transform("p3", input_profile="srgb")
    data = other.write_to_buffer(suffix)
    assert opened(data).get_typeof("icc-profile-data")
    shown = await forms(client, await upload(newsroom, data))
    for name in ("original", "small"):
        red, green, _ = opened(shown[name])(2, 5)[:3]
        assert not opened(shown[name]).get_typeof("icc-profile-data")
        assert abs(red - 250) < 12 and green < 40, (name, red, green)  # noqa: PT018


@pytest.mark.parametrize("bands", ["print", "broken profile"])
async def test_strange_colours_are_taken(client: AsyncClient, newsroom: Newsroom, bands: str) -> None:
    image = halves()
    if bands == "print":
        image = image.icc_transform("cmyk", input_profile="srgb")
    else:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", b"zq-secret" * 40)
    shown = await forms(client, await upload(newsroom, image.jpegsave_buffer()))
    assert opened(shown["original"]).bands == opened(shown["small"]).bands == 3
    assert opened(shown["original"])(2, 5)[0] > 180
    assert b"zq-secret" not in shown["original"]


def animated(suffix: str, frames: int = 3) -> bytes:
    pages = [halves(40, 30) if at % 2 else halves(40, 30).rot180() for at in range(frames)]
    image = pyvips.Image.arrayjoin(pages, across=1).copy()
    image.set_type(pyvips.GValue.gint_type, "page-height", 30)
    image.set_type(pyvips.GValue.gint_type, "loop", 2)
    image.set_type(pyvips.GValue.array_int_type, "delay", [100, 200, 300][:frames])
    data: bytes = image.write_to_buffer(suffix)
    return data


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
async def test_what_moves_goes_on_moving(client: AsyncClient, newsroom: Newsroom, suffix: str) -> None:
    data = animated(suffix)
    comment = b"\x21\xfe\x09zq-secret\x00" if suffix == ".gif" else b""
    marked = data[:-1] + comment + data[-1:] + b"<script>zq-secret</script>"
    medium = await upload(newsroom, marked)
    shown = await forms(client, medium)
    before, after = (pyvips.Image.new_from_buffer(one, "", n=-1) for one in (data, shown["original"]))
    for field in ("n-pages", "page-height", "delay", "loop"):
        assert before.get(field) == after.get(field)
    assert (before - after).abs().max() == 0
    assert b"zq-secret" not in shown["original"]
    assert not opened(shown["small"]).get_typeof("n-pages") or opened(shown["small"]).get("n-pages") == 1


async def test_no_form_is_larger_than_the_picture(client: AsyncClient, newsroom: Newsroom) -> None:
    names = []
    for width in (19, 20, 59, 60):
        medium = await upload(newsroom, halves(width, 10).pngsave_buffer())
        names.append([one["name"] for one in medium["renditions"]])
        assert all(one["width"] <= width for one in medium["renditions"])
        await forms(client, medium)
        assert len(medium["placeholder"]) < 500
        assert medium["placeholder"].startswith("data:image/webp;base64,")
    crops = ["square", "wide"]
    few, some, all_ = ["original", *crops], ["original", "small", *crops], ["original", "small", "large", *crops]
    assert names == [few, some, some, all_]


async def test_readers_get_every_form_of_what_they_see(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    lead, hidden = await upload(newsroom, photograph()), await upload(newsroom, halves().pngsave_buffer())
    body = [paragraph(words(90)), {"_type": "image", "media_id": hidden["id"]}, paragraph(words(10))]
    article = {"slug": "a", "body": body, "lead_image": {"media_id": lead["id"]}}
    await newsroom.published(**article, access={"requires": "subscriber"})
    teaser = (await client.get("/v1/articles/a")).json()
    card = (await client.get("/v1/articles")).json()["items"][0]
    assert card["lead_image"] == teaser["lead_image"]
    assert teaser["lead_image"]["media"]["placeholder"] == lead["placeholder"]
    assert hidden["placeholder"] not in str(teaser)
    whole = (await client.get("/v1/articles/a", headers=await people.headers("subscriber"))).json()
    shown = whole["body"][1]["media"]
    assert shown["placeholder"] == hidden["placeholder"]
    for medium, sent in ((teaser["lead_image"]["media"], {}), (shown, {"Range": "bytes=0-3"})):
        assert [one["name"] for one in medium["renditions"]] == ["original", "small", "large", "square", "wide"]
        for one in medium["renditions"]:
            response = await client.get(one["url"], headers=sent)
            assert response.status_code == (206 if sent else 200)
            again = await client.get(one["url"], headers={"If-None-Match": response.headers["etag"]})
            assert again.status_code == 304
    for one in shown["renditions"]:
        bare = one["url"].partition("?")[0]
        assert (await client.get(bare)).status_code == 404
        assert (await client.get(one["url"].replace(f"/{one['name']}?", "/nothing?"))).status_code == 404


async def test_another_focal_point_makes_other_crops(
    client: AsyncClient, newsroom: Newsroom, settings: Settings
) -> None:
    medium = await upload(newsroom, halves(80, 20).pngsave_buffer())
    await newsroom.published(slug="a", lead_image={"media_id": medium["id"]})
    article = await client.get("/v1/articles/a")
    square = await client.get(f"/media/{medium['id']}/square")
    path, files = f"/media/{medium['id']}", len(files_under(settings.media_dir))
    for version, (x, colour) in enumerate(((0, 0), (1, 2), (0.1, 0)), start=1):
        edited = await newsroom.send("PATCH", path, version=version, json={"focal_point": {"x": x, "y": 0.5}})
        assert (edited.status_code, edited.json()["focal_point"]) == (200, {"x": x, "y": 0.5})
        assert edited.json()["digest"] == medium["digest"]
        crop = await client.get(f"/media/{medium['id']}/square", headers={"If-None-Match": square.headers["etag"]})
        assert crop.status_code == 200
        assert opened(crop.content)(10, 10)[colour] > 200
        assert len(files_under(settings.media_dir)) == files
    same = await newsroom.send("PATCH", path, version=4, json={"focal_point": {"x": 0.1}})
    assert same.status_code == 200
    back = await newsroom.send("PATCH", path, version=5, json={"focal_point": None})
    assert back.json()["focal_point"] is None
    assert (await client.get(f"/media/{medium['id']}/square")).content == square.content
    assert (await client.get("/v1/articles/a")).content == article.content


@pytest.mark.parametrize("point", [{"x": 0.5}, {"x": -0.1, "y": 0}, {"x": 0, "y": 1.1}, {"x": "0", "y": 0}, 1, []])
async def test_a_focal_point_lies_in_the_picture(newsroom: Newsroom, point: object) -> None:
    medium = await newsroom.medium()
    refused = await newsroom.send("PATCH", f"/media/{medium['id']}", version=1, json={"focal_point": point})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].startswith("/focal_point")


async def test_a_record_from_before_has_its_original_alone(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    medium = await upload(newsroom, halves().pngsave_buffer())
    async with people.parts.database.write() as connection:
        await connection.execute(update(media).values(renditions="[]", placeholder=None, uploaded_digest=None))
    await newsroom.published(slug="a", lead_image={"media_id": medium["id"]})
    shown = (await client.get("/v1/articles/a")).json()["lead_image"]["media"]
    assert ([one["name"] for one in shown["renditions"]], shown["placeholder"]) == (["original"], None)
    assert (await client.get(shown["url"])).status_code == 200
    assert (await client.get(f"/media/{medium['id']}/small")).status_code == 404
    path = f"/media/{medium['id']}"
    cropped = await newsroom.send("PATCH", path, version=1, json={"focal_point": {"x": 0, "y": 0}})
    assert [one["name"] for one in cropped.json()["renditions"]] == ["original", "square", "wide"]
    await forms(client, cropped.json())
