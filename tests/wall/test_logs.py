"""The log canary: whatever is sent, and however the database fails, no log line holds any of it."""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from infra.passwords import hash_password
from infra.settings import Settings
from infra.tables import metadata
from tests.forging import own, token_of
from tests.letters import letters_to, token_in
from tests.newsroom import Clock, Json, Newsroom, People, lines, paragraph, png, words
from tests.oidc import Provider, key_number
from tests.wall.canaries import NOBODY, Canaries, tokens_in

Word = Callable[[], str]
TELLING = r"qz[a-z]{10}|sqlite|postgres|asyncpg|INSERT|SELECT|Traceback|\.py\b|broken"


@pytest.fixture
def word(log: set[str]) -> Word:
    canaries = Canaries(7)
    return lambda: canaries.word(NOBODY)


def check(log: set[str], *secrets: str) -> None:
    told = "\n".join(log)
    assert "standfirst.access" in told, "the log is not heard"
    assert not {token for token in tokens_in(told) if token.startswith("qz")}
    assert not [secret for secret in secrets if secret in told]


def form(word: Word, **fields: Any) -> Json:
    made = {"title": word(), "slug": word(), "language": "en", "standfirst": word(), **fields}
    return {"body": [paragraph(f"{word()} {words(30)} {word()}")], "extensions": {word(): word()}, **made}


async def test_writing_and_reading_leave_no_text_and_no_slug(
    newsroom: Newsroom, log: set[str], word: Word
) -> None:
    await newsroom.tag(word(), name=word(), names={"fr": word()})
    await newsroom.contributor(word(), name=word(), bio=word())
    medium = await newsroom.medium(png(), alt=word(), caption=word())
    await newsroom.draft(**{**form(word), "body": [], "body_html": f"<p>{word()}</p><h2>{word()}</h2>"})
    for markdown in (f"# {word()}\n\n{word()} *{word()}*\n\n> {word()}", f"```\n{word()}\n```\n\n<b>{word()}</b>"):
        await newsroom.draft(**{**form(word), "body": [], "body_markdown": markdown})
    article = await newsroom.published(**form(word), lead_image={"media_id": medium["id"]})
    await newsroom.client.get(f"/v1/articles/{article['slug']}")
    edited = await newsroom.edit(article, title=word())
    await newsroom.act(edited, "withdraw", public_note=word(), note=word())
    await newsroom.client.get(f"/v1/articles/{article['slug']}")
    check(log)


async def test_history_and_previews_leave_no_text_and_no_token(
    newsroom: Newsroom, log: set[str], word: Word
) -> None:
    draft = await newsroom.draft(**form(word), note=word())
    draft = await newsroom.edit(draft, **form(word))
    one = f"/articles/{draft['id']}"
    made = (await newsroom.send("POST", f"{one}/previews", json={})).json()
    for url in (made["url"], f"{made['url']}?{word()}=1", f"/v1/previews/{word()}"):
        await newsroom.client.get(url)
    for path in ("/revisions/1", "/revisions/1/diff", "/events", "/linked-from", "/readable-as"):
        await newsroom.send("GET", one + path)
    await newsroom.send("GET", "/articles", params={"q": word()})
    key = {"Idempotency-Key": word()}
    for _ in range(2):
        await newsroom.send("POST", f"{one}/revisions/1/restore", version=2, headers=key)
    await newsroom.send("PATCH", one, version=1, json=form(word))
    check(log, made["token"])


