"""Accounts, what they have subscribed to, and their refresh tokens."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, bindparam, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.people import Account, Role
from infra.tables import accounts, refresh_tokens, subscriptions
from infra.visibility import NOW

_SUBSCRIBED = (
    (subscriptions.c.account_id == accounts.c.id)
    & (subscriptions.c.starts_at <= NOW)
    & (subscriptions.c.ends_at.is_(None) | (subscriptions.c.ends_at > NOW))
)
_OF = subscriptions.alias()
_MOMENT = case((_OF.c.starts_at > NOW, _OF.c.starts_at), else_=_OF.c.ends_at)
_NEXT_MOMENT = select(func.min(_MOMENT)).where(_OF.c.account_id == accounts.c.id, _MOMENT > NOW).scalar_subquery()
_WITH_PLANS = select(accounts, subscriptions.c.plan, _NEXT_MOMENT.label("plans_until")).select_from(
    accounts.outerjoin(subscriptions, _SUBSCRIBED)
)
_BY_ID = _WITH_PLANS.where(accounts.c.id == bindparam("account_id"))
_BY_EMAIL = _WITH_PLANS.where(accounts.c.email == bindparam("normalised"))


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


def normalised(email: str) -> str:
    """Return an e-mail address as accounts are found by it."""
    return email.strip().casefold()


async def get(connection: AsyncConnection, account_id: str, *, now: datetime) -> Account | None:
    """Return an account with the plans that it has at this moment."""
    rows = (await connection.execute(_BY_ID, {"account_id": account_id, NOW.key: now})).all()
    return _account(rows) if rows else None


async def find_to_sign_in(connection: AsyncConnection, email: str, *, now: datetime) -> tuple[Account, str] | None:
    """Return the account of an e-mail address, and the hash of its password."""
    rows = (await connection.execute(_BY_EMAIL, {"normalised": normalised(email), NOW.key: now})).all()
    return (_account(rows), rows[0].password_hash) if rows else None


async def count(connection: AsyncConnection) -> int:
    """Return how many accounts there are."""
    return await connection.scalar(select(func.count()).select_from(accounts)) or 0


async def add(connection: AsyncConnection, account: Account, *, password_hash: str, now: datetime) -> None:
    """Add an account with its plans, which start now."""
    await connection.execute(
        accounts.insert().values(
            id=account.id,
            email=normalised(account.email),
            name=account.name,
            password_hash=password_hash,
            roles=" ".join(sorted(account.roles)),
            created_at=now,
        )
    )


async def subscribe(
    connection: AsyncConnection,
    account_id: str,
    plan: str,
    *,
    subscription_id: str,
    starts_at: datetime,
) -> None:
    """Add an open-ended subscription of an account to a plan."""
    await connection.execute(
        subscriptions.insert().values(id=subscription_id, account_id=account_id, plan=plan, starts_at=starts_at)
    )


async def set_roles(connection: AsyncConnection, account_id: str, roles: Iterable[Role]) -> None:
    """Give an account these roles and no others, from the next request on."""
    await connection.execute(
        update(accounts).where(accounts.c.id == account_id).values(roles=" ".join(sorted(roles)))
    )


def _account(rows: Iterable[Row[Any]]) -> Account:
    rows = list(rows)
    roles = frozenset(Role(role) for role in rows[0].roles.split() if role in set(Role))
    plans = frozenset(row.plan for row in rows if row.plan is not None)
    return Account(rows[0].id, rows[0].email, rows[0].name, roles, plans, rows[0].plans_until)


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
