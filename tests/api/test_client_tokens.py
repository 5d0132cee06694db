"""`grant_type=client_credentials`: both ways to send them, all ways to be refused, and what the answer tells."""

import json
from base64 import b64encode, urlsafe_b64decode
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from infra.ids import new_id
from tests.newsroom import Json, Office, People
from tests.partners import basic, posted, program, token_of
from tests.signing_in import REVOKE, TOKEN, account_of, password_form, sign_in, without_id
from tests.wall.statements import statements_of

GRANT = {"grant_type": "client_credentials"}


def claims_in(token: str) -> Json:
    claims: Json = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims


async def test_a_client_gets_a_token_of_its_own_either_way(client: AsyncClient, office: Office) -> None:
    one = await program(office)
    for request in ({"data": GRANT, "headers": one.basic}, {"data": one.posted}):
        answer = await client.post(TOKEN, **request)
        assert answer.status_code == 200, answer.text
        assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
        tokens = answer.json()
        assert set(tokens) == {"access_token", "token_type", "expires_in"}
        claims = claims_in(tokens["access_token"])
        assert (claims["sub"], claims["client_id"], claims["roles"]) == (one.id, one.id, ["partner"])
        assert claims["sid"] == one.made["secrets"][0]["id"]
        assert claims["exp"] - claims["iat"] == tokens["expires_in"] == 600
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await client.get("/v1/me", headers=headers)).json() == {
            "id": one.id,
            "email": None,
            "name": "Wire",
            "language": None,
            "issuer": None,
            "roles": ["partner"],
            "plans": [],
            "may_read": {"free": "full", "registered": "teaser", "subscriber": "teaser"},
        }


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
async def test_what_is_encoded_in_the_header_is_decoded(client: AsyncClient, office: Office, scheme: str) -> None:
    one = await program(office)
    encoded = "".join(f"%{ord(sign):02X}" for sign in one.id) + ":" + one.secret
    headers = {"Authorization": f"{scheme} {b64encode(encoded.encode()).decode()}"}
    assert (await client.post(TOKEN, data=GRANT, headers=headers)).status_code == 200


async def test_roles_and_scopes_that_are_asked_for_change_nothing(client: AsyncClient, office: Office) -> None:
    one = await program(office)
    wish = {"scope": "admin", "roles": "admin", "role": "admin", "sub": new_id(), "username": "a", "password": "b"}
    answer = await client.post(TOKEN, data={**one.posted, **wish})
    assert (answer.status_code, claims_in(answer.json()["access_token"])["roles"]) == (200, ["partner"])
    assert "scope" not in answer.json()


async def refused(client: AsyncClient, **request: Any) -> Response:
    answer = await client.post(TOKEN, **request)
    assert answer.status_code == 401, answer.text
    return answer


async def test_whatever_is_wrong_is_answered_with_the_same_bytes_and_statements(
    client: AsyncClient, office: Office, app: FastAPI
) -> None:
    good, other = await program(office), await program(office)
    blocked, elsewhere = (
        await program(office, is_blocked=True),
        await program(office, networks=["198.51.100.0/24"]),
    )
    gone = await program(office)
    await office.send("DELETE", f"/clients/{gone.id}", version=1)
    for one in (good, other):
        await token_of(client, one)  # their last use is noted: it would be a statement more
    wrong = {
        "unknown": (new_id(), good.secret),
        "no id at all": ("", good.secret),
        "not like an id": ("Ünï\u20accode'--", good.secret),
        "in capitals": (good.id.upper(), good.secret),
        "wrong secret": (good.id, "sfc_" + "a" * 43),
        "of another": (good.id, other.secret),
        "cut": (good.id, good.secret[:-1]),
        "longer": (good.id, f"{good.secret} "),
        "the prefix": (good.id, good.secret[:12]),
        "no secret": (good.id, ""),
        "blocked": (blocked.id, blocked.secret),
        "from elsewhere": (elsewhere.id, elsewhere.secret),
        "gone": (gone.id, gone.secret),
    }
    seen = set()
    for name, credentials in wrong.items():
        for request in ({"data": posted(*credentials)}, {"data": GRANT, "headers": basic(*credentials)}):
            with statements_of(app) as sent:
                answer = await refused(client, **request)
            assert len(sent) == 1, name
            problem = without_id(answer)
            assert problem["error"] == "invalid_client"
            assert problem["type"] == "/problems/invalid-client"
            assert good.secret not in answer.text
            seen.add((json.dumps(problem), sent[0], str(sorted(answer.headers.items()))))
    assert len(seen) == 1
    assert answer.headers["www-authenticate"] == 'Basic realm="standfirst", charset="UTF-8"'
    assert answer.headers["cache-control"] == "no-store"
    assert (await client.post(TOKEN, data=good.posted)).status_code == 200