async def test_refused_requests_leave_nothing_of_what_was_sent(
    newsroom: Newsroom, people: People, log: set[str], word: Word
) -> None:
    client, path = newsroom.client, "/v1/editorial/articles"
    for address in (
        f"/v1/articles/{word()}",
        f"/{word()}/{word()}",
        f"/media/{word()}/{word()}",
        f"/docs/{word()}",
    ):
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            await client.request(method, f"{address}?{word()}={word()}&gift={word()}")
    await client.get("/v1/articles", params={"tag": word(), "cursor": word(), "language": word()})
    await client.get(
        "/v1/articles", headers={"Accept": word(), "User-Agent": word(), "Referer": word(), "Cookie": word()}
    )
    for given in (f"Bearer {word()}", f"Basic {word()}", word(), f"Bearer {word()}.{word()}.{word()}"):
        await client.get("/v1/me", headers={"Authorization": given})
    for content in (f'{{"{word()}": "{word()}"', f'"{word()}"', f'{{"{word()}": ["{word()}"]}}', f"{word()}\x00"):
        for kind in ("application/json", "text/plain", word()):
            await client.post(path, content=content, headers={**newsroom.headers, "Content-Type": kind})
    await newsroom.send("POST", "/articles", json=form(word, tags=[word()], related=[word()], kind=word().upper()))
    await newsroom.send("POST", "/media", data={"alt": word()}, files={"file": (word(), word().encode())})
    await newsroom.send("POST", "/media", data={word(): word()}, files={word(): (word(), png())})
    await newsroom.send("PATCH", f"/articles/{word()}", json={word(): word()})
    check(log)


async def test_a_made_up_method_is_not_written_down(client: httpx.AsyncClient, log: set[str], word: Word) -> None:
    await client.request(word().upper(), "/v1/articles")
    check(log)


