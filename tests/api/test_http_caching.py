"""Entity tags, conditional requests, and who may keep an answer for how long."""

from datetime import timedelta

import pytest
from httpx import AsyncClient, Response

from infra.settings import Settings
from tests.api.serving import serving
from tests.newsroom import Clock, Json, Newsroom, People, paragraph, words

PLAIN = {"Accept-Encoding": "identity"}


async def get(client: AsyncClient, path: str = "/v1/articles/a", **headers: str) -> Response:
    return await client.get(path, headers={**PLAIN, **headers})


async def test_the_tag_changes_exactly_when_what_is_shown_does(client: AsyncClient, newsroom: Newsroom) -> None:
    tag = await newsroom.tag("sea")
    maker = await newsroom.contributor("ana")
    other = await newsroom.published(slug="other")
    credit = {"role": "author", "contributor": "ana"}
    body = [paragraph(words(50)), {"_type": "related", "article_id": other["id"]}]
    article = await newsroom.published(slug="a", tags=["sea"], credits=[credit], body=body)

    async def tags() -> list[str]:
        paths = ("/v1/articles/a", "/v1/articles?tag=sea", "/v1/tags/sea", "/v1/contributors/ana")
        found = [(await get(client, path)).headers["etag"] for path in paths]
        assert all(one.startswith('"') for one in found)
        return found

    first = await tags()
    assert await tags() == first
    article = await newsroom.edit(article, standfirst="Not published yet.")
    await newsroom.tag("unrelated")
    assert await tags() == first

    response = await newsroom.send("PATCH", "/tags/sea", version=tag["version"], json={"name": "Ocean"})
    assert response.status_code == 200
    renamed = await tags()
    assert [old != new for old, new in zip(first, renamed, strict=True)] == [True, True, True, False]

    response = await newsroom.send("PATCH", "/contributors/ana", version=maker["version"], json={"bio": "Writes."})
    assert response.status_code == 200
    described = await tags()
    assert [old != new for old, new in zip(renamed, described, strict=True)] == [False, False, False, True]

    await newsroom.act(await newsroom.edit(other, title="Renamed"), "publish")
    linked = await tags()
    assert [old != new for old, new in zip(described, linked, strict=True)] == [True, False, False, False]

    await newsroom.act(article, "publish")
    published = await tags()
    assert [old != new for old, new in zip(linked, published, strict=True)] == [True, True, False, False]


