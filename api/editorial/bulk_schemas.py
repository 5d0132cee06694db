"""The rows of a bulk."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from api.editorial.patches import PatchOf
from api.editorial.schemas import ActionForm, WrittenForm
from api.types import Id, Model
from domain.workflow import Action

RowVersion = Annotated[int, Field(strict=True, ge=0, description="The version that the row is written on")]


class CreateRow(ActionForm):
    """A new article, and at once an action on it if there is one."""

    op: Literal["create"]
    article: WrittenForm
    action: Action | None = None


class PatchRow(Model):
    """A change of a draft."""

    op: Literal["patch"]
    id: Id
    version: RowVersion
    article: Annotated[dict[str, JsonValue], PatchOf(WrittenForm)]


class ActRow(ActionForm):
    """An action of the workflow."""

    op: Literal["act"]
    id: Id
    version: RowVersion
    action: Action


class DeleteRow(Model):
    """The end of a draft that was never published."""

    op: Literal["delete"]
    id: Id
    version: RowVersion


Row = CreateRow | PatchRow | ActRow | DeleteRow
