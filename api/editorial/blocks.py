"""The body as writers send it: Portable Text blocks with ids instead of what the ids stand for."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import TypeAliasType

from api.types import Id, Key, LinkAddress, Note, Sent, WebAddress, is_none
from domain import body
from domain.body import DECORATORS, Body, ListItem, Style

MAX_BLOCKS = 2_000
MAX_SPANS = 1_000
MAX_TEXT = 100_000


class Span(Sent):
    """A run of text with the same marks."""

    type: Literal["span"] = Field(default="span", alias="_type")
    key: Key = Field(default="", alias="_key")
    text: Annotated[str, Field(max_length=MAX_TEXT)]
    marks: list[Annotated[str, Field(max_length=64)]] = Field(default=[], max_length=20)
    """Decorators (`strong em underline strike-through code sub sup`), or keys of `markDefs`."""


class LinkMark(Sent):
    """Where the spans marked with its key lead."""

    type: Literal["link"] = Field(default="link", alias="_type")
    key: Annotated[Key, Field(min_length=1)] = Field(alias="_key")
    href: LinkAddress


class TextBlock(Sent):
    """A paragraph, heading, quote or list item (Portable Text)."""

    type: Literal["block"] = Field(alias="_type")
    key: Key = Field(default="", alias="_key")
    style: Style = Style.NORMAL
    list_item: ListItem | None = Field(default=None, alias="listItem", exclude_if=is_none)
    level: int | None = Field(default=None, strict=True, ge=1, le=10, exclude_if=is_none)
    children: list[Span] = Field(max_length=MAX_SPANS)
    mark_defs: list[LinkMark] = Field(default=[], alias="markDefs", max_length=MAX_SPANS)

    @model_validator(mode="after")
    def _marks_are_defined(self) -> "TextBlock":
        defined = {link.key for link in self.mark_defs}
        if len(defined) != len(self.mark_defs) or defined & DECORATORS:
            raise ValueError("Keys in `markDefs` must differ from one another and from the decorators.")
        used = {mark for span in self.children if span.marks for mark in span.marks}
        if used and used - defined - DECORATORS:
            raise ValueError("A mark is neither a decorator nor the key of one of `markDefs`.")
        span_keys = [span.key for span in self.children if span.key]
        if len(span_keys) != len(set(span_keys)):
            raise ValueError("Two spans have the same `_key`.")
        if self.level is not None and self.list_item is None:
            raise ValueError("Only a list item has a `level`.")
        return self

    def as_block(self) -> body.Text:
        """Return the block."""
        return body.Text(
            self.key,
            tuple(body.Span(span.key, span.text, tuple(dict.fromkeys(span.marks))) for span in self.children),
            tuple(body.Link(link.key, link.href) for link in self.mark_defs),
            self.style,
            self.list_item,
            self.level or (1 if self.list_item else None),
        )


class ImageBlock(Sent):
    """A picture of the library; what is not said here is told by the medium."""

    type: Literal["image"] = Field(alias="_type")
    key: Key = Field(default="", alias="_key")
    media_id: Id
    caption: Note | None = Field(default=None, exclude_if=is_none)
    credit: Note | None = Field(default=None, exclude_if=is_none)
    alt: Note | None = Field(default=None, exclude_if=is_none)

    def as_block(self) -> body.Image:
        """Return the block."""
        return body.Image(self.key, self.media_id, self.caption, self.credit, self.alt)


class RelatedBlock(Sent):
    """A "read also" link to another article."""

    type: Literal["related"] = Field(alias="_type")
    key: Key = Field(default="", alias="_key")
    article_id: Id

    def as_block(self) -> body.ReadAlso:
        """Return the block."""
        return body.ReadAlso(self.key, self.article_id)


class EmbedBlock(Sent):
    """Something that another site plays."""

    type: Literal["embed"] = Field(alias="_type")
    key: Key = Field(default="", alias="_key")
    url: WebAddress
    provider: Note | None = Field(default=None, exclude_if=is_none)
    title: Note | None = Field(default=None, exclude_if=is_none)

    def as_block(self) -> body.Embed:
        """Return the block."""
        return body.Embed(self.key, self.url, self.provider, self.title)


class DividerBlock(Sent):
    """A line between two parts."""

    type: Literal["divider"] = Field(alias="_type")
    key: Key = Field(default="", alias="_key")

    def as_block(self) -> body.Divider:
        """Return the block."""
        return body.Divider(self.key)


class PaywallBlock(Sent):
    """The end of the free part, for a teaser of `{"marker": true}`. It is never delivered."""

    type: Literal["paywall"] = Field(alias="_type")
    key: Key = Field(default="", alias="_key")

    def as_block(self) -> body.Paywall:
        """Return the block."""
        return body.Paywall(self.key)


Block = TypeAliasType(  # so that generated code has a name for it
    "Block",
    Annotated[
        TextBlock | ImageBlock | RelatedBlock | EmbedBlock | DividerBlock | PaywallBlock,
        Field(discriminator="type"),
    ],
)


def blocks_of(written: Body) -> list[Block]:
    """Return a body as writers send it."""
    return [block_of(block) for block in written]


def _span_of(span: body.Span) -> Span:
    # Not checked again: the ellipsis of a teaser may make it a little longer than what is taken.
    return Span.model_construct(type="span", key=span.key, text=span.text, marks=list(span.marks))


def block_of(block: body.Block) -> Block:
    """Return a block as writers send it."""
    match block:
        case body.Text():
            return TextBlock.of(
                type="block",
                key=block.key,
                style=block.style,
                list_item=block.list_item,
                level=block.level,
                children=[_span_of(span) for span in block.children],
                mark_defs=[LinkMark.of(key=link.key, href=link.href) for link in block.links],
            )
        case body.Image():
            return ImageBlock.of(
                type="image",
                key=block.key,
                media_id=block.media_id,
                caption=block.caption,
                credit=block.credit,
                alt=block.alt,
            )
        case body.ReadAlso():
            return RelatedBlock.of(type="related", key=block.key, article_id=block.article_id)
        case body.Embed():
            return EmbedBlock.of(
                type="embed", key=block.key, url=block.url, provider=block.provider, title=block.title
            )
        case body.Divider():
            return DividerBlock.of(type="divider", key=block.key)
        case body.Paywall():
            return PaywallBlock.of(type="paywall", key=block.key)