async def test_signing_in_leaves_no_address_password_or_token(
    client: httpx.AsyncClient, people: People, log: set[str], word: Word
) -> None:
    password = word()
    account = await people.add("reader", password_hash=hash_password(password))
    log.clear()

    async def post(path: str, **data: str) -> httpx.Response:
        return await client.post(f"/v1/auth/{path}", data=data)

    sent = {"grant_type": "password", "username": account.email, "password": password}
    tokens = (await post("token", **sent)).json()
    await post("token", **{**sent, "password": word()})
    await post("token", **{**sent, "username": f"{word()}@example.org"})
    await post("token", **{**sent, word(): word(), "grant_type": word()})
    refreshed = (await post("token", grant_type="refresh_token", refresh_token=tokens["refresh_token"])).json()
    await post("token", grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    await post("revoke", token=refreshed["refresh_token"])
    await client.get("/v1/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    secrets = [one[name] for one in (tokens, refreshed) for name in ("access_token", "refresh_token")]
    parts = [part for secret in secrets for part in secret.split(".")]
    check(log, account.email, *parts, "$argon2")


async def test_outsiders_leave_no_token_and_no_name_of_theirs(
    client: httpx.AsyncClient, clock: Clock, provider: Provider, log: set[str], word: Word
) -> None:
    def claims() -> Json:
        return {"sub": word(), "email": f"{word()}@example.org", "name": word(), "jti": word(), word(): word()}

    given = [
        provider.token(clock, word(), **claims()),
        provider.token(clock, word(), **{**claims(), "sub": f"{word()}\n"}),
        provider.token(clock, word(), **claims(), aud=word()),
        provider.token(clock, word(), **claims(), key=key_number(2)),
        token_of({**provider.header(kid=word()), word(): word()}, provider.claims(clock), own(provider.keys[0])),
        token_of(provider.header(typ=word()), provider.claims(clock, **claims()), own(provider.keys[0])),
    ]
    for token in given:
        for path in ("/v1/me", "/v1/me/export"):
            await client.get(path, headers={"Authorization": f"Bearer {token}"})
        await client.post("/v1/auth/revoke", data={"token": token})
    clock.move(minutes=2)
    provider.content = f'{{"keys": [], "{word()}": "{word()}"}}'.encode()
    await client.get("/v1/me", headers=provider.bearer(clock, key=key_number(2)))
    for _ in range(200):
        if any("standfirst.issuers" in line for line in log):
            break
        await asyncio.sleep(0.01)
    assert any("standfirst.issuers" in line and provider.issuer in line for line in log), "what is wrong is told"
    check(log, *(part for token in given for part in token.split(".")))


async def test_accounts_and_letters_leave_no_name_address_password_or_link(
    client: httpx.AsyncClient, people: People, settings: Settings, log: set[str], word: Word
) -> None:
    email, password, new = f"{word()}@example.org", word(), word()
    form: Json = {"email": email, "password": password, "name": word()}
    for path, spoiled in (
        ("", {**form, "email": word()}),
        ("", {**form, word(): word()}),
        ("/confirm", {"token": word(), "password": word()}),
        ("/reset", {"token": word(), "password": word()}),
        ("/reset", {"email": word()}),
    ):
        await client.post(f"/v1/accounts{path}", json=spoiled)
    await client.post("/v1/accounts", json=form)
    first = token_in((await letters_to(people.parts, email))[-1])
    for _ in range(2):
        await client.post("/v1/accounts/confirm", json={"token": first, "password": password})
    await client.post("/v1/accounts", json=form)
    signed_in = {"grant_type": "password", "username": email, "password": password}
    token = (await client.post("/v1/auth/token", data=signed_in)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    other = f"{word()}@example.org"
    await client.patch(
        "/v1/me", json={"name": word(), "current_password": word(), "email": other}, headers=headers
    )
    await client.patch("/v1/me", json={"current_password": password, "email": other}, headers=headers)
    second = token_in((await letters_to(people.parts, other))[-1])
    await client.post("/v1/accounts/reset", json={"email": email})
    third = token_in((await letters_to(people.parts, email, count=4))[-1])
    await client.post("/v1/accounts/reset", json={"token": third, "password": new})
    await client.post("/v1/accounts/confirm", json={"token": second})
    settings.mail_dir.rename(settings.data_dir / "away")
    settings.mail_dir.write_text("in the way")
    await client.post("/v1/accounts/reset", json={"email": email})
    for _ in range(200):
        if any("not sent" in line for line in log):
            break
        await asyncio.sleep(0.01)
    assert any("standfirst.letters" in line and "not sent" in line for line in log), "the postman is heard"
    check(log, first, second, third, token, "$argon2")


@asynccontextmanager
async def broken(app: FastAPI, table: str, how: str) -> AsyncIterator[None]:
    """Make a table really fail: take it away, or let it refuse every row with a message that quotes the row."""
    database = app.state.parts.database
    gone = (f"ALTER TABLE {table} RENAME TO away", f"ALTER TABLE away RENAME TO {table}")
    refusing = (
        f"ALTER TABLE {table} ADD CONSTRAINT broken CHECK (1 = 0) NOT VALID",
        f"ALTER TABLE {table} DROP CONSTRAINT broken",
    )
    if database.is_sqlite:
        refusing = (
            f"CREATE TRIGGER broken BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'broken'); END",
            "DROP TRIGGER broken",
        )
    breaking, mending = gone if how == "gone" else refusing
    async with database.write() as connection:
        await connection.execute(text(breaking))
    try:
        yield
    finally:
        async with database.write() as connection:
            await connection.execute(text(mending))


async def everything(app: FastAPI, settings: Settings) -> tuple[list[str], list[Path]]:
    """All rows, and all files of pictures."""
    async with app.state.parts.database.read() as connection:
        rows = [sorted(map(str, await connection.execute(table.select()))) for table in metadata.sorted_tables]
    return list(itertools.chain(*rows)), sorted(one for one in settings.media_dir.rglob("*") if one.is_file())


WRITES = [
    ("create", "articles"),
    ("create", "revisions"),
    ("create", "events"),
    ("edit", "revisions"),
    ("publish", "publications"),
    ("publish", "teasers"),
    ("publish", "full_texts"),
    ("publish", "publication_tags"),
    ("publish", "events"),
    ("tag", "tags"),
    ("tag", "events"),
    ("contributor", "contributors"),
    ("medium", "media"),
    ("medium", "events"),
    ("token", "refresh_tokens"),
    ("sign-up", "letters"),
    ("account", "events"),
]


@pytest.mark.parametrize(
    ("write", "table", "how"),
    [
        pytest.param(*write, how, marks=[pytest.mark.deep] if (at + turn) % 2 else [])
        for at, write in enumerate(WRITES)
        for turn, how in enumerate(("gone", "refusing"))
    ],
)
async def test_a_database_that_fails_in_the_middle_changes_nothing_and_tells_nothing(
    app: FastAPI,
    newsroom: Newsroom,
    people: People,
    settings: Settings,
    log: set[str],
    word: Word,
    write: str,
    table: str,
    how: str,
) -> None:
    slug, password = word(), word()
    await newsroom.tag(slug)
    draft = await newsroom.draft(**form(word, tags=[slug]))
    account = await people.add("reader", password_hash=hash_password(password) if write == "token" else "!")
    login = {"grant_type": "password", "username": account.email, "password": password}
    signing_up = {"email": f"{word()}@example.org", "password": word(), "name": word()}
    requests: dict[str, tuple[str, str, Json]] = {
        "create": ("POST", "/articles", {"json": form(word)}),
        "edit": ("PATCH", f"/articles/{draft['id']}", {"json": form(word), "version": 1}),
        "publish": ("POST", f"/articles/{draft['id']}/actions/publish", {"json": {"note": word()}, "version": 1}),
        "tag": ("POST", "/tags", {"json": {"name": word()}}),
        "contributor": ("POST", "/contributors", {"json": {"name": word(), "bio": word()}}),
        "medium": ("POST", "/media", {"data": {"alt": word()}, "files": {"file": (word(), png())}}),
        "token": ("POST", "/../auth/token", {"data": login, "headers": {}}),
        "sign-up": ("POST", "/../accounts", {"json": signing_up}),
        "account": ("PATCH", "/../me", {"json": {"name": word()}}),
    }
    method, path, request = requests[write]
    before = await everything(app, settings)
    async with broken(app, table, how):
        answer = await newsroom.send(method, path, **request)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code == (500 if how == "gone" else 409)
    assert not re.search(TELLING, answer.text + str(answer.headers))
    assert await everything(app, settings) == before
    check(log, account.email)
    assert (await newsroom.send(method, path, **request)).is_success, "the same request works once it is mended"


@pytest.mark.parametrize("table", ["idempotency_keys", "revisions", "events", None])
async def test_keys_and_bulks_leave_nothing_of_what_was_sent(
    app: FastAPI, newsroom: Newsroom, log: set[str], word: Word, table: str | None
) -> None:
    bad = {"op": word(), word(): word()}
    request = lines({"op": "create", "article": form(word)}, bad, f'{{"{word()}"', word())
    headers = {**request.pop("headers"), "Idempotency-Key": word()}
    for path in ("/articles/bulk", "/articles/bulk?atomic=true"):
        async with broken(app, table, "gone") if table else nullcontext():
            answers = [await newsroom.send("POST", path, headers=headers, **request) for _ in range(2)]
        assert not any(re.search(TELLING, answer.text) for answer in answers)
    keyed = {"Idempotency-Key": word()}
    for at in range(2):
        await newsroom.send("POST", "/tags", json={"name": f"{word()} {at}"}, headers=keyed)
    await newsroom.send("POST", "/tags", json={"name": word()}, headers={"Idempotency-Key": f"{word()}ä".encode()})
    check(log)


@pytest.mark.parametrize("table", ["accounts", "publications", "teasers", "media"])
async def test_a_database_that_fails_while_it_is_read_tells_nothing(
    app: FastAPI, newsroom: Newsroom, log: set[str], word: Word, table: str
) -> None:
    medium = await newsroom.medium()
    sent = form(word, access={"requires": "subscriber"}, lead_image={"media_id": medium["id"]})
    article = await newsroom.published(**sent)
    headers = newsroom.headers if table == "accounts" else {}
    async with broken(app, table, "gone"):
        answer = await newsroom.client.get(f"/v1/articles/{article['slug']}", headers=headers)
    assert answer.status_code == 500
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(TELLING, answer.text)
    check(log)
