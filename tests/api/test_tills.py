"""Payment systems: clients that set subscriptions, and nothing else."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from infra.ids import new_id
from tests.everything import everything
from tests.newsroom import Clock, Json, Newsroom, Office, People, paragraph, words
from tests.partners import Program, headers_of, program

SECRET = "qzbehindthewall"
BODY = [paragraph(words(20)), paragraph(f"{words(60)} {SECRET}")]


@pytest.fixture
async def till(office: Office) -> Program:
    return await program(office, name="Till", role="cashier")


async def test_a_till_sells_ends_and_takes_back_and_the_audit_log_says_that_it_was_the_till(
    client: AsyncClient, office: Office, newsroom: Newsroom, people: People, till: Program
) -> None:
    await office.plan("coast", opens="everything")
    await newsroom.published(title="Gated", body=BODY, access={"requires": "subscriber"})
    reader = await people.add("reader")
    reads = {"Authorization": f"Bearer {people.token(reader)}"}
    at_till = Office(client, await headers_of(client, till))
    sold = await at_till.subscribe(reader.id, "coast", source="till", external_id="sub_1")
    form = {"account_id": reader.id, "plan": "coast", "source": "till", "external_id": "sub_1"}
    again = await at_till.send("POST", "/subscriptions", json=form)
    assert (again.status_code, again.json()["id"]) == (200, sold["id"])
    assert SECRET in (await client.get("/v1/articles/gated", headers=reads)).text
    renewed = await at_till.edit("subscriptions", sold, ends_at="2030-01-01T00:00:00Z")
    found = await at_till.send("GET", "/subscriptions", params={"source": "till", "external_id": "sub_1"})
    assert [one["version"] for one in found.json()["items"]] == [renewed["version"]]
    await at_till.revoke(renewed)
    assert SECRET not in (await client.get("/v1/articles/gated", headers=reads)).text
    log = await office.send("GET", "/events", params={"subject": "subscription", "subject_id": sold["id"]})
    assert [(one["action"], one["by"]) for one in log.json()["items"]] == [
        ("revoke", till.id),
        ("edit", till.id),
        ("create", till.id),
    ]


async def test_a_till_reads_as_everybody_does_and_sees_nothing_else_of_the_administration(
    client: AsyncClient, newsroom: Newsroom, people: People, till: Program
) -> None:
    for requires in ("registered", "subscriber"):
        await newsroom.published(title=requires, body=BODY, access={"requires": requires})
    headers = await headers_of(client, till)
    me = (await client.get("/v1/me", headers=headers)).json()
    assert (me["id"], me["roles"], me["email"], me["plans"]) == (till.id, ["cashier"], None, [])
    for path in ("/v1/articles/registered", "/v1/articles/subscriber", "/v1/articles", "/v1/sync"):
        answers = [await client.get(path, headers=one) for one in (headers, {})]
        assert {answer.status_code for answer in answers} == {200}
        assert not [answer for answer in answers if SECRET in answer.text]
    assert (await client.get("/v1/search", headers=headers, params={"q": SECRET})).json()["items"] == []
    before = await everything(people.parts)
    for path in ("accounts", "plans", "clients", "licences", "events", f"licences/{new_id()}/ledger"):
        assert (await client.get(f"/v1/admin/{path}", headers=headers)).status_code == 403
    for path in ("/v1/editorial/articles", "/v1/me/sessions", "/v1/me/export"):
        assert (await client.get(path, headers=headers)).status_code == 403
    taken = await client.post("/v1/sync/acknowledgements", headers=headers, json={"ids": [new_id()]})
    assert taken.status_code == 403
    assert await everything(people.parts) == before


async def test_a_till_has_no_licence_and_never_becomes_a_partner_nor_a_partner_a_till(
    client: AsyncClient, office: Office, till: Program
) -> None:
    form: Json = {"client_id": till.id, "articles": "everything"}
    refused = await office.send("POST", "/licences", json=form)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/client_id")
    wire = await program(office)
    assert (till.made["role"], wire.made["role"]) == ("cashier", "partner")
    for one, other in ((till, "partner"), (wire, "cashier")):
        answer = await office.send("PATCH", f"/clients/{one.id}", version=1, json={"role": other})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/role")
        assert (await office.send("GET", f"/clients/{one.id}")).json()["role"] == one.made["role"]
    headers = await headers_of(client, wire)
    assert (await client.get("/v1/admin/subscriptions", headers=headers)).status_code == 403


@pytest.mark.parametrize(
    "role", ["admin", "editor", "subscriber", "reader", "contributor", "", "CASHIER", None, 7]
)
async def test_a_client_is_nothing_else(office: Office, role: object) -> None:
    answer = await office.send("POST", "/clients", json={"name": "Wire", "role": role})
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, ["/role"])


async def test_a_token_gives_a_client_no_role_but_its_own(
    app: FastAPI, client: AsyncClient, office: Office, clock: Clock, till: Program
) -> None:
    wire = await program(office)
    for one, is_let_in in ((till, True), (wire, False)):
        token = app.state.parts.tokens.issue(
            one.id,
            ("admin", "editor", "subscriber", "partner", "cashier"),
            now=clock(),
            seconds=60,
            token_id=new_id(),
            session_id=one.made["secrets"][0]["id"],
            is_client=True,
        )
        headers = {"Authorization": f"Bearer {token}"}
        assert (await client.get("/v1/me", headers=headers)).json()["roles"] == [one.made["role"]]
        answer = await client.get("/v1/admin/subscriptions", headers=headers)
        assert answer.is_success is is_let_in
        assert (await client.get("/v1/admin/accounts", headers=headers)).status_code == 403


async def test_a_till_sells_no_more_once_it_is_blocked_or_its_secret_is_gone(
    client: AsyncClient, office: Office, clock: Clock
) -> None:
    for number in range(2):
        till = await program(office, role="cashier")
        headers = await headers_of(client, till)
        assert (await client.get("/v1/admin/subscriptions", headers=headers)).is_success
        if number:
            await office.send("DELETE", f"/clients/{till.id}/secrets/{till.made['secrets'][0]['id']}", version=1)
        else:
            await office.send("PATCH", f"/clients/{till.id}", version=1, json={"is_blocked": True})
        assert (await client.get("/v1/admin/subscriptions", headers=headers)).status_code == 401
    till = await program(office, role="cashier")
    headers = await headers_of(client, till)
    clock.move(minutes=11)
    assert (await client.get("/v1/admin/subscriptions", headers=headers)).status_code == 401
