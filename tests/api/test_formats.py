"""An article in other forms: at the same access, kept by the same rules, and never more than its blocks say."""

from typing import Any

import httpx
import pytest

from infra.settings import Settings
from tests.api import rich
from tests.newsroom import Clock, Newsroom, People, paragraph, png, words

FORMS = {
    "ninjs": "application/json",
    "jsonld": "application/ld+json",
    "html": "text/html; charset=utf-8",
    "markdown": "text/markdown; charset=utf-8",
    "text": "text/plain; charset=utf-8",
}
BODIES = ("html", "markdown", "text")
HIDDEN = ("seven", "video.test", "Waves", "Inline", "Eleven", "Thirteen")
ROLES = {"anonymous": False, "reader": False, "partner": False, "subscriber": True, "editor": True}


async def read(client: httpx.AsyncClient, form: str, slug: str = "la-maree", **headers: str) -> httpx.Response:
    return await client.get(f"/v1/articles/{slug}/{form}", headers=headers)


async def test_each_form_shows_what_the_caller_may_read(
    client: httpx.AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await rich.write(newsroom)
    for role, opens in ROLES.items():
        headers = await people.headers(role)
        for form, media_type in FORMS.items():
            answer = await read(client, form, **headers)
            assert answer.status_code == 200
            assert answer.headers["content-type"] == media_type
            assert "three" in answer.text
            assert [word in answer.text for word in HIDDEN] == [opens] * len(HIDDEN), (role, form)
            kept = "public, max-age=60, stale-while-revalidate=60" if not headers else "private, no-cache"
            assert answer.headers["cache-control"] == kept
            assert answer.headers["vary"] == "Authorization, Accept-Encoding"
            assert ("signature=" in answer.text) == (opens and form in {"ninjs", "html", "markdown"})


async def test_a_body_comes_as_text_in_the_form_that_is_asked_for(
    client: httpx.AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await rich.write(newsroom)
    for role, opens in ROLES.items():
        headers = await people.headers(role)
        plain = (await client.get("/v1/articles/la-maree", headers=headers)).json()
        assert plain == (await client.get("/v1/articles/la-maree?body_format=blocks", headers=headers)).json()
        assert isinstance(plain.pop("body"), list)
        for form in BODIES:
            answer = await client.get(f"/v1/articles/la-maree?body_format={form}", headers=headers)
            shown = answer.json()
            body = shown.pop("body")
            assert shown == plain
            assert [word in body for word in HIDDEN] == [opens] * len(HIDDEN)
            whole = (await read(client, form, **headers)).text
            assert body in whole
            assert "teaser-end" not in body
    assert (await client.get("/v1/articles/la-maree?body_format=pdf")).status_code == 400


async def test_html_is_exactly_this(client: httpx.AsyncClient, newsroom: Newsroom) -> None:
    written = await rich.write(newsroom, access={"requires": "free"})
    media = "https://api.test/media"
    body = (await client.get("/v1/articles/la-maree?body_format=html")).json()["body"]
    assert body.splitlines() == [
        (
            "<p>One two "
            '<strong><a href="https://www.test/three" rel="noopener">three</a></strong><em> four five.</em></p>'
        ),
        (
            f'<figure class="image"><img src="{media}/{written.picture["id"]}/original" alt="Own alt" width="8" '
            'height="6" loading="lazy"><figcaption>Own caption <small>Photo: us</small></figcaption></figure>'
        ),
        "<h2>Head</h2>",
        "<p>Six seven eight nine ten.</p>",
        '<p class="related"><a href="https://www.test/en/inline" hreflang="en" rel="noopener">Inline</a></p>',
        "<hr>",
        '<p class="embed"><a href="https://video.test/1" rel="noopener">Waves</a></p>',
        "<ul><li>Eleven<ul><li>twelve</li></ul></li></ul>",
        "<blockquote><p>Thirteen fourteen.</p></blockquote>",
    ]
    text = (await client.get("/v1/articles/la-maree?body_format=text")).json()["body"]
    assert text.split("\n\n") == [
        "One two three four five.",
        "Own caption Photo: us",
        "Head",
        "Six seven eight nine ten.",
        "Inline https://www.test/en/inline",
        "* * *",
        "Waves https://video.test/1",
        "• Eleven\n  • twelve",
        "Thirteen fourteen.",
    ]


async def test_the_page_says_where_the_wall_stands(
    client: httpx.AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await rich.write(newsroom)
    teaser = (await read(client, "html")).text
    whole = (await read(client, "html", **await people.headers("subscriber"))).text
    assert '<div class="body paywalled">' in teaser
    assert '<div class="body paywalled">' in whole
    assert [page.count('<hr class="teaser-end">') for page in (teaser, whole)] == [1, 0]
    await newsroom.published(slug="free")
    free = (await read(client, "html", "free")).text
    assert '<div class="body">' in free
    assert "teaser-end" not in free
    policy = (await read(client, "html")).headers["content-security-policy"]
    assert policy == "default-src 'none'; img-src https://api.test; base-uri 'none'; frame-ancestors 'none'"


async def test_pictures_have_their_widths(
    settings: Settings, client: httpx.AsyncClient, newsroom: Newsroom
) -> None:
    medium = await newsroom.medium(png(700, 500))
    await newsroom.published(slug="wide", lead_image={"media_id": medium["id"]})
    page = (await read(client, "html", "wide")).text
    assert f'srcset="https://api.test/media/{medium["id"]}/small 480w" sizes="100vw"' in page


@pytest.mark.parametrize("form", FORMS)
async def test_an_old_slug_leads_to_the_same_form(
    client: httpx.AsyncClient, newsroom: Newsroom, form: str
) -> None:
    article = await newsroom.published(slug="before", language="fr")
    await newsroom.act(await newsroom.edit(article, slug="after"), "publish")
    answer = await client.get(f"/v1/articles/before/{form}?language=fr")
    assert answer.status_code == 308
    assert answer.headers["location"] == f"https://api.test/v1/articles/after/{form}?language=fr"
    followed = await client.get(answer.headers["location"])
    assert followed.status_code == 200


async def test_an_old_slug_keeps_the_form_of_the_body_where_it_names_the_language(
    client: httpx.AsyncClient, newsroom: Newsroom
) -> None:
    article = await newsroom.published(slug="before", language="fr")
    await newsroom.act(await newsroom.edit(article, slug="after"), "publish")
    await newsroom.published(slug="after", language="en")
    answer = await client.get("/v1/articles/before?body_format=html")
    assert answer.headers["location"] == "https://api.test/v1/articles/after?body_format=html&language=fr"


@pytest.mark.parametrize("form", FORMS)
async def test_what_is_gone_is_gone_in_every_form(
    client: httpx.AsyncClient, newsroom: Newsroom, form: str
) -> None:
    await newsroom.draft(slug="draft")
    gone = await newsroom.published(slug="gone")
    await newsroom.act(gone, "withdraw", public_note="Wrong.")
    taken = await newsroom.published(slug="taken")
    await newsroom.act(taken, "unpublish")
    answers = [await read(client, form, slug) for slug in ("never", "draft", "taken", "gone")]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 410]
    assert answers[3].json()["detail"] == "Wrong."
    assert (await client.get(f"/v1/articles/never/{form}?x=1")).status_code == 400
    assert (await read(client, form, "never", Authorization="Bearer x")).status_code == 401


@pytest.mark.parametrize("form", FORMS)
async def test_each_form_is_tagged_by_its_own_bytes(
    client: httpx.AsyncClient, newsroom: Newsroom, people: People, form: str
) -> None:
    await newsroom.published(slug="long", body=[paragraph(words(900))], access={"requires": "subscriber"})
    subscriber = await people.headers("subscriber")
    tags = set()
    for headers in ({}, subscriber):
        for coding in ("identity", "gzip", "br", "zstd"):
            answer = await read(client, form, "long", **{**headers, "Accept-Encoding": coding})
            tag = answer.headers["etag"]
            tags.add(tag)
            again = await read(
                client, form, "long", **{**headers, "Accept-Encoding": coding, "If-None-Match": tag}
            )
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
    assert len(tags) == 8
    whole = (await read(client, form, "long", **subscriber)).headers["etag"]
    assert (await read(client, form, "long", **{"If-None-Match": whole})).status_code == 200
    head = await client.head(f"/v1/articles/long/{form}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] in tags


async def test_no_form_is_kept_longer_than_it_is_true(
    client: httpx.AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    until = clock.time.replace(second=30).isoformat()
    await newsroom.published(slug="soon", access={"requires": "subscriber", "until": until})
    for form in FORMS:
        kept = (await read(client, form, "soon")).headers["cache-control"]
        assert kept == "public, max-age=29, stale-while-revalidate=0"
    clock.move(minutes=1)
    for form in FORMS:
        answer = await read(client, form, "soon")
        assert "w99" in answer.text
        assert "paywalled" not in answer.text


async def test_a_missing_related_article_is_in_no_form(client: httpx.AsyncClient, newsroom: Newsroom) -> None:
    other = await newsroom.published(title="Vanishing", slug="vanishing")
    body = [paragraph(words(9)), {"_type": "related", "article_id": other["id"]}, paragraph("Last.")]
    await newsroom.published(slug="leads", related=[other["id"]], body=body)
    for form in FORMS:
        assert "Vanishing" in (await read(client, form, "leads")).text or form == "jsonld"
    await newsroom.act(other, "unpublish")
    for form in FORMS:
        answer = (await read(client, form, "leads")).text
        assert "anishing" not in answer
        assert other["id"] not in answer
        assert "Last." in answer


async def test_a_merged_tag_is_named_as_what_it_became(client: httpx.AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.tag("old", name="Old name")
    await newsroom.tag("new", name="New name")
    await newsroom.published(slug="tagged", tags=["old", "new"])
    await newsroom.send("POST", "/tags/old/merge", version=1, json={"into": "new"})
    shown = (await read(client, "ninjs", "tagged")).json()
    assert shown["subjects"] == [{"name": "New name", "rel": "about", "literal": "new"}]
    assert (await read(client, "jsonld", "tagged")).json()["keywords"] == ["New name"]


@pytest.mark.parametrize(
    ("language", "text"), [("ar", "الأخبار «من» السوق 123."), ("he", "חדשות מן השוק 123."), ("ja", "海の声。")]
)
async def test_every_script_comes_as_it_was_written(
    client: httpx.AsyncClient, newsroom: Newsroom, language: str, text: str
) -> None:
    await newsroom.published(slug="far", title=text, standfirst=text, language=language, body=[paragraph(text)])
    for form in FORMS:
        answer = (await read(client, form, "far")).text
        assert text in answer
    page = (await read(client, "html", "far")).text
    assert f'<article lang="{language}" dir="auto">' in page


async def test_a_photo_essay_shows_no_picture_behind_the_wall(
    client: httpx.AsyncClient, newsroom: Newsroom, people: People
) -> None:
    media = [await newsroom.medium(caption=f"Caption {at}") for at in range(3)]
    body: list[Any] = [{"_type": "image", "media_id": medium["id"]} for medium in media]
    await newsroom.published(slug="essay", body=body, access={"requires": "subscriber"}, teaser={"words": 0})
    subscriber = await people.headers("subscriber")
    for form in FORMS:
        teaser, whole = await read(client, form, "essay"), await read(client, form, "essay", **subscriber)
        for at, medium in enumerate(media):
            assert (medium["id"] in teaser.text, f"Caption {at}" in teaser.text) == (False, False)
            assert f"Caption {at}" in whole.text
    empty = (await client.get("/v1/articles/essay?body_format=html")).json()
    assert empty["body"] == ""
