"""The small types of the contract, checked where they come in."""

import re
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SLUG_PATTERN = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
LANGUAGE_PATTERN = r"^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$"
LANGUAGE_SUBTAG_OF_SCRIPT = 4
LANGUAGE_SUBTAG_OF_REGION = 2


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


def _slug(value: str) -> str:
    if UUID.fullmatch(value):
        raise ValueError("A slug may not look like an id.")
    return value


def _language(value: str) -> str:
    language, *subtags = value.split("-")
    return "-".join([language.lower(), *(_subtag(subtag) for subtag in subtags)])


def _subtag(subtag: str) -> str:
    if len(subtag) == LANGUAGE_SUBTAG_OF_SCRIPT and subtag.isalpha():
        return subtag.title()
    return subtag.upper() if len(subtag) == LANGUAGE_SUBTAG_OF_REGION else subtag.lower()


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


Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN, max_length=200), AfterValidator(_slug)]
Language = Annotated[str, StringConstraints(pattern=LANGUAGE_PATTERN, max_length=35), AfterValidator(_language)]
WebAddress = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_web_address)]
LinkAddress = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_link)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Id = Annotated[
    str, StringConstraints(pattern=f"^{UUID.pattern}$", to_lower=True), Field(json_schema_extra={"format": "uuid"})
]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,64}$")]
Moment = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]
Time = Annotated[datetime, Field(json_schema_extra={"format": "date-time"})]
