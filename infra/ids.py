"""Names that this program gives: ids, keys of blocks, slugs."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from anyascii import anyascii
from uuid_utils.compat import uuid7

SLUG_LENGTH = 100
NAMELESS = "article"
_LIKE_AN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id() -> str:
    """Return a new UUIDv7 (RFC 9562): ids made later sort later."""
    return str(uuid7())


def new_key() -> str:
    """Return a new key of a block, span or link: random, so that it tells nothing."""
    return secrets.token_hex(6)


def new_secret() -> str:
    """Return 256 bits that nobody guesses."""
    return secrets.token_urlsafe(32)


now = partial(datetime.now, UTC)  # the time; asked for each answer that is given again


@dataclass(frozen=True)
class Sources:
    """Where times and names come from; tests put their own here."""

    now: Callable[[], datetime] = field(default=now)
    new_id: Callable[[], str] = field(default=new_id)
    new_key: Callable[[], str] = field(default=new_key)
    new_secret: Callable[[], str] = field(default=new_secret)


def folded(text: str) -> str:
    """Return a text as it is looked for: in plain small letters, whatever its script."""
    return anyascii(text).lower()


def slug_of(title: str) -> str:
    """Return a slug for a title in any script; it never looks like an id."""
    words = re.findall(r"[a-z0-9]+", folded(title))
    slug = ""
    for word in words:
        if len(slug) + len(word) >= SLUG_LENGTH:
            break
        slug = f"{slug}-{word}" if slug else word
    return f"{NAMELESS}-{slug}" if _LIKE_AN_ID.fullmatch(slug) else slug or NAMELESS
