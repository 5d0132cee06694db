"""The schemas of merge patches (RFC 7396), made from those of the forms that they change.

In a patch every field may be left out. `null` removes one, so only what a form requires is never `null`. An object
in an object is patched too; a list is replaced by a list.
"""

from collections.abc import Iterable
from typing import Any

from api.components import SCHEMAS

Schema = dict[str, Any]
MARK = "x-merge-patch"
_NULL = {"type": "null"}


def describe_patches(nodes: Iterable[Schema], schemas: dict[str, Schema]) -> None:
    """Turn every schema that is marked as a patch of a form into a reference to the schema of that patch."""
    for node in nodes:
        if MARK in node:
            name = node.pop(MARK)
            form = schemas[name] if "$ref" in node else dict(node)
            node.clear()
            node["$ref"] = _patch_of(name, form, schemas)


def _patch_of(name: str, form: Schema, schemas: dict[str, Schema]) -> str:
    """Return the reference of a patch; its schema is made when it is first asked for."""
    patch = f"{name.removesuffix('Form')}Patch"
    if patch not in schemas:
        schemas[patch] = {
            "type": "object",
            "description": f"Changes to {_first_small(form['description'])} What is left out stays as it is.",
            "additionalProperties": False,
        }
        schemas[patch]["properties"] = {
            field: _field(schema, schemas, may_go=field not in form.get("required", ()))
            for field, schema in form["properties"].items()
        }
    return SCHEMAS + patch


def _first_small(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _field(schema: Schema, schemas: dict[str, Schema], *, may_go: bool) -> Schema:
    """Return what a patch may say of a field: what the form may, an inner patch, or `null`."""
    whole = {name: schema[name] for name in schema if name not in {"description", "default"}}
    options = [_option(one, schemas) for one in whole.get("anyOf", [whole]) if one != _NULL]
    options += [_NULL] if may_go else []
    said = {"description": schema["description"]} if "description" in schema else {}
    return {**said, **(options[0] if len(options) == 1 else {"anyOf": options})}


def _option(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    """Return an inner patch of an object, and anything else as the form has it."""
    name = schema.get("$ref", "").removeprefix(SCHEMAS)
    if "properties" in schemas.get(name, {}):
        return {"$ref": _patch_of(name, schemas[name], schemas)}
    if "patternProperties" not in schema:
        return schema
    removable = {pattern: {"anyOf": [value, _NULL]} for pattern, value in schema["patternProperties"].items()}
    return {"type": "object", "patternProperties": removable, "propertyNames": schema["propertyNames"]}
