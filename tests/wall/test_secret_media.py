"""Pictures behind the wall: signed addresses, and no trace for anybody else."""

import re
from datetime import timedelta
from hashlib import sha256
from itertools import product
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from infra.ids import new_id
from tests.newsroom import Clock, Json, Newsroom, People, paragraph, png, words

_REQUEST_ID = re.compile(r'"request_id":"[0-9a-f]{32}"')


async def essay(newsroom: Newsroom, **access: object) -> tuple[Json, Json]:
    """An article with a picture behind the wall; the picture and the article."""
    medium = await newsroom.medium(png(shade=77))
    image = {"_type": "image", "media_id": medium["id"]}
    body = [paragraph(words(20)), paragraph(words(60)), image, paragraph(words(9))]
    gate = {"requires": "subscriber", **access}
    return medium, await newsroom.published(title="Essay", body=body, access=gate)


async def signed(client: httpx.AsyncClient, headers: dict[str, str]) -> str:
    body = (await client.get("/v1/articles/essay", headers=headers)).json()["body"]
    (url,) = (block["media"]["url"] for block in body if block["_type"] == "image")
    return str(url)


def told(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], str]:
    return answer.status_code, answer.headers.multi_items(), _REQUEST_ID.sub("", answer.text)


RENDITIONS = ("original", "square", "wide", "small", "nothing")
VARIANTS: tuple[dict[str, str], ...] = ({}, {"If-None-Match": "*"}, {"Range": "bytes=0-9"}, {"Accept": "image/*"})


async def test_a_hidden_picture_is_as_if_it_did_not_exist(newsroom: Newsroom, people: People) -> None:
    hidden, _ = await essay(newsroom)
    unused, client = await newsroom.medium(), newsroom.client
    variants = (*VARIANTS, {"If-None-Match": f'"{hidden["digest"][:24]}"'})
    for role in ("anonymous", "reader", "partner", "subscriber", "editor"):
        headers = await people.headers(role)
        for method, variant, rendition in product(("GET", "HEAD"), variants, RENDITIONS):
            sent = {**headers, **variant}
            paths = [f"/media/{id_}/{rendition}" for id_ in (hidden["id"], unused["id"], new_id())]
            answers = [await client.request(method, path, headers=sent) for path in paths]
            assert answers[0].status_code == 404
            assert told(answers[0]) == told(answers[1]) == told(answers[2])


async def test_a_signed_address_opens_the_picture_until_it_expires(
    newsroom: Newsroom, people: People, clock: Clock
) -> None:
    hidden, _ = await essay(newsroom)
    headers = await people.headers("subscriber")
    url = await signed(newsroom.client, headers)
    answer = await newsroom.client.get(url)
    assert (answer.status_code, sha256(answer.content).hexdigest()) == (200, hidden["digest"])
    assert answer.headers["cache-control"].startswith("private")
    expires = int(dict(parse_qsl(urlsplit(url).query))["expires"])
    seconds = expires - clock.time.timestamp()
    assert 600 <= seconds <= 1200
    clock.move(seconds=seconds - 1)
    assert (await newsroom.client.get(url)).status_code == 200
    clock.move(seconds=1)
    missing = await newsroom.client.get(f"/media/{new_id()}/original")
    for variant in (*VARIANTS, {"If-None-Match": answer.headers["etag"]}):
        assert told(await newsroom.client.get(url, headers=variant)) == told(missing)


async def test_addresses_stay_the_same_within_a_window(newsroom: Newsroom, people: People, clock: Clock) -> None:
    await essay(newsroom)
    headers = await people.headers("subscriber")
    clock.time = clock.time.replace(minute=0, second=0)
    first = await signed(newsroom.client, headers)
    clock.move(minutes=9)
    assert await signed(newsroom.client, headers) == first
    clock.move(minutes=1)
    assert await signed(newsroom.client, headers) != first


