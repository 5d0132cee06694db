"""Tags and contributors in the newsroom: a new name shows at once wherever the old one stood."""

import pytest
from httpx import AsyncClient

from tests.newsroom import Json, Newsroom

KINDS = ["tags", "contributors"]


async def article_with(newsroom: Newsroom, **fields: str) -> Json:
    await newsroom.tag("one", **fields)
    await newsroom.contributor("one")
    makers = [{"role": "author", "contributor": "one"}]
    return await newsroom.published(slug="piece", tags=["one"], section="one", credits=makers)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_is_created_read_and_edited(newsroom: Newsroom, kind: str) -> None:
    made = await newsroom.send("POST", f"/{kind}", json={"name": "Éric Ü."})
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    assert made.headers["Location"] == f"https://api.test/v1/editorial/{kind}/eric-u"
    assert (await newsroom.send("GET", f"/{kind}/eric-u")).json() == made.json()
    edited = await newsroom.send("PATCH", f"/{kind}/eric-u", version=1, json={"name": "Eric", "slug": "eric"})
    assert (edited.status_code, edited.headers["ETag"]) == (200, '"2"')
    assert edited.json() == {**made.json(), "name": "Eric", "slug": "eric", "version": 2}
    old = await newsroom.send("GET", f"/{kind}/eric-u")
    assert (old.status_code, old.headers["Location"]) == (308, f"https://api.test/v1/editorial/{kind}/eric")
    assert old.headers["Cache-Control"] == "no-store"
    assert (await newsroom.send("GET", f"/{kind}/eric")).headers["Cache-Control"] == "no-store"


async def test_every_field_of_a_tag_and_of_a_contributor_comes_back(newsroom: Newsroom) -> None:
    tag = {
        "slug": "kz",
        "name": "Kazakhstan",
        "kind": "place",
        "names": {"fr": "Kazakhstan (fr)", "pt-BR": "Cazaquistão"},
    }
    contributor = {
        "slug": "cann",
        "name": "CANN",
        "kind": "organisation",
        "bio": "An agency.",
        "media_id": (await newsroom.medium())["id"],
        "links": [
            {"url": "https://cann.test/", "label": "Site"},
            {"url": "https://social.test/@cann", "label": None},
        ],
    }
    for kind, form in (("tags", tag), ("contributors", contributor)):
        made = (await newsroom.send("POST", f"/{kind}", json=form)).json()
        assert {name: made[name] for name in form} == form
        emptied = await newsroom.send(
            "PATCH", f"/{kind}/{form['slug']}", version=1, json=dict.fromkeys(form, None) | {"name": "New"}
        )
        assert emptied.json()["slug"] == form["slug"]
        assert emptied.json()["kind"] != form["kind"]
        assert not emptied.json().get("names")
        assert not emptied.json().get("bio")
        assert not emptied.json().get("media_id")
        assert not emptied.json().get("links")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_slug_is_one_names_alone(newsroom: Newsroom, kind: str) -> None:
    await newsroom.send("POST", f"/{kind}", json={"name": "First"})
    await newsroom.send("POST", f"/{kind}", json={"name": "Second"})
    for refused in (
        await newsroom.send("POST", f"/{kind}", json={"name": "first"}),
        await newsroom.send("PATCH", f"/{kind}/second", version=1, json={"slug": "first"}),
    ):
        assert (refused.status_code, refused.json()["rule"]) == (409, f"{kind[:-1]}-slug")
        assert "'first'" not in refused.text
    assert (await newsroom.send("GET", f"/{kind}/second")).json()["version"] == 1


async def test_a_renamed_tag_shows_at_once(client: AsyncClient, newsroom: Newsroom) -> None:
    await article_with(newsroom)
    before = await client.get("/v1/articles/piece")
    cards = await client.get("/v1/articles")
    await newsroom.send("PATCH", "/tags/one", version=1, json={"name": "New", "slug": "new", "kind": "place"})
    after = await client.get("/v1/articles/piece", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.json()["tags"] == [{"slug": "new", "name": "New", "kind": "place"}]
    assert after.json()["section"] == {"slug": "new", "name": "New"}
    assert after.headers["ETag"] != before.headers["ETag"]
    again = await client.get("/v1/articles", headers={"If-None-Match": cards.headers["ETag"]})
    assert again.json()["items"][0]["tags"][0]["name"] == "New"
    assert len((await client.get("/v1/articles", params={"tag": "new"})).json()["items"]) == 1
    assert len((await client.get("/v1/articles", params={"tag": "one"})).json()["items"]) == 1
    assert (await client.get("/v1/tags/new")).json()["articles"] == 1
    assert (await client.get("/v1/tags/one")).status_code == 308


async def test_a_renamed_contributor_shows_at_once(client: AsyncClient, newsroom: Newsroom) -> None:
    await article_with(newsroom)
    before = await client.get("/v1/articles/piece")
    changes = {"name": "Ada", "slug": "ada", "bio": "Writes."}
    await newsroom.send("PATCH", "/contributors/one", version=1, json=changes)
    after = await client.get("/v1/articles/piece", headers={"If-None-Match": before.headers["ETag"]})
    assert after.json()["credits"] == [{"role": "author", "name": "Ada", "slug": "ada", "note": None}]
    assert (await client.get("/v1/contributors/ada")).json()["bio"] == "Writes."
    assert (await client.get("/v1/contributors/one")).status_code == 308
    assert len((await client.get("/v1/articles", params={"contributor": "ada"})).json()["items"]) == 1


async def test_a_draft_shows_the_new_slugs_and_saves_with_them(newsroom: Newsroom) -> None:
    article = await article_with(newsroom)
    for kind in KINDS:
        await newsroom.send("PATCH", f"/{kind}/one", version=1, json={"slug": "new"})
    shown = (await newsroom.send("GET", f"/articles/{article['id']}")).json()
    assert (shown["tags"], shown["section"], shown["credits"][0]["contributor"]) == (["new"], "new", "new")
    assert shown["version"] == article["version"]
    assert (await newsroom.edit(shown, title="Same tags"))["tags"] == ["new"]


async def test_a_tag_is_named_in_the_articles_language(client: AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.tag("sea", name="Sea", names={"fr": "Mer", "pt-BR": "Mar"})
    for language, name in (("fr", "Mer"), ("fr-CH", "Mer"), ("pt-BR", "Mar"), ("de", "Sea")):
        await newsroom.published(slug="piece", language=language, tags=["sea"], section="sea")
        shown = (await client.get("/v1/articles/piece", params={"language": language})).json()
        assert (shown["tags"][0]["name"], shown["section"]["name"]) == (name, name)


@pytest.mark.parametrize("kind", KINDS)
async def test_the_list_has_every_name_once_used_or_not(newsroom: Newsroom, kind: str) -> None:
    for at in range(5):
        await newsroom.send("POST", f"/{kind}", json={"name": f"Name {at}"})
    seen: list[str] = []
    parameters: dict[str, str] = {"limit": "2"}
    while True:
        page = await newsroom.send("GET", f"/{kind}", params=parameters)
        seen += [one["slug"] for one in page.json()["items"]]
        if page.json()["next_cursor"] is None:
            break
        parameters["cursor"] = page.json()["next_cursor"]
        assert 'rel="next"' in page.headers["Link"]
    assert seen == [f"name-{at}" for at in range(5)]
    assert "Link" not in page.headers
