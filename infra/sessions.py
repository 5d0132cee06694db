"""Sessions: the refresh tokens that a sign-in led to, kept as digests."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.tables import accounts, refresh_tokens


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token as it is kept: its digest, and the family of tokens that one sign-in led to."""

    digest: str
    family: str
    account_id: str
    expires_at: datetime
    used_at: datetime | None = None


def digest_of(token: str) -> str:
    """Return what is kept of a refresh token."""
    return sha256(token.encode(errors="replace")).hexdigest()


async def keep_refresh_token(connection: AsyncConnection, token: RefreshToken, *, now: datetime) -> None:
    """Keep a new refresh token; those of the account that have run out go."""
    await connection.execute(
        delete(refresh_tokens).where(
            refresh_tokens.c.account_id == token.account_id, refresh_tokens.c.expires_at <= now
        )
    )
    await connection.execute(
        refresh_tokens.insert().values(
            digest=token.digest,
            family=token.family,
            account_id=token.account_id,
            expires_at=token.expires_at,
        )
    )


async def find_refresh_token(connection: AsyncConnection, digest: str) -> RefreshToken | None:
    """Return the refresh token with this digest, used or not; what else ends or goes on with it waits."""
    query = select(refresh_tokens).join(accounts).where(refresh_tokens.c.digest == digest)
    row = (await connection.execute(query.with_for_update(of=accounts, key_share=True))).one_or_none()
    if row is None:
        return None
    return RefreshToken(row.digest, row.family, row.account_id, row.expires_at, row.used_at)


async def use_refresh_token(connection: AsyncConnection, digest: str, *, now: datetime) -> bool:
    """Mark a refresh token as used; of several that try at once, one is told True."""
    result = await connection.execute(
        update(refresh_tokens)
        .where(refresh_tokens.c.digest == digest, refresh_tokens.c.used_at.is_(None))
        .values(used_at=now)
    )
    return result.rowcount == 1


async def end_family(connection: AsyncConnection, family: str) -> None:
    """End everything that one sign-in led to."""
    await connection.execute(delete(refresh_tokens).where(refresh_tokens.c.family == family))
