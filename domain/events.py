"""What happened: one event for each change, kept in the change's own transaction. Ids only, no text."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Subject(StrEnum):
    """The kind of thing that changed."""

    ARTICLE = "article"
    TAG = "tag"
    CONTRIBUTOR = "contributor"
    MEDIUM = "medium"
    ACCOUNT = "account"
    PLAN = "plan"
    SUBSCRIPTION = "subscription"
    CLIENT = "client"
    LICENCE = "licence"


@dataclass(frozen=True, slots=True)
class Event:
    """Who did what to which thing and when; `version` and `revision` are what the thing's became."""

    subject: Subject
    subject_id: str
    action: str
    by: str | None
    at: datetime
    version: int
    revision: int | None = None
