"""By what an article is found, in which language, and what becomes of links to others."""

import pytest
from httpx import AsyncClient

from tests.api import rich
from tests.newsroom import Clock, Json, Newsroom, paragraph


async def status(client: AsyncClient, path: str) -> int:
    return (await client.get(f"/v1/articles/{path}")).status_code


async def test_slug_and_id_give_the_same_bytes(client: AsyncClient, newsroom: Newsroom) -> None:
    article = await newsroom.published(title="Same", access={"requires": "subscriber"})
    by_slug, by_id = await client.get("/v1/articles/same"), await client.get(f"/v1/articles/{article['id']}")
    assert by_slug.status_code == by_id.status_code == 200
    assert (by_slug.content, by_slug.headers["etag"]) == (by_id.content, by_id.headers["etag"])


async def test_a_drafts_new_slug_does_not_exist_publicly(client: AsyncClient, newsroom: Newsroom) -> None:
    article = await newsroom.published(title="Old")
    edited = await newsroom.edit(article, slug="new")
    assert (await status(client, "old"), await status(client, "new")) == (200, 404)
    await newsroom.act(edited, "publish")
    assert await status(client, "new") == 200


async def test_what_is_not_public_is_not_there(client: AsyncClient, newsroom: Newsroom) -> None:
    draft = await newsroom.draft(title="Draft")
    gone = await newsroom.act(await newsroom.published(title="Gone"), "unpublish")
    for path in ("draft", draft["id"], "gone", gone["id"], "never", "018f0000-0000-7000-8000-000000000000"):
        response = await client.get(f"/v1/articles/{path}")
        problem = response.json()
        assert (response.status_code, problem["detail"]) == (404, "There is nothing here.")
        assert set(problem) == {"type", "title", "status", "detail", "request_id"}


async def test_a_withdrawn_article_tells_the_public_reason(client: AsyncClient, newsroom: Newsroom) -> None:
    article = await newsroom.published(title="Wrong")
    await newsroom.act(article, "withdraw", public_note="Its source was invented.", note="Never again.")
    for path in ("wrong", article["id"]):
        response = await client.get(f"/v1/articles/{path}")
        assert (response.status_code, response.json()["detail"]) == (410, "Its source was invented.")
        assert "Never" not in response.text
    await newsroom.published(title="Another", slug="wrong")
    assert await status(client, "wrong") == 200


@pytest.mark.parametrize("languages", [("fr", "en", "de"), ("en", "de", "fr"), ("de", "fr", "en")])
async def test_of_a_shared_slug_the_asked_then_the_default_language_wins(
    client: AsyncClient, newsroom: Newsroom, languages: tuple[str, ...]
) -> None:
    for language in languages:
        await newsroom.published(title=language, slug="shared", language=language)
    assert (await client.get("/v1/articles/shared")).json()["language"] == "en"
    for language in languages:
        shown = await client.get("/v1/articles/shared", params={"language": language})
        assert shown.json()["title"] == language
    assert await status(client, "shared?language=it") == 404


async def test_of_a_shared_slug_without_the_default_language_the_oldest_wins(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    oldest = await newsroom.published(title="Older", slug="shared", language="it")
    clock.move(minutes=9)
    await newsroom.published(title="Newer", slug="shared", language="de")
    await newsroom.act(await newsroom.edit(oldest, title="Older still"), "publish")
    assert (await client.get("/v1/articles/shared")).json()["title"] == "Older still"


async def test_the_languages_of_a_group_name_each_other(client: AsyncClient, newsroom: Newsroom) -> None:
    original = await newsroom.published(title="One", slug="one")
    french = await newsroom.published(title="Un", slug="un", language="fr", translation_of=original["id"])
    await newsroom.published(title="Eins", slug="eins", language="de", translation_of=french["id"])
    shown = (await client.get("/v1/articles/un")).json()["translations"]
    assert shown == [
        {"language": "de", "slug": "eins", "title": "Eins"},
        {"language": "en", "slug": "one", "title": "One"},
    ]
    await newsroom.act(original, "unpublish")
    assert [one["slug"] for one in (await client.get("/v1/articles/un")).json()["translations"]] == ["eins"]


async def test_links_to_articles_that_are_not_public_vanish_and_come_back(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    target = await newsroom.draft(title="Target", slug="target", access={"requires": "registered"})
    body = [paragraph("Before."), {"_type": "related", "article_id": target["id"]}, paragraph("After.")]
    await newsroom.published(title="Links", body=body, related=[target["id"]])

    async def shown() -> tuple[list[str], list[Json]]:
        article = (await client.get("/v1/articles/links")).json()
        inline = [block["article"] for block in article["body"] if block["_type"] == "related"]
        assert inline == article["related"]
        return [block["_type"] for block in article["body"]], article["related"]

    assert await shown() == (["block", "block"], [])
    live = await newsroom.act(target, "publish")
    assert await shown() == (["block", "related", "block"], [rich.link(live)])
    hidden = await newsroom.act(live, "unpublish")
    assert await shown() == (["block", "block"], [])
    back = await newsroom.act(await newsroom.edit(hidden, title="Back", slug="back"), "publish")
    assert await shown() == (["block", "related", "block"], [rich.link(back)])
    await newsroom.act(back, "withdraw", public_note="No.")
    assert await shown() == (["block", "block"], [])


async def test_names_are_told_in_the_articles_language(client: AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.tag("sea", name="Sea", names={"fr": "Mer", "pt-BR": "Mar"})
    told = {"fr": "Mer", "fr-CA": "Mer", "pt-BR": "Mar", "pt": "Sea", "en": "Sea"}
    for language, name in told.items():
        article = await newsroom.published(
            title="T", slug=f"t-{language.lower()}", language=language, tags=["sea"], section="sea"
        )
        shown = (await client.get(f"/v1/articles/{article['id']}")).json()
        assert (shown["tags"][0]["name"], shown["section"]["name"]) == (name, name), language


async def test_the_body_is_the_blocks_in_their_places(client: AsyncClient, newsroom: Newsroom) -> None:
    written = await rich.write(newsroom, access={"requires": "free"}, teaser=None)
    article = (await client.get("/v1/articles/la-maree")).json()
    assert article["body"] == written.body
    assert article["reading_minutes"] == 1
