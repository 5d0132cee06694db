"""Tags: what an article is about. A section is a tag too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.languages import name_in


class TagKind(StrEnum):
    """What sort of thing a tag names."""

    TOPIC = "topic"
    PLACE = "place"
    PERSON = "person"
    ORGANISATION = "organisation"
    SECTION = "section"


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag with its name, and other names by language (BCP 47)."""

    id: str
    slug: str
    name: str
    kind: TagKind = TagKind.TOPIC
    names: Mapping[str, str] = field(default_factory=dict)
    version: int = 1

    def name_in(self, language: str) -> str:
        """Return the name for an article in this language: its own, a broader one's, or the plain one."""
        return name_in(self.names, language) or self.name
