"""Who accounts are elsewhere: an account for each issuer and subject, made when somebody comes first."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.issuers import Identity
from domain.people import Account
from infra import accounts
from infra.passwords import NOBODYS
from infra.tables import identities


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
