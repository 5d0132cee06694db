"""Bulk: a row a line, a result a row, each row as the single request would have it; all or none on request."""

import asyncio
import json
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlalchemy import func, select

from api.editorial import bulk
from infra.ids import new_id
from infra.settings import Settings
from infra.tables import articles, events
from tests.api.forms import full_form
from tests.api.serving import serving
from tests.everything import everything
from tests.newsroom import Clock, Json, Newsroom, People, lines, paragraph
from tests.wall.statements import statements_of

FORM: Json = {"title": "Row", "language": "en", "body": [paragraph("A few words.")]}
CREATE: Json = {"op": "create", "article": FORM}
BROKEN: Json = {"op": "create", "article": {"title": "No language"}}


async def send(newsroom: Newsroom, *rows: Any, atomic: bool = False, key: str | None = None) -> Response:
    request = lines(*rows)
    headers = {**request.pop("headers"), **({"Idempotency-Key": key} if key else {})}
    path = f"/articles/bulk{'?atomic=true' if atomic else ''}"
    return await newsroom.send("POST", path, headers=headers, **request)


def results(response: Response) -> list[Json]:
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/x-ndjson"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.text.endswith("\n")
    return [json.loads(line) for line in response.text.splitlines()]


async def many(newsroom: Newsroom, *rows: Any, **more: Any) -> list[Json]:
    return results(await send(newsroom, *rows, **more))


async def read(newsroom: Newsroom, article_id: str) -> Json:
    found: Json = (await newsroom.send("GET", f"/articles/{article_id}")).json()
    return found


async def count(people: People, table: Any = articles) -> int:
    async with people.parts.database.read() as connection:
        return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


def titled(at: int) -> Json:
    return {"op": "create", "article": {**FORM, "title": f"Title {at}"}}


async def test_each_row_does_what_its_request_does(
    newsroom: Newsroom, client: AsyncClient, people: People
) -> None:
    edited, submitted, deleted = [await newsroom.draft() for _ in range(3)]
    before = await count(people, events)
    found = await many(
        newsroom,
        CREATE,
        {"op": "create", "article": {**FORM, "slug": "out"}, "action": "publish", "note": "Good."},
        {
            "op": "patch",
            "id": edited["id"],
            "version": 1,
            "article": {"title": "New", "body": None, "body_html": "<p>x"},
        },
        {"op": "act", "id": submitted["id"], "version": 1, "action": "submit", "note": "Ready."},
        {"op": "delete", "id": deleted["id"], "version": 1},
    )
    assert [(one["row"], one["status"], one.get("version")) for one in found] == [
        (1, 201, 1),
        (2, 201, 2),
        (3, 200, 2),
        (4, 200, 2),
        (5, 204, None),
    ]
    assert [one["id"] for one in found[2:]] == [edited["id"], submitted["id"], deleted["id"]]
    made = await read(newsroom, found[0]["id"])
    assert (made["title"], made["state"], made["publication"]) == ("Row", "draft", None)
    assert (await client.get("/v1/articles/out")).json()["id"] == found[1]["id"]
    changed = await read(newsroom, edited["id"])
    assert (changed["title"], changed["version"], len(changed["body"])) == ("New", 2, 1)
    assert (await read(newsroom, submitted["id"]))["state"] == "submitted"
    assert (await read(newsroom, deleted["id"]))["status"] == 404
    assert await count(people, events) == before + 6  # a create and a publish in the second row


async def test_a_row_takes_every_field_of_an_article(newsroom: Newsroom) -> None:
    form = await full_form(newsroom)
    [found] = await many(newsroom, {"op": "create", "article": form})
    single = (await newsroom.send("POST", "/articles", json=form)).json()
    made = await read(newsroom, found["id"])
    own = {"id", "created_at", "updated_at"}
    assert {name: made[name] for name in made.keys() - own} == {name: single[name] for name in made.keys() - own}


