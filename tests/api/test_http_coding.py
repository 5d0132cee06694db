"""Compression: the coding that the caller likes best, each with its own entity tag."""

import gzip
import sys
from collections.abc import Callable

import brotli
import pytest
from httpx import AsyncClient

from api.caching import WORTH_COMPRESSING
from tests.newsroom import Newsroom, paragraph, words

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "br": lambda data: bytes(brotli.decompress(data)),
    "zstd": zstd.decompress,
    "gzip": gzip.decompress,
}
CHOICES = {
    "": "",
    "identity": "",
    "gzip": "gzip",
    "br": "br",
    "zstd": "zstd",
    "GZip": "gzip",
    "gzip, deflate, br, zstd": "br",
    "gzip, zstd": "zstd",
    "gzip;q=1, br;q=0.5": "gzip",
    "gzip;q=0.5 , zstd; q=0.8": "zstd",
    "br;q=0, gzip": "gzip",
    "br;q=0.000": "",
    "gzip;q=0.5, identity;q=1": "",
    "gzip, identity;q=0.5": "gzip",
    "identity;q=0, gzip": "gzip",
    "*": "br",
    "br;q=0, *;q=0.1": "zstd",
    "*;q=0": "",
    "br;q=nonsense, gzip": "gzip",
    "deflate, compress, x": "",
    ",, ;q=1,": "",
}


async def raw(client: AsyncClient, path: str, accept: str, **headers: str) -> tuple[dict[str, str], bytes]:
    async with client.stream("GET", path, headers={"Accept-Encoding": accept, **headers}) as response:
        assert response.status_code in {200, 304}
        return dict(response.headers), b"".join([part async for part in response.aiter_raw()])


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_caller_chooses_the_coding_by_its_weights(client: AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.published(slug="a", body=[paragraph(words(400))])
    _, plain = await raw(client, "/v1/articles/a", "")
    for accept, coding in CHOICES.items():
        headers, body = await raw(client, "/v1/articles/a", accept)
        assert headers.get("content-encoding", "") == coding, accept
        assert DECODERS[coding](body) == plain, accept
        assert int(headers["content-length"]) == len(body)
        assert (len(body) < len(plain)) == bool(coding)
        assert headers["content-type"] == "application/json"
        assert headers["vary"] == "Authorization, Accept-Encoding"


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("path", ["/v1/articles/a", "/v1/articles", "/v1/tags", "/v1/contributors"])
async def test_each_coding_has_its_own_strong_tag(client: AsyncClient, newsroom: Newsroom, path: str) -> None:
    for at in range(20):
        await newsroom.tag(f"tag-{at}", name=words(9))
        await newsroom.contributor(f"maker-{at}", bio=words(9))
    credits_ = [{"role": "author", "contributor": f"maker-{at}"} for at in range(20)]
    tags = [f"tag-{at}" for at in range(20)]
    await newsroom.published(slug="a", credits=credits_, tags=tags)
    found = {coding: (await raw(client, path, coding))[0]["etag"] for coding in DECODERS}
    assert len(set(found.values())) == 4
    assert all(tag.startswith('"') for tag in found.values())
    for coding, tag in found.items():
        assert (await raw(client, path, coding))[0]["etag"] == tag
        headers, body = await raw(client, path, coding, **{"If-None-Match": tag})
        assert (body, headers["etag"]) == (b"", tag)
        assert "content-encoding" not in headers
        others = ", ".join(set(found.values()) - {tag})
        _, body = await raw(client, path, coding, **{"If-None-Match": others})
        assert body


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_is_small_is_left_as_it_is(client: AsyncClient) -> None:
    headers, body = await raw(client, "/v1/articles", "br, gzip")
    assert len(body) < WORTH_COMPRESSING
    assert "content-encoding" not in headers
    assert headers["vary"] == "Authorization, Accept-Encoding"
