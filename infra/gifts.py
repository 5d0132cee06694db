"""Gifts as rows. Of a gift's token only a digest is kept, and nothing of whoever opens it."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Unidentified
from domain.gifts import Gift, Giving, check_budget
from domain.meters import month_of
from infra.tables import accounts, gifts

_SHOWN = tuple(
    gifts.c[name] for name in ("id", "account_id", "article_id", "created_at", "expires_at", "revoked_at")
)


def digest_of(token: str) -> str:
    """Return what is kept of a gift's token."""
    return sha256(token.encode(errors="replace")).hexdigest()


async def opens(connection: AsyncConnection, token: str | None, article_id: str, *, now: datetime) -> bool:
    """Tell whether somebody who may give has given this very article away by this token, and it still stands."""
    if token is None:
        return False
    query = (
        select(gifts.c.id)
        .join(accounts, accounts.c.id == gifts.c.account_id)
        .where(
            gifts.c.digest == digest_of(token),
            gifts.c.article_id == article_id,
            gifts.c.revoked_at.is_(None),
            gifts.c.expires_at > now,
            ~accounts.c.is_blocked,
        )
    )
    return await connection.scalar(query) is not None


async def give(connection: AsyncConnection, gift: Gift, token: str, giving: Giving) -> None:
    """Keep a new gift, if its giver's month allows one more: of several at once each waits for the one before."""
    held = select(accounts.c.id).where(accounts.c.id == gift.account_id).with_for_update(key_share=True)
    if await connection.scalar(held) is None:
        raise Unidentified("The access token is not one of ours.", presented=True)
    since, _ = month_of(gift.created_at)
    own = (gifts.c.account_id == gift.account_id) & (gifts.c.created_at >= since)
    check_budget(await connection.scalar(select(func.count()).select_from(gifts).where(own)) or 0, giving)
    row = {column.name: getattr(gift, column.name) for column in _SHOWN}
    await connection.execute(gifts.insert().values(**row, digest=digest_of(token)))


async def page(
    connection: AsyncConnection, account_id: str, before: tuple[datetime, str] | None, *, limit: int
) -> list[Gift]:
    """Return the next gifts of somebody, newest first."""
    query = select(*_SHOWN).where(gifts.c.account_id == account_id)
    if before is not None:
        query = query.where(tuple_(gifts.c.created_at, gifts.c.id) < before)
    rows = await connection.execute(query.order_by(gifts.c.created_at.desc(), gifts.c.id.desc()).limit(limit))
    return [_gift(row) for row in rows]


async def get(connection: AsyncConnection, gift_id: str, *, of: str) -> Gift | None:
    """Return a gift of somebody's, be it over or not."""
    own = (gifts.c.id == gift_id) & (gifts.c.account_id == of)
    row = (await connection.execute(select(*_SHOWN).where(own))).one_or_none()
    return _gift(row) if row else None


async def revoke(connection: AsyncConnection, gift: Gift, *, now: datetime) -> bool:
    """Let a gift open nothing from now on, and tell whether it did until now."""
    standing = (gifts.c.id == gift.id) & gifts.c.revoked_at.is_(None)
    return bool((await connection.execute(update(gifts).where(standing).values(revoked_at=now))).rowcount)


def _gift(row: Row[Any]) -> Gift:
    return Gift(**{column.name: getattr(row, column.name) for column in _SHOWN})
