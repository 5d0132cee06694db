"""Every operation refuses whoever asks too often, as the contract says of it."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from api.app import application
from domain.limits import Work
from infra.settings import Settings
from tests.contract.checking import Checker
from tests.limiting import is_refused, with_limits
from tests.newsroom import Json, People, somewhere

NOT_COUNTED = {"check_health", "check_readiness", "read_jwks", "read_oauth_metadata"}
OTHERWISE = {
    "search_articles": ["search"],
    "get_token": ["writing", "sign-in"],
    "sign_up": ["sign-in"],
    "confirm_email": ["sign-in"],
    "reset_password": ["sign-in"],
}
FIRST = {"reading": ("GET", "/robots.txt"), "search": ("GET", "/v1/search"), "sign-in": ("POST", "/v1/accounts")}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """One of each kind of work a minute."""
    names = ("reads_a_minute", "searches_a_minute", "writes_a_minute", "sign_ins_a_minute")
    return with_limits(settings, cache_bytes=0, **dict.fromkeys(names, 1))


def operations(document: Json) -> dict[str, tuple[str, str, Json]]:
    return {
        operation["operationId"]: (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


ALL = operations(application(Settings(_env_file=None)).openapi())


def test_each_operation_says_by_what_it_is_counted() -> None:
    for name, (method, _, operation) in ALL.items():
        usual = ["reading" if method == "get" else "writing"]
        told = operation.get("x-rate-limit")
        assert told == (None if name in NOT_COUNTED else OTHERWISE.get(name, usual)), name
        assert ("429" in operation["responses"]) is (name not in NOT_COUNTED), name
        assert set(told or ()) <= set(Work)


@pytest.mark.parametrize("is_known", [False, True], ids=["anonymous", "admin"])
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_each_operation_refuses_as_the_contract_says(
    app: FastAPI, client: AsyncClient, people: People, is_known: bool
) -> None:
    headers = await people.headers("admin", "reader") if is_known else {}
    await client.post("/v1/auth/revoke", headers=headers)  # it looks at no token
    await client.delete("/v1/me/sessions/x", headers=headers)
    for method, path in FIRST.values():
        await client.request(method, path, headers=headers)
    checker = Checker(app.openapi())
    client.event_hooks["response"].append(checker)
    for name, (method, path, operation) in ALL.items():
        if name in NOT_COUNTED:
            continue
        answer = await client.request(method, somewhere(path), headers=headers)
        assert is_refused(answer), (name, answer.status_code)
        assert answer.json()["rule"] in operation["x-rate-limit"], name
    assert {name for name, status in checker.seen if status == 429} == set(ALL) - NOT_COUNTED
