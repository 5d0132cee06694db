"""Domain values to JSON text and back, for the document columns. Pydantic reads the dataclasses as they are."""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter

from domain.articles import Correction, Draft
from domain.body import Block, Body
from domain.credits import WebLink
from domain.editions import Front
from domain.media import Rendition

Kind = TypeVar("Kind", bound=StrEnum)
_body: TypeAdapter[Body] = TypeAdapter(tuple[Annotated[Block, Field(discriminator="type")], ...])
_draft = TypeAdapter(Draft)
_front = TypeAdapter(Front)
_corrections: TypeAdapter[tuple[Correction, ...]] = TypeAdapter(tuple[Correction, ...])
_strings: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[str, ...])
_renditions: TypeAdapter[tuple[Rendition, ...]] = TypeAdapter(tuple[Rendition, ...])
_mapping: TypeAdapter[Mapping[str, str]] = TypeAdapter(Mapping[str, str])
_links: TypeAdapter[tuple[WebLink, ...]] = TypeAdapter(tuple[WebLink, ...])


def known(kinds: type[Kind], value: str, otherwise: Kind) -> Kind:
    """Return what a column says, or something harmless where a newer program wrote what is not known here."""
    try:
        return kinds(value)
    except ValueError:
        return otherwise


def dump_body(body: Body) -> str:
    """Return a body as JSON."""
    return _body.dump_json(body).decode()


def load_body(text: str) -> Body:
    """Return the body that this JSON holds."""
    return _body.validate_json(text)


def load_paragraphs(text: str) -> list[str]:
    """Return the texts of the body that this JSON holds, without making a body of it."""
    return [
        "".join(span["text"] for span in block["children"])
        for block in json.loads(text)
        if block["type"] == "block"
    ]


def dump_draft(draft: Draft) -> str:
    """Return a draft as JSON."""
    return _draft.dump_json(draft).decode()


def load_draft(text: str) -> Draft:
    """Return the draft that this JSON holds."""
    return _draft.validate_json(text)


def dump_front(front: Front) -> str:
    """Return a front as JSON."""
    return _front.dump_json(front).decode()


def load_front(text: str) -> Front:
    """Return the front that this JSON holds."""
    return _front.validate_json(text)


def dump_corrections(corrections: tuple[Correction, ...]) -> str:
    """Return corrections as JSON."""
    return _corrections.dump_json(corrections).decode()


def load_corrections(text: str) -> tuple[Correction, ...]:
    """Return the corrections that this JSON holds."""
    return _corrections.validate_json(text)


def dump_strings(strings: tuple[str, ...]) -> str:
    """Return a list of strings as JSON."""
    return _strings.dump_json(strings).decode()


def load_strings(text: str) -> tuple[str, ...]:
    """Return the list of strings that this JSON holds."""
    return _strings.validate_json(text)


def dump_names(names: Mapping[str, str]) -> str:
    """Return names by language as JSON."""
    return _mapping.dump_json(names).decode()


def load_names(text: str) -> Mapping[str, str]:
    """Return the names by language that this JSON holds."""
    return _mapping.validate_json(text)


def dump_links(links: tuple[WebLink, ...]) -> str:
    """Return links as JSON."""
    return _links.dump_json(links).decode()


def load_links(text: str) -> tuple[WebLink, ...]:
    """Return the links that this JSON holds."""
    return _links.validate_json(text)


def dump_renditions(renditions: tuple[Rendition, ...]) -> str:
    """Return a picture's renditions as JSON."""
    return _renditions.dump_json(renditions).decode()


def load_renditions(text: str) -> tuple[Rendition, ...]:
    """Return the renditions that this JSON holds."""
    return _renditions.validate_json(text)
