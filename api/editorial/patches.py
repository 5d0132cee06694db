"""Merge patches (RFC 7396): from what is there and what a writer sends to the form that is checked."""

from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema

from api.patch_schemas import MARK
from api.problems import flaws_in
from api.types import Model
from domain.errors import Flaw, Unfit

Form = TypeVar("Form", bound=Model)


@dataclass(frozen=True)
class PatchOf:
    """Tells the contract which form a merge patch changes: `Annotated[dict[str, Any], PatchOf(TagForm)]`."""

    form: type[Model]

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the form's schema with its name; the contract makes of it the schema of a patch."""
        return {**handler(self.form.__pydantic_core_schema__), MARK: self.form.__name__}


def patched(form: type[Form], current: dict[str, Any], patch: dict[str, Any]) -> Form:
    """Return the form that a patch makes of a document, or refuse what does not fit."""
    result = merged(current, patch)
    try:
        return form.model_validate(result)
    except ValidationError as error:
        flaws = flaws_in(error.errors(), result)
        raise Unfit(*(Flaw(flaw.pointer or "", flaw.detail) for flaw in flaws)) from None


def merged(current: Any, patch: Any) -> Any:  # noqa: ANN401 - JSON
    """Return what a merge patch makes of a document."""
    if not isinstance(patch, dict):
        return patch
    result = dict(current) if isinstance(current, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
