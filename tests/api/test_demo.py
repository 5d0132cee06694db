"""The example newsroom: every manuscript is valid and comes out of the API as it was meant."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from httpx import AsyncClient
from rich.console import Console

from api.demo import newsroom as demo
from api.demo.newsroom import _NAMED
from infra.settings import Settings
from tests.newsroom import Clock, Json

FIELDS = {
    *("title", "slug", "language", "kind", "standfirst", "access", "teaser", "section", "tags", "credits"),
    *("source", "lead_image", "related", "translation_of", "rights", "seo", "extensions"),
}

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


async def test_every_manuscript_names_only_what_exists(settings: Settings) -> None:
    example, manuscripts = demo.newsroom(), demo.manuscripts()
    slugs = {one.front["slug"]: one.front for one in manuscripts}
    assert len(slugs) == len(manuscripts) >= 20
    known = {
        "tags": {tag["slug"] for tag in example["tags"]},
        "contributors": {one["slug"] for one in example["contributors"]},
        "media": {one["name"] for one in example["media"]},
    }
    files = {path.name for path in (demo.HERE / "images").iterdir() if path.suffix in {".jpg", ".png", ".webp"}}
    assert {one["file"] for one in example["media"]} == files
    used: set[str] = set()
    for slug, front in slugs.items():
        assert set(front) <= FIELDS, slug
        assert front["language"] in {"fr", "en"}, slug
        assert {*front.get("tags", ()), front["section"]} <= known["tags"], slug
        assert {credit["contributor"] for credit in front["credits"]} <= known["contributors"], slug
        assert set(front.get("related", ())) <= slugs.keys() - {slug}, slug
        assert front.get("translation_of", slug) in slugs, slug
        used |= {front["lead_image"]["media"]} if "lead_image" in front else set()
    named = [_NAMED.findall(one.body) for one in manuscripts]
    used |= {name for found in named for kind, name in found if kind == "media"}
    assert {name for found in named for kind, name in found if kind == "article"} <= slugs.keys()
    assert used == known["media"], "every picture is used, and none is missing"


async def test_every_manuscript_is_delivered_as_it_was_meant(
    settings: Settings, client: AsyncClient, clock: Clock
) -> None:
    tokens = await demo.load(settings, Console(file=StringIO()))
    clock.time = datetime.now(UTC)  # the example is loaded by the real clock
    editor = {"Authorization": f"Bearer {tokens['editor@gazette.example']}"}
    requires: set[str] = set()
    listed = (await client.get("/v1/articles?limit=100")).json()["items"]
    assert len(listed) == len(demo.manuscripts())
    for manuscript in demo.manuscripts():
        front = manuscript.front
        path = f"/v1/articles/{front['slug']}?language={front['language']}"
        teaser: Json = (await client.get(path)).json()
        whole: Json = (await client.get(path, headers=editor)).json()
        for name in ("title", "slug", "language", "standfirst"):
            assert whole[name] == teaser[name] == front.get(name, ""), front["slug"]
        assert [tag["slug"] for tag in whole["tags"]] == front.get("tags", [])
        assert [one["slug"] for one in whole["related"]] == front.get("related", [])
        assert [one["slug"] for one in whole["credits"]] == [one["contributor"] for one in front["credits"]]
        assert (whole["lead_image"] is None) == ("lead_image" not in front)
        assert teaser["body"], front["slug"]
        is_open = teaser["access"]["requires"] == "free"
        assert (teaser["body"] == whole["body"]) == is_open, front["slug"]
        requires.add(teaser["access"]["requires"])
        for block in teaser["body"]:
            if block["_type"] == "image":
                picture = await client.get(block["media"]["url"])
                assert picture.headers["content-type"] == block["media"]["content_type"]
                assert block["media"]["alt"], front["slug"]
    assert requires == {"free", "registered", "subscriber"}
