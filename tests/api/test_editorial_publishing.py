"""Publishing: readers see editions, never drafts; slugs are checked when an edition goes live."""

from typing import Any

from httpx import AsyncClient

from tests.newsroom import Clock, Json, Newsroom, paragraph


async def read(client: AsyncClient, reference: str, **parameters: str) -> Json:
    answer = await client.get(f"/v1/articles/{reference}", params=parameters)
    assert answer.status_code == 200, answer.text
    shown: Json = answer.json()
    return shown


async def test_a_published_article_is_edited_again_unseen_and_published_again(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    first = await newsroom.published(title="First", slug="piece", body=[paragraph("one")])
    assert (first["publication"]["revision"], first["publication"]["has_newer_draft"]) == (1, False)
    seen = await read(client, "piece")
    assert (seen["revision"], seen["published_at"]) == (1, seen["updated_at"])

    clock.move(minutes=30)
    edited = await newsroom.edit(first, title="Second", body=[paragraph("two")], slug="other")
    assert edited["publication"]["has_newer_draft"] is True
    assert edited["publication"]["slug"] == "piece"
    assert await read(client, "piece") == seen
    assert (await client.get("/v1/articles/other")).status_code == 404
    edited = await newsroom.edit(edited, slug="piece", kind="feature")

    again = await newsroom.act(edited, "publish")
    assert (again["publication"]["revision"], again["publication"]["has_newer_draft"]) == (2, False)
    assert again["revision"] == 3
    shown = await read(client, "piece")
    assert (shown["title"], shown["revision"], shown["kind"]) == ("Second", 2, "feature")
    assert shown["published_at"] == seen["published_at"]
    assert shown["updated_at"] > seen["updated_at"]
    assert len((await client.get("/v1/articles")).json()["items"]) == 1


async def test_publishing_an_unchanged_draft_is_a_publication_too(client: AsyncClient, newsroom: Newsroom) -> None:
    again = await newsroom.act(await newsroom.published(slug="piece"), "publish")
    assert again["publication"]["revision"] == 2
    assert (await read(client, "piece"))["revision"] == 2


async def test_what_readers_could_not_make_sense_of_is_not_published(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    unmarked = {"access": {"requires": "registered"}, "teaser": {"marker": True}}
    for fields, pointer in (({"body": []}, "/body"), (unmarked, "/teaser")):
        draft = await newsroom.draft(**fields)
        refused = await newsroom.send("POST", f"/articles/{draft['id']}/actions/publish", version=1)
        assert refused.status_code == 422
        assert [flaw["pointer"] for flaw in refused.json()["errors"]] == [pointer]
        assert (await client.get(f"/v1/articles/{draft['id']}")).status_code == 404


async def test_unpublishing_leaves_no_trace_and_publishing_again_goes_on_counting(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    await newsroom.tag("sea")
    article = await newsroom.published(slug="piece", tags=["sea"])
    seen = await read(client, "piece")
    article = await newsroom.act(article, "unpublish")
    assert article["publication"]["state"] == "unpublished"
    for path in ("/v1/articles/piece", f"/v1/articles/{article['id']}", "/v1/tags/sea"):
        gone, never = await client.get(path), await client.get("/v1/articles/never-was")
        assert gone.status_code == 404
        assert {**gone.json(), "request_id": ""} == {**never.json(), "request_id": ""}
    assert (await client.get("/v1/articles")).json()["items"] == []
    back = await newsroom.act(article, "publish")
    assert back["publication"]["revision"] == 2
    shown = await read(client, "piece")
    assert (shown["published_at"], shown["revision"]) == (seen["published_at"], 2)


async def test_a_slug_is_one_live_articles_alone_in_a_language(client: AsyncClient, newsroom: Newsroom) -> None:
    first = await newsroom.published(slug="same")
    second = await newsroom.draft(slug="same", title="Second")
    refused = await newsroom.send("POST", f"/articles/{second['id']}/actions/publish", version=1)
    assert (refused.status_code, refused.json()["rule"]) == (409, "slug")
    assert (await newsroom.send("GET", f"/articles/{second['id']}")).json() == second
    assert (await read(client, "same"))["id"] == first["id"]
    await newsroom.act(first, "unpublish")
    await newsroom.act(second, "publish")
    assert (await read(client, "same"))["id"] == second["id"]
    refused = await newsroom.send("POST", f"/articles/{first['id']}/actions/publish", version=3)
    assert refused.status_code == 409


async def test_a_slug_that_is_given_up_is_free(client: AsyncClient, newsroom: Newsroom) -> None:
    first = await newsroom.published(slug="same")
    await newsroom.act(await newsroom.edit(first, slug="moved"), "publish")
    second = await newsroom.published(slug="same")
    assert (await read(client, "same"))["id"] == second["id"]
    assert (await read(client, "moved"))["id"] == first["id"]


CHOICES: list[tuple[tuple[str, ...], dict[str, str], str | None]] = [
    (("fr", "en"), {}, "en"),
    (("en", "fr"), {}, "en"),
    (("fr", "de"), {}, "fr"),
    (("de", "fr"), {}, "de"),
    (("fr", "en"), {"language": "fr"}, "fr"),
    (("fr", "en"), {"language": "en"}, "en"),
    (("fr", "en"), {"language": "FR"}, "fr"),
    (("fr", "en"), {"language": "de"}, None),
]


async def test_a_slug_in_two_languages_is_read_in_the_asked_the_default_or_the_oldest(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    for at, (languages, asked, found) in enumerate(CHOICES):
        for language in languages:
            await newsroom.published(slug=f"same-{at}", language=language)
        answer = await client.get(f"/v1/articles/same-{at}", params=asked)
        assert answer.json().get("language") == found
        assert answer.status_code == (200 if found else 404)


async def test_translations_know_one_another_and_only_while_they_are_live(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    original = await newsroom.published(title="Original", language="ru", slug="original")
    french = await newsroom.published(title="En français", language="fr", translation_of=original["id"])
    english = await newsroom.draft(title="In English", language="en", translation_of=french["id"])

    async def translations(article: Json) -> list[tuple[Any, Any]]:
        shown = await read(client, article["id"])
        return [(one["language"], one["title"]) for one in shown["translations"]]

    assert await translations(original) == [("fr", "En français")]
    assert await translations(french) == [("ru", "Original")]
    english = await newsroom.act(english, "publish")
    assert await translations(original) == [("en", "In English"), ("fr", "En français")]
    assert await translations(english) == [("fr", "En français"), ("ru", "Original")]
    await newsroom.act(original, "unpublish")
    assert await translations(french) == [("en", "In English")]


async def test_an_article_is_no_translation_of_itself(newsroom: Newsroom) -> None:
    draft = await newsroom.draft()
    refused = await newsroom.send(
        "PATCH", f"/articles/{draft['id']}", version=1, json={"translation_of": draft["id"]}
    )
    assert refused.status_code == 422
    assert [flaw["pointer"] for flaw in refused.json()["errors"]] == ["/translation_of"]


async def test_a_translation_can_leave_its_group(client: AsyncClient, newsroom: Newsroom) -> None:
    original = await newsroom.published(title="Original", language="ru")
    other = await newsroom.published(title="Other", language="fr", translation_of=original["id"])
    left = await newsroom.edit(other, translation_of=None)
    assert (await read(client, original["id"]))["translations"] != []
    await newsroom.act(left, "publish")
    assert (await read(client, original["id"]))["translations"] == []
    assert (await read(client, other["id"]))["translations"] == []
