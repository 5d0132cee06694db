"""`Idempotency-Key`: sent again, a request is answered again and done once, whatever happens in between."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlalchemy import func, select, update

from api.editorial import drafts
from api.idempotency import Attempt, key_in
from api.parts import Visit
from domain.errors import BadRequest
from infra import articles as stored_articles
from infra.settings import Settings
from infra.tables import accounts, articles, events, idempotency_keys
from tests.api.serving import serving
from tests.api.test_failing_commits import Saboteur
from tests.everything import everything
from tests.newsroom import Clock, Json, Newsroom, People, paragraph, png
from tests.wall.statements import statements_of

FORM = {"title": "Once", "language": "en", "body": [paragraph("Once and never again.")]}


@pytest.fixture
async def saboteur(app: FastAPI) -> Any:
    one = Saboteur(app)
    yield one
    await one.run(*one.undo)


async def create(newsroom: Newsroom, key: str | None = "k", **request: Any) -> Response:
    headers = {"Idempotency-Key": key} if key is not None else {}
    return await newsroom.send(
        "POST", request.pop("path", "/articles"), headers=headers, **{"json": FORM, **request}
    )


async def count(people: People, table: Any = articles) -> int:
    async with people.parts.database.read() as connection:
        return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


def problem(response: Response) -> tuple[int, str, str | None]:
    assert response.headers["Content-Type"] == "application/problem+json"
    said = response.json()
    return response.status_code, said["type"].removeprefix("/problems/"), said.get("rule")


RUNNING = (409, "conflict", "idempotency-key-running")
REUSED = (422, "idempotency-key-reused", None)


async def test_a_replay_is_the_first_answer_byte_for_byte(newsroom: Newsroom, people: People) -> None:
    first = await create(newsroom)
    before = await everything(people.parts)
    again = await create(newsroom)
    assert (again.status_code, again.content) == (201, first.content)
    assert "Idempotency-Replayed" not in first.headers
    assert dict(again.headers) == {**dict(first.headers), "idempotency-replayed": "true"}
    assert again.headers["Cache-Control"] == "no-store"
    assert await everything(people.parts) == before
    assert (await create(newsroom, key=None)).json()["id"] != first.json()["id"]


async def test_a_replay_comes_before_the_version_is_looked_at(newsroom: Newsroom) -> None:
    draft = await newsroom.draft()
    path = f"/articles/{draft['id']}/actions/publish"
    first = await create(newsroom, path=path, json={}, version=1)
    for version in (1, 2, None):
        again = await create(newsroom, path=path, json={}, version=version)
        assert (again.status_code, again.content) == (200, first.content)
    assert (await newsroom.send("GET", f"/articles/{draft['id']}")).json()["version"] == 2


async def test_a_key_stands_for_one_request(newsroom: Newsroom, people: People) -> None:
    first = await create(newsroom)
    before = await everything(people.parts)
    others: list[Json] = [
        {"json": {**FORM, "title": "Other"}},
        {"path": "/tags", "json": {"name": "Other"}},
        {"path": "/articles?dry_run=true"},
        {"path": f"/articles/{first.json()['id']}/actions/submit", "json": {}, "version": 1},
    ]
    for other in others:
        refused = await create(newsroom, **other)
        assert problem(refused) == REUSED
        assert [flaw["parameter"] for flaw in refused.json()["errors"]] == ["Idempotency-Key"]
    assert await everything(people.parts) == before


async def test_an_upload_is_known_by_its_file_and_its_texts(newsroom: Newsroom, people: People) -> None:
    def upload(shade: int = 0, alt: str = "A") -> Any:
        files = {"file": (f"{shade}-{alt}.png", png(shade=shade))}
        return create(newsroom, path="/media", json=None, files=files, data={"alt": alt})

    first, again = await upload(), await upload()
    assert first.request.headers["Content-Type"] != again.request.headers["Content-Type"]  # another boundary
    assert (again.status_code, again.content) == (201, first.content)
    before = await everything(people.parts)
    assert problem(await upload(shade=1)) == problem(await upload(alt="B")) == REUSED
    assert await everything(people.parts) == before


async def test_a_key_belongs_to_its_account(client: AsyncClient, newsroom: Newsroom, people: People) -> None:
    other = Newsroom(client, await people.headers("editor"))
    made = [(await create(one)).json() for one in (newsroom, other)]
    assert made[0]["id"] != made[1]["id"]
    assert problem(await create(other, json={**FORM, "title": "Other"})) == REUSED


@pytest.mark.parametrize(
    ("sent", "status"), [({}, 422), ({**FORM, "tags": ["never"]}, 422), ({**FORM, "x": 1}, 422), ("no form", 422)]
)
async def test_what_was_refused_can_be_sent_again(newsroom: Newsroom, sent: Any, status: int) -> None:
    assert (await create(newsroom, json=sent)).status_code == status
    assert (await create(newsroom)).status_code == 201


async def test_what_only_asks_keeps_no_key(newsroom: Newsroom, people: People) -> None:
    for _ in range(2):
        shown = await create(newsroom, path="/articles?dry_run=true")
        assert (shown.status_code, "Idempotency-Replayed" in shown.headers) == (200, False)
    assert await count(people, idempotency_keys) == 0
    assert (await create(newsroom)).status_code == 201


async def test_other_methods_do_not_look_at_it(newsroom: Newsroom, people: People) -> None:
    draft = await newsroom.draft()
    path, headers = f"/articles/{draft['id']}", {"Idempotency-Key": "k" * 300}
    assert (await newsroom.send("GET", path, headers=headers)).status_code == 200
    assert (await newsroom.send("PATCH", path, headers=headers, version=1, json={"title": "T"})).status_code == 200
    assert (await newsroom.send("DELETE", path, headers=headers, version=2)).status_code == 204
    form = {"grant_type": "password", "username": "a", "password": "b"}
    refused = await newsroom.client.post("/v1/auth/token", data=form, headers=headers)
    assert refused.json()["error"] == "invalid_grant"
    assert await count(people, idempotency_keys) == 0


async def test_whoever_may_not_any_more_gets_no_replay(newsroom: Newsroom, people: People) -> None:
    assert (await create(newsroom, path="/tags", json={"name": "One"})).status_code == 201
    async with people.parts.database.write() as connection:
        await connection.execute(update(accounts).values(roles="reader"))
    assert problem(await create(newsroom, path="/tags", json={"name": "One"})) == (403, "forbidden", "tags")
    newsroom.headers = {}
    assert problem(await create(newsroom, path="/tags", json={"name": "One"}))[0] == 401


KEYS = {
    "k": "k",
    "8e03978e-40d5-43dd-bc93-6894a57f9324": "8e03978e-40d5-43dd-bc93-6894a57f9324",
    '"8e03978e"': "8e03978e",
    r'"a\"b\\c"': r'a"b\c',
    "a b": "a b",
    '  "a"\t': "a",
    'a"b': 'a"b',
    "~" * 255: "~" * 255,
    f'"{"~" * 255}"': "~" * 255,
    "a, b": "a, b",
}
NO_KEYS = ["", " ", '""', '" a"', '"a', '"', '"a"b"', r'"a\b"', "~" * 256, "a\x7f", "ä", "a\tb", '"a";b=1']


def test_a_key_is_the_same_with_quotes_and_without() -> None:
    assert {sent: key_in([sent]) for sent in KEYS} == KEYS
    assert key_in([]) is None


@pytest.mark.parametrize("sent", [*([one] for one in NO_KEYS), ["a", "a"]])
def test_what_is_no_key_is_refused(sent: list[str]) -> None:
    with pytest.raises(BadRequest) as refused:
        key_in(sent)
    assert refused.value.parameter == "Idempotency-Key"


async def test_a_bad_key_is_told_before_the_body_is_read(newsroom: Newsroom, people: People) -> None:
    for headers in ([("Idempotency-Key", "")], [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]):
        refused = await newsroom.client.post(
            "/v1/editorial/tags", headers=[*newsroom.headers.items(), *headers], content=b"{"
        )
        assert problem(refused) == (400, "bad-request", None)
        assert [flaw["parameter"] for flaw in refused.json()["errors"]] == ["Idempotency-Key"]
    quoted, bare = await create(newsroom, key='"a"'), await create(newsroom, key="a")
    assert quoted.content == bare.content
    assert await count(people) == 1


async def test_a_key_is_kept_for_a_day(client: AsyncClient, people: People, clock: Clock) -> None:
    account = await people.add("editor")

    async def sent(key: str, **fields: Any) -> Response:
        newsroom = Newsroom(client, {"Authorization": f"Bearer {people.token(account)}"})
        return await create(newsroom, key=key, json={**FORM, **fields})

    first = await sent("k")
    clock.move(hours=23, minutes=59)
    assert (await sent("k")).content == first.content
    clock.move(minutes=2)
    again = await sent("k", title="The next day")
    assert again.status_code == 201
    assert again.json()["id"] != first.json()["id"]
    clock.move(hours=25)
    await sent("another")
    assert await count(people, idempotency_keys) == 1  # whoever comes sweeps


async def test_twenty_at_once_make_one_article(
    settings: Settings, clock: Clock, app: FastAPI, newsroom: Newsroom, people: People
) -> None:
    async with serving(settings, clock) as elsewhere:  # another process's parts, on the same database
        there = Newsroom(elsewhere, newsroom.headers)
        answers = await asyncio.gather(*(create((newsroom, there)[at % 2]) for at in range(20)))
        statuses = Counter(answer.status_code for answer in answers)
        made = {answer.content for answer in answers if answer.status_code == 201}
        assert set(statuses) <= {201, 409}
        assert len(made) == 1
        assert {problem(answer) for answer in answers if answer.status_code == 409} <= {RUNNING}
        assert {answer.headers["Retry-After"] for answer in answers if answer.status_code == 409} <= {"1"}
        assert {(await create(one)).content for one in (newsroom, there)} == made
    assert (await count(people), await count(people, events)) == (1, 1)


async def test_twenty_bodies_at_once_under_one_key_make_one_article(newsroom: Newsroom, people: People) -> None:
    bodies = ({**FORM, "title": f"Title {at}"} for at in range(20))
    answers = await asyncio.gather(*(create(newsroom, json=body) for body in bodies))
    assert Counter(answer.status_code for answer in answers)[201] == 1
    assert {problem(answer) for answer in answers if answer.status_code != 201} <= {RUNNING, REUSED}
    assert await count(people) == 1


async def test_a_failed_commit_keeps_no_answer(newsroom: Newsroom, people: People, saboteur: Saboteur) -> None:
    before = await everything(people.parts)
    await saboteur.start()
    assert (await create(newsroom)).status_code in {409, 500}
    assert await everything(people.parts) == before
    await saboteur.stop()
    made = await create(newsroom)
    assert (made.status_code, "Idempotency-Replayed" in made.headers) == (201, False)


async def test_a_request_whose_process_was_killed_can_be_sent_again_after_a_while(
    newsroom: Newsroom, people: People, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    async def nothing(_: Attempt) -> None:
        return

    with monkeypatch.context() as patch:
        patch.setattr(stored_articles, "add", killed)
        patch.setattr(Attempt, "release", nothing)
        with pytest.raises(KeyboardInterrupt):
            await create(newsroom)
    refused = await create(newsroom)
    assert (problem(refused), refused.headers["Retry-After"]) == (RUNNING, "1")
    clock.move(seconds=50)
    assert problem(await create(newsroom)) == RUNNING
    assert problem(await create(newsroom, json={**FORM, "title": "Other"})) == REUSED
    clock.move(seconds=11)
    answers = await asyncio.gather(*(create(newsroom) for _ in range(8)))
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await count(people) == 1


async def test_a_request_that_was_given_up_cannot_act_any_more(
    newsroom: Newsroom, people: People, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, reached, go_on = drafts.body_of, asyncio.Event(), asyncio.Event()

    async def slow(*args: Any, **kwargs: Any) -> Any:
        if not reached.is_set():
            reached.set()
            await go_on.wait()
        return await read(*args, **kwargs)

    monkeypatch.setattr(drafts, "body_of", slow)
    first = asyncio.create_task(create(newsroom))
    await reached.wait()
    clock.move(seconds=61)
    second = await create(newsroom)
    go_on.set()
    assert second.status_code == 201
    assert problem(await first) == RUNNING
    assert (await create(newsroom)).content == second.content
    assert (await count(people), await count(people, events)) == (1, 1)


async def test_an_answer_that_shows_a_secret_is_not_kept(
    newsroom: Newsroom, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Visit.answer

    async def secret(self: Visit, connection: Any, response: Any) -> Any:
        return await answer(self, connection, response, keep=False)

    monkeypatch.setattr(Visit, "answer", secret)
    assert (await create(newsroom)).status_code == 201
    assert problem(await create(newsroom)) == (409, "conflict", "idempotency-key-secret")
    assert problem(await create(newsroom, json={**FORM, "title": "Other"})) == REUSED
    async with people.parts.database.read() as connection:
        [row] = (await connection.execute(select(idempotency_keys))).all()
    assert (row.status, row.headers, row.body, row.progress) == (201, None, None, None)
    assert await count(people) == 1


async def test_without_a_key_nothing_is_asked_for_one(app: FastAPI, newsroom: Newsroom) -> None:
    async def sent(key: str | None) -> list[str]:
        with statements_of(app) as statements:
            assert (await create(newsroom, key=key)).status_code == 201
        return [one for one in statements if "idempotency_keys" in one]

    assert await sent(None) == []
    assert len(await sent("new")) == 5  # void ones away (two), is it there, claim it, keep the answer
    assert len(await sent("new")) == 3


async def test_whoever_has_other_roles_by_now_gets_no_replay(newsroom: Newsroom, people: People) -> None:
    writer = Newsroom(newsroom.client, await people.headers("contributor"))
    draft = await writer.draft(title="SECRET")
    account = await people.add("editor", "contributor")
    path = f"/v1/editorial/articles/{draft['id']}/actions/submit"

    async def submit() -> Response:
        headers = {"Authorization": f"Bearer {people.token(account)}", "Idempotency-Key": "k", "If-Match": '"1"'}
        return await newsroom.client.post(path, headers=headers)

    assert (await submit()).status_code == 200
    assert (await submit()).headers["Idempotency-Replayed"] == "true"
    async with people.parts.database.write() as connection:
        await connection.exec_driver_sql(f"UPDATE accounts SET roles = 'contributor' WHERE id = '{account.id}'")
    after = await submit()
    assert after.status_code == 422
    assert "SECRET" not in after.text
