"""Accounts, with the plans that they have."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, case, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.people import Account, Role
from infra import email_addresses
from infra.tables import accounts, sessions, subscriptions
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
_OPEN = exists().where(
    sessions.c.id == bindparam("session_id"),
    sessions.c.account_id == accounts.c.id,
    sessions.c.expires_at > NOW,
)
_BY_SESSION = _BY_ID.where(_OPEN)
_BY_EMAIL = _WITH_PLANS.where(accounts.c.email == bindparam("normalised"))


def normalised(email: str) -> str:
    """Return an e-mail address as accounts are found by it, be it one that we would write to or not."""
    try:
        return email_addresses.checked(email.strip())
    except ValueError:
        return email.strip().lower()


async def get(
    connection: AsyncConnection, account_id: str, *, now: datetime, session_id: str | None = None
) -> Account | None:
    """Return an account with the plans that it has at this moment; in a session only if that has not ended."""
    given = {"account_id": account_id, NOW.key: now}
    if session_id is None:
        rows = (await connection.execute(_BY_ID, given)).all()
    else:
        rows = (await connection.execute(_BY_SESSION, {**given, "session_id": session_id})).all()
    return _account(rows) if rows else None


async def find_to_sign_in(connection: AsyncConnection, email: str, *, now: datetime) -> tuple[Account, str] | None:
    """Return the account of an e-mail address, and the hash of its password."""
    rows = (await connection.execute(_BY_EMAIL, {"normalised": normalised(email), NOW.key: now})).all()
    return (_account(rows), rows[0].password_hash) if rows else None


async def with_hash(connection: AsyncConnection, account_id: str, *, now: datetime) -> tuple[Account, str] | None:
    """Return an account and the hash of its password."""
    rows = (await connection.execute(_BY_ID, {"account_id": account_id, NOW.key: now})).all()
    return (_account(rows), rows[0].password_hash) if rows else None


async def hold(connection: AsyncConnection, account_id: str, *, now: datetime) -> tuple[Account, str] | None:
    """Return an account and the hash of its password; what else would change it, or go on with it, waits."""
    query = _BY_ID.with_for_update(of=accounts, key_share=True)
    rows = (await connection.execute(query, {"account_id": account_id, NOW.key: now})).all()
    return (_account(rows), rows[0].password_hash) if rows else None


async def change(connection: AsyncConnection, account_id: str, **values: str | None) -> None:
    """Change an account: its `name`, `language`, `email` (as accounts are found by it) or `password_hash`."""
    await connection.execute(update(accounts).where(accounts.c.id == account_id).values(**values))


async def remove(connection: AsyncConnection, account_id: str) -> None:
    """Remove an account, its subscriptions and its sessions."""
    await connection.execute(delete(accounts).where(accounts.c.id == account_id))


async def is_last_admin(connection: AsyncConnection, account_id: str) -> bool:
    """Tell whether nobody but this account could look after the others; of several who ask at once, one waits."""
    query = select(accounts.c.id, accounts.c.roles).where(accounts.c.roles.contains(Role.ADMIN.value))
    rows = await connection.execute(query.order_by(accounts.c.id).with_for_update())
    return [row.id for row in rows if Role.ADMIN in row.roles.split()] == [account_id]


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
            language=account.language,
            created_at=now,
        )
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
    first = rows[0]
    return Account(first.id, first.email, first.name, roles, plans, first.plans_until, first.language)
