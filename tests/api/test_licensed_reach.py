"""What a licence is about: by tag, language, contributor and source, each and together, by every road."""

import json
from itertools import product
from typing import Any

import pytest
from httpx import AsyncClient

from tests.newsroom import Json, Newsroom, Office, paragraph, words
from tests.partners import headers_of, program

HIDDEN = "qzbehindthewall"
BODY = [paragraph(words(20)), paragraph(f"{words(60, stem='x')} {HIDDEN}")]
EVERY = list(product(("sea", "land"), ("en", "fr"), ("ann", "bob"), ("own", "reuters")))
KINDS = ("tags", "languages", "contributors", "sources")
REACHES: list[dict[str, list[Any]]] = [
    {"tags": ["sea"]},
    {"languages": ["fr"]},
    {"contributors": ["ann"]},
    {"sources": ["  rEuters "]},
    {"sources": [None]},
    {"sources": [None, "Reuters"]},
    {"tags": ["sea"], "contributors": ["ann"]},
    {"languages": ["en"], "sources": [None]},
    {"tags": ["sea", "land"], "languages": ["fr"], "contributors": ["bob"], "sources": ["Reuters"]},
    {"contributors": ["cat"]},
    {"languages": ["de"]},
    {"tags": ["sea"], "sources": ["Nobody"]},
]


@pytest.fixture
async def archive(newsroom: Newsroom) -> None:
    for tag in ("sea", "land"):
        await newsroom.tag(tag)
    for name in ("ann", "bob", "cat"):
        await newsroom.contributor(name)
    for tag, language, name, source in EVERY:
        slug = f"{tag}-{language}-{name}-{source}"
        form: Json = {"slug": slug, "title": slug, "language": language, "tags": [tag], "body": BODY}
        form |= {"credits": [{"role": "author", "contributor": name}], "teaser": {"words": 10}}
        form |= {"source": {"name": "Reuters"}} if source == "reuters" else {}
        await newsroom.published(**form, access={"requires": "subscriber"})


def expected(reach: dict[str, list[Any]]) -> set[str]:
    wanted = {
        kind: {"own" if one is None else one.strip().lower() for one in some} for kind, some in reach.items()
    }
    return {
        "-".join(one)
        for one in EVERY
        if all(kind not in wanted or has in wanted[kind] for kind, has in zip(KINDS, one, strict=True))
    }


async def opened(client: AsyncClient, headers: dict[str, str]) -> dict[str, set[str]]:
    """Which articles come whole, by road. Search is last, for it finds what was taken."""

    async def items(path: str) -> list[Json]:
        found: list[Json] = (await client.get(path, headers=headers)).json()["items"]
        return found

    cards = await items("/v1/articles?limit=100")
    slugs = [card["slug"] for card in cards]
    read = {slug: await client.get(f"/v1/articles/{slug}", headers=headers) for slug in slugs}
    explained = {slug: await client.get(f"/v1/articles/{slug}/access", headers=headers) for slug in slugs}
    return {
        "list": {card["slug"] for card in cards if card["access"]["granted"] == "full"},
        "access": {slug for slug in slugs if explained[slug].json()["access"]["granted"] == "full"},
        "article": {slug for slug in slugs if HIDDEN in read[slug].text},
        "sync": {one["article"]["slug"] for one in await items("/v1/sync?limit=100") if HIDDEN in json.dumps(one)},
        "feed": {one["title"] for one in await items("/v1/feeds/feed.json") if HIDDEN in json.dumps(one)},
        "search": {one["slug"] for one in await items(f"/v1/search?q={HIDDEN}&limit=100")},
    }


@pytest.mark.usefixtures("archive")
async def test_a_licence_opens_what_it_is_about_and_nothing_else_by_every_road(
    client: AsyncClient, office: Office
) -> None:
    one = await program(office)
    headers = await headers_of(client, one)
    licence = await office.licence(one.id, articles={"tags": ["sea"]})
    for reach in REACHES:
        articles = {kind: reach.get(kind) for kind in KINDS}
        licence = await office.edit("licences", licence, articles=articles)
        found = await opened(client, headers)
        assert found == dict.fromkeys(found, expected(reach)), reach


async def test_a_leading_picture_that_may_not_be_syndicated_comes_to_no_client_in_lists_and_search(
    client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    kept = await newsroom.medium(alt="kept from partners", may_be_syndicated="false")
    await newsroom.published(title="Harbour", slug="harbour", body=BODY, lead_image={"media_id": kept["id"]})
    one = await program(office)
    await office.licence(one.id)
    headers = await headers_of(client, one)
    for road in ("/v1/articles", "/v1/search?q=harbour", "/v1/articles?fields=id,lead_image"):
        (card,) = (await client.get(road, headers=headers)).json()["items"]
        assert card["lead_image"] is None, road
        assert kept["id"] in (await client.get(road)).text
