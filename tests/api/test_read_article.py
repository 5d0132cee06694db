"""What readers get of one article: its whole shape, whole and as a teaser, and what it is found by."""

import re

from httpx import AsyncClient

from tests.api import rich
from tests.newsroom import Clock, Json, Newsroom, People, paragraph, words

MONTHLY = {
    "plan": "monthly",
    "name": "Monthly",
    "price": {"amount": "3.00", "currency": "EUR"},
    "period": "P1M",
    "url": "https://www.test/subscribe",
}


async def read(client: AsyncClient, slug: str, headers: dict[str, str] | None = None, **query: str) -> Json:
    response = await client.get(f"/v1/articles/{slug}", params=query, headers=headers)
    assert response.status_code == 200, response.text
    article: Json = response.json()
    return article


def unsigned(body: list[Json]) -> list[Json]:
    """Return a body with the signatures taken off its addresses, which must be there."""
    for block in body:
        for one in [block["media"], *block["media"]["renditions"]] if "media" in block else ():
            one["url"], signed, _ = one["url"].partition("?expires=")
            assert signed
    return body


async def test_a_rich_article_is_whole_for_a_subscriber(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    written = await rich.write(newsroom)
    article = await read(client, "la-maree", await people.headers("subscriber"))
    assert unsigned(article.pop("body")) == written.body
    assert article == {
        **written.front,
        **written.rest,
        "reading_minutes": 5,
        "access": {
            "requires": "subscriber",
            "plans": [],
            "granted": "full",
            "reason": "subscriber",
            "remaining_percent": 0,
            "meter": None,
            "offers": [],
        },
    }


async def test_a_rich_article_is_a_teaser_for_anybody_else(client: AsyncClient, newsroom: Newsroom) -> None:
    written = await rich.write(newsroom)
    first, picture, head, second = written.body[:4]
    second["children"][0]["text"] = "Six …"
    assert await read(client, "la-maree") == {
        **written.front,
        **written.rest,
        "reading_minutes": 5,
        "body": [first, picture, head, second],
        "access": {
            "requires": "subscriber",
            "plans": [],
            "granted": "teaser",
            "reason": "subscription_required",
            "remaining_percent": 40,
            "meter": None,
            "offers": [MONTHLY],
        },
    }


async def test_a_bare_article_has_every_field_too(client: AsyncClient, newsroom: Newsroom) -> None:
    made = await newsroom.published(title="Bare", body=[{**paragraph("Text."), "_key": "k"}])
    article = await read(client, "bare")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", article["published_at"])
    key = article["body"][0]["children"][0]["_key"]
    assert article == {
        "id": made["id"],
        "slug": "bare",
        "language": "en",
        "kind": "news",
        "title": "Bare",
        "standfirst": "",
        "section": None,
        "published_at": article["updated_at"],
        "updated_at": article["published_at"],
        "revision": 1,
        "reading_minutes": 1,
        "credits": [],
        "source": None,
        "tags": [],
        "lead_image": None,
        "body": [
            {
                "_type": "block",
                "_key": "k",
                "style": "normal",
                "children": [{"_type": "span", "_key": key, "text": "Text.", "marks": []}],
                "markDefs": [],
            }
        ],
        "related": [],
        "translations": [],
        "corrections": [],
        "rights": None,
        "seo": {"title": None, "description": None},
        "extensions": {},
        "access": {
            "requires": "free",
            "plans": [],
            "granted": "full",
            "reason": "free",
            "remaining_percent": 0,
            "meter": None,
            "offers": [],
        },
        "canonical_url": "https://www.test/en/bare",
    }


async def test_the_second_publication_keeps_the_first_time_and_counts(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    made = await newsroom.published(title="Twice")
    before = await read(client, "twice")
    clock.move(minutes=9)
    edited = await newsroom.edit(made, title="Twice, mended", standfirst="New.")
    assert await read(client, "twice") == before
    await newsroom.act(edited, "publish")
    after = await read(client, "twice")
    assert (after["title"], after["standfirst"]) == ("Twice, mended", "New.")
    assert after["published_at"] == before["published_at"] < after["updated_at"]
    assert (before["revision"], after["revision"]) == (1, 2)


async def test_a_picture_that_says_nothing_itself_is_told_by_the_library(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    medium = await newsroom.medium(alt="A boat", caption="At sea", credit="Photo: B")
    await newsroom.published(
        title="Boat", body=[{"_type": "image", "media_id": medium["id"]}], lead_image={"media_id": medium["id"]}
    )
    article = await read(client, "boat")
    expected = {"media": rich.media(medium, alt="A boat"), "caption": "At sea", "credit": "Photo: B"}
    assert article["lead_image"] == expected
    assert {name: article["body"][0][name] for name in expected} == expected


MINUTES = {
    (1, "free"): 1,
    (220, "free"): 1,
    (221, "free"): 2,
    (660, "free"): 3,
    (1, "registered"): 5,
    (1100, "subscriber"): 5,
    (1101, "subscriber"): 10,
}


async def test_reading_minutes_are_rounded_up_and_to_five_behind_a_gate(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    for (count, requires), minutes in MINUTES.items():
        body, slug = [paragraph(words(count))], f"long-{count}-{requires}"
        await newsroom.published(slug=slug, access={"requires": requires}, body=body)
        assert (await read(client, slug))["reading_minutes"] == minutes, (count, requires)


REMAINING = {
    (100, 20): 80,
    (100, 21): 70,
    (100, 29): 70,
    (100, 0): 100,
    (100, 99): 10,
    (1000, 1000): 10,
    (5, 0): 100,
    (0, 5): 100,
}


async def test_remaining_percent_is_rounded_down_to_a_step(client: AsyncClient, newsroom: Newsroom) -> None:
    access = {"requires": "registered"}
    for (total, shown), percent in REMAINING.items():
        body = [paragraph(words(total))] if total else [rich.EMBED]
        teaser, slug = {"words": shown, "boundary": "word"}, f"cut-{total}-{shown}"
        await newsroom.published(slug=slug, access=access, teaser=teaser, body=body)
        assert (await read(client, slug))["access"]["remaining_percent"] == percent, (total, shown)


async def test_a_teaser_of_no_words_has_an_empty_body(client: AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.published(title="None", access={"requires": "registered"}, teaser={"words": 0})
    article = await read(client, "none")
    assert (article["body"], article["access"]["granted"]) == ([], "teaser")


async def test_the_paywall_block_is_never_delivered(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    body = [paragraph(words(10)), {"_type": "paywall"}, paragraph(words(90))]
    await newsroom.published(title="P", access={"requires": "registered"}, teaser={"marker": True}, body=body)
    assert len((await read(client, "p"))["body"]) == 1
    whole = await read(client, "p", await people.headers("reader"))
    assert [block["_type"] for block in whole["body"]] == ["block", "block"]
