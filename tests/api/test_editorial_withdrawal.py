"""Withdrawing: the reason is public and the article is nowhere else any more."""

from typing import Any

from httpx import AsyncClient

from tests.newsroom import Json, Newsroom, People, paragraph

REASON = "The interview had not been agreed to."


async def withdrawn(newsroom: Newsroom, article: Json, **form: Any) -> Json:
    return await newsroom.act(article, "withdraw", public_note=REASON, **form)


async def test_a_withdrawal_needs_a_public_reason(client: AsyncClient, newsroom: Newsroom) -> None:
    article = await newsroom.published(slug="piece")
    for form in ({}, {"public_note": ""}, {"public_note": "  "}, {"public_note": None}, {"note": "x"}):
        path = f"/articles/{article['id']}/actions/withdraw"
        refused = await newsroom.send("POST", path, version=article["version"], json=form)
        assert refused.status_code == 422, form
        assert [flaw["pointer"] for flaw in refused.json()["errors"]] == ["/public_note"]
    assert (await client.get("/v1/articles/piece")).status_code == 200


async def test_a_withdrawn_article_answers_410_with_the_reason(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    article = await newsroom.published(slug="piece", access={"requires": "subscriber"})
    article = await withdrawn(newsroom, article, note="inside only")
    assert (article["publication"]["state"], article["state"]) == ("withdrawn", "draft")
    for headers in ({}, await people.headers("subscriber"), newsroom.headers):
        for reference in ("piece", article["id"], article["id"].upper()):
            gone = await client.get(f"/v1/articles/{reference}", headers=headers)
            assert gone.status_code == 410
            assert gone.headers["Content-Type"] == "application/problem+json"
            assert (gone.json()["type"], gone.json()["detail"]) == ("/problems/withdrawn", REASON)
            assert "inside" not in gone.text
            assert "A title" not in gone.text


async def test_a_withdrawn_article_is_gone_from_everywhere_else(client: AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.tag("sea")
    await newsroom.contributor("ada")
    names = {"tags": ["sea"], "section": "sea", "credits": [{"role": "author", "contributor": "ada"}]}
    article = await newsroom.published(title="Gone", language="fr", **names)
    body = [paragraph("Text."), {"_type": "related", "article_id": article["id"]}]
    other = await newsroom.published(
        title="Other", body=body, related=[article["id"]], translation_of=article["id"]
    )

    async def shown() -> tuple[Any, ...]:
        page = (await client.get(f"/v1/articles/{other['id']}")).json()
        return (
            len(page["body"]),
            len(page["related"]),
            len(page["translations"]),
            [(await client.get(path)).json().get("title") for path in ("/v1/tags/sea", "/v1/contributors/ada")],
            [len((await client.get(path)).json()["items"]) for path in ("/v1/tags", "/v1/contributors")],
            [
                len((await client.get("/v1/articles", params=filters)).json()["items"])
                for filters in ({}, {"tag": "sea"}, {"contributor": "ada"}, {"language": "fr"})
            ],
        )

    assert await shown() == (2, 1, 1, [None, None], [1, 1], [2, 1, 1, 1])
    await withdrawn(newsroom, article)
    missing = "There is nothing here"
    assert await shown() == (1, 0, 0, [missing, missing], [0, 0], [1, 0, 0, 0])


async def test_a_withdrawn_slug_is_free_for_another_article(client: AsyncClient, newsroom: Newsroom) -> None:
    article = await withdrawn(newsroom, await newsroom.published(slug="piece"))
    other = await newsroom.published(slug="piece")
    assert (await client.get("/v1/articles/piece")).json()["id"] == other["id"]
    assert (await client.get(f"/v1/articles/{article['id']}")).status_code == 410


async def test_what_was_withdrawn_stays_withdrawn(newsroom: Newsroom) -> None:
    article = await withdrawn(newsroom, await newsroom.published())
    assert article["allowed_actions"] == []
    for action in ("submit", "return", "publish", "unpublish", "withdraw"):
        refused = await newsroom.send(
            "POST",
            f"/articles/{article['id']}/actions/{action}",
            version=article["version"],
            json={"public_note": "x"},
        )
        assert (refused.status_code, refused.json()["rule"]) == (409, f"{action}-from-draft-withdrawn")


async def test_an_edit_after_the_withdrawal_shows_nothing(client: AsyncClient, newsroom: Newsroom) -> None:
    article = await withdrawn(newsroom, await newsroom.published(slug="piece"))
    await newsroom.edit(article, title="Anew", slug="anew")
    assert (await client.get("/v1/articles/piece")).status_code == 410
    assert (await client.get("/v1/articles/anew")).status_code == 404