async def test_a_signed_address_cannot_be_altered(newsroom: Newsroom, people: People) -> None:
    medium, _ = await essay(newsroom)
    other, client = await newsroom.medium(png(shade=1)), newsroom.client
    parts = urlsplit(await signed(client, await people.headers("subscriber")))
    expires, signature = (value for _, value in parse_qsl(parts.query))
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    good = f"expires={expires}&signature={signature}"
    assert (await client.get(f"{parts.path}?{good}")).status_code == 200
    missing = told(await client.get(f"/media/{new_id()}/original"))
    for changed in (
        f"{parts.path}?expires=99999999999&signature={signature}",
        f"{parts.path}?expires={int(expires) + 1}&signature={signature}",
        f"{parts.path}?expires=0&signature={signature}",
        f"{parts.path}?expires={expires}&signature=",
        f"{parts.path}?expires={expires}&signature={flipped}",
        f"{parts.path}?expires={expires}&signature={signature}A",
        f"{parts.path}?expires={expires}&signature={signature[:-1]}",
        f"{parts.path}?expires={expires}&signature=%C3%A9",
        f"{parts.path}?expires={expires}",
        f"{parts.path}?signature={signature}",
        f"{parts.path.replace('original', 'small')}?{good}",
        f"{parts.path.replace(medium['id'], other['id'])}?{good}",
    ):
        assert told(await client.get(changed)) == missing, changed


async def test_a_picture_becomes_public_and_secret_with_the_gate(
    newsroom: Newsroom, people: People, clock: Clock
) -> None:
    opens, closes = clock.time + timedelta(minutes=10), clock.time + timedelta(minutes=20)
    medium, article = await essay(newsroom, **{"from": opens.isoformat(), "until": closes.isoformat()})
    path, client = f"/media/{medium['id']}/original", newsroom.client
    for moment, before, at in ((opens, 200, 404), (closes, 404, 200)):
        for status, early in ((before, 2), (at, 1)):
            clock.time = moment - timedelta(milliseconds=early)  # a look at the clock takes one
            assert (await client.get(path)).status_code == status, (moment, early)
    edited = await newsroom.edit(article, access={"requires": "subscriber", "from": None, "until": None})
    assert (await client.get(path)).status_code == 200
    await newsroom.act(edited, "publish")
    assert (await client.get(path)).status_code == 404


async def test_no_cache_keeps_a_picture_past_the_moment_that_it_becomes_secret(
    newsroom: Newsroom, clock: Clock
) -> None:
    medium, _ = await essay(newsroom, **{"from": (clock.time + timedelta(seconds=30)).isoformat()})
    for method in ("GET", "HEAD"):
        answer = await newsroom.client.request(method, f"/media/{medium['id']}/original")
        fields = dict(re.findall(r"([a-z-]+)=(\d+)", answer.headers["cache-control"]))
        assert int(fields["max-age"]) + int(fields["stale-while-revalidate"]) <= 30


@pytest.mark.parametrize("action", ["unpublish", "withdraw"])
async def test_a_picture_of_what_was_taken_back_is_secret_again(newsroom: Newsroom, action: str) -> None:
    medium = await newsroom.medium()
    article = await newsroom.published(title="Taken back", lead_image={"media_id": medium["id"]})
    path, client = f"/media/{medium['id']}/original", newsroom.client
    tag = (await client.get(path)).headers["etag"]
    await newsroom.act(article, action, public_note="Wrong.")
    for variant in ({}, {"If-None-Match": tag}):
        assert (await client.get(path, headers=variant)).status_code == 404


@pytest.mark.parametrize("action", ["unpublish", "withdraw"])
async def test_a_readers_signed_address_ends_with_the_article_and_the_newsrooms_does_not(
    newsroom: Newsroom, people: People, action: str
) -> None:
    medium, article = await essay(newsroom)
    reader_url = await signed(newsroom.client, await people.headers("subscriber"))
    assert (await newsroom.client.get(reader_url)).status_code == 200
    await newsroom.act(article, action, public_note="Wrong.")
    assert (await newsroom.client.get(reader_url)).status_code == 404
    newsroom_url = (await newsroom.send("GET", f"/media/{medium['id']}")).json()["url"]
    assert (await newsroom.client.get(newsroom_url)).status_code == 200
