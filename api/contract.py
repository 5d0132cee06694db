"""The contract: what FastAPI knows of the operations, made into the OpenAPI document that we answer for."""

import json
from collections.abc import Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api import examples
from api import response_headers as headers
from api.bodies import BODY_TYPES, LINE_TYPES, PATCH_TYPES
from api.components import SCHEMAS, nodes, pruned
from api.idempotency import HEADER as KEY_HEADER
from api.idempotency import MAX_LENGTH as MAX_KEY_LENGTH
from api.idempotency import REPLAYED, takes_key
from api.limiting import limited, works_of
from api.patch_schemas import MARK, describe_patches
from api.problems import MEDIA_TYPE, Problem, declared, told_by
from api.readers_contract import readers_part
from api.routing import CREDENTIALS, PERMISSION
from domain.permissions import PERMISSIONS, Permission

VERSION = "1.0.0"
DESCRIPTION = """\
A headless CMS backend for journalism behind a paywall.

Front ends, apps and partners read articles under **Delivery**; whoever may not read an article whole gets its
teaser, and `access` says why and what would open it. The newsroom writes under **Articles**, **Media**, **Tags**
and **Contributors**; administrators sell under **Plans** and **Subscriptions**, and let in programs under
**Partners**. Sign in with `POST /v1/auth/token` and send the access token as `Authorization: Bearer …`.

Every failure is a problem document (RFC 9457) whose `type` is the address of an explanation. `HEAD` and `OPTIONS`
work wherever `GET` does. `x-rate-limit` names the limits that an operation is counted by, for the account or the
client that calls, and without a token for its network; answers that nobody else is given tell `RateLimit-Policy`
and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11).
"""
_DEFAULT_SERVER = "http://127.0.0.1:8000"
_TAGS = (
    ("Delivery", "What front ends, apps and partners read."),
    ("Accounts", "Signing up and in, and who you are."),
    ("Articles", "The newsroom's drafts and their workflow."),
    ("Media", "The picture library."),
    ("Tags", "What articles are filed under."),
    ("Contributors", "The names that articles are signed with."),
    ("Plans", "What readers can subscribe to, and what that opens."),
    ("Subscriptions", "Who has which plan, from when and until when."),
    ("Partners", "The programs of partners, how they sign in, and what they may take."),
    ("Administration", "Everybody's accounts, and the audit log."),
    ("Server", "Health, keys and metadata."),
)
_NAMES = {
    "ArticleForm": "WrittenArticle",
    "WrittenForm": "ArticleForm",
    "Body_get_token": "TokenForm",
    "Body_revoke_token": "RevocationForm",
    "MediaRecordForm": "MediaForm",
}
_FIRST_FIELDS = {
    "TokenForm": "grant_type",
    "RevocationForm": "token",
}  # RFC 6749 and 7009 refuse by a code of theirs
_IN_PATHS = {
    "account_id": "Id of the account",
    "action": "The action",
    "article_id": "Id of the article",
    "client_id": "Id of the client",
    "gift_id": "Id of the gift",
    "licence_id": "Id of the licence",
    "media_id": "Id of the picture",
    "preview_id": "Id of the preview",
    "rendition": "Name of one of the picture's `renditions`",
    "secret_id": "Id of the secret",
    "slug": "Its slug",
    "subscription_id": "Id of the subscription",
}
_UNCOUNTED = "Server"  # the tag of what is public, costs little, and must always be answered
_PUBLIC = ("/v1/", "/media/", "/sitemap", "/news-sitemap", "/robots")
_DELIVERED = ("ETag", "Cache-Control", "Vary")


def install(app: FastAPI, *, server: str = _DEFAULT_SERVER) -> None:
    """Make the application answer with this document."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = document(app, server=server)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def texts(app: FastAPI) -> dict[str, str]:
    """Return the documents as they are committed, by file name: sorted, with the default server."""
    whole = document(app)
    return {
        name: json.dumps(part, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        for name, part in (("openapi.json", whole), ("delivery.json", readers_part(whole)))
    }


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
    contract["components"] |= {
        "schemas": _schemas(contract),
        "headers": headers.described(),
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "RFC 9068"},
        },
    }
    schemas = contract["components"]["schemas"]
    versioned = frozenset(name for name in schemas if "version" in schemas[name].get("required", ()))
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            _complete(path, method, operation, versioned)
    for node in nodes([contract["paths"], contract["components"]]):
        _mend(node)
    for name, field in _FIRST_FIELDS.items():
        _require_first(schemas[name], field)
    describe_patches(list(nodes([contract["paths"], contract["components"]])), schemas)
    examples.attach(contract)
    return pruned(contract)


def _schemas(contract: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas of all models; problems are not known to FastAPI as a model."""
    _, problems = models_json_schema([(Problem, "serialization")], ref_template=f"{SCHEMAS}{{model}}")
    for model in problems["$defs"].values():
        for field in model["properties"].values():
            _never_null(field)
    found = {**contract["components"]["schemas"], **problems["$defs"]}
    return {_named(name): found[name] for name in found if "ValidationError" not in name}


