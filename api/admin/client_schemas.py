"""What administrators send and get of clients. A secret comes out once: when it is made."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool, StringConstraints

from api.types import KnownId, Line, Model, Time
from domain.clients import MOST_SECRETS, network_of
from domain.people import Role

MOST_NETWORKS = 100
_PATTERN = r"^[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?$"


def _network(text: str) -> str:
    try:
        return network_of(text)
    except ValueError:
        raise ValueError("It must be an address or a network such as 192.0.2.0/24 or 2001:db8::/32.") from None


def _once(networks: list[str]) -> list[str]:
    return list(dict.fromkeys(networks))


Network = Annotated[
    str, StringConstraints(pattern=_PATTERN), AfterValidator(_network), Field(examples=["192.0.2.0/24"])
]
Networks = Annotated[list[Network], Field(max_length=MOST_NETWORKS), AfterValidator(_once)]


class ClientChangeForm(Model):
    """What may be changed of a client."""

    name: Line
    networks: Networks = Field(default=[])
    """Where it may call from: addresses and networks (CIDR). Without any, from anywhere."""
    is_blocked: StrictBool = False
    """Whether it is shut out: it gets no tokens, and those that it has are refused from the next request on."""


class ClientForm(ClientChangeForm):
    """A program of a partner's, or a payment system."""

    role: Literal[Role.PARTNER, Role.CASHIER] = Role.PARTNER
    """What it is, for good: a `partner` takes what its licence gives, a `cashier` sets subscriptions."""


class ClientSecret(Model):
    """A secret as it is known after it was shown."""

    id: KnownId
    prefix: str
    """Its first characters, to recognise it by."""
    created_at: Time
    last_used_at: Time | None
    """When it last got a token, to the minute."""


class Client(ClientForm):
    """A client."""

    id: KnownId
    """Its `client_id`."""
    secrets: list[ClientSecret] = Field(max_length=MOST_SECRETS)
    created_at: Time
    version: int


class ClientWithSecret(Client):
    """A client, and the secret that was just made for it."""

    secret: str
    """Its `client_secret`, the last in `secrets`. Keep it: it is not shown again."""


class ClientPage(Model):
    """A page of clients."""

    items: list[Client]
    next_cursor: str | None
