"""What the links in letters hold, sealed: all that is to be done, so that nothing is kept until they are used.

A link's id is that of the event which tells of its use. There is only one event with an id, so it is used once.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypeVar

from infra.seals import Seals


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Makes an account: what somebody has signed up with."""

    id: str
    account_id: str
    email: str
    name: str
    language: str | None
    password_hash: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewEmail:
    """Changes the e-mail address of an account, as long as it stands as it did."""

    id: str
    account_id: str
    standing: str
    email: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewPassword:
    """Lets somebody set the password of an account, as long as it stands as it did."""

    id: str
    account_id: str
    standing: str
    expires_at: datetime


Link = TypeVar("Link", NewAccount, NewEmail, NewPassword)


def standing(email: str, password_hash: str) -> str:
    """Return what ends an account's links when it changes: whoever gets it back by a reset ends what was begun."""
    return sha256(f"{email} {password_hash}".encode()).hexdigest()


def sealed(seals: Seals, link: NewAccount | NewEmail | NewPassword) -> str:
    """Return the token of a link."""
    content = json.dumps(asdict(link) | {"expires_at": link.expires_at.timestamp()}, ensure_ascii=False)
    return seals.seal_link(content, purpose=type(link).__name__)


def opened(seals: Seals, kind: type[Link], token: str, *, now: datetime) -> Link | None:
    """Return what a token of this kind holds, unless it is none, or too old."""
    content = seals.open_link(token, purpose=kind.__name__)
    if content is None:
        return None
    told = json.loads(content)
    link = kind(**told | {"expires_at": datetime.fromtimestamp(told["expires_at"], UTC)})
    return link if now < link.expires_at else None