def _named(name: str) -> str:
    """Return the public name of a model's schema: what readers get is plain, forms and newsroom say so."""
    if name in _NAMES:
        return _NAMES[name]
    plain = name.rpartition("__")[2].removesuffix("-Input").removesuffix("-Output")
    if name.endswith("-Input"):
        return f"{plain}Form"
    is_newsroom = name.startswith("api__editorial") or name.endswith("-Output")
    return f"Newsroom{plain}" if is_newsroom else plain


def _mend(node: dict[str, Any]) -> None:
    """Use public names and whole numbers, and leave out titles that only repeat names."""
    if isinstance(node.get("title"), str):
        del node["title"]
    if isinstance(node.get("$ref"), str):
        node["$ref"] = _renamed(node["$ref"])
    for bound in node.keys() & {"minimum", "maximum"}:
        if isinstance(node[bound], float) and node[bound].is_integer():
            node[bound] = int(node[bound])
    if isinstance(node.get(MARK), str):
        node[MARK] = _named(node[MARK])
    if isinstance(node.get("discriminator"), dict):
        mapping: Mapping[str, str] = node["discriminator"]["mapping"]
        node["discriminator"]["mapping"] = {name: _renamed(ref) for name, ref in mapping.items()}


def _renamed(ref: str) -> str:
    return SCHEMAS + _named(ref.removeprefix(SCHEMAS)) if ref.startswith(SCHEMAS) else ref


def _never_null(schema: dict[str, Any]) -> None:
    """Say of something optional that it is left out, never null."""
    schema.pop("default", None) if schema.get("default", "") is None else None
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        del schema["anyOf"]
        schema |= options[0]


def _require_first(form: dict[str, Any], name: str) -> None:
    """Say of an OAuth form what it needs; its fields are read as texts that may be empty, and then refused."""
    form |= {"required": [name], "additionalProperties": {"type": "string"}}
    for field in form["properties"].values():
        field.pop("default", None)


def _complete(path: str, method: str, operation: dict[str, Any], versioned: frozenset[str]) -> None:
    """Put into an operation what is true of all of its kind."""
    is_public = PERMISSION not in operation and path.startswith(_PUBLIC)
    for parameter in operation.get("parameters", ()):
        _complete_parameter(parameter)
    for told_to_the_route in (BODY_TYPES, CREDENTIALS):
        operation.pop(told_to_the_route, None)
    if is_public:
        operation.setdefault("security", [{}, {"bearer": []}] if method == "get" else [])
    operation.setdefault("security", [])
    if PERMISSION in operation:
        roles = sorted(PERMISSIONS[Permission(operation[PERMISSION])])
        operation["description"] += f"\n\nFor roles: {', '.join(roles)}."
    if operation["tags"] != [_UNCOUNTED]:
        _complete_limits(method, operation)
    _complete_body(method, operation)
    _complete_responses(path, operation, versioned)
    if takes_key(method, path):
        _complete_repeatable(operation)
    if is_public and method == "get":
        _complete_delivery(path, operation)


def _complete_limits(method: str, operation: dict[str, Any]) -> None:
    """Say of an operation which limits it is counted by, and that these refuse."""
    operation |= limited(*works_of(method, operation))
    for status, refusal in declared("too-many-requests").items():
        operation["responses"][str(status)] = refusal


def _complete_parameter(parameter: dict[str, Any]) -> None:
    parameter["schema"].pop("description", None)
    if parameter["in"] == "path" and parameter["name"] in _IN_PATHS:
        parameter.setdefault("description", _IN_PATHS[parameter["name"]])
    _never_null(parameter["schema"])
    if parameter["name"] == "if-match":
        parameter |= {"name": "If-Match", "required": True}
        parameter["schema"]["pattern"] = '^"[0-9]{1,9}"$'


