"""Accounts, with the plans that they have."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, case, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.people import Account, Role
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
    """Return an e-mail address as accounts are found by it."""
    return email.strip().casefold()


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
