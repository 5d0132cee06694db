"""Tags and contributors as readers know them: those with a live article, counted."""

from httpx import AsyncClient

from tests.newsroom import Json, Newsroom


async def test_a_tag_exists_for_readers_while_a_live_article_carries_it(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    await newsroom.tag("sea", name="Sea", names={"fr": "Mer"}, kind="topic")
    await newsroom.tag("idle")

    async def shown() -> tuple[int, list[Json]]:
        one = await client.get("/v1/tags/sea")
        items = (await client.get("/v1/tags")).json()["items"]
        assert (await client.get("/v1/tags/idle")).status_code == 404
        assert items == ([one.json()] if one.status_code == 200 else [])
        return one.status_code, items

    assert await shown() == (404, [])
    first = await newsroom.draft(title="First", tags=["sea"])
    assert await shown() == (404, [])
    live = await newsroom.act(first, "publish")
    sea = {"slug": "sea", "name": "Sea", "kind": "topic", "names": {"fr": "Mer"}, "articles": 1}
    assert await shown() == (200, [sea])
    second = await newsroom.published(title="Second", section="sea", tags=["sea"])
    assert await shown() == (200, [{**sea, "articles": 2}])
    edited = await newsroom.edit(second, tags=[], section=None)
    assert await shown() == (200, [{**sea, "articles": 2}])
    await newsroom.act(edited, "publish")
    assert await shown() == (200, [sea])
    await newsroom.act(live, "withdraw", public_note="No.")
    assert await shown() == (404, [])


async def test_a_contributor_exists_for_readers_while_a_live_article_credits_them(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    links = [{"url": "https://ana.test/", "label": None}]
    await newsroom.contributor("ana", name="Ana", bio="Writes.", links=links)
    await newsroom.contributor("idle")
    credit = {"role": "author", "contributor": "ana"}
    draft = await newsroom.draft(credits=[credit, {**credit, "role": "photographer"}])
    assert (await client.get("/v1/contributors/ana")).status_code == 404
    assert (await client.get("/v1/contributors")).json()["items"] == []
    live = await newsroom.act(draft, "publish")
    ana: Json = {"slug": "ana", "name": "Ana", "kind": "person", "bio": "Writes.", "picture": None, "articles": 1}
    ana["links"] = links
    assert (await client.get("/v1/contributors/ana")).json() == ana
    assert (await client.get("/v1/contributors")).json() == {"items": [ana], "next_cursor": None}
    await newsroom.act(live, "unpublish")
    assert (await client.get("/v1/contributors/ana")).status_code == 404


async def test_names_are_listed_by_slug_and_filtered_by_kind(client: AsyncClient, newsroom: Newsroom) -> None:
    kinds = {"oslo": "place", "ebba": "person", "arch": "topic", "bergen": "place"}
    for slug, kind in kinds.items():
        await newsroom.tag(slug, kind=kind)
    await newsroom.published(tags=list(kinds))

    async def slugs(query: str = "") -> list[str]:
        return [tag["slug"] for tag in (await client.get(f"/v1/tags{query}")).json()["items"]]

    assert await slugs() == ["arch", "bergen", "ebba", "oslo"]
    assert await slugs("?kind=place") == ["bergen", "oslo"]
    assert await slugs("?kind=organisation") == []
    assert (await client.get("/v1/tags?kind=river")).status_code == 400


async def test_a_renamed_tag_shows_everywhere_at_once(client: AsyncClient, newsroom: Newsroom) -> None:
    tag = await newsroom.tag("sea", name="Sea")
    await newsroom.published(title="Boat", tags=["sea"], section="sea")
    response = await newsroom.send(
        "PATCH", "/tags/sea", version=tag["version"], json={"name": "Ocean", "slug": "ocean"}
    )
    assert response.status_code == 200
    article = (await client.get("/v1/articles/boat")).json()
    assert article["section"] == {"slug": "ocean", "name": "Ocean"}
    assert article["tags"] == [{"slug": "ocean", "name": "Ocean", "kind": "topic"}]
    assert (await client.get("/v1/articles?tag=ocean")).json()["items"][0]["slug"] == "boat"
    assert (await client.get("/v1/articles?tag=sea")).json()["items"][0]["slug"] == "boat"
    assert (await client.get("/v1/tags/sea")).headers["Location"] == "https://api.test/v1/tags/ocean"
