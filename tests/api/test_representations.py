"""Kept answers: given again without a question to the database, and never one moment longer than they are true."""

import asyncio
import sys
from datetime import timedelta
from gzip import decompress
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from starlette.types import Message

from api.app import create_app
from infra import accounts
from infra.db import Database
from infra.ids import Sources
from infra.rotation import rotate
from infra.settings import Settings
from tests.api.serving import serving
from tests.newsroom import Clock, Json, Newsroom, People, paragraph, words
from tests.wall.statements import statements_of

GATED: Json = {"requires": "subscriber"}
SECRET = "qzkept"
BODY = [paragraph(words(30)), paragraph(f"{words(50)} {SECRET}")]


async def leased(app: FastAPI) -> None:
    """Wait until answers can be kept: on PostgreSQL the first reading has to come."""
    database: Database = app.state.parts.database
    async with asyncio.timeout(5):
        while database.lease.look() is None:  # noqa: ASYNC110 - what is waited for is what is tested
            await asyncio.sleep(0.005)


async def read(app: FastAPI, client: AsyncClient, path: str, headers: Json | None = None) -> Response:
    """Read when an answer can be kept."""
    await leased(app)
    return await client.get(path, headers=headers)


async def asks_nothing(app: FastAPI, client: AsyncClient, path: str, headers: Json | None = None) -> bool:
    """Read, and tell whether the answer came without a question to the database."""
    await leased(app)
    with statements_of(app) as sent:
        answer = await client.get(path, headers=headers)
    assert answer.status_code in {200, 304}, answer.text
    return sent == []


