"""Signing in, as tests do it: an account with a password, and the requests of OAuth 2."""

from functools import cache
from typing import Any

import httpx
from pydantic import SecretStr

from domain.people import Account
from infra.keys import SigningKey
from infra.passwords import hash_password
from infra.rotation import Keys
from infra.settings import Settings
from tests.newsroom import Json, People

PASSWORD = "correct horse battery"
TOKEN = "/v1/auth/token"
REVOKE = "/v1/auth/revoke"


@cache
def hashed() -> str:
    """The hash of `PASSWORD`; it takes a while, so it is made once."""
    return hash_password(PASSWORD)


async def account_of(people: People, *roles: str, plans: tuple[str, ...] = ()) -> Account:
    return await people.add(*(roles or ("reader",)), plans=plans, password_hash=hashed())


def password_form(account: Account, **changes: Any) -> Json:
    return {"grant_type": "password", "username": account.email, "password": PASSWORD, **changes}


async def sign_in(client: httpx.AsyncClient, account: Account) -> Json:
    response = await client.post(TOKEN, data=password_form(account))
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return answer


async def refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": token})


def without_id(response: httpx.Response) -> Json:
    problem: Json = response.json()
    assert len(problem.pop("request_id")) == 32
    return problem


def keys_of(*keys: SigningKey) -> Keys:
    """What a process has that is given these keys, the one that signs first."""
    given = SecretStr("".join(key.private_pem for key in keys))
    return Keys(Settings(_env_file=None, signing_keys=given))
