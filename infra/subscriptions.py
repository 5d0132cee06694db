"""Subscriptions as rows: who has which plan, from when and until when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, and_, case, delete, false, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict, Stale
from domain.subscriptions import State, Subscription
from infra.db import savepoint
from infra.tables import subscriptions
from infra.visibility import NOW, Now

_FIELDS = ("plan", "starts_at", "ends_at", "trial_until", "grace_until", "revoked_at", "version")


def opens(now: Now = NOW, of: FromClause = subscriptions) -> ColumnElement[bool]:
    """Whether a subscription opens something at this moment (`Subscription.opens` in SQL)."""
    is_over = and_(of.c.ends_at.is_not(None), of.c.ends_at <= now)
    in_grace = and_(of.c.grace_until.is_not(None), of.c.grace_until > now)
    return and_(of.c.revoked_at.is_(None), of.c.starts_at <= now, or_(~is_over, in_grace))


def next_moment(now: Now = NOW, of: FromClause = subscriptions) -> ColumnElement[datetime | None]:
    """Return when a subscription begins to open something, or else when it ceases to."""
    end = case((of.c.grace_until > of.c.ends_at, of.c.grace_until), else_=of.c.ends_at)
    return case((of.c.revoked_at.is_not(None), None), (of.c.starts_at > now, of.c.starts_at), else_=end)


def _is(state: State, now: datetime) -> ColumnElement[bool]:
    """Whether a subscription is in a state at this moment (`Subscription.state` in SQL)."""
    of = subscriptions.c
    is_over = and_(of.ends_at.is_not(None), of.ends_at <= now)
    in_grace = and_(of.grace_until.is_not(None), of.grace_until > now)
    in_trial = and_(of.trial_until.is_not(None), of.trial_until > now)
    began = and_(of.revoked_at.is_(None), of.starts_at <= now)
    return {
        State.REVOKED: of.revoked_at.is_not(None),
        State.UPCOMING: and_(of.revoked_at.is_(None), of.starts_at > now),
        State.TRIAL: and_(began, ~is_over, in_trial),
        State.ACTIVE: and_(began, ~is_over, ~in_trial),
        State.GRACE: and_(began, is_over, in_grace),
        State.ENDED: and_(began, is_over, ~in_grace),
    }.get(state, false())


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list of subscriptions asks for. The fields are the only ways to filter."""

    account_id: str | None = None
    plan: str | None = None
    state: State | None = None
    source: str | None = None
    external_id: str | None = None
    before: str | None = None


async def page(connection: AsyncConnection, listing: Listing, *, now: datetime, limit: int) -> list[Subscription]:
    """Return the next subscriptions, the newest first."""
    query = select(subscriptions).order_by(subscriptions.c.id.desc()).limit(limit)
    for name in ("account_id", "plan", "source", "external_id"):
        if (value := getattr(listing, name)) is not None:
            query = query.where(subscriptions.c[name] == value)
    if listing.state is not None:
        query = query.where(_is(listing.state, now))
    if listing.before is not None:
        query = query.where(subscriptions.c.id < listing.before)
    return [_subscription(row) for row in await connection.execute(query)]


async def get(connection: AsyncConnection, subscription_id: str) -> Subscription | None:
    """Return a subscription, in whatever state."""
    row = (
        await connection.execute(select(subscriptions).where(subscriptions.c.id == subscription_id))
    ).one_or_none()
    return _subscription(row) if row else None


async def add(connection: AsyncConnection, one: Subscription, *, digest: str | None = None) -> None:
    """Add a subscription; `digest` is of what its source sent."""
    named = {"id": one.id, "account_id": one.account_id, "source": one.source, "external_id": one.external_id}
    await connection.execute(insert(subscriptions).values(**named, sent_digest=digest, **_values(one)))


async def find_sent(connection: AsyncConnection, one: Subscription, *, digest: str) -> Subscription | None:
    """Return what a source has sent before by the same id; refuse another content."""
    if one.external_id is None:
        return None
    same = and_(subscriptions.c.source == one.source, subscriptions.c.external_id == one.external_id)
    known = (await connection.execute(select(subscriptions).where(same))).one_or_none()
    if known is not None and known.sent_digest != digest:
        raise Conflict(
            f"This source has sent another subscription by this `external_id`. "
            f"Change that: PATCH /v1/admin/subscriptions/{known.id}",
            rule="external-id",
        )
    return _subscription(known) if known else None


async def add_once(connection: AsyncConnection, one: Subscription, *, digest: str) -> Subscription | None:
    """Add what its source has sent, or return what it has sent at the same moment by the same id.

    Of several that come at once, one is added, and the others are as if they had come later.
    """
    try:
        async with savepoint(connection):
            await add(connection, one, digest=digest)
    except Conflict:
        known = await find_sent(connection, one, digest=digest)
        if known is None:
            raise
        return known
    return None


async def save(connection: AsyncConnection, one: Subscription, *, before: Subscription) -> None:
    """Save a changed subscription, unless somebody was faster."""
    same = and_(subscriptions.c.id == one.id, subscriptions.c.version == before.version)
    result = await connection.execute(update(subscriptions).where(same).values(**_values(one)))
    if result.rowcount != 1:
        raise Stale(current=one.version)


async def remove(connection: AsyncConnection, one: Subscription) -> None:
    """Remove a subscription, unless somebody was faster."""
    same = and_(subscriptions.c.id == one.id, subscriptions.c.version == one.version)
    if (await connection.execute(delete(subscriptions).where(same))).rowcount != 1:
        raise Stale(current=one.version + 1)


def _values(one: Subscription) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _FIELDS}


def _subscription(row: Row[Any]) -> Subscription:
    named = {name: getattr(row, name) for name in ("id", "account_id", "source", "external_id", *_FIELDS)}
    return Subscription(**named)
