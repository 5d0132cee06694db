"""The bytes of pictures: whole, in part, and from whom."""

from time import perf_counter

import pytest
from httpx import AsyncClient, Response

from tests.newsroom import Newsroom, People, kept_png, paragraph, words

PICTURE = kept_png(40, 30)
SIZE = len(PICTURE)


@pytest.fixture
async def path(newsroom: Newsroom) -> str:
    medium = await newsroom.medium(PICTURE)
    await newsroom.published(slug="a", lead_image={"media_id": medium["id"]})
    return f"/media/{medium['id']}/original"


async def part(client: AsyncClient, path: str, asked: str, **headers: str) -> Response:
    return await client.get(path, headers={"Range": asked, **headers})


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_picture_is_sent_as_it_is_kept(client: AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert (response.status_code, response.content) == (200, PICTURE)
    assert response.headers["content-type"] == "image/png"
    assert response.headers["content-length"] == str(SIZE)
    assert response.headers["accept-ranges"] == "bytes"
    assert "content-encoding" not in response.headers
    again = await client.get(path, headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


RANGES = {
    "bytes=0-0": (0, 0),
    "bytes=0-9": (0, 9),
    "bytes=5-": (5, SIZE - 1),
    f"bytes={SIZE - 1}-": (SIZE - 1, SIZE - 1),
    f"bytes=0-{SIZE + 9}": (0, SIZE - 1),
    "bytes=-7": (SIZE - 7, SIZE - 1),
    f"bytes=-{SIZE * 9}": (0, SIZE - 1),
}
UNREAD = [
    "bytes=9-5",
    "bytes=",
    "bytes=-",
    "bytes=a-b",
    "bytes=1.5-2",
    "bytes=0-1,3-4",
    "bytes=-5,0-1",
    "bytes=+0-5",
    "bytes=0x0-5",
    f"bytes={'9' * 5000}-",
    "lines=0-5",
    "0-5",
    "bytes 0-5",
]
BEHIND = [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=-0"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_one_range_of_bytes_is_sent(client: AsyncClient, path: str) -> None:
    for asked, (first, last) in RANGES.items():
        response = await part(client, path, asked)
        assert (response.status_code, response.content) == (206, PICTURE[first : last + 1]), asked
        assert response.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
        assert response.headers["content-type"] == "image/png"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_is_no_single_range_is_left_unread(client: AsyncClient, path: str) -> None:
    for asked in UNREAD:
        response = await part(client, path, asked)
        assert (response.status_code, response.content) == (200, PICTURE), asked


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_range_behind_the_end_is_a_problem(client: AsyncClient, path: str) -> None:
    for asked in BEHIND:
        response = await part(client, path, asked)
        assert (response.status_code, response.json()["type"]) == (416, "/problems/range-not-satisfiable"), asked
        assert response.headers["content-range"] == f"bytes */{SIZE}"
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_range_is_only_of_the_picture_that_the_caller_has(client: AsyncClient, path: str) -> None:
    tag = (await client.get(path)).headers["etag"]
    assert (await part(client, path, "bytes=0-4", **{"If-Range": tag})).status_code == 206
    for other in ('"other"', f"W/{tag}", "Sat, 31 Jan 2026 12:00:00 GMT"):
        assert (await part(client, path, "bytes=0-4", **{"If-Range": other})).status_code == 200
        assert (await part(client, path, f"bytes={SIZE}-", **{"If-Range": other})).status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_hundred_thousand_ranges_cost_nothing(client: AsyncClient, path: str) -> None:
    for asked in (",".join(["0-0"] * 100_000), ",".join(f"{at}-" for at in range(100_000)), "-" * 300_000):
        started = perf_counter()
        response = await part(client, path, f"bytes={asked}")
        assert perf_counter() - started < 1
        assert (response.status_code, response.content) == (200, PICTURE)


async def test_a_picture_behind_the_wall_opens_by_its_signed_address_alone(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    medium = await newsroom.medium(PICTURE)
    body = [paragraph(words(90)), {"_type": "image", "media_id": medium["id"]}, paragraph(words(10))]
    await newsroom.published(slug="a", access={"requires": "subscriber"}, body=body)
    subscriber = await people.headers("subscriber")
    whole = (await client.get("/v1/articles/a", headers=subscriber)).json()
    signed = whole["body"][1]["media"]["url"].removeprefix("https://api.test")
    response = await part(client, signed, "bytes=0-3")
    assert (response.status_code, response.content) == (206, PICTURE[:4])
    assert response.headers["cache-control"].startswith("private")
    bare = signed.partition("?")[0]
    altered = signed[:-1] + ("A" if signed[-1] != "A" else "B")
    for path in (
        bare,
        altered,
        signed.replace(medium["id"], medium["id"][:-1] + ("0" if medium["id"][-1] != "0" else "1")),
    ):
        for headers in ({}, subscriber, {"Range": "bytes=0-3"}, {"If-None-Match": response.headers["etag"]}):
            assert (await client.get(path, headers=headers)).status_code == 404
