"""Letters to readers about their accounts: plain text, in the language of the reader.

No letter holds anything that whoever caused it could have written: nobody sends words of theirs through us.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from textwrap import fill

from domain.letter_texts import TEXTS

FALLBACK = "en"
WIDTH = 76


class Topic(StrEnum):
    """What somebody can make us write about; letters are counted by it, so that none keeps another from coming."""

    SIGN_UP = "sign-up"
    RESET = "reset"
    EMAIL = "email"
    NOTICE = "notice"


class Kind(StrEnum):
    """What a letter says; `letter_texts` has the words."""

    CONFIRM_ACCOUNT = "confirm-account"
    HAS_ACCOUNT = "has-account"
    RESET_PASSWORD = "reset-password"  # noqa: S105 - a name
    NO_ACCOUNT = "no-account"
    CONFIRM_EMAIL = "confirm-email"
    EMAIL_WANTED = "email-wanted"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a name


TOPICS = {
    Kind.CONFIRM_ACCOUNT: Topic.SIGN_UP,
    Kind.HAS_ACCOUNT: Topic.SIGN_UP,
    Kind.RESET_PASSWORD: Topic.RESET,
    Kind.NO_ACCOUNT: Topic.RESET,
    Kind.CONFIRM_EMAIL: Topic.EMAIL,
    Kind.EMAIL_WANTED: Topic.NOTICE,
    Kind.PASSWORD_CHANGED: Topic.NOTICE,
}
CONFIRM_FOR = timedelta(hours=24)
RESET_FOR = timedelta(hours=1)
NOTICE_FOR = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, ready to be sent; after `expires_at` it is of no use to anybody."""

    id: str
    topic: Topic
    to: str
    subject: str
    text: str
    created_at: datetime
    expires_at: datetime
    account_id: str | None = None
    """Whom it is about, where it goes to an address that is not theirs: without them there is nothing to say."""


def language_of(*wanted: str | None) -> str:
    """Return the language that letters can be written in, of the first that is wanted and can be; or English."""
    bases = [one.partition("-")[0].lower() for one in wanted if one]
    return next((base for base in bases if base in TEXTS), FALLBACK)


def wording(kind: Kind, language: str, *, publisher: str, link: str) -> tuple[str, str]:
    """Return the subject and the text of a letter."""
    subject, text = TEXTS[language][kind]
    said = {"publisher": publisher, "link": link}
    paragraphs = [_filled(paragraph.format_map(said)) for paragraph in text.split("\n\n")]
    return subject.format_map(said), "\n\n".join(paragraphs) + f"\n\n-- \n{publisher}\n"


def _filled(paragraph: str) -> str:
    """Return a paragraph in short lines; a link stays in one."""
    return fill(paragraph, width=WIDTH, break_long_words=False, break_on_hyphens=False)
