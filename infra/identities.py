"""Who accounts are elsewhere: an account for each issuer and subject, made when somebody comes first."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.issuers import Identity
from domain.people import Account
from infra import accounts
from infra.db import Database
from infra.issuers import LONGEST_LIFE
from infra.passwords import NOBODYS
from infra.seals import Seals
from infra.tables import departures, identities
from infra.tokens import LEEWAY


async def add(connection: AsyncConnection, account: Account, identity: Identity, *, now: datetime) -> None:
    """Add an account that has this identity, with no way to sign in here. Of two at once, one is a `Conflict`."""
    await accounts.add(connection, account, password_hash=NOBODYS, now=now)
    row = {"issuer": identity.issuer, "subject": identity.subject, "account_id": account.id, "created_at": now}
    await connection.execute(identities.insert().values(row))


async def is_known(connection: AsyncConnection, identity: Identity) -> bool:
    """Tell whether there is an account that has this identity, be it blocked or not."""
    same = (identities.c.issuer == identity.issuer) & (identities.c.subject == identity.subject)
    return await connection.scalar(select(identities.c.account_id).where(same)) is not None


async def of(connection: AsyncConnection, account_ids: Iterable[str]) -> dict[str, Identity]:
    """Return the identities that accounts have elsewhere, by their ids."""
    query = select(identities).where(identities.c.account_id.in_([*account_ids]))
    return {row.account_id: Identity(row.issuer, row.subject) for row in await connection.execute(query)}


async def depart(connection: AsyncConnection, account_id: str, seals: Seals, *, now: datetime) -> None:
    """Write down that an account with its identity is about to be removed; of that only a digest is kept."""
    identity = (await of(connection, [account_id])).get(account_id)
    if identity is None:
        return
    digests = _digests(identity, seals)
    await connection.execute(delete(departures).where(departures.c.digest.in_(digests)))
    await connection.execute(departures.insert().values(digest=digests[0], at=now))


async def has_left(connection: AsyncConnection, identity: Identity, seals: Seals, *, since: datetime) -> bool:
    """Tell whether somebody's account was removed since: a token of before brings nobody back."""
    is_theirs = departures.c.digest.in_(_digests(identity, seals)) & (departures.c.at >= since - LEEWAY)
    return await connection.scalar(select(departures.c.digest).where(is_theirs)) is not None


async def sweep(database: Database, now: datetime) -> None:
    """Forget who left, once no token of theirs from before can be good."""
    is_over = departures.c.at < now - LONGEST_LIFE - 2 * LEEWAY
    async with database.read() as connection:
        found = await connection.scalar(select(departures.c.digest).where(is_over).limit(1))
    if found is not None:
        async with database.write() as connection:
            await connection.execute(delete(departures).where(is_over))


def _digests(identity: Identity, seals: Seals) -> list[str]:
    return seals.topics_of("departure", f"{identity.issuer} {identity.subject}")