async def test_rows_on_one_article_follow_one_another(newsroom: Newsroom, people: People) -> None:
    draft = await newsroom.draft()
    one = {"id": draft["id"]}
    rows = [
        {"op": "patch", **one, "version": 1, "article": {"title": "Second"}},
        {"op": "patch", **one, "version": 1, "article": {"title": "Too late"}},
        {"op": "patch", **one, "version": 2, "article": {"standfirst": "Third"}},
        {"op": "act", **one, "version": 3, "action": "publish"},
        {"op": "act", **one, "version": 4, "action": "unpublish"},
    ]
    found = await many(newsroom, *rows)
    assert [(row["status"], row.get("version")) for row in found] == [
        (200, 2),
        (412, None),
        (200, 3),
        (200, 4),
        (200, 5),
    ]
    assert found[1]["problem"]["current_version"] == 2
    now = await read(newsroom, draft["id"])
    assert (now["title"], now["standfirst"], now["version"]) == ("Second", "Third", 5)
    async with people.parts.database.read() as connection:
        moments = (await connection.scalars(select(events.c.at).order_by(events.c.version))).all()
    assert list(moments) == sorted(set(moments))


NEVER = "018f0000-0000-7000-8000-000000000000"
REFUSED: list[tuple[Any, int, str, list[str]]] = [
    ("{", 400, "bad-request", []),
    ('{"op": "create", "op": "create"}', 400, "bad-request", []),
    ("[" * 100, 400, "bad-request", []),
    ("\x00", 400, "bad-request", []),
    ("nothing", 400, "bad-request", []),
    ("null", 422, "unprocessable", ["/op"]),
    ("[]", 422, "unprocessable", ["/op"]),
    ({}, 422, "unprocessable", ["/op"]),
    ({"op": ["create"]}, 422, "unprocessable", ["/op"]),
    ({"op": "publish"}, 422, "unprocessable", ["/op"]),
    ({"op": "create"}, 422, "unprocessable", ["/article"]),
    ({"op": "create", "article": FORM, "x": 1}, 422, "unprocessable", ["/x"]),
    (BROKEN, 422, "unprocessable", ["/article/language"]),
    ({"op": "create", "article": {**FORM, "x": 1}}, 422, "unprocessable", ["/article/x"]),
    ({"op": "create", "article": {**FORM, "title": "\x00"}}, 422, "unprocessable", ["/article/title"]),
    ({"op": "create", "article": {**FORM, "tags": ["never"]}}, 422, "unprocessable", ["/article/tags/0"]),
    (
        {"op": "create", "article": {"title": "T", "language": "en", "body_html": "<img src=x>"}},
        422,
        "unprocessable",
        ["/article/body_html"],
    ),
    (
        {"op": "create", "article": {**FORM, "body": []}, "action": "publish"},
        422,
        "unprocessable",
        ["/article/body"],
    ),
    ({"op": "create", "article": FORM, "action": "withdraw"}, 409, "wrong-state", []),
    ({"op": "create", "article": FORM, "action": "fly"}, 422, "unprocessable", ["/action"]),
    ({"op": "patch", "id": NEVER, "version": 1, "article": {}}, 404, "not-found", []),
    ({"op": "patch", "id": NEVER, "article": {}}, 422, "unprocessable", ["/version"]),
    (
        {"op": "patch", "id": "x", "version": "1", "article": []},
        422,
        "unprocessable",
        ["/id", "/version", "/article"],
    ),
    ({"op": "patch", "id": "{id}", "version": 2, "article": {}}, 412, "stale", []),
    (
        {"op": "patch", "id": "{id}", "version": 1, "article": {"title": None}},
        422,
        "unprocessable",
        ["/article/title"],
    ),
    (
        {"op": "patch", "id": "{id}", "version": 1, "article": {"section": "x"}},
        422,
        "unprocessable",
        ["/article/section"],
    ),
    ({"op": "act", "id": NEVER, "version": 1, "action": "submit"}, 404, "not-found", []),
    ({"op": "act", "id": "{id}", "version": 7, "action": "submit"}, 412, "stale", []),
    ({"op": "act", "id": "{id}", "version": 1, "action": "unpublish"}, 409, "wrong-state", []),
    ({"op": "act", "id": "{live}", "version": 2, "action": "withdraw"}, 422, "unprocessable", ["/public_note"]),
    ({"op": "delete", "id": "{live}", "version": 2}, 409, "wrong-state", []),
    ({"op": "delete", "id": "{id}", "version": 1, "article": {}}, 422, "unprocessable", ["/article"]),
    ({"op": "delete", "id": NEVER, "version": 1}, 404, "not-found", []),
]


