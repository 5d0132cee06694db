"""Subscriptions: who has which plan, from when and until when."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.tables import subscriptions


async def add(
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
