"""Sessions: what one sign-in led to, and what a refresh token of it is worth when it comes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

BY_LETTER = ("sign-up", "reset-password")  # what only whoever gets an account's letters can do
KNOWN_FOR = timedelta(hours=1)
"""How long a network is known to be the owner's after a link of a letter was used there."""
AGAIN_WITHIN = timedelta(seconds=30)
MOST = 100
"""How many sessions an account has at most: one more ends the half that was used longest ago."""


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in of an account, as its owner sees it."""

    id: str
    account_id: str
    client: str | None
    """What the program that signed in calls itself (`User-Agent`), shortened."""
    address: str | None
    """The network address that it was last used from."""
    started_at: datetime
    last_used_at: datetime
    expires_at: datetime
    """When it ends, unless it is used before."""


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token as it is kept: its digest, and what became of it."""

    digest: str
    session: Session
    used_at: datetime | None = None
    successor: bytes | None = None
    """The token that came of its use, until it is told again or used: sealed so that only this token opens it."""


class Worth(StrEnum):
    """What a refresh token gets its bearer."""

    NEW_TOKENS = "new tokens"
    THE_SAME_AGAIN = "the same again"
    NOTHING = "nothing"
    THE_END = "the end of the session"


def worth(token: RefreshToken, *, now: datetime) -> Worth:
    """Return what this token gets its bearer now.

    A phone that lost the answer may ask once more within half a minute, as long as nobody has gone on from what
    it was answered. Any other second use says that two have the token, and nobody knows which of them stole it.
    """
    if token.session.expires_at <= now:
        return Worth.NOTHING
    if token.used_at is None:
        return Worth.NEW_TOKENS
    if token.successor is not None and now - token.used_at <= AGAIN_WITHIN:
        return Worth.THE_SAME_AGAIN
    return Worth.THE_END
