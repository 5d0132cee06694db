"""Passwords that are tried: counted for the e-mail address that they are tried on, before they are looked at.

What is known and what is not goes the same way: an address is counted whether it has an account or not, by a
digest that nobody can try addresses on, and with its password's hash, so that old tries don't hold up a new one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fastapi import Request

from api.limiting import take
from api.parts import Visit
from domain.limits import Limit, network_of
from infra.accounts import normalised
from infra.limits import Tally


@dataclass(frozen=True, slots=True)
class Try:
    """A password that is being looked at, and what it was counted by."""

    tally: Tally
    counted: Sequence[tuple[Limit, str]]

    async def was_right(self) -> None:
        """Give back what was counted: only wrong passwords count. What was counted of others stays."""
        for limit, whom in self.counted:
            await self.tally.take(limit, whom, -1)


async def try_password(
    request: Request, visit: Visit, email: str, hashed: str | None, known: Collection[str] = ()
) -> Try:
    """Count a password that is to be looked at, or refuse to look.

    So many are taken from one network, and so many from all together but those of `known` addresses, where the
    account's owner has been. So those who guess from elsewhere slow each other down, and the owner goes on at
    home. From a new place the owner gets in with the link of a letter, which makes that place known. Inside a
    session no place is known: whoever has stolen one has made theirs known by it.
    """
    limits, network, tally = visit.parts.limits, network_of(visit.address), visit.parts.tally
    if limits.tries.is_none:
        return Try(tally, ())
    whom = visit.parts.seals.topics_of("password", f"{normalised(email)} {hashed or ''}")[0]
    asked = [(limits.tries_of_a_network, f"{whom} {network}")]
    is_home = network in {network_of(one) for one in known}
    if not is_home:
        asked.append((limits.tries, whom))
    for limit, key in asked:
        await take(request, tally, limit, key)
    if is_home:  # as many questions as anywhere else, so that the time tells nobody
        await tally.take(limits.tries, f"{whom} at home")
    return Try(tally, asked)