async def refused_rows(newsroom: Newsroom) -> list[str]:
    draft, live = await newsroom.draft(), await newsroom.published()
    rows = (row if isinstance(row, str) else json.dumps(row) for row, *_ in REFUSED)
    return [row.replace("{id}", draft["id"]).replace("{live}", live["id"]) for row in rows]


async def test_a_row_that_does_not_fit_is_refused_by_itself(newsroom: Newsroom, people: People) -> None:
    rows = await refused_rows(newsroom)
    before = await everything(people.parts)
    found = await many(newsroom, *rows)
    for result, row, (_, status, kind, pointers) in zip(found, rows, REFUSED, strict=True):
        told = result["problem"]
        flaws = [flaw["pointer"] for flaw in told.get("errors", ())]
        assert (result["status"], told["type"], flaws) == (status, f"/problems/{kind}", pointers), row
        assert {*result} == {"row", "status", "problem"}
        assert told["status"] == status
    assert len({result["problem"]["request_id"] for result in found}) == 1
    assert await everything(people.parts) == before
    mixed = await many(newsroom, *(one for row in rows for one in (row, CREATE)))
    assert [one["status"] for one in mixed[1::2]] == [201] * len(rows)
    assert await count(people) == 2 + len(rows)


async def test_a_row_is_refused_in_the_words_of_its_request(newsroom: Newsroom) -> None:
    draft = await newsroom.draft()
    path = f"/articles/{draft['id']}"
    pairs: list[tuple[Response, Json]] = [
        (await newsroom.send("POST", "/articles", json=BROKEN["article"]), BROKEN),
        (await newsroom.send("DELETE", path, version=3), {"op": "delete", "id": draft["id"], "version": 3}),
        (
            await newsroom.send("POST", f"{path}/actions/unpublish", version=1),
            {"op": "act", "id": draft["id"], "version": 1, "action": "unpublish"},
        ),
    ]
    for single, row in pairs:
        [found] = await many(newsroom, row)
        told, expected = found["problem"], single.json()
        for flaw in expected.get("errors", ()):
            flaw["pointer"] = f"/article{flaw['pointer']}"
        assert told.pop("request_id") != expected.pop("request_id")
        assert told == expected


async def test_all_rows_are_done_or_none(newsroom: Newsroom, people: People) -> None:
    draft = await newsroom.draft()
    rows = [
        CREATE,
        {"op": "patch", "id": draft["id"], "version": 1, "article": {"title": "New"}},
        {"op": "act", "id": draft["id"], "version": 2, "action": "publish"},
    ]
    before = await everything(people.parts)
    refused = await send(
        newsroom, *rows, BROKEN, {"op": "delete", "id": draft["id"], "version": 3}, "{", atomic=True
    )
    told = refused.json()
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert (refused.status_code, told["type"]) == (422, "/problems/bulk-refused")
    assert [(row["row"], row["status"], row["problem"]["status"]) for row in told["rows"]] == [
        (4, 422, 422),
        (5, 409, 409),
        (6, 400, 400),
    ]
    assert await everything(people.parts) == before
    assert [one["status"] for one in await many(newsroom, *rows, atomic=True)] == [201, 200, 200]
    now = await read(newsroom, draft["id"])
    assert (now["title"], now["version"], now["publication"]["state"]) == ("New", 3, "live")


@pytest.mark.parametrize("at", range(len(REFUSED)))
async def test_one_row_that_does_not_fit_undoes_all(newsroom: Newsroom, people: People, at: int) -> None:
    row = (await refused_rows(newsroom))[at]
    before = await everything(people.parts)
    refused = await send(newsroom, CREATE, row, CREATE, atomic=True)
    assert (refused.status_code, [one["row"] for one in refused.json()["rows"]]) == (422, [2])
    assert refused.json()["rows"][0]["status"] == REFUSED[at][1]
    assert await everything(people.parts) == before


async def test_lines_may_end_in_any_way_and_be_empty(newsroom: Newsroom) -> None:
    row = json.dumps(CREATE)
    for kind in ("application/x-ndjson", "application/jsonl", "application/x-ndjson; charset=utf-8"):
        content = f"\n{row}\r\n \n{row}".encode()
        answer = await newsroom.send("POST", "/articles/bulk", content=content, headers={"Content-Type": kind})
        assert [(one["row"], one["status"]) for one in results(answer)] == [(2, 201), (4, 201)]


