"""Language tags (BCP 47), written as is conventional, so that equal tags are equal strings."""

from collections.abc import Mapping

SCRIPT, REGION = 4, 2  # lengths of subtags that are written in a case of their own


def conventional(tag: str) -> str:
    """Return a language tag in its conventional case: `zh-Hant-TW` (RFC 5646, section 2.1.1)."""
    language, *subtags = tag.split("-")
    return "-".join([language.lower(), *(_subtag(subtag) for subtag in subtags)])


def _subtag(subtag: str) -> str:
    if len(subtag) == SCRIPT and subtag.isalpha():
        return subtag.title()
    return subtag.upper() if len(subtag) == REGION else subtag.lower()


def name_in(names: Mapping[str, str], language: str) -> str | None:
    """Return the name in this language or in a broader one, if there is any."""
    while not names.get(language) and "-" in language:
        language = language.rpartition("-")[0]
    return names.get(language) or None
