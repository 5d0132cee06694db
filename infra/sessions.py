"""Sessions, and their refresh tokens: kept as digests, and the one that came of another sealed by that other."""

from dataclasses import asdict
from datetime import datetime
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Row, delete, func, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Subject
from domain.sessions import BY_LETTER, KNOWN_FOR, MOST, RefreshToken, Session
from infra.db import Database
from infra.tables import events, refresh_tokens, sessions

_BY_DIGEST = select(refresh_tokens, sessions).join(sessions, sessions.c.id == refresh_tokens.c.session_id)
_LOCK = select(sessions.c.id).join(refresh_tokens).with_for_update(of=sessions)


def digest_of(token: str) -> str:
    """Return what is kept of a refresh token."""
    return sha256(token.encode(errors="replace")).hexdigest()


async def start(connection: AsyncConnection, session: Session, token: str) -> None:
    """Keep a new session with its first refresh token. Where there are too many, the older half ends."""
    own = sessions.c.account_id == session.account_id
    if (await connection.scalar(select(func.count()).select_from(sessions).where(own)) or 0) >= MOST:
        used_last = select(sessions.c.id).where(own).order_by(sessions.c.last_used_at.desc(), sessions.c.id.desc())
        await connection.execute(delete(sessions).where(sessions.c.id.in_(used_last.offset(MOST // 2 - 1))))
    await connection.execute(sessions.insert().values(asdict(session)))
    await connection.execute(refresh_tokens.insert().values(digest=digest_of(token), session_id=session.id))


async def sweep(database: Database, now: datetime) -> None:
    """Remove the sessions that have run out: nobody needs to know any more who was where."""
    is_over = sessions.c.expires_at <= now
    async with database.read() as connection:
        found = await connection.scalar(select(sessions.c.id).where(is_over).limit(1))
    if found is not None:
        async with database.write() as connection:
            await connection.execute(delete(sessions).where(is_over))


async def owner(connection: AsyncConnection, token: str) -> str | None:
    """Return the account that a refresh token is of, used or not; of one that is not ours, nothing."""
    held = select(sessions.c.account_id).join(refresh_tokens)
    found: str | None = await connection.scalar(held.where(refresh_tokens.c.digest == digest_of(token)))
    return found


async def find(connection: AsyncConnection, token: str) -> RefreshToken | None:
    """Return a refresh token, used or not. Whoever else comes with one of its session waits.

    The lock comes first: PostgreSQL would show the token as it was before we waited.
    """
    is_this = refresh_tokens.c.digest == digest_of(token)
    await connection.execute(_LOCK.where(is_this))
    row = (await connection.execute(_BY_DIGEST.where(is_this))).one_or_none()
    return RefreshToken(row.digest, _session(row), row.used_at, row.successor) if row else None


async def go_on(connection: AsyncConnection, token: str, *, to: str, session: Session) -> None:
    """Put another refresh token in the place of this one. The session, which is locked, lasts on.

    What came of earlier ones is not told again. Used ones are remembered for as long as a session lasts unused.
    """
    is_this, of_session = refresh_tokens.c.digest == digest_of(token), refresh_tokens.c.session_id == session.id
    long_ago = session.last_used_at - (session.expires_at - session.last_used_at)
    await connection.execute(delete(refresh_tokens).where(of_session, refresh_tokens.c.used_at < long_ago))
    await connection.execute(update(refresh_tokens).where(of_session).values(successor=None))
    sealed = _seal(token).encrypt(to.encode(), None)
    used = update(refresh_tokens).where(is_this).values(used_at=session.last_used_at, successor=sealed)
    await connection.execute(used)
    await connection.execute(refresh_tokens.insert().values(digest=digest_of(to), session_id=session.id))
    changed = {name: getattr(session, name) for name in ("last_used_at", "expires_at", "address")}
    await connection.execute(update(sessions).where(sessions.c.id == session.id).values(changed))


async def repeat(connection: AsyncConnection, token: str, kept: RefreshToken) -> str:
    """Return the token that came of this one, for the second and last time."""
    is_this = refresh_tokens.c.digest == kept.digest
    await connection.execute(update(refresh_tokens).where(is_this).values(successor=None))
    return _seal(token).decrypt(kept.successor or b"", None).decode()


async def of_account(connection: AsyncConnection, account_id: str, *, now: datetime) -> list[Session]:
    """Return the sessions of an account that have not ended, the one that was used last first."""
    query = select(sessions).where(sessions.c.account_id == account_id, sessions.c.expires_at > now)
    ordered = query.order_by(sessions.c.last_used_at.desc(), sessions.c.id.desc())
    return [_session(row) for row in await connection.execute(ordered)]


async def addresses(connection: AsyncConnection, account_id: str, *, now: datetime) -> frozenset[str]:
    """Return where an account's owner is known to be.

    That is where its sessions were used, and where the link of a letter to it was used within the hour.
    """
    lives = (sessions.c.account_id == account_id) & (sessions.c.expires_at > now)
    used = (
        (events.c.subject == Subject.ACCOUNT)
        & (events.c.subject_id == account_id)
        & events.c.action.in_(BY_LETTER)
    )
    here = select(sessions.c.address).where(lives, sessions.c.address.is_not(None))
    lately = select(events.c.from_address).where(
        used, events.c.at > now - KNOWN_FOR, events.c.from_address.is_not(None)
    )
    return frozenset((await connection.scalars(union(here, lately))).all())


async def end(connection: AsyncConnection, session_id: str, *, of: str | None = None) -> bool:
    """End a session, of an account if one is named: none of its tokens is good any more. Tell if it was there."""
    is_this = sessions.c.id == session_id
    query = delete(sessions).where(is_this if of is None else is_this & (sessions.c.account_id == of))
    return (await connection.execute(query)).rowcount == 1


async def end_all(connection: AsyncConnection, account_id: str, *, but: str | None = None) -> None:
    """End every session of an account, or every other one."""
    query = delete(sessions).where(sessions.c.account_id == account_id)
    await connection.execute(query if but is None else query.where(sessions.c.id != but))


def _session(row: Row[tuple[object, ...]]) -> Session:
    return Session(**{name: getattr(row, name) for name in Session.__slots__})


def _seal(token: str) -> AESSIV:
    """Return what only the bearer of a token can open."""
    key = HKDF(hashes.SHA256(), 64, salt=None, info=b"standfirst successor")
    return AESSIV(key.derive(token.encode(errors="replace")))
