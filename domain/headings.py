"""Headings: what articles are listed under, and what plans and licences open, so that the two can meet."""

from hashlib import sha256

EVERYTHING = "all"


def under(kind: str, value: str) -> str:
    """Return the heading of all that has this tag, section, contributor, language or kind, or names this plan."""
    return f"{kind}:{value}"


def from_source(name: str | None) -> str:
    """Return the heading of all that first appeared in a source, or nowhere else: of one length for any name."""
    told = " ".join((name or "").split()).casefold()
    return under("source", sha256(told.encode()).hexdigest()[:32] if told else "")
