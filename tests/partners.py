"""A partner's program, as tests need one: made by the API, signing in and calling."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import httpx

from tests.newsroom import Json, Office
from tests.signing_in import TOKEN

CLIENTS = "/v1/admin/clients"


@dataclass(frozen=True)
class Program:
    """A client, as it was made, and how it proves that it is."""

    made: Json

    @property
    def id(self) -> str:
        return str(self.made["id"])

    @property
    def secret(self) -> str:
        return str(self.made["secret"])

    @property
    def posted(self) -> Json:
        return posted(self.id, self.secret)

    @property
    def basic(self) -> dict[str, str]:
        return basic(self.id, self.secret)


def posted(client_id: str, secret: str) -> Json:
    """The form of a client that sends its credentials in the body."""
    return {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}


def basic(client_id: str, secret: str) -> dict[str, str]:
    """The header of a client that sends its credentials there, as RFC 6749, section 2.3.1, wants it."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


async def program(office: Office, **fields: Any) -> Program:
    answer = await office.send("POST", "/clients", json={"name": "Wire", **fields})
    assert answer.status_code == 201, answer.text
    return Program(answer.json())


async def token_of(client: httpx.AsyncClient, one: Program, **more: Any) -> str:
    answer = await client.post(TOKEN, data=one.posted, **more)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def headers_of(client: httpx.AsyncClient, one: Program, **more: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {await token_of(client, one, **more)}"}
