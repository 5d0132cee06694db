"""Sessions, and their refresh tokens: kept as digests, and the one that came of another sealed by that other."""

from dataclasses import asdict
from datetime import datetime
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.sessions import MOST, RefreshToken, Session
from infra.tables import refresh_tokens, sessions

_NEXT = refresh_tokens.alias()
_BY_DIGEST = (
    select(refresh_tokens, sessions, _NEXT.c.used_at.label("went_on_at"))
    .join(sessions, sessions.c.id == refresh_tokens.c.session_id)
    .outerjoin(_NEXT, _NEXT.c.digest == refresh_tokens.c.successor_digest)
)
_LOCK = select(sessions.c.id).join(refresh_tokens).with_for_update(of=sessions)


def digest_of(token: str) -> str:
    """Return what is kept of a refresh token."""
    return sha256(token.encode(errors="replace")).hexdigest()


async def start(connection: AsyncConnection, session: Session, token: str) -> None:
    """Keep a new session with its first refresh token.

    What of the account's has run out goes, and what it used longest ago once there is too much.
    """
    used_last = select(sessions.c.id).where(sessions.c.account_id == session.account_id)
    spare = used_last.order_by(sessions.c.last_used_at.desc(), sessions.c.id.desc()).offset(MOST - 1)
    is_spare = sessions.c.id.in_(spare) | (sessions.c.expires_at <= session.started_at)
    await connection.execute(delete(sessions).where(sessions.c.account_id == session.account_id, is_spare))
    await connection.execute(sessions.insert().values(asdict(session)))
    await connection.execute(refresh_tokens.insert().values(digest=digest_of(token), session_id=session.id))


async def find(connection: AsyncConnection, token: str) -> RefreshToken | None:
    """Return a refresh token, used or not. Whoever else comes with one of its session waits.

    The lock comes first: PostgreSQL would show the token as it was before we waited.
    """
    is_this = refresh_tokens.c.digest == digest_of(token)
    await connection.execute(_LOCK.where(is_this))
    row = (await connection.execute(_BY_DIGEST.where(is_this))).one_or_none()
    if row is None:
        return None
    return RefreshToken(
        row.digest,
        _session(row),
        used_at=row.used_at,
        successor=row.successor,
        is_repeated=row.is_repeated,
        successor_is_used=row.went_on_at is not None,
    )


async def go_on(
    connection: AsyncConnection, token: str, *, to: str, session: Session, address: str | None, now: datetime
) -> None:
    """Put another refresh token in the place of this one; the session lasts on. Both are in the session's lock."""
    await connection.execute(
        update(refresh_tokens)
        .where(refresh_tokens.c.digest == digest_of(token))
        .values(used_at=now, successor=_seal(token).encrypt(to.encode(), None), successor_digest=digest_of(to))
    )
    await connection.execute(refresh_tokens.insert().values(digest=digest_of(to), session_id=session.id))
    await connection.execute(
        update(sessions)
        .where(sessions.c.id == session.id)
        .values(last_used_at=now, expires_at=session.expires_at, address=address)
    )


async def repeat(connection: AsyncConnection, token: str, kept: RefreshToken) -> str:
    """Return the token that came of this one, for the second and last time."""
    is_this = refresh_tokens.c.digest == kept.digest
    await connection.execute(update(refresh_tokens).where(is_this).values(is_repeated=True))
    return _seal(token).decrypt(kept.successor or b"", None).decode()


async def of_account(connection: AsyncConnection, account_id: str, *, now: datetime) -> list[Session]:
    """Return the sessions of an account that have not ended, the one that was used last first."""
    query = select(sessions).where(sessions.c.account_id == account_id, sessions.c.expires_at > now)
    ordered = query.order_by(sessions.c.last_used_at.desc(), sessions.c.id.desc())
    return [_session(row) for row in await connection.execute(ordered)]


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