async def test_a_change_behind_the_wall_changes_no_readers_tag(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    subscriber = await people.headers("subscriber")
    body = [paragraph(words(50), _key="a"), paragraph(words(50), _key="b")]
    teaser = {"words": 20, "boundary": "word"}
    for block in body:
        block["children"][0]["_key"] = "s"
    access = {"requires": "subscriber"}
    article = await newsroom.published(slug="a", access=access, teaser=teaser, body=body)
    teased, whole = await get(client), await get(client, **subscriber)
    assert teased.headers["etag"] != whole.headers["etag"]
    moment = clock.time
    body[1]["children"][0]["text"] = words(50, stem="x")
    await newsroom.act(await newsroom.edit(article, body=body), "publish")
    changes = {"revision", "updated_at"}
    again = await get(client)
    assert {name for name, value in again.json().items() if value != teased.json()[name]} == changes
    assert (await get(client, **subscriber)).headers["etag"] != whole.headers["etag"]
    assert clock.time > moment


@pytest.mark.parametrize(
    "path", ["/v1/articles/a", "/v1/articles", "/v1/tags", "/v1/tags/sea", "/v1/contributors"]
)
async def test_whoever_has_the_answer_is_told_so(client: AsyncClient, newsroom: Newsroom, path: str) -> None:
    await newsroom.tag("sea")
    await newsroom.published(slug="a", tags=["sea"])
    whole = await get(client, path)
    tag = whole.headers["etag"]
    for condition in (tag, f"W/{tag}", f'"x", {tag}', f'W/"y",{tag} ,"z"', "*"):
        response = await get(client, path, **{"If-None-Match": condition})
        assert (response.status_code, response.content) == (304, b""), condition
        for name in ("etag", "cache-control", "vary"):
            assert response.headers[name] == whole.headers[name]
        assert "content-type" not in response.headers
    for condition in ('"x"', tag.strip('"'), '""', "", 'W/"x"'):
        response = await get(client, path, **{"If-None-Match": condition})
        assert (response.status_code, response.content) == (200, whole.content), condition


async def test_a_condition_is_looked_at_after_the_decision(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    hidden = await newsroom.medium()
    image = {"_type": "image", "media_id": hidden["id"]}
    body = [paragraph(words(90)), image, paragraph(words(10))]
    await newsroom.published(slug="a", access={"requires": "subscriber"}, body=body)
    whole = await get(client, **await people.headers("subscriber"))
    response = await get(client, **{"If-None-Match": whole.headers["etag"]})
    assert (response.status_code, response.json()["access"]["granted"]) == (200, "teaser")
    for path in (f"/media/{hidden['id']}/original", "/v1/articles/never", "/v1/tags/never"):
        assert (await get(client, path, **{"If-None-Match": "*"})).status_code == 404
    response = await get(client, **{"If-None-Match": "*", "Authorization": "Bearer x"})
    assert response.status_code == 401


async def test_only_what_anybody_gets_without_credentials_is_public(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await newsroom.tag("sea")
    medium = await newsroom.medium()
    fields: Json = {"tags": ["sea"], "lead_image": {"media_id": medium["id"]}}
    await newsroom.published(slug="a", **fields)
    await newsroom.published(slug="gated", access={"requires": "subscriber"}, **fields)
    paths = [
        "/v1/articles/a",
        "/v1/articles/gated",
        "/v1/articles",
        "/v1/tags",
        "/v1/tags/sea",
        "/v1/contributors",
    ]
    for path in [*paths, f"/media/{medium['id']}/original"]:
        response = await get(client, path)
        assert response.headers["cache-control"] == "public, max-age=60, stale-while-revalidate=60", path
        assert "Authorization" in response.headers["vary"], path
        for role in ("reader", "subscriber", "editor"):
            response = await get(client, path, **await people.headers(role))
            assert response.status_code == 200
            assert response.headers["cache-control"] == "private, no-cache", (path, role)
            assert "etag" in response.headers
        response = await get(client, path, Authorization="Bearer nonsense")
        assert (response.status_code, response.headers["cache-control"]) == (401, "no-store")
    assert (await get(client)).headers["vary"] == "Authorization, Accept-Encoding"


async def test_nothing_public_is_kept_past_the_next_moment_of_change(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    medium = await newsroom.medium()
    start = clock.time
    closes, opens = start + timedelta(seconds=200), start + timedelta(seconds=400)
    access = {"requires": "subscriber", "from": closes.isoformat(), "until": opens.isoformat()}
    body = [paragraph(words(90)), {"_type": "image", "media_id": medium["id"]}, paragraph(words(10))]
    article = await newsroom.published(slug="a", access=access, body=body)
    paths = ["/v1/articles/a", f"/v1/articles/{article['id']}", "/v1/articles"]

    async def kept(path: str) -> tuple[int, int]:
        field = (await get(client, path)).headers["cache-control"]
        public, fresh, stale = field.split(", ")
        assert public == "public"
        return int(fresh.removeprefix("max-age=")), int(stale.removeprefix("stale-while-revalidate="))

    for path in [*paths, f"/media/{medium['id']}/original"]:
        for left, expected in {150: (60, 60), 100.5: (60, 40), 30.5: (30, 0), 0.5: (0, 0)}.items():
            clock.time = closes - timedelta(seconds=left)
            assert await kept(path) == expected, (path, left)
    for path in paths:
        clock.time = closes + timedelta(seconds=100)
        assert await kept(path) == (60, 39)
        clock.time = opens + timedelta(seconds=1)
        assert await kept(path) == (60, 60)


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(("seconds", "fresh", "stale"), [(0, 0, 0), (30, 30, 30), (100, 100, 20), (3600, 120, 0)])
async def test_a_setting_says_how_long_but_never_over_two_minutes(
    settings: Settings, clock: Clock, seconds: int, fresh: int, stale: int
) -> None:
    async with serving(settings.model_copy(update={"cache_seconds": seconds}), clock) as client:
        field = (await client.get("/v1/articles")).headers["cache-control"]
    assert field == f"public, max-age={fresh}, stale-while-revalidate={stale}"


async def test_the_newsrooms_answers_are_never_kept(client: AsyncClient, newsroom: Newsroom) -> None:
    article = await newsroom.published(slug="a")
    one = f"/v1/editorial/articles/{article['id']}"
    response = await client.get(one, headers={**newsroom.headers, "If-None-Match": "*"})
    assert (response.status_code, response.headers["etag"]) == (200, f'"{article["version"]}"')
    for path in (one, "/v1/editorial/articles", "/v1/editorial/tags", "/v1/editorial/media", "/v1/me"):
        response = await client.get(path, headers=newsroom.headers)
        assert (response.status_code, response.headers["cache-control"]) == (200, "no-store"), path


async def test_a_list_by_gate_is_kept_no_longer_than_until_something_may_come_in(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    until = (clock.time + timedelta(seconds=30)).isoformat()
    await newsroom.published(slug="soon-free", access={"requires": "subscriber", "until": until})
    kept = (await client.get("/v1/articles", params={"access": "free"})).headers["cache-control"]
    seconds = [int(part.partition("=")[2]) for part in kept.split(",")[1:]]
    assert 0 < sum(seconds) <= 30


async def test_surrogate_keys_name_what_everybody_is_shown(newsroom: Newsroom, people: People) -> None:
    await newsroom.tag("sea")
    await newsroom.contributor("ada")
    shown, hidden = [await newsroom.published(title=title) for title in ("Shown", "Hidden")]
    pictures = [(await newsroom.medium())["id"] for _ in range(2)]
    early = [{"_type": "related", "article_id": shown["id"]}, {"_type": "image", "media_id": pictures[0]}]
    late = [{"_type": "related", "article_id": hidden["id"]}, {"_type": "image", "media_id": pictures[1]}]
    made = await newsroom.published(
        title="Gated",
        body=[paragraph(words(20)), *early, paragraph(words(90)), *late],
        access={"requires": "subscriber"},
        teaser={"words": 30},
        tags=["sea"],
        credits=[{"role": "author", "contributor": "ada"}],
    )
    answer = await newsroom.client.get("/v1/articles/gated")
    keys = {
        f"article:{made['id']}",
        f"article:{shown['id']}",
        f"media:{pictures[0]}",
        "tag:sea",
        "contributor:ada",
    }
    assert set(answer.headers["surrogate-key"].split(" ")) == keys
    listed = await newsroom.client.get("/v1/articles?tag=sea")
    assert listed.headers["surrogate-key"] == f"article:{made['id']} articles"
    whole = await newsroom.client.get("/v1/articles/gated", headers=await people.headers("subscriber"))
    assert hidden["id"] in whole.text
    assert "surrogate-key" not in whole.headers
