"""The canary of secrets: each is made for real, used well and badly, and then stands nowhere that tells of it."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from infra.passwords import NOBODYS
from infra.settings import Settings
from infra.tables import accounts, metadata
from tests.accounts import ACCOUNTS
from tests.exchanging import hand_over
from tests.letters import in_folder, letters_to, sent, token_in
from tests.newsroom import Clock, Json, Newsroom, Office, People, paragraph, words
from tests.oidc import Provider
from tests.partners import basic, posted
from tests.signing_in import TOKEN, refresh
from tests.wall.canaries import NOBODY, Canaries

ADA, WISHED = "ada@example.org", "wished@example.org"
GATED = {"access": {"requires": "subscriber"}, "teaser": {"words": 10}}


@dataclass
class Secrets:
    """What was made, by what it is; and what was answered to whatever was wrong."""

    made: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    word: Callable[[], str] = field(default_factory=lambda: lambda: Canaries(11).word(NOBODY))

    def add(self, name: str, secret: str) -> str:
        assert len(secret) >= 12
        assert name not in self.made
        assert secret not in self.made.values()
        self.made[name] = secret
        return secret

    def password(self, name: str) -> str:
        return self.add(f"password {name}", f"pass of {name} {self.word()}")

    def tokens(self, name: str, answer: Json) -> Json:
        for kind in ("access_token", "refresh_token"):
            if kind in answer:
                self.add(f"{name}'s {kind}", answer[kind])
        return answer

    async def note(self, response: httpx.Response) -> None:
        if response.status_code >= 400:
            await response.aread()
            self.refused.append(f"{response.headers.multi_items()} {response.text}")

    def in_any(self, *places: str | bytes) -> set[str]:
        """Which of them stand there: as they are, by their tails, or in another writing."""
        whole = b"\n".join(place.encode() if isinstance(place, str) else place for place in places)
        return {name for name, secret in self.made.items() if any(form in whole for form in forms_of(secret))}


def forms_of(secret: str) -> Iterator[bytes]:
    plain = secret.encode()
    yield from (plain, plain[-len(plain) // 2 :], plain.hex().encode())
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(plain).rstrip(b"=")


@pytest.fixture
def secrets(client: httpx.AsyncClient) -> Secrets:
    canaries = Canaries(11)
    made = Secrets(word=lambda: canaries.word(NOBODY))
    client.event_hooks["response"].append(made.note)
    return made


async def twice(send: Callable[[], Awaitable[httpx.Response]]) -> Json:
    """What is answered to a request under a key, which then is sent again."""
    answer, again = await send(), await send()
    assert (answer.is_success, again.status_code) == (True, 409), "it shows a secret once"
    made: Json = answer.json()
    return made


async def of_readers(client: httpx.AsyncClient, people: People, secrets: Secrets) -> Json:
    """An account with all that leads to it, each used and used again; returns what it calls with."""
    password, new = secrets.password("old"), secrets.password("new")
    wrong = secrets.password("wrong")
    form = {"email": ADA, "password": password, "name": "Ada Canary"}
    await client.post(ACCOUNTS, json=form)
    link = secrets.add("link to confirm", token_in((await letters_to(people.parts, ADA))[-1]))
    for spoiled in ({"password": wrong}, {"password": 7}, {"secret": password}):
        await client.post(f"{ACCOUNTS}/confirm", json={"token": link, **spoiled})
    for _ in range(2):
        await client.post(f"{ACCOUNTS}/confirm", json={"token": link, "password": password})
    await client.post(f"{ACCOUNTS}/reset", json={"email": ADA})
    reset = secrets.add("link to reset", token_in((await letters_to(people.parts, ADA, count=2))[-1]))
    for _ in range(2):
        await client.post(f"{ACCOUNTS}/reset", json={"token": reset, "password": new})
    login = {"grant_type": "password", "username": ADA, "password": new}
    await client.post(TOKEN, data={**login, "password": wrong})
    first = secrets.tokens("first", (await client.post(TOKEN, data=login)).json())
    second = secrets.tokens("second", (await refresh(client, first["refresh_token"])).json())
    headers = {"Authorization": f"Bearer {second['access_token']}"}
    for current in (wrong, new):
        wish = {"email": WISHED, "current_password": current}
        await client.patch("/v1/me", json=wish, headers=headers)
    address = secrets.add("link to an address", token_in((await letters_to(people.parts, WISHED))[-1]))
    await client.post(f"{ACCOUNTS}/confirm", json={"token": f"{address}x"})
    other = secrets.tokens("stolen", (await client.post(TOKEN, data=login)).json())
    third = secrets.tokens("third", (await refresh(client, other["refresh_token"])).json())
    for token in (other["refresh_token"], other["refresh_token"], third["refresh_token"]):
        await refresh(client, token)
    await client.get("/v1/me", headers={"Authorization": f"Bearer {other['access_token']}"})
    return headers


async def of_clients(client: httpx.AsyncClient, office: Office, secrets: Secrets) -> tuple[Json, Json]:
    """A program with two secrets, made under keys; returns what it calls with, and its licence."""
    key = {"Idempotency-Key": "program"}
    made = await twice(lambda: office.send("POST", "/clients", json={"name": "Wire"}, headers=key))
    secrets.add("client's secret", made["secret"])
    again = await office.send("POST", f"/clients/{made['id']}/secrets", json={}, headers={"Idempotency-Key": "2"})
    second = secrets.add("client's second secret", again.json()["secret"])
    licence = await office.licence(made["id"])
    for headers in (basic(made["id"], second), basic(made["id"], f"{second}x"), basic(second, made["id"])):
        data = {"grant_type": "client_credentials"}
        answer = (await client.post(TOKEN, data=data, headers=headers)).json()
        secrets.tokens("client by header", answer)
    answer = (await client.post(TOKEN, data=posted(made["id"], made["secret"]))).json()
    secrets.tokens("client by form", answer)
    await client.post(TOKEN, data={**posted(made["id"], "wrong"), "grant_type": made["secret"]})
    return {"Authorization": f"Bearer {answer['access_token']}"}, licence


async def of_links(client: httpx.AsyncClient, newsroom: Newsroom, headers: Json, secrets: Secrets) -> None:
    """A preview and a gift, made under keys and opened."""
    draft = await newsroom.draft(title="Secret draft")
    path, key = f"/articles/{draft['id']}/previews", {"Idempotency-Key": "preview"}
    made = await twice(lambda: newsroom.send("POST", path, json={}, headers=key))
    token = secrets.add("preview", made["token"])
    for address in (made["url"], f"{made['url']}x", f"/v1/articles/{token}", f"/v1/articles?cursor={token}"):
        await client.get(address)
    await newsroom.published(title="Gated", body=[paragraph(words(90))], **GATED)
    giving = {**headers, "Idempotency-Key": "gift"}
    given = await twice(lambda: client.post("/v1/articles/gated/gifts", headers=giving))
    (gift,) = parse_qs(urlsplit(given["url"]).query)["gift"]
    secrets.add("gift", gift)
    assert (await client.get("/v1/articles/gated", params={"gift": gift})).json()["access"]["granted"] == "full"
    for path, params in (("gated", {"gift": f"{gift}x"}), ("gated", {"gift": gift, "x": gift}), (gift, {})):
        await client.get(f"/v1/articles/{path}", params=params)


async def pages(client: httpx.AsyncClient, path: str, headers: Json) -> list[str]:
    """Every page of a list."""
    found, cursor = [], ""
    while cursor is not None:
        asked = {"limit": "7", **({"cursor": cursor} if cursor else {})}
        answer = await client.get(path, params=asked, headers=headers)
        assert answer.status_code == 200
        found.append(answer.text)
        cursor = answer.json()["next_cursor"]
    return found


async def rows(app: FastAPI) -> dict[str, bytes]:
    """Every row of every table, by table: text as it stands there, and bytes too."""
    found = {}
    async with app.state.parts.database.read() as connection:
        for table in metadata.sorted_tables:
            values = [value for row in await connection.execute(select(table)) for value in row]
            found[table.name] = b"\n".join(
                value if isinstance(value, bytes) else str(value).encode() for value in values
            )
    return found


async def test_no_secret_stands_in_events_exports_errors_the_log_or_any_row(
    app: FastAPI,
    client: httpx.AsyncClient,
    people: People,
    newsroom: Newsroom,
    office: Office,
    settings: Settings,
    clock: Clock,
    provider: Provider,
    secrets: Secrets,
    log: set[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada = await of_readers(client, people, secrets)
    me = (await client.get("/v1/me", headers=ada)).json()
    await office.plan("gold", opens="everything")
    await office.subscribe(me["id"], "gold")
    program, licence = await of_clients(client, office, secrets)
    await of_links(client, newsroom, ada, secrets)
    assert (await client.get("/v1/articles/gated", headers=program)).json()["access"]["granted"] == "full"
    made = {"email": "made@example.org", "name": "Made", "roles": ["reader"], "password": secrets.password("made")}
    for form in (made, made, {**made, "email": made["password"]}):
        await office.send("POST", "/accounts", json=form, headers={"Idempotency-Key": "account"})
    outside = {"Authorization": f"Bearer {secrets.add('outside', provider.token(clock, 'abonne'))}"}
    await client.get("/v1/articles/gated", headers=outside)
    for who, headers in (("editor", newsroom.headers), ("admin", office.headers)):
        secrets.add(f"{who}'s access_token", headers["Authorization"].removeprefix("Bearer "))
    monkeypatch.setattr(people.parts.postman, "hurry", lambda: None)  # so that a letter waits
    await client.post(f"{ACCOUNTS}/reset", json={"email": ADA})

    told = {
        "events": await pages(client, "/v1/admin/events", office.headers),
        "ledger": [(await office.send("GET", f"/licences/{licence['id']}/ledger/export")).text],
        "exports": [
            (await client.get("/v1/me/export", headers=headers)).text
            for headers in (ada, outside, newsroom.headers, office.headers)
        ],
        "newsroom": [(await hand_over(people.parts, tmp_path / "export")).read_text()],
        "refusals": secrets.refused,
    }
    kept = await rows(app)
    monkeypatch.undo()
    people.parts.postman.hurry()
    await sent(people.parts)
    secrets.add("link that waited", token_in(in_folder(settings.mail_dir)[-1]))

    assert len(secrets.made) >= 22
    for name, texts in told.items():
        assert secrets.in_any(*texts) == set(), name
    for name, text in kept.items():
        assert secrets.in_any(text) == set(), name
    assert secrets.in_any(*log) == set()
    assert len(told["events"]) > 1
    assert len(told["refusals"]) > 15
    assert me["id"] in told["events"][0] + told["events"][1]
    assert ADA in told["exports"][0]
    assert licence["id"] in told["ledger"][0] or "article_id" in told["ledger"][0]
    assert "Secret draft" in told["newsroom"][0]
    assert all(kept[name] for name in ("refresh_tokens", "client_secrets", "gifts", "previews", "letters"))
    assert any("standfirst.access" in line for line in log)
    async with app.state.parts.database.read() as connection:
        hashes = set(await connection.scalars(select(accounts.c.password_hash)))
    assert {one.split("$v=")[0] for one in hashes} <= {"$argon2id", NOBODYS}
    assert len(hashes) >= 3