async def test_what_was_answered_is_given_again(app: FastAPI, client: AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.tag("sea")
    await newsroom.published(title="Kept", tags=["sea"], body=BODY)
    for path in ("/v1/articles/kept", "/v1/articles?tag=sea", "/v1/tags", "/v1/tags/sea", "/v1/sync"):
        assert not await asks_nothing(app, client, path)
        first = await client.get(path)
        assert await asks_nothing(app, client, path)
        again = await client.get(path)
        assert (again.content, again.headers) == (first.content, first.headers)
        assert await asks_nothing(app, client, path, {"If-None-Match": first.headers["etag"]})
        unchanged = await client.get(path, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        kept = {
            name for name in first.headers if name not in {"content-length", "content-type", "content-encoding"}
        }
        assert {name: unchanged.headers[name] for name in kept} == {name: first.headers[name] for name in kept}


async def test_each_coding_is_kept_by_itself(app: FastAPI, client: AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.published(title="Kept", body=BODY)
    tags = set()
    for coding in ("gzip", "br", "zstd", "identity"):
        headers = {"Accept-Encoding": coding}
        assert not await asks_nothing(app, client, "/v1/articles/kept", headers)
        assert await asks_nothing(app, client, "/v1/articles/kept", headers)
        tags.add((await client.get("/v1/articles/kept", headers=headers)).headers["etag"])
    assert len(tags) == 4
    raw = client.build_request("GET", "/v1/articles/kept", headers={"Accept-Encoding": "gzip"})
    answer = await client.send(raw, stream=True)
    assert SECRET in decompress(b"".join([part async for part in answer.aiter_raw()])).decode()


async def test_callers_with_the_same_rights_share_what_is_kept_and_no_others(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await newsroom.published(title="Kept", body=BODY, access=GATED, teaser={"words": 10})
    path = "/v1/articles/kept"
    subscribers = [await people.headers("subscriber") for _ in range(3)]
    others = [{}, await people.headers("reader"), await people.headers("subscriber", plans=("gold",))]
    await read(app, client, path, subscribers[0])
    assert await asks_nothing(app, client, path, subscribers[0])
    for headers in subscribers[1:]:  # their first request tells who they are, and nothing more is asked
        await leased(app)
        with statements_of(app) as sent:
            first = await client.get(path, headers=headers)
        assert SECRET in first.text
        assert len(sent) == 1
        assert await asks_nothing(app, client, path, headers)
        assert await asks_nothing(app, client, path, {**headers, "If-None-Match": first.headers["etag"]})
    later = await people.headers("subscriber")
    known = await client.get(path, headers={**later, "If-None-Match": first.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    for headers in others:
        assert not await asks_nothing(app, client, path, headers)
        assert (SECRET in (await client.get(path, headers=headers)).text) == (headers is others[2])
    for headers in subscribers:
        answer = await client.get(path, headers=headers)
        assert SECRET in answer.text
        assert answer.headers["cache-control"] == "private, no-cache"


async def test_whatever_readers_see_differently_ends_what_is_kept(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom
) -> None:
    await newsroom.tag("sea")
    made = await newsroom.published(title="Kept", tags=["sea"])
    path = f"/v1/articles/{made['id']}"
    for change in ("tag", "correct", "unpublish"):
        await read(app, client, path)
        assert await asks_nothing(app, client, path)
        if change == "tag":
            renamed = await newsroom.send("PATCH", "/tags/sea", version=1, json={"name": "The sea"})
            assert renamed.status_code == 200
            assert (await client.get(path)).json()["tags"][0]["name"] == "The sea"
        elif change == "correct":
            made = await newsroom.act(made, "correct", public_note="It was wrong.")
            assert (await client.get(path)).json()["corrections"][0]["text"] == "It was wrong."
        else:
            await newsroom.act(made, "unpublish")
            assert (await client.get(path)).status_code == 404


async def test_what_readers_do_not_see_leaves_it_alone(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    made = await newsroom.published(title="Kept")
    await read(app, client, "/v1/articles")
    made = await newsroom.edit(made, title="A draft")
    await newsroom.act(await newsroom.draft(title="Another"), "submit")
    at = (clock.time + timedelta(hours=1)).isoformat()
    await newsroom.act(made, "schedule", at=at)
    assert await asks_nothing(app, client, "/v1/articles")


async def test_a_moment_that_comes_ends_what_is_kept(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    start = clock.time + timedelta(hours=1)
    gate = {**GATED, "until": start.isoformat()}
    made = await newsroom.published(title="Kept", body=BODY, access=gate, teaser={"words": 10})
    await newsroom.act(
        await newsroom.draft(title="Coming"), "schedule", at=(start + timedelta(hours=1)).isoformat()
    )
    path = f"/v1/articles/{made['id']}"
    await client.get(path)
    await client.get("/v1/articles")
    clock.time = start - timedelta(milliseconds=2)
    assert SECRET not in (await client.get(path)).text
    clock.time = start - timedelta(milliseconds=1)
    assert SECRET in (await client.get(path)).text
    assert len((await client.get("/v1/articles")).json()["items"]) == 1
    clock.time = start + timedelta(hours=1)
    assert len((await client.get("/v1/articles")).json()["items"]) == 2
    async with asyncio.timeout(5):  # somebody announces it, and answers are kept again
        while not await asks_nothing(app, client, "/v1/articles"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_headers_that_count_down_are_never_given_again(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    made = await newsroom.act(
        await newsroom.draft(title="Ends"), "publish", until=(clock.time + timedelta(seconds=100)).isoformat()
    )
    path, ages = f"/v1/articles/{made['id']}", []
    for _ in range(4):
        assert not await asks_nothing(app, client, path)
        ages.append((await client.get(path)).headers["cache-control"])
        clock.move(seconds=25)
    assert len(set(ages)) == 4


async def test_signed_addresses_are_given_again_in_their_window_alone(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    medium = await newsroom.medium()
    body = [*BODY, {"_type": "image", "media_id": medium["id"]}]
    await newsroom.published(title="Kept", body=body, access=GATED, teaser={"words": 10})
    headers = await people.headers("subscriber")
    first = await read(app, client, "/v1/articles/kept", headers)
    assert "signature=" in first.text
    assert await asks_nothing(app, client, "/v1/articles/kept", headers)
    clock.move(seconds=app.state.parts.settings.media_url_seconds)
    assert not await asks_nothing(app, client, "/v1/articles/kept", headers)
    assert (await client.get("/v1/articles/kept", headers=headers)).content != first.content


async def test_refusals_previews_and_the_newsroom_are_not_kept(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom
) -> None:
    made = await newsroom.published(title="Kept")
    preview = await newsroom.send("POST", f"/articles/{made['id']}/previews", version=made["version"], json={})
    assert preview.status_code == 201, preview.text
    paths = [
        ("/v1/articles/nothing-here", {}),
        ("/v1/articles?limit=0", {}),
        (preview.json()["url"].removeprefix("https://api.test"), {}),
        ("/v1/me", newsroom.headers),
        (f"/v1/editorial/articles/{made['id']}", newsroom.headers),
        ("/v1/articles/kept", {"Authorization": "Bearer made-up"}),
    ]
    for path, headers in paths:
        for _ in range(2):
            await leased(app)
            with statements_of(app) as sent:
                answer = await client.get(path, headers=headers)
            assert "no-store" in answer.headers.get("cache-control", "no-store") or answer.status_code >= 400
            assert sent != [] or answer.status_code in {400, 401}


async def test_who_asks_the_same_at_once_is_answered_from_one_reading(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom
) -> None:
    asked = []
    for at in range(5):  # on PostgreSQL a busy machine may let the lease run out just then
        await newsroom.published(slug=f"kept-{at}")
        await leased(app)
        with statements_of(app) as sent:
            answers = await asyncio.gather(*(client.get(f"/v1/articles/kept-{at}") for _ in range(20)))
        assert len({answer.content for answer in answers}) == 1
        asked.append(len(sent))
        if asked[-1] == 3:
            break
    assert asked[-1] == 3, asked
    with statements_of(app) as sent:
        missing = await asyncio.gather(*(client.get("/v1/articles/none") for _ in range(5)))
    assert {answer.status_code for answer in missing} == {404}


async def test_what_is_kept_has_a_bound_in_bytes(settings: Settings, clock: Clock, newsroom: Newsroom) -> None:
    made = [await newsroom.published(title=f"Number {at}", body=[paragraph(words(3_000))]) for at in range(6)]
    paths = [f"/v1/articles/{one['id']}" for one in made]
    bounded = settings.model_copy(update={"cache_bytes": 60_000})
    app = create_app(bounded, Sources(now=clock))
    async with app.router.lifespan_context(app):
        transport = ASGITransport(app)
        async with AsyncClient(transport=transport, base_url="https://api.test") as client:
            plain = {"Accept-Encoding": "identity"}
            sizes = [len((await client.get(path, headers=plain)).content) for path in paths]
            room = 60_000 // (sizes[0] + 5_000)
            assert 1 <= room < len(paths)
            kept = [await asks_nothing(app, client, path, plain) for path in reversed(paths)]
            assert kept[:room] == [True] * room
            assert not any(kept[room + 1 :])


async def test_the_head_of_an_answer_counts_too(app: FastAPI, client: AsyncClient, newsroom: Newsroom) -> None:
    for at in range(30):
        await newsroom.published(title=f"Number {at}")
    answer = await read(app, client, "/v1/articles?limit=30&fields=slug")
    said = sum(len(name) + len(value) for name, value in answer.headers.raw)
    assert said > 1_500
    (kept,) = app.kept._kept.values()  # type: ignore[attr-defined]  # noqa: SLF001 - its size is what is tested
    assert kept.size > said + len(answer.content) + sys.getsizeof(b"") * 2 * len(answer.headers.raw)


async def test_who_waits_for_the_answer_of_another_gets_no_more_than_their_own(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await newsroom.published(title="Open")
    await newsroom.published(title="Gated", access=GATED, body=BODY)
    accounts_, go_on = [await people.add("subscriber") for _ in range(2)], asyncio.Event()
    first, second = ({"Authorization": f"Bearer {people.token(one)}"} for one in accounts_)
    for headers in (first, second):
        await read(app, client, "/v1/articles/open", headers)
    sent = [(name.encode(), value.encode()) for name, value in first.items()]
    slow = asyncio.create_task(ask_slowly(app, "/v1/articles/gated", sent, go_on))
    await asyncio.sleep(0.2)
    waiting = asyncio.create_task(client.get("/v1/articles/gated", headers={**second, "Accept-Encoding": ""}))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    async with app.state.parts.database.write() as connection:
        await accounts.set_roles(connection, accounts_[1].id, [])
    await leased(app)
    go_on.set()
    assert SECRET not in (await waiting).text
    await slow


async def test_nothing_is_kept_where_nothing_may_be(settings: Settings, clock: Clock, newsroom: Newsroom) -> None:
    await newsroom.published(title="Kept")
    async with serving(settings.model_copy(update={"cache_bytes": 0}), clock) as client:
        app = client._transport.app  # type: ignore[attr-defined]  # noqa: SLF001
        for _ in range(2):
            assert not await asks_nothing(app, client, "/v1/articles/kept")


async def test_browsers_of_other_origins_get_their_own_headers(
    settings: Settings, clock: Clock, newsroom: Newsroom, people: People
) -> None:
    await newsroom.published(title="Kept")
    known, unknown = [await people.headers("subscriber") for _ in range(2)]
    origins = ("https://www.test", "https://evil.test")
    async with serving(settings.model_copy(update={"cors_origins": origins[:1]}), clock) as client:
        for _ in range(2):
            for origin, allowed in ((origins[0], origins[0]), (origins[1], None)):
                answer = await client.get("/v1/articles/kept", headers={"Origin": origin})
                assert answer.headers.get("access-control-allow-origin") == allowed
        for headers in (known, unknown, unknown):
            answer = await client.get("/v1/articles/kept", headers={"Origin": origins[0], **headers})
            assert answer.headers["vary"] == "Authorization, Accept-Encoding, Origin"


@pytest.mark.parametrize("twice", ["authorization", "if-none-match", "accept-encoding"])
async def test_what_is_said_twice_takes_the_long_way(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, people: People, twice: str
) -> None:
    await newsroom.published(title="Kept")
    token = (await people.headers("reader"))["Authorization"]
    await client.get("/v1/articles/kept")
    await leased(app)
    with statements_of(app) as sent:
        headers = [(twice, token), (twice, token)]
        await client.get("/v1/articles/kept", headers=headers)
    assert sent or twice == "authorization"


@pytest.mark.parametrize("header", ["Accept-Encoding", "Origin"])
async def test_what_is_said_at_unusual_length_is_not_kept(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, header: str
) -> None:
    await newsroom.published(title="Kept")
    for length, is_kept in ((200, True), (201, False)):
        headers = {header: "br".ljust(length, ",")}
        assert not await asks_nothing(app, client, "/v1/articles/kept", headers)
        assert await asks_nothing(app, client, "/v1/articles/kept", headers) == is_kept


class Workers:
    """Two workers on one database, each with its own lease and its own kept answers."""

    def __init__(self, *apps: FastAPI) -> None:
        self.apps = apps
        self.clients = [AsyncClient(transport=ASGITransport(app), base_url="https://api.test") for app in apps]


async def test_two_workers_deny_at_once_what_either_took_back(
    app: FastAPI, settings: Settings, clock: Clock, newsroom: Newsroom, people: People, database_kind: str
) -> None:
    other = create_app(settings, Sources(now=clock))
    delay = 0 if database_kind == "sqlite" else 0.1
    async with other.router.lifespan_context(other):
        here, there = Workers(app, other).clients
        for round_ in range(3):
            made = await newsroom.published(title=f"Kept {round_}", body=BODY, access=GATED, teaser={"words": 10})
            path, account = f"/v1/articles/{made['id']}", await people.add("subscriber")
            headers = {"Authorization": f"Bearer {people.token(account)}"}
            for client in (here, there):
                await leased(other)
                for _ in range(2):
                    assert SECRET in (await client.get(path, headers=headers)).text
            assert await asks_nothing(other, there, path, headers)
            made = await newsroom.act(
                await newsroom.edit(made, access={"requires": "subscriber", "plans": ["gold"]}), "publish"
            )
            await asyncio.sleep(delay)
            assert SECRET not in (await there.get(path, headers=headers)).text
            await newsroom.act(made, "withdraw", public_note="Wrong.")
            await asyncio.sleep(delay)
            assert (await there.get(path, headers=headers)).status_code == 410
        for client in (here, there):
            await client.aclose()


async def test_a_list_that_was_read_by_a_clock_behind_is_not_kept(
    app: FastAPI, settings: Settings, clock: Clock, newsroom: Newsroom
) -> None:
    behind = Clock()
    other = create_app(settings, Sources(now=behind))
    async with other.router.lifespan_context(other):
        (there,) = Workers(other).clients
        await newsroom.published(title="New")
        behind.time = clock.time - timedelta(milliseconds=300)
        assert (await there.get("/v1/articles")).json()["items"] == []
        behind.move(hours=1)
        await asyncio.sleep(0.15)
        assert len((await there.get("/v1/articles")).json()["items"]) == 1
        await there.aclose()


async def test_who_waited_for_an_answer_keeps_none_that_was_read_by_a_clock_behind(
    app: FastAPI, settings: Settings, clock: Clock, newsroom: Newsroom
) -> None:
    behind, published = Clock(), asyncio.Event()
    other = create_app(settings, Sources(now=behind))
    async with other.router.lifespan_context(other):
        (there,) = Workers(other).clients
        await leased(other)
        first = there.build_request("GET", "/v1/articles").headers.raw
        sent = asyncio.create_task(ask_slowly(other, "/v1/articles", first, published))
        await asyncio.sleep(0.1)
        waiting = asyncio.create_task(there.get("/v1/articles"))
        await asyncio.sleep(0.1)
        await newsroom.published(title="New")
        behind.time = clock.time - timedelta(milliseconds=300)
        await asyncio.sleep(0.15)
        published.set()
        await sent
        assert (await waiting).json()["items"] == []
        behind.move(hours=1)
        await leased(other)
        assert len((await there.get("/v1/articles")).json()["items"]) == 1
        await there.aclose()


async def ask_slowly(app: FastAPI, path: str, headers: list[tuple[bytes, bytes]], until: asyncio.Event) -> None:
    """Ask, and take the answer only then."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Message) -> None:
        await until.wait()

    headers = [(name.lower(), value) for name, value in headers]
    await app(
        {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "scheme": "https",
            "server": ("api.test", 443),
            "client": ("127.0.0.1", 123),
            "headers": headers,
        },
        receive,
        send,
    )


async def test_what_was_kept_before_a_gate_was_planned_is_not_given_for_longer(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    made = await newsroom.published(title="Kept")
    for path in ("/v1/articles/kept", "/v1/articles"):
        await read(app, client, path)
        assert await asks_nothing(app, client, path)
    at = (clock.time + timedelta(seconds=50)).isoformat()
    await newsroom.act(await newsroom.edit(made, access=GATED), "schedule", at=at)
    for path in ("/v1/articles/kept", "/v1/articles"):
        await leased(app)
        kept = (await client.get(path)).headers["cache-control"]
        assert int(kept.partition("max-age=")[2].partition(",")[0]) < 50


async def test_a_slug_that_leads_back_is_read_anew(app: FastAPI, client: AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.tag("sea")
    await newsroom.published(title="Kept", tags=["sea"])
    changed = await newsroom.send("PATCH", "/tags/sea", version=1, json={"slug": "ocean"})
    assert changed.status_code == 200
    for expected in (1, 0, 1):
        await read(app, client, "/v1/articles?tag=sea")
        shown = (await read(app, client, "/v1/articles?tag=sea")).json()["items"]
        assert len(shown) == expected
        if expected:
            await newsroom.send("POST", "/tags", json={"slug": "sea", "name": "Another"})
        else:
            assert (await newsroom.send("DELETE", "/tags/sea", version=1)).status_code == 204


async def test_what_is_kept_ends_with_the_keys(tmp_path: Path, database_url: str, clock: Clock) -> None:
    settings = Settings(
        _env_file=None, database_url=database_url, data_dir=tmp_path, public_url="https://api.test"
    )
    app = create_app(settings, Sources(now=clock))
    transport = ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=transport, base_url="https://api.test") as client,
    ):
        people = People(app.state.parts)
        newsroom = Newsroom(client, await people.headers("editor"))
        await newsroom.published(slug="one", access={"requires": "subscriber"})
        stolen = await people.headers("subscriber")
        for _ in range(3):
            assert (await client.get("/v1/articles/one", headers=stolen)).json()["access"]["granted"] == "full"
            await asyncio.sleep(0.06)
        rotate(settings, clock(), at_once=True)
        app.state.parts.keys.look_again()
        honest = await people.headers("subscriber")
        for _ in range(2):
            assert (await client.get("/v1/articles/one", headers=honest)).status_code == 200
            assert (await client.get("/v1/articles/one", headers=stolen)).status_code == 401