async def test_there_is_an_end_to_rows_and_bytes(settings: Settings, clock: Clock, newsroom: Newsroom) -> None:
    assert (await send(newsroom, *["{"] * 1000)).status_code == 200
    assert (await send(newsroom, *["{"] * 100, atomic=True)).status_code == 422
    for refused in (await send(newsroom, *["{"] * 1001), await send(newsroom, *["{"] * 101, atomic=True)):
        assert (refused.status_code, refused.json()["type"]) == (413, "/problems/too-large")
    assert (await send(newsroom, "\n" * 5000, "{")).status_code == 413
    for empty in ("", "\n", " \r\n"):
        assert (await send(newsroom, empty)).status_code == 422
    tight = settings.model_copy(update={"max_bulk_bytes": 4096, "max_body_bytes": 1024})
    async with serving(tight, clock) as client:
        small = Newsroom(client, newsroom.headers)
        wide = {**CREATE, "article": {**FORM, "standfirst": "x" * 1000}}
        assert [one["status"] for one in await many(small, CREATE, wide, CREATE)] == [201, 413, 201]
        assert (await send(small, *[CREATE] * 100)).status_code == 413
        assert (await small.send("POST", "/articles", json=wide["article"])).status_code == 413


async def test_another_type_is_refused(newsroom: Newsroom) -> None:
    for kind in ("application/json", "text/plain", ""):
        answer = await newsroom.send("POST", "/articles/bulk", content=b"{}", headers={"Content-Type": kind})
        assert answer.status_code == 415


async def test_a_contributor_writes_own_drafts_and_learns_nothing_of_others(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    contributor = Newsroom(client, await people.headers("contributor"))
    other, secret = await newsroom.draft(), await newsroom.draft()
    before = await count(people, events)

    def rows(article_id: str) -> list[Json]:
        return [
            {"op": "patch", "id": article_id, "version": 1, "article": {"title": "Mine"}},
            {"op": "act", "id": article_id, "version": 1, "action": "submit"},
            {"op": "delete", "id": article_id, "version": 1},
            {"op": "create", "article": {**FORM, "related": [article_id]}},
        ]

    there, missing = await many(contributor, *rows(other["id"])), await many(contributor, *rows(new_id()))
    for found in (there, missing):
        assert [one["status"] for one in found] == [404, 404, 404, 422]
    for one in (*there, *missing):
        del one["problem"]["request_id"]
    assert there == missing
    assert await count(people, events) == before
    publish = {"op": "create", "article": FORM, "action": "publish"}
    found = await many(contributor, {**publish, "action": "submit"}, publish, CREATE)
    assert [one["status"] for one in found] == [201, 403, 201]
    assert (await read(newsroom, secret["id"]))["version"] == 1
    reader = Newsroom(client, await people.headers("reader"))
    assert (await send(reader, CREATE)).status_code == 403


async def test_of_bulks_that_race_one_wins_each_row(newsroom: Newsroom, people: People) -> None:
    drafts = [await newsroom.draft() for _ in range(4)]
    rows = [{"op": "patch", "id": one["id"], "version": 1, "article": {"title": "New"}} for one in drafts]
    answers = await asyncio.gather(*(many(newsroom, *rows) for _ in range(4)))
    for at in range(len(rows)):
        assert sorted(found[at]["status"] for found in answers) == [200, 412, 412, 412]
    assert await count(people, events) == 8


async def test_a_row_costs_a_fixed_number_of_statements(app: FastAPI, newsroom: Newsroom) -> None:
    async def cost(rows: int, *, atomic: bool) -> int:
        with statements_of(app) as sent:
            await many(newsroom, *(titled(at) for at in range(rows)), atomic=atomic)
        return len(sent)

    costs = [await cost(rows, atomic=True) for rows in (1, 40, 80)]
    each = (costs[2] - costs[1]) // 40
    assert each <= 11, each  # savepoint and locks among them
    assert [cost - costs[0] for cost in costs] == [0, 39 * each, 79 * each]


async def test_a_long_bulk_lets_others_write_in_between(
    newsroom: Newsroom, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "WRITER_SECONDS", 0)
    task = asyncio.create_task(many(newsroom, *(titled(at) for at in range(60))))
    seen = set()
    while not task.done():
        seen.add(await count(people))
        await asyncio.sleep(0.005)
    assert [one["row"] for one in await task] == list(range(1, 61))
    assert len(seen) > 3
    assert await count(people) == 60
