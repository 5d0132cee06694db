"""Times and names for worlds that can be compared: they come from labels, not from luck or the order of work."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from infra.ids import Sources

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@dataclass
class Named:
    """Time and names, told by the label of what is being made: no other thing has an influence on them."""

    label: str = ""
    time: datetime = START
    made: Counter[str] = field(default_factory=Counter)

    def under(self, label: str, *, minute: int = 0) -> None:
        self.label, self.time = label, START + timedelta(minutes=minute)

    def digest(self, kind: str) -> str:
        self.made[f"{kind} of {self.label}"] += 1
        return _digest(kind, self.label, self.made[f"{kind} of {self.label}"])

    def new_id(self) -> str:
        return _id_of(self.digest("id"))

    def new_key(self) -> str:
        return self.digest("key")[:12]

    def new_secret(self) -> str:
        return self.digest("secret")

    def now(self) -> datetime:
        return self.time

    @property
    def sources(self) -> Sources:
        return Sources(self.now, self.new_id, self.new_key, self.new_secret)


def _digest(kind: str, label: str, number: int) -> str:
    return sha256(f"{kind} {number} of {label}".encode()).hexdigest()


def _id_of(digest: str) -> str:
    return f"{digest[:8]}-{digest[8:12]}-7{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def first_id(label: str) -> str:
    """The id of the first thing that is made under a label."""
    return _id_of(_digest("id", label, 1))
