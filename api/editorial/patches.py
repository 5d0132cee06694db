"""Merge patches (RFC 7396): from what is there and what a writer sends to the form that is checked."""

from typing import Any, TypeVar

from pydantic import ValidationError

from api.problems import flaws_in
from api.types import Model
from domain.errors import Flaw, Unfit

Form = TypeVar("Form", bound=Model)


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
