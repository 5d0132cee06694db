"""Importing records: what comes of them, again and again, and what is refused."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.exchange import importing
from api.exchange.importing import Stopped
from api.exchange.records import id_of, schema
from api.parts import Parts
from tests.everything import everything
from tests.exchanging import article, hand_over, tag, take_over, taken
from tests.newsroom import Clock, Json, Newsroom, paragraph, png

PUBLISHED: Json = {"publish": True, "published_at": "2019-03-01T08:00:00Z"}


@pytest.fixture
def parts(app: FastAPI) -> Parts:
    parts: Parts = app.state.parts
    return parts


def picture(folder: Path, external_id: str = "p", **fields: Any) -> Json:
    """The record of a picture, and its file."""
    (folder / f"{external_id}.png").write_bytes(png(shade=len(external_id)))
    said = {"alt": "Alt", "caption": "Caption", "credit": "Credit", "licence": "CC BY 4.0"}
    return {"type": "media", "external_id": external_id, "file": f"{external_id}.png", **said, **fields}


async def read(client: httpx.AsyncClient, path: str) -> Json:
    response = await client.get(path)
    assert response.status_code == 200, response.text
    shown: Json = response.json()
    return shown


async def test_a_small_record_of_another_system_is_enough(
    parts: Parts, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    told = await taken(
        parts,
        tmp_path,
        tag("politics"),
        {"type": "contributor", "slug": "jane", "name": "Jane"},
        article(
            "wp-17",
            title="Élections",
            language="fr",
            body_html="<p>Un <em>deux</em>.</p>",
            tags=["politics"],
            credits=[{"role": "author", "contributor": "jane"}],
            old_slugs=["elections-old"],
            updated_at="2020-01-01T00:00:00Z",
            corrections=[{"at": "2019-06-01T00:00:00Z", "text": "It was another."}],
            **PUBLISHED,
        ),
    )
    assert (told.said, told.counts) == ([], (3, 0, 0, 0))
    shown = await read(client, "/v1/articles/elections")
    assert shown["published_at"] == "2019-03-01T08:00:00Z"
    assert shown["updated_at"] == "2020-01-01T00:00:00Z"
    assert shown["credits"][0]["name"] == "Jane"
    assert [one["slug"] for one in shown["tags"]] == ["politics"]
    assert shown["corrections"] == [{"at": "2019-06-01T00:00:00Z", "text": "It was another."}]
    old = await client.get("/v1/articles/elections-old")
    assert (old.status_code, old.headers["location"].endswith("/elections")) == (308, True)


async def test_what_was_withdrawn_or_is_to_come_is_so_here(
    parts: Parts, client: httpx.AsyncClient, clock: Clock, tmp_path: Path
) -> None:
    told = await taken(
        parts,
        tmp_path,
        article("gone", slug="gone", withdrawn="It was wrong.", **PUBLISHED),
        article("coming", slug="coming", publish=True, published_at="2026-02-01T00:00:00Z"),
        article("over", slug="over", live_until="2020-01-01T00:00:00Z", **PUBLISHED),
        article("draft", slug="draft"),
    )
    assert told.said == []
    statuses = [
        (await client.get(f"/v1/articles/{slug}")).status_code for slug in ("gone", "coming", "over", "draft")
    ]
    assert statuses == [410, 404, 404, 404]
    clock.move(days=2)
    assert (await client.get("/v1/articles/coming")).status_code == 200


async def test_records_name_one_another_by_external_id_wherever_they_stand(
    parts: Parts, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    body = [
        paragraph("One."),
        {"_type": "image", "media_id": "p"},
        {"_type": "related", "article_id": "later"},
    ]
    first = article("first", slug="first", body=body, related=["later"], tags=["late"], **PUBLISHED)
    del first["body_html"]
    later = article("later", slug="later", language="fr", translation_of="first", **PUBLISHED)
    maker = {"type": "contributor", "slug": "ana", "name": "Ana", "media_id": "p"}
    told = await taken(parts, tmp_path, first, maker, later, picture(tmp_path), tag("late"))
    assert (told.said, told.counts) == ([], (5, 0, 0, 0))
    shown = await read(client, "/v1/articles/first")
    assert [block["_type"] for block in shown["body"]] == ["block", "image", "related"]
    assert [one["slug"] for one in shown["related"]] == ["later"]
    assert [one["slug"] for one in shown["translations"]] == ["later"]


@pytest.mark.parametrize("turned", [False, True])
async def test_translations_are_one_group_in_whatever_order_they_come(
    parts: Parts, client: httpx.AsyncClient, tmp_path: Path, turned: bool
) -> None:
    chain = [
        article("a", slug="a", **PUBLISHED),
        article("b", slug="b", language="fr", translation_of="a", **PUBLISHED),
        article("c", slug="c", language="de", translation_of="b", **PUBLISHED),
    ]
    for record in reversed(chain) if turned else chain:
        assert (await taken(parts, tmp_path, record)).said == []
    shown = await read(client, "/v1/articles/a")
    assert {one["slug"] for one in shown["translations"]} == {"b", "c"}


async def test_the_same_file_again_changes_nothing(parts: Parts, tmp_path: Path) -> None:
    records = [tag(), picture(tmp_path), article("a", tags=["sea"], **PUBLISHED), article("b")]
    await taken(parts, tmp_path, *records)
    before = await everything(parts)
    told = await taken(parts, tmp_path, *records)
    assert told.counts == (0, 0, 4, 0)
    assert await everything(parts) == before


async def test_a_record_that_is_written_otherwise_and_says_the_same_makes_no_revision(
    parts: Parts, newsroom: Newsroom, tmp_path: Path
) -> None:
    record = article("a", **PUBLISHED)
    await taken(parts, tmp_path, tag(), record)
    path = f"/articles/{id_of('article', 'a')}"
    before = (await newsroom.send("GET", path)).json()
    told = await taken(parts, tmp_path, tag(kind="topic"), dict(reversed(record.items())))
    assert told.counts == (0, 0, 2, 0)
    assert (await newsroom.send("GET", path)).json() == before


async def test_a_changed_record_is_a_new_revision_and_edition_of_the_same_article(
    parts: Parts, newsroom: Newsroom, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    await taken(parts, tmp_path, tag(), picture(tmp_path), article("a", slug="a", **PUBLISHED))
    changed = article("a", slug="a", tags=["sea"], body_html="<p>Four five.</p>", **PUBLISHED)
    told = await taken(parts, tmp_path, tag(name="Ocean"), picture(tmp_path, alt="Other"), changed)
    assert (told.said, told.counts) == ([], (0, 3, 0, 0))
    shown = await read(client, "/v1/articles/a")
    assert (shown["revision"], shown["published_at"]) == (2, PUBLISHED["published_at"])
    assert shown["body"][0]["children"][0]["text"] == "Four five."
    assert shown["tags"][0]["name"] == "Ocean"
    here = (await newsroom.send("GET", f"/articles/{shown['id']}")).json()
    assert here["revision"] == 2
    events = (await newsroom.send("GET", f"/articles/{shown['id']}/events")).json()["items"]
    assert [one["action"] for one in events] == ["import", "import"]


async def test_what_was_removed_here_comes_again(parts: Parts, newsroom: Newsroom, tmp_path: Path) -> None:
    await taken(parts, tmp_path, article("a"))
    path = f"/articles/{id_of('article', 'a')}"
    assert (await newsroom.send("DELETE", path, version=1)).status_code == 204
    assert (await taken(parts, tmp_path, article("a"))).counts == (1, 0, 0, 0)
    assert (await newsroom.send("GET", path)).status_code == 200


async def test_a_tag_that_is_here_by_its_slug_is_taken_for_the_same(
    parts: Parts, newsroom: Newsroom, tmp_path: Path
) -> None:
    here = await newsroom.tag("sea")
    assert (await taken(parts, tmp_path, tag(external_id="7", name="Ocean"))).counts == (0, 1, 0, 0)
    assert (await newsroom.send("GET", "/tags/sea")).json()["id"] == here["id"]
    assert (await taken(parts, tmp_path, tag(external_id="8"))).flaws == ["1: /slug"]


async def test_a_picture_that_is_here_already_is_the_one(
    parts: Parts, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    body = [paragraph("One."), {"_type": "image", "media_id": "copy"}]
    record = article("a", slug="a", body=body, **PUBLISHED)
    del record["body_html"]
    copy = {**picture(tmp_path), "external_id": "copy"}
    told = await taken(parts, tmp_path, picture(tmp_path), copy, record)
    assert (told.said, told.counts) == ([], (2, 0, 1, 0))
    shown = await read(client, "/v1/articles/a")
    assert shown["body"][1]["media"]["id"] == id_of("media", "p")


DEEP = "[" * 70 + "]" * 70
BAD: dict[str, tuple[Any, str]] = {
    "broken JSON": ('{"type": "article"', ""),
    "no object": ("[1]", ""),
    "not UTF-8": (b'{"type": "tag", "slug": "a", "name": "\xff"}', ""),
    "a name twice": ('{"type": "tag", "slug": "a", "slug": "b", "name": "A"}', ""),
    "no type": ({"slug": "a", "name": "A"}, "/type"),
    "an unknown type": ({"type": "page"}, "/type"),
    "an unknown field": (article(nothing=1), "/nothing"),
    "a wrong type": (article(publish="yes"), "/publish"),
    "a wrong place": (article(tags=["sea", 7]), "/tags/1"),
    "no name of its own": ({**article(), "external_id": None}, ""),
    "too deep": (f'{{"type": "article", "extensions": {DEEP}}}', ""),
    "no text at all": (article(title="\0"), "/title"),
    "two bodies": (article(body=[paragraph("One.")]), ""),
    "a bad block": ({**article(), "body_html": None, "body": [{"_type": "video"}]}, "/body/0"),
    "an unknown tag": (article(tags=["nowhere"]), "/tags/0"),
    "an unknown section": (article(section="nowhere"), "/section"),
    "an unknown contributor": (
        article(credits=[{"role": "author", "contributor": "nobody"}]),
        "/credits/0/contributor",
    ),
    "an unknown picture": (article(lead_image={"media_id": "nowhere"}), "/lead_image/media_id"),
    "a translation of itself": (article(translation_of="a"), "/translation_of"),
    "nothing to read": (article(body_html="", **PUBLISHED), "/body"),
    "times and no publication": (article(published_at="2019-03-01T08:00:00Z"), ""),
    "an end before the beginning": (article(live_until="2018-01-01T00:00:00Z", **PUBLISHED), ""),
    "corrected before it came": (
        article(publish=True, published_at="2027-01-01T00:00:00Z", withdrawn="No."),
        "/withdrawn",
    ),
    "a slug like an id": (article(slug="01970000-0000-7000-8000-000000000000"), "/slug"),
    "no file": ({"type": "media", "external_id": "m", "file": "nowhere.png"}, "/file"),
    "an empty file": ({"type": "media", "external_id": "m", "file": "empty.png"}, "/file"),
    "a file elsewhere": ({"type": "media", "external_id": "m", "file": "../../etc/passwd"}, "/file"),
    "a file that is no picture": ({"type": "media", "external_id": "m", "file": "records.ndjson"}, ""),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_line_is_told_and_leaves_nothing(
    parts: Parts, client: httpx.AsyncClient, tmp_path: Path, name: str
) -> None:
    record, pointer = BAD[name]
    (tmp_path / "before").mkdir()
    (tmp_path / "empty.png").touch()
    await taken(parts, tmp_path / "before", tag())
    before = await everything(parts)
    told = await taken(parts, tmp_path, record)
    assert (told.flaws, told.counts) == ([f"1: {pointer}"], (0, 0, 0, 1))
    assert await everything(parts) == before
    told = await taken(parts, tmp_path, record, "", article("good", slug="good", **PUBLISHED))
    assert told.counts == (1, 0, 0, 1)
    assert (await client.get("/v1/articles/good")).status_code == 200


async def test_of_two_lines_of_the_same_thing_the_second_is_refused_each_time(
    parts: Parts, newsroom: Newsroom, tmp_path: Path
) -> None:
    records = [article("a", title="First"), tag(), article("a", title="Second"), tag(name="Ocean")]
    for counts in ((2, 0, 0, 2), (0, 0, 2, 2)):
        told = await taken(parts, tmp_path, *records)
        assert (told.counts, told.flaws) == (counts, ["3: /external_id", "4: /external_id"])
    shown = (await newsroom.send("GET", f"/articles/{id_of('article', 'a')}")).json()
    assert (shown["title"], shown["version"]) == ("First", 1)


async def test_a_slug_that_another_article_holds_is_refused(
    parts: Parts, newsroom: Newsroom, tmp_path: Path
) -> None:
    await newsroom.published(slug="here")
    told = await taken(
        parts,
        tmp_path,
        article("a", slug="here", **PUBLISHED),
        article("b", slug="new", **PUBLISHED),
        article("c", slug="new", **PUBLISHED),
        article("d", slug="new", language="fr", **PUBLISHED),
        article("e", slug="new"),
    )
    assert (told.flaws, told.counts) == (["1: /slug", "3: /slug"], (3, 0, 0, 2))


async def test_a_picture_that_too_little_is_said_of_is_not_published(parts: Parts, tmp_path: Path) -> None:
    record = article("a", lead_image={"media_id": "p"}, **PUBLISHED)
    told = await taken(parts, tmp_path, picture(tmp_path, licence=None), record)
    assert (told.flaws, told.counts) == (["2: /lead_image/media_id"], (1, 0, 0, 1))


async def test_an_id_that_is_another_articles_is_refused(parts: Parts, newsroom: Newsroom, tmp_path: Path) -> None:
    here = await newsroom.published(slug="here")
    await taken(parts, tmp_path, article("a"))
    told = await taken(parts, tmp_path, article("a", id=here["id"], title="Changed"))
    assert told.flaws == ["1: /id"]


async def test_an_import_may_stop_at_the_first_flaw(parts: Parts, tmp_path: Path) -> None:
    path = tmp_path / "records.ndjson"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in (article("a"), {"type": "page"}, article("b"))))
    with pytest.raises(Stopped):
        await take_over(parts, path, stops=True)


async def test_a_file_may_begin_with_a_mark_and_end_without_a_line(parts: Parts, tmp_path: Path) -> None:
    path = tmp_path / "records.ndjson"
    path.write_bytes(
        b"\xef\xbb\xbf" + json.dumps(article("a")).encode() + b"\r\n\r\n" + json.dumps(tag()).encode()
    )
    assert (await take_over(parts, path)).counts == (2, 0, 0, 0)


async def test_what_others_call_things_is_shown_nowhere(
    parts: Parts, newsroom: Newsroom, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    await taken(parts, tmp_path, article("a-secret-name", title="A", slug="a", **PUBLISHED))
    shown = await client.get("/v1/articles/a")
    here = await newsroom.send("GET", f"/articles/{shown.json()['id']}")
    assert "a-secret-name" not in shown.text + here.text
    assert "a-secret-name" in (await hand_over(parts, tmp_path / "out")).read_text()


def test_the_schema_knows_every_kind_of_record() -> None:
    described = schema()
    assert set(described["discriminator"]["mapping"]) == {"tag", "contributor", "media", "article"}
    assert "_key" in json.dumps(described)


async def test_a_record_may_withdraw_or_schedule_what_is_here(
    parts: Parts, client: httpx.AsyncClient, clock: Clock, tmp_path: Path
) -> None:
    await taken(parts, tmp_path, article("a", slug="a", **PUBLISHED), article("b", slug="b"))
    coming = {"publish": True, "published_at": "2026-02-01T00:00:00Z"}
    gone = article("a", slug="a", withdrawn="It was wrong.", **PUBLISHED)
    told = await taken(parts, tmp_path, gone, article("b", slug="b", **coming))
    assert (told.said, told.counts) == ([], (0, 2, 0, 0))
    assert (await client.get("/v1/articles/a")).status_code == 410
    assert (await client.get("/v1/articles/b")).status_code == 404
    told = await taken(
        parts, tmp_path, {**gone, "title": "Another"}, article("b", slug="b", title="B", **PUBLISHED)
    )
    assert (told.said, told.counts) == ([], (0, 2, 0, 0))
    assert (await client.get("/v1/articles/a")).status_code == 410
    assert (await client.get("/v1/articles/b")).json()["title"] == "B"
    assert (await taken(parts, tmp_path, article("a", slug="a", **PUBLISHED))).counts == (0, 0, 0, 1)
    clock.move(days=2)
    assert (await client.get("/v1/articles/b")).status_code == 200


async def test_what_many_articles_leave_of_the_search_index_is_put_in_order(
    parts: Parts, client: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "FEWEST", 10)
    monkeypatch.setattr(importing, "WRITER_SECONDS", 0)
    await taken(parts, tmp_path, *(article(f"n-{at}", slug=f"n-{at}", **PUBLISHED) for at in range(150)))
    found = await read(client, "/v1/search?q=%22title+n+149%22")
    assert [one["slug"] for one in found["items"]] == ["n-149"]
    if parts.database.is_sqlite:
        async with parts.database.read() as connection:
            pieces = await connection.exec_driver_sql("SELECT count(DISTINCT segid) FROM search_public_idx")
            assert pieces.scalar_one() < 8
            measure = await connection.exec_driver_sql("SELECT v FROM search_public_config WHERE k = 'automerge'")
            assert measure.scalar_one() == 4