async def test_credentials_that_cannot_be_read_are_refused_alike(client: AsyncClient, office: Office) -> None:
    one = await program(office)
    good = one.basic["Authorization"]
    values: list[str | bytes] = [
        "Basic",
        "Basic ",
        "Basic x",
        "Basic !!!!",
        "Basic YQ==",
        "Basic Og==",
        f"{good} {good}",
        f"{good}, {good}",
        b"Basic \xff\xfe",
        f"Basic {b64encode(bytes([0xFF, 0xFE, 58])).decode()}",
        f"Basic {b64encode(b'%ff%fe:%ff').decode()}",
        f"Basic {b64encode(one.id.encode() + b':a' + bytes(1)).decode()}",
        f"Basic {b64encode(b'a' * 50_000).decode()}",
        f"Basic {b64encode(f'{one.id}:{one.secret}:'.encode()).decode()}",
    ]
    for value in values:
        answer = await refused(client, data=GRANT, headers=[("Authorization", value)])
        assert answer.json()["error"] == "invalid_client", value
    nothing = await refused(client, data=GRANT)
    assert without_id(nothing) == without_id(answer)


async def test_credentials_are_sent_once(client: AsyncClient, office: Office) -> None:
    one, other = await program(office), await program(office)
    twice: list[tuple[Json, Any]] = [
        (one.posted, one.basic),
        ({**GRANT, "client_secret": "x"}, one.basic),
        ({**GRANT, "client_id": other.id}, one.basic),
        (GRANT, [*one.basic.items(), *one.basic.items()]),
        (GRANT, [*one.basic.items(), *other.basic.items()]),
        (GRANT, [("Authorization", "Bearer x"), *one.basic.items()]),
        ({**one.posted, "client_id": [one.id, other.id]}, {}),
        ({**one.posted, "client_secret": [one.secret, one.secret]}, {}),
        ({**one.posted, "client_secret": f"{one.secret}\x00"}, {}),
        ({**one.posted, "client_secret": "a" * 5000}, {}),
    ]
    for data, headers in twice:
        answer = await client.post(TOKEN, data=data, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), (data, headers)
    named = await client.post(TOKEN, data={**GRANT, "client_id": one.id}, headers=one.basic)
    assert named.status_code == 200, "RFC 6749, section 3.2.1: a client may name itself besides"


async def test_a_stale_bearer_token_keeps_no_client_out(client: AsyncClient, office: Office) -> None:
    one = await program(office)
    for value in ("Bearer a.b.c", "Bearer", "bearer x"):
        assert (await client.post(TOKEN, data=one.posted, headers={"Authorization": value})).status_code == 200


async def test_basic_is_taken_at_the_token_endpoint_and_for_clients_only(
    client: AsyncClient, office: Office, people: People
) -> None:
    one = await program(office)
    account = await account_of(people)
    tokens = await sign_in(client, account)
    for form in (
        password_form(account),
        {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
        {"grant_type": "x"},
        {},
    ):
        answer = await refused(client, data=form, headers=one.basic)
        assert answer.json()["error"] == "invalid_client", "a client signs nobody else in"
    assert (await client.post(TOKEN, data=password_form(account))).status_code == 200
    others: list[tuple[str, str, Json]] = [
        ("POST", REVOKE, {"data": {"token": "x"}}),
        ("POST", "/v1/accounts", {"json": {}}),
        ("GET", "/v1/me", {}),
        ("GET", "/v1/articles", {}),
        ("GET", "/v1/admin/clients", {}),
    ]
    for method, path, request in others:
        answer = await client.request(method, path, headers=one.basic, **request)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"].startswith("Bearer ")
    for value in ("Digest a", "Basics YTpi", ""):
        answer = await refused(client, data=one.posted, headers={"Authorization": value})
        assert answer.json()["type"] == "/problems/unauthorized"


async def test_revoking_a_clients_token_ends_nothing(client: AsyncClient, office: Office) -> None:
    one = await program(office)
    token = await token_of(client, one)
    answer = await client.post(REVOKE, data={"token": token})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_token_type")
    assert (await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code == 200
    assert (await client.post(REVOKE, data={"token": one.secret})).status_code == 200, "unknown ones are fine"
    assert (await client.post(TOKEN, data=one.posted)).status_code == 200


async def test_nothing_of_a_client_is_good_for_anything_else(
    client: AsyncClient, office: Office, people: People
) -> None:
    one = await program(office)
    account = await account_of(people)
    tokens, bearer = await sign_in(client, account), await token_of(client, one)
    as_password = {"grant_type": "password", "username": one.id, "password": one.secret}
    for form in (
        as_password,
        {**as_password, "username": account.email},
        {"grant_type": "refresh_token", "refresh_token": one.secret},
        {"grant_type": "refresh_token", "refresh_token": bearer},
        {"grant_type": "refresh_token", "refresh_token": one.made["secrets"][0]["id"]},
    ):
        answer = await client.post(TOKEN, data=form)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), form
    for client_id, secret in (
        (one.id, bearer),
        (one.id, tokens["refresh_token"]),
        (one.id, tokens["access_token"]),
        (account.id, one.secret),
        (account.id, tokens["refresh_token"]),
        (account.email, password_form(account)["password"]),
        (one.id, f"sfc_{tokens['refresh_token']}"),
        (one.made["secrets"][0]["id"], one.secret),
    ):
        await refused(client, data=posted(client_id, secret))
    for value in (one.secret, one.id, one.made["secrets"][0]["id"]):
        assert (await client.get("/v1/me", headers={"Authorization": f"Bearer {value}"})).status_code == 401
        assert (await client.get(f"/v1/previews/{value}")).status_code == 404
