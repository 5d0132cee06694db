"""The contract: what FastAPI knows of the operations, made into the OpenAPI document that we answer for."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api.problems import MEDIA_TYPE, Problem
from api.routing import BODY_TYPES, PATCH_TYPES, PERMISSION

VERSION = "1.0.0"
DESCRIPTION = """\
A headless CMS backend for journalism behind a paywall.

Front ends, apps and partners read articles under **Delivery**; whoever may not read an article whole gets its
teaser, and `access` says why and what would open it. The newsroom writes under **Articles**, **Media**, **Tags**
and **Contributors**. Sign in with `POST /v1/auth/token` and send the access token as `Authorization: Bearer …`.

Every failure is a problem document (RFC 9457) whose `type` is the address of an explanation.
"""
_DEFAULT_SERVER = "http://127.0.0.1:8000"
_ETAG = {"description": "Entity tag of what is shown", "schema": {"type": "string"}}
_TAGS = (
    ("Delivery", "What front ends, apps and partners read."),
    ("Accounts", "Signing in, and who you are."),
    ("Articles", "The newsroom's drafts and their workflow."),
    ("Media", "The picture library."),
    ("Tags", "What articles are filed under."),
    ("Contributors", "The names that articles are signed with."),
    ("Server", "Health, keys and metadata."),
)


def install(app: FastAPI, *, server: str = _DEFAULT_SERVER) -> None:
    """Make the application answer with this document."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = document(app, server=server)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def document(app: FastAPI, *, server: str = _DEFAULT_SERVER) -> dict[str, Any]:
    """Return the OpenAPI document of an application."""
    contract = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=[{"name": name, "description": description} for name, description in _TAGS],
        servers=[{"url": server}],
        separate_input_output_schemas=app.separate_input_output_schemas,
    )
    contract["info"]["license"] = {"name": "MIT", "identifier": "MIT"}
    components = contract["components"]
    schemas = components["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    _, problem = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
    schemas.update({name: schema for name, schema in problem["$defs"].items() if name not in schemas})
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "RFC 9068"}
    }
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            _complete(path, method, operation)
    return contract


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Put into an operation what is true of all of its kind."""
    responses = operation["responses"]
    if "422" in responses and MEDIA_TYPE not in responses["422"].get("content", {}):
        del responses["422"]  # FastAPI's own: our parameters answer 400, and bodies declare their 422
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses["default"] = {"description": "Any other failure", "content": problem}
    operation.pop(BODY_TYPES, None)
    if path.startswith(("/v1/", "/media/")) and "security" not in operation:
        operation["security"] = [{}, {"bearer": []}] if method == "get" else [{}]
    body = operation.get("requestBody", {}).get("content", {})
    if method == "patch":
        schema = body["application/json"]
        operation["requestBody"]["content"] = dict.fromkeys(PATCH_TYPES, schema)
    if PERMISSION in operation and method in {"get", "patch", "post"}:
        _show_version(operation)


def _show_version(operation: dict[str, Any]) -> None:
    for status in ("200", "201"):
        response = operation["responses"].get(status)
        if response and "Page" not in json.dumps(response.get("content", {})):
            response["headers"] = {
                "ETag": {**_ETAG, "description": 'The version, such as `"7"`; goes into `If-Match`'}
            }


def text(app: FastAPI) -> str:
    """Return the document as it is committed: sorted, with the default server."""
    return json.dumps(document(app), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
