"""Rate limits: how often a kind of work may be asked for, whom a request counts for, and when there is room again.

Requests are counted in windows of fixed length. What was counted in the window before still counts for the share
of it that the present one has not reached yet: so there is no moment at which a whole quota comes back at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import floor

from domain.people import Person

A_MINUTE = 60  # seconds
TRIES_WITHIN = 600  # seconds
PREFIX = 64  # bits of an IPv6 address that a provider gives to one customer
NOWHERE = "nowhere"  # where a request comes from that has no network address


class Work(StrEnum):
    """The classes of operations that are counted, each by itself."""

    READING = "reading"
    SEARCH = "search"
    SIGN_IN = "sign-in"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Limit:
    """How many requests of a name there may be in a window."""

    name: str
    most: int
    """0 is no limit."""
    seconds: int = A_MINUTE

    @property
    def is_none(self) -> bool:
        """Whether nothing is counted."""
        return self.most == 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a publisher allows."""

    of_work: Mapping[Work, Limit]
    tries: Limit
    """Wrong passwords for one e-mail address, from everywhere where its owner is not known to be."""
    tries_of_a_network: Limit
    """Wrong passwords for one e-mail address from one network, be its owner there or not."""


def limits(*, reads: int, searches: int, sign_ins: int, writes: int, tries: int) -> Limits:
    """Return the limits of so many requests a minute of each class, and of wrong passwords in ten minutes.

    One network has half of those: with less than all of them nobody finds out, from one network, whether an
    account's owner signs in from there.
    """
    most = {Work.READING: reads, Work.SEARCH: searches, Work.SIGN_IN: sign_ins, Work.WRITING: writes}
    return Limits(
        {work: Limit(work.value, number) for work, number in most.items()},
        tries=Limit("password", tries, TRIES_WITHIN),
        tries_of_a_network=Limit("password", (tries + 1) // 2, TRIES_WITHIN),
    )


@dataclass(frozen=True, slots=True)
class Count:
    """What has been counted: in the window before, with the seconds until that is forgotten, and in this one."""

    before: int = 0
    before_ends: float = 0.0
    now: int = 0
    now_ends: float = 0.0
    """Seconds until this window is the one before."""

    def left(self, limit: Limit) -> int:
        """Return how many more requests there is room for."""
        return max(0, limit.most - self.now - floor(self.before * self.before_ends / limit.seconds))

    def wait(self, limit: Limit) -> int:
        """Return in how many seconds there is room for one more, if nobody else takes it; 0 if there is now."""
        if self.left(limit):
            return 0
        if self.now >= limit.most:
            return floor(self.now_ends + _until_room(self.now, limit.seconds, limit.most, limit)) + 1
        return floor(_until_room(self.before, self.before_ends, limit.most - self.now, limit)) + 1

    def lasts(self, limit: Limit) -> int:
        """Return within how many seconds no more than what is left can be counted on."""
        return self.wait(limit) or floor(self.now_ends) + 1


def _until_room(counted: int, ends: float, room: int, limit: Limit) -> float:
    """Return in how many seconds a past window weighs so little that it takes no more than this room."""
    return max(0.0, ends - room * limit.seconds / counted)


def policy_field(limit: Limit) -> str:
    """Return what `RateLimit-Policy` says of a limit (draft-ietf-httpapi-ratelimit-headers-11, section 3)."""
    return f'"{limit.name}";q={limit.most};w={limit.seconds}'


def limit_field(limit: Limit, count: Count) -> str:
    """Return what `RateLimit` says of a count (draft-ietf-httpapi-ratelimit-headers-11, section 4)."""
    return f'"{limit.name}";r={count.left(limit)};t={count.lasts(limit)}'


def network_of(address: str | None) -> str:
    """Return the network that an address counts for: itself in IPv4, all of a customer's in IPv6."""
    if address is None:
        return NOWHERE
    found = ip_address(address)
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), PREFIX), strict=False))


def counted_for(person: Person, address: str | None) -> str:
    """Return whom a request counts for: the account or client that sent it, or where it came from.

    Nothing of it can be chosen by whoever sends the request.
    """
    if person.account_id is None:
        return f"network {network_of(address)}"
    return f"{'client' if person.is_client else 'account'} {person.account_id}"
