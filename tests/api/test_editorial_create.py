"""Creating drafts: the body in its three forms, the keys of blocks, and slugs."""

import re
from typing import Any

from httpx import AsyncClient

from tests.newsroom import Json, Newsroom, paragraph

HTML = "<h2>Head</h2><p>Plain <strong>bold</strong> <a href='https://a.test/'>link</a></p><ul><li>item</li></ul>"
MARKDOWN = "## Head\n\nPlain **bold** [link](https://a.test/)\n\n- item\n"
BLOCKS = [
    paragraph("Head", style="h2"),
    {
        "_type": "block",
        "children": [
            {"_type": "span", "text": "Plain "},
            {"_type": "span", "text": "bold", "marks": ["strong"]},
            {"_type": "span", "text": " "},
            {"_type": "span", "text": "link", "marks": ["l"]},
        ],
        "markDefs": [{"_type": "link", "_key": "l", "href": "https://a.test/"}],
    },
    paragraph("item", listItem="bullet", level=1),
]

TITLES = [
    ("L’été à Sète : « déjà vu »", "l-ete-a-sete-deja-vu"),
    ("Straße nach Łódź", "strasse-nach-lodz"),
    ("Новости дня", "novosti-dnya"),
    ("新聞", None),
    ("الأخبار", None),
    ("ข่าว", None),
    ("Ειδήσεις", "eidiseis"),
    ("…!?", "article"),
    ("😀", None),
    ("01890000-0000-7000-8000-000000000000", "article-01890000-0000-7000-8000-000000000000"),
    ("x " * 140, None),
]


def without_keys(value: Any) -> Any:
    if isinstance(value, dict):
        links = {link["_key"]: link["href"] for link in value.get("markDefs", ())}
        kept = {name: without_keys(inner) for name, inner in value.items() if name != "_key"}
        for child in kept.get("children", ()):
            child["marks"] = [links.get(mark, mark) for mark in child["marks"]]
        return kept
    return [without_keys(inner) for inner in value] if isinstance(value, list) else value


def keys_in(body: list[Json]) -> list[str]:
    return [one["_key"] for block in body for one in (block, *block.get("children", ()))]


async def test_a_create_answers_the_resource_its_address_and_its_version(newsroom: Newsroom) -> None:
    form = {"title": "One", "language": "en", "body": [paragraph("Text.")]}
    response = await newsroom.send("POST", "/articles", json=form)
    made = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"https://api.test/v1/editorial/articles/{made['id']}"
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Cache-Control"] == "no-store"
    again = await newsroom.send("GET", f"/articles/{made['id']}")
    assert again.json() == made
    assert again.headers["ETag"] == '"1"'
    assert again.headers["Cache-Control"] == "no-store"


async def test_a_new_draft_stands_at_its_beginning(newsroom: Newsroom) -> None:
    made = await newsroom.draft()
    assert (made["version"], made["revision"], made["state"], made["publication"]) == (1, 1, "draft", None)
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made["id"])
    assert made["created_at"] == made["updated_at"]
    assert made["created_at"].endswith("Z")


async def test_readers_know_nothing_of_a_draft(client: AsyncClient, newsroom: Newsroom) -> None:
    made = await newsroom.draft(title="Unseen")
    for reference in (made["slug"], made["id"]):
        assert (await client.get(f"/v1/articles/{reference}")).status_code == 404
    assert (await client.get("/v1/articles")).json()["items"] == []


async def test_a_body_is_the_same_in_blocks_html_and_markdown(newsroom: Newsroom) -> None:
    nothing = {"style": "normal", "markDefs": []}
    expected = [{**nothing, **block} for block in BLOCKS]
    for block in expected:
        block["children"] = [{"marks": [], **child} for child in block["children"]]
    for written in ({"body": BLOCKS}, {"body_html": HTML}, {"body_markdown": MARKDOWN}):
        answer = await newsroom.send("POST", "/articles", json={"title": "T", "language": "en", **written})
        assert without_keys(answer.json()["body"]) == without_keys(expected), written


async def test_a_body_comes_in_one_form_only(newsroom: Newsroom) -> None:
    written = {"body": BLOCKS, "body_html": HTML, "body_markdown": MARKDOWN}
    for names in (("body", "body_html"), ("body", "body_markdown"), ("body_html", "body_markdown")):
        form = {"title": "T", "language": "en", **{name: written[name] for name in names}}
        assert (await newsroom.send("POST", "/articles", json=form)).status_code == 422, names


async def test_missing_keys_are_given_at_random_and_given_ones_are_kept(newsroom: Newsroom) -> None:
    spans = [{"_type": "span", "text": "a", "_key": "mine"}, {"_type": "span", "text": "b"}]
    body = [
        {"_type": "block", "_key": "first", "children": spans},
        *({"_type": kind} for kind in ("divider", "paywall", "divider")),
        {"_type": "embed", "url": "https://a.test/v"},
    ]
    one, other = (await newsroom.draft(body=body))["body"], (await newsroom.draft(body=body))["body"]
    assert (one[0]["_key"], one[0]["children"][0]["_key"]) == ("first", "mine")
    assert len(set(keys_in(one))) == len(keys_in(one)) == 7
    assert all(keys_in(one))
    assert set(keys_in(one)) & set(keys_in(other)) == {"first", "mine"}


async def test_keys_stay_over_edits_of_something_else(newsroom: Newsroom) -> None:
    made = await newsroom.draft(body=BLOCKS)
    assert (await newsroom.edit(made, title="Other"))["body"] == made["body"]


async def test_keys_of_equal_markup_differ(newsroom: Newsroom) -> None:
    forms = [{"title": "T", "language": "en", "body_html": "<p>same</p>\n\n<p>same</p>"}] * 2
    made = [(await newsroom.send("POST", "/articles", json=form)).json()["body"] for form in forms]
    assert len({key for body in made for key in keys_in(body)}) == 8


async def test_a_slug_is_made_of_a_title_in_any_script(newsroom: Newsroom) -> None:
    for title, slug in TITLES:
        made = await newsroom.published(title=title)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", made["slug"]), title
        assert len(made["slug"]) <= 200
        assert slug in {None, made["slug"]}
        found = await newsroom.client.get(f"/v1/articles/{made['slug']}")
        assert found.json()["id"] == made["id"], title


async def test_a_slug_that_is_sent_is_kept_and_one_like_an_id_is_refused(newsroom: Newsroom) -> None:
    assert (await newsroom.draft(title="A", slug="my-own-1"))["slug"] == "my-own-1"
    form = {"title": "A", "language": "en", "slug": "01890000-0000-7000-8000-000000000000"}
    refused = await newsroom.send("POST", "/articles", json=form)
    assert refused.status_code == 422
    assert [flaw["pointer"] for flaw in refused.json()["errors"]] == ["/slug"]


async def test_drafts_may_share_a_slug(newsroom: Newsroom) -> None:
    one, other = await newsroom.draft(slug="same"), await newsroom.draft(slug="same")
    assert one["slug"] == other["slug"] == "same"
