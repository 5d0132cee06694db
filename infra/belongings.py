"""What is kept of a person: told to them as a whole, and forgotten when they leave.

A table that knows people has its section here, or its reason in the test of this file.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Subject
from domain.people import Account
from infra import idempotency, letters
from infra import identities as outside
from infra.seals import Seals
from infra.tables import (
    accounts,
    events,
    gifts,
    idempotency_keys,
    identities,
    meter_readings,
    sessions,
    subscriptions,
)

Rows = list[dict[str, Any]]
_TIMES = ("starts_at", "ends_at", "trial_until", "grace_until", "revoked_at")
_OF_A_SUBSCRIPTION = ("id", "plan", *_TIMES, "source", "external_id")


async def told(connection: AsyncConnection, account_id: str) -> dict[str, Rows]:
    """Return all that is kept of a person, by section, but what is a secret even to them."""
    return {
        name: [dict(row) for row in (await connection.execute(query)).mappings()]
        for name, query in _sections(account_id).items()
    }


def _sections(account_id: str) -> Mapping[str, Select[Any]]:
    return {
        "accounts": _own(accounts, "id", "email", "name", "language", "roles", "created_at").where(
            accounts.c.id == account_id
        ),
        "identities": _own(identities, "issuer", "subject", "created_at").where(
            identities.c.account_id == account_id
        ),
        "subscriptions": _own(subscriptions, *_OF_A_SUBSCRIPTION)
        .where(subscriptions.c.account_id == account_id)
        .order_by(subscriptions.c.starts_at, subscriptions.c.id),
        "sessions": _own(sessions, "id", "client", "address", "started_at", "last_used_at", "expires_at")
        .where(sessions.c.account_id == account_id)
        .order_by(sessions.c.started_at, sessions.c.id),
        "gifts": _own(gifts, "id", "article_id", "created_at", "expires_at", "revoked_at")
        .where(gifts.c.account_id == account_id)
        .order_by(gifts.c.created_at, gifts.c.id),
        "meter_readings": _own(meter_readings, "article_id", "read_at")
        .where(meter_readings.c.account_id == account_id)
        .order_by(meter_readings.c.read_at, meter_readings.c.article_id),
        "events": _events(account_id),
        "requests": _own(idempotency_keys, "key", "created_at")
        .where(idempotency_keys.c.account_id == account_id)
        .order_by(idempotency_keys.c.created_at),
    }


def _own(table: Any, *names: str) -> Select[Any]:  # noqa: ANN401 - a table
    return select(*(table.c[name] for name in names))


def _events(account_id: str) -> Select[Any]:
    """Return what they did and what was done to their account; from where others did it is not theirs to know."""
    is_theirs = events.c.by == account_id
    is_of_them = (events.c.subject == Subject.ACCOUNT) & (events.c.subject_id == account_id)
    return (
        _own(events, "id", "subject", "subject_id", "action", "at")
        .add_columns(case((is_theirs, events.c.from_address)).label("from_address"))
        .where(is_theirs | is_of_them)
        .order_by(events.c.at, events.c.id)
    )


async def forget(connection: AsyncConnection, seals: Seals, account: Account, *, now: datetime) -> None:
    """Remove what is kept of a person besides the account, with which all goes that hangs on it.

    Events stay, with their ids and without the addresses that they came from.
    """
    await idempotency.forget(connection, account.id)
    of_them = (events.c.subject == Subject.ACCOUNT) & (events.c.subject_id == account.id) & events.c.by.is_(None)
    theirs = (events.c.by == account.id) | of_them
    await connection.execute(update(events).where(theirs).values(from_address=None))
    if account.is_outside:
        await outside.depart(connection, account.id, seals, now=now)
    else:
        await letters.forget(connection, seals, account)
