"""Clients by the API of the administration: made, changed, given a second secret, and removed."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import select

from infra import clients
from infra.ids import new_id
from infra.tables import client_secrets
from tests.everything import everything
from tests.newsroom import Clock, Json, Office, People
from tests.partners import headers_of, posted, program
from tests.signing_in import TOKEN
from tests.wall.statements import statements_of


async def actions_on(office: Office, client_id: str) -> list[tuple[str, int]]:
    events = (await office.send("GET", f"/events?subject=client&subject_id={client_id}")).json()["items"]
    return [(one["action"], one["version"]) for one in events]


async def test_a_client_is_made_read_changed_and_deleted(office: Office, client: AsyncClient) -> None:
    networks = ["192.0.2.7", "2001:DB8::/32", "192.0.2.7/32", "::ffff:198.51.100.0/120"]
    answer = await office.send("POST", "/clients", json={"name": " The Wire ", "networks": networks})
    made = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.headers["location"] == f"https://api.test/v1/admin/clients/{made['id']}"
    assert answer.headers["cache-control"] == "no-store"
    secret = made.pop("secret")
    (shown,) = made["secrets"]
    assert (len(secret), secret[:12], shown["last_used_at"]) == (47, shown["prefix"], None)
    assert secret.startswith("sfc_")
    assert (made["name"], made["is_blocked"], made["version"]) == ("The Wire", False, 1)
    assert made["networks"] == ["192.0.2.7/32", "2001:db8::/32", "198.51.100.0/24"]
    read = await office.send("GET", f"/clients/{made['id']}")
    assert (read.json(), read.headers["etag"]) == (made, '"1"')
    changed = await office.edit("clients", made, name="Wire", networks=["192.0.2.0/24"])
    assert changed == {**made, "name": "Wire", "networks": ["192.0.2.0/24"], "version": 2}
    blocked = await office.edit("clients", changed, is_blocked=True)
    freed = await office.edit("clients", blocked, is_blocked=None, networks=None)
    assert (freed["is_blocked"], freed["networks"], freed["version"]) == (False, [], 4)
    path = f"/clients/{made['id']}"
    for version, status in ((None, 428), (3, 412), (4, 204), (4, 404)):
        assert (await office.send("DELETE", path, version=version)).status_code == status
    assert (await office.send("GET", path)).status_code == 404
    assert await actions_on(office, made["id"]) == [
        ("delete", 4),
        ("unblock", 4),
        ("block", 3),
        ("edit", 2),
        ("create", 1),
    ]


async def test_clients_are_listed_the_newest_first_with_their_secrets(office: Office) -> None:
    made = [await program(office, name=f"Wire {number}") for number in range(3)]
    await office.send("POST", f"/clients/{made[1].id}/secrets")
    found: list[Json] = []
    query = "limit=2"
    while query:
        page = await office.send("GET", f"/clients?{query}")
        found += page.json()["items"]
        following = page.json()["next_cursor"]
        assert ("link" in page.headers) is (following is not None)
        query = f"limit=2&cursor={following}" if following else ""
        assert "secret" not in str(page.json()).replace("secrets", "")
    assert [one["id"] for one in found] == [one.id for one in reversed(made)]
    assert [len(one["secrets"]) for one in found] == [1, 2, 1]
    assert found[1] == (await office.send("GET", f"/clients/{made[1].id}")).json()


async def test_a_second_secret_takes_the_place_of_the_first(office: Office, client: AsyncClient) -> None:
    one = await program(office)
    answer = await office.send("POST", f"/clients/{one.id}/secrets")
    second = answer.json()
    old, new = second["secrets"]
    assert (answer.status_code, answer.headers["etag"], second["version"]) == (201, '"2"', 2)
    assert answer.headers["location"] == f"https://api.test/v1/admin/clients/{one.id}/secrets/{new['id']}"
    assert (old["prefix"], new["prefix"]) == (one.secret[:12], second["secret"][:12])
    for secret in (one.secret, second["secret"]):
        assert (await client.post(TOKEN, data=posted(one.id, secret))).status_code == 200
    third = await office.send("POST", f"/clients/{one.id}/secrets")
    assert (third.status_code, third.json()["rule"]) == (409, "two-secrets")
    place = f"/clients/{one.id}/secrets/{old['id']}"
    for version, status in ((None, 428), (1, 412), (2, 204), (3, 404)):
        assert (await office.send("DELETE", place, version=version)).status_code == status
    assert (await client.post(TOKEN, data=one.posted)).status_code == 401
    assert (await client.post(TOKEN, data=posted(one.id, second["secret"]))).status_code == 200
    left = (await office.send("GET", f"/clients/{one.id}")).json()
    assert ([secret["id"] for secret in left["secrets"]], left["version"]) == ([new["id"]], 3)
    assert (await office.send("POST", f"/clients/{one.id}/secrets")).status_code == 201
    assert await actions_on(office, one.id) == [
        ("add-secret", 4),
        ("remove-secret", 3),
        ("add-secret", 2),
        ("create", 1),
    ]


async def test_a_secret_of_another_client_is_not_there(office: Office) -> None:
    one, other = await program(office), await program(office)
    answer = await office.send("DELETE", f"/clients/{one.id}/secrets/{other.made['secrets'][0]['id']}", version=1)
    assert answer.status_code == 404
    for path in (f"/clients/{new_id()}/secrets", f"/clients/{new_id()}/secrets/{new_id()}"):
        method = "DELETE" if path.count("/") > 3 else "POST"
        assert (await office.send(method, path, version=1)).status_code == 404
    left = (await office.send("GET", f"/clients/{other.id}")).json()
    assert len(left["secrets"]) == 1


async def test_of_many_secrets_at_once_one_is_made(office: Office, app: FastAPI) -> None:
    for _ in range(3):
        one = await program(office)
        answers = await asyncio.gather(*(office.send("POST", f"/clients/{one.id}/secrets") for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
        async with app.state.parts.database.read() as connection:
            query = select(client_secrets.c.id).where(client_secrets.c.client_id == one.id)
            assert len((await connection.scalars(query)).all()) == 2
        assert (await office.send("GET", f"/clients/{one.id}")).json()["version"] == 2


async def test_of_changes_at_once_one_is_made(office: Office) -> None:
    one = await program(office)
    place = f"/clients/{one.id}"
    secret = f"{place}/secrets/{one.made['secrets'][0]['id']}"
    answers = await asyncio.gather(
        *(office.send("PATCH", place, version=1, json={"name": f"Wire {number}"}) for number in range(3)),
        office.send("DELETE", secret, version=1),
        office.send("PATCH", place, version=1, json={"is_blocked": True}),
    )
    assert sorted(answer.status_code for answer in answers)[1:] == [412] * 4
    assert (await office.send("GET", place)).json()["version"] == 2


BAD: list[tuple[Json, str]] = [
    ({"name": ""}, "/name"),
    ({"name": 7}, "/name"),
    ({"name": "x" * 301}, "/name"),
    ({"networks": "192.0.2.0/24"}, "/networks"),
    ({"networks": {"0": "192.0.2.0/24"}}, "/networks"),
    ({"networks": ["192.0.2.0/24"] * 101}, "/networks"),
    *(
        ({"networks": ["192.0.2.7", bad]}, "/networks/1")
        for bad in (
            "192.0.2.1/24",
            "192.0.2.0/255.255.255.0",
            "192.0.2.0/33",
            "fe80::1%eth0",
            "1",
            "localhost",
            "0.0.0.0/0 ",
            "10.0.0.0/٨",
            7,
            None,
            ["192.0.2.0/24"],
        )
    ),
    ({"is_blocked": "true"}, "/is_blocked"),
    ({"is_blocked": 0}, "/is_blocked"),
    *(
        ({name: value}, f"/{name}")
        for name, value in (
            ("id", "01970000-0000-7000-8000-000000000000"),
            ("version", 9),
            ("secret", "sfc_mine"),
            ("secrets", []),
            ("digest", "0" * 64),
            ("prefix", "sfc_mine"),
            ("roles", ["admin"]),
            ("created_at", "2026-01-01T00:00:00Z"),
            ("last_used_at", "2026-01-01T00:00:00Z"),
            ("client_id", "mine"),
            ("is_client", False),
        )
    ),
]


@pytest.mark.parametrize(("fields", "pointer"), BAD, ids=lambda value: str(value)[:50])
async def test_what_does_not_fit_is_refused(office: Office, fields: Json, pointer: str) -> None:
    one = await program(office)
    before = await office.send("GET", f"/clients/{one.id}")
    for answer in (
        await office.send("POST", "/clients", json={"name": "Wire", **fields}),
        await office.send("PATCH", f"/clients/{one.id}", version=1, json=fields),
    ):
        assert (answer.status_code, [flaw["pointer"] for flaw in answer.json()["errors"]]) == (422, [pointer])
        assert "192.0.2" not in answer.text.replace("such as 192.0.2.0/24", ""), "nothing is sent back"
    assert (await office.send("GET", f"/clients/{one.id}")).content == before.content


async def test_a_body_where_none_is_taken_gives_no_secret_of_ones_choice(office: Office) -> None:
    one = await program(office)
    wish = {"secret": "sfc_mine", "id": new_id(), "prefix": "sfc_mine"}
    made = (await office.send("POST", f"/clients/{one.id}/secrets", json=wish)).json()
    assert "mine" not in str(made)
    assert wish["id"] not in str(made)


async def test_what_was_told_once_is_not_told_again(office: Office, people: People) -> None:
    one = await program(office)
    for path, body in (("/clients", {"name": "Wire"}), (f"/clients/{one.id}/secrets", None)):
        key = {"Idempotency-Key": path}
        first = await office.send("POST", path, json=body, headers=key)
        done = await everything(people.parts)
        again = await office.send("POST", path, json=body, headers=key)
        assert (first.status_code, again.status_code) == (201, 409)
        assert again.json()["rule"] == "idempotency-key-secret"
        assert await everything(people.parts) == done
        assert first.json()["secret"] not in str(done)


async def test_nothing_that_is_kept_or_told_holds_a_secret(
    office: Office, client: AsyncClient, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    one = await program(office)
    second = (await office.send("POST", f"/clients/{one.id}/secrets", headers={"Idempotency-Key": "k"})).json()
    bearer = await headers_of(client, one)
    told = [await client.post(TOKEN, data={"grant_type": "client_credentials"}, headers=one.basic)]
    told += [await client.post(TOKEN, data={**one.posted, "client_id": new_id()})]
    told += [await client.post(TOKEN, data={**one.posted, "grant_type": "x"})]
    told += [await client.post(TOKEN, data=one.posted, headers=one.basic)]
    told += [await client.get("/v1/me", headers=bearer), await office.send("GET", "/events?limit=100")]
    told += [await office.send("GET", path) for path in ("/clients", f"/clients/{one.id}")]
    kept = str(await everything(people.parts))
    said = "".join(answer.text + str(answer.headers) for answer in told[1:])
    for secret in (one.secret, second["secret"]):
        for where in (kept, said, caplog.text):
            assert secret not in where
            assert secret[12:] not in where
    async with people.parts.database.read() as connection:
        digests = (await connection.scalars(select(client_secrets.c.digest))).all()
    assert len(digests) == 2
    assert not any(digest in said + caplog.text for digest in digests)
    assert one.secret[:12] in kept, "what is looked for could be found"


async def test_the_last_use_is_noted_once_a_minute(
    office: Office, client: AsyncClient, clock: Clock, people: People
) -> None:
    one = await program(office)

    async def used() -> Any:
        return (await office.send("GET", f"/clients/{one.id}")).json()["secrets"][0]["last_used_at"]

    assert await used() is None
    await client.post(TOKEN, data=posted(one.id, "sfc_wrong"))
    assert await used() is None
    await headers_of(client, one)
    first = await used()
    assert first is not None
    before = await everything(people.parts)
    for _ in range(3):
        clock.move(seconds=15)
        await headers_of(client, one)
    assert await everything(people.parts) == before
    clock.move(seconds=20)
    await asyncio.gather(*(headers_of(client, one) for _ in range(4)))
    assert await used() > first
    assert (await office.send("GET", f"/clients/{one.id}")).json()["version"] == 1


async def test_a_use_that_somebody_has_just_noted_is_not_noted_again(
    office: Office, client: AsyncClient, app: FastAPI, clock: Clock
) -> None:
    one = await program(office)
    await headers_of(client, one)
    with statements_of(app) as sent:
        await headers_of(client, one)
    assert len(sent) == 1, "nothing is written"
    secret_id, database = one.made["secrets"][0]["id"], app.state.parts.database
    noted = []
    for seconds in (0, 61, 1, 61):
        clock.move(seconds=seconds)
        async with database.write() as connection:
            await clients.note_use(connection, secret_id, now=clock())
            noted.append(await connection.scalar(select(client_secrets.c.last_used_at)))
    assert noted[0] < noted[1] == noted[2] < noted[3]


async def test_only_administrators_see_clients(client: AsyncClient, people: People, office: Office) -> None:
    one = await program(office)
    as_itself = await headers_of(client, one)
    for headers in (as_itself, await people.headers("editor"), await people.headers("partner")):
        other = Office(client, headers)
        for method, path in (
            ("GET", "/clients"),
            ("GET", f"/clients/{one.id}"),
            ("POST", f"/clients/{one.id}/secrets"),
        ):
            assert (await other.send(method, path)).status_code == 403
