"""Editing drafts by merge patches (RFC 7396)."""

from typing import Any

import pytest
from httpx import Response

from api.editorial.schemas import ArticleForm
from tests.newsroom import Json, Newsroom, paragraph

MERGE_PATCH = "application/merge-patch+json"
FORM = {
    "title": "Before",
    "slug": "before",
    "standfirst": "Some",
    "kind": "opinion",
    "teaser": {"words": 10, "boundary": "word"},
    "source": {"name": "Paper", "title": "Old"},
    "rights": {"holder": "Us", "notice": "All"},
    "seo": {"title": "S", "description": "D"},
    "extensions": {"a.b": {"x": 1, "y": [1, 2]}, "c": 1},
    "access": {"requires": "subscriber", "plans": ["monthly", "yearly"], "metered": False},
}

GATE = {"requires": "subscriber", "plans": ["monthly", "yearly"], "from": None, "until": None, "metered": False}
CHANGES: list[tuple[Json, str, Any]] = [
    ({"title": "After"}, "title", "After"),
    ({"slug": None}, "slug", "before"),
    ({"slug": None, "title": "New name"}, "slug", "new-name"),
    ({"standfirst": None}, "standfirst", ""),
    ({"kind": None}, "kind", "news"),
    ({"body": None}, "body", []),
    ({"teaser": None}, "teaser", None),
    ({"source": None}, "source", None),
    (
        {"source": {"title": None}},
        "source",
        {"name": "Paper", "url": None, "title": None, "language": None, "published_at": None},
    ),
    ({"rights": {"notice": "Some"}}, "rights", {"holder": "Us", "notice": "Some", "usage_terms": None}),
    ({"rights": None}, "rights", None),
    ({"seo": {"title": None}}, "seo", {"title": None, "description": "D"}),
    ({"seo": None}, "seo", {"title": None, "description": None}),
    ({"extensions": {"c": None}}, "extensions", {"a.b": {"x": 1, "y": [1, 2]}}),
    ({"extensions": {"a.b": {"x": None, "y": [3]}}}, "extensions", {"a.b": {"y": [3]}, "c": 1}),
    ({"extensions": {"c": {"d": None, "e": 1}}}, "extensions", {"a.b": {"x": 1, "y": [1, 2]}, "c": {"e": 1}}),
    ({"extensions": None}, "extensions", {}),
    (
        {"access": {"plans": ["weekly"]}},
        "access",
        {"requires": "subscriber", "plans": ["weekly"], "from": None, "until": None, "metered": False},
    ),
    (
        {"access": {"plans": None, "requires": "registered", "from": "2026-03-01T01:00:00+01:00"}},
        "access",
        {"requires": "registered", "plans": [], "from": "2026-03-01T00:00:00Z", "until": None, "metered": False},
    ),
    ({"access": {"metered": None}}, "access", {**GATE, "metered": True}),
    ({"access": None}, "access", {**GATE, "requires": "free", "plans": [], "metered": True}),
    (
        {"teaser": {"words": None, "percent": 30}},
        "teaser",
        {"percent": 30, "boundary": "word"},
    ),
]


async def patch(newsroom: Newsroom, article: Json, changes: Any, **request: Any) -> Response:
    path = f"/articles/{article['id']}"
    return await newsroom.send("PATCH", path, version=article["version"], json=changes, **request)


async def test_a_patch_changes_what_it_names(newsroom: Newsroom) -> None:
    for changes, field, expected in CHANGES:
        before = await newsroom.draft(**FORM)
        after = (await patch(newsroom, before, changes)).json()
        assert after[field] == expected, changes
        moved = {"version", "revision", "updated_at"}
        assert {name for name in before if before[name] != after[name]} <= {*changes, *moved}, changes
        assert (await newsroom.send("GET", f"/articles/{before['id']}")).json() == after


async def test_what_an_article_must_have_cannot_be_removed(newsroom: Newsroom) -> None:
    before = await newsroom.draft(**FORM)
    for field in ("title", "language"):
        refused = await patch(newsroom, before, {field: None})
        assert refused.status_code == 422
        assert [flaw["pointer"] for flaw in refused.json()["errors"]] == [f"/{field}"]


async def test_arrays_are_replaced_whole(newsroom: Newsroom) -> None:
    for slug in ("one", "two", "three"):
        await newsroom.tag(slug)
    before = await newsroom.draft(tags=["one", "two"], body=[paragraph("a"), paragraph("b")])
    after = await newsroom.edit(before, tags=["three"], body=[paragraph("c")])
    assert after["tags"] == ["three"]
    assert [block["children"][0]["text"] for block in after["body"]] == ["c"]
    assert (await newsroom.edit(after, tags=[]))["tags"] == []


@pytest.mark.parametrize("written", ["body_html", "body_markdown"])
async def test_markup_replaces_the_body(newsroom: Newsroom, written: str) -> None:
    before = await newsroom.draft(**FORM, body=[paragraph("a"), paragraph("b")])
    after = await newsroom.edit(before, **{written: "fresh"})
    assert [block["children"][0]["text"] for block in after["body"]] == ["fresh"]
    assert "body_html" not in after
    emptied = await newsroom.edit(after, **{written: ""})
    assert emptied["body"] == []


async def test_a_patch_with_two_bodies_is_refused(newsroom: Newsroom) -> None:
    before = await newsroom.draft()
    two = {"body": [paragraph("x")], "body_html": "<p>y</p>"}
    assert (await patch(newsroom, before, two)).status_code == 422
    assert (await patch(newsroom, before, {"body_html": None})).json()["body"] == before["body"]


async def test_a_patch_comes_as_merge_patch_or_as_json(newsroom: Newsroom) -> None:
    article = await newsroom.draft()
    for sent in (
        MERGE_PATCH,
        "application/json",
        f"{MERGE_PATCH}; charset=utf-8",
        "Application/JSON ; charset=UTF-8",
    ):
        answer = await patch(newsroom, article, {"title": sent}, headers={"Content-Type": sent})
        assert (answer.status_code, answer.json()["title"]) == (200, sent)
        article = answer.json()


async def test_a_patch_in_another_form_is_refused(newsroom: Newsroom) -> None:
    before = await newsroom.draft()
    for sent in ("application/json-patch+json", "text/plain", "application/merge-patch", "x", ""):
        answer = await patch(newsroom, before, {"title": "After"}, headers={"Content-Type": sent})
        assert answer.status_code == 415, sent
    assert (await newsroom.send("GET", f"/articles/{before['id']}")).json() == before


async def test_what_the_server_decides_cannot_be_patched(newsroom: Newsroom) -> None:
    before = await newsroom.draft()
    for field in {*before, "nonsense"} - set(ArticleForm.model_fields):
        refused = await patch(newsroom, before, {field: before.get(field) or "x"})
        assert refused.status_code == 422, field
        assert [flaw["pointer"] for flaw in refused.json()["errors"]] == [f"/{field}"]


async def test_each_edit_is_a_version_and_a_revision_and_shows_its_time(newsroom: Newsroom) -> None:
    before = await newsroom.draft()
    after = await patch(newsroom, before, {"title": "After"})
    assert after.headers["ETag"] == '"2"'
    assert (after.json()["version"], after.json()["revision"]) == (2, 2)
    assert before["updated_at"] < after.json()["updated_at"]
    assert before["created_at"] == after.json()["created_at"]
