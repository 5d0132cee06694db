"""Calling with a client's token: who is taken for whom, from where, and for how long it is good."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import insert

from domain.people import Account, Role
from infra.ids import new_id
from infra.keys import load_keyring
from infra.settings import Settings
from infra.tables import accounts, client_secrets, clients, sessions
from tests.api.serving import serving
from tests.api.test_representations import leased
from tests.forging import header_of, own
from tests.forging import token_of as forged
from tests.newsroom import Clock, Json, Newsroom, Office, People, paragraph, words
from tests.partners import Program, headers_of, posted, program
from tests.signing_in import TOKEN, account_of, sign_in
from tests.wall.statements import statements_of

HERE, THERE = "192.0.2.7", "198.51.100.7"


def calling_from(app: FastAPI, address: str | None) -> AsyncClient:
    transport = ASGITransport(app)
    transport.client = None if address is None else (address, 4711)  # type: ignore[assignment] # as of a socket
    return AsyncClient(transport=transport, base_url="https://api.test")


async def status(client: AsyncClient, headers: Any, path: str = "/v1/me") -> int:
    return (await client.get(path, headers=headers)).status_code


async def test_what_is_taken_away_ends_its_tokens_at_the_next_request(client: AsyncClient, office: Office) -> None:
    one = await program(office)
    second = (await office.send("POST", f"/clients/{one.id}/secrets")).json()
    by_first, by_second = [
        await headers_of(client, Program({**second, "secret": text})) for text in (one.secret, second["secret"])
    ]
    assert [await status(client, headers) for headers in (by_first, by_second)] == [200, 200]
    first = second["secrets"][0]["id"]
    assert (await office.send("DELETE", f"/clients/{one.id}/secrets/{first}", version=2)).status_code == 204
    assert [await status(client, headers) for headers in (by_first, by_second)] == [401, 200]
    blocked = await office.edit("clients", {**second, "version": 3}, is_blocked=True)
    assert await status(client, by_second) == 401
    unblocked = await office.edit("clients", blocked, is_blocked=False)
    assert await status(client, by_second) == 200, "it lasts no longer than it would have"
    narrowed = await office.edit("clients", unblocked, networks=[THERE])
    assert await status(client, by_second) == 401
    widened = await office.edit("clients", narrowed, networks=["192.0.2.6/31"])
    assert await status(client, by_second) == 200
    await office.send("DELETE", f"/clients/{one.id}", version=widened["version"])
    answer = await client.get("/v1/me", headers=by_second)
    unknown = await client.get("/v1/me", headers={"Authorization": "Bearer a.b.c"})
    assert answer.status_code == 401
    assert answer.json() | {"request_id": ""} == unknown.json() | {"request_id": ""}
    assert answer.headers["www-authenticate"] == unknown.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("networks", "address", "let_in"),
    [
        ([], HERE, True),
        ([], None, True),
        (["192.0.2.0/24"], HERE, True),
        (["192.0.2.0/24"], "::ffff:192.0.2.7", True),
        (["192.0.2.0/24"], THERE, False),
        (["192.0.2.0/24"], None, False),
        (["192.0.2.0/24"], "/run/a.sock", False),
        (["192.0.2.0/24"], "", False),
        (["2001:db8::/32"], "2001:db8::1%eth0", True),
        (["2001:db8::/32"], HERE, False),
    ],
)
async def test_a_client_is_let_in_from_its_networks_alone(
    app: FastAPI, office: Office, networks: list[str], address: str | None, let_in: bool
) -> None:
    one = await program(office)
    bearer = await headers_of(office.client, one)
    await office.edit("clients", one.made, networks=networks)
    async with calling_from(app, address) as caller:
        assert (await caller.post(TOKEN, data=one.posted)).status_code == (200 if let_in else 401)
        assert await status(caller, bearer) == (200 if let_in else 401)
        assert await status(caller, bearer, "/v1/articles") == (200 if let_in else 401)


FORWARDED: list[tuple[tuple[str, ...], str, bool]] = [
    ((), THERE, False),
    ((), f"{THERE}, {THERE}", False),
    (("203.0.113.1",), THERE, False),
    ((HERE,), THERE, True),
    ((HERE,), f"{THERE}, 203.0.113.9", False),
    ((HERE,), f"203.0.113.9, {THERE}", True),
    ((HERE,), "", False),
    ((HERE,), "nonsense", False),
]


@pytest.mark.parametrize(("proxies", "forwarded", "let_in"), FORWARDED)
async def test_a_forwarded_address_lets_in_by_trusted_proxies_only(
    settings: Settings, clock: Clock, office: Office, proxies: Sequence[str], forwarded: str, let_in: bool
) -> None:
    one = await program(office)
    bearer = await headers_of(office.client, one)
    await office.edit("clients", one.made, networks=[f"{THERE}/32"])
    claims = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP")
    async with serving(settings.model_copy(update={"trusted_proxies": tuple(proxies)}), clock) as caller:
        told = {name: f"for={forwarded}" if name == "Forwarded" else forwarded for name in claims}
        assert await status(caller, {**bearer, **told}) == (200 if let_in else 401)
        answer = await caller.post(TOKEN, data=one.posted, headers=told)
        assert answer.status_code == (200 if let_in else 401)


async def test_nothing_is_kept_for_a_client_and_nothing_that_is_kept_is_given_elsewhere(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, office: Office, people: People
) -> None:
    gate = {"requires": "subscriber"}
    await newsroom.published(title="Kept", body=[paragraph(words(80))], access=gate)
    one = await program(office, networks=["192.0.2.0/24"])
    bearer = await headers_of(client, one)
    partner = await people.headers("partner")
    for path in ("/v1/articles/kept", "/v1/articles", "/v1/sync", "/v1/tags", "/v1/feeds/rss.xml"):
        for headers, is_kept in ((partner, True), (bearer, False), ({}, True)):
            await leased(app)
            first = await client.get(path, headers=headers)
            await leased(app)
            with statements_of(app) as sent:
                again = await client.get(path, headers=headers)
            assert first.status_code == again.status_code == 200
            assert (sent == []) is is_kept, (path, headers)
        async with calling_from(app, THERE) as elsewhere:
            await leased(app)
            assert await status(elsewhere, bearer, path) == 401
        assert await status(client, bearer, path) == 200
        assert "public" not in (await client.get(path, headers=bearer)).headers["cache-control"]


async def test_an_account_is_asked_for_as_before(
    app: FastAPI, client: AsyncClient, people: People, newsroom: Newsroom
) -> None:
    await newsroom.published(title="Free")
    signed_in = await sign_in(client, await account_of(people))
    with statements_of(app) as sent:
        await client.get("/v1/me/sessions", headers={"Authorization": f"Bearer {signed_in['access_token']}"})
    assert len(sent) == 2
    assert not any("clients" in statement or "client_secrets" in statement for statement in sent)


async def test_whatever_else_is_ones_own_is_not_a_clients(client: AsyncClient, office: Office) -> None:
    one = await program(office)
    bearer = await headers_of(client, one)
    own: list[tuple[str, str]] = [
        ("PATCH", "/v1/me"),
        ("DELETE", "/v1/me"),
        ("GET", "/v1/me/export"),
        ("GET", "/v1/me/sessions"),
        ("DELETE", "/v1/me/sessions"),
        ("DELETE", f"/v1/me/sessions/{one.made['secrets'][0]['id']}"),
        ("GET", "/v1/editorial/articles"),
        ("POST", "/v1/editorial/articles"),
    ]
    for method, path in own:
        for more in ({}, {"Idempotency-Key": "once"}):
            answer = await client.request(
                method, path, headers={**bearer, **more}, json={} if method == "PATCH" else None
            )
            assert answer.status_code == 403, (method, path)
            assert answer.headers["content-type"] == "application/problem+json"
    assert await status(client, bearer) == 200


@asynccontextmanager
async def twins(app: FastAPI, people: People) -> AsyncIterator[tuple[Account, str]]:
    """An account and a client that have the same id; and so have the account's session and the client's secret."""
    account = await people.add("admin")
    now, same = people.parts.sources.now(), new_id()
    async with app.state.parts.database.write() as connection:
        await connection.execute(
            insert(clients).values(
                id=account.id, name="Twin", networks="", is_blocked=False, version=1, created_at=now
            )
        )
        await connection.execute(
            insert(client_secrets).values(
                id=same, client_id=account.id, digest="0" * 64, prefix="sfc_", created_at=now
            )
        )
        await connection.execute(
            insert(sessions).values(
                id=same,
                account_id=account.id,
                started_at=now,
                last_used_at=now,
                expires_at=now.replace(year=2030),
            )
        )
    yield account, same


class Forger:
    """Makes tokens with our own key, as nobody else could."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.key, self.clock = load_keyring(settings)[0], clock

    def __call__(self, **claims: Any) -> dict[str, str]:
        seconds = int(self.clock().timestamp())
        good: Json = {
            "iss": "https://api.test",
            "aud": "standfirst",
            "iat": seconds,
            "exp": seconds + 600,
            "jti": "t",
        }
        token = forged(header_of(self.key), {**good, **claims}, own(self.key))
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def forge(settings: Settings, clock: Clock) -> Forger:
    return Forger(settings, clock)


