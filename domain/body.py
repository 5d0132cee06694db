"""The body of an article: Portable Text blocks as frozen values.

The names on the wire (`_type`, `_key`, `markDefs`) belong to `api/`; here they are plain English.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal


class Style(StrEnum):
    """How a text block is set."""

    NORMAL = "normal"
    H2 = "h2"
    H3 = "h3"
    H4 = "h4"
    QUOTE = "blockquote"


class ListItem(StrEnum):
    """The kind of list that a text block is an item of."""

    BULLET = "bullet"
    NUMBER = "number"


HEADINGS = frozenset({Style.H2, Style.H3, Style.H4})
DECORATORS = frozenset({"strong", "em", "underline", "strike-through", "code", "sub", "sup"})


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text with the same marks: decorators, or keys of the block's links."""

    key: str
    text: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """Where the spans that carry its key lead."""

    key: str
    href: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, heading, quote or list item."""

    key: str
    children: tuple[Span, ...] = ()
    links: tuple[Link, ...] = ()
    style: Style = Style.NORMAL
    list_item: ListItem | None = None
    level: int | None = None
    type: Literal["block"] = "block"

    @property
    def text(self) -> str:
        """The block's characters, without marks."""
        return "".join(span.text for span in self.children)

    @property
    def is_heading(self) -> bool:
        """Whether it announces what follows."""
        return self.style in HEADINGS


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in the text; what is None here is told by the medium."""

    key: str
    media_id: str
    caption: str | None = None
    credit: str | None = None
    alt: str | None = None
    type: Literal["image"] = "image"


@dataclass(frozen=True, slots=True)
class ReadAlso:
    """An inline link to another article, by id: its title and gate are read when it is shown."""

    key: str
    article_id: str
    type: Literal["related"] = "related"


@dataclass(frozen=True, slots=True)
class Embed:
    """Something that another site plays: a video, a map."""

    key: str
    url: str
    provider: str | None = None
    title: str | None = None
    type: Literal["embed"] = "embed"


@dataclass(frozen=True, slots=True)
class Divider:
    """A line between two parts."""

    key: str
    type: Literal["divider"] = "divider"


@dataclass(frozen=True, slots=True)
class Paywall:
    """Where the writer ends the free part. It is never delivered."""

    key: str
    type: Literal["paywall"] = "paywall"


Block = Text | Image | ReadAlso | Embed | Divider | Paywall
Body = tuple[Block, ...]


def media_ids(body: Body) -> frozenset[str]:
    """Return the media that a body shows."""
    return frozenset(block.media_id for block in body if isinstance(block, Image))


def article_ids(body: Body) -> frozenset[str]:
    """Return the articles that a body sends readers to."""
    return frozenset(block.article_id for block in body if isinstance(block, ReadAlso))


def without_paywall(body: Body) -> Body:
    """Return the body as it is delivered whole."""
    return tuple(block for block in body if not isinstance(block, Paywall))


def with_keys(body: Body, new_key: Callable[[], str]) -> Body:
    """Return the body with every empty key filled; keys that are there stay."""
    return tuple(_with_keys(block, new_key) for block in body)


def _with_keys(block: Block, new_key: Callable[[], str]) -> Block:
    if block.key and (not isinstance(block, Text) or all(span.key for span in block.children)):
        return block
    key = block.key or new_key()
    if not isinstance(block, Text):
        return replace(block, key=key)
    children = tuple(replace(span, key=span.key or new_key()) for span in block.children)
    return replace(block, key=key, children=children)
