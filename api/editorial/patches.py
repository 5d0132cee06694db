"""Merge patches (RFC 7396): from what is there and what a writer sends to the form that is checked."""

from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails

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
        made = form.model_validate(result)
    except ValidationError as error:
        _refuse(error.errors(), result)
        raise
    with_nulls = merged(current, patch, keeps_null=True)
    if with_nulls != result:  # a member that is taken away has to be one that there is
        try:
            form.model_validate(with_nulls)
        except ValidationError as error:
            _refuse([one for one in error.errors() if one["type"] == "extra_forbidden"], with_nulls)
    return made


def _refuse(errors: list[ErrorDetails], sent: Any) -> None:  # noqa: ANN401 - JSON
    if errors:
        raise Unfit(*(Flaw(flaw.pointer or "", flaw.detail) for flaw in flaws_in(errors, sent))) from None


def merged(current: Any, patch: Any, *, keeps_null: bool = False) -> Any:  # noqa: ANN401 - JSON
    """Return what a merge patch makes of a document, or what it would be with `null` for what is taken away."""
    if not isinstance(patch, dict):
        return patch
    result = dict(current) if isinstance(current, dict) else {}
    for name, value in patch.items():
        if value is None and not keeps_null:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value, keeps_null=keeps_null)
    return result
