"""API clients: programs of partners and tills, which sign in with a secret, from the networks they are allowed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from domain.errors import Conflict
from domain.people import Role

MOST_SECRETS = 2
"""One in use and the one that takes its place."""
MARK = "sfc_"
"""What every secret begins with, so that one that lies around is known for what it is."""
NOTED_EVERY = timedelta(minutes=1)
ROLES = frozenset({Role.PARTNER, Role.CASHIER})
"""What a client may be: one of these, from the first day to the last."""
_SHOWN = len(MARK) + 8
_MAPPED = IPv6Network("::ffff:0:0/96")


@dataclass(frozen=True, slots=True)
class Client:
    """A program of a partner's, or a payment system. Without networks it may call from anywhere."""

    id: str
    role: Role
    name: str
    networks: tuple[str, ...]
    is_blocked: bool
    version: int
    created_at: datetime

    def may_call_from(self, address: str | None) -> bool:
        """Whether it is let in, coming from this network address."""
        return not self.is_blocked and lies_in(address, self.networks)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of a client's, as it is known after it was shown: by its first characters."""

    id: str
    client_id: str
    prefix: str
    created_at: datetime
    last_used_at: datetime | None = None

    def was_used_lately(self, now: datetime) -> bool:
        """Whether its use has been noted so short a time ago that it need not be noted again."""
        return self.last_used_at is not None and now - self.last_used_at < NOTED_EVERY


def prefix_of(secret: str) -> str:
    """Return what of a secret may be shown again: enough to recognise it, of no use to guess the rest."""
    return secret[:_SHOWN]


def check_room(secrets: Sequence[Secret]) -> None:
    """Refuse another secret where there are as many as may be."""
    if len(secrets) >= MOST_SECRETS:
        raise Conflict("The client has two secrets. Remove the one that is used no more.", rule="two-secrets")


def network_of(text: str) -> str:
    """Return a network (CIDR) or an address as it is kept, or raise `ValueError`.

    Addresses of IPv4 that are written as IPv6 become what they are.
    """
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        mapped = network.network_address.ipv4_mapped
        return str(IPv4Network((int(mapped or 0), network.prefixlen - _MAPPED.prefixlen)))
    return str(network)


def lies_in(address: str | None, networks: Sequence[str]) -> bool:
    """Whether an address lies in one of these networks. An unknown one lies in none, and anywhere in no list."""
    if not networks:
        return True
    known = _address(address)
    return known is not None and any(known in ip_network(one) for one in networks)


def _address(text: str | None) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
