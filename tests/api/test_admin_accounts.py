"""Accounts by the API of the administration, the last who can administer, and the audit log."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient

from infra.passwords import hash_password
from tests.newsroom import NOBODY, Clock, Json, Newsroom, Office, People

PASSWORD = "long enough for anybody"
SOMEBODY: Json = {"email": "Some.Body@New.Test", "name": "Somebody", "roles": ["subscriber", "reader"]}


async def sign_in(client: AsyncClient, email: str, password: str = PASSWORD) -> Any:
    form = {"grant_type": "password", "username": email, "password": password}
    return await client.post("/v1/auth/token", data=form)


def bearer(answer: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def test_an_account_is_made_signs_in_and_is_changed(client: AsyncClient, office: Office) -> None:
    made = await office.send("POST", "/accounts", json={**SOMEBODY, "password": PASSWORD})
    assert made.status_code == 201
    account = made.json()
    assert set(account) == {
        "id",
        "email",
        "name",
        "roles",
        "is_blocked",
        "plans",
        "created_at",
        "version",
        "identity",
    }
    assert (account["email"], account["roles"], account["plans"]) == (
        "some.body@new.test",
        ["reader", "subscriber"],
        [],
    )
    assert PASSWORD not in made.text
    assert "argon2" not in made.text
    signed_in = await sign_in(client, SOMEBODY["email"])
    me = (await client.get("/v1/me", headers=bearer(signed_in))).json()
    assert me["roles"] == ["reader", "subscriber"]
    changed = await office.edit("accounts", account, roles=["reader"], name="Else", email="else@new.test")
    assert (changed["roles"], changed["name"], changed["email"], changed["version"]) == (
        ["reader"],
        "Else",
        "else@new.test",
        2,
    )
    assert (await client.get("/v1/me", headers=bearer(signed_in))).json()["roles"] == ["reader"]
    assert (await sign_in(client, SOMEBODY["email"])).status_code == 400
    assert (await sign_in(client, "else@new.test")).status_code == 200
    log = (await office.send("GET", f"/events?subject=account&subject_id={account['id']}")).json()["items"]
    assert [one["action"] for one in log] == ["edit", "create"]
    assert (await office.send("DELETE", f"/accounts/{account['id']}", version=2)).status_code == 204
    assert (await client.get("/v1/me", headers=bearer(signed_in))).status_code == 401
    assert (await office.send("GET", f"/accounts/{account['id']}")).status_code == 404


async def test_without_a_password_nobody_signs_in(client: AsyncClient, office: Office) -> None:
    made = await office.send("POST", "/accounts", json=SOMEBODY)
    assert made.status_code == 201
    for password in ("", "!", "nobody has this password", PASSWORD):
        assert (await sign_in(client, SOMEBODY["email"], password)).status_code == 400


async def test_who_is_blocked_is_nobody_at_once(client: AsyncClient, office: Office, people: People) -> None:
    account = await people.add("subscriber", password_hash=hash_password(PASSWORD))
    signed_in = await sign_in(client, account.email)
    refresh = {"grant_type": "refresh_token", "refresh_token": signed_in.json()["refresh_token"]}
    own = {"Authorization": f"Bearer {people.token(account)}"}
    blocked = await office.edit("accounts", await office.account(account.id), is_blocked=True)
    assert blocked["is_blocked"]
    for headers in (bearer(signed_in), own):
        for path in ("/v1/me", "/v1/articles"):
            assert (await client.get(path, headers=headers)).status_code == 401
    assert (await client.post("/v1/auth/token", data=refresh)).json()["error"] == "invalid_grant"
    right, wrong = await sign_in(client, account.email), await sign_in(client, account.email, "wrong")
    assert right.status_code == wrong.status_code == 400
    shapes = [{**answer.json(), "request_id": ""} for answer in (right, wrong)]
    assert shapes[0] == shapes[1]
    await office.edit("accounts", blocked, is_blocked=False)
    assert (await client.get("/v1/me", headers=own)).status_code == 200
    assert (await client.get("/v1/me", headers=bearer(signed_in))).status_code == 401, "its session has ended"
    actions = (await office.send("GET", f"/events?subject_id={account.id}")).json()["items"]
    assert [one["action"] for one in actions if one["action"] in {"block", "unblock"}] == ["unblock", "block"]


WAYS: dict[str, Json | None] = {"deleted": None, "blocked": {"is_blocked": True}, "demoted": {"roles": ["editor"]}}


async def lose(office: Office, account_id: str, change: Json | None) -> int:
    path = f"/accounts/{account_id}"
    if change is None:
        return (await office.send("DELETE", path, version=1)).status_code
    return (await office.send("PATCH", path, version=1, json=change)).status_code


@pytest.mark.parametrize("way", WAYS)
async def test_the_last_admin_stays(office: Office, people: People, way: str) -> None:
    (admin,) = (await office.send("GET", "/accounts?role=admin")).json()["items"]
    blocked = await people.add("admin")
    await office.edit("accounts", await office.account(blocked.id), is_blocked=True)
    assert await lose(office, admin["id"], WAYS[way]) == 409
    answer = await office.send("PATCH", f"/accounts/{admin['id']}", version=1, json={"roles": []})
    assert (answer.status_code, answer.json()["rule"]) == (409, "last-admin")
    assert (await office.edit("accounts", admin, name="Still here"))["version"] == 2


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("other", WAYS)
async def test_of_two_admins_who_go_at_once_one_stays(
    office: Office, people: People, way: str, other: str
) -> None:
    (first,) = (await office.send("GET", "/accounts?role=admin")).json()["items"]
    second = await people.add("admin")
    aside = Office(office.client, {"Authorization": f"Bearer {people.token(second)}"})
    told = await asyncio.gather(lose(office, first["id"], WAYS[way]), lose(aside, second.id, WAYS[other]))
    assert min(told) in {200, 204}
    assert max(told) == 409


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"email": "nobody"}, "/email"),
        ({"email": "a b@c.test"}, "/email"),
        ({"email": ""}, "/email"),
        ({"name": ""}, "/name"),
        ({"roles": ["owner"]}, "/roles/0"),
        ({"roles": ["reader", "reader"]}, "/roles"),
        ({"roles": "admin"}, "/roles"),
        ({"password": "short"}, "/password"),
        ({"password_hash": "x"}, "/password_hash"),
        ({"id": NOBODY}, "/id"),
        ({"plans": ["gold"]}, "/plans"),
        ({"version": 7}, "/version"),
        ({"created_at": "2026-01-01T00:00:00Z"}, "/created_at"),
        ({"is_admin": True}, "/is_admin"),
    ],
)
async def test_what_does_not_fit_is_refused(office: Office, people: People, fields: Json, pointer: str) -> None:
    answer = await office.send("POST", "/accounts", json={**SOMEBODY, **fields})
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, [pointer])
    account = await people.add("reader")
    patched = await office.send("PATCH", f"/accounts/{account.id}", version=1, json=fields)
    assert (patched.status_code, [one["pointer"] for one in patched.json()["errors"]]) == (422, [pointer])
    assert (await office.account(account.id))["version"] == 1


async def test_an_address_is_one_accounts_alone(office: Office, people: People) -> None:
    first = await office.send("POST", "/accounts", json=SOMEBODY)
    assert first.status_code == 201
    again = {**SOMEBODY, "email": "some.body@NEW.test"}
    twice = await office.send("POST", "/accounts", json=again)
    other = await people.add("reader")
    moved = await office.send("PATCH", f"/accounts/{other.id}", version=1, json={"email": SOMEBODY["email"]})
    assert {(answer.status_code, answer.json()["rule"]) for answer in (twice, moved)} == {(409, "email")}
    many = [{**SOMEBODY, "email": "race@new.test"}] * 4
    answers = await asyncio.gather(*(office.send("POST", "/accounts", json=form) for form in many))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_accounts_are_listed_the_newest_first(office: Office, people: People) -> None:
    made = [await people.add(*roles) for roles in (("reader",), ("editor", "reader"), ("subscriber",))]
    found, query = [], "limit=1"
    while query:
        page = (await office.send("GET", f"/accounts?{query}")).json()
        found += [one["id"] for one in page["items"]]
        query = f"limit=1&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert found[:3] == [one.id for one in reversed(made)]
    readers = (await office.send("GET", "/accounts?role=reader")).json()["items"]
    assert [one["id"] for one in readers] == [made[1].id, made[0].id]
    for email in (made[2].email, made[2].email.upper()):
        items = (await office.send("GET", "/accounts", params={"email": email})).json()["items"]
        assert [one["id"] for one in items] == [made[2].id]
    await office.plan("gold", opens="everything")
    await office.subscribe(made[0].id, "gold")
    await office.subscribe(made[0].id, "gold", starts_at="2030-01-01T00:00:00Z")
    (shown,) = (await office.send("GET", "/accounts", params={"email": made[0].email})).json()["items"]
    assert shown["plans"] == ["gold"]
    for bad in ("role=owner", "email=x", "limit=0", "cursor=x", "name=x"):
        assert (await office.send("GET", f"/accounts?{bad}")).status_code == 400


async def test_who_may_not_is_told_nothing_of_what_there_is(
    client: AsyncClient, office: Office, people: People
) -> None:
    account = await people.add("reader")
    await office.plan("gold")
    held = await office.subscribe(account.id, "gold")
    there = (f"/accounts/{account.id}", "/plans/gold", f"/subscriptions/{held['id']}")
    nowhere = (f"/accounts/{NOBODY}", "/plans/nowhere", f"/subscriptions/{NOBODY}")
    for role in ("anonymous", "reader", "subscriber", "partner", "contributor", "editor"):
        headers = await people.headers(role)
        for here, gone in zip(there, nowhere, strict=True):
            for method in ("GET", "PATCH", "DELETE"):
                sent = {**headers, "If-Match": '"1"'}
                answers = [await client.request(method, f"/v1/admin{path}", headers=sent) for path in (here, gone)]
                assert {answer.status_code for answer in answers} == {401 if role == "anonymous" else 403}
                bodies = [{**answer.json(), "request_id": ""} for answer in answers]
                assert bodies[0] == bodies[1]


async def test_the_audit_log_tells_of_everything_and_filters(
    office: Office, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    await newsroom.tag("sea")
    clock.move(minutes=30)
    before = clock.time.isoformat()
    article = await newsroom.act(await newsroom.draft(), "submit", note="A note that is not for the log.")
    await office.plan("gold")
    everything = await office.send("GET", "/events?limit=100")
    items = everything.json()["items"]
    assert [(one["subject"], one["action"]) for one in items] == [
        ("plan", "create"),
        ("article", "submit"),
        ("article", "create"),
        ("tag", "create"),
    ]
    assert "note" not in everything.text
    assert all(one["from_address"] == "192.0.2.7" for one in items)
    found, query = [], "limit=1"
    while query:
        page = (await office.send("GET", f"/events?{query}")).json()
        found += page["items"]
        query = f"limit=1&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert found == items
    plan, submit, create, tag = items
    for asked, kept in (
        ({"subject": "article"}, [submit, create]),
        ({"subject_id": article["id"]}, [submit, create]),
        ({"subject": "tag", "subject_id": article["id"]}, []),
        ({"action": "submit"}, [submit]),
        ({"by": plan["by"]}, [plan]),
        ({"by": tag["by"], "action": "create"}, [create, tag]),
        ({"at_after": before}, [plan, submit, create]),
        ({"at_before": before}, [tag]),
        ({"at_after": submit["at"]}, [plan, submit]),
        ({"at_before": submit["at"]}, [create, tag]),
    ):
        assert (await office.send("GET", "/events", params=asked)).json()["items"] == kept, asked
    for bad in ("subject=x", "subject_id=x", "by=x", "action=A", "at_after=now", "cursor=x", "q=x"):
        assert (await office.send("GET", f"/events?{bad}")).status_code == 400


async def test_an_owner_and_an_administrator_who_delete_at_once_wait_for_each_other_in_one_order(
    client: AsyncClient, people: People, office: Office
) -> None:
    for _ in range(12):
        account = await people.add("reader")
        own = {"Authorization": f"Bearer {people.token(account)}"}
        await client.patch("/v1/me", headers=own, json={"name": "Another"})
        leaving = client.delete("/v1/me", headers=own)
        removing = office.send("DELETE", f"/accounts/{account.id}", version=2)
        told = [answer.status_code for answer in await asyncio.gather(leaving, removing)]
        assert 204 in told
        assert set(told) <= {204, 401, 404, 412}
