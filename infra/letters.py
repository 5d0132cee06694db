"""Letters that wait to be sent: written with what they tell of, so that none is lost, and sealed.

A letter that is sent or given up leaves a row for an hour, without its content: nobody can make us write to one
address all the time.
"""

import json
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.letters import Letter, Topic
from domain.people import Account
from infra.db import be_alone
from infra.seals import Seals
from infra.tables import letters

MOST = 3  # letters about one topic to one address …
WITHIN = timedelta(hours=1)
FIRST_PAUSE, LONGEST_PAUSE = 60, 6 * 60 * 60  # seconds
SWEPT_AT_ONCE = 100
_AWAY = {"content": None, "due_at": None, "account_id": None}


async def post(connection: AsyncConnection, letter: Letter, seals: Seals) -> None:
    """Write a letter, unless its address has had enough; the last thing that a transaction does.

    Of several who write at once, each waits for the one before: they count each other's.
    """
    topics, now = seals.topics_of(letter.topic, letter.to), letter.created_at
    await be_alone(connection, letters)
    await _sweep(connection, now)
    recent = select(func.count()).where(letters.c.topic.in_(topics), letters.c.created_at > now - WITHIN)
    if (await connection.scalar(recent) or 0) >= MOST:
        return
    await connection.execute(
        insert(letters).values(
            id=letter.id,
            topic=topics[0],
            account_id=letter.account_id,
            content=seals.seal_letter(json.dumps([letter.to, letter.subject, letter.text]), letter.id),
            due_at=now,
            attempts=0,
            created_at=now,
            expires_at=letter.expires_at,
        )
    )


async def is_due(connection: AsyncConnection, *, now: datetime) -> bool:
    """Tell whether there is a letter to be sent."""
    found = await connection.execute(select(letters.c.id).where(letters.c.due_at <= now).limit(1))
    return found.first() is not None


async def take(connection: AsyncConnection, seals: Seals, *, now: datetime) -> Letter | str | None:
    """Return the next letter that is due; of one that cannot be sent any more, which is put away, its id.

    Taken, it is due again after a pause that is longer each time: it is tried again then, should nobody have said
    that it is done, be it that it was not taken or that we died.
    """
    first = select(letters).where(letters.c.due_at <= now).order_by(letters.c.due_at, letters.c.id).limit(1)
    row = (await connection.execute(first.with_for_update(skip_locked=True))).one_or_none()
    if row is None:
        return None
    content = seals.open_letter(row.content, row.id)
    if content is None or row.expires_at <= now:
        await done(connection, row.id)
        return str(row.id)
    again = {"due_at": now + _pause(row.attempts), "attempts": row.attempts + 1}
    await connection.execute(update(letters).where(letters.c.id == row.id).values(**again))
    to, subject, text = json.loads(content)
    return Letter(row.id, Topic.NOTICE, to, subject, text, row.created_at, row.expires_at)


def _pause(attempts: int) -> timedelta:
    return timedelta(seconds=min(FIRST_PAUSE << min(attempts, 20), LONGEST_PAUSE))


async def done(connection: AsyncConnection, letter_id: str) -> None:
    """Put a letter away: nothing is left of what it said."""
    await connection.execute(update(letters).where(letters.c.id == letter_id).values(**_AWAY))


async def forget(connection: AsyncConnection, seals: Seals, account: Account) -> None:
    """Remove all letters to an account, and put away those about it to the addresses that it wished for.

    The latter go on counting: those addresses are perhaps somebody else's.
    """
    topics = [one for topic in Topic for one in seals.topics_of(topic, account.email)]
    await connection.execute(delete(letters).where(letters.c.topic.in_(topics)))
    await connection.execute(update(letters).where(letters.c.account_id == account.id).values(**_AWAY))


async def _sweep(connection: AsyncConnection, now: datetime) -> None:
    """Remove some of what has been put away; nobody is with us, so nothing is in between."""
    old = select(letters.c.id).where(letters.c.content.is_(None), letters.c.created_at <= now - WITHIN)
    await connection.execute(delete(letters).where(letters.c.id.in_(old.limit(SWEPT_AT_ONCE))))