def _complete_body(method: str, operation: dict[str, Any]) -> None:
    content = operation.get("requestBody", {}).get("content", {})
    for body in content.values():
        _never_null(body["schema"])
    if "application/x-www-form-urlencoded" in content:
        operation["requestBody"]["required"] = True
    if LINE_TYPES[0] in content:
        operation["requestBody"]["content"] = {kind: deepcopy(content[LINE_TYPES[0]]) for kind in LINE_TYPES}
    if method == "patch":
        operation["requestBody"]["content"] = {kind: deepcopy(content["application/json"]) for kind in PATCH_TYPES}


def _complete_responses(path: str, operation: dict[str, Any], versioned: frozenset[str]) -> None:
    responses = operation["responses"]
    if "422" in responses and MEDIA_TYPE not in responses["422"].get("content", {}):
        del responses["422"]  # FastAPI's own: our parameters answer 400, and bodies declare their 422
    if "{" not in path:
        responses.pop("404", None)
    for status, response in responses.items():
        if response["description"] == "Successful Response":
            response["description"] = HTTPStatus(int(status)).phrase
        shown = json.dumps(response.get("content", {}))
        for name in headers.OF_STATUS.get(status, ()):
            headers.add(response, name)
        if 'Page"' in shown:
            headers.add(response, "Link")
        if _shows_one_of(response, versioned):
            headers.add(response, "ETag", like="Version")
        if status == "200" and "201" in responses and "DryRun" not in shown:
            headers.add(response, "Location")  # it was made before
    responses["default"] = {"description": "Any other failure", "content": told_by("internal-error")}


def _shows_one_of(response: dict[str, Any], schemas: frozenset[str]) -> bool:
    bodies = [body.get("schema", {}) for body in response.get("content", {}).values()]
    options = [option for body in bodies for option in body.get("anyOf", [body])]
    return any(_renamed(option.get("$ref", "")).removeprefix(SCHEMAS) in schemas for option in options)


def _complete_repeatable(operation: dict[str, Any]) -> None:
    """Say of what can be sent again how, and what is answered then."""
    said = "A new name for this request, kept for a day: sent again, it is answered again and not done again"
    key = _request_header(KEY_HEADER, said)
    key["schema"] |= {"minLength": 1, "maxLength": MAX_KEY_LENGTH}
    operation.setdefault("parameters", []).append(key)
    responses = operation["responses"]
    for status, refusal in declared("conflict", "idempotency-key-reused").items():
        told = responses.setdefault(str(status), refusal)["content"][MEDIA_TYPE]["examples"]
        told |= refusal["content"][MEDIA_TYPE]["examples"]
    headers.add(responses["409"], "Retry-After", like="Retry-Later")
    for status in responses.keys() & {"200", "201"}:
        headers.add(responses[status], REPLAYED)


def _complete_delivery(path: str, operation: dict[str, Any]) -> None:
    """Say of what readers get how it can be kept, and of pictures how a part of one is got."""
    responses, parameters = operation["responses"], operation.setdefault("parameters", [])
    if path.startswith("/v1/previews/") or path.endswith("/access"):  # nobody may keep it
        for status in responses.keys() & {"200", "308"}:
            headers.add(responses[status], "Cache-Control")
        return
    parameters.append(_request_header("If-None-Match", "Entity tags of what you have, for a `304`"))
    responses["304"] = {"description": "You have it", "headers": {**responses["200"].get("headers", {})}}
    if path.startswith("/media/"):
        parameters.append(_request_header("Range", "One range of bytes, such as `bytes=0-99`"))
        responses["206"] = {**responses["200"], "description": "The part that was asked for", "headers": {}}
        responses |= {str(status): said for status, said in declared("range-not-satisfiable").items()}
        for status in ("206", "416"):
            headers.add(responses[status], "Content-Range")
    for status in responses.keys() & {"200", "206", "304"}:
        for name in _DELIVERED:
            headers.add(responses[status], name)
        if not path.startswith(("/media/", "/v1/me")):
            headers.add(responses[status], "Surrogate-Key")
    for name in ("Cache-Control", "Vary") if "308" in responses else ():
        headers.add(responses["308"], name)


def _request_header(name: str, description: str) -> dict[str, Any]:
    return {"in": "header", "name": name, "description": description, "schema": {"type": "string"}}
