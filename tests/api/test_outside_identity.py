"""People whom an outside issuer vouches for: what they are here, and what they are not."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from infra import identities as identity_rows
from infra.db import Database, be_alone
from infra.settings import Settings
from infra.tables import accounts, departures, events, identities
from tests.api.serving import serving
from tests.newsroom import Clock, Json, Newsroom, Office, People
from tests.oidc import Provider, provider_at, trusting
from tests.signing_in import REVOKE, TOKEN

ARTICLES: dict[str, Json] = {
    "free": {"requires": "free"},
    "registered": {"requires": "registered"},
    "subscriber": {"requires": "subscriber"},
    "gold": {"requires": "subscriber", "plans": ["gold"]},
}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_at("/realms/readers") as provider:
        yield provider


@pytest.fixture
def settings(settings: Settings, provider: Provider) -> Settings:
    return trusting(settings, provider.setting())


async def rows(app: FastAPI, table: Any) -> list[Any]:
    async with app.state.parts.database.read() as connection:
        return list(await connection.execute(table.select()))


@pytest.fixture
async def articles(newsroom: Newsroom) -> None:
    for slug, gate in ARTICLES.items():
        await newsroom.published(title=slug, slug=slug, access=gate)


async def granted(client: AsyncClient, headers: dict[str, str]) -> dict[str, str]:
    found = {}
    for slug in ARTICLES:
        answer = await client.get(f"/v1/articles/{slug}", headers=headers)
        assert answer.status_code == 200, answer.text
        found[slug] = answer.json()["access"]["granted"]
    return found


async def test_somebody_from_outside_is_told_who_they_are(
    client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    answer = await client.get("/v1/me", headers=provider.bearer(clock, "abonne"))
    assert answer.status_code == 200, answer.text
    me = answer.json()
    assert me["issuer"] == provider.issuer
    assert (me["email"], me["name"], me["roles"], me["plans"]) == (None, "Reader", ["reader", "subscriber"], [])


@pytest.mark.parametrize(
    ("roles", "whole"),
    [
        ((), {"free", "registered"}),
        (("abonne",), {"free", "registered", "subscriber"}),
        (("somebody-else", "ABONNE", "subscriber", "admin", "reader"), {"free", "registered"}),
        (("redaction",), {"free", "registered", "subscriber", "gold"}),
    ],
)
@pytest.mark.usefixtures("articles")
async def test_they_read_by_the_roles_that_their_claims_map_to(
    client: AsyncClient, clock: Clock, provider: Provider, roles: tuple[str, ...], whole: set[str]
) -> None:
    found = await granted(client, provider.bearer(clock, *roles))
    assert {slug for slug, how in found.items() if how == "full"} == whole


async def test_they_are_the_same_account_each_time_and_it_holds_nothing_of_the_token(
    app: FastAPI, client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    ids = set()
    for roles in ((), ("chef",), ("abonne",)):
        clock.move(seconds=5)
        ids.add((await client.get("/v1/me", headers=provider.bearer(clock, *roles))).json()["id"])
    [account], [identity] = await rows(app, accounts), await rows(app, identities)
    assert ids == {account.id}
    assert (account.roles, account.email, account.password_hash) == ("", account.id, "!")
    assert (identity.issuer, identity.subject, identity.account_id) == (provider.issuer, "f:17:ada", account.id)
    [event] = await rows(app, events)
    assert (event.action, event.subject_id, event.by, event.from_address) == (
        "sign-up-outside",
        account.id,
        account.id,
        "192.0.2.7",
    )


async def test_of_many_first_requests_at_once_one_makes_the_account(
    app: FastAPI, client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    headers = [provider.bearer(clock, jti=f"{at}") for at in range(20)]
    answers = await asyncio.gather(*(client.get("/v1/me", headers=one) for one in headers))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await rows(app, accounts)) == len(await rows(app, events)) == 1


async def test_an_address_in_a_token_leads_to_no_account(
    client: AsyncClient, people: People, clock: Clock, provider: Provider
) -> None:
    admin = await people.add("admin", "subscriber", plans=("gold",))
    for claims in ({"email": admin.email}, {"sub": admin.id}, {"sub": admin.email}, {"client_id": admin.id}):
        me = (await client.get("/v1/me", headers=provider.bearer(clock, **claims))).json()
        assert me["id"] != admin.id
        assert (me["roles"], me["plans"], me["email"]) == (["reader"], [], None)


async def test_nobody_signs_in_as_them_with_a_password(
    client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    account_id = (await client.get("/v1/me", headers=provider.bearer(clock))).json()["id"]
    for password in ("!", "", "nobody has this password", account_id):
        form = {"grant_type": "password", "username": account_id, "password": password}
        assert (await client.post(TOKEN, data=form)).status_code == 400
    for path in ("", "/reset"):
        form = {"email": account_id, **({} if path else {"password": "a long password", "name": "Ada"})}
        assert (await client.post(f"/v1/accounts{path}", json=form)).status_code == 422


async def test_what_takes_a_password_or_a_session_of_ours_is_refused_clearly(
    client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    headers = provider.bearer(clock)
    before = (await client.get("/v1/me", headers=headers)).json()
    for patch in ({"email": "new@example.org"}, {"password": "another long one"}):
        for more in ({}, {"current_password": "!"}):
            answer = await client.patch("/v1/me", json={**patch, **more, "name": "Ada"}, headers=headers)
            assert answer.status_code == 422
            assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [f"/{next(iter(patch))}"]
    assert (await client.get("/v1/me", headers=headers)).json() == before
    assert (await client.get("/v1/me/sessions", headers=headers)).json() == {"items": []}
    assert (await client.delete("/v1/me/sessions", headers=headers)).status_code == 204
    revoked = await client.post(REVOKE, data={"token": headers["Authorization"].removeprefix("Bearer ")})
    assert (revoked.status_code, revoked.json()["error"]) == (400, "unsupported_token_type")
    assert (await client.get("/v1/me", headers=headers)).status_code == 200, "it is as good as it was"


async def test_they_name_themselves_take_what_is_kept_of_them_and_leave(
    app: FastAPI, client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    headers = provider.bearer(clock)
    changed = await client.patch("/v1/me", json={"name": "Ada Moor", "language": "fr"}, headers=headers)
    assert (changed.status_code, changed.json()["email"], changed.json()["name"]) == (200, None, "Ada Moor")
    kept = (await client.get("/v1/me/export", headers=headers)).json()
    assert (kept["account"]["email"], kept["account"]["roles"]) == (None, [])
    assert [(one["issuer"], one["subject"]) for one in kept["identities"]] == [(provider.issuer, "f:17:ada")]
    assert "ada@example.org" not in str(kept)
    assert (await client.delete("/v1/me", headers=headers)).status_code == 204
    assert not await rows(app, accounts)
    assert not await rows(app, identities)
    clock.move(seconds=20)
    again = (await client.get("/v1/me", headers=provider.bearer(clock))).json()
    assert (again["name"], again["id"] != kept["account"]["id"]) == ("Reader", True)


async def test_the_token_that_deleted_an_account_makes_no_other(
    app: FastAPI, client: AsyncClient, office: Office, clock: Clock, provider: Provider
) -> None:
    mine = [provider.bearer(clock, jti=f"{at}") for at in range(2)]
    ahead = provider.bearer(clock, iat=int(clock().timestamp()) + 4)
    assert (await client.delete("/v1/me", headers=mine[0])).status_code == 204
    for headers in (*mine, ahead):
        for path in ("/v1/me", "/v1/articles"):
            assert (await client.get(path, headers=headers)).status_code == 401
    assert not await rows(app, identities)
    assert (await client.get("/v1/me", headers=provider.bearer(clock, sub="another"))).status_code == 200
    clock.move(seconds=20)
    account_id = (await client.get("/v1/me", headers=provider.bearer(clock))).json()["id"]
    assert (await office.send("DELETE", f"/accounts/{account_id}", version=1)).status_code == 204
    assert (await client.get("/v1/me", headers=provider.bearer(clock))).status_code == 401, "an admin's word too"


async def test_departures_are_forgotten_when_no_token_is_left(
    app: FastAPI, client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    database = app.state.parts.database
    assert (await client.delete("/v1/me", headers=provider.bearer(clock))).status_code == 204
    (kept,) = await rows(app, departures)
    assert "ada" not in str(kept)
    for hours, left in ((23, 1), (2, 0)):
        clock.move(seconds=hours * 3600)
        await identity_rows.sweep(database, clock.time)
        assert len(await rows(app, departures)) == left


@pytest.mark.parametrize("role", ["redaction", "pigiste", "chef"])
async def test_who_works_in_the_newsroom_does_not_come_back_as_somebody_else(
    client: AsyncClient, clock: Clock, provider: Provider, role: str
) -> None:
    headers = provider.bearer(clock, role)
    before = (await client.get("/v1/me", headers=headers)).json()["id"]
    answer = await client.delete("/v1/me", headers=headers)
    assert (answer.status_code, answer.json()["rule"]) == (409, "newsroom")
    assert (await client.get("/v1/me", headers=headers)).json()["id"] == before


async def test_a_block_is_not_lost_with_the_account(
    client: AsyncClient, office: Office, clock: Clock, provider: Provider
) -> None:
    headers = provider.bearer(clock)
    path = f"/accounts/{(await client.get('/v1/me', headers=headers)).json()['id']}"
    assert (await office.send("PATCH", path, version=1, json={"is_blocked": True})).status_code == 200
    refused = await office.send("DELETE", path, version=2)
    assert (refused.status_code, refused.json()["rule"]) == (409, "blocked")
    clock.move(seconds=20)
    assert (await client.get("/v1/me", headers=provider.bearer(clock))).status_code == 401


@pytest.mark.usefixtures("articles")
async def test_plans_open_and_end_with_the_next_request(
    client: AsyncClient, office: Office, clock: Clock, provider: Provider
) -> None:
    headers = provider.bearer(clock)
    await office.plan("gold", opens={})
    assert (await granted(client, headers))["gold"] == "teaser"
    account_id = (await client.get("/v1/me", headers=headers)).json()["id"]
    subscription = await office.subscribe(account_id, "gold")
    assert (await granted(client, headers))["gold"] == "full"
    await office.revoke(subscription)
    assert (await granted(client, headers))["gold"] == "teaser"


@pytest.mark.usefixtures("articles")
async def test_who_is_blocked_is_shut_out_whatever_their_issuer_says(
    app: FastAPI, client: AsyncClient, office: Office, clock: Clock, provider: Provider
) -> None:
    headers = provider.bearer(clock, "chef")
    for _ in range(2):
        assert (await granted(client, headers))["subscriber"] == "full"
    account_id = (await client.get("/v1/me", headers=headers)).json()["id"]
    account = await office.account(account_id)
    assert account["identity"] == {"issuer": provider.issuer, "subject": "f:17:ada"}
    path = f"/accounts/{account_id}"
    blocked = await office.send("PATCH", path, version=account["version"], json={"is_blocked": True})
    assert blocked.status_code == 200, blocked.text
    for token in (headers, provider.bearer(clock, "chef", jti="new")):
        for path in ("/v1/me", "/v1/articles/subscriber", "/v1/articles"):
            assert (await client.get(path, headers=token)).status_code == 401
    assert len(await rows(app, identities)) == 1


async def test_an_administrator_finds_them_and_cannot_make_them_one_of_ours(
    client: AsyncClient, office: Office, clock: Clock, provider: Provider
) -> None:
    me = (await client.get("/v1/me", headers=provider.bearer(clock))).json()
    await client.get("/v1/me", headers=provider.bearer(clock, sub="another"))
    for asked, count in (
        ({"issuer": provider.issuer}, 2),
        ({"issuer": provider.issuer, "subject": "f:17:ada"}, 1),
        ({"subject": "another"}, 1),
        ({"issuer": "https://nobody.test"}, 0),
    ):
        found = (await office.send("GET", "/accounts", params=asked)).json()["items"]
        assert len(found) == count, asked
    path = f"/accounts/{me['id']}"
    for change in ({"email": "new@example.org"}, {"roles": ["admin"]}, {"roles": ["reader"], "email": "a@b.test"}):
        answer = await office.send("PATCH", path, version=1, json=change)
        assert answer.status_code == 422, answer.text
        assert {flaw["pointer"] for flaw in answer.json()["errors"]} == {f"/{name}" for name in change}
    assert (await office.account(me["id"]))["version"] == 1
    removed = await office.send("DELETE", path, version=1)
    assert removed.status_code == 204


async def test_nobody_loses_their_address_by_a_patch(office: Office, people: People) -> None:
    account = await people.add("reader")
    answer = await office.send("PATCH", f"/accounts/{account.id}", version=1, json={"email": None})
    assert answer.status_code == 422
    assert (await office.account(account.id))["email"] == account.email


async def test_an_outsider_is_not_the_last_who_can_administer(
    app: FastAPI, client: AsyncClient, office: Office, clock: Clock, provider: Provider
) -> None:
    assert (await client.get("/v1/me", headers=provider.bearer(clock, "chef"))).json()["roles"] == [
        "admin",
        "reader",
    ]
    answer = await client.delete("/v1/me", headers=office.headers)
    assert (answer.status_code, answer.json()["rule"]) == (409, "last-admin")


async def test_who_is_given_no_role_is_nobody_and_leaves_no_row(
    app: FastAPI, settings: Settings, clock: Clock, provider: Provider
) -> None:
    strict = trusting(settings, provider.setting(default_role=None))
    async with serving(strict, clock) as client:
        for path in ("/v1/me", "/v1/articles"):
            answer = await client.get(path, headers=provider.bearer(clock, "something"))
            assert answer.status_code == 401
        assert not await rows(app, accounts)
        assert (await client.get("/v1/me", headers=provider.bearer(clock, "abonne"))).json()["roles"] == [
            "subscriber"
        ]


async def test_two_issuers_never_mean_the_same_person(
    settings: Settings, clock: Clock, provider: Provider
) -> None:
    with provider_at() as other:
        async with serving(trusting(settings, provider.setting(), other.setting()), clock) as client:
            ids = {
                (await client.get("/v1/me", headers=one.bearer(clock))).json()["id"] for one in (provider, other)
            }
            assert len(ids) == 2


@pytest.mark.parametrize(
    ("claim", "said", "roles"),
    [
        ("roles", {"roles": ["abonne"]}, ["reader", "subscriber"]),
        ("roles", {"roles": "abonne"}, ["reader", "subscriber"]),
        ("roles", {"roles": "abonne redaction"}, ["reader"]),
        ("scope", {"scope": "openid abonne"}, ["reader", "subscriber"]),
        ("scp", {"scp": ["abonne"]}, ["reader", "subscriber"]),
        ("https://www.test/roles", {"https://www.test/roles": ["abonne"]}, ["reader", "subscriber"]),
        (
            ["resource_access", "api", "roles"],
            {"resource_access": {"api": {"roles": ["abonne"]}}},
            ["reader", "subscriber"],
        ),
        (["resource_access", "api", "roles"], {"resource_access": ["abonne"]}, ["reader"]),
        ("roles", {"roles": {"abonne": True}}, ["reader"]),
        ("roles", {"roles": [["abonne"], 1, None, {"abonne": "abonne"}]}, ["reader"]),
        ("roles", {"roles": True}, ["reader"]),
        ("roles", {"groups": ["abonne"]}, ["reader"]),
    ],
)
async def test_roles_stand_where_the_setting_says_and_nowhere_else(
    settings: Settings, clock: Clock, provider: Provider, claim: Any, said: Json, roles: list[str]
) -> None:
    one = provider.setting(role_claim=claim)
    async with serving(trusting(settings, one), clock) as client:
        me = await client.get("/v1/me", headers=provider.bearer(clock, "chef", **said))
        assert me.json()["roles"] == roles


@asynccontextmanager
async def impatient(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Let connections that are opened from now on not wait for long."""
    monkeypatch.setattr("infra.db.SQLITE_BUSY_SECONDS", 0)
    setting = f"ALTER DATABASE {database.engine.url.database} {{}}"
    if database.is_sqlite:
        yield
        return
    async with database.write() as connection:
        await connection.execute(text(setting.format("SET lock_timeout = '50ms'")))
    try:
        yield
    finally:
        async with database.write() as connection:
            await connection.execute(text(setting.format("RESET lock_timeout")))


async def test_a_database_that_is_busy_is_told_so_on_the_first_visit(
    app: FastAPI, settings: Settings, clock: Clock, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    database: Database = app.state.parts.database
    async with impatient(database, monkeypatch), serving(settings, clock) as client:
        async with database.write() as connection:
            await be_alone(connection, identities)
            answer = await client.get("/v1/me", headers=provider.bearer(clock))
            assert (answer.status_code, answer.headers.get("retry-after")) == (503, "1")
        assert not await rows(app, accounts)
        assert (await client.get("/v1/me", headers=provider.bearer(clock))).status_code == 200
