"""Old slugs lead to the present one in one step, and never to what the public cannot see."""

from httpx import AsyncClient

from tests.newsroom import Clock, Newsroom

BASE = "https://api.test/v1/articles"


async def leads_to(client: AsyncClient, path: str) -> str | int:
    """Where a request is sent, or its status."""
    answer = await client.get(f"/v1/articles/{path}")
    if answer.status_code != 308:
        return answer.status_code
    assert answer.content == b""
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    return answer.headers["Location"].removeprefix(BASE)


async def test_old_slugs_lead_straight_to_the_present_one(client: AsyncClient, newsroom: Newsroom) -> None:
    article = await newsroom.published(slug="one")
    for slug in ("two", "three"):
        article = await newsroom.act(await newsroom.edit(article, slug=slug), "publish")
    assert await leads_to(client, "one") == "/three"
    assert await leads_to(client, "two") == "/three"
    assert await leads_to(client, "three") == 200
    assert await leads_to(client, "one?language=en") == "/three?language=en"
    assert await leads_to(client, "one?language=fr") == 404
    assert (await client.head("/v1/articles/one")).status_code == 308


async def test_going_back_to_an_old_slug_makes_no_loop(client: AsyncClient, newsroom: Newsroom) -> None:
    article = await newsroom.published(slug="one")
    for slug in ("two", "one"):
        article = await newsroom.act(await newsroom.edit(article, slug=slug), "publish")
    assert await leads_to(client, "one") == 200
    assert await leads_to(client, "two") == "/one"


async def test_a_live_article_wins_over_an_old_slug(client: AsyncClient, newsroom: Newsroom) -> None:
    first = await newsroom.published(slug="one", title="First")
    await newsroom.act(await newsroom.edit(first, slug="two"), "publish")
    second = await newsroom.published(slug="one", title="Second")
    assert (await client.get("/v1/articles/one")).json()["title"] == "Second"
    await newsroom.act(await newsroom.edit(second, slug="three"), "publish")
    assert await leads_to(client, "one") == "/three", "whoever had it last"


async def test_a_draft_s_new_slug_and_a_scheduled_one_do_not_exist(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    article = await newsroom.edit(await newsroom.published(slug="one"), slug="two")
    assert await leads_to(client, "two") == 404
    article = await newsroom.act(article, "schedule", at="2027-01-01T00:00:00Z")
    assert await leads_to(client, "two") == 404
    await newsroom.act(article, "unschedule")
    clock.move(days=700)
    assert await leads_to(client, "two") == 404
    assert await leads_to(client, "one") == 200


async def test_what_is_unpublished_is_gone_under_all_its_slugs_and_a_withdrawal_is_told_under_all(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    article = await newsroom.published(slug="one")
    article = await newsroom.act(await newsroom.edit(article, slug="two"), "publish")
    article = await newsroom.act(article, "unpublish")
    assert [await leads_to(client, slug) for slug in ("one", "two", article["id"])] == [404, 404, 404]
    article = await newsroom.act(article, "publish")
    assert [await leads_to(client, slug) for slug in ("one", "two")] == ["/two", 200]
    await newsroom.act(article, "withdraw", public_note="It was wrong.")
    for slug in ("one", "two", article["id"]):
        gone = await client.get(f"/v1/articles/{slug}")
        assert (gone.status_code, gone.json()["detail"]) == (410, "It was wrong.")


async def test_a_slug_in_another_language_is_not_a_way_to_the_wrong_article(
    client: AsyncClient, newsroom: Newsroom
) -> None:
    french = await newsroom.published(slug="un", language="fr", title="Français")
    await newsroom.act(await newsroom.edit(french, slug="shared"), "publish")
    await newsroom.published(slug="shared", language="en", title="English")
    there = await leads_to(client, "un")
    assert there == "/shared?language=fr"
    assert (await client.get(f"{BASE}{there}")).json()["title"] == "Français"


async def test_an_expired_article_answers_under_none_of_its_slugs(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    article = await newsroom.published(slug="one")
    await newsroom.act(await newsroom.edit(article, slug="two"), "publish", until="2026-02-01T00:00:00Z")
    assert await leads_to(client, "one") == "/two"
    clock.move(days=2)
    assert [await leads_to(client, slug) for slug in ("one", "two")] == [404, 404]


async def test_slugs_come_from_titles_in_any_script(newsroom: Newsroom) -> None:
    titles = {
        "Les élections à l’Assemblée": "les-elections-a-l-assemblee",
        "Новости Казахстана": "novosti-kazakhstana",
        "Straße & Größe": "strasse-grosse",
        "Ελληνικά νέα": "ellinika-nea",
    }
    for title, slug in titles.items():
        assert (await newsroom.draft(title=title))["slug"] == slug
    for title in ("新闻", "ニュース", "أخبار", "חדשות", "समाचार", "!!!"):
        slug = (await newsroom.draft(title=title))["slug"]
        assert slug
        assert slug.replace("-", "").isascii()
