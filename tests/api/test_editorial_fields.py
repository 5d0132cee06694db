"""Every field of the write form: it comes back as it was sent, and what it names must exist."""

from typing import Any

from httpx import AsyncClient

from api.editorial.schemas import WrittenForm
from tests.api.forms import full_form
from tests.newsroom import Newsroom, paragraph

NOWHERE = "01890000-0000-7000-8000-00000000dead"


async def test_the_form_here_has_every_field(newsroom: Newsroom) -> None:
    assert {*await full_form(newsroom), "body_html", "body_markdown", "note"} == set(WrittenForm.model_fields)


async def test_every_field_comes_back_as_it_was_sent(newsroom: Newsroom) -> None:
    form = await full_form(newsroom)
    made = await newsroom.draft(**form)
    read = (await newsroom.send("GET", f"/articles/{made['id']}")).json()
    assert {name: read[name] for name in form} == form
    assert read == made


async def test_an_empty_patch_changes_no_field(newsroom: Newsroom) -> None:
    made = await newsroom.draft(**await full_form(newsroom))
    after = await newsroom.edit(made)
    changing = {"version", "revision", "updated_at"}
    assert {k: v for k, v in after.items() if k not in changing} == {
        k: v for k, v in made.items() if k not in changing
    }


async def test_every_field_reaches_readers(client: AsyncClient, newsroom: Newsroom) -> None:
    form = await full_form(newsroom)
    made = await newsroom.published(**form)
    read = (await client.get(f"/v1/articles/{made['id']}", headers=newsroom.headers)).json()
    for name in ("slug", "language", "kind", "title", "standfirst", "source", "rights", "seo", "extensions"):
        assert read[name] == form[name], name
    assert [block["_key"] for block in read["body"]] == [
        block["_key"] for block in form["body"] if block["_type"] != "paywall"
    ]
    assert read["section"]["slug"] == "culture"
    assert [tag["slug"] for tag in read["tags"]] == ["sea", "north"]
    assert [(one["role"], one["name"], one["note"]) for one in read["credits"]] == [
        ("author", "Ilya", None),
        ("translator", "Ada", "from Russian"),
    ]
    assert read["lead_image"]["media"]["alt"] == "A"
    assert (read["lead_image"]["caption"], read["lead_image"]["credit"]) == ("Lead", "Me")
    assert [one["title"] for one in read["related"]] == ["Second", "First"]
    assert [one["title"] for one in read["translations"]] == ["First"]
    assert read["access"]["plans"] == ["monthly"]
    teaser = (await client.get(f"/v1/articles/{made['id']}")).json()
    assert [block["_key"] for block in teaser["body"]] == ["b1", "b2", "b3", "b4", "b5"]


async def test_what_an_image_does_not_say_comes_from_the_medium(client: AsyncClient, newsroom: Newsroom) -> None:
    medium = await newsroom.medium(alt="Library alt", caption="Library caption", credit="Library credit")
    body = [{"_type": "image", "media_id": medium["id"]}, paragraph("Text.")]
    made = await newsroom.published(body=body, lead_image={"media_id": medium["id"]})
    read = (await client.get(f"/v1/articles/{made['id']}")).json()
    for shown in (read["lead_image"], read["body"][0]):
        assert (shown["media"]["alt"], shown["caption"], shown["credit"]) == (
            "Library alt",
            "Library caption",
            "Library credit",
        )


SENSELESS: list[tuple[dict[str, Any], str]] = [
    ({"section": "nowhere"}, "/section"),
    ({"tags": ["nowhere"]}, "/tags/0"),
    ({"credits": [{"role": "author", "contributor": "nobody"}]}, "/credits/0/contributor"),
    ({"related": [NOWHERE]}, "/related/0"),
    ({"translation_of": NOWHERE}, "/translation_of"),
    ({"lead_image": {"media_id": NOWHERE}}, "/lead_image/media_id"),
    ({"body": [paragraph("x"), {"_type": "image", "media_id": NOWHERE}]}, "/body/1/media_id"),
    ({"body": [{"_type": "related", "article_id": NOWHERE}]}, "/body/0/article_id"),
    ({"access": {"requires": "free", "plans": ["a"]}}, "/access"),
    (
        {"access": {"requires": "registered", "from": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}},
        "/access",
    ),
    ({"teaser": {"words": 1, "percent": 2}}, "/teaser"),
    ({"teaser": {}}, "/teaser"),
]


async def test_what_makes_no_sense_is_told_where_it_stands(newsroom: Newsroom) -> None:
    for fields, pointer in SENSELESS:
        refused = await newsroom.send("POST", "/articles", json={"title": "T", "language": "en", **fields})
        assert refused.status_code == 422, pointer
        assert [flaw["pointer"] for flaw in refused.json()["errors"]] == [pointer]
    assert (await newsroom.send("GET", "/articles")).json()["items"] == []


async def test_every_flaw_is_told_at_once(newsroom: Newsroom) -> None:
    form = {"title": "T", "language": "en", "section": "no", "tags": ["no", "nope"]}
    refused = await newsroom.send("POST", "/articles", json=form)
    assert [flaw["pointer"] for flaw in refused.json()["errors"]] == ["/section", "/tags/0", "/tags/1"]


async def test_a_list_item_without_a_level_is_at_the_first(newsroom: Newsroom) -> None:
    draft = await newsroom.draft(body=[paragraph("One", listItem="bullet")])
    assert draft["body"][0]["level"] == 1


async def test_a_teaser_without_a_boundary_takes_the_settings(newsroom: Newsroom) -> None:
    draft = await newsroom.draft(teaser={"words": 7})
    assert draft["teaser"] == {"words": 7, "boundary": "sentence"}
