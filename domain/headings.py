"""Headings: what articles are listed under, and what plans open. One word for both, so that the two can meet."""

EVERYTHING = "all"


def under(kind: str, value: str) -> str:
    """Return the heading of all that has this tag, section, contributor, language or kind, or names this plan."""
    return f"{kind}:{value}"
