"""The small types of the contract, checked where they come in."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from domain.languages import conventional

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SLUG_PATTERN = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
LANGUAGE_PATTERN = r"^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


class Model(BaseModel):
    """What comes in and goes out: no field that is not declared, every declared one described."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
        serialize_by_alias=True,
        json_schema_serialization_defaults_required=True,
    )


class Sent(Model):
    """What comes in under other names than ours; outside, only those names are known."""

    model_config = ConfigDict(populate_by_name=False)

    @classmethod
    def of(cls, **fields: Any) -> Self:  # noqa: ANN401 - each field checks its own
        """Return one that is made here, by our own names."""
        return cls.model_validate(fields, by_name=True, by_alias=False)


def is_none(value: object) -> bool:
    """Whether a field that may be left out is left out: `Field(exclude_if=is_none)`."""
    return value is None


def _slug(value: str) -> str:
    if UUID.fullmatch(value):
        raise ValueError("A slug may not look like an id.")
    return value


def _each_once(names: object) -> object:
    """Refuse a language that stands there twice, written in two ways: one of its names would be lost."""
    if isinstance(names, dict) and len({str(one).lower() for one in names}) < len(names):
        raise ValueError("Each language may stand there only once.")
    return names


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        raise ValueError("It must be a web address.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"[\s<>\"]", value):
        raise ValueError("It must be a web address that begins with http:// or https://.")
    return value


def _link(value: str) -> str:
    scheme = value.partition(":")[0].lower()
    if scheme in {"mailto", "tel"} and not re.search(r"[\s<>\"]", value):
        return value
    return _web_address(value)


def _written_time(value: object) -> object:
    """Refuse what Pydantic would take for a time besides RFC 3339: numbers, numbers in quotes, bare dates."""
    if isinstance(value, datetime) or (isinstance(value, str) and _TIME.match(value)):
        return value
    raise ValueError("It must be a time such as 2026-01-31T12:00:00Z (RFC 3339).")


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("It must be a time between the years 1 and 9999 in UTC.") from None


Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN, max_length=200), AfterValidator(_slug)]
Language = Annotated[str, StringConstraints(pattern=LANGUAGE_PATTERN, max_length=35), AfterValidator(conventional)]
WebAddress = Annotated[
    str,
    StringConstraints(max_length=2000),
    AfterValidator(_web_address),
    Field(json_schema_extra={"pattern": r'^[Hh][Tt][Tt][Pp][Ss]?://[^\s<>"]+$'}),
]
LinkAddress = Annotated[
    str,
    StringConstraints(max_length=2000),
    AfterValidator(_link),
    Field(json_schema_extra={"pattern": r'^[A-Za-z]+:[^\s<>"]*$'}),
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Names = Annotated[dict[Language, Line], BeforeValidator(_each_once)]
"""Names by language."""
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Id = Annotated[
    str, StringConstraints(pattern=f"^{UUID.pattern}$", to_lower=True), Field(json_schema_extra={"format": "uuid"})
]
KnownId = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
ArticleKind = Annotated[str, StringConstraints(pattern=r"^[a-z]+(?:-[a-z]+)*$", max_length=40)]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,64}$")]
Moment = Annotated[AwareDatetime, BeforeValidator(_written_time), AfterValidator(_in_utc)]
Time = Annotated[datetime, Field(json_schema_extra={"format": "date-time"})]