async def test_even_of_twins_none_is_taken_for_the_other(
    app: FastAPI, client: AsyncClient, people: People, forge: Forger
) -> None:
    every = sorted(Role)
    async with twins(app, people) as (account, same):
        as_account = forge(sub=account.id, client_id="standfirst", sid=same, roles=every)
        as_client = forge(sub=account.id, client_id=account.id, sid=same, roles=every)
        me = (await client.get("/v1/me", headers=as_account)).json()
        assert (me["email"], me["roles"]) == (account.email, ["admin"])
        me = (await client.get("/v1/me", headers=as_client)).json()
        assert (me["email"], me["name"], me["roles"]) == (None, "Twin", ["partner"])
        assert await status(client, as_client, "/v1/admin/clients") == 403
        assert await status(client, as_account, "/v1/admin/clients") == 200
        async with app.state.parts.database.write() as connection:
            await connection.execute(clients.delete())
        assert await status(client, as_client) == 401
        assert await status(client, as_account) == 200


async def test_tokens_that_mix_accounts_and_clients_are_refused(
    client: AsyncClient, people: People, office: Office, forge: Forger
) -> None:
    one, other, account = await program(office), await program(office), await account_of(people, "admin")
    secret, its = one.made["secrets"][0]["id"], other.made["secrets"][0]["id"]
    session = (await sign_in(client, account))["access_token"]
    listed = await client.get("/v1/me/sessions", headers={"Authorization": f"Bearer {session}"})
    sid = listed.json()["items"][0]["id"]
    roles = ["admin", "partner"]
    wrong = {
        "a client said to be an account": forge(sub=one.id, client_id="standfirst", sid=secret, roles=roles),
        "without a word of its client": forge(sub=one.id, sid=secret, roles=roles),
        "without a secret": forge(sub=one.id, client_id=one.id, roles=roles),
        "by another's secret": forge(sub=one.id, client_id=one.id, sid=its, roles=roles),
        "by a session": forge(sub=one.id, client_id=one.id, sid=sid, roles=roles),
        "of another client": forge(sub=one.id, client_id=other.id, sid=secret, roles=roles),
        "an account said to be a client": forge(sub=account.id, client_id=account.id, sid=sid, roles=roles),
        "an account by a secret": forge(sub=account.id, client_id=account.id, sid=secret, roles=roles),
        "an account for a client": forge(sub=account.id, client_id=one.id, sid=sid, roles=roles),
        "an account for a client by its secret": forge(sub=account.id, client_id=one.id, sid=secret, roles=roles),
        "an account by a secret of a client": forge(sub=account.id, sid=secret, roles=roles),
        "the first party itself": forge(sub="standfirst", client_id="standfirst", sid=secret, roles=roles),
        **{
            f"client_id {value!r}": forge(sub=one.id, client_id=value, sid=secret, roles=roles)
            for value in ("", " ", 0, None, True, [one.id], {"id": one.id}, one.id.upper(), "Standfirst")
        },
        "client_id like an odd sub": forge(sub="", client_id="", sid=secret, roles=roles),
        "azp": forge(sub=account.id, azp=one.id, client_id=one.id, sid=sid, roles=roles),
    }
    for name, headers in wrong.items():
        for path in ("/v1/me", "/v1/articles", "/v1/admin/clients"):
            assert await status(client, headers, path) == 401, (name, path)
    good = forge(sub=one.id, client_id=one.id, sid=secret, roles=roles)
    assert (await client.get("/v1/me", headers=good)).json()["roles"] == ["partner"]
    bare = forge(sub=one.id, client_id=one.id, sid=secret, roles=["admin"])
    assert await status(client, bare) == 403, "without a role it is nobody who may anything"
    assert await status(client, forge(sub=account.id, roles=roles)) == 200, "the contract's claims are enough"


async def test_no_account_signs_in_by_a_clients_name_or_otherwise(
    app: FastAPI, client: AsyncClient, people: People
) -> None:
    async with twins(app, people) as (account, _):
        async with app.state.parts.database.write() as connection:
            await connection.execute(accounts.update().values(roles="admin partner"))
        for secret in ("", "!", "0" * 64, "sfc_"):
            assert (await client.post(TOKEN, data=posted(account.id, secret))).status_code == 401
